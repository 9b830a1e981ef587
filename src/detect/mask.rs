//! The parts of a text that must not be shown, and what is shown instead.
//!
//! This is wider than detection on purpose. A line is shown because of one token, and nothing else on it that may be a secret,
//! even of a kind that no rule knows, may be shown with it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::arms::{Arm, ArmKind};
use super::detector::Detector;
use super::hit::Hit;
use super::randomness::{LENIENT, STRICT, is_hex, is_made_of_words, looks_random, parts_look_random, varied};
use super::{boundary, decode};
use crate::finding::{Encoding, Span};

/// A part of a text that is replaced when the text is shown.
#[derive(Clone, Debug)]
pub(super) struct Masked {
    pub span: Span,
    pub shown: String,
}

impl Detector {
    /// Replaces every token in `text`, and everything that starts like one. For names: the rest of a name stays, so that a file
    /// named by a hash can still be found.
    pub fn mask(&self, text: &[u8]) -> Vec<u8> {
        replaced(text, &|text| self.tokens_in(text))
    }

    /// As [`Self::mask`], for sentences that quote user input. They also lose bare hex of the length of an Attio token.
    pub fn mask_sentence(&self, text: &str) -> String {
        // Whatever is beside it: `--` of an option, the `/` of a path.
        let bare =
            |text: &[u8]| pieces(text, |b| b.is_ascii_hexdigit()).filter(|run| run.len() == 64).map(hidden).collect();
        let shown = replaced(text.as_bytes(), &|text| {
            let mut masks = self.tokens_in(text);
            add(&mut masks, decode::deep(text, Encoding::DEPTH, &bare));
            masks
        });
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// As [`Self::mask_sentence`], when the configuration's rules are not known, or not all of them. It also replaces everything
    /// that may be a token of some rule. A rule needs 16 characters that look random, so every such run is replaced.
    pub fn mask_unknown(&self, text: &str) -> String {
        let masked = self.mask_sentence(text);
        let shown = replaced(masked.as_bytes(), &|text| {
            let mut masks = Vec::new();
            add(&mut masks, decode::densely_encoded(text).into_iter().chain(long_runs(text)).map(hidden));
            masks
        });
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// Replaces everything that is hidden in a line of a file. For names and addresses of persons: git removes characters from
    /// them, after which an escape at the beginning can no longer be decoded.
    pub fn mask_person(&self, text: &[u8]) -> Vec<u8> {
        replaced(text, &|text| self.masked(text))
    }

    /// The parts of a line of a file to replace, in order: tokens, text that starts like a token, text that looks random, and
    /// densely encoded text.
    pub(super) fn masked(&self, text: &[u8]) -> Vec<Masked> {
        let mut masks = self.tokens_in(text);
        let names: Vec<Span> = masks.iter().filter_map(|mask| name_before(text, mask.span.start)).collect();
        let suspects =
            runs(text).filter(|run| might_be_secret(&text[run.clone()])).chain(decode::densely_encoded(text));
        let suspects: Vec<_> = suspects.flat_map(|span| without(&span, &names)).map(hidden).collect();
        add(&mut masks, suspects);
        add(
            &mut masks,
            decode::wide(text, &|text| self.masked(text).into_iter().map(|mask| (mask.span, mask.shown)).collect()),
        );
        masks
    }

    fn tokens_in(&self, text: &[u8]) -> Vec<Masked> {
        let shown = |hit: Hit| (hit.span, hit.redacted.to_string());
        let tokens = self.find(text).into_iter().map(shown);
        let mut masks: Vec<Masked> = tokens.map(|(span, shown)| Masked { span, shown }).collect();
        if self.literal_search.is_some() {
            add(&mut masks, self.find_by_rules(text).into_iter().map(shown));
        }
        let copies = unmasked_copies(text, &masks);
        add(&mut masks, copies);
        add(&mut masks, decode::deep(text, Encoding::DEPTH, &|text| self.marked(text)));
        masks
    }

    /// Every prefix of a rule that is followed by eight or more letters of a body, whatever is in front. A prefix in which many
    /// words end counts only where a token may start and only if the text after it is not a word in one case.
    fn marked(&self, text: &[u8]) -> decode::Marks {
        let mut marked = Vec::new();
        let mut from = 0;
        while let Some(literal) = self.prefilter.find(text, from) {
            let here = |&(_, at): &(&Arm, usize)| at == literal.start;
            let arm = self.arms_at(text, &literal, true).find(here).map(|(arm, _)| arm);
            let prefixed = arm.filter(|arm| matches!(arm.kind, ArmKind::Prefixed { .. }));
            let start = literal.start + prefixed.map_or(0, |arm| arm.literal.len());
            let body = text[start..].iter().take_while(|b| in_run(**b)).count();
            let body = body + behind_dot(&text[start + body..]);
            from = literal.end;
            let is_word = |arm: &Arm| {
                arm.is_common && (!boundary::may_start(text, literal.start) || in_one_case(&text[start..start + body]))
            };
            if body >= 8 && prefixed.is_some_and(|arm| !is_word(arm)) {
                let prefix = String::from_utf8_lossy(&text[literal.start..start]);
                marked.push((literal.start..start + body, format!("{prefix}…")));
                from = start + body;
            }
        }
        marked
    }
}

/// The bytes that are compared with the beginnings of tokens before the rest is: a prefix and some letters.
const COMPARED: usize = 12;

/// The other occurrences of the tokens that were found. A rule that needs a name in front finds only the one after the name. The
/// time grows with the text, not with the number of tokens, since all tokens of one length are looked up together.
fn unmasked_copies(text: &[u8], found: &[Masked]) -> Vec<(Span, String)> {
    let mut by_length: BTreeMap<usize, HashMap<&[u8], &str>> = BTreeMap::new();
    for token in found {
        let written = &text[token.span.clone()];
        by_length.entry(written.len()).or_default().entry(written).or_insert(&token.shown);
    }
    let mut copies = Vec::new();
    // The longest first, since one token may contain another.
    for (length, tokens) in by_length.into_iter().rev().filter(|(length, _)| *length > 0) {
        let begin = length.min(COMPARED);
        let begins: HashSet<&[u8]> = tokens.keys().map(|token| &token[..begin]).collect();
        let windows = text.windows(length).enumerate().filter(|(_, window)| begins.contains(&window[..begin]));
        copies.extend(windows.filter_map(|(at, window)| Some((at..at + length, (*tokens.get(window)?).to_owned()))));
    }
    copies
}

/// `text` with all that `find` finds replaced, and all that it finds then: the end of one token may be the name that gives
/// away the next. Every mask is shorter than what it stands for, so this ends.
fn replaced(text: &[u8], find: &dyn Fn(&[u8]) -> Vec<Masked>) -> Vec<u8> {
    let mut shown = text.to_vec();
    loop {
        let masks = find(&shown);
        if masks.is_empty() {
            return shown;
        }
        shown = replace(&shown, &masks);
    }
}

fn replace(text: &[u8], masks: &[Masked]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(text.len());
    let mut from = 0;
    for mask in masks {
        shown.extend_from_slice(&text[from..mask.span.start]);
        shown.extend_from_slice(mask.shown.as_bytes());
        from = mask.span.end;
    }
    shown.extend_from_slice(&text[from..]);
    shown
}

/// Puts `more` into `masks`, in order and without an overlap. What a token's end leaves of the run that contains it may belong to it
/// after all, so it is hidden too.
fn add(masks: &mut Vec<Masked>, more: impl IntoIterator<Item = (Span, String)>) {
    let mut taken: BTreeMap<usize, Masked> =
        std::mem::take(masks).into_iter().map(|mask| (mask.span.start, mask)).collect();
    for (span, shown) in more {
        let free = pieces_outside(&span, &taken);
        if free == [span.clone()] {
            taken.insert(span.start, Masked { span, shown });
        } else {
            for span in free.into_iter().filter(|piece| piece.len() >= 6) {
                taken.insert(span.start, Masked { span, shown: "…".to_owned() });
            }
        }
    }
    masks.extend(taken.into_values());
}

fn hidden(span: Span) -> (Span, String) {
    (span, "…".to_owned())
}

/// The span of `NAME=` directly in front of a token at `start`. A run of base64 contains such a name as well, and a report that hides
/// the name of the variable does not say which key leaked. Only a name made of words is returned, so that the end of another secret
/// in front of the token stays hidden.
fn name_before(text: &[u8], start: usize) -> Option<Span> {
    let name = text[..start].strip_suffix(b"=")?;
    let in_name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let length = name.iter().rev().take_while(in_name).count();
    let (before, name) = name.split_at(name.len() - length);
    let is_whole = before.last().is_none_or(|b| !in_run(*b));
    (is_whole && is_made_of_words(name)).then_some(before.len()..start)
}

/// Where `span` is not covered by `names`, which are in order and do not overlap.
fn without(span: &Span, names: &[Span]) -> Vec<Span> {
    let mut pieces = Vec::new();
    let mut at = span.start;
    for name in names.iter().filter(|name| span.start < name.end && name.start < span.end) {
        if at < name.start {
            pieces.push(at..name.start);
        }
        at = name.end;
    }
    if at < span.end {
        pieces.push(at..span.end);
    }
    pieces
}

/// The parts of `span` that none of `taken` covers, which are by their starts.
fn pieces_outside(span: &Span, taken: &BTreeMap<usize, Masked>) -> Vec<Span> {
    let before = taken.range(..span.end).rev().map(|(_, other)| &other.span);
    let mut pieces = Vec::new();
    let mut end = span.end;
    for other in before.take_while(|other| span.start < other.end) {
        if other.end < end {
            pieces.push(other.end..end);
        }
        end = end.min(other.start);
    }
    if span.start < end {
        pieces.push(span.start..end);
    }
    pieces.reverse();
    pieces
}

/// The length of a dot and the long run behind it at the beginning of `text`, as in tokens of two parts. An ending such as `.txt`
/// stays.
fn behind_dot(text: &[u8]) -> usize {
    let Some((b'.', rest)) = text.split_first() else { return 0 };
    let run = rest.iter().take_while(|b| in_run(**b)).count();
    if run >= SHORTEST { 1 + run } else { 0 }
}

/// Letters without a digit, and not in both cases, as names are made of.
fn in_one_case(text: &[u8]) -> bool {
    let has = |of: fn(&u8) -> bool| text.iter().any(of);
    !(has(u8::is_ascii_digit) || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
}

fn in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=')
}

/// The unbroken runs of letters of base64.
fn runs(text: &[u8]) -> impl Iterator<Item = Span> {
    pieces(text, in_run)
}

/// Runs that a custom rule may call a token: letters and digits alone, in parts with `_` and `-` between them, and base64 with
/// its slashes. Ids of objects are none. Of 171,322 names of files on a Linux system 90 have a run of letters and digits that is
/// hidden, most of them digests; of random runs of 16 letters and digits fewer than 0.1 % are shown. A token in parts that are each
/// shorter and in one case is not hidden: one name in eight would be.
fn long_runs(text: &[u8]) -> Vec<Span> {
    let words: Vec<Span> = pieces(text, |b| b.is_ascii_alphanumeric()).filter(|run| run.len() >= SHORTEST).collect();
    let (ids, words): (Vec<Span>, Vec<Span>) = words.into_iter().partition(|run| is_object_id(text, run));
    let has_id = |run: &Span| ids.iter().any(|id| run.contains(&id.start));
    let signs = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let parts = pieces(text, signs).filter(|run| !has_id(run) && is_drawn_in_parts(&text[run.clone()]));
    let is_encoded = |run: &Span| text[run.clone()].contains(&b'/') && might_be_secret(&text[run.clone()]);
    let encoded = runs(text).filter(|run| !has_id(run) && is_encoded(run));
    let words = words.into_iter().filter(|run| is_drawn(&text[run.clone()]));
    words.chain(parts).chain(encoded).collect()
}

/// No rule calls fewer characters a token.
const SHORTEST: usize = 16;

/// A prefix of a custom rule has no more characters.
const LONGEST_PREFIX: usize = 32;

/// Whether `run` looks random from some letter on: a prefix may be glued to a token.
fn is_drawn(run: &[u8]) -> bool {
    let ends = 0..=run.len().saturating_sub(SHORTEST).min(LONGEST_PREFIX);
    ends.into_iter().any(|at| looks_random(&run[at..], LENIENT) || is_hex_key(&run[at..]))
}

fn is_hex_key(run: &[u8]) -> bool {
    let (digit, letter) = (u8::is_ascii_digit, u8::is_ascii_alphabetic);
    all_hex(run) && varied(run) && run.iter().any(digit) && run.iter().any(letter)
}

fn is_drawn_in_parts(run: &[u8]) -> bool {
    let letters: Vec<u8> = run.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let is_in_parts = letters.len() >= SHORTEST && letters.len() < run.len();
    is_in_parts && (parts_look_random(run, LENIENT) || is_hex_key(&letters))
}

/// The id of an object, the file of a loose one or of a pack, or a fingerprint, where no prefix of a token may stand before it.
fn is_object_id(text: &[u8], run: &Span) -> bool {
    let (before, id) = (&text[..run.start], &text[run.clone()]);
    let names: [&[u8]; 4] = [b"..", b"pack-", b"graph-", b"^"];
    let is_alone = before.last().is_none_or(|b| b.is_ascii_whitespace() || b"\"'`(/".contains(b));
    let is_named = names.iter().any(|name| before.ends_with(name));
    let is_plain = matches!(id.len(), 16 | 38 | 40 | 62 | 64) && is_hex(id);
    // What is written in hex is text, and an id is none.
    let says = data_encoding::HEXLOWER.decode(id).is_ok_and(|bytes| bytes.is_ascii());
    is_plain && !says && (is_alone || is_named)
}

/// The longest stretches of bytes that are all `of` a kind.
fn pieces(text: &[u8], of: fn(u8) -> bool) -> impl Iterator<Item = Span> {
    let mut at = 0;
    text.split(move |b| !of(*b)).map(move |piece| {
        let start = at;
        at += piece.len() + 1;
        start..start + piece.len()
    })
}

/// Runs of 20 or more letters that look random, and all hex of 32 or more: other vendors' keys, tokens in an encoding,
/// digests. Behind a `/` a path is likelier than base64.
fn might_be_secret(run: &[u8]) -> bool {
    let letters: Vec<u8> = run.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let bar = if run.contains(&b'/') { STRICT } else { LENIENT };
    let hex = letters.len() >= 32 && all_hex(&letters) && varied(&letters);
    run.len() >= 20 && (hex || (letters.len() >= 16 && looks_random(&letters, bar)))
}

fn all_hex(run: &[u8]) -> bool {
    run.iter().all(u8::is_ascii_hexdigit)
}
