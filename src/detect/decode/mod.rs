//! Decoding: base64, hex, escapes, UTF-16, UTF-32.
//!
//! The encoded text of a token is a long run without a space or a quote. So the detector looks for runs (`run_finder`), not for
//! the prefixes in each encoding: one pass serves every encoding, alignment and depth. Cheap checks of its letters reject most
//! runs before they are decoded. Decoded text is searched like the unit itself.

pub(crate) mod byte_class;
pub(crate) mod run_finder;

mod base64;
mod block;
mod decoded;
mod digit;
mod digits;
mod entity;
mod escape;
mod escapes;
mod frame;
mod hex;
pub(super) mod joint;
mod line;
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

/// Passes everything in `bytes` from `from` on that can be decoded to `see`. Linear in the length of `bytes`.
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
    if utf16::may_be_in(bytes) {
        utf16::each(bytes, from, see);
        utf32::each(bytes, from, see);
    }
}

/// A stretch of this many bytes shows whether it may be part of encoded text: a line of 26 digits, 14 bytes that end it, an
/// indent of 72 and a leader of 12, 128 digits. A word that a token needs nearby is never further away, unless it is a literal of
/// the prefilter.
pub(super) const CONTEXT_LEN: usize = 256;

/// Whether a stretch of [`CONTEXT_LEN`] bytes in `bytes` may be part of an encoded token. Unlike [`each`], this depends on
/// nothing outside of the stretch, so what is true of two texts is true of a text joined from stretches of them.
pub(super) fn may_contain(bytes: &[u8]) -> bool {
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

/// Whether `bytes` contains UTF-16 or UTF-32 that is not searched, since there is no NUL at the beginning.
pub(super) fn has_unsearched_wide_text(bytes: &[u8]) -> bool {
    !utf16::may_be_in(bytes) && (utf16::any(bytes) || utf32::any(bytes))
}

/// Places in a text, and what to show instead.
pub(super) type Marks = Vec<(Span, String)>;

/// The places of the text that `find` finds in `text` or in the text decoded from it, through up to `depth` layers.
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

/// All densely encoded text in `text`: digits that stand for ASCII, and runs of escapes for letters.
pub(super) fn densely_encoded(text: &[u8]) -> Vec<Span> {
    let mut densely_encoded = Vec::new();
    each(text, 0, &mut |decoded| {
        let all = decoded.context..decoded.text.len();
        let dense = |written: &Span| match decoded.places {
            Places::Each(_) => written.len() >= all.len() + 12,
            Places::Digits { .. } => true,
            Places::Pairs(_) | Places::Quads(_) => false,
        };
        densely_encoded.extend(decoded.written(&all).filter(dense));
    });
    densely_encoded
}

/// The places of the text that `find` finds in stretches of UTF-16 or UTF-32.
pub(super) fn wide(text: &[u8], find: &dyn Fn(&[u8]) -> Marks) -> Marks {
    let mut found = Vec::new();
    if utf16::may_be_in(text) {
        let mut see = |decoded: &Decoded<'_>| {
            let inner = find(&decoded.text).into_iter();
            found.extend(inner.filter_map(|(span, what)| Some((decoded.written(&span)?, what))));
        };
        utf16::each(text, 0, &mut see);
        utf32::each(text, 0, &mut see);
    }
    found
}
