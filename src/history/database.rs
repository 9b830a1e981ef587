//! The object database of a repository, and the names that lead into it, opened for a scan of all objects.

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
use crate::git::reflogs::unreadable_reflogs;
use crate::git::refs::{Ref, Refs};
use crate::git::repository::Repository;
use crate::history::archives::Archives;
use crate::history::clean_cache::KnownClean;
use crate::history::progress::ProgressState;
use crate::history::references::Found;
use crate::threads::Threads;

/// The object database of a repository, and the names that lead into it.
pub struct History<'r> {
    pub(super) repository: &'r Repository,
    pub(super) contents: Inventory,
    pub(super) refs: Vec<Ref>,
    /// Those of a reftable; others are files, and read where they are asked for.
    pub(super) reflogs: Vec<Ref>,
    pub(super) head: Option<ObjectId>,
    /// Those of all worktrees: where each has its index and its HEAD.
    pub(super) git_dirs: Vec<PathBuf>,
    /// Names of refs that lead to no object themselves.
    pub(super) other_names: Vec<Vec<u8>>,
    /// What the index of each worktree holds.
    pub(super) staged: Vec<Change>,
    /// Names that stand there for nothing yet.
    pub(super) intended: Vec<Vec<u8>>,
    /// What need not be read again.
    pub(super) clean: KnownClean,
    /// How many objects that leaves out.
    pub(super) known_clean: usize,
    /// What was noticed, once all was read.
    pub(super) found: OnceLock<Found>,
    /// Told how far it is.
    pub(super) progress: Arc<ProgressState>,
    pub(super) archives: Archives,
}

impl<'r> History<'r> {
    /// Opens every pack and lists every loose object. Reads no content but the indexes of the worktrees.
    pub fn open(repository: &'r Repository, threads: Threads, progress: Arc<ProgressState>) -> Self {
        let mut contents = Inventory::read(repository.object_dirs.dirs(), repository.objects.hash(), threads);
        let mut told = |error| contents.unread.push(error);
        let Refs { direct: refs, symbolic, broken } = repository.all_refs().map_err(&mut told).unwrap_or_default();
        broken.into_iter().for_each(&mut told);
        let mut other_names = symbolic;
        other_names.extend(repository.head_name().map_err(&mut told).unwrap_or_default());
        other_names.retain(|name| refs.iter().all(|found| found.name != *name));
        let in_table = repository.has_reftable().then(|| repository.query_reflogs());
        let reflogs = in_table.and_then(|found| found.map_err(&mut told).ok()).unwrap_or_default();
        let head = repository.head().map_err(&mut told).unwrap_or_default();
        let git_dirs =
            repository.git_dirs().map_err(&mut told).unwrap_or_else(|()| vec![repository.common_dir().into()]);
        git_dirs.iter().flat_map(|git_dir| unreadable_reflogs(&git_dir.join("logs"))).for_each(&mut told);
        let (mut staged, mut intended) = (Vec::new(), Vec::new());
        for git_dir in &git_dirs {
            let index = staged_in(git_dir, &repository.objects).map_err(&mut told).unwrap_or_default();
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
            found: OnceLock::new(),
            progress,
            archives: Archives::new(false),
        }
    }

    /// Whether one of the `count` objects may be read in two places. The loose ones of several folders may all stand for a
    /// damaged one of a pack.
    pub(super) fn has_copies(&self, count: usize) -> bool {
        let Inventory { packs, loose, .. } = &self.contents;
        let kept = packs.iter().map(Pack::entries).chain(loose.iter().map(|(_, ids)| ids.len()));
        loose.len() > 1 || kept.sum::<usize>() > count
    }

    /// How many objects there are, each counted once.
    pub(super) fn count(&self) -> usize {
        let loose: usize = self.contents.loose.iter().map(|(_, ids)| ids.len()).sum();
        match &self.contents.packs[..] {
            [] => loose,
            [pack] => loose + pack.count(),
            packs => loose + packs.iter().flat_map(Pack::ids).collect::<HashSet<_>>().len(),
        }
    }
}

/// All that the index of the worktree with this git directory holds.
fn staged_in(git_dir: &Path, objects: &Objects) -> Result<TreeDiff, Error> {
    let path = git_dir.join("index");
    // A bare repository has none, and no index is an empty one. What cannot be looked for is.
    if path.try_exists().unwrap_or(true) {
        index::compare(&path, git_dir, None, objects, CONFIG_NAME)
    } else {
        Ok(TreeDiff::default())
    }
}
