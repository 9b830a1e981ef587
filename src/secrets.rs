//! The bytes of the tokens that were found, as they stand in the objects. There is one only where somebody asked for
//! the file that cleans a history, and nothing but that file ever gets them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Mutex;

use crate::detect::{Detector, Hit};
use crate::finding::{Encoding, Fingerprint, Layer, Part, Span};
use crate::rule::Rule;

/// How much git and git filter-repo look at of a blob for a NUL, which makes it binary.
const HEAD: usize = 8192;

/// What stood behind a token may be one by itself once that is gone, and so on. A nest of encodings is not deeper.
const ROUNDS: usize = 8;

/// The tokens that were found, and their written forms. `Debug` shows none of them.
pub struct Secrets {
    /// None where nobody asked for them.
    forms: Option<Mutex<BTreeMap<Vec<u8>, Form>>>,
    /// One hit of each token.
    tokens: Mutex<BTreeMap<Fingerprint, Hit>>,
}

/// What a written form stands for.
#[derive(Clone)]
pub struct Form {
    rule: &'static Rule,
    fingerprint: Fingerprint,
    /// Whether it is in UTF-16, whatever it says there.
    wide: bool,
    /// Whether it stands in a binary blob, besides wherever else.
    pub in_binary: bool,
    /// 0, or more for what is a token only where others were replaced before.
    pub round: usize,
    /// The tokens for which it is replaced: itself, or those that it stands behind.
    on_behalf_of: BTreeSet<Fingerprint>,
}

impl Form {
    /// The token that the form says.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl Form {
    /// What is put in place of the form: `REMOVED-stripe-secret-key-9f86d081884c7d65`. No rule takes it for a token, and
    /// who meets it can look it up.
    pub fn replacement(&self, form: &[u8]) -> Vec<u8> {
        let text = format!("REMOVED-{}-{}", self.rule.id, self.fingerprint).into_bytes();
        if !self.wide {
            return text;
        }
        let is_big_endian = form.first() == Some(&0);
        let mut wide: Vec<u8> =
            text.iter().flat_map(|&letter| if is_big_endian { [0, letter] } else { [letter, 0] }).collect();
        // Where the last byte is missing at the end of a file.
        wide.truncate(wide.len() - form.len() % 2);
        wide
    }
}

impl Secrets {
    /// For the tokens alone, so that they can be sought by value.
    pub fn of_tokens() -> Self {
        Self { forms: None, tokens: Mutex::default() }
    }

    /// For the tokens and their written forms.
    pub fn of_forms() -> Self {
        Self { forms: Some(Mutex::default()), tokens: Mutex::default() }
    }

    /// Keeps how `found`, some of all that is in `bytes`, are written, and what else is a token once they are replaced. One that
    /// overlaps others is kept with them: replaced by itself it would leave a part of theirs.
    pub fn keep(&self, detector: &Detector, bytes: &[u8], part: Part, found: Vec<Hit>) {
        let Some(forms) = &self.forms else { return };
        let all = detector.find_all(bytes);
        let known: BTreeSet<Fingerprint> = all.iter().map(|hit| hit.fingerprint).collect();
        let behind: BTreeSet<Fingerprint> = found.iter().map(|hit| hit.fingerprint).collect();
        let in_binary = part == Part::Content && bytes[..bytes.len().min(HEAD)].contains(&0);
        let (mut text, mut found) = (bytes.to_vec(), with_overlaps(found, &all));
        // What the first pass kept of these bytes is replaced as well.
        let others = if detector.is_beyond_rules() { with_overlaps(all.clone(), &all) } else { Vec::new() };
        for round in 0..ROUNDS {
            let mut replacements = BTreeMap::new();
            for hit in &found {
                let written = &text[hit.span.clone()];
                let form = Form {
                    rule: hit.rule,
                    fingerprint: hit.fingerprint,
                    wide: hit.encoding.map(Encoding::outermost) == Some(Layer::Utf16),
                    in_binary,
                    round,
                    on_behalf_of: if round == 0 { BTreeSet::from([hit.fingerprint]) } else { behind.clone() },
                };
                replacements.insert(written.to_vec(), form.replacement(written));
                put(forms, written, form);
            }
            self.note(&found.iter().collect::<Vec<_>>());
            if round == 0 {
                let written = others.iter().map(|hit| bytes[hit.span.clone()].to_vec());
                written.for_each(|written| _ = replacements.entry(written).or_insert_with(|| b"REMOVED".to_vec()));
            }
            text = replace(&text, &replacements);
            let left = detector.find_all(&text);
            let new: Vec<Hit> = left.iter().filter(|hit| !known.contains(&hit.fingerprint)).cloned().collect();
            found = with_overlaps(new, &left);
            if found.is_empty() {
                break;
            }
        }
    }

    /// Keeps the tokens of these hits, however they are written.
    pub fn note(&self, hits: &[&Hit]) {
        let mut tokens = self.tokens.lock().expect("no thread panicked while it held the lock");
        for hit in hits {
            let kept = tokens.entry(hit.fingerprint).or_insert_with(|| (*hit).clone());
            // Threads come in any order, and what is kept must not depend on it.
            if hit.rule.id < kept.rule.id {
                *kept = (*hit).clone();
            }
        }
    }

    /// A hit of each token that `wanted` names, in order of the fingerprint.
    pub fn tokens(&self, wanted: impl Fn(Fingerprint) -> bool) -> Vec<Hit> {
        let tokens = self.tokens.lock().expect("no thread panicked while it held the lock");
        tokens.values().filter(|hit| wanted(hit.fingerprint)).cloned().collect()
    }

    /// All forms that are there for tokens which `wanted` names, in the order in which to replace them: round by round,
    /// the longest first, since one may be a part of another.
    pub fn forms(self, wanted: impl Fn(Fingerprint) -> bool) -> Vec<(Vec<u8>, Form)> {
        let forms = self.forms.unwrap_or_default().into_inner().expect("no thread panicked while it held the lock");
        let is_wanted = |form: &Form| form.on_behalf_of.iter().any(|token| wanted(*token));
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

/// Threads come in any order, and what is kept must not depend on it.
fn put(forms: &Mutex<BTreeMap<Vec<u8>, Form>>, written: &[u8], form: Form) {
    let mut forms = forms.lock().expect("no thread panicked while it held the lock");
    let kept = forms.entry(written.to_vec()).or_insert_with(|| form.clone());
    kept.in_binary |= form.in_binary;
    kept.on_behalf_of.extend(form.on_behalf_of);
    kept.round = kept.round.min(form.round);
    if form.rule.id < kept.rule.id {
        kept.rule = form.rule;
    }
}

/// `hits`, each with the span that it has together with those of `all` that it overlaps, and so on. Of several with one span the
/// first stays. `all` is in order.
fn with_overlaps(hits: Vec<Hit>, all: &[Hit]) -> Vec<Hit> {
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
    wide.dedup_by(|next, kept| next.span == kept.span);
    wide
}

/// `text` with each of `replacements`, wherever its form stands. One pass, however many there are.
fn replace(text: &[u8], replacements: &BTreeMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
    let shortest = replacements.keys().map(Vec::len).min().unwrap_or_default();
    let mut by_start = HashMap::<_, Vec<_>>::new();
    // In this order a form stands in front of those that it starts: the longest is tried first.
    for (form, replacement) in replacements.iter().rev() {
        by_start.entry(&form[..shortest]).or_default().push((form, replacement));
    }
    let mut replaced = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let starting = text.get(at..at + shortest).and_then(|start| by_start.get(start));
        let reachability = starting.into_iter().flatten().find(|(form, _)| text[at..].starts_with(form));
        if let Some((form, replacement)) = reachability {
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
            on_behalf_of: BTreeSet::new(),
        };
        for (written, wanted) in [(&b"a\0b\0"[..], [b'R', 0, b'E', 0]), (b"\0a\0b", [0, b'R', 0, b'E'])] {
            let replaced = form.replacement(written);
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
