//! Under which names a token can be reached.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::History;
use super::trace::{Trace, Tracer};
use crate::regular_file;
use crate::trouble::Trouble;

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
struct Named {
    label: Label,
    id: ObjectId,
}

impl Tracer<'_> {
    /// Puts on each trace the names under which its token can be reached. `carriers` are, for each token, the commits
    /// that brought it.
    pub(super) fn label(&self, carriers: &[Vec<u32>], traces: &mut [Trace]) {
        let names = names(self.history);
        let tips = self.label_directly(&names, traces);
        let children = self.commits.children();
        let mut met = vec![usize::MAX; self.commits.list.len()];
        for (token, trace) in traces.iter_mut().enumerate() {
            let mut next = carriers[token].clone();
            while let Some(commit) = next.pop() {
                if std::mem::replace(&mut met[commit as usize], token) != token {
                    trace.labels.extend(tips.get(&commit).into_iter().flatten().map(|label| (*label).clone()));
                    next.extend(&children[commit as usize]);
                }
            }
        }
        self.label_staged(traces);
        for trace in traces {
            leave_out_implied(&mut trace.labels);
        }
    }

    /// Those that lead to a tag's words, a tree or a blob. Returns which lead to which commit.
    fn label_directly<'n>(&self, names: &'n [Named], traces: &mut [Trace]) -> HashMap<u32, BTreeSet<&'n Label>> {
        let mut tips: HashMap<u32, BTreeSet<&Label>> = HashMap::new();
        for named in names {
            // A tag of a tag: what is on the way holds words of its own.
            for id in self.commits.chain(&named.id) {
                if let Some(commit) = self.commits.number(&id) {
                    tips.entry(commit).or_default().insert(&named.label);
                }
                for token in self.held_by(&id) {
                    traces[token].labels.insert(named.label.clone());
                }
            }
        }
        tips
    }

    /// The tokens in the object itself, or in what stands below it.
    fn held_by(&self, id: &ObjectId) -> BTreeSet<usize> {
        let mut tokens: BTreeSet<usize> = self.holders.words.get(id).into_iter().flatten().copied().collect();
        tokens
            .extend(self.holders.numbers.get(id).into_iter().flat_map(|&number| &self.holders.tokens[number as usize]));
        if let Some(tree) = self.trees.number(id) {
            tokens.extend(self.tokens_of_tree(tree).iter());
        }
        tokens
    }

    /// What the indexes of the worktrees hold.
    fn label_staged(&self, traces: &mut [Trace]) {
        for change in &self.history.staged {
            for token in self.held_by(&change.id) {
                traces[token].labels.insert(Label::Index);
                traces[token].staged.push((change.path.clone(), change.id.to_string()));
            }
        }
    }
}

/// HEAD is a branch, and reflogs name the same commits: where a branch, a tag or a remote leads to the token, they say nothing
/// more. A stash does: it keeps its own copy when the branch is rewritten.
fn leave_out_implied(labels: &mut BTreeSet<Label>) {
    if labels.iter().any(|label| matches!(label, Label::Remote(_) | Label::Branch(_) | Label::Tag(_))) {
        let is_head = |label: &Label| matches!(label, Label::Other(name) if name == b"HEAD");
        labels.retain(|label| !matches!(label, Label::Reflog(_)) && !is_head(label));
    } else if labels.contains(&Label::Stash) {
        labels.retain(|label| !matches!(label, Label::Reflog(_)));
    }
}

impl History<'_> {
    /// Every id by which git may find something: those of refs, of the HEAD of each worktree, and of reflogs.
    pub(super) fn named(&self) -> impl Iterator<Item = ObjectId> {
        names(self).into_iter().map(|named| named.id)
    }
}

fn names(history: &History<'_>) -> Vec<Named> {
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

/// What is said of reflogs in `folder` that cannot be read: what they lead to may be missing from the answer.
pub(super) fn unread_logs(folder: &Path) -> Vec<Trouble> {
    let unread = |path: &Path, err: std::io::Error| {
        let attempt = format!("cannot read the reflog {}", path.display());
        vec![Trouble::new(attempt, err, "make it readable, or see what git reflog says of it")]
    };
    let entries = match folder.read_dir().and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(err) => return unread(folder, err),
    };
    let look = |path: PathBuf| {
        if path.is_dir() {
            return unread_logs(&path);
        }
        let opened = regular_file::open(&path).and_then(|_| regular_file::expect(&path));
        opened.map_or_else(|err| unread(&path, err), |()| Vec::new())
    };
    entries.into_iter().flat_map(|entry: std::fs::DirEntry| look(entry.path())).collect()
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
