//! Ranges of bytes, lines, and words for a shell.

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

/// `text` as a word for a POSIX shell, without quotes if all its characters are plain. Those in `also_plain` count as plain.
pub fn word_for_shell(text: &str, also_plain: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./-@+,:%".contains(c) || also_plain.contains(c);
    let needs_none = !text.is_empty() && text.chars().all(is_plain);
    if needs_none { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
