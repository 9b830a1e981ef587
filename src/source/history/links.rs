//! Whether all is here that objects refer to.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::{Kind, TagRefIter};

use super::stores::Contents;
use super::walk::Object;
use crate::source::ancestry::Commit;
use crate::source::objects::is_lfs_pointer;

/// Looks at objects, from many threads.
pub(super) struct Links<'h> {
    contents: &'h Contents,
    seen: Seen,
    found: Mutex<Found>,
}

/// What was noticed.
#[derive(Default)]
pub(super) struct Found {
    /// What some object refers to and is not here.
    pub missing: HashSet<ObjectId>,
    /// Blobs that only say where the content is.
    pub pointers: HashSet<ObjectId>,
}

impl<'h> Links<'h> {
    pub fn new(contents: &'h Contents) -> Self {
        Self { contents, seen: Seen::of(contents.count()), found: Mutex::default() }
    }

    pub fn into_found(self) -> Found {
        self.found.into_inner().expect("no thread panicked while it held the lock")
    }

    /// Looks up what the object refers to. An error where it is no well-formed object of its kind.
    pub fn see(&self, object: &Object<'_>) -> gix::Result<()> {
        let &Object { kind, id, bytes, .. } = object;
        match kind {
            // The walk tells of each entry that is new.
            Kind::Tree => Ok(()),
            Kind::Commit => {
                let commit = Commit::parse(bytes, id.kind())?;
                commit.parents.iter().chain([&commit.tree]).for_each(|id| self.look_up(id));
                Ok(())
            }
            Kind::Tag => {
                self.look_up(&TagRefIter::from_bytes(bytes, id.kind()).target_id()?);
                Ok(())
            }
            Kind::Blob => {
                if is_lfs_pointer(bytes) {
                    self.note(|found| &mut found.pointers, id);
                }
                Ok(())
            }
        }
    }

    /// Notes it where no object has this id.
    pub fn look_up(&self, id: &oid) {
        if !self.seen.has(id) {
            if self.contents.has(id) || id.is_empty_tree() {
                self.seen.add(id);
            } else {
                self.note(|found| &mut found.missing, id);
            }
        }
    }

    fn note(&self, which: fn(&mut Found) -> &mut HashSet<ObjectId>, id: &oid) {
        which(&mut self.found.lock().expect("no thread panicked while it held the lock")).insert(id.to_owned());
    }
}

/// Ids that were looked up lately.
struct Seen {
    /// Of each id a part, at a place that another part of it tells.
    slots: Box<[AtomicU64]>,
}

/// 32 megabytes. A search in the index of a pack takes several looks at memory that is in no cache, this takes one.
const MOST_SLOTS: usize = 1 << 22;

impl Seen {
    /// With room for so many.
    fn of(count: usize) -> Self {
        let slots = (2 * count).next_power_of_two().min(MOST_SLOTS);
        Self { slots: (0..slots).map(|_| AtomicU64::new(0)).collect() }
    }

    fn has(&self, id: &oid) -> bool {
        let (slot, part) = self.place(id);
        self.slots[slot].load(Ordering::Relaxed) == part
    }

    fn add(&self, id: &oid) {
        let (slot, part) = self.place(id);
        self.slots[slot].store(part, Ordering::Relaxed);
    }

    fn place(&self, id: &oid) -> (usize, u64) {
        let (slot, rest) = id.as_bytes().split_first_chunk::<4>().expect("an id has 20 bytes at least");
        let part = rest.last_chunk::<8>().expect("an id has 20 bytes at least");
        (u32::from_le_bytes(*slot) as usize % self.slots.len(), u64::from_le_bytes(*part))
    }
}
