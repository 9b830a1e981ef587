//! Escapes in the strings of JSON, JavaScript and their like: `\u005f`, `\x5f`, `\137`. And `\_`, as Markdown and LaTeX have it.

use super::escapes::{Escape, character, hex};
use crate::finding::Layer;

pub(super) const ESCAPE: Escape = Escape { layer: Layer::StringEscapes, mark: b'\\', read };

/// Strings within strings have the backslash several times.
const MOST_BACKSLASHES: usize = 8;

fn read(text: &[u8]) -> Option<(u8, usize)> {
    let marks = text.iter().take(MOST_BACKSLASHES).take_while(|b| **b == b'\\').count();
    let (kind, rest) = text[marks..].split_first()?;
    match kind {
        b'u' => hex(rest, 4).map(|number| (character(number), marks + 5)),
        b'x' => hex(rest, 2).map(|number| (character(number), marks + 3)),
        b'_' => Some((b'_', marks + 1)),
        b'0'..=b'3' => octal(&text[marks..]).map(|number| (character(number), marks + 3)),
        _ => None,
    }
}

fn octal(text: &[u8]) -> Option<u32> {
    let digits = text.get(..3).filter(|digits| digits.iter().all(|b| (b'0'..=b'7').contains(b)))?;
    u32::from_str_radix(str::from_utf8(digits).ok()?, 8).ok()
}
