//! All objects of a repository, each once, wherever it is kept and whoever refers to it.

mod delta;
mod graph;
mod honest;
mod labels;
mod pack;
mod stores;
mod trace;
mod walk;

pub use labels::Label;
pub use trace::{CommitFacts, Introduced, Sought, Trace};

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind as ObjectKind;

use pack::Pack;
use stores::Contents;
use walk::{Task, Walker};

use super::envelope::{visit_envelope, whole};
use super::loose::Loose;
use super::objects::Objects;
use super::{Coverage, Kind, Repository, Source, Unit, index};
use crate::detect::Detector;
use crate::finding::{Origin, OriginKind, Part};
use crate::trouble::Trouble;

/// The object database of a repository.
pub struct History<'r> {
    repository: &'r Repository,
    detector: &'r Detector,
    contents: Contents,
}

impl<'r> History<'r> {
    /// Opens every pack and lists every loose object. Reads no content yet.
    pub fn open(repository: &'r Repository, detector: &'r Detector) -> Self {
        let contents = Contents::of(repository.stores.folders(), repository.objects.hash());
        Self { repository, detector, contents }
    }
}

impl Source for History<'_> {
    fn kind(&self) -> Kind {
        Kind::History
    }

    fn visit(&self, threads: usize, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let unread = Mutex::new(self.contents.unread.clone());
        let show = |kind: ObjectKind, id: &oid, bytes: &[u8]| show(kind, id, bytes, visit);
        let failed = |id: &oid, why: &str| {
            unread.lock().expect("no thread panicked while it held the lock").push(unreadable(id, why));
        };
        let task = Task {
            may_hold: &|bytes| self.detector.may_hold(bytes),
            context: self.detector.longest_literal() - 1,
            wants: |_| true,
            all: false,
            visit: &show,
            failed: &failed,
        };
        let bytes = self.walk(threads, &task);
        let mut unread = unread.into_inner().expect("no thread panicked while it held the lock");
        unread.extend(self.lacks(threads));
        unread.extend(self.visit_names(visit).err());
        Coverage { objects: self.count(), bytes, unread, ..Coverage::default() }
    }
}

/// Where a thread gets its work: the next root of some pack, the next few loose objects.
enum Work<'w> {
    Root(&'w Pack, &'w pack::Root),
    Loose(&'w std::path::Path, &'w [ObjectId]),
}

impl History<'_> {
    /// Names that stand in no object: those of refs, and of files that are staged only.
    fn visit_names(&self, visit: &dyn Fn(&Unit<'_>)) -> Result<(), Trouble> {
        for found in self.repository.refs()? {
            visit(&Unit { path: Some(&found.name), ..whole(Part::Ref, &found.name) });
        }
        for git_dir in self.repository.git_dirs() {
            for change in staged_in(&git_dir, &self.repository.objects)? {
                visit(&Unit { path: Some(&change.path), ..whole(Part::Name, &change.path) });
            }
        }
        Ok(())
    }

    /// A task that makes every object of some kinds.
    fn everything<'t>(
        &self,
        wants: fn(ObjectKind) -> bool,
        visit: &'t (dyn Fn(ObjectKind, &oid, &[u8]) + Sync),
    ) -> Task<'t> {
        // What cannot be read was told when it was scanned.
        Task { may_hold: &|_| false, context: 0, wants, all: true, visit, failed: &|_, _| {} }
    }

    /// Reads all objects on up to `threads` threads; returns how many bytes they have.
    fn walk(&self, threads: usize, task: &Task<'_>) -> u64 {
        let work: Vec<Work<'_>> = self.work();
        let next = AtomicUsize::new(0);
        let stores = &self.repository.stores;
        let run = || {
            let objects = stores.reader();
            let mut walker = Walker::new(&objects);
            while let Some(work) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                match work {
                    Work::Root(pack, root) => walker.tree(pack, root, task),
                    Work::Loose(dir, ids) => loose(dir, ids, &mut walker.bytes, task),
                }
            }
            walker.bytes
        };
        let helpers = threads.min(work.len()).saturating_sub(1);
        std::thread::scope(|scope| {
            let helping: Vec<_> = (0..helpers).map(|_| scope.spawn(run)).collect();
            let mine = run();
            helping.into_iter().map(|thread| thread.join().expect("a scanning thread does not panic")).sum::<u64>()
                + mine
        })
    }

    fn work(&self) -> Vec<Work<'_>> {
        // The largest trees first, of all packs.
        let mut roots: Vec<(&Pack, &pack::Root)> =
            self.contents.packs.iter().flat_map(|pack| pack.roots.iter().map(move |root| (pack, root))).collect();
        roots.sort_by_key(|(_, root)| std::cmp::Reverse(root.weight));
        let loose = self.contents.loose.iter();
        let loose = loose.flat_map(|(dir, ids)| ids.chunks(64).map(move |ids| Work::Loose(dir, ids)));
        roots.into_iter().map(|(pack, root)| Work::Root(pack, root)).chain(loose).collect()
    }

    /// How many objects there are, each counted once.
    fn count(&self) -> usize {
        let loose: usize = self.contents.loose.iter().map(|(_, ids)| ids.len()).sum();
        match &self.contents.packs[..] {
            [] => loose,
            [pack] => loose + pack.len(),
            packs => loose + packs.iter().flat_map(Pack::ids).collect::<HashSet<_>>().len(),
        }
    }
}

fn loose(dir: &std::path::Path, ids: &[ObjectId], bytes: &mut u64, task: &Task<'_>) {
    let mut store = Loose::new(dir);
    let mut buffer = Vec::new();
    for id in ids {
        match store.read(id, &mut buffer) {
            Ok(Some((kind, start))) => {
                let object = &buffer[start..];
                *bytes += object.len() as u64;
                if (task.wants)(kind) && (task.all || (task.may_hold)(object)) {
                    (task.visit)(kind, id, object);
                }
            }
            Ok(None) => (task.failed)(id, "it was there a moment ago and is gone"),
            Err(err) => (task.failed)(id, &err.to_string()),
        }
    }
}

/// All that the index of the worktree with this git directory holds.
fn staged_in(git_dir: &std::path::Path, objects: &Objects) -> Result<Vec<index::Change>, Trouble> {
    let path = git_dir.join("index");
    // A bare repository has none, and no index is an empty one.
    if path.exists() { Ok(index::compare(&path, git_dir, None, objects)?.changes) } else { Ok(Vec::new()) }
}

/// Hands over what can be scanned of an object.
fn show(kind: ObjectKind, id: &oid, bytes: &[u8], visit: &dyn Fn(&Unit<'_>)) {
    let origin = |kind| Origin { order: 0, kind, id: id.to_string() };
    let visit_as = |kind, unit: &Unit<'_>| visit(&Unit { origin: Some(&origin(kind)), ..*unit });
    match kind {
        ObjectKind::Blob => visit_as(OriginKind::Blob, &whole(Part::Content, bytes)),
        ObjectKind::Commit => visit_envelope(bytes, &|unit| visit_as(OriginKind::Commit, unit)),
        ObjectKind::Tag => visit_envelope(bytes, &|unit| visit_as(OriginKind::Tag, unit)),
        ObjectKind::Tree => {
            for entry in gix::objs::TreeRefIter::from_bytes(bytes, id.kind()).flatten() {
                visit_as(OriginKind::Tree, &whole(Part::Name, entry.filename));
            }
        }
    }
}

fn unreadable(id: &oid, why: &str) -> Trouble {
    Trouble::new(
        format!("cannot read the object {}", id.to_hex_with_len(16)),
        why,
        "look for the damage with git fsck --full",
    )
}
