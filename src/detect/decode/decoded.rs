//! A piece of decoded text, and the place of the encoded bytes of each byte.

use super::block::Block;
use crate::finding::{Layer, Span};

/// The most bytes of context in front of an encoded text. Some rules look for a name there.
pub(super) const CONTEXT: usize = 240;

/// Decoded text, and for each of its bytes the place of the encoded bytes.
pub(in crate::detect) struct Decoded<'a> {
    /// The context in front, unchanged, and then the decoded text.
    pub(in crate::detect) text: Vec<u8>,
    pub(in crate::detect) context: usize,
    pub(in crate::detect) layer: Layer,
    pub(super) places: Places<'a>,
}

pub(super) enum Places<'a> {
    /// Digits of this many bits, from the given letter of the block on.
    Digits { block: &'a Block<'a>, first: usize, bits: usize },
    /// The offset of each byte, and the offset of the end.
    Each(Vec<usize>),
    /// Two bytes each, from the start of this span on. The last one may lack its second byte.
    Pairs(Span),
    /// Four bytes each, in the same way.
    Quads(Span),
}

impl Decoded<'_> {
    /// The place where `span` of the text is written. `None` if it begins in the context.
    pub(in crate::detect) fn written(&self, span: &Span) -> Option<Span> {
        let start = span.start.checked_sub(self.context)?;
        let end = span.end - self.context;
        match &self.places {
            Places::Digits { block, first, bits } => {
                Some(block.written(first + start * 8 / bits, first + (end * 8 - 1) / bits))
            }
            Places::Each(at) => Some(at[start]..at[end]),
            Places::Quads(all) => Some(all.start + 4 * start..all.end.min(all.start + 4 * end)),
            Places::Pairs(all) => Some(all.start + 2 * start..all.end.min(all.start + 2 * end)),
        }
    }
}
