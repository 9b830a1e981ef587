//! All objects of a pack, each once, without making those that cannot hold a token.
//!
//! If a base holds no token, and what a delta inserts, with what stands beside it, can be no part of one, then what comes of
//! the delta holds none. So of most objects only the delta is inflated and looked at.

use std::ops::Range;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;
use gix::zlib::Inflate;

use super::delta::Delta;
use super::pack::{Held, Pack, Root, RootKind};
use crate::detect::Reach;
use crate::source::objects::Objects;

/// Which objects of a kind a walk shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    None,
    /// Those that may hold a token, and the small ones.
    Held,
    All,
}

/// What the walk is for.
pub(super) struct Task<'t> {
    pub look: fn(Kind) -> Look,
    /// Whether the bytes may hold a token. True of what is put together from two texts only where it is true of one of
    /// them, or of what is within `reach` of the place where they meet.
    pub may_hold: &'t (dyn Fn(&[u8]) -> bool + Sync),
    /// Whether the object holds a token, or what makes one of something that is far away in it. Asked where it may.
    pub holds: &'t (dyn Fn(Kind, &[u8]) -> bool + Sync),
    pub reach: &'t (dyn Fn(Kind) -> Reach + Sync),
    pub visit: &'t (dyn Fn(&Object<'_>) + Sync),
    /// Gets the id of an object that cannot be read, and why.
    pub failed: &'t (dyn Fn(&oid, &str) + Sync),
}

/// An object as a walk shows it.
#[derive(Clone, Copy)]
pub(super) struct Object<'o> {
    pub kind: Kind,
    pub id: &'o oid,
    pub bytes: &'o [u8],
    pub may_hold: bool,
    /// Of a tree, where something stands that no object has which was shown before this one. None where that is not known.
    pub fresh: Option<&'o [Range<usize>]>,
}

/// What a delta is against.
#[derive(Clone, Copy)]
struct Base<'b> {
    bytes: &'b [u8],
    holds: bool,
    /// Whether it was shown, if the task asked for it.
    was_shown: bool,
}

/// Objects with fewer bytes than this are shown whatever they hold: pointers to what is stored elsewhere have 200.
const SMALL: usize = 1024;

/// What a thread reads with, and what it counted.
pub(super) struct Walker<'o> {
    objects: &'o Objects,
    inflate: Inflate,
    delta: Vec<u8>,
    scratch: Vec<u8>,
    fresh: Vec<Range<usize>>,
    /// Buffers that are free.
    spare: Vec<Vec<u8>>,
    /// Bytes of the objects that were read, as if each had been made.
    pub bytes: u64,
}

/// An object whose children are being read.
struct Frame {
    entry: u32,
    bytes: Vec<u8>,
    holds: bool,
    next_child: usize,
}

/// Whether an object was made.
enum Made {
    /// It holds no token, nothing hangs on it, and nobody asked for it.
    Not,
    Whole {
        may_hold: bool,
    },
}

impl<'o> Walker<'o> {
    pub fn new(objects: &'o Objects) -> Self {
        let (delta, scratch, fresh, spare) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { objects, inflate: Inflate::default(), delta, scratch, fresh, spare, bytes: 0 }
    }

    /// Reads a root and all that hangs on it.
    pub fn tree(&mut self, pack: &Pack, root: &Root, task: &Task<'_>) {
        let (kind, base) = match self.root_kind(root) {
            Ok(found) => found,
            Err(why) => return fail_all(pack, root.entry, &why, task),
        };
        let look = (task.look)(kind);
        if look == Look::None {
            return;
        }
        let base = base.map(|bytes| {
            let may_hold = (task.holds)(kind, &bytes);
            (bytes, may_hold)
        });
        let base = base.as_ref().map(|(bytes, holds)| Base { bytes, holds: *holds, was_shown: false });
        let mut stack: Vec<Frame> = Vec::new();
        stack.extend(self.enter(pack, root.entry, kind, base, task));
        while let Some(top) = stack.last_mut() {
            let Some(&child) = pack.children(top.entry).get(top.next_child) else {
                let done = stack.pop().expect("there is a last one");
                self.spare.push(done.bytes);
                continue;
            };
            top.next_child += 1;
            let entered = self.enter(
                pack,
                child,
                kind,
                Some(Base { bytes: &top.bytes, holds: top.holds, was_shown: true }),
                task,
            );
            if top.next_child == pack.children(top.entry).len() {
                // Its last child is read: a chain of deltas needs two buffers, not one for each link.
                let done = stack.pop().expect("there is a last one");
                self.spare.push(done.bytes);
            }
            stack.extend(entered);
        }
    }

    /// Reads one object; a frame where it has children to read.
    fn enter(&mut self, pack: &Pack, entry: u32, kind: Kind, base: Option<Base<'_>>, task: &Task<'_>) -> Option<Frame> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        let has_children = !pack.children(entry).is_empty();
        let made = self.read(pack, entry, kind, base, task, &mut bytes);
        match made {
            Ok(Made::Not) => {}
            Ok(Made::Whole { may_hold }) => {
                let may_hold = may_hold && (task.holds)(kind, &bytes);
                let fresh = base.filter(|base| base.was_shown && kind == Kind::Tree).map(|_| &self.fresh[..]);
                show(&Object { kind, id: pack.id(entry), bytes: &bytes, may_hold, fresh }, task);
                if has_children {
                    return Some(Frame { entry, bytes, holds: may_hold, next_child: 0 });
                }
            }
            Err(err) => fail_all(pack, entry, &err.to_string(), task),
        }
        self.spare.push(bytes);
        None
    }

    /// Makes the object in `bytes`, where that is needed.
    fn read(
        &mut self,
        pack: &Pack,
        entry: u32,
        kind: Kind,
        base: Option<Base<'_>>,
        task: &Task<'_>,
        bytes: &mut Vec<u8>,
    ) -> gix::Result<Made> {
        let Some(base) = base else {
            match pack.inflate(entry, &mut self.inflate, bytes)? {
                Held::Whole => {}
                Held::Delta => return Err(gix::error::corruption("a delta has no base").into()),
            }
            self.bytes += bytes.len() as u64;
            return Ok(Made::Whole { may_hold: true });
        };
        pack.inflate(entry, &mut self.inflate, &mut self.delta)?;
        let delta = Delta::parse(&self.delta)?;
        self.bytes += delta.size as u64;
        let may_hold = base.holds || {
            delta.inserted(base.bytes, (task.reach)(kind), &mut self.scratch)?;
            (task.may_hold)(&self.scratch)
        };
        let all = delta.size < SMALL || (task.look)(kind) == Look::All || !pack.children(entry).is_empty();
        if !may_hold && !all {
            return Ok(Made::Not);
        }
        if kind == Kind::Tree {
            delta.apply_and_tell(base.bytes, bytes, &mut self.fresh)?;
        } else {
            delta.apply(base.bytes, bytes)?;
        }
        Ok(Made::Whole { may_hold })
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
        let (kind, bytes) = self.objects.any(base, &"a delta", &mut buffer).map_err(|trouble| trouble.cause)?;
        Ok((kind, Some(bytes.to_vec())))
    }
}

/// An object that was found by itself.
pub(super) fn found<'o>(kind: Kind, id: &'o oid, bytes: &'o [u8], task: &Task<'_>) -> Object<'o> {
    Object { kind, id, bytes, may_hold: (task.holds)(kind, bytes), fresh: None }
}

/// Shows the object where the task asks for it.
pub(super) fn show(object: &Object<'_>, task: &Task<'_>) {
    let wanted = match (task.look)(object.kind) {
        Look::None => false,
        Look::Held => object.may_hold || object.bytes.len() < SMALL,
        Look::All => true,
    };
    if wanted {
        (task.visit)(object);
    }
}

fn fail_all(pack: &Pack, entry: u32, why: &str, task: &Task<'_>) {
    let mut below = vec![entry];
    while let Some(entry) = below.pop() {
        (task.failed)(pack.id(entry), why);
        below.extend_from_slice(pack.children(entry));
    }
}
