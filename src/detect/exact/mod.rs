//! A token that somebody has: where its bytes stand, whatever it looks like and whatever stands round it.
//!
//! Beside the token itself its usual encodings are looked for as they are written (`forms`). Decoding finds more, but only
//! where encoded text is long enough to be told from other text, and says nothing beyond ASCII.

mod forms;

use forms::{Form, Whole};

use super::Hit;
use super::gate::Gate;
use crate::finding::{Encoding, Layer, Redacted, Secret, Span};
use crate::rule::Severity;
use crate::rules::SOUGHT;

/// Decoding finds every token of so many bytes, where all of them are letters, digits and what tokens have beside.
const DECODED_FROM: usize = 19;

/// Nothing that was decoded writes a character in more bytes than this.
const WIDEST: usize = 8;

/// With fewer characters unknown, four that are shown would be too many.
const SHOWN_FROM: usize = 20;

/// A token, ready to be looked for.
pub(super) struct Exact {
    gate: Gate,
    /// For each literal of the gate, the forms that start with it, in order.
    forms: Vec<Vec<Form>>,
    longest: usize,
    token_len: usize,
    /// What is said of it, wherever it stands.
    told: Hit,
}

impl Exact {
    /// Where a rule knows the token, `known` is its hit.
    pub fn new(token: &[u8], known: Option<Hit>) -> Self {
        let forms = forms::of(token);
        let longest = forms.iter().map(|form| form.literal.len()).max().unwrap_or(0);
        let by_literal = by_gate_literal(forms);
        let literals: Vec<&[u8]> = by_literal.iter().map(|forms| &forms[0].literal[..]).collect();
        let told = known.unwrap_or_else(|| unknown(token));
        Self { gate: Gate::new(&literals), forms: by_literal, longest, token_len: token.len(), told }
    }

    /// Where the token stands in `bytes`, as it is or in one of its forms.
    pub fn hits(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut from = 0;
        while let Some(literal) = self.gate.find(bytes, from) {
            from = literal.start + 1;
            let forms = self.forms[literal.which].iter();
            if let Some((span, layer)) = forms.filter_map(|form| form.at(bytes, literal.start)).max_by_key(longer) {
                from = span.end;
                let encoding = layer.map(|layer| Encoding::wrap(layer, None));
                hits.push(Hit { span, encoding, ..self.told.clone() });
            }
        }
        hits
    }

    /// Whether the token may stand in `bytes`: it is enough that a literal does.
    pub fn may_stand(&self, bytes: &[u8]) -> bool {
        let mut from = 0;
        while let Some(literal) = self.gate.find(bytes, from) {
            if self.forms[literal.which].iter().any(|form| bytes[literal.start..].starts_with(&form.literal)) {
                return true;
            }
            from = literal.start + 1;
        }
        false
    }

    /// Some stretch of so many bytes shows that the token may stand there: a literal and a digit on either side, or all of
    /// what can be decoded to it.
    pub fn reach(&self) -> usize {
        (self.longest + 2).max(WIDEST * self.token_len)
    }
}

fn longer(found: &(Span, Option<Layer>)) -> usize {
    found.0.len()
}

/// In groups of which each starts with the shortest: that is the gate's literal for all of them.
fn by_gate_literal(mut forms: Vec<Form>) -> Vec<Vec<Form>> {
    forms.sort_by(|a, b| a.literal.cmp(&b.literal));
    let mut groups: Vec<Vec<Form>> = Vec::new();
    for form in forms {
        match groups.last_mut() {
            Some(group) if form.literal.starts_with(&group[0].literal) => group.push(form),
            _ => groups.push(vec![form]),
        }
    }
    groups
}

/// What is said of a token that no rule knows.
fn unknown(token: &[u8]) -> Hit {
    let secret = Secret::new(token);
    let shown = token.len() >= SHOWN_FROM && token[token.len() - 4..].iter().all(u8::is_ascii_alphanumeric);
    Hit {
        rule: &SOUGHT,
        severity: Severity::Medium,
        span: 0..token.len(),
        fingerprint: secret.fingerprint(),
        redacted: if shown { secret.redact(0) } else { Redacted::nothing() },
        encoding: None,
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
