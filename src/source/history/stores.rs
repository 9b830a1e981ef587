//! Every place where a repository keeps objects.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};

use super::pack::Pack;
use crate::trouble::Trouble;

/// All packs and all loose objects.
#[derive(Default)]
pub(super) struct Contents {
    pub packs: Vec<Pack>,
    /// For each folder of loose objects, the ids in it that no pack has.
    pub loose: Vec<(PathBuf, Vec<ObjectId>)>,
    pub unread: Vec<Trouble>,
    /// Whether a pack is one of a partial clone: what it refers to may be left out.
    pub promised: bool,
}

impl Contents {
    /// Those of the object directories `dirs`, and of their alternates.
    pub fn of(dirs: &[PathBuf], hash: HashKind) -> Self {
        let mut contents = Self::default();
        for dir in with_alternates(dirs, &mut contents.unread) {
            contents.add_packs(&dir.join("pack"), hash);
            contents.add_loose(&dir, hash);
        }
        let Self { packs, loose, .. } = &mut contents;
        for (_, ids) in loose {
            ids.retain(|id| !packs.iter().any(|pack| pack.has(id)));
        }
        contents
    }

    pub fn has(&self, id: &oid) -> bool {
        let is_loose = |ids: &[ObjectId]| ids.binary_search_by(|other| other.as_bytes().cmp(id.as_bytes())).is_ok();
        self.packs.iter().any(|pack| pack.has(id)) || self.loose.iter().any(|(_, ids)| is_loose(ids))
    }

    fn add_packs(&mut self, folder: &Path, hash: HashKind) {
        let mut indexes = Vec::new();
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return,
            Err(err) => return self.unread.push(unreadable(folder, err)),
        };
        for entry in entries {
            match entry {
                Ok(entry) => indexes.push(entry.path()),
                Err(err) => self.unread.push(unreadable(folder, err)),
            }
        }
        indexes.sort();
        self.promised |= indexes.iter().any(|path| path.extension().is_some_and(|end| end == "promisor"));
        let has = |path: &PathBuf, end: &str| indexes.binary_search(&path.with_extension(end)).is_ok();
        for pack in indexes.iter().filter(|path| path.extension().is_some_and(|end| end == "pack")) {
            if !has(pack, "idx") {
                self.unread.push(unreadable(pack, "it has no index; git index-pack makes one"));
                continue;
            }
            match Pack::open(&pack.with_extension("idx"), hash) {
                Ok(pack) => self.packs.push(pack),
                Err(trouble) => self.unread.push(trouble),
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

fn with_alternates(dirs: &[PathBuf], unread: &mut Vec<Trouble>) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for dir in dirs {
        let here = std::env::current_dir().unwrap_or_default();
        let alternates = match gix::odb::alternate::resolve(dir.clone(), &here) {
            Ok(alternates) => alternates,
            Err(err) => {
                unread.push(unreadable(&dir.join("info/alternates"), err));
                Vec::new()
            }
        };
        for dir in std::iter::once(dir.clone()).chain(alternates) {
            if !all.contains(&dir) {
                all.push(dir);
            }
        }
    }
    all
}

fn unreadable(path: &Path, cause: impl std::fmt::Display) -> Trouble {
    Trouble::new(format!("cannot read {}", path.display()), cause, "look for the damage with git fsck --full")
}
