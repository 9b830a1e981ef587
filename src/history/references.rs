//! Whether all is here that objects refer to.

use std::collections::{BTreeSet, HashSet};
use std::mem;
use std::sync::Mutex;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::{Kind, TagRefIter};

use crate::git::odb::commit::Commit;
use crate::git::odb::inventory::Inventory;
use crate::git::odb::objects::is_lfs_pointer;
use crate::git::pack::traversal::Object;

/// So many ids are looked up together, in their order: where the index of a pack has them is near where it had the one before,
/// so that it is in the cache. One by one, a look-up waited for memory several times, and all of them took an eighth of a sweep.
const BATCH: usize = 1 << 17;

/// Looks at objects, from many threads.
pub(crate) struct Links<'h> {
    contents: &'h Inventory,
    /// Ids that are to be looked up.
    waiting: Mutex<Vec<ObjectId>>,
    found: Mutex<Found>,
}

/// What was noticed.
#[derive(Default)]
pub(crate) struct Found {
    /// What some object refers to and is not here.
    pub missing: HashSet<ObjectId>,
    /// Blobs that only say where the content is.
    pub pointers: HashSet<ObjectId>,
    /// The names that trees have for submodules: the last part of their paths.
    pub submodules: BTreeSet<Vec<u8>>,
}

impl<'h> Links<'h> {
    pub fn new(contents: &'h Inventory) -> Self {
        Self { contents, waiting: Mutex::default(), found: Mutex::default() }
    }

    pub fn into_found(self) -> Found {
        let rest = mem::take(&mut *self.waiting.lock().expect("no thread panicked while it held the lock"));
        self.look_up(rest);
        self.found.into_inner().expect("no thread panicked while it held the lock")
    }

    /// Notes what the object refers to. An error where it is no well-formed object of its kind.
    pub fn see<F>(&self, object: &Object<'_, F>) -> gix::Result<()> {
        let &Object { kind, id, bytes, .. } = object;
        match kind {
            // The walk tells of each entry that is new.
            Kind::Tree => Ok(()),
            Kind::Commit => {
                let commit = Commit::parse(bytes, id.kind())?;
                self.refer(commit.parents.iter().chain([&commit.tree]));
                Ok(())
            }
            Kind::Tag => {
                self.refer(&[TagRefIter::from_bytes(bytes, id.kind()).target_id()?]);
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

    /// Has it noted where no object has one of these ids.
    pub fn refer<'i>(&self, ids: impl IntoIterator<Item = &'i ObjectId>) {
        let full = {
            let mut waiting = self.waiting.lock().expect("no thread panicked while it held the lock");
            waiting.extend(ids);
            (waiting.len() >= BATCH).then(|| mem::take(&mut *waiting))
        };
        if let Some(full) = full {
            self.look_up(full);
        }
    }

    /// Has them told as not scanned.
    pub fn submodules(&self, names: &[Vec<u8>]) {
        if !names.is_empty() {
            let mut found = self.found.lock().expect("no thread panicked while it held the lock");
            found.submodules.extend(names.iter().cloned());
        }
    }

    fn look_up(&self, mut ids: Vec<ObjectId>) {
        ids.sort_unstable_by_key(|id| id.as_bytes().first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)));
        ids.dedup();
        for id in ids.iter().filter(|id| !self.contents.has(id) && !id.is_empty_tree()) {
            self.note(|found| &mut found.missing, id);
        }
    }

    fn note(&self, which: fn(&mut Found) -> &mut HashSet<ObjectId>, id: &oid) {
        which(&mut self.found.lock().expect("no thread panicked while it held the lock")).insert(id.to_owned());
    }
}
