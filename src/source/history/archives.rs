//! Archives among the blobs, unpacked: `history --archives`.
//!
//! An archive is told by its bytes, so that every blob is made, also where no token is in a delta. Units have the path in
//! the archive alone, since many trees may have the blob: where these have it is asked once something was found.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use super::graph::{Commits, Held, Numbers, Trees};
use super::walk::{Look, Object};
use super::watch::Phase;
use super::{History, held, show};
use crate::finding::{Origin, OriginKind, Part, Span};
use crate::source::archive::{Budget, LIMITS, Unopened, is_archive, path_inside, unpack};
use crate::source::{Coverage, Newness, Skipped, Threads, Unit};

/// Whether to unpack them, and those that were met.
pub(super) struct Archives {
    wanted: bool,
    budget: Budget,
    met: Mutex<Met>,
}

#[derive(Default)]
struct Met {
    /// A blob may be in several packs.
    ids: HashSet<ObjectId>,
    files: usize,
    bytes: u64,
    skipped: Vec<(ObjectId, Skipped)>,
    unread: Vec<(ObjectId, Unopened)>,
}

impl Met {
    /// The blobs that were not opened, or not to their end.
    fn closed(&self) -> impl Iterator<Item = ObjectId> {
        self.skipped.iter().map(|(id, _)| *id).chain(self.unread.iter().map(|(id, _)| *id))
    }
}

impl Archives {
    pub fn new(wanted: bool) -> Self {
        Self { wanted, budget: Budget::default(), met: Mutex::default() }
    }

    /// For another pass: with none met.
    pub fn again(&self) -> Self {
        Self::new(self.wanted)
    }

    fn met(&self) -> MutexGuard<'_, Met> {
        self.met.lock().expect("no thread panicked while it held the lock")
    }

    /// Which objects are to be made.
    pub fn look(&self) -> fn(ObjectKind) -> Look {
        if self.wanted { |kind| if kind == ObjectKind::Blob { Look::All } else { held(kind) } } else { held }
    }

    pub fn show(&self, object: &Object<'_>, visit: &dyn Fn(&Unit<'_>)) {
        if self.wanted && object.kind == ObjectKind::Blob && is_archive(object.bytes) {
            self.open(object, visit);
        } else {
            show(object, visit);
        }
    }

    /// Blobs that were not opened: whatever is remembered, the next sweep is to name them again.
    pub fn closed(&self) -> Vec<ObjectId> {
        self.met().closed().collect()
    }

    /// Hands over what is in the blob, and then its own bytes.
    fn open(&self, blob: &Object<'_>, visit: &dyn Fn(&Unit<'_>)) {
        let &Object { id, bytes, may_hold, .. } = blob;
        if !self.met().ids.insert(id.to_owned()) {
            return;
        }
        let origin = Origin { order: 0, kind: OriginKind::Blob, id: id.to_string() };
        let visit = |unit: &Unit<'_>| visit(&Unit { origin: Some(&origin), ..*unit });
        let unpacked = unpack(b"", bytes, LIMITS, &self.budget, &visit);
        if may_hold {
            let untold = |spans: &[Span]| Ok(spans.iter().map(|span| !unpacked.is_told(bytes, span)).collect());
            let newness = Newness::Compared(&untold);
            visit(&Unit { path: Some(b""), part: Part::Content, origin: None, bytes, newness });
        }
        let mut met = self.met();
        met.files += unpacked.files;
        met.bytes += unpacked.bytes;
        met.skipped.extend(unpacked.skipped.into_iter().map(|one| (id.to_owned(), one)));
        met.unread.extend(unpacked.unread.into_iter().map(|one| (id.to_owned(), one)));
    }
}

impl History<'_> {
    /// Unpacks archives as well.
    #[must_use]
    pub fn with_archives(self, archives: bool) -> Self {
        Self { archives: Archives::new(archives), ..self }
    }

    /// Adds what is in archives, and names those that were not opened.
    pub(super) fn with_archives_told(&self, mut covered: Coverage, threads: Threads) -> Coverage {
        let met = self.archives.met();
        covered.files += met.files;
        covered.bytes += met.bytes;
        let paths = self.paths_of(met.closed().collect(), threads);
        let name = |id: &ObjectId, path: &[u8]| {
            let outer = paths.get(id).map_or(&b""[..], Vec::as_slice);
            let blob = format!("blob {}", id.to_hex_with_len(16)).into_bytes();
            if outer.is_empty() {
                [&blob, path].concat()
            } else {
                [&path_inside(outer, path), &b" ("[..], &blob, b")"].concat()
            }
        };
        let skipped = met.skipped.iter().map(|(id, one)| Skipped { path: name(id, &one.path), why: one.why });
        covered.skipped.extend(skipped);
        covered.unread.extend(met.unread.iter().map(|(id, one)| one.trouble(&name(id, &one.path))));
        covered
    }

    /// For each of these blobs a path at which the oldest commit has it that has it, or an index.
    fn paths_of(&self, ids: HashSet<ObjectId>, threads: Threads) -> HashMap<ObjectId, Vec<u8>> {
        let mut paths: HashMap<ObjectId, Vec<u8>> = HashMap::new();
        if ids.is_empty() {
            return paths;
        }
        self.watch.begin(Phase::Following, 0);
        let ids: Vec<ObjectId> = ids.into_iter().collect();
        let numbers: Numbers = ids.iter().copied().zip(0..).collect();
        let trees = Trees::leading_to(&numbers, self, threads);
        let mut met = HashSet::new();
        for node in Commits::all(self, threads).list {
            let mut next: Vec<(u32, Vec<u8>)> = Vec::new();
            next.extend(trees.number(&node.commit.tree).map(|tree| (tree, Vec::new())));
            while let Some((tree, folder)) = next.pop() {
                if !met.insert(tree) {
                    continue;
                }
                // By name: the numbers are in the order in which threads came by.
                let mut held: Vec<(&[u8], Held)> = Vec::new();
                held.extend(trees.held(tree).iter().map(|&(name, held)| (trees.name(name), held)));
                held.sort_unstable();
                for (name, held) in held {
                    let path = [&folder, name].concat();
                    match held {
                        Held::Tree(below) => next.push((below, [&path[..], b"/"].concat())),
                        Held::Wanted(wanted) => _ = paths.entry(ids[wanted as usize]).or_insert(path),
                    }
                }
            }
        }
        for change in self.staged.iter().filter(|change| numbers.contains_key(&change.id)) {
            paths.entry(change.id).or_insert_with(|| change.path.clone());
        }
        paths
    }
}
