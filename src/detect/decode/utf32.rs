//! UTF-32 in either byte order: characters with three NULs between each two.

use super::decoded::{Decoded, Places};
use super::pieces::{OVERLAP, PIECE};
use crate::finding::{Layer, Span};

/// The bytes of one character.
const WIDTH: usize = 4;

/// The fewest characters of a token.
const SHORTEST: usize = 19;

/// This many characters show that a text may continue on either side.
const FEW: usize = 5;

/// Passes each stretch of such text from `from` on to `see`.
pub(super) fn each(bytes: &[u8], from: usize, see: &mut dyn FnMut(&Decoded<'_>)) {
    let mut at = from;
    while let Some(characters) = next(bytes, at) {
        let count = characters.len().div_ceil(WIDTH);
        if count >= SHORTEST {
            let text = bytes[characters.clone()].iter().step_by(WIDTH).copied().collect();
            let is_big_endian = characters.start % WIDTH == WIDTH - 1 && bytes[..characters.start].ends_with(b"\0\0\0");
            let quads = if is_big_endian {
                characters.start - (WIDTH - 1)..characters.end
            } else {
                characters.start..bytes.len().min(characters.end + WIDTH - 1)
            };
            see(&Decoded { text, context: 0, layer: Layer::Utf32, places: Places::Quads(quads) });
        }
        at = if count < PIECE { characters.end } else { characters.end - WIDTH * OVERLAP };
    }
}

/// Whether there is a stretch of a few such characters.
pub(super) fn any(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(characters) = next(bytes, at) {
        if characters.len().div_ceil(WIDTH) >= FEW {
            return true;
        }
        at = characters.end;
    }
    false
}

/// The next two characters or more with three NULs between each two, from the first one to the last.
fn next(bytes: &[u8], from: usize) -> Option<Span> {
    let is_character = |at: usize| bytes.get(at).is_some_and(|b| *b != 0 && b.is_ascii());
    let goes_on = |at: usize| bytes.get(at + 1..at + WIDTH) == Some(&[0; WIDTH - 1]) && is_character(at + WIDTH);
    let mut at = from;
    loop {
        let nuls = at + memchr::memmem::find(&bytes[at.min(bytes.len())..], b"\0\0\0")?;
        let first = nuls.saturating_sub(1);
        if first >= from && is_character(first) && goes_on(first) {
            let more = (0..PIECE).take_while(|nth| goes_on(first + nth * WIDTH)).count();
            return Some(first..first + more * WIDTH + 1);
        }
        // Behind all of these NULs: in a row of more there is no text.
        at = nuls + bytes[nuls..].iter().take_while(|b| **b == 0).count();
    }
}
