//! Where two texts are joined: whether a line near the joint may be part of a wrapped text.

use super::digit::is_digit;
use super::frame;
use super::line::{
    MOST_JOINING, SHORTEST, SHORTEST_LINE, before_written_break, behind_line_break, ends_line, joins, run_at,
    start_of_text,
};
use super::pieces::PIECE;
use crate::finding::Span;

/// Where these digits, [`SHORTEST`] or more, may be a line that the next one goes on with: the digits on either side of the line
/// break, so many that what is there in any alignment is seen. One for each length that a glued leader may have.
pub(super) fn joints(bytes: &[u8], line: &Span) -> Vec<Vec<u8>> {
    let joined = behind_line_break(bytes, line.end).into_iter().flat_map(|text| {
        let marks = bytes[text..].iter().take(3).take_while(|b| matches!(b, b'+' | b'-' | b'/')).count();
        (text..=text + marks).filter_map(|start| goes_on(bytes, start))
    });
    let may_be_framed = line.len() >= SHORTEST_LINE && frame::is_text_at_end(&bytes[line.clone()]);
    let framed = may_be_framed.then(|| frame::any_below(bytes, line.end)).into_iter().flatten();
    joined.chain(framed).map(|next| joint(bytes, line, &next)).collect()
}

fn goes_on(bytes: &[u8], start: usize) -> Option<Span> {
    /// A longer line below counts as one that belongs to this.
    const LOOK: usize = 128;
    let next = run_at(bytes, start, LOOK);
    (!next.is_empty() && (next.len() == LOOK || ends_line(bytes, next.end))).then_some(next)
}

fn joint(bytes: &[u8], line: &Span, next: &Span) -> Vec<u8> {
    /// The shortest token in hex has 38 digits.
    const SIDE: usize = 40;
    let (end, start) = (line.len().min(SIDE), next.len().min(SIDE));
    [&bytes[line.end - end..line.end], &bytes[next.start..next.start + start]].concat()
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
    is_digits(&line[..at - joining]) || (0..=joining).any(may_end) || frame::may_end(line)
}

/// Whether a line that begins at `at` may belong to the one above: it has digits, and nothing else as far as it is here, or the
/// one above ends as lines with the same text around them do.
pub(in crate::detect) fn may_belong(bytes: &[u8], at: usize) -> bool {
    let start = start_of_text(bytes, at);
    let digits = run_at(bytes, start, PIECE);
    let is_digits = start == bytes.len() || (!digits.is_empty() && ends_line(bytes, digits.end));
    is_digits || frame::may_end(&bytes[..at - 1])
}
