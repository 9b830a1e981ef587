//! Which commits some have and others lack.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::OnceLock;

use gix::ObjectId;

use crate::error::Error;
use crate::git::odb::commit::Commit;
use crate::git::odb::objects::Objects;

/// After the last commit in question, so many older ones are still looked at. Dates lie at times, and a commit that is
/// known may be dated before all those that led to it. What stays undiscovered is scanned once more, never left out, and
/// [`AllKnown`] tells where that matters.
const SLOP: usize = 512;

/// A history that is being walked.
pub(crate) struct Ancestry<'o> {
    objects: &'o Objects,
    shallow: HashSet<ObjectId>,
    commits: HashMap<ObjectId, Seen>,
    /// Newest first.
    queue: BinaryHeap<(i64, ObjectId)>,
    /// How many in the queue are not known.
    wanted_in_queue: usize,
}

struct Seen {
    commit: Commit,
    known: bool,
    queued: bool,
}

impl<'o> Ancestry<'o> {
    pub fn new(objects: &'o Objects, shallow: HashSet<ObjectId>) -> Self {
        Self { objects, shallow, commits: HashMap::new(), queue: BinaryHeap::new(), wanted_in_queue: 0 }
    }

    /// The other side has these commits.
    pub fn know(&mut self, known: &[ObjectId]) -> Result<(), Error> {
        known.iter().try_for_each(|id| self.see(*id, true))
    }

    /// The commits that `wanted` reach and what is known does not, the oldest first. What an earlier call returned is not
    /// returned again. Each must be a commit that can be read.
    pub fn missing(&mut self, wanted: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        for id in wanted {
            self.see(*id, false)?;
        }
        let mut found = Vec::new();
        let mut slop = SLOP;
        while let Some((_, id)) = self.queue.pop() {
            let seen = self.commits.get_mut(&id).expect("what is queued was seen");
            seen.queued = false;
            let (known, parents) = (seen.known, seen.commit.parents.clone());
            if !known {
                self.wanted_in_queue -= 1;
                found.push(id);
            }
            for parent in parents {
                self.see(parent, known)?;
            }
            if self.wanted_in_queue > 0 {
                slop = SLOP;
            } else if slop == 0 {
                break;
            } else {
                slop -= 1;
            }
        }
        // Some may have turned out to be known after they were met.
        let mut met = HashSet::new();
        found.retain(|id| !self.commits[id].known && met.insert(*id));
        found.reverse();
        Ok(found)
    }

    /// Whether the walk went to its end, so that none of the missing commits can turn out to be known.
    pub fn saw_all(&self) -> bool {
        self.queue.is_empty()
    }

    /// A commit that the walk came by.
    pub fn commit(&self, id: &ObjectId) -> Option<&Commit> {
        self.commits.get(id).map(|seen| &seen.commit)
    }

    fn see(&mut self, id: ObjectId, known: bool) -> Result<(), Error> {
        let seen = match self.commits.get_mut(&id) {
            // What is known stays so, and so do its parents; what is met again brings nothing new.
            Some(seen) if seen.known || !known => return Ok(()),
            Some(seen) => {
                seen.known = true;
                if seen.queued {
                    self.wanted_in_queue -= 1;
                    return Ok(());
                }
                seen
            }
            None => {
                let commit = match self.read(&id) {
                    Ok(commit) => commit,
                    // It only bounds the walk. Behind it nothing is known then, so more is scanned, not less.
                    Err(_) if known => return Ok(()),
                    Err(error) => return Err(error),
                };
                self.commits.entry(id).or_insert(Seen { commit, known, queued: false })
            }
        };
        seen.queued = true;
        self.wanted_in_queue += usize::from(!known);
        self.queue.push((seen.commit.date, id));
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

/// Every commit that leads to some others, found out when it is first asked for: for a million commits that takes
/// seconds.
pub(crate) struct AllKnown {
    tips: Vec<ObjectId>,
    shallow: HashSet<ObjectId>,
    commits: OnceLock<HashSet<ObjectId>>,
}

impl AllKnown {
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
            // Behind a commit that cannot be read nothing is known: more is scanned then, not less.
            let parents = read(&id, &self.shallow, objects).map_or(Vec::new(), |commit| commit.parents);
            next.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
        }
        seen
    }
}
