//! Comparing an index with a tree, by the fastest way that works for the index.

use std::io;
use std::path::Path;

use gix::ObjectId;

use crate::error::Error;
use crate::git::diff::change::TreeDiff;
use crate::git::diff::tree::compare_trees;
use crate::git::index::decoded::DecodedEntries;
use crate::git::index::{entries, mapped, split, walk};
use crate::git::odb::objects::Objects;

/// Compares the index at `path`, of the repository at `git_dir`, with `head`, the tree of HEAD. As in git, a missing index
/// is an empty one. Fails if the index or an object is damaged or cannot be read.
pub(crate) fn compare(
    path: &Path,
    git_dir: &Path,
    head: Option<ObjectId>,
    objects: &Objects,
    top_file: &'static str,
) -> Result<TreeDiff, Error> {
    let mapped = match crate::git::mmap::map(path) {
        Ok(mapped) => mapped,
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            return walk::compare(entries::EmptyIndex, None, head, objects, top_file);
        }
        Err(err) => return Err(mapped::index_error(path, err)),
    };
    let raw =
        mapped::Index::parse(&mapped, objects.hash()).ok_or_else(|| mapped::index_error(path, mapped::NO_INDEX))?;
    if let Some(root) = Some(&raw).filter(|raw| !raw.is_small()).and_then(mapped::Index::next_tree)
        && let Ok(diff) = compare_trees(head, &[], root, objects, top_file)
    {
        return Ok(diff);
    }
    if raw.has_plain_entries() {
        let mut entries = raw.entries();
        let diff = walk::compare(&mut entries, raw.cache_tree().as_ref(), head, objects, top_file)?;
        if entries.is_complete() {
            return Ok(diff);
        }
    }
    let mut decoded = DecodedEntries::read(&raw).map_err(|why| mapped::index_error(path, why))?;
    if let Some(link) = decoded.link {
        decoded = split::resolve(decoded, link, path, git_dir, objects.hash())?;
    }
    if decoded.entries.iter().any(|(path, _)| path.is_empty()) {
        return Err(mapped::index_error(path, "an entry has no path"));
    }
    walk::compare(decoded.cursor(), raw.cache_tree().as_ref(), head, objects, top_file)
}
