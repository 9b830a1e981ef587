//! The difference between two trees, or between the index and a tree.

use gix::ObjectId;
use gix::objs::tree::EntryRef;

use crate::git::odb::objects::EntryKind;

/// A path that is new or changed on the new side, which is a tree or the index.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub path: Vec<u8>,
    pub kind: EntryKind,
    pub id: ObjectId,
    /// The entry at this path on the old side, if there is one.
    pub old: Option<(EntryKind, ObjectId)>,
}

/// A path that is missing on the new side. A directory stands for everything in it.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    pub path: Vec<u8>,
    pub kind: EntryKind,
    pub id: ObjectId,
}

/// The changes that a tree or the index makes to another tree.
#[derive(Debug, Default)]
pub(crate) struct TreeDiff {
    pub changes: Vec<Change>,
    pub removals: Vec<Removal>,
    /// Paths that were added with `git add -N`. They are in the index, but not part of the next commit.
    pub intended: Vec<Vec<u8>>,
    /// The blob of the file at the top that the caller asked for, whether it changed or not.
    pub top_file: Option<ObjectId>,
    top_file_name: &'static str,
}

impl TreeDiff {
    /// `top_file` names a file at the top whose blob is always recorded.
    pub fn new(top_file: &'static str) -> Self {
        Self { top_file_name: top_file, ..Self::default() }
    }

    pub fn is_top_file(&self, prefix: &[u8], name: &[u8]) -> bool {
        prefix.is_empty() && name == self.top_file_name.as_bytes()
    }

    /// Adds an entry of the new side, with the entry at its path on the old side. If they are equal, no change is added.
    pub fn add(&mut self, path: Vec<u8>, kind: EntryKind, id: ObjectId, old: Option<(EntryKind, ObjectId)>) {
        if kind == EntryKind::File && self.is_top_file(b"", &path) {
            self.top_file = Some(id);
        }
        if old != Some((kind, id)) {
            self.changes.push(Change { path, kind, id, old });
        }
    }

    /// Adds an entry that the new side does not have.
    pub fn remove(&mut self, prefix: &[u8], entry: &EntryRef<'_>) {
        self.removals.push(Removal {
            path: [prefix, entry.filename].concat(),
            kind: entry.mode.into(),
            id: entry.oid.to_owned(),
        });
    }
}
