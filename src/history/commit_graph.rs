//! The graph of all commits.

use std::collections::HashMap;
use std::sync::Mutex;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::{Kind, TagRefIter};

use crate::git::adjacency::Adjacency;
use crate::git::odb::commit::Commit;
use crate::git::pack::traversal::Object;
use crate::history::database::History;
use crate::threads::Threads;

/// The limit for tags of tags. Only a forged tag can refer to itself.
const MAX_TAG_DEPTH: usize = 100;

/// All commits in topological order, and the targets of tags.
#[derive(Default)]
pub(crate) struct CommitGraph {
    /// Each commit is after its parents. Its index is its number.
    pub list: Vec<Node>,
    /// The children of each commit.
    pub children: Adjacency,
    /// The number of each commit. The ids are those of objects that exist, so they are safe as hashes.
    numbers: gix::hashtable::HashMap<ObjectId, u32>,
    tags: HashMap<ObjectId, ObjectId>,
}

pub(crate) struct Node {
    pub id: ObjectId,
    pub commit: Commit,
    /// The numbers of its parents, without missing ones.
    pub parents: Vec<u32>,
}

/// Collects commits and tags, in any order. Many threads can share it.
#[derive(Default)]
pub(crate) struct CommitCollector {
    commits: Mutex<Vec<Node>>,
    tags: Mutex<HashMap<ObjectId, ObjectId>>,
}

impl CommitCollector {
    /// Adds a commit or a tag. Ignores other objects, and those that are invalid, since the scan reports them.
    pub fn add<F>(&self, object: &Object<'_, F>) {
        let (id, hash) = (object.id.to_owned(), object.id.kind());
        match object.kind {
            Kind::Commit => {
                let Ok(commit) = Commit::parse(object.bytes, hash) else { return };
                let mut commits = self.commits.lock().expect("no thread panicked while it held the lock");
                commits.push(Node { id, commit, parents: Vec::new() });
            }
            Kind::Tag => {
                let Ok(target) = TagRefIter::from_bytes(object.bytes, hash).target_id() else { return };
                self.tags.lock().expect("no thread panicked while it held the lock").insert(id, target);
            }
            Kind::Blob | Kind::Tree => {}
        }
    }

    /// Sorts the commits.
    pub fn graph(self) -> CommitGraph {
        let mut commits = self.commits.into_inner().expect("no thread panicked while it held the lock");
        commits.sort_unstable_by_key(|node| (node.commit.date, node.id));
        commits.dedup_by_key(|node| node.id);
        let tags = self.tags.into_inner().expect("no thread panicked while it held the lock");
        CommitGraph { tags, ..CommitGraph::sort_topologically(commits) }
    }
}

/// How far the topological sort is with a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    New,
    /// It is on the stack, and its parents are being visited.
    Open,
    Done,
}

impl CommitGraph {
    /// Reads all commits and tags.
    pub fn read(history: &History<'_>, threads: Threads) -> Self {
        let collector = CommitCollector::default();
        history.each_commit_and_tag(threads, &|object| collector.add(object));
        collector.graph()
    }

    /// Sorts commits so that parents come before their children. `found` is sorted by date, and that order is kept otherwise.
    fn sort_topologically(mut found: Vec<Node>) -> Self {
        let number = |at: usize| u32::try_from(at).expect("fewer than 2^32 commits");
        let mut numbers: gix::hashtable::HashMap<ObjectId, u32> =
            found.iter().enumerate().map(|(at, node)| (node.id, number(at))).collect();
        for node in &mut found {
            node.parents = node.commit.parents.iter().filter_map(|parent| numbers.get(parent).copied()).collect();
        }
        let order = topological_order(&found);
        let mut number_of = vec![0; found.len()];
        for (at, &before) in order.iter().enumerate() {
            number_of[before as usize] = number(at);
        }
        numbers.values_mut().for_each(|at| *at = number_of[*at as usize]);
        for node in &mut found {
            node.parents.iter_mut().for_each(|parent| *parent = number_of[*parent as usize]);
        }
        let mut nodes: Vec<Option<Node>> = found.into_iter().map(Some).collect();
        let taken = order.iter().map(|&at| nodes[at as usize].take().expect("the order has each commit once"));
        let list: Vec<Node> = taken.collect();
        let edges = (0..).zip(&list).flat_map(|(at, node)| node.parents.iter().map(move |&parent| (parent, at)));
        let children = Adjacency::new(list.len(), edges);
        Self { list, children, numbers, tags: HashMap::new() }
    }

    /// Returns the object, and if it is a tag, its target, and so on.
    pub fn peel_chain(&self, id: &ObjectId) -> Vec<ObjectId> {
        std::iter::successors(Some(*id), |id| self.tags.get(id).copied()).take(MAX_TAG_DEPTH).collect()
    }

    pub fn number(&self, id: &oid) -> Option<u32> {
        self.numbers.get(id).copied()
    }
}

/// Returns the indexes of the commits, parents first.
fn topological_order(commits: &[Node]) -> Vec<u32> {
    let mut visits = vec![Visit::New; commits.len()];
    let mut order = Vec::with_capacity(commits.len());
    let mut stack = Vec::new();
    for start in (0..).take(commits.len()) {
        stack.push(start);
        while let Some(&at) = stack.last() {
            let visit = &mut visits[at as usize];
            match *visit {
                Visit::New => {
                    *visit = Visit::Open;
                    // A commit that is its own ancestor is forged. Its open ancestors are skipped, so the sort ends.
                    let parents = commits[at as usize].parents.iter().copied();
                    stack.extend(parents.filter(|&parent| visits[parent as usize] == Visit::New));
                }
                Visit::Open => {
                    *visit = Visit::Done;
                    order.push(at);
                    stack.pop();
                }
                Visit::Done => drop(stack.pop()),
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(parents: &[u32]) -> Node {
        let id = ObjectId::null(gix::hash::Kind::Sha1);
        Node { id, commit: Commit { tree: id, parents: Vec::new(), date: 0 }, parents: parents.to_vec() }
    }

    #[test]
    fn parents_precede_their_children() {
        let commits = [node(&[2, 3]), node(&[0]), node(&[3]), node(&[])];
        assert_eq!(topological_order(&commits), [3, 2, 0, 1]);
    }

    #[test]
    fn a_commit_that_is_its_own_ancestor_ends_the_sort() {
        assert_eq!(topological_order(&[node(&[0])]), [0]);
        let mut order = topological_order(&[node(&[2]), node(&[0, 1]), node(&[1])]);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2]);
    }
}
