//! Digits of base64 or hex as one text, where they may be wrapped into lines.

use std::borrow::Cow;

use super::pieces::{OVERLAP, PIECE};
use crate::finding::Span;

/// Fewer digits than this are no token, in base64 or in hex.
pub(super) const SHORTEST: usize = 26;

/// Lines of wrapped text are as long: MIME has 76, PEM 64, xxd 60, listings in comments 32.
const SHORTEST_LINE: usize = 28;

/// How much white space may be at the beginning of a line.
const DEEPEST_INDENT: usize = 72;

/// How long a leader may be, such as `// `, `REM ` or `+ "`.
const LONGEST_LEADER: usize = 12;

/// How long a word in a leader may be: `REM`, `dnl`, `//`.
const LONGEST_WORD: usize = 4;

/// Words that begin a comment.
const WORD_LEADERS: [&[u8]; 5] = [b"REM", b"rem", b"dnl", b"C", b"c"];

/// Leaders whose characters are digits of base64 as well, without a space behind them.
const GLUED_LEADERS: [&[u8]; 6] = [b"///", b"//", b"--", b"++", b"+", b"-"];

/// Line breaks as other languages write them, in lower case; `\n` is read by hand.
const WRITTEN_BREAKS: [&[u8]; 11] =
    [b"<br>", b"<br/>", b"<br />", b"&#10;", b"&#xa;", b"&#x0a;", b"&#13;", b"&#xd;", b"&#x0d;", b"%0a", b"%0d"];

/// How encoded prefixes begin: a line that does so is one of a list, not the rest of the line above.
const BEGINNINGS: [&[u8]; 6] = [b"c2tf", b"cmtf", b"d2hz", b"736b5", b"736B5", b"77687"];

/// Digits, and where they stand.
pub(super) struct Block<'a> {
    pub digits: Cow<'a, [u8]>,
    first: Span,
    /// The length of the glued leader in front of each line's digits.
    leader: usize,
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
        let leader = glued_leader(bytes, &first);
        let mut block = Self { leader, ..Self::line(bytes, first.start + leader..first.end) };
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
            leader: 0,
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
        let starts_line = starts_line(bytes, last.start - self.leader);
        // The first line may be short by the name in front of it.
        let shortest = if is_first && !starts_line { SHORTEST } else { SHORTEST_LINE };
        let whole = last.len() >= shortest && (!starts_line || last.len().is_multiple_of(4));
        if !whole || self.digits.len() >= PIECE {
            return None;
        }
        let text = behind_line_break(bytes, last.end)?;
        let start = text + self.leader;
        if !leads_as(bytes, text, last) || bytes.get(text..start)? != &bytes[last.start - self.leader..last.start] {
            return None;
        }
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

/// Whether the text at `at` begins a line, indented or behind a leader that ends in a space.
fn starts_line(bytes: &[u8], at: usize) -> bool {
    at == 0 || bytes[at - 1].is_ascii_whitespace()
}

/// The length of the glued leader at the beginning of the digits `first`, if they are a line and the line below has the same one.
fn glued_leader(bytes: &[u8], first: &Span) -> usize {
    let is_mark = bytes.get(first.start).is_some_and(|b| matches!(b, b'+' | b'-' | b'/'));
    if !is_mark || first.len() < SHORTEST_LINE || !starts_line(bytes, first.start) {
        return 0;
    }
    let below = behind_line_break(bytes, first.end).map_or(&[][..], |start| &bytes[start..]);
    let fits = |leader: &&&[u8]| {
        first.len() % 4 == leader.len() && bytes[first.clone()].starts_with(leader) && below.starts_with(leader)
    };
    GLUED_LEADERS.iter().find(fits).map_or(0, |leader| leader.len())
}

/// Whether the leader in front of the text at `next` is that of the text at `last`, where it has a word in it. A name in front
/// of a value is no leader: the values of two names are two texts.
fn leads_as(bytes: &[u8], next: usize, last: &Span) -> bool {
    let between = &bytes[last.end..next];
    // Behind a written line break there is no leader.
    let Some(end) = between.iter().rposition(|&b| b == b'\n' || b == b'\r') else { return true };
    let line = &between[end + 1..];
    let indent = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let leader = &line[indent..];
    let has_word = leader.iter().any(u8::is_ascii_alphanumeric);
    !has_word || (bytes[..last.start].ends_with(leader) && !leader.iter().any(|b| matches!(b, b':' | b'=')))
}

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

fn run_at(bytes: &[u8], start: usize, longest: usize) -> Span {
    start..start + bytes[start..].iter().take(longest).take_while(|b| is_digit(**b)).count()
}

/// Where the next line's text starts, if a line ends at `at`: with a line break, with one that is written `\n` or `<br>`, or
/// with both. What joins strings or begins a comment may be around it.
fn behind_line_break(bytes: &[u8], at: usize) -> Option<usize> {
    let written = behind_written_break(bytes, at);
    let end = skip(bytes, written.unwrap_or(at), MOST_JOINING, joins);
    let behind = match bytes.get(end) {
        Some(b'\r') => skip(bytes, end + 1, 1, |b| b == b'\n'),
        Some(b'\n') => end + 1,
        _ => return written,
    };
    Some(start_of_text(bytes, behind))
}

/// What may stand between the end of a line's text and the line break.
fn joins(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'+' | b'.' | b',' | b'\\' | b'&' | b'_' | b' ' | b'\t')
}

/// So much of that at most.
const MOST_JOINING: usize = 6;

/// Where the text begins of the line that begins at `at`.
fn start_of_text(bytes: &[u8], at: usize) -> usize {
    let at = skip(bytes, at, DEEPEST_INDENT, |b| matches!(b, b' ' | b'\t'));
    let mut start = at;
    loop {
        let digits = run_at(bytes, start, LONGEST_WORD + 1);
        if digits.len() > LONGEST_WORD || (!digits.is_empty() && ends_line(bytes, digits.end)) {
            return start;
        }
        let most = (at + LONGEST_LEADER).saturating_sub(digits.end);
        let behind = skip(bytes, digits.end, most, |b| !is_digit(b) && !matches!(b, b'\n' | b'\r'));
        if behind == bytes.len() {
            return behind;
        }
        let word = &bytes[digits];
        let is_word = word.iter().any(u8::is_ascii_alphanumeric);
        if behind == start + word.len() || !is_digit(bytes[behind]) || (is_word && !WORD_LEADERS.contains(&word)) {
            return at;
        }
        start = behind;
    }
}

/// Whether a line that ends in the line break at `at` may go on below: it ends in digits, so many or cut off.
pub fn may_go_on(bytes: &[u8], at: usize) -> bool {
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

/// The text in front of the written line breaks that end `line`.
fn before_written_break(line: &[u8]) -> &[u8] {
    let ends = |len: &usize| behind_written_break(&line[line.len() - len..], 0) == Some(*len);
    let longest = line.len().min(LONGEST_WRITTEN_BREAK);
    (1..=longest).rev().find(ends).map_or(line, |len| &line[..line.len() - len])
}

/// The longest ones are `&#x0d;&#x0a;` and `\\\\r\\\\n`.
const LONGEST_WRITTEN_BREAK: usize = 12;

/// Whether a line that begins at `at` may belong to the one above: it has digits, and nothing else as far as it is here.
pub fn may_belong(bytes: &[u8], at: usize) -> bool {
    let start = start_of_text(bytes, at);
    let digits = run_at(bytes, start, PIECE);
    start == bytes.len() || (!digits.is_empty() && ends_line(bytes, digits.end))
}

fn behind_written_break(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'\\' => {}
        b'<' | b'&' | b'%' => {
            let first = behind_break_of(bytes, at, &WRITTEN_BREAKS)?;
            return behind_break_of(bytes, first, &WRITTEN_BREAKS).or(Some(first));
        }
        _ => return None,
    }
    let letter = |at, letter| {
        let behind = skip(bytes, at, 4, |b| b == b'\\');
        (behind > at && bytes.get(behind) == Some(&letter)).then_some(behind + 1)
    };
    letter(letter(at, b'r').unwrap_or(at), b'n')
}

fn behind_break_of(bytes: &[u8], at: usize, breaks: &[&[u8]]) -> Option<usize> {
    let is_here = |text: &&&[u8]| bytes.get(at..at + text.len()).is_some_and(|here| here.eq_ignore_ascii_case(text));
    breaks.iter().find(is_here).map(|text| at + text.len())
}

fn ends_line(bytes: &[u8], at: usize) -> bool {
    let end = skip(bytes, at, 8, |b| {
        matches!(
            b,
            b'=' | b'"' | b'\'' | b'`' | b'+' | b'.' | b',' | b';' | b')' | b'\\' | b'&' | b'_' | b' ' | b'\t' | b'\r'
        )
    });
    let has_return = bytes[at.min(end)..end].contains(&b'\r');
    let behind_padding = skip(bytes, at, 2, |b| b == b'=');
    // A quote ends a string that has its line breaks written.
    has_return
        || matches!(bytes.get(end), None | Some(b'\n'))
        || matches!(bytes.get(behind_padding), Some(b'"' | b'\'' | b'`'))
        || behind_written_break(bytes, behind_padding).is_some()
}

fn skip(bytes: &[u8], at: usize, most: usize, skipped: impl Fn(u8) -> bool) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take(most).take_while(|b| skipped(**b)).count()
}
