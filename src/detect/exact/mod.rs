//! The search for known tokens: where their bytes are, whatever they look like and whatever is beside them.
//!
//! Each token is sought as it is and as encoders usually write it (`forms`). Decoding finds more, but only where encoded text
//! is long enough to be recognized, and only ASCII.

mod forms;

use forms::{Form, Whole};

use super::Hit;
use super::gate::Gate;
use crate::finding::{Encoding, Layer, Redacted, Secret, Span, Token};
use crate::rule::Severity;
use crate::rules::SOUGHT;

/// Decoding finds every token of so many bytes, where all of them are letters, digits and what tokens have beside.
const DECODED_FROM: usize = 19;

/// Nothing that was decoded writes a character in more bytes than this.
const WIDEST: usize = 8;

/// With fewer characters unknown, four that are shown would be too many.
const SHOWN_FROM: usize = 20;

/// Tokens, ready to be sought.
pub(super) struct Exact {
    gate: Gate,
    /// For each literal of the gate, the forms that start with it, in order, each with the number of its token.
    forms: Vec<Vec<(Form, usize)>>,
    longest_form: usize,
    longest_token: usize,
    /// What is reported of each token, wherever it is.
    reported: Vec<Hit>,
}

impl Exact {
    /// Each token is the one of a hit, which is reported wherever that token is.
    pub fn new(reported: Vec<Hit>) -> Self {
        let forms_of =
            |(token, hit): (usize, &Hit)| forms::of(hit.token.bytes()).into_iter().map(move |form| (form, token));
        let forms: Vec<(Form, usize)> = reported.iter().enumerate().flat_map(forms_of).collect();
        let longest_form = forms.iter().map(|(form, _)| form.literal.len()).max().unwrap_or(0);
        let longest_token = reported.iter().map(|hit| hit.token.bytes().len()).max().unwrap_or(0);
        let forms = by_gate_literal(forms);
        let literals: Vec<&[u8]> = forms.iter().map(|forms| &forms[0].0.literal[..]).collect();
        Self { gate: Gate::new(&literals), forms, longest_form, longest_token, reported }
    }

    /// Where the tokens are in `bytes`, as they are or in one of their forms. Of two that begin together, the longer one.
    pub fn hits(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut from = 0;
        while let Some(literal) = self.gate.find(bytes, from) {
            from = literal.start + 1;
            let forms = self.forms[literal.which].iter();
            let found = forms
                .filter_map(|(form, token)| form.at(bytes, literal.start).map(|(span, layer)| (span, layer, *token)));
            if let Some((span, layer, token)) = found.max_by_key(|(span, ..)| span.len()) {
                from = span.end;
                let encoding = layer.map(|layer| Encoding::wrap(layer, None));
                hits.push(Hit { span, encoding, ..self.reported[token].clone() });
            }
        }
        hits
    }

    /// Whether a token may be in `bytes`: a literal is enough.
    pub fn may_stand(&self, bytes: &[u8]) -> bool {
        let mut from = 0;
        while let Some(literal) = self.gate.find(bytes, from) {
            if self.forms[literal.which].iter().any(|(form, _)| bytes[literal.start..].starts_with(&form.literal)) {
                return true;
            }
            from = literal.start + 1;
        }
        false
    }

    /// Some stretch of so many bytes shows that a token may be there: a literal and a digit on either side, or all of what can
    /// be decoded to it.
    pub fn reach(&self) -> usize {
        (self.longest_form + 2).max(WIDEST * self.longest_token)
    }
}

/// In groups of which each starts with the shortest: that is the gate's literal for all of them.
fn by_gate_literal(mut forms: Vec<(Form, usize)>) -> Vec<Vec<(Form, usize)>> {
    forms.sort_by(|(a, _), (b, _)| a.literal.cmp(&b.literal));
    let mut groups: Vec<Vec<(Form, usize)>> = Vec::new();
    for form in forms {
        match groups.last_mut() {
            Some(group) if form.0.literal.starts_with(&group[0].0.literal) => group.push(form),
            _ => groups.push(vec![form]),
        }
    }
    groups
}

/// What is reported of a token that no rule knows.
pub(super) fn unknown(token: &[u8]) -> Hit {
    let secret = Secret::new(token);
    let shown = token.len() >= SHOWN_FROM && token[token.len() - 4..].iter().all(u8::is_ascii_alphanumeric);
    Hit {
        rule: &SOUGHT,
        severity: Severity::Medium,
        span: 0..token.len(),
        fingerprint: secret.fingerprint(),
        redacted: if shown { secret.redact(0) } else { Redacted::nothing() },
        encoding: None,
        token: Token::new(token),
    }
}

/// Whether decoding finds the token in every encoding and nest that it knows.
pub(super) fn is_decoded(token: &[u8]) -> bool {
    let usual = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=');
    token.len() >= DECODED_FROM && token.iter().all(usual)
}

impl Form {
    /// Where the form stands, if it does so at `start`.
    fn at(&self, bytes: &[u8], start: usize) -> Option<(Span, Option<Layer>)> {
        let end = start + self.literal.len();
        if !bytes[start..].starts_with(&self.literal) {
            return None;
        }
        let before = self.before.is_none_or(|part| start.checked_sub(1).is_some_and(|at| part.is(bytes[at])));
        let behind = self.behind.is_none_or(|part| bytes.get(end).is_some_and(|&digit| part.is(digit)));
        let whole = match self.whole {
            Whole::Always => true,
            // In the other order the same bytes stand behind a character, which the first of them ends.
            Whole::BigEndian => start.is_multiple_of(2) || bytes.get(end) != Some(&0),
        };
        let span = start - usize::from(self.before.is_some())..end + usize::from(self.behind.is_some());
        (before && behind && whole).then_some((span, self.layer))
    }
}
