//! Escapes in the strings of programming languages: `\u005f`, `\x5f`, `\u{5f}`, `\x{5f}`, `\U0000005f`, `\137`, `\o{137}`. A backslash in
//! front of a mark that needs none: `\/` in the JSON of PHP, `\_` in Markdown and LaTeX, `\-` in expressions, `\=` in properties.
//! What LaTeX and BibTeX have for an underscore: `{\_}`, `\textunderscore{}`.

use super::escape::{Escape, character, hex};
use crate::finding::Layer;

pub(super) const ESCAPE: Escape = Escape { layer: Layer::StringEscapes, mark: b'\\', opens: b'{', read };

/// Strings within strings repeat the backslash.
const MOST_BACKSLASHES: usize = 8;

/// The most digits of an escape in braces.
const MOST_DIGITS: usize = 8;

const NAMED_UNDERSCORE: &[u8] = b"textunderscore{}";

fn read(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let text = &text[at..];
    if text[0] == b'{' {
        return in_braces(text);
    }
    let marks = text.iter().take(MOST_BACKSLASHES).take_while(|b| **b == b'\\').count();
    let (kind, rest) = text[marks..].split_first()?;
    let (byte, len) = match kind {
        b'u' | b'x' | b'o' if rest.first() == Some(&b'{') => braced(&rest[1..], if *kind == b'o' { 8 } else { 16 })?,
        b'u' => (character(hex(rest, 4)?), 4),
        b'U' => (character(hex(rest, 8)?), 8),
        b'x' => (character(hex(rest, 2)?), 2),
        b'/' | b'_' | b'-' | b'+' | b'=' | b'.' => (*kind, 0),
        b'0'..=b'3' => (octal(&text[marks..])?, 2),
        b't' if text[marks..].starts_with(NAMED_UNDERSCORE) => (b'_', NAMED_UNDERSCORE.len() - 1),
        _ => return None,
    };
    Some((byte, marks + 1 + len))
}

/// `{\_}`
fn in_braces(text: &[u8]) -> Option<(u8, usize)> {
    text.starts_with(b"{\\_}").then_some((b'_', 4))
}

/// Digits, and the closing brace after them.
fn braced(text: &[u8], radix: u32) -> Option<(u8, usize)> {
    let end = text.iter().take(MOST_DIGITS + 1).position(|b| *b == b'}')?;
    let digits = str::from_utf8(&text[..end]).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok().map(|number| (character(number), end + 2))
}

fn octal(text: &[u8]) -> Option<u8> {
    let digits = text.get(..3).filter(|digits| digits.iter().all(|b| (b'0'..=b'7').contains(b)))?;
    u32::from_str_radix(str::from_utf8(digits).ok()?, 8).ok().map(character)
}
