//! What the index adds to HEAD's tree.
//!
//! Three ways, the fastest that can be trusted first; each is exact, and what one does not understand goes to the next.
//!
//! 1. The cache tree at the end of the index names the tree that git is about to commit: compare two trees. In a hook
//!    after a plain `commit` it is always there. Of 100,000 files, `git diff --cached --quiet` takes ten times as long.
//! 2. The index is small, or its cache tree is invalid at its root (after a bare `git add`): walk the entries in the
//!    mapped bytes, and skip every folder whose cached tree is HEAD's.
//! 3. Index version 4, split and sparse indexes: the same walk over a list of the entries.

mod bitmap;
mod entries;
mod listed;
mod raw;
mod split;
mod walk;

pub(super) use walk::compare_trees;

use std::io;
use std::path::Path;

use gix::ObjectId;

use listed::Listed;

use super::objects::{Kept, Objects};
use crate::trouble::Trouble;

/// A path whose content in the index is not HEAD's.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub path: Vec<u8>,
    pub kept: Kept,
    pub id: ObjectId,
    /// What HEAD has at this path, where it has something.
    pub old: Option<(Kept, ObjectId)>,
}

/// A path that HEAD has and the index has not; a folder stands for all in it.
#[derive(Clone, Debug)]
pub(super) struct Removal {
    pub path: Vec<u8>,
    pub kept: Kept,
    pub id: ObjectId,
}

/// All that the next commit changes.
#[derive(Debug, Default)]
pub(super) struct Delta {
    pub changes: Vec<Change>,
    pub removals: Vec<Removal>,
    /// Paths that `git add -N` named: they stand in the index, and are no part of the next commit.
    pub intended: Vec<Vec<u8>>,
    /// The blob of `.keysweep.toml` at the top, as the next commit has it.
    pub config: Option<ObjectId>,
}

/// Compares the index at `path`, of the repository at `git_dir`, with `head`, HEAD's tree. A missing index is an empty
/// one, as git has it.
pub(super) fn compare(
    path: &Path,
    git_dir: &Path,
    head: Option<ObjectId>,
    objects: &Objects,
) -> Result<Delta, Trouble> {
    let mapped = match super::map::map(path) {
        Ok(mapped) => mapped,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return walk::compare(entries::None, None, head, objects),
        Err(err) => return Err(damaged(path, err)),
    };
    let raw = raw::Index::parse(&mapped, objects.hash()).ok_or_else(|| damaged(path, raw::NO_INDEX))?;
    if let Some(root) = Some(&raw).filter(|raw| !raw.is_small()).and_then(raw::Index::next_tree)
        && let Ok(delta) = compare_trees(head, &[], root, objects)
    {
        return Ok(delta);
    }
    if raw.has_plain_entries() {
        let mut entries = raw.entries();
        let delta = walk::compare(&mut entries, raw.cache_tree().as_ref(), head, objects)?;
        if entries.ended_well() {
            return Ok(delta);
        }
    }
    let mut listed = Listed::read(&raw).map_err(|why| damaged(path, why))?;
    if let Some(link) = listed.link {
        listed = split::joined(listed, link, path, git_dir, objects.hash())?;
    }
    if listed.entries.iter().any(|(path, _)| path.is_empty()) {
        return Err(damaged(path, "an entry has no path"));
    }
    walk::compare(listed.walk(), raw.cache_tree().as_ref(), head, objects)
}

fn damaged(path: &Path, cause: impl std::fmt::Display) -> Trouble {
    Trouble::new(
        format!("cannot read the index {}", path.display()),
        cause,
        "see what git status says of it; git reset rebuilds an index from HEAD",
    )
}
