//! Base64, in the standard alphabet or the URL-safe one.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

use super::radix::Radix;
use crate::finding::Layer;

pub(super) struct Base64;

impl Radix for Base64 {
    const LAYER: Layer = Layer::Base64;
    const BITS: usize = 6;
    const GROUP: usize = 4;
    // Of 19 bytes, up to two share their group with others at either end.
    const STREAK: usize = 5;

    fn is_ascii(group: &[u8]) -> bool {
        let keeps = |at: usize| KEEPS_ASCII[usize::from(group[at])] >> at & 1 == 1;
        keeps(0) && keeps(1) && keeps(2) && keeps(3)
    }

    fn decode(digits: &[u8]) -> Vec<u8> {
        let whole = if digits.len() % 4 == 1 { digits.len() - 1 } else { digits.len() };
        LENIENT.decode(&digits[..whole]).expect("digits of either alphabet, as many as make bytes")
    }
}

/// For each digit, a bit for each position in a group of four at which the top bit of a byte stays 0. At the fourth it always
/// does.
static KEEPS_ASCII: [u8; 256] = keeps_ascii();

const fn keeps_ascii() -> [u8; 256] {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [0; 256];
    let mut value = 0;
    while value < 64 {
        let places =
            1 << 3 | ((value & 0x20 == 0) as u8) | ((value & 0x08 == 0) as u8) << 1 | ((value & 0x02 == 0) as u8) << 2;
        table[digits[value] as usize] = places;
        value += 1;
    }
    table[b'-' as usize] = table[b'+' as usize];
    table[b'_' as usize] = table[b'/' as usize];
    table
}

/// Decodes both alphabets. The bits that no byte needs may have any value.
static LENIENT: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    specification.translate.from.push_str("-_");
    specification.translate.to.push_str("+/");
    specification.check_trailing_bits = false;
    specification.encoding().expect("64 symbols and two that stand for others")
});
