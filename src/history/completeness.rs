//! What a repository says that it has not, and what is not there though something refers to it.

use std::collections::HashSet;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::error::Error;
use crate::git::odb::inventory::Inventory;
use crate::git::odb::missing::{missing_error, objects, sorted};
use crate::git::odb::objects::{EntryKind, lfs_pointers_error};
use crate::git::refs::shallow_error;
use crate::git::repository::Repository;
use crate::history::commit_graph::{Commits, Held, Numbers, Trees};
use crate::history::database::History;
use crate::history::references::Found;
use crate::scan::source::Coverage;
use crate::threads::Threads;

impl History<'_> {
    /// Tells what was not there to be scanned.
    pub(crate) fn tell_lacks(&self, found: &Found, threads: Threads, covered: &mut Coverage) {
        let shallow = self.repository.shallow().unwrap_or_else(|error| {
            covered.unread.push(error);
            HashSet::new()
        });
        if !shallow.is_empty() {
            covered.missing.push(shallow_error(&objects(&sorted(&shallow))));
        }
        let partial = self.contents.has_promisor_pack || self.repository.is_partial();
        let missing = self.missing(found.missing.clone(), &shallow, partial, threads);
        covered.missing.extend(missing_error(&missing, partial));
        covered.missing.extend(self.broken_refs());
        if !found.pointers.is_empty() {
            covered.missing.push(lfs_pointers_error(found.pointers.len()));
        }
    }

    /// What was told to git about this history, and changes nothing here.
    pub fn notes(&self) -> Vec<String> {
        let replaced = self.refs.iter().filter(|found| found.name.starts_with(b"refs/replace/")).count();
        let replaced = (replaced > 0).then(|| {
            let are = if replaced == 1 { "1 object is".to_owned() } else { format!("{replaced} objects are") };
            format!("{are} replaced by git replace: what is replaced was scanned as well, and is what is told of")
        });
        let grafts = self.repository.has_grafts().then(|| {
            "there is a file of grafts, info/grafts: commits were taken with the parents that they name themselves"
                .to_owned()
        });
        let known = self.known_clean;
        let known = (known > 0).then(|| {
            let are = if known == 1 { "1 object was".to_owned() } else { format!("{known} objects were") };
            format!("{are} clean in the last sweep by these rules, and not read again")
        });
        replaced.into_iter().chain(grafts).chain(known).collect()
    }

    /// What objects or the index refer to and is not here. In a plain repository only what something leads to that
    /// git keeps: what a forgotten object names is git's to prune.
    fn missing(
        &self,
        mut missing: HashSet<ObjectId>,
        shallow: &HashSet<ObjectId>,
        partial: bool,
        threads: Threads,
    ) -> HashSet<ObjectId> {
        let staged = self.staged.iter().filter(|change| change.kept != EntryKind::Submodule).map(|change| change.id);
        missing.extend(staged.filter(|id| !self.contents.has(id)));
        // What was missing when it was remembered may be here by now.
        missing.retain(|id| !id.is_empty_tree() && !self.contents.has(id));
        if !partial && !missing.is_empty() {
            missing = Missed::of(self, missing, threads).reached(self, shallow);
        }
        missing
    }

    fn broken_refs(&self) -> impl Iterator<Item = Error> {
        let broken = self.refs.iter().filter(|found| !self.contents.has(&found.id) && !found.id.is_empty_tree());
        broken.map(|found| {
            Error::new(
                format!("cannot scan what {} leads to", found.name.as_bstr()),
                format!("the object {} is not here", found.id.to_hex_with_len(16)),
                "git fsck tells more; git update-ref -d removes the name",
            )
        })
    }
}

/// What is missing, and the trees and commits that lead there.
struct Missed {
    missing: Vec<ObjectId>,
    numbers: Numbers,
    trees: Trees,
    commits: Commits,
}

impl Missed {
    fn of(history: &History<'_>, missing: HashSet<ObjectId>, threads: Threads) -> Self {
        let missing: Vec<ObjectId> = missing.into_iter().collect();
        let numbers: Numbers = missing.iter().copied().zip(0..).collect();
        let trees = Trees::leading_to(&numbers, history, threads);
        Self { missing, numbers, trees, commits: Commits::all(history, threads) }
    }

    /// Those that a ref, the HEAD or the index of a worktree, or a reflog leads to: older stashes are in one.
    fn reached(&self, history: &History<'_>, shallow: &HashSet<ObjectId>) -> HashSet<ObjectId> {
        let mut ids: Vec<ObjectId> = history.named().flat_map(|id| self.commits.chain(&id)).collect();
        ids.extend(history.staged.iter().map(|change| change.id));
        let mut next: Vec<u32> = ids.iter().filter_map(|id| self.commits.number(id)).collect();
        let mut met = vec![false; self.commits.list.len()];
        while let Some(at) = next.pop() {
            if !std::mem::replace(&mut met[at as usize], true) {
                let node = &self.commits.list[at as usize];
                let parents = if shallow.contains(&node.id) { &[][..] } else { &node.commit.parents[..] };
                ids.extend(parents.iter().chain([&node.commit.tree]));
                next.extend(&node.parents);
            }
        }
        let mut reached = self.below(ids.iter().filter_map(|id| self.trees.number(id)).collect());
        reached.extend(ids.iter().filter(|id| self.numbers.contains_key(*id)));
        reached
    }

    fn below(&self, mut trees: Vec<u32>) -> HashSet<ObjectId> {
        let mut reached = HashSet::new();
        let mut met = HashSet::new();
        while let Some(tree) = trees.pop() {
            if met.insert(tree) {
                for (_, held) in self.trees.held(tree) {
                    match held {
                        Held::Tree(below) => trees.push(*below),
                        Held::Wanted(wanted) => _ = reached.insert(self.missing[*wanted as usize]),
                    }
                }
            }
        }
        reached
    }
}

impl Repository {
    /// Tells of objects that some commits lead to and that are not here.
    pub(crate) fn tell_missing(&self, missing: &HashSet<ObjectId>, threads: Threads, covered: &mut Coverage) {
        if !missing.is_empty() {
            // What is in a pack that cannot be read seems to be missing as well.
            let contents = Inventory::read(self.object_dirs.dirs(), self.objects.hash(), threads);
            covered.unread.extend(contents.unread);
            covered.missing.extend(missing_error(missing, contents.has_promisor_pack || self.is_partial()));
        }
    }
}
