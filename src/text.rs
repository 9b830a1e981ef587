//! Places in text, and lines.

use std::ops::Range;

/// A range of bytes, in what contains them.
pub type Span = Range<usize>;

/// The line without `\n` or `\r\n`.
pub fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
