//! Checks that each object that other objects refer to is in the repository.

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

/// The number of ids that are looked up together. They are sorted first, so that each position in a pack index is near the one
/// before it and in the CPU cache. Unsorted look-ups waited for memory several times each, and took an eighth of a scan.
const BATCH: usize = 1 << 17;

/// Checks references. Many threads can share it.
pub(crate) struct References<'h> {
    contents: &'h Inventory,
    /// Ids that were not looked up yet.
    pending: Mutex<Vec<ObjectId>>,
    unavailable: Mutex<Unavailable>,
}

/// Content that objects refer to, and that is not in the repository.
#[derive(Default)]
pub(crate) struct Unavailable {
    /// Missing objects.
    pub missing: HashSet<ObjectId>,
    /// Blobs that are pointers of Git LFS.
    pub lfs_pointers: HashSet<ObjectId>,
    /// The names of submodules in trees, without their folders.
    pub submodules: BTreeSet<Vec<u8>>,
}

impl<'h> References<'h> {
    pub fn new(contents: &'h Inventory) -> Self {
        Self { contents, pending: Mutex::default(), unavailable: Mutex::default() }
    }

    /// Looks up the remaining ids and returns everything that is unavailable.
    pub fn finish(self) -> Unavailable {
        let rest = mem::take(&mut *self.pending.lock().expect("no thread panicked while it held the lock"));
        self.look_up(rest);
        self.unavailable.into_inner().expect("no thread panicked while it held the lock")
    }

    /// Checks the references of a commit or a tag, and whether a blob is an LFS pointer. Returns an error if a commit or a tag is
    /// malformed.
    pub fn check_object<F>(&self, object: &Object<'_, F>) -> gix::Result<()> {
        let &Object { kind, id, bytes, .. } = object;
        match kind {
            // The traversal passes the entries of trees to `check_ids`.
            Kind::Tree => Ok(()),
            Kind::Commit => {
                let commit = Commit::parse(bytes, id.kind())?;
                self.check_ids(commit.parents.iter().chain([&commit.tree]));
                Ok(())
            }
            Kind::Tag => {
                self.check_ids(&[TagRefIter::from_bytes(bytes, id.kind()).target_id()?]);
                Ok(())
            }
            Kind::Blob => {
                if is_lfs_pointer(bytes) {
                    self.insert(|unavailable| &mut unavailable.lfs_pointers, id);
                }
                Ok(())
            }
        }
    }

    /// Records which of these ids are missing.
    pub fn check_ids<'i>(&self, ids: impl IntoIterator<Item = &'i ObjectId>) {
        let full = {
            let mut pending = self.pending.lock().expect("no thread panicked while it held the lock");
            pending.extend(ids);
            (pending.len() >= BATCH).then(|| mem::take(&mut *pending))
        };
        if let Some(full) = full {
            self.look_up(full);
        }
    }

    /// Records submodules, which are not scanned.
    pub fn add_submodules(&self, names: &[Vec<u8>]) {
        if !names.is_empty() {
            let mut unavailable = self.unavailable.lock().expect("no thread panicked while it held the lock");
            unavailable.submodules.extend(names.iter().cloned());
        }
    }

    fn look_up(&self, mut ids: Vec<ObjectId>) {
        ids.sort_unstable_by_key(|id| id.as_bytes().first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)));
        ids.dedup();
        for id in ids.iter().filter(|id| !self.contents.has(id) && !id.is_empty_tree()) {
            self.insert(|unavailable| &mut unavailable.missing, id);
        }
    }

    fn insert(&self, set: fn(&mut Unavailable) -> &mut HashSet<ObjectId>, id: &oid) {
        set(&mut self.unavailable.lock().expect("no thread panicked while it held the lock")).insert(id.to_owned());
    }
}
