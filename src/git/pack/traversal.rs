//! The traversal of a delta tree. It visits each object once, and builds only those that can contain a match.
//!
//! If the base contains no match, and the inserted bytes with their surroundings cannot be part of one, the result contains
//! none either. For most objects, therefore, only the delta is inflated and searched.

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;
use gix::zlib::Inflate;

use crate::git::odb::objects::Objects;
use crate::git::pack::buffer::Buffer;
use crate::git::pack::delta::{Delta, Splice};
use crate::git::pack::forest::{Inflated, Pack, Root, RootKind};
use crate::git::pack::tree_entries::{EntryOffsets, RawEntryKind, RawTreeEntry};

/// Which objects of a kind a traversal visits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    None,
    /// Objects that may contain a match, and small blobs.
    Candidates,
    All,
}

/// A callback for the new entries of a tree.
pub(crate) type EntryCallback<'t> = dyn Fn(&NewEntries<'_>) + Sync + 't;

/// The entries of a tree, without those that it copies from its delta base.
#[derive(Clone, Copy)]
pub(crate) struct NewEntries<'e> {
    pub tree: &'e oid,
    /// Files and symbolic links.
    pub files: &'e [ObjectId],
    pub subtrees: &'e [ObjectId],
    /// The names of submodules.
    pub submodules: &'e [Vec<u8>],
}

/// What a traversal visits, and the callbacks.
pub(crate) struct Task<'t, F = ()> {
    pub select: fn(Kind) -> Selection,
    /// None if the traversal does not search.
    pub search: Option<Search<'t, F>>,
    /// Called for each tree with its entries, without those that it copies from its delta base. If set, a tree is searched
    /// only in its names, and an invalid tree is reported to `failed`.
    pub entries: Option<&'t EntryCallback<'t>>,
    pub visit: &'t (dyn Fn(&Object<'_, F>) + Sync),
    /// Called with the id of an object that cannot be read, and the reason.
    pub failed: &'t (dyn Fn(&oid, &str) + Sync),
}

/// How a traversal searches objects. `F` is what the search of a whole object finds.
pub(crate) struct Search<'t, F> {
    /// A cheap test whether the bytes may contain a match. If it is true for the concatenation of two texts, it must be
    /// true for one of them or for what `splice` takes from both.
    pub may_match: &'t (dyn Fn(&[u8]) -> bool + Sync),
    /// Searches a whole object.
    pub find: &'t (dyn Fn(Kind, &[u8]) -> Content<F> + Sync),
    pub splice: &'t (dyn Splice + Sync),
}

/// The outcome of a search of an object.
#[derive(Clone, Copy)]
pub(crate) enum Content<F> {
    Clean,
    /// The object may contain a match, but was not searched as a whole.
    Unknown,
    Found(F),
}

impl<F> Content<F> {
    pub fn is_clean(&self) -> bool {
        matches!(self, Content::Clean)
    }

    pub fn found(&self) -> Option<&F> {
        if let Content::Found(found) = self { Some(found) } else { None }
    }

    /// The outcome for bytes that were not searched as a whole.
    fn unsearched(may_match: bool) -> Self {
        if may_match { Content::Unknown } else { Content::Clean }
    }
}

impl<F> Task<'_, F> {
    fn may_match(&self, bytes: &[u8]) -> bool {
        self.search.as_ref().is_some_and(|search| (search.may_match)(bytes))
    }

    fn find(&self, kind: Kind, bytes: &[u8]) -> Content<F> {
        self.search.as_ref().map_or(Content::Clean, |search| (search.find)(kind, bytes))
    }
}

/// An object, as it is passed to `Task::visit`.
pub(crate) struct Object<'o, F = ()> {
    pub kind: Kind,
    pub id: &'o oid,
    pub bytes: &'o [u8],
    pub content: &'o Content<F>,
}

/// The base of a delta.
#[derive(Clone, Copy)]
struct Base<'b> {
    bytes: &'b [u8],
    holds: bool,
    /// The entries, if the base is a valid tree.
    entries: Option<&'b EntryOffsets>,
}

/// Smaller blobs are always visited: pointers such as those of Git LFS have about 200 bytes.
const SMALL_BLOB: usize = 1024;

/// The buffers of one thread, and its byte count.
pub(crate) struct Walker<'o> {
    objects: &'o Objects,
    inflate: Inflate,
    delta: Buffer,
    /// The part of a delta's result that has to be searched.
    scratch: Buffer,
    new: EntryBuffer,
    /// Free buffers.
    free_buffers: Vec<Buffer>,
    /// The total size of the objects that were read, including those that were not built.
    pub bytes: u64,
}

/// An object whose children are being visited.
struct Frame {
    entry: u32,
    bytes: Buffer,
    holds: bool,
    entries: Option<EntryOffsets>,
    next_child: usize,
}

impl Frame {
    fn as_base(&self) -> Base<'_> {
        Base { bytes: &self.bytes, holds: self.holds, entries: self.entries.as_ref() }
    }
}

/// What became of an entry.
enum Built<F> {
    /// The object was not built: it contains no match, has no children, and was not asked for.
    Skipped,
    Object {
        content: Content<F>,
        entries: Option<EntryOffsets>,
    },
}

impl<'o> Walker<'o> {
    pub fn new(objects: &'o Objects) -> Self {
        let (delta, scratch, free_buffers) = (Buffer::default(), Buffer::default(), Vec::new());
        Self {
            objects,
            inflate: Inflate::default(),
            delta,
            scratch,
            new: EntryBuffer::default(),
            free_buffers,
            bytes: 0,
        }
    }

    /// Visits a root and its descendants.
    pub fn traverse<F>(&mut self, pack: &Pack, root: &Root, task: &Task<'_, F>) {
        let (kind, base) = match self.root_kind(root) {
            Ok(found) => found,
            Err(why) => return fail_tree(pack, root.entry, &why, task),
        };
        let selection = (task.select)(kind);
        if selection == Selection::None {
            return;
        }
        let base = base.map(|bytes| {
            let holds = !task.find(kind, &bytes).is_clean();
            (bytes, holds)
        });
        let base = base.as_ref().map(|(bytes, holds)| Base { bytes, holds: *holds, entries: None });
        let mut stack: Vec<Frame> = Vec::new();
        stack.extend(self.enter(pack, root.entry, kind, base, task));
        while let Some(top) = stack.last_mut() {
            let Some(&child) = pack.children(top.entry).get(top.next_child) else {
                let done = stack.pop().expect("the stack has a top");
                self.free_buffers.push(done.bytes);
                continue;
            };
            top.next_child += 1;
            let entered = self.enter(pack, child, kind, Some(top.as_base()), task);
            if top.next_child == pack.children(top.entry).len() {
                // The last child is read. A chain of deltas needs two buffers, not one a link.
                let done = stack.pop().expect("the stack has a top");
                self.free_buffers.push(done.bytes);
            }
            stack.extend(entered);
        }
    }

    /// Visits one object. Returns a frame if it has children.
    fn enter<F>(
        &mut self,
        pack: &Pack,
        entry: u32,
        kind: Kind,
        base: Option<Base<'_>>,
        task: &Task<'_, F>,
    ) -> Option<Frame> {
        let mut bytes = self.free_buffers.pop().unwrap_or_default();
        let has_children = !pack.children(entry).is_empty();
        let built = self.resolve(pack, entry, kind, base, task, &mut bytes);
        match built {
            Ok(Built::Skipped) => {}
            Ok(Built::Object { content, entries }) => {
                visit_if_selected(&Object { kind, id: pack.id(entry), bytes: &bytes, content: &content }, task);
                if has_children {
                    let holds = !content.is_clean();
                    return Some(Frame { entry, bytes, holds, entries, next_child: 0 });
                }
            }
            Err(err) => fail_tree(pack, entry, &err.to_string(), task),
        }
        self.free_buffers.push(bytes);
        None
    }

    /// Reads the object of an entry into `bytes`, if it has to be built.
    fn resolve<F>(
        &mut self,
        pack: &Pack,
        entry: u32,
        kind: Kind,
        base: Option<Base<'_>>,
        task: &Task<'_, F>,
        bytes: &mut Buffer,
    ) -> gix::Result<Built<F>> {
        if let Some(base) = base {
            return self.resolve_delta(pack, entry, kind, base, task, bytes);
        }
        match pack.inflate(entry, &mut self.inflate, bytes)? {
            Inflated::Object => {}
            Inflated::Delta => return Err(gix::error::corruption("its delta base is missing").into()),
        }
        self.bytes += bytes.len() as u64;
        Ok(self.inspect(pack.id(entry), kind, bytes, task))
    }

    /// Applies the delta of an entry to `base`, if the object has to be built.
    fn resolve_delta<F>(
        &mut self,
        pack: &Pack,
        entry: u32,
        kind: Kind,
        base: Base<'_>,
        task: &Task<'_, F>,
        bytes: &mut Buffer,
    ) -> gix::Result<Built<F>> {
        let id = pack.id(entry);
        pack.inflate(entry, &mut self.inflate, &mut self.delta)?;
        let delta = Delta::parse(&self.delta)?;
        self.bytes += delta.size as u64;

        let has_children = !pack.children(entry).is_empty();
        let on_entries = task.entries.filter(|_| kind == Kind::Tree);
        // An invalid tree is read again as a whole, and reported then.
        let entries = on_entries.zip(base.entries).and_then(|(on_entries, older)| {
            self.new
                .read(id, on_entries, |visit| {
                    older.after_delta(base.bytes, &delta, has_children, id.as_bytes().len(), visit)
                })
                .ok()
        });
        let is_read_whole = on_entries.is_some() && entries.is_none();
        let mut is_built = false;
        let may_match = base.holds
            || is_read_whole
            || match (&entries, &task.search) {
                (Some(_), _) => task.may_match(&self.new.names),
                (None, None) => false,
                (None, Some(search)) => {
                    if has_children {
                        delta.apply_and_extract(base.bytes, search.splice, bytes, &mut self.scratch)?;
                        is_built = true;
                    } else {
                        delta.inserted(base.bytes, search.splice, &mut self.scratch)?;
                    }
                    task.may_match(&self.scratch)
                }
            };
        let is_small = kind == Kind::Blob && delta.size < SMALL_BLOB;
        if !(may_match || has_children || is_small || (task.select)(kind) == Selection::All) {
            return Ok(Built::Skipped);
        }
        if !is_built {
            delta.apply(base.bytes, bytes)?;
        }
        if is_read_whole {
            return Ok(self.inspect(id, kind, bytes, task));
        }
        let is_in_new_name = entries.is_some() && !base.holds;
        let content = match may_match {
            false => Content::Clean,
            true if is_in_new_name => Content::Unknown,
            true => task.find(kind, bytes),
        };
        Ok(Built::Object { content, entries })
    }

    /// Searches an object that was built without a known base.
    fn inspect<F>(&mut self, id: &oid, kind: Kind, bytes: &[u8], task: &Task<'_, F>) -> Built<F> {
        let entries = self.new.read_tree(kind, id, bytes, task);
        let content = match entries {
            Some(_) => Content::unsearched(task.may_match(&self.new.names)),
            None => task.find(kind, bytes),
        };
        Built::Object { content, entries }
    }

    /// The kind of a root, and its base if that is outside of the pack.
    fn root_kind(&self, root: &Root) -> Result<(Kind, Option<Vec<u8>>), String> {
        match root.kind {
            RootKind::Object(kind) => Ok((kind, None)),
            RootKind::External(base) => self.external_base(&base),
            RootKind::Invalid(why) => Err(why.to_owned()),
        }
    }

    fn external_base(&self, base: &ObjectId) -> Result<(Kind, Option<Vec<u8>>), String> {
        let mut buffer = Vec::new();
        let (kind, bytes) = self.objects.any(base, &"a delta", &mut buffer).map_err(|error| error.cause)?;
        Ok((kind, Some(bytes.to_vec())))
    }
}

/// The entries of a tree that its delta base does not have.
#[derive(Default)]
struct EntryBuffer {
    /// Each name is followed by a NUL.
    names: Vec<u8>,
    files: Vec<ObjectId>,
    subtrees: Vec<ObjectId>,
    submodules: Vec<Vec<u8>>,
}

impl EntryBuffer {
    /// Collects the entries that `read` visits, and passes them to the callback.
    fn read(
        &mut self,
        tree: &oid,
        on_entries: &EntryCallback<'_>,
        read: impl FnOnce(&mut dyn FnMut(&RawTreeEntry<'_>)) -> gix::Result<EntryOffsets>,
    ) -> gix::Result<EntryOffsets> {
        self.names.clear();
        self.files.clear();
        self.subtrees.clear();
        self.submodules.clear();
        let entries = read(&mut |entry| {
            self.names.extend_from_slice(entry.name);
            self.names.push(0);
            match entry.kind {
                RawEntryKind::File => self.files.push(entry.id.to_owned()),
                RawEntryKind::Tree => self.subtrees.push(entry.id.to_owned()),
                RawEntryKind::Submodule => self.submodules.push(entry.name.to_vec()),
            }
        });
        let Self { files, subtrees, submodules, .. } = self;
        on_entries(&NewEntries { tree, files, subtrees, submodules });
        entries
    }

    /// Reads a whole tree. None if the task does not ask for entries, or if the tree is invalid, which is reported.
    fn read_tree<F>(&mut self, kind: Kind, id: &oid, bytes: &[u8], task: &Task<'_, F>) -> Option<EntryOffsets> {
        let on_entries = task.entries.filter(|_| kind == Kind::Tree)?;
        let read = self.read(id, on_entries, |visit| EntryOffsets::read(bytes, id.as_bytes().len(), visit));
        read.map_err(|err| (task.failed)(id, &err.to_string())).ok()
    }
}

/// Visits an object that was not found by a traversal, such as a loose one.
pub(crate) fn visit_object<F>(kind: Kind, id: &oid, bytes: &[u8], task: &Task<'_, F>) {
    EntryBuffer::default().read_tree(kind, id, bytes, task);
    visit_if_selected(&Object { kind, id, bytes, content: &task.find(kind, bytes) }, task);
}

/// Visits the object if the task selects it.
fn visit_if_selected<F>(object: &Object<'_, F>, task: &Task<'_, F>) {
    let wanted = match (task.select)(object.kind) {
        Selection::None => false,
        Selection::Candidates => {
            !object.content.is_clean() || (object.kind == Kind::Blob && object.bytes.len() < SMALL_BLOB)
        }
        Selection::All => true,
    };
    if wanted {
        (task.visit)(object);
    }
}

fn fail_tree<F>(pack: &Pack, entry: u32, why: &str, task: &Task<'_, F>) {
    let mut pending = vec![entry];
    while let Some(entry) = pending.pop() {
        (task.failed)(pack.id(entry), why);
        pending.extend_from_slice(pack.children(entry));
    }
}
