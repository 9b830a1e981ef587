//! Ranges of bytes, and lines.

use std::ops::Range;

/// A range of bytes.
pub type Span = Range<usize>;

/// The line without its trailing `\n` or `\r\n`.
pub fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The byte range of each line, including its line ending.
pub fn spans_of_lines(text: &[u8]) -> impl Iterator<Item = Span> {
    text.split_inclusive(|&b| b == b'\n').scan(0, |start, line| {
        let span = *start..*start + line.len();
        *start = span.end;
        Some(span)
    })
}
