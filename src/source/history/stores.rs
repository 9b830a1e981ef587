//! Every place where a repository keeps objects.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::hash::{Kind as HashKind, oid};

use super::pack::Pack;
use crate::source::Threads;
use crate::trouble::Trouble;

/// How long git takes to remove the files of a pack, and more.
const PAUSE: Duration = Duration::from_millis(200);

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

    fn add_packs(&mut self, folder: &Path, hash: HashKind, threads: Threads) {
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

/// `dirs`, and whatever they borrow from, each once. Unlike gix this follows a relative alternate from the directory that
/// names it, and lets two name each other, as git does.
fn with_alternates(dirs: &[PathBuf], unread: &mut Vec<Trouble>) -> Vec<PathBuf> {
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut next: Vec<PathBuf> = dirs.iter().rev().cloned().collect();
    while let Some(dir) = next.pop() {
        let real = dir.canonicalize().unwrap_or(dir);
        if seen.contains(&real) {
            continue;
        }
        let file = real.join("info/alternates");
        match std::fs::read(&file) {
            Ok(text) => next.extend(alternates_in(&text).map(|alternate| real.join(alternate))),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {}
            Err(err) => unread.push(unreadable(&file, err)),
        }
        seen.push(real);
    }
    seen
}

/// One a line, quoted as in C where it begins with a double quote; `#` starts a comment.
fn alternates_in(text: &[u8]) -> impl Iterator<Item = PathBuf> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    lines.filter_map(|line| {
        let plain = Cow::Borrowed(line.as_bstr());
        let quoted = line.starts_with(b"\"").then(|| gix::quote::ansi_c::undo(line.as_bstr()).ok()).flatten();
        let line = quoted.map_or(plain, |(path, _)| path);
        gix::path::from_bstr(line).ok().map(Cow::into_owned)
    })
}

fn unreadable(path: &Path, cause: impl std::fmt::Display) -> Trouble {
    Trouble::new(format!("cannot read {}", path.display()), cause, "look for the damage with git fsck --full")
}
