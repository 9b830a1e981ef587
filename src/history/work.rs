//! The work of a scan, and the threads that do it.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use crate::git::odb::loose::Loose;
use crate::git::pack::forest::{Pack, Root};
use crate::git::pack::traversal;
use crate::git::pack::traversal::{EntryCallback, Object, Selection, Task, Walker};
use crate::history::database::History;
use crate::history::tree_edges::Marked;
use crate::threads::Threads;

/// The error for a loose object that was listed but does not exist any more.
pub(crate) const GONE: &str = "it was deleted during the scan";

/// A piece of work for one thread: a delta tree of a pack, or up to 64 loose objects of one folder.
pub(crate) enum Work<'w> {
    Root(&'w Pack, &'w Root),
    Loose(&'w Path, Vec<ObjectId>),
}

impl Work<'_> {
    pub(super) fn count(&self) -> u64 {
        match self {
            Work::Root(_, root) => root.count,
            Work::Loose(_, ids) => ids.len() as u64,
        }
    }
}

impl History<'_> {
    /// Does the work on up to `threads` threads. Returns the size of all objects in bytes.
    pub(crate) fn run<F>(&self, work: &[Work<'_>], threads: Threads, task: &Task<'_, F>) -> u64 {
        let next = AtomicUsize::new(0);
        let object_dirs = &self.repository.object_dirs;
        let progress = &self.progress;
        let run_thread = || {
            let objects = object_dirs.reader();
            let mut walker = Walker::new(&objects);
            while let Some(work) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                match work {
                    Work::Root(pack, root) => walker.traverse(pack, root, task),
                    Work::Loose(dir, ids) => visit_loose(dir, ids, &mut walker.bytes, task),
                }
                progress.add(work.count());
            }
            walker.bytes
        };
        let helpers = threads.for_parts(work.len()) - 1;
        std::thread::scope(|scope| {
            let others: Vec<_> = (0..helpers).map(|_| scope.spawn(run_thread)).collect();
            let own = run_thread();
            others.into_iter().map(|thread| thread.join().expect("a scanning thread does not panic")).sum::<u64>() + own
        })
    }

    /// Visits the new entries of every tree. Builds a tree only if others are deltas against it. Objects that cannot be read are
    /// not reported, since the scan reported them.
    pub(crate) fn each_new_entry(&self, threads: Threads, entries: &EntryCallback<'_>) {
        let select = |kind| if kind == ObjectKind::Tree { Selection::Candidates } else { Selection::None };
        let visit = &|_: &Object<'_>| {};
        let task = Task { select, search: None, entries: Some(entries), visit, failed: &|_, _| {} };
        self.run(&self.work(false), threads, &task);
    }

    /// Visits the trees in `marked`, and others that are in the same delta trees.
    pub(crate) fn each_tree_of(&self, marked: &Marked, threads: Threads, visit: &(dyn Fn(&Object<'_>) + Sync)) {
        let select = |kind| if kind == ObjectKind::Tree { Selection::All } else { Selection::None };
        let task = Task { select, search: None, entries: None, visit, failed: &|_, _| {} };
        self.run(&self.work_on(marked), threads, &task);
    }

    pub(crate) fn each_commit_and_tag(&self, threads: Threads, visit: &(dyn Fn(&Object<'_>) + Sync)) {
        let select =
            |kind| if matches!(kind, ObjectKind::Commit | ObjectKind::Tag) { Selection::All } else { Selection::None };
        let task = Task { select, search: None, entries: None, visit, failed: &|_, _| {} };
        self.run(&self.work(false), threads, &task);
    }

    /// Returns all work: first the delta trees of all packs, largest first, then loose objects. With `only_new`, clean objects are
    /// left out, unless they are in a delta tree with a new object.
    pub(crate) fn work(&self, only_new: bool) -> Vec<Work<'_>> {
        let mut roots: Vec<(&Pack, &Root)> = Vec::new();
        for pack in &self.contents.packs {
            let found = if only_new { self.new_roots(pack) } else { pack.roots.iter().collect() };
            roots.extend(found.into_iter().map(|root| (pack, root)));
        }
        roots.sort_by_key(|(_, root)| std::cmp::Reverse(root.weight));
        let mut work: Vec<Work<'_>> = roots.into_iter().map(|(pack, root)| Work::Root(pack, root)).collect();
        for (dir, ids) in &self.contents.loose {
            let is_wanted = |id: &&ObjectId| !only_new || !self.clean.has(id);
            let ids: Vec<ObjectId> = ids.iter().filter(is_wanted).copied().collect();
            work.extend(ids.chunks(64).map(|ids| Work::Loose(dir, ids.to_vec())));
        }
        work
    }

    /// Returns the delta trees with a marked tree, and the marked loose trees.
    fn work_on(&self, marked: &Marked) -> Vec<Work<'_>> {
        let mut work = Vec::new();
        for (pack, entries) in self.contents.packs.iter().zip(&marked.entries) {
            let is_marked = |root: &&Root| pack.any_in_tree(root.entry, |entry| entries[entry as usize]);
            work.extend(pack.roots.iter().filter(is_marked).map(|root| Work::Root(pack, root)));
        }
        for (dir, ids) in &self.contents.loose {
            let is_marked = |id: &&ObjectId| self.contents.number(id).is_some_and(|number| marked.has(number));
            let ids: Vec<ObjectId> = ids.iter().filter(is_marked).copied().collect();
            work.extend(ids.chunks(64).map(|ids| Work::Loose(dir, ids.to_vec())));
        }
        work
    }

    /// Returns the delta trees with at least one new object.
    fn new_roots<'p>(&self, pack: &'p Pack) -> Vec<&'p Root> {
        let is_new = |root: &&Root| {
            self.clean.is_empty() || pack.any_in_tree(root.entry, |entry| !self.clean.has(pack.id(entry)))
        };
        pack.roots.iter().filter(is_new).collect()
    }
}

fn visit_loose<F>(dir: &Path, ids: &[ObjectId], bytes: &mut u64, task: &Task<'_, F>) {
    let mut store = Loose::new(dir);
    let mut buffer = Vec::new();
    for id in ids {
        match store.read(id, &mut buffer) {
            Ok(Some((kind, start))) => {
                let object = &buffer[start..];
                *bytes += object.len() as u64;
                let is_mismatch = gix::objs::compute_hash(id.kind(), kind, object).is_ok_and(|other| other != *id);
                if is_mismatch {
                    (task.failed)(id, "the content does not match the object id");
                }
                // Scan the bytes as a blob, so that the references of the wrong object are not checked.
                let kind = if is_mismatch { ObjectKind::Blob } else { kind };
                traversal::visit_object(kind, id, object, task);
            }
            Ok(None) => (task.failed)(id, GONE),
            Err(err) => (task.failed)(id, &err.to_string()),
        }
    }
}
