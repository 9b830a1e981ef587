//! The graph of the trees from which some target objects are reachable.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryRef;

use crate::git::adjacency::Adjacency;
use crate::git::pack::traversal::Object;
use crate::history::database::History;
use crate::history::numbers::{Numbers, Target};
use crate::history::tree_edges::{Marked, TreeEdges};
use crate::threads::Threads;

/// The child of a tree: another tree, by its number, or a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Child {
    Tree(u32),
    Target(Target),
}

impl Child {
    pub fn tree(self) -> Option<u32> {
        match self {
            Child::Tree(tree) => Some(tree),
            Child::Target(_) => None,
        }
    }

    pub fn target(self) -> Option<Target> {
        match self {
            Child::Tree(_) => None,
            Child::Target(target) => Some(target),
        }
    }
}

/// The trees from which a target is reachable. Trees and names have numbers.
pub(crate) struct TreeGraph {
    numbers: Numbers,
    names: Vec<Vec<u8>>,
    /// The children of each tree, sorted by the number of their name.
    children: Adjacency<(u32, Child)>,
    /// The targets that are symbolic links.
    symlinks: HashSet<ObjectId>,
}

/// The entry of a tree: the number of the tree, that of the entry's name, and the child.
type Edge = (u32, u32, Child);

/// Collects the entries of trees, in any order.
#[derive(Default)]
struct TreeCollector {
    numbers: Numbers,
    names: HashMap<Vec<u8>, u32>,
    edges: Vec<Edge>,
    symlinks: HashSet<ObjectId>,
}

impl TreeCollector {
    /// Adds entries of a tree: subtrees and targets.
    fn add(&mut self, tree: &oid, entries: &[EntryRef<'_>], targets: &Numbers) {
        let tree = self.number(tree);
        for entry in entries {
            let target = targets.get(entry.oid).filter(|_| !entry.mode.is_tree());
            if target.is_some() && entry.mode.is_link() {
                self.symlinks.insert(entry.oid.to_owned());
            }
            let child = target.map_or_else(|| Child::Tree(self.number(entry.oid)), |&target| Child::Target(target));
            let name = self.name(entry.filename);
            self.edges.push((tree, name, child));
        }
    }

    /// Makes each tree that is a target its own child, with an empty name.
    fn add_targets(&mut self, targets: &Numbers) {
        let name = self.name(b"");
        for (id, &target) in targets {
            if let Some(&tree) = self.numbers.get(id) {
                self.edges.push((tree, name, Child::Target(target)));
            }
        }
    }

    fn number(&mut self, id: &oid) -> u32 {
        let next = u32::try_from(self.numbers.len()).expect("fewer than 2^32 trees");
        *self.numbers.entry(id.to_owned()).or_insert(next)
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        let next = u32::try_from(self.names.len()).expect("fewer than 2^32 names");
        match self.names.get(name) {
            Some(number) => *number,
            None => *self.names.entry(name.to_owned()).or_insert(next),
        }
    }
}

impl TreeGraph {
    /// Reads all trees, and keeps those from which one of `targets` is reachable. A tree that is a target is its own child, with an
    /// empty name.
    pub fn reaching(targets: &Numbers, history: &History<'_>, threads: Threads) -> Self {
        let edges = TreeEdges::new(&history.contents, targets.keys().copied().collect());
        history.each_new_entry(threads, &|new| edges.add(new));
        Self::of_marked(&edges.marked(), targets, history, threads)
    }

    /// Reads the marked trees, and keeps those from which one of `targets` is reachable.
    pub(super) fn of_marked(marked: &Marked, targets: &Numbers, history: &History<'_>, threads: Threads) -> Self {
        let collector = Mutex::new(TreeCollector::default());
        let contents = &history.contents;
        let visit = |object: &Object<'_>| {
            let Object { id, bytes, .. } = *object;
            if !contents.number(id).is_some_and(|number| marked.has(number)) {
                return;
            }
            // Parse the tree before taking the lock, so that threads parse in parallel.
            let entries = TreeRefIter::from_bytes(bytes, id.kind()).map_while(Result::ok);
            let is_relevant = |entry: &EntryRef<'_>| {
                (entry.mode.is_tree() && marked.subtrees.contains(entry.oid)) || targets.contains_key(entry.oid)
            };
            let relevant: Vec<EntryRef<'_>> = entries.filter(is_relevant).collect();
            if !relevant.is_empty() || targets.contains_key(id) {
                let mut collector = collector.lock().expect("no thread panicked while it held the lock");
                collector.add(id, &relevant, targets);
            }
        };
        history.each_tree_of(marked, threads, &visit);
        let mut collector = collector.into_inner().expect("no thread panicked while it held the lock");
        collector.add_targets(targets);
        Self::prune(collector)
    }

    /// Drops all trees from which no target is reachable.
    fn prune(collector: TreeCollector) -> Self {
        let TreeCollector { numbers, names, mut edges, symlinks } = collector;
        let above = |&(tree, _, child): &Edge| child.tree().map(|subtree| (subtree, tree));
        let parents = Adjacency::new(numbers.len(), edges.iter().filter_map(above));
        let mut keep = vec![false; numbers.len()];
        let mut next: Vec<u32> = edges.iter().filter_map(|&(tree, _, child)| child.target().map(|_| tree)).collect();
        while let Some(tree) = next.pop() {
            if !std::mem::replace(&mut keep[tree as usize], true) {
                next.extend(parents.of(tree));
            }
        }
        edges.retain(|(_, _, child)| child.tree().is_none_or(|subtree| keep[subtree as usize]));
        edges.sort_unstable();
        edges.dedup();
        let mut by_number = vec![Vec::new(); names.len()];
        for (name, number) in names {
            by_number[number as usize] = name;
        }
        let edges = edges.iter().map(|&(tree, name, child)| (tree, (name, child)));
        let children = Adjacency::new(numbers.len(), edges);
        Self { numbers, names: by_number, children, symlinks }
    }

    /// Returns the number of a tree, or `None` if no target is reachable from it.
    pub fn number(&self, id: &ObjectId) -> Option<u32> {
        self.numbers.get(id).copied().filter(|&number| !self.children(number).is_empty())
    }

    /// Returns the children of a tree, each with the number of its name.
    pub fn children(&self, tree: u32) -> &[(u32, Child)] {
        self.children.of(tree)
    }

    pub fn is_symlink(&self, id: &ObjectId) -> bool {
        self.symlinks.contains(id)
    }

    /// Returns the children of `tree` with this name.
    pub fn children_named(&self, tree: u32, name: u32) -> impl Iterator<Item = Child> {
        let children = self.children(tree);
        let start = children.partition_point(|(other, _)| *other < name);
        children[start..].iter().take_while(move |(other, _)| *other == name).map(|(_, child)| *child)
    }

    pub fn name(&self, name: u32) -> &[u8] {
        &self.names[name as usize]
    }
}
