//! An external merge sort of records, which are bytes. Memory is bounded, whatever the number of records is.
//!
//! Sorted runs are in unnamed files that only this process can open, so nothing is left behind, whatever ends it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write};
use std::ops::Range;

use crate::atomic_file;

/// A run is written when its records have this many bytes.
const RUN_BYTES: usize = 12 << 20;

/// Runs are merged into a longer one when there are this many of the same length. Each has an open file and a buffer.
const FAN_IN: usize = 64;

const BUFFER: usize = 32 << 10;

/// Collects records.
pub struct Sorter {
    bytes: Vec<u8>,
    records: Vec<Range<usize>>,
    runs: Vec<Run>,
    run_bytes: usize,
}

struct Run {
    /// How often its records were merged.
    level: u32,
    file: File,
}

impl Sorter {
    pub fn new() -> Self {
        Self::with_runs_of(RUN_BYTES)
    }

    fn with_runs_of(run_bytes: usize) -> Self {
        Self { bytes: Vec::new(), records: Vec::new(), runs: Vec::new(), run_bytes }
    }

    pub fn push(&mut self, record: &[u8]) -> io::Result<()> {
        let used = self.bytes.len() + self.records.len() * size_of::<Range<usize>>();
        if used > self.run_bytes {
            self.write_run()?;
        }
        let start = self.bytes.len();
        self.bytes.extend(record);
        self.records.push(start..self.bytes.len());
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.records.sort_unstable_by(|a, b| bytes[a.clone()].cmp(&bytes[b.clone()]));
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.sort();
        let mut out = RunWriter::new()?;
        for record in &self.records {
            out.write(&self.bytes[record.clone()])?;
        }
        // One very long record must not keep its memory.
        self.bytes.clear();
        self.bytes.shrink_to(2 * self.run_bytes);
        self.records.clear();
        self.runs.push(Run { level: 0, file: out.finish()? });
        self.merge_equal_runs()
    }

    /// Levels never rise from run to run, so runs of one level are neighbors.
    fn merge_equal_runs(&mut self) -> io::Result<()> {
        while let Some(start) = self.runs.len().checked_sub(FAN_IN) {
            let level = self.runs[self.runs.len() - 1].level;
            if self.runs[start].level != level {
                break;
            }
            let mut merged = Sorted::of_files(self.runs.drain(start..).map(|run| run.file))?;
            let mut out = RunWriter::new()?;
            let mut record = Vec::new();
            while merged.next_into(&mut record)? {
                out.write(&record)?;
            }
            self.runs.push(Run { level: level + 1, file: out.finish()? });
        }
        Ok(())
    }

    /// The records in order.
    pub fn finish(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.sort();
            let records = self.records.into_iter();
            return Sorted::of_sources([Source::Memory { bytes: self.bytes, records }]);
        }
        self.write_run()?;
        let Self { bytes, records, runs, .. } = self;
        drop((bytes, records));
        Sorted::of_files(runs.into_iter().map(|run| run.file))
    }
}

struct RunWriter(BufWriter<File>);

impl RunWriter {
    fn new() -> io::Result<Self> {
        Ok(Self(BufWriter::with_capacity(BUFFER, atomic_file::unnamed()?)))
    }

    fn write(&mut self, record: &[u8]) -> io::Result<()> {
        let len = u32::try_from(record.len()).map_err(io::Error::other)?;
        self.0.write_all(&len.to_ne_bytes())?;
        self.0.write_all(record)
    }

    fn finish(self) -> io::Result<File> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }
}

enum Source {
    Memory { bytes: Vec<u8>, records: std::vec::IntoIter<Range<usize>> },
    File(BufReader<File>),
}

impl Source {
    fn next_into(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        out.clear();
        match self {
            Self::Memory { bytes, records } => {
                let Some(record) = records.next() else { return Ok(false) };
                out.extend(&bytes[record]);
            }
            Self::File(file) => {
                let mut len = [0; 4];
                match file.read_exact(&mut len) {
                    Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                    other => other?,
                }
                out.resize(u32::from_ne_bytes(len) as usize, 0);
                file.read_exact(out)?;
            }
        }
        Ok(true)
    }
}

/// Sorted records.
pub struct Sorted {
    sources: Vec<Source>,
    /// The next record of each source.
    next: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl Sorted {
    fn of_files(files: impl Iterator<Item = File>) -> io::Result<Self> {
        Self::of_sources(files.map(|file| Source::File(BufReader::with_capacity(BUFFER, file))))
    }

    fn of_sources(sources: impl IntoIterator<Item = Source>) -> io::Result<Self> {
        let mut sources: Vec<Source> = sources.into_iter().collect();
        let mut next = BinaryHeap::new();
        for (at, source) in sources.iter_mut().enumerate() {
            let mut record = Vec::new();
            if source.next_into(&mut record)? {
                next.push(Reverse((record, at)));
            }
        }
        Ok(Self { sources, next })
    }

    /// Replaces `record` with the next one. Returns whether there is one.
    pub fn next_into(&mut self, record: &mut Vec<u8>) -> io::Result<bool> {
        let Some(mut first) = self.next.peek_mut() else { return Ok(false) };
        let Reverse((bytes, at)) = &mut *first;
        std::mem::swap(record, bytes);
        if !self.sources[*at].next_into(bytes)? {
            std::collections::binary_heap::PeekMut::pop(first);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(sorter: Sorter) -> Vec<Vec<u8>> {
        let mut records = sorter.finish().expect("a temporary file");
        let (mut all, mut record) = (Vec::new(), Vec::new());
        while records.next_into(&mut record).expect("a temporary file") {
            all.push(record.clone());
        }
        all
    }

    #[test]
    fn any_number_of_runs_is_sorted() {
        // Runs of one record, of a few, and one in memory: with one record, 70 * 70 are merged twice.
        for run_bytes in [0, 1000, RUN_BYTES] {
            let mut sorter = Sorter::with_runs_of(run_bytes);
            let mut wanted = Vec::new();
            for at in 0..70_u32 * 70 {
                let record = at.wrapping_mul(2_654_435_761).to_be_bytes()[..at as usize % 5].to_vec();
                sorter.push(&record).expect("a temporary file");
                wanted.push(record);
            }
            assert!(sorter.runs.len() < 2 * FAN_IN, "{} runs", sorter.runs.len());
            wanted.sort();
            assert_eq!(sorted(sorter), wanted, "{run_bytes}");
        }
        assert!(sorted(Sorter::new()).is_empty());
    }
}
