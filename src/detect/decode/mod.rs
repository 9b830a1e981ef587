//! Text that is written in another: base64, hex, escapes, UTF-16, UTF-32.
//!
//! Encoded text of a token's length is a long run without a space or a quote. So runs are looked for (`run_finder`), not the
//! prefixes as each encoding writes them: one pass serves every encoding, alignment and depth. What a run may
//! say is asked of its letters before it is decoded, and what is decoded is searched like the unit itself.

pub(crate) mod byte_class;
pub(crate) mod run_finder;

mod base64;
pub(super) mod block;
mod decoded;
mod digits;
mod entity;
mod escape;
mod escapes;
mod hex;
mod percent;
mod pieces;
mod quoted_printable;
mod radix;
pub(super) mod soft_break;
mod string_escape;
mod utf16;
mod utf32;

use crate::finding::Span;
use decoded::{Decoded, Places};

/// Shows `see` everything in `bytes` from `from` on that can be decoded. Linear in the length of `bytes`.
pub(super) fn each(bytes: &[u8], from: usize, see: &mut dyn FnMut(&Decoded<'_>)) {
    let mut at = from;
    while let Some(run) = run_finder::next(bytes, at) {
        if run.has_mark {
            escapes::each(bytes, &run.span, see);
        }
        soft_break::each(bytes, &run.span, see);
        let end = run.resume();
        at = digits::each(bytes, run.span.start..end, see).max(end);
    }
    if utf16::may_hold(bytes) {
        utf16::each(bytes, from, see);
        utf32::each(bytes, from, see);
    }
}

/// A stretch of so many bytes shows that it may be part of encoded text: a line of 26 digits, 14 bytes that end it, an indent
/// of 72 and a leader of 12, 128 digits. No word that a token wants near it is further away, where its own name is none of the gate's literals.
pub(super) const REACH: usize = 256;

/// Whether some stretch of [`REACH`] bytes in `bytes` may be part of an encoded token. Unlike [`each`] this depends on nothing
/// that stands elsewhere, so what is true of two texts is true of what is put together from stretches of them.
pub(super) fn may_stand(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(run) = run_finder::next(bytes, at) {
        let has_escape = || run.has_mark && escapes::any(bytes, &run.span);
        if has_escape() || soft_break::is_beside(bytes, &run.span) || digits::any(bytes, &run.span) {
            return true;
        }
        at = run.resume();
    }
    utf16::any(bytes) || utf32::any(bytes)
}

/// Whether there is UTF-16 or UTF-32 in `bytes` that is not looked at, for lack of a NUL at the beginning.
pub(super) fn hides_wide(bytes: &[u8]) -> bool {
    !utf16::may_hold(bytes) && (utf16::any(bytes) || utf32::any(bytes))
}

/// Places in a text, and what to show there.
pub(super) type Marks = Vec<(Span, String)>;

/// Where text is written that `find` sees in `text` or, decoded, within it through up to `depth` layers.
pub(super) fn deep(text: &[u8], depth: usize, find: &dyn Fn(&[u8]) -> Marks) -> Marks {
    let mut found = find(text);
    if depth > 0 {
        each(text, 0, &mut |decoded| {
            let inner = deep(&decoded.text, depth - 1, find).into_iter();
            found.extend(inner.filter_map(|(span, what)| Some((decoded.written(&span)?, what))));
        });
    }
    found
}

/// All text in `text` that is encoded densely: digits that stand for ASCII, escapes for letters, one behind the other.
pub(super) fn veiled(text: &[u8]) -> Vec<Span> {
    let mut veiled = Vec::new();
    each(text, 0, &mut |decoded| {
        let all = decoded.context..decoded.text.len();
        let dense = |written: &Span| match decoded.places {
            Places::Each(_) => written.len() >= all.len() + 12,
            Places::Digits { .. } => true,
            Places::Pairs(_) | Places::Quads(_) => false,
        };
        veiled.extend(decoded.written(&all).filter(dense));
    });
    veiled
}

/// Where text is written that `find` sees in stretches of UTF-16 or UTF-32.
pub(super) fn wide(text: &[u8], find: &dyn Fn(&[u8]) -> Marks) -> Marks {
    let mut found = Vec::new();
    if utf16::may_hold(text) {
        let mut see = |decoded: &Decoded<'_>| {
            let inner = find(&decoded.text).into_iter();
            found.extend(inner.filter_map(|(span, what)| Some((decoded.written(&span)?, what))));
        };
        utf16::each(text, 0, &mut see);
        utf32::each(text, 0, &mut see);
    }
    found
}
