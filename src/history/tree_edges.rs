//! Finds the trees from which a target may be reachable, without building most trees.
//!
//! A pass over all trees records only entries that a tree does not copy from its delta base. A history with 500,000 trees of 50
//! entries has 25 million entries, and one million of them are new. A tree that is a delta may still have what its base has, so
//! all delta descendants of a marked tree are marked too. Few of them are marked in vain, since git keeps delta chains short.

use std::collections::HashSet;
use std::sync::Mutex;

use gix::ObjectId;

use crate::git::adjacency::Adjacency;
use crate::git::odb::inventory::Inventory;
use crate::git::pack::traversal::NewEntries;

/// The entries that refer to other trees, and the trees with a target. Many threads can share it.
pub(crate) struct TreeEdges<'h> {
    contents: &'h Inventory,
    /// The ids may be those of missing objects, which anyone can choose, so they are not their own hashes.
    targets: HashSet<ObjectId>,
    /// The number of a subtree, and that of a tree with it.
    edges: Mutex<Vec<(u32, u32)>>,
    /// The numbers of trees that are a target or have one.
    holders: Mutex<Vec<u32>>,
}

impl<'h> TreeEdges<'h> {
    pub fn new(contents: &'h Inventory, targets: HashSet<ObjectId>) -> Self {
        Self { contents, targets, edges: Mutex::default(), holders: Mutex::default() }
    }

    pub fn targets(&self) -> &HashSet<ObjectId> {
        &self.targets
    }

    pub fn add(&self, new: &NewEntries<'_>) {
        let Some(tree) = self.contents.number(new.tree) else { return };
        let is_target = |id: &ObjectId| self.targets.contains(id);
        if self.targets.contains(new.tree) || new.files.iter().chain(new.subtrees).any(is_target) {
            self.holders.lock().expect("no thread panicked while it held the lock").push(tree);
        }
        // Look up the numbers before taking the lock, so that threads do it in parallel.
        let subtrees: Vec<u32> = new.subtrees.iter().filter_map(|id| self.contents.number(id)).collect();
        if !subtrees.is_empty() {
            let mut edges = self.edges.lock().expect("no thread panicked while it held the lock");
            edges.extend(subtrees.into_iter().map(|subtree| (subtree, tree)));
        }
    }

    /// Marks the trees from which a target may be reachable.
    pub fn marked(self) -> Marked {
        let contents = self.contents;
        let edges = self.edges.into_inner().expect("no thread panicked while it held the lock");
        let mut pending = self.holders.into_inner().expect("no thread panicked while it held the lock");
        let mut marked = Marked::new(contents);
        let parents = Adjacency::new(contents.number_count(), edges.into_iter());
        while let Some(tree) = pending.pop() {
            if std::mem::replace(&mut marked.numbers[tree as usize], true) {
                continue;
            }
            pending.extend(parents.of(tree));
            let id = contents.id_of(tree);
            if !parents.of(tree).is_empty() {
                marked.subtrees.insert(id.to_owned());
            }
            for (pack, entries) in contents.packs.iter().zip(&mut marked.entries) {
                for entry in pack.entries_of(id) {
                    entries[entry as usize] = true;
                    let children = pack.children(entry).iter().map(|&child| pack.id(child));
                    pending.extend(children.filter_map(|child| contents.number(child)));
                }
            }
        }
        marked
    }
}

/// The trees from which a target may be reachable.
pub(crate) struct Marked {
    /// By number.
    numbers: Vec<bool>,
    /// The ids of those that are in another tree. Their hash is their id, which is safe for objects that exist.
    pub subtrees: gix::hashtable::HashSet<ObjectId>,
    /// For each pack, by entry.
    pub entries: Vec<Vec<bool>>,
}

impl Marked {
    fn new(contents: &Inventory) -> Self {
        Self {
            numbers: vec![false; contents.number_count()],
            subtrees: gix::hashtable::HashSet::default(),
            entries: contents.packs.iter().map(|pack| vec![false; pack.entries()]).collect(),
        }
    }

    pub fn has(&self, number: u32) -> bool {
        self.numbers[number as usize]
    }
}
