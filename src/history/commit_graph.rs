//! Which trees lead to some objects, and which commits hold these trees.
//!
//! One pass over all trees keeps, of each, what leads to another tree or to one of the objects in question. From those
//! objects upwards, the trees that hold one are few, and all else is forgotten.

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

/// A number for an object in question.
pub(crate) type Wanted = u32;

/// By id. Ids are hashes, so they need not be hashed.
pub(crate) type Numbers = gix::hashtable::HashMap<ObjectId, u32>;

/// What a tree holds under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
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
pub(crate) struct Trees {
    numbers: Numbers,
    names: Vec<Vec<u8>>,
    /// For each tree what it holds, by name.
    held: HashMap<u32, Vec<(u32, Held)>>,
    /// What is in question and the text of a symbolic link.
    links: HashSet<ObjectId>,
}

/// Tags of tags of tags; only a forged one goes on for ever.
const LONGEST_CHAIN: usize = 100;

/// All commits, each behind its parents, and what tags stand for.
#[derive(Default)]
pub(crate) struct Commits {
    pub list: Vec<Node>,
    numbers: Numbers,
    tags: HashMap<ObjectId, ObjectId>,
}

#[derive(Clone)]
pub(crate) struct Node {
    pub id: ObjectId,
    pub commit: Commit,
    /// Name and address. Most people made many commits.
    pub author: Arc<[u8]>,
    /// Those of its parents that are here.
    pub parents: Vec<u32>,
}

/// What is gathered from commits and tags, in whatever order threads come by.
#[derive(Default)]
struct Collected {
    commits: Vec<Node>,
    people: HashSet<Arc<[u8]>>,
    tags: HashMap<ObjectId, ObjectId>,
}

impl Collected {
    fn add(&mut self, object: &Object<'_>) {
        let hash = object.id.kind();
        if object.kind == Kind::Tag {
            let target = gix::objs::TagRefIter::from_bytes(object.bytes, hash).target_id().ok();
            self.tags.extend(target.map(|target| (object.id.to_owned(), target)));
        } else if let Ok(commit) = Commit::parse(object.bytes, hash) {
            let author = self.person(author(object.bytes));
            self.commits.push(Node { id: object.id.to_owned(), commit, author, parents: Vec::new() });
        }
    }

    fn person(&mut self, name: &[u8]) -> Arc<[u8]> {
        if let Some(known) = self.people.get(name) {
            return known.clone();
        }
        let person: Arc<[u8]> = name.into();
        self.people.insert(person.clone());
        person
    }
}

/// The author of a commit, without the date.
pub(crate) fn author(commit: &[u8]) -> &[u8] {
    let mut headers = commit.split(|&b| b == b'\n').take_while(|line| !line.is_empty());
    let author = headers.find_map(|line| line.strip_prefix(b"author ")).unwrap_or_default();
    let end = author.iter().rposition(|&b| b == b'>').map_or(author.len(), |at| at + 1);
    &author[..end]
}

/// What is gathered from the trees, in whatever order threads come by.
#[derive(Default)]
struct Gathered {
    numbers: Numbers,
    names: HashMap<Vec<u8>, u32>,
    /// Tree, name, what it holds.
    edges: Vec<(u32, u32, Held)>,
    links: HashSet<ObjectId>,
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
    /// Those that lead to one of `wanted`. A tree that is wanted itself holds that under no name.
    pub fn leading_to(wanted: &Numbers, history: &History<'_>, threads: Threads) -> Self {
        let gathered = Mutex::new(Gathered::default());
        let visit = |object: &Object<'_>| {
            let Object { id, bytes, .. } = *object;
            // Read before the lock is taken: otherwise one thread waits while the other one reads.
            let entries = gix::objs::TreeRefIter::from_bytes(bytes, id.kind()).map_while(Result::ok);
            let leading = entries.filter(|entry| entry.mode.is_tree() || wanted.contains_key(entry.oid));
            let leading: Vec<EntryRef<'_>> = leading.collect();
            if leading.is_empty() && !wanted.contains_key(id) {
                return;
            }
            let mut gathered = gathered.lock().expect("no thread panicked while it held the lock");
            let tree = gathered.number(id);
            for entry in leading {
                let wanted = wanted.get(entry.oid).filter(|_| !entry.mode.is_tree());
                let held =
                    wanted.map_or_else(|| Held::Tree(gathered.number(entry.oid)), |&wanted| Held::Wanted(wanted));
                if wanted.is_some() && entry.mode.is_link() {
                    gathered.links.insert(entry.oid.to_owned());
                }
                let name = gathered.name(entry.filename);
                gathered.edges.push((tree, name, held));
            }
        };
        history.each_tree(threads, &visit);
        let mut gathered = gathered.into_inner().expect("no thread panicked while it held the lock");
        let name = gathered.name(b"");
        for (id, &wanted) in wanted {
            if let Some(&tree) = gathered.numbers.get(id) {
                gathered.edges.push((tree, name, Held::Wanted(wanted)));
            }
        }
        Self::keep(gathered)
    }

    /// Keeps what leads to something in question.
    fn keep(gathered: Gathered) -> Self {
        let Gathered { numbers, names, mut edges, links } = gathered;
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
        Self { numbers, names: by_number, held, links }
    }

    /// The number of a tree that holds something in question.
    pub fn number(&self, id: &oid) -> Option<u32> {
        self.numbers.get(id).copied().filter(|number| self.held.contains_key(number))
    }

    pub fn held(&self, tree: u32) -> &[(u32, Held)] {
        self.held.get(&tree).map_or(&[], Vec::as_slice)
    }

    pub fn is_link(&self, id: &oid) -> bool {
        self.links.contains(id)
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
    pub fn all(history: &History<'_>, threads: Threads) -> Self {
        let collected = Mutex::new(Collected::default());
        history.each_commit_and_tag(threads, &|object| {
            collected.lock().expect("no thread panicked while it held the lock").add(object);
        });
        let Collected { mut commits, tags, .. } =
            collected.into_inner().expect("no thread panicked while it held the lock");
        commits.sort_by_key(|node| (node.commit.date, node.id));
        commits.dedup_by_key(|node| node.id);
        Self { tags, ..Self::behind_parents(&commits) }
    }

    /// In an order in which parents come first, and otherwise the older ones.
    fn behind_parents(found: &[Node]) -> Self {
        let place: HashMap<ObjectId, usize> = found.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
        let mut done = vec![false; found.len()];
        let mut order = Vec::with_capacity(found.len());
        for start in 0..found.len() {
            let mut stack = vec![start];
            while let Some(&at) = stack.last() {
                if done[at] {
                    stack.pop();
                    continue;
                }
                let parents = found[at].commit.parents.iter().filter_map(|parent| place.get(parent).copied());
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
        let numbers: Numbers =
            order.iter().enumerate().map(|(at, &found_at)| (found[found_at].id, number(at))).collect();
        let list = order.into_iter().map(|at| {
            let node = &found[at];
            let parents = node.commit.parents.iter().filter_map(|parent| numbers.get(parent).copied()).collect();
            Node { parents, ..node.clone() }
        });
        Self { list: list.collect(), numbers, tags: HashMap::new() }
    }

    /// What the object is a name for, from one to the next: a tag, a tag that this is of, what that stands for.
    pub fn chain(&self, id: &ObjectId) -> Vec<ObjectId> {
        std::iter::successors(Some(*id), |id| self.tags.get(id).copied()).take(LONGEST_CHAIN).collect()
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
