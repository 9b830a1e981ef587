//! Looking up one file of the index, without comparing all of it with HEAD.

use std::io;
use std::path::Path;

use gix::ObjectId;

use crate::error::Error;
use crate::git::index::compare::compare;
use crate::git::index::entries::EntryCursor;
use crate::git::index::mapped::{Index, index_error};
use crate::git::odb::objects::{EntryKind, Objects};

/// The blob of the file `name` at the top of the next commit, if there is one, as [`compare`] finds it for the index at `path`, of the
/// repository at `git_dir`.
pub(crate) fn top_file(
    path: &Path,
    git_dir: &Path,
    objects: &Objects,
    name: &'static str,
) -> Result<Option<ObjectId>, Error> {
    let mapped = match crate::git::mmap::map(path) {
        Ok(mapped) => mapped,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(index_error(path, err)),
    };
    if let Some(index) = Index::parse(&mapped, objects.hash()) {
        let root = index.next_tree().filter(|_| !index.is_small());
        if let Some(found) = root.and_then(|root| objects.top_file(&root, name).ok()) {
            return Ok(found);
        }
        if index.has_plain_entries() {
            let mut entries = index.entries();
            let found = find(&mut entries, index.count(), name.as_bytes());
            if entries.is_complete() {
                return Ok(found);
            }
        }
    }
    compare(path, git_dir, None, objects, name).map(|diff| diff.top_file)
}

/// Finds the file among `count` sorted entries, and moves past all of them.
fn find<'a>(entries: &mut impl EntryCursor<'a>, count: usize, name: &[u8]) -> Option<ObjectId> {
    let mut found = None;
    for passed in 0..count {
        match entries.current() {
            Some(entry) if entry.path <= name => {
                // Of a conflict, the last stage counts.
                let is_file = EntryKind::from(entry.mode) == EntryKind::File;
                if entry.path == name && is_file && entry.stage != 1 && !entry.intent_to_add {
                    found = Some(entry.id);
                }
                entries.skip(1);
            }
            _ => {
                entries.skip(count - passed);
                break;
            }
        }
    }
    found
}
