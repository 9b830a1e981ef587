//! The model of text in digits.

use crate::finding::Layer;

/// A way to read digits.
pub(super) trait Radix {
    const LAYER: Layer;
    const BITS: usize;
    /// How many digits make a group of whole bytes: as many alignments are tried.
    const GROUP: usize;
    /// How many groups of ASCII in a row stand in every token's text, whatever stands round it.
    const STREAK: usize;
    /// Whether a group stands for ASCII only.
    fn is_ascii(group: &[u8]) -> bool;
    /// What the digits say. Those that make no whole byte at the end are dropped.
    fn decode(digits: &[u8]) -> Vec<u8>;
}
