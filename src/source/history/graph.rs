//! Which trees lead to some objects, and which commits hold these trees.
//!
//! One pass over all trees keeps, of each, what leads to another tree or to one of the objects in question. From those
//! objects upwards, the trees that hold one are few, and all else is forgotten.

use std::collections::HashMap;
use std::sync::Mutex;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;

use super::History;
use crate::source::ancestry::Commit;

/// A number for an object in question.
pub(super) type Wanted = u32;

/// What a tree holds under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    Tree(u32),
    Wanted(Wanted),
}

impl Held {
    pub fn tree(self) -> Option<u32> {
        match self {
            Held::Tree(tree) => Some(tree),
            Held::Wanted(_) => None,
        }
    }

    pub fn wanted(self) -> Option<Wanted> {
        match self {
            Held::Tree(_) => None,
            Held::Wanted(wanted) => Some(wanted),
        }
    }
}

/// Trees that hold something in question, by number.
#[derive(Default)]
pub(super) struct Trees {
    numbers: HashMap<ObjectId, u32>,
    names: Vec<Vec<u8>>,
    /// For each tree what it holds, by name.
    held: HashMap<u32, Vec<(u32, Held)>>,
}

/// All commits, each behind its parents.
#[derive(Default)]
pub(super) struct Commits {
    pub list: Vec<Node>,
    numbers: HashMap<ObjectId, u32>,
}

pub(super) struct Node {
    pub id: ObjectId,
    pub commit: Commit,
    /// Those of its parents that are here.
    pub parents: Vec<u32>,
}

/// What is gathered from the trees, in whatever order threads come by.
#[derive(Default)]
struct Gathered {
    numbers: HashMap<ObjectId, u32>,
    names: HashMap<Vec<u8>, u32>,
    /// Tree, name, what it holds.
    edges: Vec<(u32, u32, Held)>,
}

impl Gathered {
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

impl Trees {
    /// Those that lead to one of `wanted`. A tree that is wanted itself is so for names in it.
    pub fn leading_to(wanted: &HashMap<ObjectId, Wanted>, history: &History<'_>, threads: usize) -> Self {
        let gathered = Mutex::new(Gathered::default());
        let visit = |_: Kind, id: &oid, bytes: &[u8]| {
            let mut gathered = gathered.lock().expect("no thread panicked while it held the lock");
            let tree = gathered.number(id);
            for entry in gix::objs::TreeRefIter::from_bytes(bytes, id.kind()).flatten() {
                let held = if entry.mode.is_tree() {
                    Held::Tree(gathered.number(entry.oid))
                } else {
                    match wanted.get(entry.oid) {
                        Some(&wanted) => Held::Wanted(wanted),
                        None => continue,
                    }
                };
                let name = gathered.name(entry.filename);
                gathered.edges.push((tree, name, held));
            }
            if let Some(&wanted) = wanted.get(id) {
                let name = gathered.name(b"");
                gathered.edges.push((tree, name, Held::Wanted(wanted)));
            }
        };
        history.walk(threads, &history.everything(|kind| kind == Kind::Tree, &visit));
        Self::keep(gathered.into_inner().expect("no thread panicked while it held the lock"))
    }

    /// Keeps what leads to something in question.
    fn keep(gathered: Gathered) -> Self {
        let Gathered { numbers, names, mut edges } = gathered;
        let mut holders: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut keep = vec![false; numbers.len()];
        let mut next = Vec::new();
        for &(tree, _, held) in &edges {
            match held {
                Held::Tree(below) => holders.entry(below).or_default().push(tree),
                Held::Wanted(_) => next.push(tree),
            }
        }
        while let Some(tree) = next.pop() {
            if !std::mem::replace(&mut keep[tree as usize], true) {
                next.extend(holders.get(&tree).into_iter().flatten());
            }
        }
        edges.retain(|(tree, _, held)| match held {
            Held::Tree(below) => keep[*tree as usize] && keep[*below as usize],
            Held::Wanted(_) => true,
        });
        let mut held: HashMap<u32, Vec<(u32, Held)>> = HashMap::new();
        for (tree, name, what) in edges {
            held.entry(tree).or_default().push((name, what));
        }
        for list in held.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        let mut by_number = vec![Vec::new(); names.len()];
        for (name, number) in names {
            by_number[number as usize] = name;
        }
        Self { numbers, names: by_number, held }
    }

    /// The number of a tree that holds something in question.
    pub fn number(&self, id: &oid) -> Option<u32> {
        self.numbers.get(id).copied().filter(|number| self.held.contains_key(number))
    }

    pub fn held(&self, tree: u32) -> &[(u32, Held)] {
        self.held.get(&tree).map_or(&[], Vec::as_slice)
    }

    /// What `tree` holds under the name.
    pub fn under(&self, tree: u32, name: u32) -> impl Iterator<Item = Held> {
        let held = self.held(tree);
        let start = held.partition_point(|(other, _)| *other < name);
        held[start..].iter().take_while(move |(other, _)| *other == name).map(|(_, held)| *held)
    }

    pub fn name(&self, name: u32) -> &[u8] {
        &self.names[name as usize]
    }
}

impl Commits {
    pub fn all(history: &History<'_>, threads: usize) -> Self {
        let found = Mutex::new(Vec::new());
        let visit = |_: Kind, id: &oid, bytes: &[u8]| {
            if let Ok(commit) = Commit::parse(bytes, id.kind()) {
                found.lock().expect("no thread panicked while it held the lock").push((id.to_owned(), commit));
            }
        };
        history.walk(threads, &history.everything(|kind| kind == Kind::Commit, &visit));
        let mut found = found.into_inner().expect("no thread panicked while it held the lock");
        found.sort_by_key(|(id, commit)| (commit.date, *id));
        found.dedup_by_key(|(id, _)| *id);
        Self::behind_parents(&found)
    }

    /// In an order in which parents come first, and otherwise the older ones.
    fn behind_parents(found: &[(ObjectId, Commit)]) -> Self {
        let place: HashMap<ObjectId, usize> = found.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        let mut done = vec![false; found.len()];
        let mut order = Vec::with_capacity(found.len());
        for start in 0..found.len() {
            let mut stack = vec![start];
            while let Some(&at) = stack.last() {
                if done[at] {
                    stack.pop();
                    continue;
                }
                let parents = found[at].1.parents.iter().filter_map(|parent| place.get(parent).copied());
                let open: Vec<usize> = parents.filter(|&parent| !done[parent]).collect();
                if open.is_empty() {
                    done[at] = true;
                    order.push(at);
                    stack.pop();
                } else {
                    stack.extend(open);
                }
            }
        }
        let number = |at: usize| u32::try_from(at).expect("fewer than 2^32 commits");
        let numbers: HashMap<ObjectId, u32> =
            order.iter().enumerate().map(|(at, &found_at)| (found[found_at].0, number(at))).collect();
        let list = order.into_iter().map(|at| {
            let (id, commit) = &found[at];
            let parents = commit.parents.iter().filter_map(|parent| numbers.get(parent).copied()).collect();
            Node { id: *id, commit: commit.clone(), parents }
        });
        Self { list: list.collect(), numbers }
    }

    pub fn number(&self, id: &oid) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// For each commit, those that have it as a parent.
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
