//! The cache of `--since-last`: a file in the git directory with the ids of objects in which an earlier scan with the same rules
//! found nothing. The file is not part of the history.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use gix::ObjectId;
use gix::hash::oid;
use sha2::{Digest, Sha256};

use crate::atomic_file::{AtomicFile, NewFolders};
use crate::history::references::Unavailable;

/// The path of the cache, relative to the common git directory of all worktrees.
const FILE: &str = "keysweep/clean-objects";

/// The magic bytes of the file. After them follow a hash of the rules, the parts of [`KnownClean`] with a length of 8 bytes
/// (big-endian) before each, and a SHA-256 of everything before it.
const MAGIC: &[u8] = b"keysweep clean objects 2\n";

/// The content of the cache: objects that need no second scan, and what an earlier scan must report again about them.
#[derive(Default)]
pub(crate) struct KnownClean {
    /// The ids of clean objects, sorted and concatenated.
    pub(super) ids: Vec<u8>,
    /// The length of an id, in bytes.
    pub(super) id_len: usize,
    /// The SHA-256 digests of the ids of all other objects, concatenated. The id of an object with a token is never written to
    /// disk.
    pub(super) others: Vec<u8>,
    /// The ids of missing objects that clean objects refer to, concatenated.
    pub(super) missing: Vec<u8>,
    /// The names of submodules, each with a NUL after it.
    pub(super) submodules: Vec<u8>,
}

impl KnownClean {
    /// Loads the cache below `common_dir`. The result is empty if the file is missing or damaged, or if it was written for other
    /// rules.
    pub fn load(common_dir: &Path, rules: &[u8; 32], id_len: usize) -> Self {
        read(common_dir).and_then(|text| Self::parse(&text, rules, id_len)).unwrap_or_default()
    }

    fn parse(text: &[u8], rules: &[u8; 32], id_len: usize) -> Option<Self> {
        let (content, checksum) = text.split_last_chunk::<32>()?;
        let mut rest = content.strip_prefix(MAGIC)?.strip_prefix(rules)?;
        if Sha256::digest(content)[..] != checksum[..] {
            return None;
        }
        let mut part = || {
            let (len, tail) = rest.split_first_chunk()?;
            let (part, tail) = tail.split_at_checked(u64::from_be_bytes(*len).try_into().ok()?)?;
            rest = tail;
            Some(part.to_vec())
        };
        let (ids, others, missing, submodules) = (part()?, part()?, part()?, part()?);
        Some(Self { ids, id_len, others, missing, submodules })
    }

    /// When the cache below `common_dir` was written. `None` if there is none.
    pub fn written(common_dir: &Path) -> Option<SystemTime> {
        let meta = common_dir.join(FILE).symlink_metadata().ok()?;
        meta.is_file().then(|| meta.modified().ok()).flatten()
    }

    /// The number of objects that were not clean.
    pub(super) fn tainted(&self) -> usize {
        self.others.len() / 32
    }

    pub fn has(&self, id: &oid) -> bool {
        let (mut from, mut to) = (0, self.ids.len() / self.id_len.max(1));
        while from < to {
            let middle = usize::midpoint(from, to);
            match self.ids[middle * self.id_len..][..self.id_len].cmp(id.as_bytes()) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        false
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Adds the missing objects and submodules of objects that this scan does not read.
    pub fn add_to(&self, unavailable: &mut Unavailable) {
        unavailable.missing.extend(self.missing.chunks_exact(self.id_len.max(1)).map(ObjectId::from_bytes_or_panic));
        let names = self.submodules.split_inclusive(|&b| b == 0);
        unavailable.submodules.extend(names.map(|name| name[..name.len() - 1].to_vec()));
    }

    /// Returns whether an object of the earlier scan is not in `ids`, which must have no duplicates. Clean objects may refer to the
    /// object that was removed.
    pub(super) fn has_lost(&self, ids: &[ObjectId]) -> bool {
        let (clean, others): (Vec<&ObjectId>, Vec<&ObjectId>) = ids.iter().partition(|id| self.has(id));
        if clean.len() * self.id_len != self.ids.len() {
            return true;
        }
        // `self.others` is short and usually empty.
        let others = if self.others.is_empty() { Vec::new() } else { others };
        let others: HashSet<[u8; 32]> = others.into_iter().map(|id| digest(id)).collect();
        self.others.chunks_exact(32).any(|other| !others.contains(other))
    }

    /// Writes the file atomically.
    pub(super) fn store(&self, common_dir: &Path, rules: &[u8; 32]) -> io::Result<()> {
        let path = common_dir.join(FILE);
        let folder = path.parent().expect("the path has a folder");
        let _folders = NewFolders::create(folder)?;
        if is_link(folder) {
            return Err(io::Error::other(format!("{} is a symbolic link", folder.display())));
        }
        let mut text = [MAGIC, rules].concat();
        for part in [&self.ids, &self.others, &self.missing, &self.submodules] {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        let checksum = Sha256::digest(&text);
        text.extend_from_slice(&checksum);
        let mut file = AtomicFile::create(&path)?;
        file.write_all(&text)?;
        file.replace()
    }
}

pub(super) fn digest(id: &oid) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_symlink())
}

/// Reads the file of the cache if it is a regular file and its folder is not a symbolic link. A link could lead to a file outside of
/// the repository, and reading a pipe could block forever.
fn read(common_dir: &Path) -> Option<Vec<u8>> {
    let path = common_dir.join(FILE);
    let is_file = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
    (is_file && !is_link(path.parent()?)).then(|| fs::read(path).ok()).flatten()
}
