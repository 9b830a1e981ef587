//! The object database of a repository and its refs, opened for a scan of all objects.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gix::ObjectId;

use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::diff::change::{Change, TreeDiff};
use crate::git::index;
use crate::git::odb::inventory::Inventory;
use crate::git::odb::objects::Objects;
use crate::git::pack::forest::Pack;
use crate::git::reflogs::{ReflogEntry, unreadable_reflogs};
use crate::git::refs::{Ref, Refs};
use crate::git::repository::Repository;
use crate::history::archives::Archives;
use crate::history::clean_cache::KnownClean;
use crate::history::progress::ProgressState;
use crate::history::references::Unavailable;
use crate::threads::Threads;

/// The object database of a repository, with its refs, reflogs and indexes.
pub struct History<'r> {
    pub(super) repository: &'r Repository,
    pub(super) contents: Inventory,
    pub(super) refs: Vec<Ref>,
    /// The reflogs of a reftable. Reflogs in files are read on demand.
    pub(super) reflogs: Vec<ReflogEntry>,
    pub(super) head: Option<ObjectId>,
    /// The git directories of all worktrees. Each has an index and a HEAD.
    pub(super) git_dirs: Vec<PathBuf>,
    /// The names of symbolic refs, and of HEAD's branch if it has no commit.
    pub(super) other_names: Vec<Vec<u8>>,
    /// The entries of all indexes.
    pub(super) staged: Vec<Change>,
    /// The paths of index entries with intent-to-add (`git add -N`).
    pub(super) intended: Vec<Vec<u8>>,
    /// Objects of an earlier scan that need not be read again.
    pub(super) clean: KnownClean,
    /// The number of objects that this scan skips.
    pub(super) known_clean: usize,
    /// Missing objects, LFS pointers and submodules. Set when all objects were read.
    pub(super) unavailable: OnceLock<Unavailable>,
    pub(super) progress: Arc<ProgressState>,
    pub(super) archives: Archives,
}

impl<'r> History<'r> {
    /// Opens every pack and lists every loose object. Reads no content but the indexes of the worktrees.
    pub fn open(repository: &'r Repository, threads: Threads, progress: Arc<ProgressState>) -> Self {
        let mut contents = Inventory::read(repository.object_dirs.dirs(), repository.objects.hash(), threads);
        let mut report = |error| contents.unread.push(error);
        let Refs { direct: refs, symbolic, broken } = repository.all_refs().map_err(&mut report).unwrap_or_default();
        broken.into_iter().for_each(&mut report);
        let mut other_names = symbolic;
        other_names.extend(repository.head_name().map_err(&mut report).unwrap_or_default());
        other_names.retain(|name| refs.iter().all(|found| found.name != *name));
        let in_table = repository.has_reftable().then(|| repository.query_reflogs());
        let reflogs = in_table.and_then(|found| found.map_err(&mut report).ok()).unwrap_or_default();
        let head = repository.head().map_err(&mut report).unwrap_or_default();
        let git_dirs =
            repository.git_dirs().map_err(&mut report).unwrap_or_else(|()| vec![repository.common_dir().into()]);
        git_dirs.iter().flat_map(|git_dir| unreadable_reflogs(&git_dir.join("logs"))).for_each(&mut report);
        let (mut staged, mut intended) = (Vec::new(), Vec::new());
        for git_dir in &git_dirs {
            let index = index_entries(git_dir, &repository.objects).map_err(&mut report).unwrap_or_default();
            staged.extend(index.changes);
            intended.extend(index.intended);
        }
        Self {
            repository,
            contents,
            refs,
            reflogs,
            head,
            git_dirs,
            other_names,
            staged,
            intended,
            clean: KnownClean::default(),
            known_clean: 0,
            unavailable: OnceLock::new(),
            progress,
            archives: Archives::new(false),
        }
    }

    /// Returns whether the scan may read one of the `count` objects twice. If there are several folders of loose objects, each may
    /// have a copy of an object that is damaged in a pack.
    pub(super) fn has_duplicates(&self, count: usize) -> bool {
        let Inventory { packs, loose, .. } = &self.contents;
        let stored = packs.iter().map(Pack::entries).chain(loose.iter().map(|(_, ids)| ids.len()));
        loose.len() > 1 || stored.sum::<usize>() > count
    }

    /// Counts the objects, without duplicates.
    pub(super) fn count(&self) -> usize {
        let loose: usize = self.contents.loose.iter().map(|(_, ids)| ids.len()).sum();
        match &self.contents.packs[..] {
            [] => loose,
            [pack] => loose + pack.count(),
            packs => loose + packs.iter().flat_map(Pack::ids).collect::<HashSet<_>>().len(),
        }
    }
}

/// Reads all entries of the index in this git directory.
fn index_entries(git_dir: &Path, objects: &Objects) -> Result<TreeDiff, Error> {
    let path = git_dir.join("index");
    // A missing index, as in a bare repository, is an empty one. If the check itself fails, reading the index reports the error.
    if path.try_exists().unwrap_or(true) {
        index::compare(&path, git_dir, None, objects, CONFIG_NAME)
    } else {
        Ok(TreeDiff::default())
    }
}
