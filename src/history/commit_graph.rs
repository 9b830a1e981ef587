//! The graph of all commits, and the graph of the trees from which some target objects are reachable.
//!
//! One pass over all trees keeps only the entries that refer to another tree or to a target. A walk from the targets upwards then
//! finds the trees from which one is reachable. They are few, and all other trees are dropped.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;
use gix::objs::tree::EntryRef;

use crate::git::odb::commit::Commit;
use crate::git::pack::traversal::Object;
use crate::history::database::History;
use crate::threads::Threads;

/// The number of a target object.
pub(crate) type Target = u32;

/// Numbers by object id. The map uses the ids as hashes.
pub(crate) type Numbers = gix::hashtable::HashMap<ObjectId, u32>;

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
#[derive(Default)]
pub(crate) struct TreeGraph {
    numbers: Numbers,
    names: Vec<Vec<u8>>,
    /// The children of each tree, sorted by the number of their name.
    children: HashMap<u32, Vec<(u32, Child)>>,
    /// The targets that are symbolic links.
    symlinks: HashSet<ObjectId>,
}

/// The limit for tags of tags. Only a forged tag can refer to itself.
const MAX_TAG_DEPTH: usize = 100;

/// All commits in topological order, and the targets of tags.
#[derive(Default)]
pub(crate) struct CommitGraph {
    /// Each commit is after its parents. Its index is its number.
    pub list: Vec<Node>,
    numbers: Numbers,
    tags: HashMap<ObjectId, ObjectId>,
}

#[derive(Clone)]
pub(crate) struct Node {
    pub id: ObjectId,
    pub commit: Commit,
    /// The name and email address. Commits of one author share the allocation.
    pub author: Arc<[u8]>,
    /// The numbers of its parents, without missing ones.
    pub parents: Vec<u32>,
}

/// Collects commits and tags, in any order.
#[derive(Default)]
struct CommitCollector {
    commits: Vec<Node>,
    authors: HashSet<Arc<[u8]>>,
    tags: HashMap<ObjectId, ObjectId>,
}

impl CommitCollector {
    fn add(&mut self, object: &Object<'_>) {
        let hash = object.id.kind();
        if object.kind == Kind::Tag {
            let target = gix::objs::TagRefIter::from_bytes(object.bytes, hash).target_id().ok();
            self.tags.extend(target.map(|target| (object.id.to_owned(), target)));
        } else if let Ok(commit) = Commit::parse(object.bytes, hash) {
            let author = self.intern(author(object.bytes));
            self.commits.push(Node { id: object.id.to_owned(), commit, author, parents: Vec::new() });
        }
    }

    fn intern(&mut self, name: &[u8]) -> Arc<[u8]> {
        if let Some(known) = self.authors.get(name) {
            return known.clone();
        }
        let author: Arc<[u8]> = name.into();
        self.authors.insert(author.clone());
        author
    }
}

/// Returns the name and email address of the author of a commit, without the date.
pub(crate) fn author(commit: &[u8]) -> &[u8] {
    let mut headers = commit.split(|&b| b == b'\n').take_while(|line| !line.is_empty());
    let author = headers.find_map(|line| line.strip_prefix(b"author ")).unwrap_or_default();
    let end = author.iter().rposition(|&b| b == b'>').map_or(author.len(), |at| at + 1);
    &author[..end]
}

/// Collects the entries of trees, in any order.
#[derive(Default)]
struct TreeCollector {
    numbers: Numbers,
    names: HashMap<Vec<u8>, u32>,
    /// The tree, the name of the entry, and the child.
    edges: Vec<(u32, u32, Child)>,
    symlinks: HashSet<ObjectId>,
}

impl TreeCollector {
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
        let collector = Mutex::new(TreeCollector::default());
        let visit = |object: &Object<'_>| {
            let Object { id, bytes, .. } = *object;
            // Parse the tree before taking the lock, so that threads parse in parallel.
            let entries = gix::objs::TreeRefIter::from_bytes(bytes, id.kind()).map_while(Result::ok);
            let relevant = entries.filter(|entry| entry.mode.is_tree() || targets.contains_key(entry.oid));
            let relevant: Vec<EntryRef<'_>> = relevant.collect();
            if relevant.is_empty() && !targets.contains_key(id) {
                return;
            }
            let mut collector = collector.lock().expect("no thread panicked while it held the lock");
            let tree = collector.number(id);
            for entry in relevant {
                let target = targets.get(entry.oid).filter(|_| !entry.mode.is_tree());
                let child =
                    target.map_or_else(|| Child::Tree(collector.number(entry.oid)), |&target| Child::Target(target));
                if target.is_some() && entry.mode.is_link() {
                    collector.symlinks.insert(entry.oid.to_owned());
                }
                let name = collector.name(entry.filename);
                collector.edges.push((tree, name, child));
            }
        };
        history.each_tree(threads, &visit);
        let mut collector = collector.into_inner().expect("no thread panicked while it held the lock");
        let name = collector.name(b"");
        for (id, &target) in targets {
            if let Some(&tree) = collector.numbers.get(id) {
                collector.edges.push((tree, name, Child::Target(target)));
            }
        }
        Self::prune(collector)
    }

    /// Drops all trees from which no target is reachable.
    fn prune(collector: TreeCollector) -> Self {
        let TreeCollector { numbers, names, mut edges, symlinks } = collector;
        let mut parents: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut keep = vec![false; numbers.len()];
        let mut next = Vec::new();
        for &(tree, _, child) in &edges {
            match child {
                Child::Tree(subtree) => parents.entry(subtree).or_default().push(tree),
                Child::Target(_) => next.push(tree),
            }
        }
        while let Some(tree) = next.pop() {
            if !std::mem::replace(&mut keep[tree as usize], true) {
                next.extend(parents.get(&tree).into_iter().flatten());
            }
        }
        edges.retain(|(tree, _, child)| match child {
            Child::Tree(subtree) => keep[*tree as usize] && keep[*subtree as usize],
            Child::Target(_) => true,
        });
        let mut children: HashMap<u32, Vec<(u32, Child)>> = HashMap::new();
        for (tree, name, child) in edges {
            children.entry(tree).or_default().push((name, child));
        }
        for list in children.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        let mut by_number = vec![Vec::new(); names.len()];
        for (name, number) in names {
            by_number[number as usize] = name;
        }
        Self { numbers, names: by_number, children, symlinks }
    }

    /// Returns the number of a tree, or `None` if no target is reachable from it.
    pub fn number(&self, id: &oid) -> Option<u32> {
        self.numbers.get(id).copied().filter(|number| self.children.contains_key(number))
    }

    /// Returns the children of a tree, each with the number of its name.
    pub fn children(&self, tree: u32) -> &[(u32, Child)] {
        self.children.get(&tree).map_or(&[], Vec::as_slice)
    }

    pub fn is_symlink(&self, id: &oid) -> bool {
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

impl CommitGraph {
    /// Reads all commits and tags.
    pub fn read(history: &History<'_>, threads: Threads) -> Self {
        let collected = Mutex::new(CommitCollector::default());
        history.each_commit_and_tag(threads, &|object| {
            collected.lock().expect("no thread panicked while it held the lock").add(object);
        });
        let CommitCollector { mut commits, tags, .. } =
            collected.into_inner().expect("no thread panicked while it held the lock");
        commits.sort_by_key(|node| (node.commit.date, node.id));
        commits.dedup_by_key(|node| node.id);
        Self { tags, ..Self::sort_topologically(&commits) }
    }

    /// Sorts commits so that parents come before their children. `found` is sorted by date, and that order is kept otherwise.
    fn sort_topologically(found: &[Node]) -> Self {
        let index: HashMap<ObjectId, usize> = found.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
        let mut done = vec![false; found.len()];
        let mut order = Vec::with_capacity(found.len());
        for start in 0..found.len() {
            let mut stack = vec![start];
            while let Some(&at) = stack.last() {
                if done[at] {
                    stack.pop();
                    continue;
                }
                let parents = found[at].commit.parents.iter().filter_map(|parent| index.get(parent).copied());
                let pending: Vec<usize> = parents.filter(|&parent| !done[parent]).collect();
                if pending.is_empty() {
                    done[at] = true;
                    order.push(at);
                    stack.pop();
                } else {
                    stack.extend(pending);
                }
            }
        }
        let number = |at: usize| u32::try_from(at).expect("fewer than 2^32 commits");
        let numbers: Numbers =
            order.iter().enumerate().map(|(at, &found_at)| (found[found_at].id, number(at))).collect();
        let list = order.into_iter().map(|at| {
            let node = &found[at];
            let parents = node.commit.parents.iter().filter_map(|parent| numbers.get(parent).copied()).collect();
            Node { parents, ..node.clone() }
        });
        Self { list: list.collect(), numbers, tags: HashMap::new() }
    }

    /// Returns the object, and if it is a tag, its target, and so on.
    pub fn peel_chain(&self, id: &ObjectId) -> Vec<ObjectId> {
        std::iter::successors(Some(*id), |id| self.tags.get(id).copied()).take(MAX_TAG_DEPTH).collect()
    }

    pub fn number(&self, id: &oid) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// Returns the children of each commit, by number.
    pub fn children(&self) -> Vec<Vec<u32>> {
        let mut children = vec![Vec::new(); self.list.len()];
        for (at, node) in (0..).zip(&self.list) {
            for &parent in &node.parents {
                children[parent as usize].push(at);
            }
        }
        children
    }
}
