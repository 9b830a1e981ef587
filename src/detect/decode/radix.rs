//! A model of text written in digits.

use crate::finding::Layer;

/// A way to read digits.
pub(super) trait Radix {
    const LAYER: Layer;
    const BITS: usize;
    /// The number of digits in a group of whole bytes. As many alignments are tried.
    const GROUP: usize;
    /// The number of ASCII groups in a row in the text of every token, whatever is around it.
    const STREAK: usize;
    /// Whether a group stands for ASCII only.
    fn is_ascii(group: &[u8]) -> bool;
    /// The bytes that the digits stand for. Digits at the end that are not a whole byte are dropped.
    fn decode(digits: &[u8]) -> Vec<u8>;
}
