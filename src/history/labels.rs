//! The names of objects: refs, HEADs and reflogs.

use std::path::Path;

use gix::ObjectId;

use crate::history::database::History;
use crate::regular_file;

/// A name from which a token is reachable. The most public kind is first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// The full name of a remote-tracking branch: `refs/remotes/origin/main`.
    Remote(Vec<u8>),
    /// The full name of a branch.
    Branch(Vec<u8>),
    /// The full name of a tag.
    Tag(Vec<u8>),
    /// The full name of any other ref, such as notes or pull requests, or `HEAD`.
    Other(Vec<u8>),
    Stash,
    /// The index of a worktree.
    Index,
    /// The path of a reflog in the git directory: `logs/HEAD`.
    Reflog(Vec<u8>),
}

/// A name, and the id that it refers to.
pub(super) struct NamedObject {
    pub label: Label,
    pub id: ObjectId,
}

impl History<'_> {
    /// Returns the ids from which git considers objects reachable: those of refs, of the HEAD of each worktree, and of reflogs.
    pub(crate) fn tips(&self) -> impl Iterator<Item = ObjectId> {
        named_objects(self).into_iter().map(|named| named.id)
    }
}

pub(super) fn named_objects(history: &History<'_>) -> Vec<NamedObject> {
    let mut names: Vec<NamedObject> = Vec::new();
    for found in &history.refs {
        let name = found.name.clone();
        let label = match () {
            () if name.starts_with(b"refs/remotes/") => Label::Remote(name),
            () if name.starts_with(b"refs/heads/") => Label::Branch(name),
            () if name.starts_with(b"refs/tags/") => Label::Tag(name),
            () if name == b"refs/stash" => Label::Stash,
            () => Label::Other(name),
        };
        names.push(NamedObject { label, id: found.id });
    }
    let head = |id| NamedObject { label: Label::Other(b"HEAD".to_vec()), id };
    names.extend(history.head.map(head));
    for git_dir in &history.git_dirs {
        // Commits on a detached HEAD may be reachable from nothing else. Each worktree has its own HEAD.
        names.extend(history.repository.detached_head(git_dir).map(head));
        add_reflogs(&git_dir.join("logs"), b"logs", &mut names);
    }
    names.extend(history.reflogs.iter().map(|found| {
        let name = [b"logs/", &found.name[..]].concat();
        NamedObject { label: reflog_label(name), id: found.id }
    }));
    names
}

/// Adds the ids in all reflogs below `folder`. `name` is the path of the folder in the git directory.
fn add_reflogs(folder: &Path, name: &[u8], names: &mut Vec<NamedObject>) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = [name, b"/", entry.file_name().as_encoded_bytes()].concat();
        if entry.path().is_dir() {
            add_reflogs(&entry.path(), &name, names);
            continue;
        }
        let label = reflog_label(name);
        let text = regular_file::read(&entry.path()).unwrap_or_default();
        for line in text.split(|&b| b == b'\n') {
            let ids = line.splitn(3, |&b| b == b' ').take(2).filter_map(|id| ObjectId::from_hex(id).ok());
            names.extend(ids.filter(|id| !id.is_null()).map(|id| NamedObject { label: label.clone(), id }));
        }
    }
}

fn reflog_label(name: Vec<u8>) -> Label {
    if name == b"logs/refs/stash" { Label::Stash } else { Label::Reflog(name) }
}
