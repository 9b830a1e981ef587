//! Archives among the blobs, unpacked: `history --archives`.
//!
//! Archives are recognized by their bytes, so every blob is decoded, even if its delta has no token. Units have only the path in
//! the archive, since many trees may have the blob. The paths of the blob are looked up only if something was found.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use crate::detect::Hit;
use crate::finding::{Origin, OriginKind, Part, Span};
use crate::git::pack::traversal::{Object, Selection};
use crate::history::show::{candidates, visit_units};
use crate::scan::archive::{Budget, LIMITS, Unopened, is_archive, unpack};
use crate::scan::source::{AddedFilter, Skipped, Unit};

/// Whether to unpack archives, and those that were found.
pub(crate) struct Archives {
    wanted: bool,
    budget: Arc<Budget>,
    met: Mutex<Met>,
}

#[derive(Default)]
pub(super) struct Met {
    /// A blob may be in several packs.
    pub(super) ids: HashSet<ObjectId>,
    pub(super) files: usize,
    pub(super) bytes: u64,
    pub(super) skipped: Vec<(ObjectId, Skipped)>,
    pub(super) unread: Vec<(ObjectId, Unopened)>,
}

impl Met {
    /// The blobs that were not opened, or not read to their end.
    pub(super) fn closed(&self) -> impl Iterator<Item = ObjectId> {
        self.skipped.iter().map(|(id, _)| *id).chain(self.unread.iter().map(|(id, _)| *id))
    }
}

impl Archives {
    pub fn new(wanted: bool) -> Self {
        Self { wanted, budget: Arc::default(), met: Mutex::default() }
    }

    /// For another pass of the same scan, with the same budget and no archives yet.
    pub fn again(&self) -> Self {
        Self { wanted: self.wanted, budget: self.budget.clone(), met: Mutex::default() }
    }

    pub(super) fn met(&self) -> MutexGuard<'_, Met> {
        self.met.lock().expect("no thread panicked while it held the lock")
    }

    /// Which objects must be decoded.
    pub fn select(&self) -> fn(ObjectKind) -> Selection {
        if self.wanted {
            |kind| if kind == ObjectKind::Blob { Selection::All } else { candidates(kind) }
        } else {
            candidates
        }
    }

    pub fn show(&self, object: &Object<'_, Vec<Hit>>, visit: &dyn Fn(&Unit<'_>)) {
        if self.wanted && object.kind == ObjectKind::Blob && is_archive(object.bytes) {
            self.open(object, visit);
        } else {
            visit_units(object, visit);
        }
    }

    /// Blobs that were not opened. The next scan reports them again, whatever the clean cache contains.
    pub fn closed(&self) -> Vec<ObjectId> {
        self.met().closed().collect()
    }

    /// Passes the entries of the blob to `visit`, and then its own bytes.
    fn open(&self, blob: &Object<'_, Vec<Hit>>, visit: &dyn Fn(&Unit<'_>)) {
        let &Object { id, bytes, content, .. } = blob;
        if !self.met().ids.insert(id.to_owned()) {
            return;
        }
        let origin = Origin { order: 0, kind: OriginKind::Blob, id: id.to_string() };
        let visit = |unit: &Unit<'_>| visit(&Unit { origin: Some(&origin), ..*unit });
        let unpacked = unpack(b"", bytes, LIMITS, &self.budget, &visit);
        if !content.is_clean() {
            let uncovered = |spans: &[Span]| Ok(spans.iter().map(|span| !unpacked.is_covered(bytes, span)).collect());
            let added = AddedFilter::Compared(&uncovered);
            visit(&Unit {
                path: Some(b""),
                part: Part::Content,
                origin: None,
                bytes,
                added,
                hits: content.found().map(Vec::as_slice),
            });
        }
        let mut met = self.met();
        met.files += unpacked.files;
        met.bytes += unpacked.bytes;
        met.skipped.extend(unpacked.skipped.into_iter().map(|one| (id.to_owned(), one)));
        met.unread.extend(unpacked.unread.into_iter().map(|one| (id.to_owned(), one)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_of_one_scan_have_one_budget() {
        let first = Archives { budget: Arc::new(Budget::of(0, 2)), ..Archives::new(true) };
        assert!(first.budget.take_finding());
        let second = first.again();
        assert!(second.budget.take_finding() && !second.budget.take_finding() && !first.budget.take_finding());
    }
}
