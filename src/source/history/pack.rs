//! One pack, as a forest: which object is a delta against which.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};
use gix::objs::Kind;
use gix::odb::pack;
use gix::odb::pack::data::entry::Header;
use gix::zlib::Inflate;

use crate::trouble::Trouble;

/// A pack and its index, mapped.
pub(super) struct Pack {
    pub path: PathBuf,
    index: pack::index::File,
    data: pack::data::File,
    /// In the order of their offsets.
    entries: Vec<Entry>,
    /// For each entry its children, one after the other: those of entry `n` are `children[starts[n]..starts[n + 1]]`.
    starts: Vec<u32>,
    children: Vec<u32>,
    pub roots: Vec<Root>,
}

/// Where an object is, and under which position the index has its id.
#[derive(Clone, Copy)]
struct Entry {
    offset: u64,
    at_index: u32,
}

/// An object that is no delta against another one of its pack, and all that hangs on it.
pub(super) struct Root {
    pub entry: u32,
    pub kind: RootKind,
    /// Bytes of the pack that the tree takes: the larger first, so that no thread waits for another in the end.
    pub weight: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RootKind {
    Whole(Kind),
    /// A delta against an object that is not in this pack.
    Elsewhere(ObjectId),
}

/// What an entry holds.
pub(super) enum Held {
    Whole,
    Delta,
}

impl Pack {
    pub fn open(index: &Path, hash: HashKind) -> Result<Self, Trouble> {
        let path = index.with_extension("pack");
        let broken = |what: &Path, err: gix::Error| damaged(what, err);
        let mapped = pack::index::File::at(index, hash).map_err(|err| broken(index, err))?;
        let data = pack::data::File::at(&path, hash).map_err(|err| broken(&path, err))?;
        if mapped.num_objects() != data.num_objects() {
            let cause = format!("it has {} objects, and its index {}", data.num_objects(), mapped.num_objects());
            return Err(damaged(&path, cause));
        }
        let mut entries: Vec<Entry> = (0..mapped.num_objects())
            .map(|at_index| Entry { offset: mapped.pack_offset_at_index(at_index), at_index })
            .collect();
        entries.sort_unstable_by_key(|entry| entry.offset);
        let mut pack =
            Self { path, index: mapped, data, entries, starts: Vec::new(), children: Vec::new(), roots: Vec::new() };
        pack.grow()?;
        Ok(pack)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn id(&self, entry: u32) -> &oid {
        self.index.oid_at_index(self.entries[entry as usize].at_index)
    }

    pub fn has(&self, id: &oid) -> bool {
        self.index.lookup(id).is_some()
    }

    pub fn ids(&self) -> impl Iterator<Item = &oid> {
        (0..self.index.num_objects()).map(|at| self.index.oid_at_index(at))
    }

    pub fn children(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.children[self.starts[entry] as usize..self.starts[entry + 1] as usize]
    }

    /// The inflated bytes of an entry, an object's or a delta's, into `out`.
    pub fn inflate(&self, entry: u32, inflate: &mut Inflate, out: &mut Vec<u8>) -> gix::Result<Held> {
        let header = self.data.entry(self.entries[entry as usize].offset)?;
        let size = usize::try_from(header.decompressed_size).ok();
        let size = size
            .filter(|size| out.try_reserve(size.saturating_sub(out.len())).is_ok())
            .ok_or_else(|| gix::error::corruption(format!("it says that it has {} bytes", header.decompressed_size)))?;
        out.resize(size, 0);
        self.data.decompress_entry(&header, inflate, out)?;
        Ok(if header.header.is_delta() { Held::Delta } else { Held::Whole })
    }

    /// Finds out what hangs on what.
    fn grow(&mut self) -> Result<(), Trouble> {
        let count = self.entries.len();
        let mut parents = vec![u32::MAX; count];
        let mut roots = Vec::new();
        for (at, parent) in parents.iter_mut().enumerate() {
            let offset = self.entries[at].offset;
            let header = self.data.entry(offset).map_err(|err| damaged(&self.path, err))?.header;
            let whole = |kind| RootKind::Whole(kind);
            let root = match header {
                Header::OfsDelta { base_distance } => {
                    let base = Header::verified_base_pack_offset(offset, base_distance);
                    let base = base.and_then(|base| self.entry_at(base)).filter(|&base| (base as usize) < at);
                    *parent = base.ok_or_else(|| damaged(&self.path, "a delta in it has no base"))?;
                    continue;
                }
                Header::RefDelta { base_id } => match self.entry_of(&base_id) {
                    Some(base) => {
                        *parent = base;
                        continue;
                    }
                    None => RootKind::Elsewhere(base_id),
                },
                Header::Commit => whole(Kind::Commit),
                Header::Tree => whole(Kind::Tree),
                Header::Blob => whole(Kind::Blob),
                Header::Tag => whole(Kind::Tag),
            };
            roots.push(Root { entry: number(at), kind: root, weight: 0 });
        }
        self.link(&parents);
        self.weigh(&mut roots);
        roots.sort_unstable_by_key(|root| std::cmp::Reverse(root.weight));
        self.roots = roots;
        Ok(())
    }

    fn link(&mut self, parents: &[u32]) {
        let mut starts = vec![0_u32; parents.len() + 1];
        for &parent in parents.iter().filter(|&&parent| parent != u32::MAX) {
            starts[parent as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut free = starts.clone();
        let mut children = vec![0; starts.last().map_or(0, |&end| end as usize)];
        for (at, &parent) in parents.iter().enumerate().filter(|(_, parent)| **parent != u32::MAX) {
            let slot = &mut free[parent as usize];
            children[*slot as usize] = number(at);
            *slot += 1;
        }
        self.starts = starts;
        self.children = children;
    }

    fn weigh(&self, roots: &mut [Root]) {
        let end = self.data.data_len() as u64;
        let size = |at: u32| {
            let next = self.entries.get(at as usize + 1).map_or(end, |next| next.offset);
            next.saturating_sub(self.entries[at as usize].offset)
        };
        let mut below = Vec::new();
        for root in roots {
            below.push(root.entry);
            while let Some(entry) = below.pop() {
                root.weight += size(entry);
                below.extend_from_slice(self.children(entry));
            }
        }
    }

    fn entry_at(&self, offset: u64) -> Option<u32> {
        self.entries.binary_search_by_key(&offset, |entry| entry.offset).ok().map(number)
    }

    fn entry_of(&self, id: &oid) -> Option<u32> {
        self.entry_at(self.index.pack_offset_at_index(self.index.lookup(id)?))
    }
}

/// Packs have fewer than 2^32 objects: their header counts them in four bytes.
fn number(at: usize) -> u32 {
    u32::try_from(at).expect("a pack counts its objects in four bytes")
}

fn damaged(path: &Path, cause: impl std::fmt::Display) -> Trouble {
    Trouble::new(format!("cannot read the pack {}", path.display()), cause, "look for the damage with git fsck --full")
}
