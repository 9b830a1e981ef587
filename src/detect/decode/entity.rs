//! HTML entities: `&#95;`, `&#x5f;`, `&lowbar;`.

use super::escape::{Escape, character};
use crate::finding::Layer;

pub(super) const ESCAPE: Escape = Escape { layer: Layer::Entities, mark: b'&', opens: b'&', read };

/// The names of characters that tokens contain or that begin another escape.
const NAMES: [(&[u8], u8); 10] = [
    (b"lowbar", b'_'),
    (b"UnderBar", b'_'),
    (b"amp", b'&'),
    (b"percnt", b'%'),
    (b"bsol", b'\\'),
    (b"plus", b'+'),
    (b"sol", b'/'),
    (b"equals", b'='),
    (b"num", b'#'),
    (b"period", b'.'),
];

/// The longest entity: `&UnderBar;`, or a number with leading zeros.
const LONGEST: usize = 12;

fn read(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let text = &text[at..];
    let end = text.iter().take(LONGEST).position(|b| *b == b';')?;
    let named = &text[1..end];
    let character = match named {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => NAMES.iter().find(|(name, _)| *name == named)?.1,
    };
    Some((character, end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    // `from_str_radix` accepts a sign.
    let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok().map(character)
}
