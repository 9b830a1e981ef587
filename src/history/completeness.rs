//! Reports missing content: shallow history, missing objects, broken refs, and pointers of Git LFS.

use std::collections::HashSet;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::error::Error;
use crate::git::odb::inventory::Inventory;
use crate::git::odb::missing::{missing_error, objects, sorted};
use crate::git::odb::objects::{EntryKind, lfs_pointers_error};
use crate::git::refs::shallow_error;
use crate::git::repository::Repository;
use crate::history::commit_graph::CommitGraph;
use crate::history::database::History;
use crate::history::numbers::Numbers;
use crate::history::references::Unavailable;
use crate::history::tree_graph::{Child, TreeGraph};
use crate::scan::source::Coverage;
use crate::threads::Threads;

impl History<'_> {
    /// Adds errors about missing content to `covered`.
    pub(crate) fn report_missing(&self, unavailable: &Unavailable, threads: Threads, covered: &mut Coverage) {
        let shallow = self.repository.shallow().unwrap_or_else(|error| {
            covered.unread.push(error);
            HashSet::new()
        });
        if !shallow.is_empty() {
            covered.missing.push(shallow_error(&objects(&sorted(&shallow))));
        }
        let partial = self.contents.has_promisor_pack || self.repository.is_partial();
        let missing = self.missing(unavailable.missing.clone(), &shallow, partial, threads);
        covered.missing.extend(missing_error(&missing, partial));
        covered.missing.extend(self.broken_refs());
        if !unavailable.lfs_pointers.is_empty() {
            covered.missing.push(lfs_pointers_error(unavailable.lfs_pointers.len()));
        }
    }

    /// Returns notes about replaced objects and grafts, which do not affect a scan, and about clean objects that were not read.
    pub fn notes(&self) -> Vec<String> {
        let replaced = self.refs.iter().filter(|found| found.name.starts_with(b"refs/replace/")).count();
        let replaced = (replaced > 0).then(|| {
            let are = if replaced == 1 { "1 object is".to_owned() } else { format!("{replaced} objects are") };
            format!("{are} replaced by git replace: both versions were scanned, and the report is about the original")
        });
        let grafts = self.repository.has_grafts().then(|| {
            "the repository has grafts (info/grafts): they were ignored, and each commit has its original parents"
                .to_owned()
        });
        let known = self.known_clean;
        let known = (known > 0).then(|| {
            let are = if known == 1 { "1 object was".to_owned() } else { format!("{known} objects were") };
            format!("{are} clean in the last scan with these rules, and not read again")
        });
        replaced.into_iter().chain(grafts).chain(known).collect()
    }

    /// Returns the missing objects that other objects or an index refer to. Unless the clone is partial, only objects that are
    /// reachable count: git may prune an object to which only unreachable objects refer.
    fn missing(
        &self,
        mut missing: HashSet<ObjectId>,
        shallow: &HashSet<ObjectId>,
        partial: bool,
        threads: Threads,
    ) -> HashSet<ObjectId> {
        let staged = self.staged.iter().filter(|change| change.kind != EntryKind::Submodule).map(|change| change.id);
        missing.extend(staged.filter(|id| !self.contents.has(id)));
        // An object that was missing according to the cache may exist by now.
        missing.retain(|id| !id.is_empty_tree() && !self.contents.has(id));
        if !partial && !missing.is_empty() {
            missing = MissingGraph::new(self, missing, threads).reachable(self, shallow);
        }
        missing
    }

    fn broken_refs(&self) -> impl Iterator<Item = Error> {
        let broken = self.refs.iter().filter(|found| !self.contents.has(&found.id) && !found.id.is_empty_tree());
        broken.map(|found| {
            Error::new(
                format!("cannot scan the target of {}", found.name.as_bstr()),
                format!("the object {} is missing", found.id.to_hex_with_len(16)),
                "run git fsck to check the repository; git update-ref -d removes the ref",
            )
        })
    }
}

/// Missing objects, and the trees and commits from which they are reachable.
struct MissingGraph {
    missing: Vec<ObjectId>,
    numbers: Numbers,
    trees: TreeGraph,
    commits: CommitGraph,
}

impl MissingGraph {
    fn new(history: &History<'_>, missing: HashSet<ObjectId>, threads: Threads) -> Self {
        let missing: Vec<ObjectId> = missing.into_iter().collect();
        let numbers: Numbers = missing.iter().copied().zip(0..).collect();
        let trees = TreeGraph::reaching(&numbers, history, threads);
        Self { missing, numbers, trees, commits: CommitGraph::read(history, threads) }
    }

    /// Returns the missing objects that are reachable from a ref, from the HEAD or the index of a worktree, or from a reflog, which
    /// has the older stashes.
    fn reachable(&self, history: &History<'_>, shallow: &HashSet<ObjectId>) -> HashSet<ObjectId> {
        let mut ids: Vec<ObjectId> = history.tips().flat_map(|id| self.commits.peel_chain(&id)).collect();
        ids.extend(history.staged.iter().map(|change| change.id));
        let mut next: Vec<u32> = ids.iter().filter_map(|id| self.commits.number(id)).collect();
        let mut visited = vec![false; self.commits.list.len()];
        while let Some(at) = next.pop() {
            if !std::mem::replace(&mut visited[at as usize], true) {
                let node = &self.commits.list[at as usize];
                let parents = if shallow.contains(&node.id) { &[][..] } else { &node.commit.parents[..] };
                ids.extend(parents.iter().chain([&node.commit.tree]));
                next.extend(&node.parents);
            }
        }
        let mut reached = self.reachable_from_trees(ids.iter().filter_map(|id| self.trees.number(id)).collect());
        reached.extend(ids.iter().filter(|id| self.numbers.contains_key(*id)));
        reached
    }

    fn reachable_from_trees(&self, mut trees: Vec<u32>) -> HashSet<ObjectId> {
        let mut reached = HashSet::new();
        let mut visited = HashSet::new();
        while let Some(tree) = trees.pop() {
            if visited.insert(tree) {
                for (_, child) in self.trees.children(tree) {
                    match child {
                        Child::Tree(subtree) => trees.push(*subtree),
                        Child::Target(target) => _ = reached.insert(self.missing[*target as usize]),
                    }
                }
            }
        }
        reached
    }
}

impl Repository {
    /// Adds an error about missing objects, which are reachable from commits that were scanned, to `covered`.
    pub(crate) fn report_missing_objects(&self, missing: &HashSet<ObjectId>, threads: Threads, covered: &mut Coverage) {
        if !missing.is_empty() {
            // Report packs that cannot be read too, since their objects seem to be missing.
            let contents = Inventory::read(self.object_dirs.dirs(), self.objects.hash(), threads);
            covered.unread.extend(contents.unread);
            covered.missing.extend(missing_error(missing, contents.has_promisor_pack || self.is_partial()));
        }
    }
}
