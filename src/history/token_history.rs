//! Where and since when each token is in the history: the answer of a sweep.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;

use crate::error::Error;
use crate::finding::{Origin, OriginKind};
use crate::git::date::iso8601;
use crate::git::depth::DEEPEST;
use crate::git::odb::commit::Commit;
use crate::git::repository::Repository;
use crate::history::commit_graph::{Commits, Held, Numbers, Trees, Wanted, author};
use crate::history::database::History;
use crate::history::labels::Label;

/// What is known of one token's way through the history. Names and paths are as git has them, not masked.
#[derive(Debug, Default)]
pub struct TokenHistory {
    /// Where it came in, the oldest first: more than once where it was taken out in between, or copied.
    pub introduced: Vec<Introduced>,
    /// The youngest commit that has it.
    pub last: Option<CommitFacts>,
    /// The youngest commit that took it out, where HEAD has it no longer: one that leads to HEAD where there is one. None of
    /// those behind it, up to HEAD in that case, has it again.
    pub removed: Option<CommitFacts>,
    pub at_head: bool,
    /// The names under which it can be reached.
    pub labels: BTreeSet<Label>,
    /// Where it is in the index of a worktree, and the hex id of the object.
    pub staged: Vec<(Vec<u8>, String)>,
    /// The hex ids of objects that hold it and that no commit has.
    pub aside: BTreeSet<String>,
}

/// A commit that brought a token.
#[derive(Clone, Debug)]
pub struct Introduced {
    pub commit: CommitFacts,
    /// None where it is in the commit's own words.
    pub path: Option<Vec<u8>>,
    /// Whether it is the text of a symbolic link.
    pub is_link: bool,
    /// The hex id of the object that holds it.
    pub object: String,
}

/// What is told of a commit.
#[derive(Clone, Debug)]
pub struct CommitFacts {
    pub id: String,
    /// Name and address.
    pub author: Vec<u8>,
    /// When it was committed: `2024-01-02T03:04:05+00:00`.
    pub date: String,
}

impl Repository {
    /// What is told of the commit with this hex id.
    pub fn commit_facts(&self, id: &str) -> Result<CommitFacts, Error> {
        let broken = |err: &dyn std::fmt::Display| {
            Error::new(format!("cannot read the commit {id}"), err, "run git fsck to find the damage")
        };
        let id = ObjectId::from_hex(id.as_bytes()).map_err(|err| broken(&err))?;
        let mut buffer = Vec::new();
        let (_, bytes) = self.objects.any(&id, &"a commit with a token", &mut buffer)?;
        let commit = Commit::parse(bytes, id.kind()).map_err(|err| broken(&err))?;
        Ok(CommitFacts { id: id.to_string(), author: author(bytes).to_vec(), date: iso8601(commit.date) })
    }
}

/// An object that holds a token, by the token's number.
#[derive(Clone, Debug)]
pub struct Sought {
    pub token: usize,
    pub origin: Origin,
}

/// Objects that hold tokens, by number.
#[derive(Default)]
pub(crate) struct Holders {
    pub numbers: Numbers,
    pub ids: Vec<ObjectId>,
    /// Sorted.
    pub tokens: Vec<Vec<usize>>,
    /// Commits and tags whose own words hold some.
    pub words: HashMap<ObjectId, BTreeSet<usize>>,
}

/// Everything that the questions about a token are asked of.
pub(crate) struct Tracer<'h> {
    pub history: &'h History<'h>,
    pub holders: &'h Holders,
    pub trees: Trees,
    pub commits: &'h Commits,
    /// For each tree that leads to a token, the tokens; filled when first asked.
    pub(super) sets: RefCell<HashMap<u32, Rc<[usize]>>>,
}

impl Holders {
    pub(super) fn of(sought: &[Sought]) -> Self {
        let mut holders = Self::default();
        for one in sought {
            let id = ObjectId::from_hex(one.origin.id.as_bytes()).expect("an origin's id is one");
            if matches!(one.origin.kind, OriginKind::Blob | OriginKind::Tree) {
                let number = *holders.numbers.entry(id).or_insert_with(|| {
                    holders.ids.push(id);
                    holders.tokens.push(Vec::new());
                    Wanted::try_from(holders.ids.len() - 1).expect("fewer than 2^32 objects")
                });
                holders.tokens[number as usize].push(one.token);
            } else {
                holders.words.entry(id).or_default().insert(one.token);
            }
        }
        for tokens in &mut holders.tokens {
            tokens.sort_unstable();
            tokens.dedup();
        }
        holders
    }
}

/// Gets a path, what it holds, and which tokens of that are new there.
type Carry<'c> = dyn FnMut(&[u8], Wanted, Vec<usize>) + 'c;

/// A commit that brought some tokens at one place.
struct Introduction {
    at: u32,
    path: Option<Vec<u8>>,
    object: ObjectId,
    tokens: Vec<usize>,
}

/// A commit that took a token out, the best last: best in what HEAD has, then where no parent had lost it before, since a
/// merge with a branch that has lost it takes nothing out.
type Removal = (bool, bool, u32);

/// Which commits a walk met: kept for all walks, of which there is one for each token, and emptied without touching all of it.
struct Met {
    walk_of: Vec<u32>,
    walk: u32,
}

impl Met {
    fn of(commits: usize) -> Self {
        Self { walk_of: vec![0; commits], walk: 0 }
    }

    fn forget(&mut self) {
        self.walk += 1;
    }

    fn is_first(&mut self, commit: u32) -> bool {
        std::mem::replace(&mut self.walk_of[commit as usize], self.walk) != self.walk
    }
}

impl Tracer<'_> {
    /// Goes through all commits, parents first. Returns, for each token, the commits that brought it.
    pub(super) fn follow(&self, traces: &mut [TokenHistory]) -> Vec<Vec<u32>> {
        let mut last: Vec<Option<u32>> = vec![None; traces.len()];
        let mut removals: Vec<Vec<Removal>> = vec![Vec::new(); traces.len()];
        let head = self.history.head.and_then(|id| self.commits.number(&id));
        let in_head = self.ancestry(head);
        let mut brought = Vec::new();
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
            self.brought_by(at, &mut brought);
            for &token in self.holders.words.get(&node.id).into_iter().flatten() {
                last[token] = Some(at);
            }
        }
        let children = self.commits.children();
        let mut met = Met::of(self.commits.list.len());
        for (token, trace) in traces.iter_mut().enumerate() {
            trace.at_head = head.is_some_and(|head| self.has(head, token));
            trace.last = last[token].map(|at| self.facts(at));
            let mut removals = if trace.at_head { Vec::new() } else { std::mem::take(&mut removals[token]) };
            removals.sort_unstable();
            let mut comes_back = |&(to_head, _, at): &Removal| {
                let next =
                    |at: u32| children[at as usize].iter().copied().filter(|&next| !to_head || in_head[next as usize]);
                met.forget();
                self.comes_back(token, at, last[token].unwrap_or(0), &mut met, next)
            };
            let removed = removals.into_iter().rev().find(|removal| !comes_back(removal));
            trace.removed = removed.map(|(_, _, at)| self.facts(at));
        }
        self.tell(brought, traces)
    }

    /// Whether a commit behind `at` has the token in its files. None does that stands behind `last`.
    fn comes_back<N: Iterator<Item = u32>>(
        &self,
        token: usize,
        at: u32,
        last: u32,
        met: &mut Met,
        next: impl Fn(u32) -> N,
    ) -> bool {
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            for commit in next(at).filter(|&commit| commit <= last && met.is_first(commit)) {
                if self.tokens_of_commit(commit).binary_search(&token).is_ok() {
                    return true;
                }
                open.push(commit);
            }
        }
        false
    }

    /// For each commit, whether it is `head` or one that leads there.
    fn ancestry(&self, head: Option<u32>) -> Vec<bool> {
        let mut met = vec![false; self.commits.list.len()];
        let mut next: Vec<u32> = head.into_iter().collect();
        while let Some(at) = next.pop() {
            if !std::mem::replace(&mut met[at as usize], true) {
                next.extend(&self.commits.list[at as usize].parents);
            }
        }
        met
    }

    fn tell(&self, brought: Vec<Introduction>, traces: &mut [TokenHistory]) -> Vec<Vec<u32>> {
        let mut carriers = vec![Vec::new(); traces.len()];
        for Introduction { at, path, object, tokens } in brought {
            let commit = self.facts(at);
            for token in tokens {
                let (commit, path) = (commit.clone(), path.clone());
                let is_link = self.trees.is_link(&object);
                let object = object.to_string();
                traces[token].introduced.push(Introduced { commit, path, is_link, object });
                carriers[token].push(at);
            }
        }
        carriers
    }

    fn brought_by(&self, at: u32, brought: &mut Vec<Introduction>) {
        let node = &self.commits.list[at as usize];
        if let Some(tree) = self.trees.number(&node.commit.tree) {
            let parents: Vec<u32> = node.parents.iter().filter_map(|&parent| self.tree_of(parent)).collect();
            self.descend(tree, &parents, &mut Vec::new(), &mut |path, wanted, tokens| {
                let object = self.holders.ids[wanted as usize];
                brought.push(Introduction { at, path: Some(path.to_vec()), object, tokens });
            });
        }
        if let Some(tokens) = self.holders.words.get(&node.id) {
            brought.push(Introduction { at, path: None, object: node.id, tokens: tokens.iter().copied().collect() });
        }
    }

    /// Hands over what `tree` holds and none of `parents` does at the same place.
    fn descend(&self, tree: u32, parents: &[u32], path: &mut Vec<u8>, found: &mut Carry<'_>) {
        // Git goes no deeper, and only a forged tree holds itself. What stands there is found, and no way to it told.
        let depth = path.iter().filter(|b| **b == b'/').count();
        if parents.contains(&tree) || depth > DEEPEST {
            return;
        }
        for &(name, held) in self.trees.held(tree) {
            let before: Vec<Held> = parents.iter().flat_map(|&parent| self.trees.under(parent, name)).collect();
            if before.contains(&held) {
                continue;
            }
            let len = path.len();
            let name = self.trees.name(name);
            if len > 0 && !name.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            match held {
                Held::Tree(below) => {
                    let trees: Vec<u32> = before.iter().filter_map(|held| held.tree()).collect();
                    self.descend(below, &trees, path, found);
                }
                Held::Wanted(wanted) => {
                    let had =
                        |token: &usize| before.iter().filter_map(|held| held.wanted()).any(|w| self.holds(w, *token));
                    let tokens: Vec<usize> = self.holders.tokens[wanted as usize].clone();
                    let new: Vec<usize> = tokens.into_iter().filter(|token| !had(token)).collect();
                    if !new.is_empty() {
                        found(path, wanted, new);
                    }
                }
            }
            path.truncate(len);
        }
    }

    /// Tells of what holds a token and is in no commit.
    pub(super) fn set_aside(&self, traces: &mut [TokenHistory]) {
        let committed = self.committed();
        for (wanted, id) in (0..).zip(&self.holders.ids).filter(|(wanted, _)| !committed.contains(wanted)) {
            for &token in &self.holders.tokens[wanted as usize] {
                traces[token].aside.insert(id.to_string());
            }
        }
        for (id, tokens) in self.holders.words.iter().filter(|(id, _)| self.commits.number(id).is_none()) {
            for &token in tokens {
                traces[token].aside.insert(id.to_string());
            }
        }
    }

    /// The objects in question that stand in the tree of a commit.
    fn committed(&self) -> HashSet<Wanted> {
        let mut next: Vec<u32> = (0..).zip(&self.commits.list).filter_map(|(at, _)| self.tree_of(at)).collect();
        let (mut seen, mut committed) = (HashSet::new(), HashSet::new());
        while let Some(tree) = next.pop() {
            if seen.insert(tree) {
                next.extend(self.trees.held(tree).iter().filter_map(|(_, held)| held.tree()));
                committed.extend(self.trees.held(tree).iter().filter_map(|(_, held)| held.wanted()));
            }
        }
        committed
    }

    fn holds(&self, wanted: Wanted, token: usize) -> bool {
        self.holders.tokens[wanted as usize].binary_search(&token).is_ok()
    }

    fn tree_of(&self, commit: u32) -> Option<u32> {
        self.trees.number(&self.commits.list[commit as usize].commit.tree)
    }

    /// Whether the commit has the token, in its files or its words.
    fn has(&self, commit: u32, token: usize) -> bool {
        let words = self.holders.words.get(&self.commits.list[commit as usize].id);
        self.tokens_of_commit(commit).binary_search(&token).is_ok() || words.is_some_and(|words| words.contains(&token))
    }

    fn tokens_of_commit(&self, commit: u32) -> Rc<[usize]> {
        self.tree_of(commit).map_or_else(|| Rc::from([]), |tree| self.tokens_of_tree(tree))
    }

    pub fn tokens_of_tree(&self, tree: u32) -> Rc<[usize]> {
        self.tokens_below(tree, 0)
    }

    fn tokens_below(&self, tree: u32, depth: usize) -> Rc<[usize]> {
        if let Some(known) = self.sets.borrow().get(&tree) {
            return known.clone();
        }
        // Only a forged tree holds itself.
        self.sets.borrow_mut().insert(tree, Rc::from([]));
        let mut tokens = BTreeSet::new();
        for &(_, held) in self.trees.held(tree) {
            match held {
                Held::Tree(_) if depth > DEEPEST => {}
                Held::Tree(below) => tokens.extend(self.tokens_below(below, depth + 1).iter()),
                Held::Wanted(wanted) => tokens.extend(&self.holders.tokens[wanted as usize]),
            }
        }
        let tokens: Rc<[usize]> = tokens.into_iter().collect();
        self.sets.borrow_mut().insert(tree, tokens.clone());
        tokens
    }

    fn facts(&self, at: u32) -> CommitFacts {
        let node = &self.commits.list[at as usize];
        CommitFacts { id: node.id.to_string(), author: node.author.to_vec(), date: iso8601(node.commit.date) }
    }
}
