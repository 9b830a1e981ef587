//! Finds runs of the letters that encoded text consists of. This is the prefilter of all decoding.

use crate::detect::decode::byte_class;
use crate::detect::decode::byte_class::{BLOCK, Class};
use crate::detect::decode::pieces::{OVERLAP, PIECE};
use crate::detect::decode::{line, quoted_printable};
use crate::finding::Span;

/// A run of such letters that is long enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub span: Span,
    /// Whether it contains a character that may begin an escape.
    pub has_mark: bool,
}

impl Run {
    /// Where to continue. A run as long as a piece was cut there.
    pub fn resume(&self) -> usize {
        if self.span.len() < PIECE { self.span.end } else { self.span.end - OVERLAP }
    }
}

/// The shortest token has 19 bytes; the shortest way to encode any of it, one escape for one letter, adds two.
const SHORTEST: usize = 21;

/// The class of a byte: [`OTHER`], [`PLAIN`] or [`MARK`].
static KIND: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0_usize;
    while byte <= 0xff {
        let letter = byte.to_le_bytes()[0];
        if Class::Run.has(letter) {
            table[byte] = if Class::Mark.has(letter) { MARK } else { PLAIN };
        }
        byte += 1;
    }
    table
};
const OTHER: u8 = 0;
const PLAIN: u8 = 1;
const MARK: u8 = 3;

/// The first run at `from` or after it that contains a character that may begin an escape, or as many digits as encoded text has.
/// It is cut at the length of a piece.
pub(crate) fn next(bytes: &[u8], from: usize) -> Option<Run> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("lzcnt") {
        // SAFETY: the processor has what the function needs.
        #[allow(unsafe_code)]
        return unsafe { next_avx2(bytes, from) };
    }
    next_by(bytes, from, byte_class::bits)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,lzcnt")]
fn next_avx2(bytes: &[u8], from: usize) -> Option<Run> {
    next_by(bytes, from, |block, class| byte_class::avx2::bits(block, class))
}

/// Represents the letters as bits, 64 bytes at a time, which leaves few branches for the processor to predict.
#[allow(clippy::inline_always)] // or it would not be compiled for the processor that its caller is compiled for
#[inline(always)]
fn next_by(bytes: &[u8], from: usize, bits: impl Fn(&[u8; BLOCK], Class) -> u64) -> Option<Run> {
    let (mut at, mut before) = (from, 0_u64);
    while at < bytes.len() {
        let here = bits(&block_at(bytes, at), Class::Run);
        let across = before.leading_ones() + here.trailing_ones();
        if across as usize >= SHORTEST || starts(here.into(), SHORTEST) != 0 {
            let both = pair(before, here);
            let of = |class| {
                let earlier = if before == 0 { 0 } else { bits(&block_at(bytes, at - BLOCK), class) };
                pair(earlier, bits(&block_at(bytes, at), class)) & both
            };
            let marks = of(Class::Mark);
            let marks = if marks == 0 { 0 } else { marks & rows(starts(both, SHORTEST), SHORTEST) };
            let marks = those(marks, |nth| is_of_interest(&bytes[at + nth - BLOCK..]));
            let found = marks | starts(of(Class::Digit), line::SHORTEST);
            if found != 0 {
                return Some(run_with(bytes, from, at + found.trailing_zeros() as usize - BLOCK));
            }
        }
        (at, before) = (at + BLOCK, here);
    }
    None
}

/// The bytes at `at`, padded with zeros.
#[inline]
fn block_at(bytes: &[u8], at: usize) -> [u8; BLOCK] {
    let rest = &bytes[at..];
    rest.first_chunk::<BLOCK>().copied().unwrap_or_else(|| {
        let mut last = [0; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        last
    })
}

/// The bits of two blocks.
#[inline]
fn pair(before: u64, here: u64) -> u128 {
    u128::from(here) << BLOCK | u128::from(before)
}

/// Whether an escape may begin with the mark at the beginning.
#[inline]
fn is_of_interest(text: &[u8]) -> bool {
    let is_soft_break = || matches!(text, [_, b'\n', ..] | [_, b'\r', b'\n', ..]);
    text[0] != b'=' || quoted_printable::may_escape(text) || is_soft_break()
}

/// The bits for which `is` is true.
#[inline]
fn those(mut bits: u128, is: impl Fn(usize) -> bool) -> u128 {
    let mut kept = 0;
    while bits != 0 {
        let lowest = bits & bits.wrapping_neg();
        kept |= if is(lowest.trailing_zeros() as usize) { lowest } else { 0 };
        bits ^= lowest;
    }
    kept
}

/// Steps that add up to one less than a length from 16 to 31. Each is at most one longer than those before it together.
const fn steps(len: usize) -> [usize; 5] {
    assert!(16 <= len && len < 32);
    [1, 2, 4, 8, len - 16]
}

/// Where rows of this many bits begin.
#[inline]
fn starts(bits: u128, len: usize) -> u128 {
    steps(len).into_iter().fold(bits, |starts, step| starts & starts >> step)
}

/// All bits of the rows of this many that begin there.
#[inline]
fn rows(starts: u128, len: usize) -> u128 {
    steps(len).into_iter().fold(starts, |rows, step| rows | rows << step)
}

/// The run of interest that contains the letter at `at`. It begins at most [`OVERLAP`] bytes in front of it.
fn run_with(bytes: &[u8], from: usize, at: usize) -> Run {
    let kind = |byte: &u8| KIND[usize::from(*byte)];
    let before = &bytes[from.max(at.saturating_sub(OVERLAP))..at];
    let start = at - before.iter().rev().take_while(|byte| kind(byte) != OTHER).count();
    let mut seen = OTHER;
    let rest = &bytes[start..bytes.len().min(start + PIECE)];
    let len = rest.iter().take_while(|byte| {
        seen |= kind(byte);
        kind(byte) != OTHER
    });
    Run { span: start..start + len.count(), has_mark: seen == MARK }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)] // numbers here are small
mod tests {
    use super::*;
    use crate::random::Dice;

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
    fn both_ways_find_the_same() {
        let mut dice = Dice::new(7);
        let mut found = 0;
        for _ in 0..3000 {
            // Letters mostly, so that some of the runs are long enough.
            let letters = b"aB9_/-=;)#%\\& .\n\x00\xc3";
            let rare = 2 + dice.roll() as usize % 40;
            let letter = |dice: &mut Dice| match dice.roll() as usize % rare {
                0 => letters[dice.roll() as usize % letters.len()],
                _ => letters[dice.roll() as usize % 5],
            };
            let text: Vec<u8> = (0..dice.roll() % 300).map(|_| letter(&mut dice)).collect();
            let from = dice.roll() as usize % (text.len() + 1);
            let run = next(&text, from);
            assert_eq!(run, next_by(&text, from, byte_class::bits), "{}", text.escape_ascii());
            assert_eq!(run, simply(&text, from), "{}", text.escape_ascii());
            found += usize::from(run.is_some());
        }
        assert!((600..2400).contains(&found), "{found} of 3000");
    }

    /// One letter at a time.
    fn simply(text: &[u8], from: usize) -> Option<Run> {
        let mut start = from;
        text[from..].split(|byte| !Class::Run.has(*byte)).find_map(|run| {
            let span = start..start + run.len();
            start = span.end + 1;
            let has_mark = run.iter().any(|byte| Class::Mark.has(*byte));
            let escapes = (0..run.len()).any(|at| Class::Mark.has(run[at]) && is_of_interest(&text[span.start + at..]));
            let mut digits = run.split(|byte| !Class::Digit.has(*byte));
            let matters = escapes && run.len() >= SHORTEST || digits.any(|one| one.len() >= line::SHORTEST);
            matters.then_some(Run { span, has_mark })
        })
    }

    #[test]
    fn a_long_run_is_cut() {
        let text = vec![b'a'; 3 * PIECE];
        assert_eq!(next(&text, 5), Some(Run { span: 5..5 + PIECE, has_mark: false }));
    }

    #[test]
    fn without_a_mark_a_run_is_longer() {
        for (len, found) in [(line::SHORTEST - 1, false), (line::SHORTEST, true)] {
            let text = format!(",,{} ", "a".repeat(len));
            let wanted = Some(Run { span: 2..2 + len, has_mark: false }).filter(|_| found);
            assert_eq!(next(text.as_bytes(), 0), wanted);
        }
    }
}
