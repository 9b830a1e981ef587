//! All objects of a pack, each once, without making those that cannot hold a token.
//!
//! If a base holds no token, and what a delta inserts, with what stands beside it, can be no part of one, then what comes of
//! the delta holds none. So of most objects only the delta is inflated and looked at.

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;
use gix::zlib::Inflate;

use crate::git::odb::objects::Objects;
use crate::git::pack::buffer::Buffer;
use crate::git::pack::delta::{Delta, Splice};
use crate::git::pack::forest::{Held, Pack, Root, RootKind};
use crate::git::pack::tree_entries::{Entries, TreeEntry};

/// Which objects of a kind a walk shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    None,
    /// Those that may hold a token, and the small ones.
    Held,
    All,
}

/// Gets ids that a tree refers to.
pub(crate) type Tell<'t> = dyn Fn(&[ObjectId], &[Vec<u8>]) + Sync + 't;

/// What the walk is for.
pub(crate) struct Task<'t, F = ()> {
    pub look: fn(Kind) -> Look,
    /// None where no token is looked for.
    pub search: Option<Search<'t, F>>,
    /// Gets the ids of the entries of a tree, and the names of those that are submodules, except what stands alike in a tree that was read before. Where
    /// it is given, only the names in a tree can hold a token, and a tree that is none to its end has failed.
    pub entries: Option<&'t Tell<'t>>,
    pub visit: &'t (dyn Fn(&Object<'_, F>) + Sync),
    /// Gets the id of an object that cannot be read, and why.
    pub failed: &'t (dyn Fn(&oid, &str) + Sync),
}

/// How a walk looks for tokens. `F` is what a search of a whole object finds.
pub(crate) struct Search<'t, F> {
    /// Whether the bytes may hold a token. For bytes that are spliced from two texts, this is true only if it is true of one of
    /// the texts, or of what `splice` takes of both.
    pub may_hold: &'t (dyn Fn(&[u8]) -> bool + Sync),
    /// Searches a whole object.
    pub find: &'t (dyn Fn(Kind, &[u8]) -> Content<F> + Sync),
    pub splice: &'t (dyn Splice + Sync),
}

/// Whether an object holds a token.
#[derive(Clone, Copy)]
pub(crate) enum Content<F> {
    Clean,
    /// The object may hold a token, and was not searched as one text.
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

    /// For bytes that were not searched as a whole.
    fn unsearched(may_hold: bool) -> Self {
        if may_hold { Content::Unknown } else { Content::Clean }
    }
}

impl<F> Task<'_, F> {
    fn may_hold(&self, bytes: &[u8]) -> bool {
        self.search.as_ref().is_some_and(|search| (search.may_hold)(bytes))
    }

    fn find(&self, kind: Kind, bytes: &[u8]) -> Content<F> {
        self.search.as_ref().map_or(Content::Clean, |search| (search.find)(kind, bytes))
    }
}

/// An object as a walk shows it.
pub(crate) struct Object<'o, F = ()> {
    pub kind: Kind,
    pub id: &'o oid,
    pub bytes: &'o [u8],
    pub content: &'o Content<F>,
}

/// What a delta is against.
#[derive(Clone, Copy)]
struct Base<'b> {
    bytes: &'b [u8],
    holds: bool,
    /// Of a tree, if they are known.
    entries: Option<&'b Entries>,
}

/// Blobs with fewer bytes than this are shown whatever they hold: pointers to what is stored elsewhere have 200.
const SMALL: usize = 1024;

/// What a thread reads with, and what it counted.
pub(crate) struct Walker<'o> {
    objects: &'o Objects,
    inflate: Inflate,
    delta: Buffer,
    /// What is to be looked at of a delta.
    scratch: Buffer,
    new: New,
    /// Buffers that are free.
    spare: Vec<Buffer>,
    /// Bytes of the objects that were read, as if each had been made.
    pub bytes: u64,
}

/// An object whose children are being read.
struct Frame {
    entry: u32,
    bytes: Buffer,
    holds: bool,
    entries: Option<Entries>,
    next_child: usize,
}

impl Frame {
    fn as_base(&self) -> Base<'_> {
        Base { bytes: &self.bytes, holds: self.holds, entries: self.entries.as_ref() }
    }
}

/// Whether an object was made.
enum Made<F> {
    /// It holds no token, nothing hangs on it, and nobody asked for it.
    Not,
    Whole {
        content: Content<F>,
        entries: Option<Entries>,
    },
}

impl<'o> Walker<'o> {
    pub fn new(objects: &'o Objects) -> Self {
        let (delta, scratch, spare) = (Buffer::default(), Buffer::default(), Vec::new());
        Self { objects, inflate: Inflate::default(), delta, scratch, new: New::default(), spare, bytes: 0 }
    }

    /// Reads a root and all that hangs on it.
    pub fn tree<F>(&mut self, pack: &Pack, root: &Root, task: &Task<'_, F>) {
        let (kind, base) = match self.root_kind(root) {
            Ok(found) => found,
            Err(why) => return fail_all(pack, root.entry, &why, task),
        };
        let look = (task.look)(kind);
        if look == Look::None {
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
                let done = stack.pop().expect("there is a last one");
                self.spare.push(done.bytes);
                continue;
            };
            top.next_child += 1;
            let entered = self.enter(pack, child, kind, Some(top.as_base()), task);
            if top.next_child == pack.children(top.entry).len() {
                // Its last child is read: a chain of deltas needs two buffers, not one for each link.
                let done = stack.pop().expect("there is a last one");
                self.spare.push(done.bytes);
            }
            stack.extend(entered);
        }
    }

    /// Reads one object; a frame where it has children to read.
    fn enter<F>(
        &mut self,
        pack: &Pack,
        entry: u32,
        kind: Kind,
        base: Option<Base<'_>>,
        task: &Task<'_, F>,
    ) -> Option<Frame> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        let has_children = !pack.children(entry).is_empty();
        let made = self.read(pack, entry, kind, base, task, &mut bytes);
        match made {
            Ok(Made::Not) => {}
            Ok(Made::Whole { content, entries }) => {
                show(&Object { kind, id: pack.id(entry), bytes: &bytes, content: &content }, task);
                if has_children {
                    let holds = !content.is_clean();
                    return Some(Frame { entry, bytes, holds, entries, next_child: 0 });
                }
            }
            Err(err) => fail_all(pack, entry, &err.to_string(), task),
        }
        self.spare.push(bytes);
        None
    }

    /// Makes the object in `bytes`, where that is needed.
    fn read<F>(
        &mut self,
        pack: &Pack,
        entry: u32,
        kind: Kind,
        base: Option<Base<'_>>,
        task: &Task<'_, F>,
        bytes: &mut Buffer,
    ) -> gix::Result<Made<F>> {
        if let Some(base) = base {
            return self.changed(pack, entry, kind, base, task, bytes);
        }
        match pack.inflate(entry, &mut self.inflate, bytes)? {
            Held::Whole => {}
            Held::Delta => return Err(gix::error::corruption("a delta has no base").into()),
        }
        self.bytes += bytes.len() as u64;
        Ok(self.whole(pack.id(entry), kind, bytes, task))
    }

    /// Makes what comes of a delta, where that is needed.
    fn changed<F>(
        &mut self,
        pack: &Pack,
        entry: u32,
        kind: Kind,
        base: Base<'_>,
        task: &Task<'_, F>,
        bytes: &mut Buffer,
    ) -> gix::Result<Made<F>> {
        let id = pack.id(entry);
        pack.inflate(entry, &mut self.inflate, &mut self.delta)?;
        let delta = Delta::parse(&self.delta)?;
        self.bytes += delta.size as u64;

        let has_children = !pack.children(entry).is_empty();
        let tell = task.entries.filter(|_| kind == Kind::Tree);
        // One that is no tree is read once more as a whole, and told then.
        let entries = tell.zip(base.entries).and_then(|(tell, older)| {
            self.new.read(tell, |see| older.after(base.bytes, &delta, has_children, id.as_bytes().len(), see)).ok()
        });
        let is_unknown = tell.is_some() && entries.is_none();
        let mut is_made = false;
        let may_hold = base.holds
            || is_unknown
            || match (&entries, &task.search) {
                (Some(_), _) => task.may_hold(&self.new.names),
                (None, None) => false,
                (None, Some(search)) => {
                    if has_children {
                        delta.apply_and_tell(base.bytes, search.splice, bytes, &mut self.scratch)?;
                        is_made = true;
                    } else {
                        delta.inserted(base.bytes, search.splice, &mut self.scratch)?;
                    }
                    task.may_hold(&self.scratch)
                }
            };
        let is_small = kind == Kind::Blob && delta.size < SMALL;
        if !(may_hold || has_children || is_small || (task.look)(kind) == Look::All) {
            return Ok(Made::Not);
        }
        if !is_made {
            delta.apply(base.bytes, bytes)?;
        }
        if is_unknown {
            return Ok(self.whole(id, kind, bytes, task));
        }
        let is_in_new_name = entries.is_some() && !base.holds;
        let content = match may_hold {
            false => Content::Clean,
            true if is_in_new_name => Content::Unknown,
            true => task.find(kind, bytes),
        };
        Ok(Made::Whole { content, entries })
    }

    /// One of which nothing was known before.
    fn whole<F>(&mut self, id: &oid, kind: Kind, bytes: &[u8], task: &Task<'_, F>) -> Made<F> {
        let entries = self.new.read_tree(kind, id, bytes, task);
        let content = match entries {
            Some(_) => Content::unsearched(task.may_hold(&self.new.names)),
            None => task.find(kind, bytes),
        };
        Made::Whole { content, entries }
    }

    /// The kind of a root, and its base where that is in another place.
    fn root_kind(&self, root: &Root) -> Result<(Kind, Option<Vec<u8>>), String> {
        match root.kind {
            RootKind::Whole(kind) => Ok((kind, None)),
            RootKind::Elsewhere(base) => self.base(&base),
            RootKind::Broken(why) => Err(why.to_owned()),
        }
    }

    fn base(&self, base: &ObjectId) -> Result<(Kind, Option<Vec<u8>>), String> {
        let mut buffer = Vec::new();
        let (kind, bytes) = self.objects.any(base, &"a delta", &mut buffer).map_err(|error| error.cause)?;
        Ok((kind, Some(bytes.to_vec())))
    }
}

/// What is new in a tree.
#[derive(Default)]
struct New {
    /// Each with a NUL behind it.
    names: Vec<u8>,
    ids: Vec<ObjectId>,
    submodules: Vec<Vec<u8>>,
}

impl New {
    /// Tells what `read` sees.
    fn read(
        &mut self,
        tell: &Tell<'_>,
        read: impl FnOnce(&mut dyn FnMut(&TreeEntry<'_>)) -> gix::Result<Entries>,
    ) -> gix::Result<Entries> {
        self.names.clear();
        self.ids.clear();
        self.submodules.clear();
        let entries = read(&mut |entry| {
            self.names.extend_from_slice(entry.name);
            self.names.push(0);
            if entry.is_submodule {
                self.submodules.push(entry.name.to_vec());
            } else {
                self.ids.push(entry.id.to_owned());
            }
        });
        tell(&self.ids, &self.submodules);
        entries
    }

    /// Of one of which nothing is known. None where nobody asks, or where it is no tree to its end, which is told.
    fn read_tree<F>(&mut self, kind: Kind, id: &oid, bytes: &[u8], task: &Task<'_, F>) -> Option<Entries> {
        let tell = task.entries.filter(|_| kind == Kind::Tree)?;
        let read = self.read(tell, |see| Entries::read(bytes, id.as_bytes().len(), see));
        read.map_err(|err| (task.failed)(id, &err.to_string())).ok()
    }
}

/// Shows an object that was found by itself.
pub(crate) fn show_alone<F>(kind: Kind, id: &oid, bytes: &[u8], task: &Task<'_, F>) {
    New::default().read_tree(kind, id, bytes, task);
    show(&Object { kind, id, bytes, content: &task.find(kind, bytes) }, task);
}

/// Shows the object where the task asks for it.
fn show<F>(object: &Object<'_, F>, task: &Task<'_, F>) {
    let wanted = match (task.look)(object.kind) {
        Look::None => false,
        Look::Held => !object.content.is_clean() || (object.kind == Kind::Blob && object.bytes.len() < SMALL),
        Look::All => true,
    };
    if wanted {
        (task.visit)(object);
    }
}

fn fail_all<F>(pack: &Pack, entry: u32, why: &str, task: &Task<'_, F>) {
    let mut below = vec![entry];
    while let Some(entry) = below.pop() {
        (task.failed)(pack.id(entry), why);
        below.extend_from_slice(pack.children(entry));
    }
}
