//! The bytes of the tokens that were found, as they are encoded in the objects. They are collected only if a replacements
//! file or a search by value needs them, and nothing else may read them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Mutex;

use crate::detect::{Detector, Hit};
use crate::finding::{Encoding, Fingerprint, Layer, Part, Span};
use crate::rule::Rule;

/// Git and git filter-repo call a blob binary if its first 8,192 bytes contain a NUL.
const BINARY_CHECK: usize = 8192;

/// Replacing a token can expose another match, so replacing is repeated until none is left. Nested encodings are not deeper
/// than this.
const ROUNDS: usize = 8;

/// The tokens that were found, and their encoded forms. `Debug` prints none of them.
pub struct Secrets {
    /// None if the forms are not collected.
    forms: Option<Mutex<BTreeMap<Vec<u8>, Form>>>,
    /// One hit for each token.
    tokens: Mutex<BTreeMap<Fingerprint, Hit>>,
}

/// What is known about an encoded form.
#[derive(Clone)]
pub struct Form {
    rule: &'static Rule,
    fingerprint: Fingerprint,
    /// Whether the outermost encoding is UTF-16.
    wide: bool,
    /// Whether the form is in a binary blob, perhaps among others.
    pub in_binary: bool,
    /// 0 for a token in the original text. Higher for a token that only replacing others has exposed.
    pub round: usize,
    /// The tokens whose removal requires this replacement: the form's own token, or the tokens that hid it.
    removed_with: BTreeSet<Fingerprint>,
}

impl Form {
    /// The token that is encoded.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl Form {
    /// The replacement for the form, such as `REMOVED-stripe-secret-key-9f86d081884c7d65`. No rule finds a token in it. The
    /// fingerprint lets a reader look up the token.
    pub fn replacement(&self, form: &[u8]) -> Vec<u8> {
        let text = format!("REMOVED-{}-{}", self.rule.id, self.fingerprint).into_bytes();
        if !self.wide {
            return text;
        }
        let is_big_endian = form.first() == Some(&0);
        let mut wide: Vec<u8> =
            text.iter().flat_map(|&letter| if is_big_endian { [0, letter] } else { [letter, 0] }).collect();
        // The last byte of the form may be missing at the end of a file.
        wide.truncate(wide.len() - form.len() % 2);
        wide
    }
}

impl Secrets {
    /// Collects tokens only, for a search by value.
    pub fn of_tokens() -> Self {
        Self { forms: None, tokens: Mutex::default() }
    }

    /// Collects tokens and their encoded forms.
    pub fn of_forms() -> Self {
        Self { forms: Some(Mutex::default()), tokens: Mutex::default() }
    }

    /// Collects the encoded forms of `found`, which are some of the tokens in `bytes`, and of the tokens that replacing them
    /// exposes. Overlapping tokens are collected as one form, since replacing one alone would leave a part of the others.
    pub fn add_forms(&self, detector: &Detector, bytes: &[u8], part: Part, found: Vec<Hit>) {
        let Some(forms) = &self.forms else { return };
        let all = detector.find_all(bytes);
        let known: BTreeSet<Fingerprint> = all.iter().map(|hit| hit.fingerprint).collect();
        let outer: BTreeSet<Fingerprint> = found.iter().map(|hit| hit.fingerprint).collect();
        let in_binary = part == Part::Content && bytes[..bytes.len().min(BINARY_CHECK)].contains(&0);
        let (mut text, mut found) = (bytes.to_vec(), widen_to_overlaps(found, &all));
        // Tokens of these bytes that the first pass collected will be replaced too.
        let others = if detector.is_beyond_rules() { widen_to_overlaps(all.clone(), &all) } else { Vec::new() };
        for round in 0..ROUNDS {
            let mut replacements = BTreeMap::new();
            for hit in &found {
                let encoded = &text[hit.span.clone()];
                let form = Form {
                    rule: hit.rule,
                    fingerprint: hit.fingerprint,
                    wide: hit.encoding.map(Encoding::outermost) == Some(Layer::Utf16),
                    in_binary,
                    round,
                    removed_with: if round == 0 { BTreeSet::from([hit.fingerprint]) } else { outer.clone() },
                };
                replacements.insert(encoded.to_vec(), form.replacement(encoded));
                put(forms, encoded, form);
            }
            self.add_tokens(&found.iter().collect::<Vec<_>>());
            if round == 0 {
                let encoded = others.iter().map(|hit| bytes[hit.span.clone()].to_vec());
                encoded.for_each(|encoded| _ = replacements.entry(encoded).or_insert_with(|| b"REMOVED".to_vec()));
            }
            text = replace(&text, &replacements);
            let left = detector.find_all(&text);
            let new: Vec<Hit> = left.iter().filter(|hit| !known.contains(&hit.fingerprint)).cloned().collect();
            found = widen_to_overlaps(new, &left);
            if found.is_empty() {
                break;
            }
        }
    }

    /// Collects tokens without their forms.
    pub fn add_tokens(&self, hits: &[&Hit]) {
        let mut tokens = self.tokens.lock().expect("no thread panicked while it held the lock");
        for hit in hits {
            let merged = tokens.entry(hit.fingerprint).or_insert_with(|| (*hit).clone());
            // Threads come in any order, and the result must not depend on it.
            if hit.rule.id < merged.rule.id {
                *merged = (*hit).clone();
            }
        }
    }

    /// One hit for each token that is `wanted`, sorted by fingerprint.
    pub fn tokens(&self, wanted: impl Fn(Fingerprint) -> bool) -> Vec<Hit> {
        let tokens = self.tokens.lock().expect("no thread panicked while it held the lock");
        tokens.values().filter(|hit| wanted(hit.fingerprint)).cloned().collect()
    }

    /// All forms that removing the `wanted` tokens requires, in the order of replacement: by round, and then the longest
    /// first, since a form may be part of another.
    pub fn forms(self, wanted: impl Fn(Fingerprint) -> bool) -> Vec<(Vec<u8>, Form)> {
        let forms = self.forms.unwrap_or_default().into_inner().expect("no thread panicked while it held the lock");
        let is_wanted = |form: &Form| form.removed_with.iter().any(|token| wanted(*token));
        let mut forms: Vec<_> = forms.into_iter().filter(|(_, form)| is_wanted(form)).collect();
        forms.sort_by_key(|(bytes, form)| (form.round, Reverse(bytes.len())));
        forms
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Adds a form, or merges it with an equal one. Threads come in any order, and the result must not depend on it.
fn put(forms: &Mutex<BTreeMap<Vec<u8>, Form>>, encoded: &[u8], form: Form) {
    let mut forms = forms.lock().expect("no thread panicked while it held the lock");
    let merged = forms.entry(encoded.to_vec()).or_insert_with(|| form.clone());
    merged.in_binary |= form.in_binary;
    merged.removed_with.extend(form.removed_with);
    merged.round = merged.round.min(form.round);
    if form.rule.id < merged.rule.id {
        merged.rule = form.rule;
    }
}

/// Widens the span of each hit to the union with all hits of `all` that it overlaps, transitively. Only the first hit of
/// each resulting span is kept. `all` must be sorted.
fn widen_to_overlaps(hits: Vec<Hit>, all: &[Hit]) -> Vec<Hit> {
    let mut joined: Vec<Span> = Vec::new();
    for hit in all {
        match joined.last_mut() {
            Some(last) if hit.span.start < last.end => last.end = last.end.max(hit.span.end),
            _ => joined.push(hit.span.clone()),
        }
    }
    let around = |span: &Span| {
        let at = joined.partition_point(|one| one.end <= span.start);
        joined.get(at).filter(|one| one.start <= span.start && span.end <= one.end).cloned()
    };
    let mut wide: Vec<Hit> =
        hits.into_iter().map(|hit| Hit { span: around(&hit.span).unwrap_or(hit.span.clone()), ..hit }).collect();
    wide.sort_by_key(|hit| hit.span.start);
    wide.dedup_by(|next, merged| next.span == merged.span);
    wide
}

/// Applies all `replacements` to `text` in one pass. The longest matching form wins.
fn replace(text: &[u8], replacements: &BTreeMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
    let shortest = replacements.keys().map(Vec::len).min().unwrap_or_default();
    let mut by_start = HashMap::<_, Vec<_>>::new();
    // In reverse order, a form precedes its own prefixes, so the longest one is tried first.
    for (form, replacement) in replacements.iter().rev() {
        by_start.entry(&form[..shortest]).or_default().push((form, replacement));
    }
    let mut replaced = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let starting = text.get(at..at + shortest).and_then(|start| by_start.get(start));
        let matching = starting.into_iter().flatten().find(|(form, _)| text[at..].starts_with(form));
        if let Some((form, replacement)) = matching {
            replaced.extend_from_slice(replacement);
            at += form.len();
        } else {
            replaced.push(text[at]);
            at += 1;
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ALL;

    #[test]
    fn what_stands_in_utf_16_is_replaced_by_utf_16() {
        let form = Form {
            rule: ALL[0],
            fingerprint: Fingerprint::from_bits(0),
            wide: true,
            in_binary: false,
            round: 0,
            removed_with: BTreeSet::new(),
        };
        for (encoded, wanted) in [(&b"a\0b\0"[..], [b'R', 0, b'E', 0]), (b"\0a\0b", [0, b'R', 0, b'E'])] {
            let replaced = form.replacement(encoded);
            assert!(replaced.starts_with(&wanted) && replaced.len().is_multiple_of(2));
        }
        assert_eq!(form.replacement(b"a\0b").last(), Some(&b'0'));
    }

    #[test]
    fn the_longest_form_is_replaced_wherever_it_stands() {
        let replacements = [("abc", "1"), ("abcd", "2"), ("cde", "3")];
        let replacements = replacements.map(|(form, by)| (form.as_bytes().to_vec(), by.as_bytes().to_vec())).into();
        assert_eq!(replace(b"abcabcdecde ab", &replacements), b"12e3 ab");
        assert_eq!(replace(b"ab", &BTreeMap::new()), b"ab");
    }
}
