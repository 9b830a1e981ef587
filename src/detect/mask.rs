//! What of a text must not be shown, and what to show in its place.
//!
//! Wider than detection on purpose: a line is shown because of one token, and nothing else on it that might be a
//! secret, be it of a kind that no rule knows, may come along.

use super::randomness::looks_random;
use super::{Detector, judge};
use crate::finding::Span;
use crate::rule::Judge;

/// A piece of text that is replaced where the text is shown.
#[derive(Clone, Debug)]
pub(super) struct Masked {
    pub span: Span,
    pub shown: String,
}

impl Detector {
    /// `text` with every token in it, and all that looks like one, replaced: for names, messages and whatever else is
    /// printed that came from outside.
    pub fn mask(&self, text: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(text.len());
        let mut from = 0;
        for masked in self.masked(text) {
            shown.extend_from_slice(&text[from..masked.span.start]);
            shown.extend_from_slice(masked.shown.as_bytes());
            from = masked.span.end;
        }
        shown.extend_from_slice(&text[from..]);
        shown
    }

    /// As [`Self::mask`], for text that is meant for people.
    pub fn mask_str(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.mask(text.as_bytes())).into_owned()
    }

    /// What to replace in `text`, in order: the tokens, then what merely looks like one, and no overlaps.
    pub(super) fn masked(&self, text: &[u8]) -> Vec<Masked> {
        let tokens = self.find(text);
        let mut all: Vec<Masked> =
            tokens.into_iter().map(|hit| Masked { span: hit.span, shown: hit.redacted.to_string() }).collect();
        for masked in self.marked(text).chain(random_runs(text)) {
            let free = pieces_outside(&masked.span, &all);
            if free == [masked.span.clone()] {
                all.push(masked);
            } else {
                // What a token's end leaves of the run that it stands in may belong to it after all.
                let rests = free.into_iter().filter(|piece| piece.len() >= 6);
                all.extend(rests.map(|span| Masked { span, shown: "…".to_owned() }));
            }
            all.sort_by_key(|masked| masked.span.start);
        }
        all
    }

    /// Every prefix of a rule with eight or more letters of a body behind it, whatever stands before it.
    fn marked(&self, text: &[u8]) -> impl Iterator<Item = Masked> {
        let mut marked = Vec::new();
        let mut from = 0;
        while let Some(literal) = self.gate.find(aho_corasick::Input::new(text).span(from..text.len())) {
            let arm = self.arms[literal.pattern().as_usize()]
                .iter()
                .find(|arm| text[literal.start()..].starts_with(arm.literal));
            let prefixed = arm.filter(|arm| matches!(arm.way, super::Way::Prefixed { .. }));
            let start = literal.start() + prefixed.map_or(0, |arm| arm.literal.len());
            let body = text[start..].iter().take_while(|b| in_run(**b)).count();
            from = literal.end();
            if prefixed.is_some() && body >= 8 {
                let prefix = String::from_utf8_lossy(&text[literal.start()..start]);
                marked.push(Masked { span: literal.start()..start + body, shown: format!("{prefix}…") });
                from = start + body;
            }
        }
        marked.into_iter()
    }
}

/// The parts of `span` that none of `taken`, which are in order, covers.
fn pieces_outside(span: &Span, taken: &[Masked]) -> Vec<Span> {
    let mut pieces = Vec::new();
    let mut from = span.start;
    for other in taken.iter().filter(|other| other.span.start < span.end && span.start < other.span.end) {
        if from < other.span.start {
            pieces.push(from..other.span.start);
        }
        from = from.max(other.span.end);
    }
    if from < span.end {
        pieces.push(from..span.end);
    }
    pieces
}

fn in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=')
}

/// Unbroken runs of 20 or more letters of base64 that look random, and all hex of 32 or more: other vendors' keys,
/// tokens in an encoding, digests.
fn random_runs(text: &[u8]) -> impl Iterator<Item = Masked> {
    let mut runs = Vec::new();
    let mut at = 0;
    for piece in text.split(|b| !in_run(*b)) {
        let letters: Vec<u8> = piece.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        let hex = letters.len() >= 32 && judge::body_len(Judge::RandomHex, &letters).is_some() && letters.iter().all(u8::is_ascii_hexdigit);
        if piece.len() >= 20 && (hex || (letters.len() >= 16 && looks_random(&letters))) {
            runs.push(Masked { span: at..at + piece.len(), shown: "…".to_owned() });
        }
        at += piece.len() + 1;
    }
    runs.into_iter()
}
