//! The list of repositories, one a line.

use std::collections::HashSet;
use std::io::{self, BufRead, Read as _};

use sha2::{Digest, Sha256};

/// Longer lines are no path and no URL.
pub const MAX_LINE: usize = 4096;

/// A line of the list.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Address(Vec<u8>),
    /// The line has more than [`MAX_LINE`] bytes.
    TooLong,
}

/// Reads a list of any length. Skips empty lines, and lines that were there before.
pub struct List<R> {
    from: R,
    /// A hash of each line, so that the memory depends on the number of lines alone.
    seen: HashSet<[u8; 16]>,
    pub duplicates: usize,
}

impl<R: BufRead> List<R> {
    pub fn new(from: R) -> Self {
        Self { from, seen: HashSet::new(), duplicates: 0 }
    }

    /// The next line, without its line end. None at the end of the list.
    pub fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut line = Vec::new();
            let limit = MAX_LINE as u64 + 2;
            if self.from.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            let is_whole = line.pop_if(|last| *last == b'\n').is_some();
            // A list that was written on Windows.
            line.pop_if(|last| *last == b'\r');
            if line.len() > MAX_LINE {
                if !is_whole {
                    self.from.skip_until(b'\n')?;
                }
                return Ok(Some(Line::TooLong));
            }
            if line.is_empty() {
                continue;
            }
            let hash = *Sha256::digest(&line).first_chunk().expect("32 bytes");
            if self.seen.insert(hash) {
                return Ok(Some(Line::Address(line)));
            }
            self.duplicates += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_returned_once() {
        let long = "x".repeat(MAX_LINE + 1);
        let (limit, longer) = ("y".repeat(MAX_LINE), "z".repeat(3 * MAX_LINE));
        let text = format!("a\r\n\n\r\nb c\n{long}\na\n{longer}\n{limit}\r\n-x");
        let mut list = List::new(text.as_bytes());
        let mut lines = Vec::new();
        while let Some(line) = list.next_line().expect("memory") {
            lines.push(line);
        }
        let address = |text: &str| Line::Address(text.into());
        assert_eq!(lines, [address("a"), address("b c"), Line::TooLong, Line::TooLong, address(&limit), address("-x")]);
        assert_eq!(list.duplicates, 1);
    }
}
