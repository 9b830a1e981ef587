//! Percent-encoding: `%5F`.

use super::escapes::{Escape, character, hex};
use crate::finding::Layer;

pub(super) const ESCAPE: Escape = Escape { layer: Layer::Percent, mark: b'%', read };

fn read(text: &[u8]) -> Option<(u8, usize)> {
    hex(text.get(1..)?, 2).map(|number| (character(number), 3))
}
