//! What an index entry knows of the file on disk. Git compares it with the file to avoid reading the file.

use std::fs::Metadata;

use crate::git::index::mapped::{STAT, be32};

/// Seconds and nanoseconds, modulo 2^32 as in the index.
type Time = (u32, u32);

/// The state of a file when git hashed it. All zero if git did not record it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IndexStat {
    changed: Time,
    modified: Time,
    inode: u32,
    size: u32,
}

impl IndexStat {
    /// Parses the first fields of an index entry.
    pub fn parse(entry: &[u8]) -> Option<Self> {
        let stat = entry.get(..STAT)?;
        let field = |number: usize| be32(stat, 4 * number);
        let (changed, modified) = ((field(0)?, field(1)?), (field(2)?, field(3)?));
        Some(Self { changed, modified, inode: field(5)?, size: field(9)? })
    }

    /// The state of a file now.
    #[cfg(unix)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // The index has the low 32 bits.
    pub fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            changed: (meta.ctime() as u32, meta.ctime_nsec() as u32),
            modified: (meta.mtime() as u32, meta.mtime_nsec() as u32),
            inode: meta.ino() as u32,
            size: meta.size() as u32,
        }
    }

    /// Elsewhere git records other values. Without them, each file counts as changed, and is read.
    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Self {
        Self { modified: (u32::MAX, u32::MAX), ..Self::default() }
    }

    /// Whether the file was modified before the index was written. Otherwise it may have been modified again at the same
    /// time, after git hashed it.
    pub fn is_older_than(&self, index: &Self) -> bool {
        self.modified < index.modified
    }
}
