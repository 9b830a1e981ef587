//! Under which names a token can be reached.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use gix::ObjectId;
use gix::objs::Kind;

use super::graph::Commits;
use super::trace::{Holders, Trace};
use super::{History, staged_in};
use crate::source::push;
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

/// Puts on each trace the names under which its token can be reached. `carriers` are, for each token, the commits that
/// brought it.
pub(super) fn label(
    history: &History<'_>,
    commits: &Commits,
    holders: &Holders,
    carriers: &[Vec<u32>],
    traces: &mut [Trace],
) -> Result<(), Trouble> {
    let names = names(history)?;
    let mut tips: HashMap<u32, BTreeSet<&Label>> = HashMap::new();
    for named in &names {
        // A tag of a tag: what is on the way holds words of its own.
        for (kind, id) in push::chain(&named.id, &history.repository.objects).unwrap_or_default() {
            if let Some(commit) = commits.number(&id).filter(|_| kind == Kind::Commit) {
                tips.entry(commit).or_default().insert(&named.label);
            }
            let direct = holders.words.get(&id).into_iter().flatten();
            let held = holders.numbers.get(&id).into_iter().flat_map(|&number| &holders.tokens[number as usize]);
            for &token in direct.chain(held) {
                traces[token].labels.insert(named.label.clone());
            }
        }
    }
    let children = commits.children();
    let mut met = vec![usize::MAX; commits.list.len()];
    for (token, trace) in traces.iter_mut().enumerate() {
        let mut next = carriers[token].clone();
        while let Some(commit) = next.pop() {
            if std::mem::replace(&mut met[commit as usize], token) == token {
                continue;
            }
            trace.labels.extend(tips.get(&commit).into_iter().flatten().map(|label| (*label).clone()));
            next.extend(&children[commit as usize]);
        }
    }
    staged(history, holders, traces)?;
    for trace in traces {
        leave_out_implied(&mut trace.labels);
    }
    Ok(())
}

/// A stash stands on a branch, HEAD is one, and reflogs tell of the same commits: where a branch, a tag or a remote leads
/// to the token, they say nothing more.
fn leave_out_implied(labels: &mut BTreeSet<Label>) {
    if labels.iter().any(|label| matches!(label, Label::Remote(_) | Label::Branch(_) | Label::Tag(_))) {
        let is_head = |label: &Label| matches!(label, Label::Other(name) if name == b"HEAD");
        labels.retain(|label| !matches!(label, Label::Stash | Label::Reflog(_)) && !is_head(label));
    } else if labels.contains(&Label::Stash) {
        labels.retain(|label| !matches!(label, Label::Reflog(_)));
    }
}

fn names(history: &History<'_>) -> Result<Vec<Named>, Trouble> {
    let mut names: Vec<Named> = Vec::new();
    for found in history.repository.refs()? {
        let name = found.name;
        let label = match () {
            () if name.starts_with(b"refs/remotes/") => Label::Remote(name),
            () if name.starts_with(b"refs/heads/") => Label::Branch(name),
            () if name.starts_with(b"refs/tags/") => Label::Tag(name),
            () if name == b"refs/stash" => Label::Stash,
            () => Label::Other(name),
        };
        names.push(Named { label, id: found.id });
    }
    if let Some(id) = history.repository.head()? {
        names.push(Named { label: Label::Other(b"HEAD".to_vec()), id });
    }
    for git_dir in history.repository.git_dirs() {
        logs(&git_dir.join("logs"), b"logs", &mut names);
    }
    Ok(names)
}

/// What the reflogs below `folder` name.
fn logs(folder: &Path, name: &[u8], names: &mut Vec<Named>) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = [name, b"/", entry.file_name().as_encoded_bytes()].concat();
        if entry.path().is_dir() {
            logs(&entry.path(), &name, names);
            continue;
        }
        let label = if name == b"logs/refs/stash" { Label::Stash } else { Label::Reflog(name) };
        let text = std::fs::read(entry.path()).unwrap_or_default();
        for line in text.split(|&b| b == b'\n') {
            let ids = line.splitn(3, |&b| b == b' ').take(2).filter_map(|id| ObjectId::from_hex(id).ok());
            names.extend(ids.filter(|id| !id.is_null()).map(|id| Named { label: label.clone(), id }));
        }
    }
}

/// What the indexes of the worktrees hold.
fn staged(history: &History<'_>, holders: &Holders, traces: &mut [Trace]) -> Result<(), Trouble> {
    let objects = &history.repository.objects;
    for git_dir in history.repository.git_dirs() {
        for change in staged_in(&git_dir, objects)? {
            let held = holders.numbers.get(&change.id);
            for &token in held.into_iter().flat_map(|&number| &holders.tokens[number as usize]) {
                traces[token].labels.insert(Label::Index);
            }
        }
    }
    Ok(())
}
