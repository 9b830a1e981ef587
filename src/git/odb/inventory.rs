//! Every place where a repository keeps objects.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};

use crate::error::Error;
use crate::git::odb::alternates::with_alternates;
use crate::git::pack::forest::Pack;
use crate::regular_file;
use crate::threads::Threads;

/// How long git takes to remove the files of a pack, and more.
const PAUSE: Duration = Duration::from_millis(200);

/// How long after the last write to a temporary file git may still be at it: a slow fetch receives something all the time.
const STILL_WRITTEN: Duration = Duration::from_secs(60);

/// All packs and all loose objects.
#[derive(Default)]
pub(crate) struct Inventory {
    pub packs: Vec<Pack>,
    /// For each folder of loose objects, the ids in it that no pack has.
    pub loose: Vec<(PathBuf, Vec<ObjectId>)>,
    pub unread: Vec<Error>,
    /// Packs that git seems to be writing.
    pub unfinished: Vec<PathBuf>,
    /// Whether a pack is one of a partial clone: what it refers to may be left out.
    pub promised: bool,
}

impl Inventory {
    /// Those of the object directories `dirs`, and of their alternates.
    pub fn of(dirs: &[PathBuf], hash: HashKind, threads: Threads) -> Self {
        let contents = Self::listed(dirs, hash, threads);
        if contents.unread.is_empty() {
            return contents;
        }
        // Git takes away the files of an old pack one by one, in the background: what is damaged is so a moment later too.
        std::thread::sleep(PAUSE);
        Self::listed(dirs, hash, threads)
    }

    fn listed(dirs: &[PathBuf], hash: HashKind, threads: Threads) -> Self {
        let mut contents = Self::default();
        for dir in with_alternates(dirs, &mut contents.unread) {
            // In this order: what git packs meanwhile is in both lists then, not in none.
            contents.add_loose(&dir, hash);
            contents.add_packs(&dir.join("pack"), hash, threads);
        }
        let Self { packs, loose, .. } = &mut contents;
        let mut met = HashSet::new();
        for (_, ids) in loose {
            ids.retain(|id| !packs.iter().any(|pack| pack.has(id)) && met.insert(*id));
        }
        contents
    }

    pub fn has(&self, id: &oid) -> bool {
        let is_loose = |ids: &[ObjectId]| ids.binary_search_by(|other| other.as_bytes().cmp(id.as_bytes())).is_ok();
        self.packs.iter().any(|pack| pack.has(id)) || self.loose.iter().any(|(_, ids)| is_loose(ids))
    }

    /// Every id once, in order.
    pub fn ids(&self) -> Vec<ObjectId> {
        let packed = self.packs.iter().flat_map(Pack::ids).map(ToOwned::to_owned);
        let mut ids: Vec<ObjectId> = packed.chain(self.loose.iter().flat_map(|(_, ids)| ids.iter().copied())).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The path of a file that git reads; none of one that it is writing.
    fn file_of_pack(&mut self, path: PathBuf) -> Result<Option<PathBuf>, Error> {
        regular_file::expect(&path).map_err(|err| unreadable(&path, err))?;
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if !name.starts_with(b"tmp_") && !name.starts_with(b".tmp-") {
            return Ok(Some(path));
        }
        let age = path.metadata().and_then(|meta| meta.modified()).ok().and_then(|written| written.elapsed().ok());
        // Gone by now: it has its name. Just written: what a fetch receives belongs to no repository yet, and what a repack
        // writes is in the old packs too.
        if age.is_none_or(|age| age < STILL_WRITTEN) {
            self.unfinished.extend(age.map(|_| path));
            return Ok(None);
        }
        let context = format!("cannot read the unfinished pack {}", path.display());
        let cause = "git was stopped while it wrote the file, which no index describes";
        Err(Error::new(context, cause, "git gc --prune=now removes it"))
    }

    fn add_packs(&mut self, folder: &Path, hash: HashKind, threads: Threads) {
        let mut indexes = Vec::new();
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return,
            Err(err) => return self.unread.push(unreadable(folder, err)),
        };
        for entry in entries {
            match entry {
                Ok(entry) => match self.file_of_pack(entry.path()) {
                    Ok(path) => indexes.extend(path),
                    Err(error) => self.unread.push(error),
                },
                Err(err) => self.unread.push(unreadable(folder, err)),
            }
        }
        indexes.sort();
        self.promised |= indexes.iter().any(|path| path.extension().is_some_and(|end| end == "promisor"));
        let has = |path: &PathBuf, end: &str| indexes.binary_search(&path.with_extension(end)).is_ok();
        let ending = |end: &'static str| indexes.iter().filter(move |path| path.extension().is_some_and(|e| e == end));
        for index in ending("idx").filter(|index| !has(index, "pack")) {
            self.unread.push(unreadable(&index.with_extension("pack"), "it is gone, and only its index is left"));
        }
        for pack in ending("pack") {
            if !has(pack, "idx") {
                self.unread.push(unreadable(pack, "it has no index; git index-pack makes one"));
                continue;
            }
            match Pack::open(&pack.with_extension("idx"), hash, threads) {
                Ok(pack) => {
                    self.unread.extend(pack.flaw.clone());
                    self.packs.push(pack);
                }
                Err(error) => self.unread.push(error),
            }
        }
    }

    fn add_loose(&mut self, dir: &Path, hash: HashKind) {
        let mut ids = Vec::new();
        for id in gix::odb::loose::Store::at(dir, hash).iter() {
            match id {
                Ok(id) => ids.push(id),
                Err(err) => self.unread.push(unreadable(dir, err)),
            }
        }
        ids.sort();
        self.loose.push((dir.to_owned(), ids));
    }
}

fn unreadable(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(format!("cannot read {}", path.display()), cause, "look for the damage with git fsck --full")
}
