//! The model of an escape: a mark, and what stands for one character behind it. What the ways to write one share.

use crate::finding::Layer;

/// Reads the escape at a place of a text.
type Read = fn(&[u8], usize) -> Option<(u8, usize)>;

/// A way to write characters.
pub(super) struct Escape {
    pub layer: Layer,
    pub mark: u8,
    /// What some escapes begin with in front of the mark, or the mark.
    pub opens: u8,
    /// The character that the escape at a place stands for, and the length of the escape. What no token has is [`NO_ASCII`].
    pub read: Read,
}

/// Stands for every character outside of ASCII.
pub(super) const NO_ASCII: u8 = 0xff;

/// The character with this number.
pub(super) fn character(number: u32) -> u8 {
    u8::try_from(number).ok().filter(u8::is_ascii).unwrap_or(NO_ASCII)
}

/// The number that so many hex digits at the beginning of `text` write.
pub(super) fn hex(text: &[u8], digits: usize) -> Option<u32> {
    let digits = text.get(..digits).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}
