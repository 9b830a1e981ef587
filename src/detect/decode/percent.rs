//! Percent-encoding: `%5F`, and `%u005F` as the old `escape()` of JavaScript has it.

use super::escape::{Escape, character, hex};
use crate::finding::Layer;

pub(super) const ESCAPE: Escape = Escape { layer: Layer::Percent, mark: b'%', opens: b'%', read };

fn read(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let rest = text.get(at + 1..)?;
    let (digits, count) = rest.strip_prefix(b"u").map_or((rest, 2), |digits| (digits, 4));
    hex(digits, count).map(|number| (character(number), text.len() - at - digits.len() + count))
}
