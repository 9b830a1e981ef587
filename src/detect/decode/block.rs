//! Digits of base64 or hex as one text, where they may be wrapped into lines.

use std::borrow::Cow;

use super::base64::Base64;
use super::frame;
use super::line::{SHORTEST, SHORTEST_LINE, behind_line_break, ends_line, run_at, starts_line};
use super::pieces::{OVERLAP, PIECE};
use super::radix::Radix;
use crate::finding::Span;

/// How encoded prefixes begin: a line that does so is one of a list, not the rest of the line above.
const BEGINNINGS: [&[u8]; 6] = [b"c2tf", b"cmtf", b"d2hz", b"736b5", b"736B5", b"77687"];

/// Leaders whose characters are digits of base64 as well, without a space behind them.
const GLUED_LEADERS: [&[u8]; 6] = [b"///", b"//", b"--", b"++", b"+", b"-"];

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
        let next = self.joined(bytes).or_else(|| self.framed(bytes))?;
        let begins = BEGINNINGS.iter().any(|beginning| bytes[next.start..].starts_with(beginning));
        (!begins && !is_word_below(bytes, self.end(), &next)).then_some(next)
    }

    /// The digits of the line below, if it has the same text around them.
    fn framed(&self, bytes: &[u8]) -> Option<Span> {
        let last = self.last();
        let is_whole = self.leader == 0 && last.len() >= SHORTEST_LINE && last.len().is_multiple_of(4);
        (is_whole && self.digits.len() < PIECE).then(|| frame::below(bytes, last))?
    }

    /// The digits of the line below, if what is between them joins any two lines.
    fn joined(&self, bytes: &[u8]) -> Option<Span> {
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
        (!next.is_empty() && next.len() <= longest && ends_line(bytes, next.end)).then_some(next)
    }
}

/// Whether the digits `next`, below digits that end at `end`, are a word such as `done`: alone in a line, in lower case, and
/// without a meaning as the rest of a text.
fn is_word_below(bytes: &[u8], end: usize, next: &Span) -> bool {
    let word = &bytes[next.clone()];
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    word.iter().all(u8::is_ascii_lowercase)
        && bytes[end..next.start].iter().all(u8::is_ascii_whitespace)
        && bytes.get(next.end) != Some(&b'=')
        && !Base64::decode(&word[..word.len().min(4)]).iter().all(is_text)
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
