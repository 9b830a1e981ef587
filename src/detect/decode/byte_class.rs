//! The classes of the bytes that encoded text consists of, for 64 bytes at a time.

use crate::detect::decode::digit::is_digit;
use crate::detect::decode::escapes::is_mark;

/// The bytes that are classified together. The result has one bit for each, the lowest bit for the first byte.
pub(crate) const BLOCK: usize = 64;

/// A class of bytes.
#[derive(Clone, Copy)]
pub(crate) enum Class {
    /// Letters and digits, the symbols of base64, and the characters of escapes.
    Run,
    /// Digits of base64 or hex.
    Digit,
    /// The first characters of escapes.
    Mark,
}

/// A few more bytes (`$ ) ? ] ^`) reduce the test to seven comparisons, which compilers turn into SIMD.
#[allow(clippy::needless_bitwise_bool)] // branches would keep it from being SIMD
#[inline]
const fn in_run(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | (byte.wrapping_sub(b'0') < 10)
        | (byte.wrapping_sub(b'#') < 4) // # $ % &
        | (byte & 0xe9 == 0x29) // + - / ; = and ) 9 ?
        | (byte == b'.')
        | (byte & 0xfc == 0x5c) // \ _ and ] ^
        | (byte | 6 == 0x7f) // { } and DEL
}

impl Class {
    #[inline]
    pub const fn has(self, byte: u8) -> bool {
        match self {
            Self::Run => in_run(byte),
            Self::Digit => is_digit(byte),
            Self::Mark => is_mark(byte),
        }
    }
}

/// A bit for each byte of this class.
#[allow(clippy::inline_always)] // so that the class is known, and what is asked of each byte becomes SIMD
#[inline(always)]
pub(crate) fn bits(block: &[u8; BLOCK], class: Class) -> u64 {
    let marks = block.map(|byte| u8::from(class.has(byte)));
    let eights = marks.as_chunks::<8>().0.iter().enumerate();
    // The highest byte of the product contains the lowest bits of all eight bytes.
    eights.fold(0, |bits, (nth, &eight)| {
        bits | (u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * nth)
    })
}

/// The same in far fewer instructions.
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_set_epi64x, _mm256_set1_epi8,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    use super::{BLOCK, Class};

    /// For each lower half of a byte, the upper halves with which it is in a class, as bits.
    const fn lower_halves(class: Class) -> [u8; 32] {
        let mut table = [0; 32];
        let mut byte = 0_u8;
        while byte < 0x80 {
            if class.has(byte) {
                let (upper, lower) = (byte >> 4, (byte & 0xf) as usize);
                table[lower] |= 1 << upper;
                table[lower + 16] |= 1 << upper;
            }
            byte += 1;
        }
        table
    }

    /// The bit of each upper half; of those from 8 on, which no ASCII has, none.
    const UPPER_HALVES: [u8; 32] = {
        let mut table = [0; 32];
        let mut upper = 0;
        while upper < 8 {
            table[upper] = 1 << upper;
            table[upper + 16] = 1 << upper;
            upper += 1;
        }
        table
    };

    static RUN: [u8; 32] = lower_halves(Class::Run);
    static DIGIT: [u8; 32] = lower_halves(Class::Digit);
    static MARK: [u8; 32] = lower_halves(Class::Mark);

    /// A bit for each byte of this class.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn bits(block: &[u8; BLOCK], class: Class) -> u64 {
        let lower_halves = load(match class {
            Class::Run => &RUN,
            Class::Digit => &DIGIT,
            Class::Mark => &MARK,
        });
        let (halves, _) = block.as_chunks::<32>();
        u64::from(of_half(&halves[0], lower_halves)) | u64::from(of_half(&halves[1], lower_halves)) << 32
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn of_half(half: &[u8; 32], lower_halves: __m256i) -> u32 {
        let bytes = load(half);
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0xf));
        let upper = _mm256_shuffle_epi8(load(&UPPER_HALVES), upper);
        // A byte outside of ASCII gets 0 here.
        let lower = _mm256_shuffle_epi8(lower_halves, bytes);
        let is_none = _mm256_cmpeq_epi8(_mm256_and_si256(upper, lower), _mm256_setzero_si256());
        !_mm256_movemask_epi8(is_none).cast_unsigned()
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8; 32]) -> __m256i {
        let (eights, _) = bytes.as_chunks::<8>();
        let [a, b, c, d] = [0, 1, 2, 3].map(|nth| i64::from_le_bytes(eights[nth]));
        _mm256_set_epi64x(d, c, b, a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_of_its_classes_wherever_it_stands() {
        for class in [Class::Run, Class::Digit, Class::Mark] {
            for byte in 0..=0xff {
                for place in 0..BLOCK {
                    let mut block = [b' '; BLOCK];
                    block[place] = byte;
                    let wanted = u64::from(class.has(byte)) << place;
                    assert_eq!(bits(&block, class), wanted);
                    #[cfg(target_arch = "x86_64")]
                    if is_x86_feature_detected!("avx2") {
                        // SAFETY: the processor has it.
                        #[allow(unsafe_code)]
                        let found = unsafe { avx2::bits(&block, class) };
                        assert_eq!(found, wanted);
                    }
                }
            }
        }
    }
}
