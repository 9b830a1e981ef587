//! Where two texts are joined: whether a line near the joint may be part of a wrapped text.

use super::digit::is_digit;
use super::line::{
    MOST_JOINING, SHORTEST, before_written_break, behind_line_break, ends_line, joins, run_at, start_of_text,
};
use super::pieces::PIECE;
use crate::finding::Span;

/// Where these digits, [`SHORTEST`] or more, may be a line that the next one goes on with: the digits on either side of the line
/// break, so many that what is there in any alignment is seen. One for each length that a glued leader may have.
pub(super) fn joints(bytes: &[u8], line: &Span) -> Vec<Vec<u8>> {
    let Some(text) = behind_line_break(bytes, line.end) else { return Vec::new() };
    let marks = bytes[text..].iter().take(3).take_while(|b| matches!(b, b'+' | b'-' | b'/')).count();
    (text..=text + marks).filter_map(|start| joint(bytes, line, start)).collect()
}

fn joint(bytes: &[u8], line: &Span, start: usize) -> Option<Vec<u8>> {
    /// A longer line below counts as one that belongs to this.
    const LOOK: usize = 128;
    /// The shortest token in hex has 38 digits.
    const SIDE: usize = 40;
    let next = run_at(bytes, start, LOOK);
    let goes_on = !next.is_empty() && (next.len() == LOOK || ends_line(bytes, next.end));
    let side = |digits: Span| &bytes[digits];
    goes_on.then(|| [side(line.end - line.len().min(SIDE)..line.end), side(start..next.end.min(start + SIDE))].concat())
}

/// Whether a line that ends in the line break at `at` may go on below: it ends in digits, so many or cut off.
pub(in crate::detect) fn may_go_on(bytes: &[u8], at: usize) -> bool {
    /// The `\r` may be there as well. Some of what joins lines are digits, so that so many may be missed.
    const BEHIND: usize = MOST_JOINING + 1;
    let line = &bytes[..at];
    let joining = line.iter().rev().take(BEHIND).take_while(|&&b| joins(b) || b == b'\r').count();
    let is_digits = |line: &[u8]| {
        let digits = line.iter().rev().take(SHORTEST - BEHIND).take_while(|b| is_digit(**b)).count();
        digits == line.len().min(SHORTEST - BEHIND)
    };
    let may_end = |joining: usize| is_digits(before_written_break(&line[..at - joining]));
    is_digits(&line[..at - joining]) || (0..=joining).any(may_end)
}

/// Whether a line that begins at `at` may belong to the one above: it has digits, and nothing else as far as it is here.
pub(in crate::detect) fn may_belong(bytes: &[u8], at: usize) -> bool {
    let start = start_of_text(bytes, at);
    let digits = run_at(bytes, start, PIECE);
    start == bytes.len() || (!digits.is_empty() && ends_line(bytes, digits.end))
}
