//! Hex, in either case or both.

use data_encoding::HEXLOWER_PERMISSIVE;

use super::radix::Radix;
use crate::finding::Layer;

pub(super) struct Hex;

impl Radix for Hex {
    const LAYER: Layer = Layer::Hex;
    const BITS: usize = 4;
    const GROUP: usize = 2;
    // 19 is enough for tokens; the digits of a digest pass with 16 once in 65,000.
    const STREAK: usize = 16;

    fn is_ascii(group: &[u8]) -> bool {
        (b'0'..=b'7').contains(&group[0]) && group[1].is_ascii_hexdigit()
    }

    /// The group on either side of a streak may contain other digits than hex. It becomes a byte that no token contains.
    fn decode(digits: &[u8]) -> Vec<u8> {
        digits.chunks_exact(2).map(|pair| HEXLOWER_PERMISSIVE.decode(pair).map_or(0xff, |byte| byte[0])).collect()
    }
}
