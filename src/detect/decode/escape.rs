//! A model of escapes: a mark, followed by the code of one character. Shared by all ways to write escapes.

use crate::finding::Layer;

/// Reads the escape at an offset of a text.
type Read = fn(&[u8], usize) -> Option<(u8, usize)>;

/// A way to write characters as escapes.
pub(super) struct Escape {
    pub layer: Layer,
    pub mark: u8,
    /// The byte that escapes begin with: the mark, or a byte in front of it.
    pub opens: u8,
    /// The character of the escape at an offset, and the length of the escape. A character that no token contains is
    /// [`NO_ASCII`].
    pub read: Read,
}

/// Represents every character outside of ASCII.
pub(super) const NO_ASCII: u8 = 0xff;

/// The character with this number.
pub(super) fn character(number: u32) -> u8 {
    u8::try_from(number).ok().filter(u8::is_ascii).unwrap_or(NO_ASCII)
}

/// The value of this many hex digits at the beginning of `text`.
pub(super) fn hex(text: &[u8], digits: usize) -> Option<u32> {
    let digits = text.get(..digits).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}
