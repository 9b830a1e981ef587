//! The search for known tokens: every occurrence of their bytes, whatever they look like and whatever is beside them.
//!
//! The search covers each token as it is and in the forms that encoders usually write (`forms`). Decoding finds more, but only if
//! the encoded text is long enough to be recognized, and only ASCII.

mod forms;
mod grams;
mod lines;
mod matched;

use crate::detect::literal::forms::Form;
use crate::detect::literal::grams::{Grams, Literal};
use crate::detect::literal::matched::span_of;

use crate::detect::hit::Hit;
use crate::detect::splice_context::Lines;
use crate::finding::{Encoding, Redacted, Secret, Span, Token};
use crate::rule::Severity;
use crate::rules::GIVEN_TOKEN;

/// The shortest token that decoding always finds, if all of its bytes are letters, digits and the other characters of tokens.
/// Line breaks may split the forms of these tokens.
const DECODED_FROM: usize = 19;

/// The most bytes in which decoded text writes one character.
const WIDEST: usize = 8;

/// If fewer characters stay hidden, showing four of them would be too many.
const SHOWN_FROM: usize = 20;

/// Known tokens, prepared for the search.
pub(crate) struct LiteralSearch {
    grams: Grams,
    /// Each form, with the index of its token.
    forms: Vec<(Form, usize)>,
    longest_form: usize,
    longest_token: usize,
    /// The hit to report for each token, wherever it is found.
    reported: Vec<Hit>,
}

impl LiteralSearch {
    /// The tokens to find are those of `hits`. Each occurrence is reported as its hit.
    pub fn new(reported: Vec<Hit>) -> Self {
        let forms_of = |(number, hit): (usize, &Hit)| {
            let token = hit.token.bytes();
            forms::of(token, is_decoded(token)).into_iter().map(move |form| (form, number))
        };
        let forms: Vec<(Form, usize)> = reported.iter().enumerate().flat_map(forms_of).collect();
        let longest_form = forms.iter().map(|(form, _)| form.literal.len()).max().unwrap_or(0);
        let longest_token = reported.iter().map(|hit| hit.token.bytes().len()).max().unwrap_or(0);
        let literals: Vec<Literal<'_>> =
            forms.iter().map(|(form, _)| Literal { bytes: &form.literal, in_pieces: form.in_pieces }).collect();
        let grams = Grams::of(&literals);
        Self { grams, forms, longest_form, longest_token, reported }
    }

    /// The occurrences of the tokens in `bytes`, as they are or in one of their forms. Of several at one place, the longest.
    pub fn hits(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut from = 0;
        while let Some(at) = self.grams.next(bytes, from) {
            match self.longest_at(bytes, at) {
                Some((span, number)) => {
                    from = span.end.max(at + 1);
                    let (form, token) = &self.forms[number];
                    let layer = form.layer_of(span.len());
                    let encoding = layer.map(|layer| Encoding::wrap(layer, None));
                    hits.push(Hit { span, encoding, ..self.reported[*token].clone() });
                }
                None => from = at + self.grams.stride(),
            }
        }
        hits
    }

    /// The longest form that contains the gram at `at`.
    fn longest_at(&self, bytes: &[u8], at: usize) -> Option<(Span, usize)> {
        let anchors = self.grams.anchors(bytes, at);
        let found = anchors.filter_map(|anchor| {
            let number = anchor.form as usize;
            let gram = at..at + self.grams.len();
            span_of(&self.forms[number].0, bytes, gram, anchor.offset.into()).map(|span| (span, number))
        });
        // The first of two of equal length, so that the result is always the same.
        found.min_by_key(|(span, number)| (std::cmp::Reverse(span.len()), *number))
    }

    /// Whether a token may be in `bytes`: whether `bytes` contains a gram of a form.
    pub fn may_contain(&self, bytes: &[u8]) -> bool {
        let is_of = |at: usize| {
            let len = self.grams.len();
            let is_part = |form: &Form, offset: usize| form.literal[offset..offset + len] == bytes[at..at + len];
            self.grams
                .anchors(bytes, at)
                .any(|anchor| is_part(&self.forms[anchor.form as usize].0, anchor.offset.into()))
        };
        let mut from = 0;
        while let Some(at) = self.grams.next(bytes, from) {
            if is_of(at) {
                return true;
            }
            from = at + self.grams.stride();
        }
        false
    }

    /// A form is in one line, or split by the text between two lines. Then the longer part, or a whole line of it, is in the line
    /// with the joint or beside it.
    pub fn lines(&self) -> Lines {
        let has_break = |(form, _): &(Form, usize)| form.literal.contains(&b'\n');
        if self.forms.iter().any(has_break) { Lines::Any } else { Lines::Neighbors }
    }

    /// A stretch of this many bytes shows that a token may be there: a form and a digit on either side, a part of it and the text
    /// between two lines, or everything that decodes to it.
    pub fn context_len(&self) -> usize {
        (self.longest_form + 2 + lines::LONGEST).max(WIDEST * self.longest_token)
    }
}

/// The hit to report for a token that no rule knows.
pub(crate) fn unknown(token: &[u8]) -> Hit {
    let secret = Secret::new(token);
    let shown = token.len() >= SHOWN_FROM && token[token.len() - 4..].iter().all(u8::is_ascii_alphanumeric);
    Hit {
        rule: &GIVEN_TOKEN,
        severity: Severity::Medium,
        span: 0..token.len(),
        fingerprint: secret.fingerprint(),
        redacted: if shown { secret.redact(0) } else { Redacted::nothing() },
        encoding: None,
        token: Token::new(token),
    }
}

/// Whether decoding finds the token in every encoding and nesting that it supports.
pub(crate) fn is_decoded(token: &[u8]) -> bool {
    let usual = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=');
    token.len() >= DECODED_FROM && token.iter().all(usual)
}
