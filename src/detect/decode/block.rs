//! Digits of base64 or hex as one text, where they may be wrapped into lines.

use std::borrow::Cow;

use super::pieces::{OVERLAP, PIECE};
use crate::finding::Span;

/// Fewer digits than this are no token, in base64 or in hex.
pub(super) const SHORTEST: usize = 26;

/// Lines of wrapped text are longer; MIME has 76, PEM 64, xxd 60.
const SHORTEST_LINE: usize = 40;

/// How much white space may stand at the beginning of a line.
const DEEPEST_INDENT: usize = 80;

/// How encoded prefixes begin: a line that does so is one of a list, not the rest of the line above.
const BEGINNINGS: [&[u8]; 6] = [b"c2tf", b"cmtf", b"d2hz", b"736b5", b"736B5", b"77687"];

/// Digits, and where they stand.
pub(super) struct Block<'a> {
    pub digits: Cow<'a, [u8]>,
    first: Span,
    /// The lines below the first.
    more: Vec<Span>,
    /// The `=` behind.
    padding: usize,
    /// Where to go on.
    pub resume: usize,
}

impl<'a> Block<'a> {
    /// The digits that start at `start`, with those of the lines below that belong to them.
    pub fn gather(bytes: &'a [u8], start: usize) -> Self {
        let first = run_at(bytes, start, PIECE);
        let mut block = Self::line(bytes, first);
        while let Some(next) = block.continuation(bytes) {
            block.digits.to_mut().extend_from_slice(&bytes[next.clone()]);
            block.more.push(next);
        }
        let end = block.end();
        block.padding = bytes[end..].iter().take(2).take_while(|b| **b == b'=').count();
        block.resume = if block.digits.len() < PIECE { end } else { block.offset(block.digits.len() - OVERLAP) };
        block
    }

    /// One line by itself.
    pub fn line(bytes: &'a [u8], line: Span) -> Self {
        Self {
            digits: Cow::Borrowed(&bytes[line.clone()]),
            padding: 0,
            resume: line.end,
            first: line,
            more: Vec::new(),
        }
    }

    pub fn is_wrapped(&self) -> bool {
        !self.more.is_empty()
    }

    pub fn start(&self) -> usize {
        self.first.start
    }

    pub fn lines(&self) -> impl Iterator<Item = &Span> {
        std::iter::once(&self.first).chain(&self.more)
    }

    fn last(&self) -> &Span {
        self.more.last().unwrap_or(&self.first)
    }

    fn end(&self) -> usize {
        self.last().end
    }

    /// Where the digits from `first` to `last` stand, with the padding where they end the block.
    pub fn written(&self, first: usize, last: usize) -> Span {
        let padding = if last + 1 == self.digits.len() { self.padding } else { 0 };
        self.offset(first)..self.offset(last) + 1 + padding
    }

    fn offset(&self, digit: usize) -> usize {
        let mut before = 0;
        for line in self.lines() {
            if digit < before + line.len() {
                return line.start + digit - before;
            }
            before += line.len();
        }
        self.end()
    }

    /// The digits of the line below, if they go on with these.
    fn continuation(&self, bytes: &[u8]) -> Option<Span> {
        let last = self.last();
        let is_first = self.more.is_empty();
        let starts_line = last.start == 0 || bytes[last.start - 1].is_ascii_whitespace();
        // The first line may be short by the name that stands in front of it.
        let shortest = if is_first && !starts_line { SHORTEST } else { SHORTEST_LINE };
        let whole = last.len() >= shortest && (!starts_line || last.len().is_multiple_of(4));
        if !whole || self.digits.len() >= PIECE {
            return None;
        }
        let start = behind_line_break(bytes, last.end)?;
        let longest = if is_first { PIECE } else { last.len() };
        let next = run_at(bytes, start, longest + 1);
        let begins = BEGINNINGS.iter().any(|beginning| bytes[start..].starts_with(beginning));
        (!next.is_empty() && next.len() <= longest && !begins && ends_line(bytes, next.end)).then_some(next)
    }
}

static IS_DIGIT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_usize;
    while byte <= 0xff {
        let letter = byte.to_le_bytes()[0];
        table[byte] = letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

/// Of base64, in either alphabet, which is of hex as well.
pub(super) const fn is_digit(byte: u8) -> bool {
    IS_DIGIT[byte as usize]
}

/// Where these digits, [`SHORTEST`] or more, may be a line that the next one goes on with: the digits on either side of the line
/// break, so many that what stands there in any alignment is seen.
pub(super) fn joint(bytes: &[u8], line: &Span) -> Option<Vec<u8>> {
    /// A longer line below counts as one that belongs to this.
    const LOOK: usize = 128;
    /// The shortest token in hex has 38 digits.
    const SIDE: usize = 40;
    let start = behind_line_break(bytes, line.end)?;
    let next = run_at(bytes, start, LOOK);
    let goes_on = !next.is_empty() && (next.len() == LOOK || ends_line(bytes, next.end));
    let side = |digits: Span| &bytes[digits];
    goes_on.then(|| [side(line.end - line.len().min(SIDE)..line.end), side(start..next.end.min(start + SIDE))].concat())
}

fn run_at(bytes: &[u8], start: usize, longest: usize) -> Span {
    start..start + bytes[start..].iter().take(longest).take_while(|b| is_digit(**b)).count()
}

/// Where the next line's text starts, if a line ends at `at`: with a line break, or with one that is written `\n`. What
/// joins strings or begins a comment may stand round it.
fn behind_line_break(bytes: &[u8], at: usize) -> Option<usize> {
    if let Some(behind) = behind_written_break(bytes, at) {
        return Some(behind);
    }
    let end = skip(bytes, at, MOST_JOINING, joins);
    let end = skip(bytes, end, 1, |b| b == b'\r');
    (bytes.get(end) == Some(&b'\n')).then(|| start_of_text(bytes, end + 1))
}

/// What may stand between the end of a line's text and the line break.
fn joins(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'+' | b'.' | b',' | b'\\' | b'&' | b' ' | b'\t')
}

/// So much of that at most.
const MOST_JOINING: usize = 4;

/// Where the text begins of the line that begins at `at`.
fn start_of_text(bytes: &[u8], at: usize) -> usize {
    let at = skip(bytes, at, DEEPEST_INDENT, |b| matches!(b, b' ' | b'\t'));
    let at = skip(bytes, at, 1, |b| matches!(b, b'"' | b'\'' | b'`' | b'#' | b'*' | b'>' | b'|'));
    skip(bytes, at, 1, |b| b == b' ')
}

/// Whether a line that ends in the line break at `at` may go on below: it ends in digits, so many or cut off.
pub fn may_go_on(bytes: &[u8], at: usize) -> bool {
    /// The `\r` may stand there as well. Some of what joins lines are digits, so that so many may be missed.
    const BEHIND: usize = MOST_JOINING + 1;
    let line = &bytes[..at];
    let line = &line[..at - line.iter().rev().take(BEHIND).take_while(|&&b| joins(b) || b == b'\r').count()];
    let digits = line.iter().rev().take(SHORTEST - BEHIND).take_while(|b| is_digit(**b)).count();
    digits == line.len().min(SHORTEST - BEHIND)
}

/// Whether a line that begins at `at` may belong to the one above: it has digits, and nothing else as far as it is here.
pub fn may_belong(bytes: &[u8], at: usize) -> bool {
    let start = start_of_text(bytes, at);
    let digits = run_at(bytes, start, PIECE);
    start == bytes.len() || (!digits.is_empty() && ends_line(bytes, digits.end))
}

fn behind_written_break(bytes: &[u8], at: usize) -> Option<usize> {
    let letter = |at, letter| {
        let behind = skip(bytes, at, 4, |b| b == b'\\');
        (behind > at && bytes.get(behind) == Some(&letter)).then_some(behind + 1)
    };
    letter(letter(at, b'r').unwrap_or(at), b'n')
}

fn ends_line(bytes: &[u8], at: usize) -> bool {
    let end = skip(bytes, at, 8, |b| {
        matches!(b, b'=' | b'"' | b'\'' | b'`' | b'+' | b'.' | b',' | b';' | b')' | b'\\' | b'&' | b' ' | b'\t' | b'\r')
    });
    matches!(bytes.get(end), None | Some(b'\n')) || behind_written_break(bytes, at).is_some() || {
        // The end of a string that has its line breaks written.
        matches!(bytes.get(skip(bytes, at, 2, |b| b == b'=')), Some(b'"' | b'\'' | b'`'))
    }
}

fn skip(bytes: &[u8], at: usize, most: usize, skipped: impl Fn(u8) -> bool) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take(most).take_while(|b| skipped(**b)).count()
}
