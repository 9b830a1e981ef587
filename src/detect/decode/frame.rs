//! Lines with the same text around their digits: `s.append("…");`, `<td>…</td>`, a time in front as in logs. [`super::line`] has
//! the texts that join any two lines; these join only lines that are alike.

use super::base64::Base64;
use super::digit::is_digit;
use super::hex::Hex;
use super::line::{SHORTEST_LINE, ends_line, run_at};
use super::pieces::PIECE;
use super::radix::Radix;
use crate::finding::Span;

/// The most bytes of a line in front of its digits: a log of Kubernetes or GitHub has about 60.
const LONGEST_LEADER: usize = 80;

/// The most bytes of a line behind its digits: `" & vbNewLine & _`, `</span><br>`.
const LONGEST_END: usize = 24;

/// The digits of the line below `line`, if both lines have the same text around them. `line` has whole groups of digits.
pub(super) fn below(bytes: &[u8], line: &Span) -> Option<Span> {
    if !is_text_at_end(&bytes[line.clone()]) {
        return None;
    }
    let end = end_of_line(bytes, line.end)?;
    let start = end.next + leader_below(bytes, line.start, end.next)?;
    let digits = run_at(bytes, start, line.len() + 1);
    let fits = digits.len() <= line.len() && is_text_at_start(&bytes[digits.clone()]);
    (fits && ends_alike(bytes, digits.end, end.text)).then_some(digits)
}

/// Whether the last four digits encode ASCII text. Both sides of a break inside a token do. One in eight random groups does, so
/// few lines of source code go further.
pub(super) fn is_text_at_end(digits: &[u8]) -> bool {
    digits.last_chunk().is_some_and(|group| is_text(*group))
}

/// Whether the first group does. The last group of a text may be short.
fn is_text_at_start(digits: &[u8]) -> bool {
    let mut group = [b'A'; 4];
    let len = digits.len().min(4);
    group[..len].copy_from_slice(&digits[..len]);
    len > 1 && is_text(group)
}

fn is_text(group: [u8; 4]) -> bool {
    Base64::is_ascii(&group) || (Hex::is_ascii(&group[..2]) && Hex::is_ascii(&group[2..]))
}

/// The end of a line: the text behind its digits, and the start of the next line.
struct End<'a> {
    text: &'a [u8],
    next: usize,
}

fn end_of_line(bytes: &[u8], at: usize) -> Option<End<'_>> {
    let near = &bytes[at..bytes.len().min(at + LONGEST_END + 2)];
    let len = memchr::memchr(b'\n', near)?;
    let text = near[..len].strip_suffix(b"\r").unwrap_or(&near[..len]);
    Some(End { text, next: at + len + 1 })
}

/// Whether a line whose digits end at `at` ends as the one above it did, or as the last line of a text may.
fn ends_alike(bytes: &[u8], at: usize, above: &[u8]) -> bool {
    let padding = bytes[at..].iter().take(2).take_while(|b| **b == b'=').count();
    let is_same = !above.is_empty() && bytes[at + padding..].starts_with(above);
    is_same || ends_line(bytes, at)
}

/// The length of the text in front of the digits of the line that starts at `next`, if it is that of the line above it, whose
/// digits start at `digits`.
fn leader_below(bytes: &[u8], digits: usize, next: usize) -> Option<usize> {
    let above = without_indent(leader(bytes, digits));
    let line = &bytes[next..bytes.len().min(next + LONGEST_LEADER)];
    let text = without_indent(line);
    let len = repeated(text, above).or_else(|| opened(text, above)).or_else(|| appended(text, above))?;
    Some(line.len() - text.len() + len)
}

/// The text of the line in front of its digits, or the end of it.
fn leader(bytes: &[u8], digits: usize) -> &[u8] {
    let near = &bytes[digits.saturating_sub(LONGEST_LEADER)..digits];
    &near[memchr::memrchr(b'\n', near).map_or(0, |end| end + 1)..]
}

fn without_indent(line: &[u8]) -> &[u8] {
    let indent = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    &line[indent..]
}

/// The length of what opens a string or an element at the end of the leader above and at the beginning of `line`: `b'` of
/// `key = (b'`, `.append("` of `text.append("`, `<td>` of `<tr><td>`.
fn opened(line: &[u8], above: &[u8]) -> Option<usize> {
    matches!(above.last()?, b'"' | b'\'' | b'`' | b'>').then_some(())?;
    let begins = |at: &usize| *at == 0 || !is_of_name(above[*at]) || !is_of_name(above[at - 1]);
    let is_opener = |at: &usize| line.starts_with(&above[*at..]) && !is_name(&above[*at..]);
    (0..above.len()).filter(begins).find(is_opener).map(|at| above.len() - at)
}

/// The length of `leader` where `line` repeats it. The spaces that align it may differ, and so may numbers: of a line, or in a
/// time. The number in `key1` is part of a name.
fn repeated(line: &[u8], leader: &[u8]) -> Option<usize> {
    let has_time = has_time(leader);
    if leader.is_empty() || (is_name(leader) && !has_time) {
        return None;
    }
    let (mut at, mut of) = (0, 0);
    while of < leader.len() {
        let is_number =
            leader[of].is_ascii_digit() && (has_time || !leader[..of].last().is_some_and(|b| is_of_name(*b)));
        let class: fn(&u8) -> bool = if is_number { u8::is_ascii_digit } else { |b| *b == b' ' };
        let run = |text: &[u8]| text.iter().take_while(|b| class(b)).count();
        match (run(&line[at..]), run(&leader[of..])) {
            (0, 0) if line.get(at) == Some(&leader[of]) => (at, of) = (at + 1, of + 1),
            (0, _) | (_, 0) => return None,
            (here, there) => (at, of) = (at + here, of + there),
        }
    }
    Some(at)
}

/// Whether a leader has a time in it, such as `06:02`.
fn has_time(leader: &[u8]) -> bool {
    let is_time = |five: &[u8]| five[2] == b':' && [0, 1, 3, 4].iter().all(|&nth| five[nth].is_ascii_digit());
    leader.windows(5).any(is_time)
}

/// Whether a leader is the name of a value, as in `key: "`: the values of two names are two texts. A number alone is that of a
/// line.
fn is_name(leader: &[u8]) -> bool {
    match before_quote(leader) {
        [before @ .., b':'] => {
            let number = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            number == 0 || before[..before.len() - number].last().is_some_and(|b| is_of_name(*b))
        }
        [.., before, b'='] => !is_operator(*before),
        _ => false,
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'.' | b'@')
}

/// The leader without the quote at its end, the letters of the quote, and spaces.
fn before_quote(leader: &[u8]) -> &[u8] {
    let text = leader.trim_ascii_end();
    match text {
        [before @ .., b'"' | b'\'' | b'`'] => {
            let letters = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count().min(2);
            before[..before.len() - letters].trim_ascii_end()
        }
        _ => text,
    }
}

/// An operator of strings.
fn is_operator(byte: u8) -> bool {
    matches!(byte, b'+' | b'.' | b'&' | b'~')
}

/// The length of `s += "` or `s = s + "` at the beginning of `line`, if the leader above is `s = "`.
fn appended(line: &[u8], above: &[u8]) -> Option<usize> {
    let name = &line[..line.iter().take_while(|b| is_of_name(**b)).count()];
    let assigned = before_quote(above).strip_suffix(b"=")?.trim_ascii_end().strip_suffix(name)?;
    if name.is_empty() || assigned.last().is_some_and(|b| is_of_name(*b)) {
        return None;
    }
    let mut at = name.len();
    let spaces = |at: usize| at + line[at..].iter().take_while(|b| **b == b' ').count();
    at = spaces(at);
    if line.get(at) == Some(&b'=') {
        at = spaces(at + 1);
        at = spaces(at + line[at..].strip_prefix(name).map(|_| name.len())?);
        at += usize::from(is_operator(*line.get(at)?));
    } else {
        at += usize::from(is_operator(*line.get(at)?));
        at += line[at..].strip_prefix(b"=").map(|_| 1)?;
    }
    at = spaces(at);
    let quote = line[at..].iter().take(3).position(|b| matches!(b, b'"' | b'\'' | b'`'))?;
    Some(at + quote + 1)
}

/// The digits of the line below digits that end at `end`, whatever is in front of them: each run that may be all of that line.
pub(super) fn any_below(bytes: &[u8], end: usize) -> impl Iterator<Item = Span> {
    let start = end_of_line(bytes, end).map_or(bytes.len(), |end| end.next);
    let is_start = move |at: &usize| is_digit(bytes[*at]) && (*at == start || !is_digit(bytes[*at - 1]));
    let starts = (start..bytes.len().min(start + LONGEST_LEADER)).filter(is_start);
    starts.map(|at| run_at(bytes, at, PIECE)).filter(|digits| ends_soon(bytes, digits.end))
}

/// Whether the line has little text behind its digits, which end at `at`.
fn ends_soon(bytes: &[u8], at: usize) -> bool {
    const PADDING: usize = 2;
    bytes.len() - at <= LONGEST_END + PADDING || (0..=PADDING).any(|padding| end_of_line(bytes, at + padding).is_some())
}

/// Whether `line`, which may be cut at its beginning, may end in [`SHORTEST_LINE`] digits and a little text behind them. Two texts are
/// joined at every operation of a delta, so most lines must be refused by a few bytes.
pub(super) fn may_end(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some(start) = line.len().checked_sub(SHORTEST_LINE) else { return may_end_cut(line) };
    // So many digits with at most `LONGEST_END` bytes behind them include these.
    let common = SHORTEST_LINE - LONGEST_END;
    line[start..start + common].iter().all(|b| is_digit(*b)) && has_digits_near_end(line)
}

/// Whether fewer bytes are the rest of the digits and a little text behind them.
fn may_end_cut(line: &[u8]) -> bool {
    let (digits, text) = line.split_at(line.iter().take_while(|b| is_digit(**b)).count());
    text.len() <= LONGEST_END && memchr::memchr(b'\n', text).is_none() && (digits.len() < 4 || is_text_at_end(digits))
}

/// Whether the line has so many digits, or is digits from its beginning, and little text behind them.
fn has_digits_near_end(line: &[u8]) -> bool {
    let mut end = line.len();
    while line.len() - end <= LONGEST_END {
        let digits = line[..end].iter().rev().take(SHORTEST_LINE).take_while(|b| is_digit(**b)).count();
        if digits == SHORTEST_LINE.min(end) {
            return is_text_at_end(&line[..end]);
        }
        if line[end - digits - 1] == b'\n' {
            return false;
        }
        end -= digits + 1;
    }
    false
}
