//! Objects that stand in more places than one: in several packs, twice in one, in an alternate as well.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Mutex;

use gix::ObjectId;

use crate::git::pack::traversal::Object;

/// Lets each object through once, of those that may hold a token: there are few of these, and no others are told of.
#[derive(Default)]
pub(crate) struct Copies {
    /// Whether there are any.
    any: bool,
    hasher: RandomState,
    met: Mutex<HashSet<(ObjectId, u64)>>,
}

impl Copies {
    pub fn new(any: bool) -> Self {
        Self { any, ..Self::default() }
    }

    /// A copy with other bytes is damaged or forged, and counts as well.
    pub fn is_first<F>(&self, object: &Object<'_, F>) -> bool {
        if !self.any || object.content.is_clean() {
            return true;
        }
        let seen = (object.id.to_owned(), self.hasher.hash_one(object.bytes));
        self.met.lock().expect("no thread panicked while it held the lock").insert(seen)
    }
}
