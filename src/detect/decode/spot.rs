//! Runs of the letters that encoded text is made of: the prefilter of all that is decoded.

use super::PIECE;
use crate::finding::Span;

/// The shortest token has 19 bytes; the shortest way to encode any of it, one escape for one letter, adds two.
const SHORTEST: usize = 21;

/// A window of this length stands in every run of [`SHORTEST`], wherever the steps fall. Eight bytes are one register:
/// measured in one run, twelve take twice the time.
const WINDOW: usize = 8;
const STEP: usize = SHORTEST - WINDOW + 1;

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

/// The same for one byte at a time.
static IN_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_usize;
    while byte <= 0xff {
        table[byte] = in_run(byte.to_le_bytes()[0]);
        byte += 1;
    }
    table
};

/// The first run at `from` or behind it, cut at the length of a piece.
pub(super) fn next(bytes: &[u8], from: usize) -> Option<Span> {
    let mut at = from;
    while let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>()) {
        if window.iter().fold(true, |all, &byte| all & in_run(byte)) {
            let run = around(bytes, from, at);
            if run.len() >= SHORTEST {
                return Some(run);
            }
            at = run.end;
        } else {
            at += STEP;
        }
    }
    None
}

fn around(bytes: &[u8], from: usize, window: usize) -> Span {
    let before = bytes[from..window].iter().rev().take_while(|&&byte| IN_RUN[usize::from(byte)]).count();
    let start = window - before;
    let limit = bytes.len().min(start + PIECE);
    let behind = bytes[window + WINDOW..limit.max(window + WINDOW)]
        .iter()
        .take_while(|&&byte| IN_RUN[usize::from(byte)])
        .count();
    start..window + WINDOW + behind
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
                    let wanted = Some(start..start + len).filter(|_| found);
                    assert_eq!(next(text.as_bytes(), 0), wanted);
                }
            }
        }
    }

    #[test]
    fn a_long_run_is_cut() {
        let text = vec![b'a'; 3 * PIECE];
        assert_eq!(next(&text, 5), Some(5..5 + PIECE));
    }
}
