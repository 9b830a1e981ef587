//! Missing objects.

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, MutexGuard};

use gix::ObjectId;
use gix::hash::oid;

use crate::error::{Error, counted};

/// An error that is about many objects names at most this many.
const MOST_NAMED: usize = 3;

/// The ids of missing objects, recorded by several threads.
#[derive(Default)]
pub(crate) struct MissingObjects(Mutex<HashSet<ObjectId>>);

impl MissingObjects {
    pub fn record(&self, id: &oid) {
        self.ids().insert(id.to_owned());
    }

    pub fn take(&self) -> HashSet<ObjectId> {
        mem::take(&mut self.ids())
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<ObjectId>> {
        self.0.lock().expect("no thread panicked while it held the lock")
    }
}

/// The error for objects that were not scanned because they are `missing`. `partial` says whether this is a partial clone.
/// None if nothing is missing.
pub(crate) fn missing_error(missing: &HashSet<ObjectId>, partial: bool) -> Option<Error> {
    let (cause, help) = if partial {
        ("this is a partial clone, which leaves them out", "run git fetch --refetch --no-filter to get them")
    } else {
        ("refs refer to them, but they are missing", "run git fsck for details, or fetch them from another clone")
    };
    let what = || format!("cannot scan {}", objects(&sorted(missing)));
    (!missing.is_empty()).then(|| Error::new(what(), cause, help).of_objects(missing.len()))
}

/// `1 object (0123456789abcdef)`.
pub(crate) fn objects(ids: &[ObjectId]) -> String {
    let named: Vec<String> = ids.iter().take(MOST_NAMED).map(|id| id.to_hex_with_len(16).to_string()).collect();
    let more = if ids.len() > MOST_NAMED { " and more" } else { "" };
    format!("{} ({}{more})", counted(ids.len(), "object"), named.join(", "))
}

pub(crate) fn sorted(ids: &HashSet<ObjectId>) -> Vec<ObjectId> {
    let mut ids: Vec<ObjectId> = ids.iter().copied().collect();
    ids.sort();
    ids
}
