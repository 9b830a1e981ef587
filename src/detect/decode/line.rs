//! Where a line of encoded text ends, and where the next one begins: line breaks as languages write them, operators that join
//! strings, and the leaders of comments.

use super::digit::is_digit;
use crate::finding::Span;

/// Fewer digits than this are no token, in base64 or in hex.
pub(super) const SHORTEST: usize = 26;

/// Lines of wrapped text are as long: MIME has 76, PEM 64, xxd 60, listings in comments 32.
pub(super) const SHORTEST_LINE: usize = 28;

/// How much white space may be at the beginning of a line.
const DEEPEST_INDENT: usize = 72;

/// How long a leader may be, such as `// `, `REM ` or `+ "`.
const LONGEST_LEADER: usize = 12;

/// How long a word in a leader may be: `REM`, `dnl`, `//`.
const LONGEST_WORD: usize = 4;

/// Words that begin a comment.
const WORD_LEADERS: [&[u8]; 5] = [b"REM", b"rem", b"dnl", b"C", b"c"];

/// The codes of a line break behind a backslash, in lower case.
const ESCAPED_BREAKS: [&[u8]; 4] = [b"n", b"x0a", b"u000a", b"012"];

/// The codes of a carriage return, in the same way.
const ESCAPED_RETURNS: [&[u8]; 4] = [b"r", b"x0d", b"u000d", b"015"];

/// Line breaks as other languages write them, in lower case.
const WRITTEN_BREAKS: [&[u8]; 11] =
    [b"<br>", b"<br/>", b"<br />", b"&#10;", b"&#xa;", b"&#x0a;", b"&#13;", b"&#xd;", b"&#x0d;", b"%0a", b"%0d"];

pub(super) fn run_at(bytes: &[u8], start: usize, longest: usize) -> Span {
    start..start + bytes[start..].iter().take(longest).take_while(|b| is_digit(**b)).count()
}

/// Whether the text at `at` begins a line, indented or behind a leader that ends in a space.
pub(super) fn starts_line(bytes: &[u8], at: usize) -> bool {
    at == 0 || bytes[at - 1].is_ascii_whitespace()
}

/// Where the next line's text starts, if a line ends at `at`: with a line break, with one that is written `\n` or `<br>`, or
/// with both. What joins strings or begins a comment may be around it.
pub(super) fn behind_line_break(bytes: &[u8], at: usize) -> Option<usize> {
    let written = behind_written_break(bytes, at);
    let end = skip(bytes, written.unwrap_or(at), MOST_JOINING, joins);
    let behind = match bytes.get(end) {
        Some(b'\r') => skip(bytes, end + 1, 1, |b| b == b'\n'),
        Some(b'\n') => end + 1,
        _ => return written,
    };
    Some(start_of_text(bytes, behind))
}

/// Whether this byte may be between the end of a line's text and the line break.
pub(super) fn joins(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'+' | b'.' | b',' | b'\\' | b'&' | b'_' | b'|' | b'^' | b' ' | b'\t')
}

/// So much of that at most.
pub(super) const MOST_JOINING: usize = 6;

/// Where the text begins of the line that begins at `at`.
pub(super) fn start_of_text(bytes: &[u8], at: usize) -> usize {
    let at = skip(bytes, at, DEEPEST_INDENT, |b| matches!(b, b' ' | b'\t'));
    let mut start = at;
    loop {
        start = behind_literal_prefix(bytes, start);
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

/// Where the text of a string begins whose quote has letters or an operator in front of it: `b'`, `u8"`, `+"`.
fn behind_literal_prefix(bytes: &[u8], at: usize) -> usize {
    const LONGEST_PREFIX: usize = 2;
    let end = run_at(bytes, at, LONGEST_PREFIX).end;
    match bytes.get(end..) {
        Some([b'"' | b'\'' | b'`', first, ..]) if end > at && is_digit(*first) => end + 1,
        _ => at,
    }
}

/// The text in front of the written line breaks that end `line`.
pub(super) fn before_written_break(line: &[u8]) -> &[u8] {
    if !line.last().is_some_and(|last| ends_written_break(*last)) {
        return line;
    }
    let ends = |len: &usize| behind_written_break(&line[line.len() - len..], 0) == Some(*len);
    let longest = line.len().min(LONGEST_WRITTEN_BREAK);
    (1..=longest).rev().find(ends).map_or(line, |len| &line[..line.len() - len])
}

/// Whether a written line break may end in this byte. A walk of deltas asks at every joint, so most lines must end here.
fn ends_written_break(byte: u8) -> bool {
    matches!(byte.to_ascii_lowercase(), b'n' | b'a' | b'd' | b'2' | b'>' | b';')
}

/// The longest one is `\u000d\u000a` with four backslashes each.
const LONGEST_WRITTEN_BREAK: usize = 18;

fn behind_written_break(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'\\' => {}
        b'<' | b'&' | b'%' => {
            let first = behind_break_of(bytes, at, &WRITTEN_BREAKS)?;
            return behind_break_of(bytes, first, &WRITTEN_BREAKS).or(Some(first));
        }
        _ => return None,
    }
    let escape = |at, codes: &[&[u8]]| {
        let behind = skip(bytes, at, 4, |b| b == b'\\');
        if behind > at { behind_break_of(bytes, behind, codes) } else { None }
    };
    escape(escape(at, &ESCAPED_RETURNS).unwrap_or(at), &ESCAPED_BREAKS)
}

fn behind_break_of(bytes: &[u8], at: usize, breaks: &[&[u8]]) -> Option<usize> {
    let is_here = |text: &&&[u8]| bytes.get(at..at + text.len()).is_some_and(|here| here.eq_ignore_ascii_case(text));
    breaks.iter().find(is_here).map(|text| at + text.len())
}

pub(super) fn ends_line(bytes: &[u8], at: usize) -> bool {
    let end = skip(bytes, at, 8, |b| {
        matches!(
            b,
            b'=' | b'"'
                | b'\''
                | b'`'
                | b'+'
                | b'.'
                | b','
                | b';'
                | b')'
                | b'\\'
                | b'&'
                | b'_'
                | b'|'
                | b'^'
                | b' '
                | b'\t'
                | b'\r'
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_written_break_ends_in_one_of_these_bytes() {
        for text in WRITTEN_BREAKS.iter().chain(&ESCAPED_BREAKS) {
            assert!(text.last().is_some_and(|last| ends_written_break(*last)), "{}", text.escape_ascii());
        }
    }
}
