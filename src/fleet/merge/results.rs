//! From lines to the results that count.
//!
//! The lines of one repository in one file up to a summary are one result. It is complete if the summary counts as many findings and
//! errors as there are. The same repository may be in several files, or several times in one. The last complete result without an
//! error replaces all results before it. Results after it that are not complete, or have errors, do not replace any: what they lack
//! may still be there, so their findings are added.

use std::io::{self, BufRead, Read as _};

use sha2::{Digest, Sha256};

use super::bytes::{Reader, put_text};
use super::line::{Content, Line, MAX_LINE, Mask, parse};
use super::problem::{Problem, ProblemList, Problems};
use super::record::{Fact, Place};
use super::sorter::{Sorted, Sorter};
use super::tokens::{Ranked, Tokens};
use super::totals::Totals;
use crate::finding::Fingerprint;

/// The answer.
pub struct Merged {
    pub tokens: Ranked,
    pub problems: Problems,
    pub totals: Totals,
}

/// The kinds of records.
const FINDING: u8 = 0;
const SUMMARY: u8 = 1;
const ERROR: u8 = 2;

/// Reads lines.
pub struct Lines<'m> {
    mask: Mask<'m>,
    by_repository: Sorter,
    problems: ProblemList,
    totals: Totals,
    /// The repository of the last line, since most lines have that of the line before.
    last: Option<Repository>,
    record: Vec<u8>,
}

struct Repository {
    /// As it was written.
    text: String,
    hash: [u8; 16],
    masked: String,
}

impl<'m> Lines<'m> {
    pub fn new(mask: Mask<'m>) -> Self {
        Self {
            mask,
            by_repository: Sorter::new(),
            problems: ProblemList::new(),
            totals: Totals::default(),
            last: None,
            record: Vec::new(),
        }
    }

    /// Reads the lines of a file, the number of which is `file`. Fails only if a temporary file fails.
    pub fn read(&mut self, file: u32, mut from: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            match next_line(&mut from, &mut line) {
                Ok(Next::End) => break,
                Ok(Next::Line) => self.add(file, number, &line)?,
                Ok(Next::TooLong) => self.problems.add(file, number, &Problem::Malformed("it has more than 64 MiB"))?,
                Err(err) => return self.add_unreadable(file, number - 1, &err),
            }
        }
        Ok(())
    }

    pub fn add_unreadable(&mut self, file: u32, behind: u64, err: &io::Error) -> io::Result<()> {
        self.problems.add(file, behind, &Problem::Unreadable(&(self.mask)(&err.to_string())))
    }

    fn add(&mut self, file: u32, number: u64, line: &[u8]) -> io::Result<()> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        self.totals.lines += 1;
        let Line { repository, content } = match parse(line, self.mask) {
            Ok(line) => line,
            Err(cause) => return self.problems.add(file, number, &Problem::Malformed(cause)),
        };
        let Some(text) = repository else { return self.problems.add(file, number, &Problem::NoList) };
        if self.last.as_ref().is_none_or(|last| last.text != text) {
            let hash = *Sha256::digest(&text).first_chunk().expect("32 bytes");
            self.last = Some(Repository { masked: (self.mask)(&text), hash, text });
        }
        let repository = self.last.as_ref().expect("it was set");
        let record = &mut self.record;
        record.clear();
        // The last line of a repository is first in order: then a result is known to count before its findings are read.
        record.extend(repository.hash);
        record.extend((!file).to_be_bytes());
        record.extend((!number).to_be_bytes());
        put_text(record, &repository.masked);
        match content {
            Content::Finding(fact) => {
                record.push(FINDING);
                record.extend(fact.fingerprint.to_string().as_bytes());
                fact.place.write(record);
            }
            Content::Summary { findings, unread } => {
                record.push(SUMMARY);
                record.extend(findings.to_be_bytes());
                record.extend(unread.to_be_bytes());
            }
            Content::Error => record.push(ERROR),
        }
        self.by_repository.push(record)
    }

    /// Merges the lines. `files` has the masked names of the files.
    pub fn finish(self, files: Vec<String>) -> io::Result<Merged> {
        let Self { by_repository, mut problems, mut totals, .. } = self;
        if totals.lines == 0 && problems.count == 0 {
            problems.add(0, 0, &Problem::Nothing)?;
        }
        let mut results = Results { tokens: Tokens::new(), problems, totals, current: None };
        let mut records = by_repository.finish()?;
        results.add_all(&mut records)?;
        drop(records);
        let Results { tokens, problems, .. } = results;
        totals = results.totals;
        let tokens = tokens.finish(&mut totals)?;
        totals.unread = problems.count;
        Ok(Merged { tokens, problems: problems.finish(files)?, totals })
    }
}

enum Next {
    Line,
    TooLong,
    End,
}

fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Next> {
    line.clear();
    let limit = MAX_LINE as u64 + 1;
    if from.take(limit).read_until(b'\n', line)? == 0 {
        return Ok(Next::End);
    }
    if line.len() <= MAX_LINE {
        return Ok(Next::Line);
    }
    if line.last() != Some(&b'\n') {
        from.skip_until(b'\n')?;
    }
    Ok(Next::TooLong)
}

/// Decides which results count.
struct Results {
    tokens: Tokens,
    problems: ProblemList,
    totals: Totals,
    current: Option<Current>,
}

/// The repository whose records are read, the last one first.
struct Current {
    hash: [u8; 16],
    repository: String,
    /// Whether a result was complete, so that those before it do not count.
    is_settled: bool,
    has_tokens: bool,
    /// The result whose records are read.
    result: Option<ResultLines>,
}

struct ResultLines {
    file: u32,
    /// The line of the summary. Without a summary, the last line.
    line: u64,
    is_error: bool,
    /// The counts of the summary.
    summary: Option<(u64, u64)>,
    findings: u64,
    errors: u64,
}

impl Results {
    fn add_all(&mut self, records: &mut Sorted) -> io::Result<()> {
        let mut record = Vec::new();
        while records.next_into(&mut record)? {
            let mut from = Reader(&record);
            let (hash, file, line) = (from.array()?, !from.u32()?, !from.u64()?);
            let repository = from.text()?;
            let kind = from.u8()?;
            if self.current.as_ref().is_none_or(|current| current.hash != hash) {
                self.end_repository()?;
                let (is_settled, has_tokens) = (false, false);
                self.current = Some(Current { hash, repository, is_settled, has_tokens, result: None });
            }
            self.add(kind, file, line, from)?;
        }
        self.end_repository()
    }

    fn add(&mut self, kind: u8, file: u32, line: u64, mut from: Reader<'_>) -> io::Result<()> {
        let current = self.current.as_ref().expect("a repository");
        if kind == SUMMARY || current.result.as_ref().is_none_or(|result| result.file != file) {
            self.end_result()?;
        }
        let current = self.current.as_mut().expect("a repository");
        let is_error = kind == ERROR;
        let new = ResultLines { file, line, is_error, summary: None, findings: 0, errors: 0 };
        let result = current.result.get_or_insert(new);
        match kind {
            SUMMARY => result.summary = Some((from.u64()?, from.u64()?)),
            ERROR => result.errors += 1,
            _ => {
                result.findings += 1;
                if !current.is_settled {
                    let fingerprint = std::str::from_utf8(from.bytes(16)?).ok().and_then(Fingerprint::parse);
                    let fingerprint = fingerprint.ok_or_else(super::bytes::damaged)?;
                    let fact = Fact { fingerprint, place: Place::read(&mut from)? };
                    current.has_tokens = true;
                    self.tokens.add(&current.repository, current.hash, &fact)?;
                }
            }
        }
        Ok(())
    }

    fn end_result(&mut self) -> io::Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let Some(result) = current.result.take() else { return Ok(()) };
        if current.is_settled {
            self.totals.replaced += 1;
            return Ok(());
        }
        let repository = &*current.repository;
        let problem = match result.summary {
            None => Problem::NoSummary { repository, is_error: result.is_error },
            Some(counts) if counts != (result.findings, result.errors) => Problem::Miscounted { repository },
            Some((_, 0)) => {
                current.is_settled = true;
                return Ok(());
            }
            Some((_, things)) => Problem::Unread { repository, things },
        };
        self.problems.add(result.file, result.line, &problem)
    }

    fn end_repository(&mut self) -> io::Result<()> {
        self.end_result()?;
        if let Some(current) = self.current.take() {
            self.totals.repositories += 1;
            self.totals.with_tokens += u64::from(current.has_tokens);
        }
        Ok(())
    }
}
