//! The result of comparing two trees, or the index and a tree.

use gix::ObjectId;
use gix::objs::tree::EntryRef;

use crate::git::odb::objects::EntryKind;

/// A path whose content in the index is not HEAD's.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub path: Vec<u8>,
    pub kept: EntryKind,
    pub id: ObjectId,
    /// What HEAD has at this path, where it has something.
    pub old: Option<(EntryKind, ObjectId)>,
}

/// A path that HEAD has and the index has not; a folder stands for all in it.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    pub path: Vec<u8>,
    pub kept: EntryKind,
    pub id: ObjectId,
}

/// What one tree, or the index, changes in another tree.
#[derive(Debug, Default)]
pub(crate) struct TreeDiff {
    pub changes: Vec<Change>,
    pub removals: Vec<Removal>,
    /// Paths that `git add -N` named: they stand in the index, and are no part of the next commit.
    pub intended: Vec<Vec<u8>>,
    /// The blob of the file at the top that the caller asked for, changed or not.
    pub top_file: Option<ObjectId>,
    top_file_name: &'static str,
}

impl TreeDiff {
    /// `top_file` names a file at the top whose blob the caller needs in any case.
    pub fn new(top_file: &'static str) -> Self {
        Self { top_file_name: top_file, ..Self::default() }
    }

    pub fn is_top_file(&self, prefix: &[u8], name: &[u8]) -> bool {
        prefix.is_empty() && name == self.top_file_name.as_bytes()
    }

    /// Adds a path with what it has now and what it had. Without a difference only the top file is noted.
    pub fn add(&mut self, path: Vec<u8>, kept: EntryKind, id: ObjectId, old: Option<(EntryKind, ObjectId)>) {
        if kept == EntryKind::File && self.is_top_file(b"", &path) {
            self.top_file = Some(id);
        }
        if old != Some((kept, id)) {
            self.changes.push(Change { path, kept, id, old });
        }
    }

    /// Adds an entry of a tree that the other side does not have.
    pub fn remove(&mut self, prefix: &[u8], gone: &EntryRef<'_>) {
        self.removals.push(Removal {
            path: [prefix, gone.filename].concat(),
            kept: gone.mode.into(),
            id: gone.oid.to_owned(),
        });
    }
}
