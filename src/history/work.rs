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

/// Which objects to read.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'m> {
    All,
    /// Objects that were not clean in an earlier scan.
    New,
    Marked(&'m Marked),
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

    /// Visits the new entries of every tree. Builds a tree only if others are deltas against it.
    pub(crate) fn each_new_entry(&self, threads: Threads, entries: &EntryCallback<'_>) {
        let select = |kind| if kind == ObjectKind::Tree { Selection::Candidates } else { Selection::None };
        self.each(Wanted::All, select, Some(entries), threads, &|_| {});
    }

    /// Visits the trees in `marked`, and others that are in the same delta trees.
    pub(crate) fn each_tree_of(&self, marked: &Marked, threads: Threads, visit: &(dyn Fn(&Object<'_>) + Sync)) {
        let select = |kind| if kind == ObjectKind::Tree { Selection::All } else { Selection::None };
        self.each(Wanted::Marked(marked), select, None, threads, visit);
    }

    pub(crate) fn each_commit_and_tag(&self, threads: Threads, visit: &(dyn Fn(&Object<'_>) + Sync)) {
        let select =
            |kind| if matches!(kind, ObjectKind::Commit | ObjectKind::Tag) { Selection::All } else { Selection::None };
        self.each(Wanted::All, select, None, threads, visit);
    }

    /// Visits objects without a search. Those that cannot be read are not reported, since the scan reported them.
    fn each(
        &self,
        wanted: Wanted<'_>,
        select: fn(ObjectKind) -> Selection,
        entries: Option<&EntryCallback<'_>>,
        threads: Threads,
        visit: &(dyn Fn(&Object<'_>) + Sync),
    ) {
        let task = Task { select, search: None, entries, visit, failed: &|_, _| {} };
        self.run(&self.work(wanted), threads, &task);
    }

    /// Returns the work: first the delta trees of all packs, largest first, then loose objects. A delta tree is wanted if one of
    /// its objects is.
    pub(crate) fn work(&self, wanted: Wanted<'_>) -> Vec<Work<'_>> {
        let mut roots: Vec<(&Pack, &Root)> = Vec::new();
        for (nth, pack) in self.contents.packs.iter().enumerate() {
            let is_wanted = |root: &&Root| match wanted {
                Wanted::All => true,
                Wanted::New => {
                    self.clean.is_empty() || pack.any_in_tree(root.entry, |entry| !self.clean.has(pack.id(entry)))
                }
                Wanted::Marked(marked) => pack.any_in_tree(root.entry, |entry| marked.entries[nth][entry as usize]),
            };
            roots.extend(pack.roots.iter().filter(is_wanted).map(|root| (pack, root)));
        }
        roots.sort_by_key(|(_, root)| std::cmp::Reverse(root.weight));
        let mut work: Vec<Work<'_>> = roots.into_iter().map(|(pack, root)| Work::Root(pack, root)).collect();
        let is_wanted = |id: &&ObjectId| match wanted {
            Wanted::All => true,
            Wanted::New => !self.clean.has(id),
            Wanted::Marked(marked) => self.contents.number(id).is_some_and(|number| marked.has(number)),
        };
        for (dir, ids) in &self.contents.loose {
            let ids: Vec<ObjectId> = ids.iter().filter(is_wanted).copied().collect();
            work.extend(ids.chunks(64).map(|ids| Work::Loose(dir, ids.to_vec())));
        }
        work
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
