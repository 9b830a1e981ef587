//! Finds the commits that introduced and removed each token, and the objects that contain it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;

use crate::error::Error;
use crate::finding::{Origin, OriginKind};
use crate::git::date::iso8601;
use crate::git::depth::MAX_DEPTH;
use crate::git::odb::commit::Commit;
use crate::git::repository::Repository;
use crate::history::commit_graph::CommitGraph;
use crate::history::database::History;
use crate::history::labels::Label;
use crate::history::numbers::{Numbers, Target};
use crate::history::tree_graph::{Child, TreeGraph};

/// The history of one token. Names and paths are raw, not masked.
#[derive(Debug, Default)]
pub struct TokenHistory {
    /// The commits that introduced the token, oldest first. There are several if the token was copied, or removed and added again.
    pub introduced: Vec<Introduced>,
    /// The newest commit that contains the token.
    pub last: Option<CommitFacts>,
    /// The newest commit that removed the token, if HEAD does not contain it. An ancestor of HEAD is preferred. No descendant of
    /// this commit contains the token again. For an ancestor of HEAD, only descendants that are ancestors of HEAD count.
    pub removed: Option<CommitFacts>,
    pub at_head: bool,
    /// The first recorded push from this clone that contained a commit with the token. Other clones may have pushed it before.
    pub pushed: Option<FirstPush>,
    /// What remotes have of a token that was pushed.
    pub at_remote: Option<AtRemote>,
    /// The names from which the token is reachable.
    pub labels: BTreeSet<Label>,
    /// The path of the token in the index of a worktree, and the hex id of the object.
    pub staged: Vec<(Vec<u8>, String)>,
    /// The hex ids of objects that contain the token and are in no commit.
    pub uncommitted: BTreeSet<String>,
}

/// A commit that introduced a token.
#[derive(Clone, Debug)]
pub struct Introduced {
    pub commit: CommitFacts,
    /// `None` if the token is in the commit message or another header of the commit.
    pub path: Option<Vec<u8>>,
    /// Whether the token is in the target of a symbolic link.
    pub is_link: bool,
    /// The hex id of the object that contains the token.
    pub object: String,
}

/// The first push of a token from this clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirstPush {
    /// When, in seconds since 1970.
    pub time: i64,
    /// The full name of the tracking ref, such as `refs/remotes/origin/main`. Raw, not masked.
    pub name: Vec<u8>,
}

/// What remotes have of a token, as far as the tracking refs of this clone show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtRemote {
    /// The files of these tracking refs contain the token. Full names, raw, not masked.
    InFiles(Vec<Vec<u8>>),
    /// Only the history of a tracking ref contains the token.
    InHistory(Option<RemoteRemoval>),
    /// No tracking ref reaches the token.
    Unreachable,
}

/// When the files of all remotes had lost a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteRemoval {
    /// In seconds since 1970.
    pub time: i64,
    /// Whether this is the time of a recorded push. Otherwise it is the committer date of the commit that removed the token.
    pub is_push: bool,
}

/// The metadata of a commit that reports print.
#[derive(Clone, Debug)]
pub struct CommitFacts {
    pub id: String,
    /// The name and email address.
    pub author: Vec<u8>,
    /// The committer date: `2024-01-02T03:04:05+00:00`.
    pub date: String,
    /// The committer date in seconds since 1970.
    pub time: i64,
}

impl Repository {
    /// Reads the metadata of the commit with this hex id.
    pub fn commit_facts(&self, id: &str) -> Result<CommitFacts, Error> {
        let broken = |err: &dyn std::fmt::Display| {
            Error::new(format!("cannot read the commit {id}"), err, "run git fsck to find the damage")
        };
        let id = ObjectId::from_hex(id.as_bytes()).map_err(|err| broken(&err))?;
        let mut buffer = Vec::new();
        let (_, bytes) = self.objects.any(&id, &"a commit with a token", &mut buffer)?;
        let commit = Commit::parse(bytes, id.kind()).map_err(|err| broken(&err))?;
        Ok(CommitFacts {
            id: id.to_string(),
            author: author(bytes).to_vec(),
            date: iso8601(commit.date),
            time: commit.date,
        })
    }
}

/// Returns the name and email address of the author of a commit, without the date.
fn author(commit: &[u8]) -> &[u8] {
    let mut headers = commit.split(|&b| b == b'\n').take_while(|line| !line.is_empty());
    let author = headers.find_map(|line| line.strip_prefix(b"author ")).unwrap_or_default();
    let end = author.iter().rposition(|&b| b == b'>').map_or(author.len(), |at| at + 1);
    &author[..end]
}

/// An object that contains a token.
#[derive(Clone, Debug)]
pub struct TokenObject {
    /// The number of the token.
    pub token: usize,
    pub origin: Origin,
}

/// All objects that contain tokens. Blobs and trees have numbers, and are the targets of a [`TreeGraph`].
#[derive(Default)]
pub(crate) struct TokenObjects {
    pub numbers: Numbers,
    pub ids: Vec<ObjectId>,
    /// The tokens of each blob or tree, sorted.
    pub tokens: Vec<Vec<usize>>,
    /// The tokens in the text of commits and tags.
    pub texts: HashMap<ObjectId, BTreeSet<usize>>,
}

/// Traces tokens through the history.
pub(crate) struct Tracer<'h> {
    pub history: &'h History<'h>,
    pub objects: &'h TokenObjects,
    pub trees: TreeGraph,
    pub commits: &'h CommitGraph,
    /// The tree of each commit. None if it has no token.
    trees_of_commits: Vec<Option<u32>>,
    /// A cache of the tokens below each tree.
    tree_tokens: RefCell<HashMap<u32, Rc<[usize]>>>,
    no_tokens: Rc<[usize]>,
}

impl TokenObjects {
    pub(super) fn new(objects: &[TokenObject]) -> Self {
        let mut all = Self::default();
        for object in objects {
            let id = ObjectId::from_hex(object.origin.id.as_bytes()).expect("an origin has a valid id");
            if matches!(object.origin.kind, OriginKind::Blob | OriginKind::Tree) {
                let number = *all.numbers.entry(id).or_insert_with(|| {
                    all.ids.push(id);
                    all.tokens.push(Vec::new());
                    Target::try_from(all.ids.len() - 1).expect("fewer than 2^32 objects")
                });
                all.tokens[number as usize].push(object.token);
            } else {
                all.texts.entry(id).or_default().insert(object.token);
            }
        }
        for tokens in &mut all.tokens {
            tokens.sort_unstable();
            tokens.dedup();
        }
        all
    }
}

/// A callback with a path, the object at that path, and the tokens that are new there.
type NewTokens<'c> = dyn FnMut(&[u8], Target, Vec<usize>) + 'c;

/// A commit that introduced some tokens at one path.
struct Introduction {
    commit: u32,
    path: Option<Vec<u8>>,
    object: ObjectId,
    tokens: Vec<usize>,
}

/// A commit that removed a token: whether it is reachable from HEAD, whether all of its parents contain the token, and its number.
/// Sorted ascending by preference. A merge with a branch that had removed the token before removes nothing itself.
type Removal = (bool, bool, u32);

/// The set of commits that a walk visited. All walks, one for each removal, share the allocation, and to clear the set takes
/// constant time.
struct VisitedSet {
    walk_of: Vec<u32>,
    walk: u32,
}

impl VisitedSet {
    fn new(commits: usize) -> Self {
        Self { walk_of: vec![0; commits], walk: 0 }
    }

    fn clear(&mut self) {
        self.walk += 1;
    }

    /// Returns whether the commit was not in the set.
    fn insert(&mut self, commit: u32) -> bool {
        std::mem::replace(&mut self.walk_of[commit as usize], self.walk) != self.walk
    }
}

impl<'h> Tracer<'h> {
    pub(super) fn new(
        history: &'h History<'h>,
        objects: &'h TokenObjects,
        trees: TreeGraph,
        commits: &'h CommitGraph,
    ) -> Self {
        let trees_of_commits = commits.list.iter().map(|node| trees.number(&node.commit.tree)).collect();
        let (tree_tokens, no_tokens) = (RefCell::default(), Rc::from([]));
        Self { history, objects, trees, commits, trees_of_commits, tree_tokens, no_tokens }
    }

    /// Walks all commits, parents first, and fills in the commits of each trace. Returns, for each token, the commits that introduced
    /// it.
    pub(super) fn trace_commits(&self, traces: &mut [TokenHistory]) -> Vec<Vec<u32>> {
        let mut last: Vec<Option<u32>> = vec![None; traces.len()];
        let mut removals: Vec<Vec<Removal>> = vec![Vec::new(); traces.len()];
        let head = self.history.head.and_then(|id| self.commits.number(&id));
        let in_head = self.ancestry(head);
        let mut introductions = Vec::new();
        for (at, node) in (0..).zip(&self.commits.list) {
            let tokens = self.tokens_of_commit(at);
            for &token in tokens.iter() {
                last[token] = Some(at);
            }
            for &parent in &node.parents {
                for &token in self.tokens_of_commit(parent).iter().filter(|token| tokens.binary_search(token).is_err())
                {
                    let by_all = node.parents.iter().all(|&parent| self.has(parent, token));
                    removals[token].push((in_head[at as usize], by_all, at));
                }
            }
            self.introduced_by(at, &mut introductions);
            for &token in self.objects.texts.get(&node.id).into_iter().flatten() {
                last[token] = Some(at);
            }
        }
        let mut visited = VisitedSet::new(self.commits.list.len());
        for (token, trace) in traces.iter_mut().enumerate() {
            trace.at_head = head.is_some_and(|head| self.has(head, token));
            trace.last = last[token].map(|at| self.facts(at));
            let mut removals = if trace.at_head { Vec::new() } else { std::mem::take(&mut removals[token]) };
            removals.sort_unstable();
            let mut is_added_again = |&(to_head, _, at): &Removal| {
                let next = |at: u32| {
                    self.commits.children.of(at).iter().copied().filter(|&next| !to_head || in_head[next as usize])
                };
                visited.clear();
                self.descendant_has(token, at, last[token].unwrap_or(0), &mut visited, next)
            };
            let removed = removals.into_iter().rev().find(|removal| !is_added_again(removal));
            trace.removed = removed.map(|(_, _, at)| self.facts(at));
        }
        self.record(introductions, traces)
    }

    /// Returns whether a descendant of `at` has the token in its files. `children` returns the children of a commit. No commit after
    /// `last` has the token, so the walk ends there.
    fn descendant_has<N: Iterator<Item = u32>>(
        &self,
        token: usize,
        at: u32,
        last: u32,
        visited: &mut VisitedSet,
        children: impl Fn(u32) -> N,
    ) -> bool {
        let mut pending = vec![at];
        while let Some(at) = pending.pop() {
            for commit in children(at).filter(|&commit| commit <= last && visited.insert(commit)) {
                if self.tokens_of_commit(commit).binary_search(&token).is_ok() {
                    return true;
                }
                pending.push(commit);
            }
        }
        false
    }

    /// Returns for each commit whether it is reachable from one of `tips`.
    pub(super) fn ancestry(&self, tips: impl IntoIterator<Item = u32>) -> Vec<bool> {
        let mut reached = vec![false; self.commits.list.len()];
        let mut next: Vec<u32> = tips.into_iter().collect();
        while let Some(at) = next.pop() {
            if !std::mem::replace(&mut reached[at as usize], true) {
                next.extend(&self.commits.list[at as usize].parents);
            }
        }
        reached
    }

    /// Adds the introductions to the traces. Returns, for each token, the commits that introduced it.
    fn record(&self, introductions: Vec<Introduction>, traces: &mut [TokenHistory]) -> Vec<Vec<u32>> {
        let mut introducing = vec![Vec::new(); traces.len()];
        for Introduction { commit: number, path, object, tokens } in introductions {
            let commit = self.facts(number);
            for token in tokens {
                let (commit, path) = (commit.clone(), path.clone());
                let is_link = self.trees.is_symlink(&object);
                let object = object.to_string();
                traces[token].introduced.push(Introduced { commit, path, is_link, object });
                introducing[token].push(number);
            }
        }
        introducing
    }

    /// Adds what the commit introduced to `introductions`.
    fn introduced_by(&self, commit: u32, introductions: &mut Vec<Introduction>) {
        let node = &self.commits.list[commit as usize];
        if let Some(tree) = self.tree_of(commit) {
            let parents: Vec<u32> = node.parents.iter().filter_map(|&parent| self.tree_of(parent)).collect();
            self.diff_trees(tree, &parents, &mut Vec::new(), &mut |path, target, tokens| {
                let object = self.objects.ids[target as usize];
                introductions.push(Introduction { commit, path: Some(path.to_vec()), object, tokens });
            });
        }
        if let Some(tokens) = self.objects.texts.get(&node.id) {
            let tokens = tokens.iter().copied().collect();
            introductions.push(Introduction { commit, path: None, object: node.id, tokens });
        }
    }

    /// Calls `found` for each object of `tree` with tokens that none of `parents` has at the same path.
    fn diff_trees(&self, tree: u32, parents: &[u32], path: &mut Vec<u8>, found: &mut NewTokens<'_>) {
        // Git has the same limit, and only a forged tree can contain itself. A token below the limit is reported without a path.
        let depth = path.iter().filter(|b| **b == b'/').count();
        if parents.contains(&tree) || depth > MAX_DEPTH {
            return;
        }
        for &(name, child) in self.trees.children(tree) {
            let before: Vec<Child> =
                parents.iter().flat_map(|&parent| self.trees.children_named(parent, name)).collect();
            if before.contains(&child) {
                continue;
            }
            let len = path.len();
            let name = self.trees.name(name);
            if len > 0 && !name.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            match child {
                Child::Tree(subtree) => {
                    let trees: Vec<u32> = before.iter().filter_map(|child| child.tree()).collect();
                    self.diff_trees(subtree, &trees, path, found);
                }
                Child::Target(target) => {
                    let had = |token: &usize| {
                        before.iter().filter_map(|child| child.target()).any(|target| self.contains(target, *token))
                    };
                    let tokens: Vec<usize> = self.objects.tokens[target as usize].clone();
                    let new: Vec<usize> = tokens.into_iter().filter(|token| !had(token)).collect();
                    if !new.is_empty() {
                        found(path, target, new);
                    }
                }
            }
            path.truncate(len);
        }
    }

    /// Adds to each trace the objects with the token that are in no commit.
    pub(super) fn record_uncommitted(&self, traces: &mut [TokenHistory]) {
        let committed = self.committed();
        for (target, id) in (0..).zip(&self.objects.ids).filter(|(target, _)| !committed.contains(target)) {
            for &token in &self.objects.tokens[target as usize] {
                traces[token].uncommitted.insert(id.to_string());
            }
        }
        for (id, tokens) in self.objects.texts.iter().filter(|(id, _)| self.commits.number(id).is_none()) {
            for &token in tokens {
                traces[token].uncommitted.insert(id.to_string());
            }
        }
    }

    /// Returns the blobs and trees with tokens that are reachable from a commit.
    fn committed(&self) -> HashSet<Target> {
        let mut next: Vec<u32> = self.trees_of_commits.iter().copied().flatten().collect();
        let (mut seen, mut committed) = (HashSet::new(), HashSet::new());
        while let Some(tree) = next.pop() {
            if seen.insert(tree) {
                next.extend(self.trees.children(tree).iter().filter_map(|(_, child)| child.tree()));
                committed.extend(self.trees.children(tree).iter().filter_map(|(_, child)| child.target()));
            }
        }
        committed
    }

    fn contains(&self, target: Target, token: usize) -> bool {
        self.objects.tokens[target as usize].binary_search(&token).is_ok()
    }

    fn tree_of(&self, commit: u32) -> Option<u32> {
        self.trees_of_commits[commit as usize]
    }

    /// Returns whether the token is in the files or in the text of the commit.
    fn has(&self, commit: u32, token: usize) -> bool {
        let texts = self.objects.texts.get(&self.commits.list[commit as usize].id);
        self.tokens_of_commit(commit).binary_search(&token).is_ok() || texts.is_some_and(|texts| texts.contains(&token))
    }

    pub(super) fn tokens_of_commit(&self, commit: u32) -> Rc<[usize]> {
        self.tree_of(commit).map_or_else(|| self.no_tokens.clone(), |tree| self.tokens_of_tree(tree))
    }

    pub fn tokens_of_tree(&self, tree: u32) -> Rc<[usize]> {
        self.tokens_below(tree, 0)
    }

    fn tokens_below(&self, tree: u32, depth: usize) -> Rc<[usize]> {
        if let Some(known) = self.tree_tokens.borrow().get(&tree) {
            return known.clone();
        }
        // Only a forged tree can contain itself. An empty entry in the cache ends that recursion.
        self.tree_tokens.borrow_mut().insert(tree, self.no_tokens.clone());
        let mut tokens = BTreeSet::new();
        for &(_, child) in self.trees.children(tree) {
            match child {
                Child::Tree(_) if depth > MAX_DEPTH => {}
                Child::Tree(subtree) => tokens.extend(self.tokens_below(subtree, depth + 1).iter()),
                Child::Target(target) => tokens.extend(&self.objects.tokens[target as usize]),
            }
        }
        let tokens: Rc<[usize]> = tokens.into_iter().collect();
        self.tree_tokens.borrow_mut().insert(tree, tokens.clone());
        tokens
    }

    fn facts(&self, at: u32) -> CommitFacts {
        let node = &self.commits.list[at as usize];
        let (id, time) = (node.id.to_string(), node.commit.date);
        // The author is read again, since few commits are in a report. The graph has read the commit, so this fails only if it was
        // removed in the meantime.
        self.history.repository.commit_facts(&id).unwrap_or_else(|_| CommitFacts {
            id,
            author: Vec::new(),
            date: iso8601(time),
            time,
        })
    }
}
