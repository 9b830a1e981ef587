//! One pack, as a forest: which object is a delta against which.

use std::cmp::Ordering;
use std::ops::Range;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};
use gix::objs::Kind;
use gix::odb::pack;
use gix::odb::pack::data::entry::Header;
use gix::zlib::Inflate;

use crate::error::Error;
use crate::git::pack::buffer::Buffer;
use crate::threads::{Threads, in_parts, sort_in_parts};

/// A pack and its index, mapped.
pub(crate) struct Pack {
    pub path: PathBuf,
    index: pack::index::File,
    data: pack::data::File,
    /// In the order of their offsets.
    entries: Vec<PackEntry>,
    /// For each entry its children, one after the other: those of entry `n` are `children[starts[n]..starts[n + 1]]`.
    starts: Vec<u32>,
    children: Vec<u32>,
    pub roots: Vec<Root>,
    /// What is wrong with it, beside single objects.
    pub flaw: Option<Error>,
}

/// Where an object is, and under which position the index has its id.
#[derive(Clone, Copy)]
struct PackEntry {
    offset: u64,
    at_index: u32,
}

/// An object that is no delta against another one of its pack, and all that hangs on it.
pub(crate) struct Root {
    pub entry: u32,
    pub kind: RootKind,
    /// Bytes of the pack that the tree takes: the larger first, so that no thread waits for another in the end.
    pub weight: u64,
    /// How many objects the tree has.
    pub count: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootKind {
    Whole(Kind),
    /// A delta against an object that is not in this pack.
    Elsewhere(ObjectId),
    /// Nothing that can be read, and why.
    Broken(&'static str),
}

/// Where an entry stands in the forest.
enum DeltaParent {
    Root(RootKind),
    /// It is a delta against this one.
    Above(u32),
}

/// Stands for no entry.
const NONE: u32 = u32::MAX;

/// Stands for a root that there is not.
const LOST: u32 = NONE - 1;

/// A byte of deflate stands for no more bytes than this. What says that it has more gets no memory for them.
const MOST_INFLATED: u64 = 1032;

/// What an entry holds.
pub(crate) enum Held {
    Whole,
    Delta,
}

impl Pack {
    pub fn open(index: &Path, hash: HashKind, threads: Threads) -> Result<Self, Error> {
        let path = index.with_extension("pack");
        let broken = |what: &Path, err: gix::Error| damaged(what, err);
        let mapped = pack::index::File::at(index, hash).map_err(|err| broken(index, err))?;
        let data = pack::data::File::at(&path, hash).map_err(|err| broken(&path, err))?;
        if mapped.num_objects() != data.num_objects() {
            let cause = format!("it has {} objects, and its index {}", data.num_objects(), mapped.num_objects());
            return Err(damaged(&path, cause));
        }
        let entries = sorted(&mapped, threads);
        // Git writes no such index, and some object is in none of these places.
        let doubled = entries.windows(2).any(|two| two[0].offset == two[1].offset);
        let flaw = doubled.then(|| damaged(index, "it has two objects at one place"));
        let (starts, children, roots) = (Vec::new(), Vec::new(), Vec::new());
        let mut pack = Self { path, index: mapped, data, entries, starts, children, roots, flaw };
        pack.grow(threads);
        Ok(pack)
    }

    /// How many objects it has, one that it holds twice counted once.
    pub fn count(&self) -> usize {
        let twice =
            (1..self.index.num_objects()).filter(|&at| self.index.oid_at_index(at - 1) == self.index.oid_at_index(at));
        self.entries.len() - twice.count()
    }

    /// How many objects it has, one that it holds twice counted twice.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    pub fn id(&self, entry: u32) -> &oid {
        self.index.oid_at_index(self.entries[entry as usize].at_index)
    }

    /// Ids are spread evenly, so where one stands can be guessed: a few looks, where halving takes a dozen.
    pub fn has(&self, id: &oid) -> bool {
        /// Ids that somebody chose need not be spread evenly.
        const GUESSES: usize = 8;
        let wanted = beginning(id);
        let (mut low, mut high) = (0, self.index.num_objects());
        let (mut least, mut most) = (0, u64::MAX >> 8);
        for guesses in 0.. {
            if low == high {
                break;
            }
            let share = (wanted - least) / ((most - least) / u64::from(high - low) + 1);
            let guess = if guesses < GUESSES {
                low + u32::try_from(share).expect("it is less than all")
            } else {
                low.midpoint(high)
            };
            let found = self.index.oid_at_index(guess);
            let at_guess = beginning(found);
            match at_guess.cmp(&wanted).then_with(|| found.cmp(id)) {
                Ordering::Less => (low, least) = (guess + 1, at_guess),
                Ordering::Greater => (high, most) = (guess, at_guess),
                Ordering::Equal => return true,
            }
        }
        false
    }

    pub fn ids(&self) -> impl Iterator<Item = &oid> {
        (0..self.index.num_objects()).map(|at| self.index.oid_at_index(at))
    }

    pub fn children(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.children[self.starts[entry] as usize..self.starts[entry + 1] as usize]
    }

    /// Whether this is so of an entry or of any that hangs on it.
    pub fn any_below(&self, entry: u32, mut is_so: impl FnMut(&oid) -> bool) -> bool {
        let mut below = vec![entry];
        while let Some(entry) = below.pop() {
            if is_so(self.id(entry)) {
                return true;
            }
            below.extend_from_slice(self.children(entry));
        }
        false
    }

    pub fn each_below(&self, entry: u32, mut see: impl FnMut(&oid) -> bool) {
        self.any_below(entry, |id| {
            see(id);
            false
        });
    }

    /// The inflated bytes of an entry, an object's or a delta's, into `out`.
    pub fn inflate(&self, entry: u32, inflate: &mut Inflate, out: &mut Buffer) -> gix::Result<Held> {
        let header = self.data.entry(self.entries[entry as usize].offset)?;
        let size = header.decompressed_size;
        let room = (size <= MOST_INFLATED * self.packed_size(entry)).then(|| usize::try_from(size).ok()).flatten();
        let room = room.and_then(|size| out.set_len(size));
        let room = room.ok_or_else(|| gix::error::corruption(format!("it says that it has {size} bytes")))?;
        self.data.decompress_entry(&header, inflate, room)?;
        Ok(if header.header.is_delta() { Held::Delta } else { Held::Whole })
    }

    /// Finds out what hangs on what.
    fn grow(&mut self, threads: Threads) {
        let mut parents = Vec::with_capacity(self.entries.len());
        let mut roots = Vec::new();
        for mut part in in_parts(self.entries.len(), threads, |part| self.places(part)) {
            parents.append(&mut part.0);
            roots.append(&mut part.1);
        }
        self.link(&parents);
        if self.weigh(&parents, &mut roots) < self.entries.len() as u64 {
            let cause = "deltas in it have each other as a base";
            self.flaw.get_or_insert_with(|| damaged(&self.path, cause));
        }
        roots.sort_unstable_by_key(|root| std::cmp::Reverse(root.weight));
        self.roots = roots;
    }

    /// For each of these entries what it is against, or [`NONE`] of a root; and the roots.
    fn places(&self, part: Range<usize>) -> (Vec<u32>, Vec<Root>) {
        let mut roots = Vec::new();
        let parents = part.map(|at| match self.place(at) {
            DeltaParent::Above(base) => base,
            DeltaParent::Root(kind) => {
                roots.push(Root { entry: number(at), kind, weight: 0, count: 0 });
                NONE
            }
        });
        (parents.collect(), roots)
    }

    fn place(&self, at: usize) -> DeltaParent {
        let offset = self.entries[at].offset;
        let Ok(entry) = self.data.entry(offset) else {
            return DeltaParent::Root(RootKind::Broken("its header in the pack is none"));
        };
        DeltaParent::Root(match entry.header {
            Header::OfsDelta { base_distance } => {
                let base = Header::verified_base_pack_offset(offset, base_distance);
                match base.and_then(|base| self.entry_before(at, base)) {
                    Some(base) => return DeltaParent::Above(base),
                    None => RootKind::Broken("it is a delta without a base"),
                }
            }
            Header::RefDelta { base_id } => match self.entry_of(&base_id) {
                Some(base) => return DeltaParent::Above(base),
                None => RootKind::Elsewhere(base_id),
            },
            Header::Commit => RootKind::Whole(Kind::Commit),
            Header::Tree => RootKind::Whole(Kind::Tree),
            Header::Blob => RootKind::Whole(Kind::Blob),
            Header::Tag => RootKind::Whole(Kind::Tag),
        })
    }

    fn link(&mut self, parents: &[u32]) {
        let mut starts = vec![0_u32; parents.len() + 1];
        for &parent in parents.iter().filter(|&&parent| parent != NONE) {
            starts[parent as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut free = starts.clone();
        let mut children = vec![0; starts.last().map_or(0, |&end| end as usize)];
        for (at, &parent) in parents.iter().enumerate().filter(|(_, parent)| **parent != NONE) {
            let slot = &mut free[parent as usize];
            children[*slot as usize] = number(at);
            *slot += 1;
        }
        self.starts = starts;
        self.children = children;
    }

    /// Finds what hangs on each root. Returns how many entries do.
    fn weigh(&self, parents: &[u32], roots: &mut [Root]) -> u64 {
        let mut root_of = vec![NONE; parents.len()];
        for (nth, root) in roots.iter().enumerate() {
            root_of[root.entry as usize] = number(nth);
        }
        let mut path = Vec::new();
        for at in 0..parents.len() {
            // A base stands in front of its deltas mostly, so that its root is known.
            let mut above = at;
            while root_of[above] == NONE {
                root_of[above] = LOST;
                path.push(above);
                above = parents[above] as usize;
            }
            // Of deltas that have each other as a base none is found.
            let root = root_of[above];
            path.drain(..).for_each(|below| root_of[below] = root);
            if let Some(root) = roots.get_mut(root as usize) {
                root.count += 1;
                root.weight += self.packed_size(number(at));
            }
        }
        roots.iter().map(|root| root.count).sum()
    }

    /// How many bytes of the pack an entry has.
    fn packed_size(&self, entry: u32) -> u64 {
        let next = self.entries.get(entry as usize + 1).map_or(self.data.data_len() as u64, |next| next.offset);
        next.saturating_sub(self.entries[entry as usize].offset)
    }

    /// The one at this offset, if it stands before entry `end`: mostly it stands near, so from there more and more is looked
    /// through.
    fn entry_before(&self, end: usize, offset: u64) -> Option<u32> {
        let (mut end, mut most) = (end, 16);
        while end > 0 {
            let start = end.saturating_sub(most);
            if self.entries[start].offset <= offset {
                let found = self.entries[start..end].binary_search_by_key(&offset, |entry| entry.offset);
                return found.ok().map(|nth| number(start + nth));
            }
            (end, most) = (start, 4 * most);
        }
        None
    }

    fn entry_at(&self, offset: u64) -> Option<u32> {
        self.entries.binary_search_by_key(&offset, |entry| entry.offset).ok().map(number)
    }

    fn entry_of(&self, id: &oid) -> Option<u32> {
        self.entry_at(self.index.pack_offset_at_index(self.index.lookup(id)?))
    }
}

/// All entries in the order of their offsets.
fn sorted(index: &pack::index::File, threads: Threads) -> Vec<PackEntry> {
    let entry = |at| PackEntry { offset: index.pack_offset_at_index(at), at_index: at };
    let mut entries: Vec<PackEntry> = (0..index.num_objects()).map(entry).collect();
    sort_in_parts(&mut entries, threads, |entry| entry.offset);
    entries
}

/// The first seven bytes of an id as a number, so that there is room to reckon with it.
fn beginning(id: &oid) -> u64 {
    u64::from_be_bytes(*id.as_bytes().first_chunk().expect("an id has 20 bytes at least")) >> 8
}

/// Packs have fewer than 2^32 objects: their header counts them in four bytes.
fn number(at: usize) -> u32 {
    u32::try_from(at).expect("a pack counts its objects in four bytes")
}

fn damaged(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(format!("cannot read the pack {}", path.display()), cause, "look for the damage with git fsck --full")
}
