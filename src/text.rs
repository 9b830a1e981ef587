//! Places in text, and lines.

use std::ops::Range;

/// A range of bytes, in what contains them.
pub type Span = Range<usize>;

/// The line without `\n` or `\r\n`.
pub fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The byte range of each line, with the line's end.
pub fn spans_of_lines(text: &[u8]) -> impl Iterator<Item = Span> {
    text.split_inclusive(|&b| b == b'\n').scan(0, |start, line| {
        let span = *start..*start + line.len();
        *start = span.end;
        Some(span)
    })
}
