//! Which objects were clean in an earlier sweep by the same rules: a file in the git directory, and no part of the history.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use gix::ObjectId;
use gix::hash::oid;
use sha2::{Digest, Sha256};

use crate::atomic_file::AtomicFile;
use crate::history::references::Found;

/// Below the git directory that all worktrees share.
const FILE: &str = "keysweep/clean-objects";

/// How the file begins; then stands what the rules are told apart by, then the parts of `KnownClean`, each with its length in
/// front, then a checksum of it all.
const TITLE: &[u8] = b"keysweep clean objects 2\n";

/// What an earlier sweep read and need not be read again, and what it saw there that is to be told again.
#[derive(Default)]
pub(crate) struct KnownClean {
    /// The ids of what was clean, in order, one behind the other.
    pub(super) ids: Vec<u8>,
    pub(super) id_len: usize,
    /// Digests of the ids of all else that was here: an id of what holds a token is written nowhere.
    pub(super) others: Vec<u8>,
    /// Ids to which something refers that was forgotten, and that were not here.
    pub(super) missing: Vec<u8>,
    /// Names of submodules, each with a NUL behind it.
    pub(super) submodules: Vec<u8>,
}

impl KnownClean {
    /// What was remembered below `common_dir` under `rules`. Nothing where the file is of other rules, or damaged.
    pub fn load(common_dir: &Path, rules: &[u8; 32], id_len: usize) -> Self {
        read(common_dir).and_then(|text| Self::parse(&text, rules, id_len)).unwrap_or_default()
    }

    fn parse(text: &[u8], rules: &[u8; 32], id_len: usize) -> Option<Self> {
        let (told, checksum) = text.split_last_chunk::<32>()?;
        let mut rest = told.strip_prefix(TITLE)?.strip_prefix(rules)?;
        if Sha256::digest(told)[..] != checksum[..] {
            return None;
        }
        let mut part = || {
            let (len, behind) = rest.split_first_chunk()?;
            let (part, behind) = behind.split_at_checked(u64::from_be_bytes(*len).try_into().ok()?)?;
            rest = behind;
            Some(part.to_vec())
        };
        let (ids, others, missing, submodules) = (part()?, part()?, part()?, part()?);
        Some(Self { ids, id_len, others, missing, submodules })
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

    /// Adds what stands in objects that are not read again.
    pub fn add_to(&self, found: &mut Found) {
        found.missing.extend(self.missing.chunks_exact(self.id_len.max(1)).map(ObjectId::from_bytes_or_panic));
        let names = self.submodules.split_inclusive(|&b| b == 0);
        found.submodules.extend(names.map(|name| name[..name.len() - 1].to_vec()));
    }

    /// Whether something that was here is not among `ids`, each of which stands there once. What was clean may refer to it.
    pub(super) fn has_lost(&self, ids: &[ObjectId]) -> bool {
        let (clean, others): (Vec<&ObjectId>, Vec<&ObjectId>) = ids.iter().partition(|id| self.has(id));
        if clean.len() * self.id_len != self.ids.len() {
            return true;
        }
        // There are few, as a rule none.
        let others = if self.others.is_empty() { Vec::new() } else { others };
        let others: HashSet<[u8; 32]> = others.into_iter().map(|id| digest(id)).collect();
        self.others.chunks_exact(32).any(|other| !others.contains(other))
    }

    /// Writes it, all of it or nothing.
    pub(super) fn store(&self, common_dir: &Path, rules: &[u8; 32]) -> io::Result<()> {
        let path = common_dir.join(FILE);
        let folder = path.parent().expect("it is in a folder");
        fs::create_dir_all(folder)?;
        if is_link(folder) {
            return Err(io::Error::other(format!("{} is a symbolic link", folder.display())));
        }
        let mut text = [TITLE, rules].concat();
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
    path.symlink_metadata().is_ok_and(|met| met.is_symlink())
}

/// The cache, where it is a file in a folder of the git directory. A link may lead to anybody's file, a pipe to no end.
fn read(common_dir: &Path) -> Option<Vec<u8>> {
    let path = common_dir.join(FILE);
    let is_file = path.symlink_metadata().is_ok_and(|met| met.is_file());
    (is_file && !is_link(path.parent()?)).then(|| fs::read(path).ok()).flatten()
}
