//! Runs of the letters that encoded text is made of: the prefilter of all that is decoded.

use super::escapes::is_mark;
use super::{OVERLAP, PIECE, block};
use crate::finding::Span;

/// A stretch of such letters that is long enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub span: Span,
    /// Whether an escape may begin in it.
    pub has_mark: bool,
}

impl Run {
    /// Where to go on: a run of a whole piece was cut there.
    pub fn resume(&self) -> usize {
        if self.span.len() < PIECE { self.span.end } else { self.span.end - OVERLAP }
    }
}

/// The shortest token has 19 bytes; the shortest way to encode any of it, one escape for one letter, adds two.
const SHORTEST: usize = 21;

/// So many bytes are looked at together: a bit for each says whether it may be in a run. On source text this takes two
/// thirds of the time of looking at every second window of eight bytes, since hardly anything is left to be guessed by
/// the processor.
const BLOCK: usize = 64;

/// Letters and digits, what base64 has beside them, and what escapes are made of. A few bytes more (`$ ) ? ] ^`) make the
/// test one of five comparisons, which compilers turn into SIMD.
#[allow(clippy::needless_bitwise_bool)] // branches would keep it from being SIMD
const fn in_run(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | (byte.wrapping_sub(b'0') < 10)
        | (byte.wrapping_sub(b'#') < 4) // # $ % &
        | (byte & 0xe9 == 0x29) // + - / ; = and ) 9 ?
        | (byte & 0xfc == 0x5c) // \ _ and ] ^
}

/// What one byte is: [`OTHER`], [`PLAIN`] or [`MARK`].
static KIND: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0_usize;
    while byte <= 0xff {
        let letter = byte.to_le_bytes()[0];
        if in_run(letter) {
            table[byte] = if is_mark(letter) { MARK } else { PLAIN };
        }
        byte += 1;
    }
    table
};
const OTHER: u8 = 0;
const PLAIN: u8 = 1;
const MARK: u8 = 3;

/// The first run at `from` or behind it, cut at the length of a piece.
pub(super) fn next(bytes: &[u8], from: usize) -> Option<Run> {
    let (mut at, mut before) = (from, 0);
    while at < bytes.len() {
        let here = in_runs(&bytes[at..]);
        let both = u128::from(here) << BLOCK | u128::from(before);
        (at, before) = (at + BLOCK, here);
        if let Some(first) = long_run(both) {
            let run = run_at(bytes, at + first - 2 * BLOCK);
            // Without an escape it takes more.
            if run.span.len() >= if run.has_mark { SHORTEST } else { block::SHORTEST } {
                return Some(run);
            }
            (at, before) = (run.span.end, 0);
        }
    }
    None
}

/// A bit for each of the first bytes, the lowest for the first one, set where it may be in a run.
fn in_runs(bytes: &[u8]) -> u64 {
    let mut last = [0; BLOCK];
    let block = bytes.first_chunk::<BLOCK>().unwrap_or_else(|| {
        last[..bytes.len()].copy_from_slice(bytes);
        &last
    });
    let marks = block.map(|byte| u8::from(in_run(byte)));
    let eights = marks.as_chunks::<8>().0.iter().enumerate();
    // The product has the lowest bits of all eight bytes side by side in its highest byte.
    eights.fold(0, |bits, (nth, &eight)| {
        bits | (u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * nth)
    })
}

/// Where the first [`SHORTEST`] bits in a row begin.
fn long_run(bits: u128) -> Option<usize> {
    const { assert!(SHORTEST == 21, "the steps below add up to it") };
    let runs = [1, 2, 4, 8, 5].into_iter().fold(bits, |runs, step| runs & runs >> step);
    (runs != 0).then(|| runs.trailing_zeros() as usize)
}

/// The run that starts at `start`.
fn run_at(bytes: &[u8], start: usize) -> Run {
    let mut seen = OTHER;
    let rest = &bytes[start..bytes.len().min(start + PIECE)];
    let len = rest.iter().take_while(|byte| {
        let kind = KIND[usize::from(**byte)];
        seen |= kind;
        kind != OTHER
    });
    Run { span: start..start + len.count(), has_mark: seen == MARK }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_found_wherever_it_stands() {
        for before in 0..40 {
            for (len, found) in [(SHORTEST - 1, false), (SHORTEST, true), (90, true)] {
                for behind in ["", " "] {
                    let text = format!("{}{}{behind}", ". ".repeat(before), "a%9_".repeat(30).split_at(len).0);
                    let start = 2 * before;
                    let wanted = Some(Run { span: start..start + len, has_mark: true }).filter(|_| found);
                    assert_eq!(next(text.as_bytes(), 0), wanted);
                }
            }
        }
    }

    #[test]
    fn a_long_run_is_cut() {
        let text = vec![b'a'; 3 * PIECE];
        assert_eq!(next(&text, 5), Some(Run { span: 5..5 + PIECE, has_mark: false }));
    }

    #[test]
    fn without_a_mark_a_run_is_longer() {
        for (len, found) in [(block::SHORTEST - 1, false), (block::SHORTEST, true)] {
            let text = format!("..{} ", "a".repeat(len));
            let wanted = Some(Run { span: 2..2 + len, has_mark: false }).filter(|_| found);
            assert_eq!(next(text.as_bytes(), 0), wanted);
        }
    }
}
