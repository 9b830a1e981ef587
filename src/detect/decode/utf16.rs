//! UTF-16 in either byte order: characters with a NUL between each two. It is found with or without a byte order mark, in a file
//! of nothing else or among the bytes of a program.

use super::decoded::{Decoded, Places};
use super::pieces::{OVERLAP, PIECE};
use crate::finding::{Layer, Span};

/// The bytes that are checked for a NUL. git checks as many to distinguish text from other files.
const HEAD: usize = 8000;

/// The fewest characters of a token.
const SHORTEST: usize = 19;

/// Passes each stretch of such text from `from` on to `see`.
pub(super) fn each(bytes: &[u8], from: usize, see: &mut dyn FnMut(&Decoded<'_>)) {
    let mut at = from;
    while let Some(characters) = next(bytes, at) {
        let count = characters.len().div_ceil(2);
        if count >= SHORTEST {
            let text = bytes[characters.clone()].iter().step_by(2).copied().collect();
            let pairs = if is_big_endian(bytes, &characters) {
                characters.start - 1..characters.end
            } else {
                characters.start..bytes.len().min(characters.end + 1)
            };
            see(&Decoded { text, context: 0, layer: Layer::Utf16, places: Places::Pairs(pairs) });
        }
        at = if count < PIECE { characters.end } else { characters.end - 2 * OVERLAP };
    }
}

/// Whether there are ten or more such characters in a row. Some shorter stretches count too.
pub(super) fn any(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_some_and(|nul| next(bytes, nul.saturating_sub(1)).is_some())
}

/// Whether `bytes` may contain such text.
pub(super) fn may_be_in(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(HEAD)].contains(&0) || bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// The next characters with a NUL between each two, from the first one to the last.
fn next(bytes: &[u8], from: usize) -> Option<Span> {
    let mut at = from;
    while let Some(six) = bytes.get(at..at + 6) {
        let nul_at = |first: usize| six[first] == 0 && six[first + 2] == 0 && six[first + 4] == 0;
        match (nul_at(0), nul_at(1)) {
            (true, false) => return Some(around(bytes, from, at + 1)),
            (false, true) => return Some(around(bytes, from, at)),
            // Steps of 12 bytes miss nothing: every stretch of ten characters contains six bytes at one of these positions.
            _ => at += 12,
        }
    }
    None
}

fn around(bytes: &[u8], from: usize, character: usize) -> Span {
    let is_character = |byte: u8| byte != 0 && byte.is_ascii();
    let before =
        bytes[from..character].rchunks_exact(2).take_while(|pair| pair[1] == 0 && is_character(pair[0])).count();
    let behind = bytes[character + 1..].chunks_exact(2).take(PIECE);
    let behind = behind.take_while(|pair| pair[0] == 0 && is_character(pair[1])).count();
    character - 2 * before..character + 2 * behind + 1
}

/// The NUL belongs to the character after it or in front of it, so it is missing at one end of the stretch.
fn is_big_endian(bytes: &[u8], characters: &Span) -> bool {
    let before = characters.start.checked_sub(1).map(|at| bytes[at]);
    let behind = bytes.get(characters.end);
    match (before, behind) {
        (Some(0), Some(0)) => !characters.start.is_multiple_of(2),
        (before, _) => before == Some(0),
    }
}
