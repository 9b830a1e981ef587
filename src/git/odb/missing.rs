//! Objects that were wanted and are not here.

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, MutexGuard};

use gix::ObjectId;
use gix::hash::oid;

use crate::error::{Error, counted};

/// How many objects are named where many have one fault.
const NAMED: usize = 3;

/// Their ids, noted from many threads.
#[derive(Default)]
pub(crate) struct Gaps(Mutex<HashSet<ObjectId>>);

impl Gaps {
    pub fn note(&self, id: &oid) {
        self.ids().insert(id.to_owned());
    }

    pub fn take(&self) -> HashSet<ObjectId> {
        mem::take(&mut self.ids())
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<ObjectId>> {
        self.0.lock().expect("no thread panicked while it held the lock")
    }
}

/// That `missing` was not scanned: what a `partial` clone left out, or else what is lost. None where nothing is missing.
pub(crate) fn not_here(missing: &HashSet<ObjectId>, partial: bool) -> Option<Error> {
    let (cause, help) = if partial {
        ("this is a partial clone, which left them out", "git fetch --refetch --no-filter gets them")
    } else {
        ("refs lead to them, and they are not here", "git fsck tells more; another clone may have them")
    };
    let what = || format!("cannot scan {}", objects(&sorted(missing)));
    (!missing.is_empty()).then(|| Error::new(what(), cause, help).of_objects(missing.len()))
}

/// `1 object (0123456789abcdef)`.
pub(crate) fn objects(ids: &[ObjectId]) -> String {
    let named: Vec<String> = ids.iter().take(NAMED).map(|id| id.to_hex_with_len(16).to_string()).collect();
    let more = if ids.len() > NAMED { " and more" } else { "" };
    format!("{} ({}{more})", counted(ids.len(), "object"), named.join(", "))
}

pub(crate) fn sorted(ids: &HashSet<ObjectId>) -> Vec<ObjectId> {
    let mut ids: Vec<ObjectId> = ids.iter().copied().collect();
    ids.sort();
    ids
}
