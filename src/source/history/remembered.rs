//! Which objects were clean in an earlier sweep by the same rules: a file in the git directory, and no part of the history.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::hash::oid;
use sha2::{Digest, Sha256};

use super::History;
use super::pack::Pack;
use super::work::Work;

/// Below the git directory that all worktrees share.
const FILE: &str = "keysweep/clean-objects";

/// How the file begins; then stands what the rules are told apart by, then the ids in order, then a checksum of it all.
const TITLE: &[u8] = b"keysweep clean objects 1\n";

/// Ids in order, one behind the other.
#[derive(Default)]
pub(super) struct Remembered {
    ids: Vec<u8>,
    id_len: usize,
}

impl Remembered {
    /// What was remembered below `common_dir` under `rules`. Nothing where the file is of other rules, or damaged.
    pub fn load(common_dir: &Path, rules: &[u8; 32], id_len: usize) -> Self {
        let text = fs::read(common_dir.join(FILE)).unwrap_or_default();
        Self { ids: ids_in(&text, rules, id_len).unwrap_or_default().to_vec(), id_len }
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
}

fn ids_in<'t>(text: &'t [u8], rules: &[u8; 32], id_len: usize) -> Option<&'t [u8]> {
    let (told, checksum) = text.split_last_chunk::<32>()?;
    let ids = told.strip_prefix(TITLE)?.strip_prefix(rules)?;
    (Sha256::digest(told)[..] == checksum[..] && ids.len().is_multiple_of(id_len)).then_some(ids)
}

/// Writes what is clean now, all of it or nothing.
fn store(common_dir: &Path, rules: &[u8; 32], ids: &[ObjectId]) -> io::Result<()> {
    let path = common_dir.join(FILE);
    let folder = path.parent().expect("it is in a folder");
    fs::create_dir_all(folder)?;
    let mut text = [TITLE, rules].concat();
    for id in ids {
        text.extend_from_slice(id.as_bytes());
    }
    let checksum = Sha256::digest(&text);
    text.extend_from_slice(&checksum);
    let unfinished = unfinished(common_dir);
    let written = fs::File::create(&unfinished).and_then(|mut file| file.write_all(&text));
    let moved = written.and_then(|()| fs::rename(&unfinished, &path));
    if moved.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    moved
}

/// What is being written. Whoever stops the process takes it away.
pub(super) fn unfinished(common_dir: &Path) -> PathBuf {
    common_dir.join(format!("{FILE}.{}", std::process::id()))
}

impl History<'_> {
    /// Leaves out what was clean in an earlier sweep by the same rules.
    #[must_use]
    pub fn since_last(self, rules: &[u8; 32]) -> Self {
        let id_len = self.repository.objects.hash().len_in_bytes();
        let history = Self { clean: Remembered::load(self.repository.common_dir(), rules, id_len), ..self };
        Self { remembered: history.count_remembered(), ..history }
    }

    /// Remembers all objects but those in `tainted`, by their hex ids. Only after a sweep that read everything.
    pub fn remember(&self, rules: &[u8; 32], tainted: &HashSet<&str>) -> io::Result<()> {
        let tainted = tainted.iter().filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok());
        let tainted: HashSet<ObjectId> = tainted.chain(self.archives.closed()).collect();
        let packed = self.contents.packs.iter().flat_map(Pack::ids).map(ToOwned::to_owned);
        let loose = self.contents.loose.iter().flat_map(|(_, ids)| ids.iter().copied());
        let mut ids: Vec<ObjectId> = packed.chain(loose).filter(|id| !tainted.contains(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        store(self.repository.common_dir(), rules, &ids)
    }

    /// How many objects are not read again.
    fn count_remembered(&self) -> usize {
        if self.clean.is_empty() {
            return 0;
        }
        let mut read: HashSet<ObjectId> = HashSet::new();
        for work in self.work(true) {
            match work {
                Work::Root(pack, root) => pack.each_below(root.entry, |id| read.insert(id.to_owned())),
                Work::Loose(_, ids) => read.extend(ids),
            }
        }
        self.count() - read.len()
    }
}
