//! What makes the answer incomplete: lines that cannot be used, and repositories that were not read as a whole.

use std::io;

use super::bytes::{Reader, damaged, put_text};
use super::sorter::{Sorted, Sorter};
use crate::error::{Error, counted};

const AGAIN: &str = "scan the repository again, and name the new file last";

/// A problem at a line of a file.
pub enum Problem<'p> {
    /// The file cannot be read behind the line.
    Unreadable(&'p str),
    Malformed(&'p str),
    /// The list of `fleet` could not be read to its end.
    NoList,
    /// The line is the last one about the repository, and no summary.
    NoSummary {
        repository: &'p str,
        is_error: bool,
    },
    /// The summary in this line counts other lines than those before it.
    Miscounted {
        repository: &'p str,
    },
    /// The repository was scanned, but not all of it.
    Unread {
        repository: &'p str,
        things: u64,
    },
    /// No file has a line.
    Nothing,
}

/// Collects problems. Their number is not bounded, so they are sorted like everything else.
pub struct ProblemList {
    sorter: Sorter,
    pub count: u64,
}

impl ProblemList {
    pub fn new() -> Self {
        Self { sorter: Sorter::new(), count: 0 }
    }

    pub fn add(&mut self, file: u32, line: u64, problem: &Problem<'_>) -> io::Result<()> {
        let (kind, things, text) = match problem {
            Problem::Unreadable(cause) => (0, 0, *cause),
            Problem::Malformed(cause) => (1, 0, *cause),
            Problem::NoList => (2, 0, ""),
            Problem::NoSummary { repository, is_error } => (3, u64::from(*is_error), *repository),
            Problem::Miscounted { repository } => (4, 0, *repository),
            Problem::Unread { repository, things } => (5, *things, *repository),
            Problem::Nothing => (6, 0, ""),
        };
        let mut record = Vec::with_capacity(32 + text.len());
        record.extend(file.to_be_bytes());
        record.extend(line.to_be_bytes());
        record.push(kind);
        record.extend(things.to_be_bytes());
        put_text(&mut record, text);
        self.count += 1;
        self.sorter.push(&record)
    }

    /// The problems in the order of `files`, whose names are masked, and of their lines.
    pub fn finish(self, files: Vec<String>) -> io::Result<Problems> {
        Ok(Problems { records: self.sorter.finish()?, files, record: Vec::new() })
    }
}

/// Problems, as errors.
pub struct Problems {
    records: Sorted,
    files: Vec<String>,
    record: Vec<u8>,
}

impl Problems {
    pub fn next_error(&mut self) -> io::Result<Option<Error>> {
        if !self.records.next_into(&mut self.record)? {
            return Ok(None);
        }
        let mut from = Reader(&self.record);
        let (file, line, kind) = (from.u32()?, from.u64()?, from.u8()?);
        let (things, text) = (from.u64()?, from.text()?);
        let file = self.files.get(file as usize).ok_or_else(damaged)?;
        let at = format!("line {line} of {file}");
        Ok(Some(match kind {
            0 => {
                let context = match line {
                    0 => format!("cannot read {file}"),
                    line => format!("cannot read {file} after line {line}"),
                };
                Error::new(context, text, "name a file, or - for standard input")
            }
            1 => {
                Error::new(format!("cannot use {at}"), text, "run keysweep fleet again for the repository of the line")
            }
            2 => Error::new(
                format!("cannot know all repositories of {file}"),
                format!("line {line} says that the list could not be read"),
                "run keysweep fleet again with the list",
            ),
            3 => Error::new(
                format!("the result of {text} is not complete"),
                format!("{at} is {} and no summary follows", if things == 1 { "an error" } else { "its last one" }),
                AGAIN,
            ),
            4 => Error::new(
                format!("the result of {text} is not complete"),
                format!("the summary in {at} counts other lines than those before it"),
                AGAIN,
            ),
            5 => Error::new(
                format!("{text} was not read as a whole"),
                format!(
                    "the summary in {at} counts {}",
                    counted(usize::try_from(things).unwrap_or(usize::MAX), "error")
                ),
                "see what the errors before that line say, and scan the repository again",
            ),
            6 => Error::new(
                "cannot merge anything",
                "no file has a line of keysweep fleet",
                "name the files that it wrote",
            ),
            _ => return Err(damaged()),
        }))
    }
}
