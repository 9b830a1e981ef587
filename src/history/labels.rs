//! The names that lead to objects: refs, HEADs and reflogs.

use std::path::Path;

use gix::ObjectId;

use crate::history::database::History;
use crate::regular_file;

/// A way to reach a token, the most public first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// All of a ref's name: `refs/remotes/origin/main`.
    Remote(Vec<u8>),
    Branch(Vec<u8>),
    Tag(Vec<u8>),
    /// Notes, the refs of pull requests, whatever else there is.
    Other(Vec<u8>),
    Stash,
    /// The index of a worktree: what is staged there.
    Index,
    /// Only what HEAD or a branch once was: `logs/HEAD`.
    Reflog(Vec<u8>),
}

/// A name, and the object that it leads to.
pub(super) struct Named {
    pub label: Label,
    pub id: ObjectId,
}

impl History<'_> {
    /// Every id by which git may find something: those of refs, of the HEAD of each worktree, and of reflogs.
    pub(crate) fn named(&self) -> impl Iterator<Item = ObjectId> {
        names(self).into_iter().map(|named| named.id)
    }
}

pub(super) fn names(history: &History<'_>) -> Vec<Named> {
    let mut names: Vec<Named> = Vec::new();
    for found in &history.refs {
        let name = found.name.clone();
        let label = match () {
            () if name.starts_with(b"refs/remotes/") => Label::Remote(name),
            () if name.starts_with(b"refs/heads/") => Label::Branch(name),
            () if name.starts_with(b"refs/tags/") => Label::Tag(name),
            () if name == b"refs/stash" => Label::Stash,
            () => Label::Other(name),
        };
        names.push(Named { label, id: found.id });
    }
    let head = |id| Named { label: Label::Other(b"HEAD".to_vec()), id };
    names.extend(history.head.map(head));
    for git_dir in &history.git_dirs {
        // Where no branch is checked out, HEAD alone holds what was committed: in every worktree.
        names.extend(history.repository.detached_head(git_dir).map(head));
        logs(&git_dir.join("logs"), b"logs", &mut names);
    }
    names.extend(history.reflogs.iter().map(|found| {
        let name = [b"logs/", &found.name[..]].concat();
        Named { label: reflog(name), id: found.id }
    }));
    names
}

/// What the reflogs below `folder` name.
fn logs(folder: &Path, name: &[u8], names: &mut Vec<Named>) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = [name, b"/", entry.file_name().as_encoded_bytes()].concat();
        if entry.path().is_dir() {
            logs(&entry.path(), &name, names);
            continue;
        }
        let label = reflog(name);
        let text = regular_file::read(&entry.path()).unwrap_or_default();
        for line in text.split(|&b| b == b'\n') {
            let ids = line.splitn(3, |&b| b == b' ').take(2).filter_map(|id| ObjectId::from_hex(id).ok());
            names.extend(ids.filter(|id| !id.is_null()).map(|id| Named { label: label.clone(), id }));
        }
    }
}

fn reflog(name: Vec<u8>) -> Label {
    if name == b"logs/refs/stash" { Label::Stash } else { Label::Reflog(name) }
}
