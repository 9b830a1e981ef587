//! Deduplication of objects. The same object may be in several packs, twice in one pack, or in an alternate too.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Mutex;

use gix::ObjectId;

use crate::git::pack::traversal::Object;

/// The objects that were scanned already. It contains only objects that may contain a token. They are few, and a scan reports
/// nothing about others.
#[derive(Default)]
pub(crate) struct Dedup {
    /// False if no object has a second copy. Then nothing is recorded.
    enabled: bool,
    hasher: RandomState,
    seen: Mutex<HashSet<(ObjectId, u64)>>,
}

impl Dedup {
    pub fn new(enabled: bool) -> Self {
        Self { enabled, ..Self::default() }
    }

    /// Returns whether the object was not seen before. A copy with different bytes is damaged or forged, and counts as another
    /// object.
    pub fn is_first<F>(&self, object: &Object<'_, F>) -> bool {
        if !self.enabled || object.content.is_clean() {
            return true;
        }
        let key = (object.id.to_owned(), self.hasher.hash_one(object.bytes));
        self.seen.lock().expect("no thread panicked while it held the lock").insert(key)
    }
}
