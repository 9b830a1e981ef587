//! The names of objects: refs, HEADs and reflogs.

use gix::ObjectId;

use crate::git::reflogs::read_reflogs;
use crate::history::database::History;

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

/// A push from this clone that a tracking ref recorded.
pub(super) struct RecordedPush {
    /// The tracking ref: `refs/remotes/origin/main`.
    pub name: Vec<u8>,
    /// What was pushed.
    pub id: ObjectId,
    /// When, in seconds since 1970.
    pub time: i64,
}

/// The pushes from this clone. Those of one ref are in order, oldest first. Git drops entries of reflogs after 90 days.
pub(super) fn recorded_pushes(history: &History<'_>) -> Vec<RecordedPush> {
    let logs = history.repository.common_dir().join("logs");
    let in_files = read_reflogs(&logs);
    // Git lists the entries of a reftable newest first.
    let entries = in_files.iter().chain(history.reflogs.iter().rev());
    let pushes = entries.filter(|entry| entry.name.starts_with(b"refs/remotes/")).filter_map(|entry| {
        let (id, time) = (entry.new?, entry.pushed_at?);
        Some(RecordedPush { name: entry.name.clone(), id, time })
    });
    pushes.collect()
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
    let mut reflogs = Vec::new();
    for git_dir in &history.git_dirs {
        // Commits on a detached HEAD may be reachable from nothing else. Each worktree has its own HEAD.
        names.extend(history.repository.detached_head(git_dir).map(head));
        reflogs.extend(read_reflogs(&git_dir.join("logs")));
    }
    for entry in reflogs.iter().chain(&history.reflogs) {
        let label = reflog_label(&entry.name);
        let ids = entry.old.into_iter().chain(entry.new);
        names.extend(ids.map(|id| NamedObject { label: label.clone(), id }));
    }
    names
}

fn reflog_label(name: &[u8]) -> Label {
    if name == b"refs/stash" { Label::Stash } else { Label::Reflog([b"logs/", name].concat()) }
}
