//! A walk to the commits that one set of tips reaches and another does not.
//!
//! `git rev-list` would be cheaper: for a push of 3 commits onto 5,000, the walk takes 8.8 of the hook's 10.1 million instructions, and
//! rev-list takes 0.8 million and the start of a process, 1.5 ms of 4.3 ms. The walk stays because it names missing objects where
//! rev-list only fails, continues from ref to ref, and reads past 512 commits with wrong dates where rev-list reads past 5.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::OnceLock;

use gix::ObjectId;

use crate::error::Error;
use crate::git::odb::commit::Commit;
use crate::git::odb::objects::Objects;

/// How many known commits the walk still visits after the last unknown one. Commit dates can be wrong, so a known commit may
/// be dated before its descendants. A known commit that the walk does not find is scanned again; no commit is left out.
/// [`KnownAncestors`] corrects this where it matters. Git uses the same idea in revision.c, with a slop of 5.
const SLOP: usize = 512;

/// A walk through a history, which can be continued.
pub(crate) struct Ancestry<'o> {
    objects: &'o Objects,
    shallow: HashSet<ObjectId>,
    commits: HashMap<ObjectId, CommitState>,
    /// Ordered by committer date, newest first.
    queue: BinaryHeap<(i64, ObjectId)>,
    /// How many commits in the queue are not known.
    unknown_in_queue: usize,
}

struct CommitState {
    commit: Commit,
    known: bool,
    queued: bool,
}

impl<'o> Ancestry<'o> {
    pub fn new(objects: &'o Objects, shallow: HashSet<ObjectId>) -> Self {
        Self { objects, shallow, commits: HashMap::new(), queue: BinaryHeap::new(), unknown_in_queue: 0 }
    }

    /// Marks commits as known: the other side has them and their ancestors.
    pub fn mark_known(&mut self, known: &[ObjectId]) -> Result<(), Error> {
        known.iter().try_for_each(|id| self.visit(*id, true))
    }

    /// The commits that are reachable from `wanted` and not from known commits, oldest first. A commit is returned by one
    /// call only. Fails if a commit cannot be read.
    pub fn unknown_commits(&mut self, wanted: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        for id in wanted {
            self.visit(*id, false)?;
        }
        let mut found = Vec::new();
        let mut slop = SLOP;
        while let Some((_, id)) = self.queue.pop() {
            let state = self.commits.get_mut(&id).expect("a queued commit was read");
            state.queued = false;
            let (known, parents) = (state.known, state.commit.parents.clone());
            if !known {
                self.unknown_in_queue -= 1;
                found.push(id);
            }
            for parent in parents {
                self.visit(parent, known)?;
            }
            if self.unknown_in_queue > 0 {
                slop = SLOP;
            } else if slop == 0 {
                break;
            } else {
                slop -= 1;
            }
        }
        // A commit may have been marked as known after it was found.
        let mut returned = HashSet::new();
        found.retain(|id| !self.commits[id].known && returned.insert(*id));
        found.reverse();
        Ok(found)
    }

    /// Whether the walk visited everything, so that no missing commit can turn out to be known.
    pub fn is_complete(&self) -> bool {
        self.queue.is_empty()
    }

    /// A commit that the walk has read.
    pub fn commit(&self, id: &ObjectId) -> Option<&Commit> {
        self.commits.get(id).map(|state| &state.commit)
    }

    fn visit(&mut self, id: ObjectId, known: bool) -> Result<(), Error> {
        let state = match self.commits.get_mut(&id) {
            // A known commit stays known, as do its parents. A second visit adds nothing.
            Some(state) if state.known || !known => return Ok(()),
            Some(state) => {
                state.known = true;
                if state.queued {
                    self.unknown_in_queue -= 1;
                    return Ok(());
                }
                state
            }
            None => {
                let commit = match self.read(&id) {
                    Ok(commit) => commit,
                    // A known commit only limits the walk. Without it, more is scanned, not less.
                    Err(_) if known => return Ok(()),
                    Err(error) => return Err(error),
                };
                self.commits.entry(id).or_insert(CommitState { commit, known, queued: false })
            }
        };
        state.queued = true;
        self.unknown_in_queue += usize::from(!known);
        self.queue.push((state.commit.date, id));
        Ok(())
    }

    fn read(&self, id: &ObjectId) -> Result<Commit, Error> {
        read(id, &self.shallow, self.objects)
    }
}

fn read(id: &ObjectId, shallow: &HashSet<ObjectId>, objects: &Objects) -> Result<Commit, Error> {
    let mut commit = objects.commit(id, &"the history")?;
    if shallow.contains(id) {
        commit.parents.clear();
    }
    Ok(commit)
}

/// All ancestors of some commits, computed on first use. For a million commits this takes seconds.
pub(crate) struct KnownAncestors {
    tips: Vec<ObjectId>,
    shallow: HashSet<ObjectId>,
    commits: OnceLock<HashSet<ObjectId>>,
}

impl KnownAncestors {
    pub fn new(tips: Vec<ObjectId>, shallow: HashSet<ObjectId>) -> Self {
        Self { tips, shallow, commits: OnceLock::new() }
    }

    pub fn has(&self, id: &ObjectId, objects: &Objects) -> bool {
        self.commits.get_or_init(|| self.find(objects)).contains(id)
    }

    fn find(&self, objects: &Objects) -> HashSet<ObjectId> {
        let mut seen: HashSet<ObjectId> = self.tips.iter().copied().collect();
        let mut next = self.tips.clone();
        while let Some(id) = next.pop() {
            // The ancestors of an unreadable commit do not count as known, so more is scanned, not less.
            let parents = read(&id, &self.shallow, objects).map_or(Vec::new(), |commit| commit.parents);
            next.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
        }
        seen
    }
}
