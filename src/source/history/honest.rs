//! What a repository says that it has not, and what is not there though something refers to it.

use std::collections::HashSet;
use std::sync::Mutex;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;

use super::History;
use super::graph::Commits;
use crate::trouble::Trouble;

/// How many missing objects are named.
const NAMED: usize = 3;

impl History<'_> {
    /// What was not there to be scanned.
    pub(super) fn lacks(&self, threads: usize) -> Vec<Trouble> {
        let mut lacks = Vec::new();
        match self.repository.shallow() {
            Ok(ends) if ends.is_empty() => {}
            Ok(ends) => lacks.push(Trouble::new(
                format!("cannot scan what is older than {} commits", ends.len()),
                "this is a shallow clone, and its history ends there",
                "git fetch --unshallow gets the rest",
            )),
            Err(trouble) => lacks.push(trouble),
        }
        if self.contents.promised || self.repository.is_partial() {
            let missing = self.missing_below_trees(threads);
            if !missing.is_empty() {
                lacks.push(missing_objects(
                    &missing,
                    "this is a partial clone, which left them out",
                    "git fetch --refetch --no-filter gets them",
                ));
            }
        }
        let missing = self.missing_of_commits(threads);
        if !missing.is_empty() {
            lacks.push(missing_objects(
                &missing,
                "commits or refs lead to them, and they are not here",
                "git fsck tells more",
            ));
        }
        lacks
    }

    /// Trees and parents of commits, and what refs point to.
    fn missing_of_commits(&self, threads: usize) -> Vec<ObjectId> {
        let shallow = self.repository.shallow().unwrap_or_default();
        let commits = Commits::all(self, threads);
        let of_commits = commits.list.iter().flat_map(|node| {
            let parents = if shallow.contains(&node.id) { &[][..] } else { &node.commit.parents[..] };
            std::iter::once(&node.commit.tree).chain(parents)
        });
        let refs = self.repository.refs().unwrap_or_default();
        let empty = ObjectId::empty_tree(self.repository.objects.hash());
        let ids: HashSet<&ObjectId> = of_commits.chain(refs.iter().map(|found| &found.id)).collect();
        sorted(ids.into_iter().filter(|id| **id != empty && !self.contents.has(id)).copied())
    }

    fn missing_below_trees(&self, threads: usize) -> Vec<ObjectId> {
        let (missing, contents) = (Mutex::new(HashSet::new()), &self.contents);
        let visit = |_: Kind, id: &oid, bytes: &[u8]| {
            for entry in gix::objs::TreeRefIter::from_bytes(bytes, id.kind()).flatten() {
                if !entry.mode.is_commit() && !contents.has(entry.oid) {
                    missing.lock().expect("no thread panicked while it held the lock").insert(entry.oid.to_owned());
                }
            }
        };
        self.walk(threads, &self.everything(|kind| kind == Kind::Tree, &visit));
        sorted(missing.into_inner().expect("no thread panicked while it held the lock").into_iter())
    }
}

fn sorted(ids: impl Iterator<Item = ObjectId>) -> Vec<ObjectId> {
    let mut ids: Vec<ObjectId> = ids.collect();
    ids.sort();
    ids
}

fn missing_objects(ids: &[ObjectId], cause: &str, way_out: &str) -> Trouble {
    let named: Vec<String> = ids.iter().take(NAMED).map(|id| id.to_hex_with_len(16).to_string()).collect();
    let more = if ids.len() > NAMED { " and more" } else { "" };
    let what = if ids.len() == 1 { "1 object".to_owned() } else { format!("{} objects", ids.len()) };
    Trouble::new(format!("cannot scan {what} ({}{more})", named.join(", ")), cause, way_out)
}
