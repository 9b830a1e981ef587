//! An inventory of all packs and loose objects.

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

/// Longer than git takes to remove the files of a pack.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// After a write to a temporary file, git counts as still writing it for this long. Even a slow fetch receives data all
/// the time.
const STILL_WRITING: Duration = Duration::from_secs(60);

/// All packs and loose objects of some object directories.
#[derive(Default)]
pub(crate) struct Inventory {
    pub packs: Vec<Pack>,
    /// For each object directory, the ids of its loose objects, sorted, without those that are in a pack or in a previous
    /// directory.
    pub loose: Vec<(PathBuf, Vec<ObjectId>)>,
    pub unread: Vec<Error>,
    /// Temporary packs that git is probably writing.
    pub unfinished: Vec<PathBuf>,
    /// Whether a pack has a `.promisor` file, so that objects may be missing on purpose (a partial clone).
    pub has_promisor_pack: bool,
}

impl Inventory {
    /// Lists the packs and loose objects of `dirs` and of their alternates.
    pub fn read(dirs: &[PathBuf], hash: HashKind, threads: Threads) -> Self {
        let inventory = Self::list(dirs, hash, threads);
        if inventory.unread.is_empty() {
            return inventory;
        }
        // A concurrent repack removes the files of old packs one by one. Retry once: real damage persists.
        std::thread::sleep(RETRY_DELAY);
        Self::list(dirs, hash, threads)
    }

    fn list(dirs: &[PathBuf], hash: HashKind, threads: Threads) -> Self {
        let mut inventory = Self::default();
        for dir in with_alternates(dirs, &mut inventory.unread) {
            // Loose objects first: an object that git packs in the meantime is then in both lists, not in neither.
            inventory.add_loose(&dir, hash);
            inventory.add_packs(&dir.join("pack"), hash, threads);
        }
        let Self { packs, loose, .. } = &mut inventory;
        let mut seen = HashSet::new();
        for (_, ids) in loose {
            ids.retain(|id| !packs.iter().any(|pack| pack.has(id)) && seen.insert(*id));
        }
        inventory
    }

    pub fn has(&self, id: &oid) -> bool {
        self.packs.iter().any(|pack| pack.has(id)) || self.loose.iter().any(|(_, ids)| find(ids, id).is_some())
    }

    /// The number of an object: its position in all pack indexes and lists of loose objects. All copies of an object have the
    /// same number. A number takes a fifth of the memory of an id, and a forged id cannot make a table of numbers slow.
    pub fn number(&self, id: &oid) -> Option<u32> {
        let mut start = 0;
        for pack in &self.packs {
            if let Some(position) = pack.position(id) {
                return Some(start + position);
            }
            start += pack.positions();
        }
        for (_, ids) in &self.loose {
            if let Some(at) = find(ids, id) {
                return Some(start + object_number(at));
            }
            start += object_number(ids.len());
        }
        None
    }

    /// The end of the range of numbers.
    pub fn number_count(&self) -> usize {
        let packed = self.packs.iter().map(|pack| pack.positions() as usize);
        packed.chain(self.loose.iter().map(|(_, ids)| ids.len())).sum()
    }

    /// The id of the object with this number.
    pub fn id_of(&self, number: u32) -> &oid {
        let mut position = number;
        for pack in &self.packs {
            if position < pack.positions() {
                return pack.id_at(position);
            }
            position -= pack.positions();
        }
        let mut at = position as usize;
        for (_, ids) in &self.loose {
            match ids.get(at) {
                Some(id) => return id,
                None => at -= ids.len(),
            }
        }
        unreachable!("only numbers from `number` are passed")
    }

    /// All ids, sorted, without duplicates.
    pub fn ids(&self) -> Vec<ObjectId> {
        let packed = self.packs.iter().flat_map(Pack::ids).map(ToOwned::to_owned);
        let mut ids: Vec<ObjectId> = packed.chain(self.loose.iter().flat_map(|(_, ids)| ids.iter().copied())).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Returns `path` if git reads the file, and None if git is writing it. Fails for a pipe, and for a temporary pack
    /// that git left behind.
    fn finished_file(&mut self, path: PathBuf) -> Result<Option<PathBuf>, Error> {
        regular_file::expect(&path).map_err(|err| unreadable(&path, err))?;
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if !name.starts_with(b"tmp_") && !name.starts_with(b".tmp-") {
            return Ok(Some(path));
        }
        let age = path.metadata().and_then(|meta| meta.modified()).ok().and_then(|written| written.elapsed().ok());
        // The file is gone: git has renamed it. The file was just written: no ref needs what a fetch is receiving, and
        // what a repack writes is in the old packs too.
        if age.is_none_or(|age| age < STILL_WRITING) {
            self.unfinished.extend(age.map(|_| path));
            return Ok(None);
        }
        let context = format!("cannot read the unfinished pack {}", path.display());
        let cause = "git was stopped while it wrote the file, so it has no index";
        Err(Error::new(context, cause, "run git gc --prune=now to remove it"))
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
                Ok(entry) => match self.finished_file(entry.path()) {
                    Ok(path) => indexes.extend(path),
                    Err(error) => self.unread.push(error),
                },
                Err(err) => self.unread.push(unreadable(folder, err)),
            }
        }
        indexes.sort();
        self.has_promisor_pack |= indexes.iter().any(|path| path.extension().is_some_and(|end| end == "promisor"));
        let has = |path: &PathBuf, end: &str| indexes.binary_search(&path.with_extension(end)).is_ok();
        let ending = |end: &'static str| indexes.iter().filter(move |path| path.extension().is_some_and(|e| e == end));
        for index in ending("idx").filter(|index| !has(index, "pack")) {
            self.unread
                .push(unreadable(&index.with_extension("pack"), "the file is missing, although its index exists"));
        }
        for pack in ending("pack") {
            if !has(pack, "idx") {
                self.unread.push(unreadable(pack, "it has no index; git index-pack creates one"));
                continue;
            }
            match Pack::open(&pack.with_extension("idx"), hash, threads) {
                Ok(pack) => {
                    self.unread.extend(pack.damage.clone());
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
        ids.extend(self.in_linked_folders(dir, hash));
        ids.sort();
        self.loose.push((dir.to_owned(), ids));
    }

    /// The ids of the loose objects in folders that are symbolic links. Git follows them, and gix skips them without an error.
    fn in_linked_folders(&mut self, dir: &Path, hash: HashKind) -> Vec<ObjectId> {
        let mut ids = Vec::new();
        let is_link = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_symlink());
        for folder in std::fs::read_dir(dir).into_iter().flatten().flatten().filter(is_link) {
            let name = folder.file_name();
            let Some(start) = name.to_str().filter(|name| is_fan_out(name)) else { continue };
            let entries = match std::fs::read_dir(folder.path()) {
                Ok(entries) => entries,
                Err(err) => {
                    self.unread.push(unreadable(&folder.path(), err));
                    continue;
                }
            };
            for entry in entries {
                match entry {
                    Ok(entry) => ids.extend(id_of(start, &entry.file_name(), hash)),
                    Err(err) => self.unread.push(unreadable(&folder.path(), err)),
                }
            }
        }
        ids
    }
}

/// The position of an id in a sorted list.
fn find(ids: &[ObjectId], id: &oid) -> Option<usize> {
    ids.binary_search_by(|other| other.as_bytes().cmp(id.as_bytes())).ok()
}

fn object_number(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 objects")
}

/// Whether the name is that of a folder of loose objects: two lower-case hex digits.
fn is_fan_out(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The id of the loose object with this name in the folder `start`. None for another file.
fn id_of(start: &str, name: &std::ffi::OsStr, hash: HashKind) -> Option<ObjectId> {
    let hex = format!("{start}{}", name.to_str()?);
    ObjectId::from_hex(hex.as_bytes()).ok().filter(|id| id.kind() == hash)
}

fn unreadable(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(format!("cannot read {}", path.display()), cause, "run git fsck --full to find the damage")
}
