//! Comparing an index with a tree, by the fastest way that works for the index.

use std::io;
use std::path::Path;

use gix::ObjectId;
use gix::hash::Kind;

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
    let decoded = decode(&raw, path, git_dir, objects.hash())?;
    walk::compare(decoded.cursor(), raw.cache_tree().as_ref(), head, objects, top_file)
}

/// Reads all entries of the index at `path`, of the repository at `git_dir`. A missing index is an empty one.
pub(crate) fn read_entries(path: &Path, git_dir: &Path, hash: Kind) -> Result<DecodedEntries<'static>, Error> {
    let mapped = match crate::git::mmap::map(path) {
        Ok(mapped) => mapped,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(DecodedEntries::default()),
        Err(err) => return Err(mapped::index_error(path, err)),
    };
    let raw = mapped::Index::parse(&mapped, hash).ok_or_else(|| mapped::index_error(path, mapped::NO_INDEX))?;
    let decoded = decode(&raw, path, git_dir, hash)?;
    Ok(DecodedEntries { paths: decoded.paths, entries: decoded.entries, link: None })
}

fn decode<'a>(raw: &mapped::Index<'a>, path: &Path, git_dir: &Path, hash: Kind) -> Result<DecodedEntries<'a>, Error> {
    let mut decoded = DecodedEntries::read(raw).map_err(|why| mapped::index_error(path, why))?;
    if let Some(link) = decoded.link {
        decoded = split::resolve(decoded, link, path, git_dir, hash)?;
    }
    if decoded.entries.iter().any(|entry| entry.path.is_empty()) {
        return Err(mapped::index_error(path, "an entry has no path"));
    }
    Ok(decoded)
}
