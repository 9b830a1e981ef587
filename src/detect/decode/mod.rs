//! Text that is written in another: base64, hex, escapes, UTF-16.
//!
//! Encoded text of a token's length is a long run without a space or a quote. So runs are looked for (`spot`), not the
//! prefixes as each encoding writes them: one pass serves every encoding, alignment and depth. What a run may
//! say is asked of its letters before it is decoded, and what is decoded is searched like the unit itself.

pub(crate) mod byte_class;
pub(crate) mod run_finder;

mod base64;
pub(super) mod block;
mod digits;
mod entity;
mod escape;
mod escapes;
mod hex;
mod percent;
mod quoted_printable;
mod radix;
mod string_escape;
mod utf16;

use super::{Hit, find_within};
use crate::finding::{Encoding, Layer, Span};
use block::Block;

/// Encoded text is decoded in pieces of so many bytes, so that a run of 100 MB needs no second 100 MB.
const PIECE: usize = 32 * 1024;

/// What two neighbouring pieces share: a token of 320 bytes fits in, in any encoding and in most nests.
const OVERLAP: usize = 4 * 1024;

/// So much of what stands in front is read along, for the rules that ask for a name there.
const CONTEXT: usize = 240;

/// What a piece of encoded text says, and where each byte of that is written.
pub(super) struct Decoded<'a> {
    /// Context as it stands in front, then what was decoded.
    text: Vec<u8>,
    context: usize,
    layer: Layer,
    places: Places<'a>,
}

enum Places<'a> {
    /// Digits of so many bits, from the given letter of the block on.
    Digits { block: &'a Block<'a>, first: usize, bits: usize },
    /// The offset of each byte, and that of the end.
    Each(Vec<usize>),
    /// Two bytes each from the start of this span on, whose last one may lack its second.
    Pairs(Span),
}

impl Decoded<'_> {
    /// Where `span` of the text is written. None where it begins in the context.
    fn written(&self, span: &Span) -> Option<Span> {
        let start = span.start.checked_sub(self.context)?;
        let end = span.end - self.context;
        match &self.places {
            Places::Digits { block, first, bits } => {
                Some(block.written(first + start * 8 / bits, first + (end * 8 - 1) / bits))
            }
            Places::Each(at) => Some(at[start]..at[end]),
            Places::Pairs(all) => Some(all.start + 2 * start..all.end.min(all.start + 2 * end)),
        }
    }
}

/// Shows `see` everything in `bytes` from `from` on that can be decoded. Linear in the length of `bytes`.
fn each(bytes: &[u8], from: usize, see: &mut dyn FnMut(&Decoded<'_>)) {
    let mut at = from;
    while let Some(run) = run_finder::next(bytes, at) {
        if run.has_mark {
            escapes::each(bytes, &run.span, see);
        }
        let end = run.resume();
        at = digits::each(bytes, run.span.start..end, see).max(end);
    }
    if utf16::may_hold(bytes) {
        utf16::each(bytes, from, see);
    }
}

/// A stretch of so many bytes shows that it may be part of encoded text: a line of 26 digits, a line break, an indent of
/// 80, 128 digits. No word that a token wants near it is further away, where its own name is none of the gate's literals.
pub(super) const REACH: usize = 256;

/// Whether some stretch of [`REACH`] bytes in `bytes` may be part of an encoded token. Unlike [`each`] this depends on nothing
/// that stands elsewhere, so what is true of two texts is true of what is put together from stretches of them.
pub(super) fn may_stand(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(run) = run_finder::next(bytes, at) {
        if (run.has_mark && escapes::any(bytes, &run.span)) || digits::any(bytes, &run.span) {
            return true;
        }
        at = run.resume();
    }
    utf16::any(bytes)
}

/// Whether there is UTF-16 in `bytes` that is not looked at, for lack of a NUL at the beginning.
pub(super) fn hides_wide(bytes: &[u8]) -> bool {
    !utf16::may_hold(bytes) && utf16::any(bytes)
}

/// What `plain` finds encoded in `bytes` from `from` on, through up to `depth` layers.
pub(super) fn encoded(bytes: &[u8], from: usize, depth: usize, plain: &dyn Fn(&[u8]) -> Vec<Hit>, hits: &mut Vec<Hit>) {
    each(bytes, from, &mut |decoded| {
        let inner = find_within(&decoded.text, decoded.context, depth - 1, plain).into_iter();
        hits.extend(inner.filter_map(|hit| {
            let span = decoded.written(&hit.span)?;
            // What is encoded may be no more than the name in front of it.
            let plain = span.len() == hit.span.len();
            let encoding = if plain { hit.encoding } else { Some(Encoding::wrap(decoded.layer, hit.encoding)) };
            Some(Hit { span, encoding, ..hit })
        }));
    });
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
            Places::Pairs(_) => false,
        };
        veiled.extend(decoded.written(&all).filter(dense));
    });
    veiled
}

/// Where text is written that `find` sees in stretches of UTF-16.
pub(super) fn wide(text: &[u8], find: &dyn Fn(&[u8]) -> Marks) -> Marks {
    let mut found = Vec::new();
    if utf16::may_hold(text) {
        utf16::each(text, 0, &mut |decoded| {
            let inner = find(&decoded.text).into_iter();
            found.extend(inner.filter_map(|(span, what)| Some((decoded.written(&span)?, what))));
        });
    }
    found
}
