//! A pack as a forest of deltas.

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
use crate::git::adjacency::Adjacency;
use crate::git::pack::buffer::Buffer;
use crate::threads::{Threads, in_parts, sort_in_parts};

/// A pack and its index, both mapped.
pub(crate) struct Pack {
    pub path: PathBuf,
    index: pack::index::File,
    data: pack::data::File,
    /// Sorted by offset.
    entries: Vec<PackEntry>,
    /// The deltas against each entry.
    children: Adjacency,
    pub roots: Vec<Root>,
    /// Damage of the pack as a whole. Damage of single objects is reported when they are read.
    pub damage: Option<Error>,
}

/// The offset of an object in the pack, and its position in the index.
#[derive(Clone, Copy)]
struct PackEntry {
    offset: u64,
    index_position: u32,
}

/// A delta tree: an object that is not a delta against an object of the same pack, and its delta descendants.
pub(crate) struct Root {
    pub entry: u32,
    pub kind: RootKind,
    /// How many bytes of the pack the tree takes. Large trees are started first, so that no thread is left with one at the
    /// end.
    pub weight: u64,
    /// How many objects the tree has, the root included.
    pub count: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootKind {
    Object(Kind),
    /// A delta whose base is not in this pack, as in a thin pack.
    External(ObjectId),
    /// The header of the entry is invalid, with the reason.
    Invalid(&'static str),
}

/// What an entry is a delta against.
enum DeltaParent {
    Root(RootKind),
    /// The entry with this number.
    Base(u32),
}

/// Means "no entry" where an entry's number is expected.
const NO_ENTRY: u32 = u32::MAX;

/// Means "no root" for deltas that form a cycle.
const CYCLE: u32 = NO_ENTRY - 1;

/// Deflate expands one byte to at most this many. An entry that claims a larger size is rejected before memory is allocated.
const MOST_INFLATED: u64 = 1032;

/// What an entry's inflated bytes are.
pub(crate) enum Inflated {
    Object,
    Delta,
}

impl Pack {
    pub fn open(index: &Path, hash: HashKind, threads: Threads) -> Result<Self, Error> {
        let path = index.with_extension("pack");
        let failed = |what: &Path, err: gix::Error| damaged(what, err);
        let mapped = pack::index::File::at(index, hash).map_err(|err| failed(index, err))?;
        let data = pack::data::File::at(&path, hash).map_err(|err| failed(&path, err))?;
        if mapped.num_objects() != data.num_objects() {
            let cause = format!("it has {} objects, but its index has {}", data.num_objects(), mapped.num_objects());
            return Err(damaged(&path, cause));
        }
        let entries = sorted_entries(&mapped, threads);
        // Git writes no such index. It hides at least one object, to which no offset points.
        let has_duplicates = entries.windows(2).any(|two| two[0].offset == two[1].offset);
        let damage = has_duplicates.then(|| damaged(index, "two of its objects have the same offset"));
        let (children, roots) = (Adjacency::default(), Vec::new());
        let mut pack = Self { path, index: mapped, data, entries, children, roots, damage };
        pack.build(threads);
        Ok(pack)
    }

    /// How many distinct objects the pack has.
    pub fn count(&self) -> usize {
        let twice =
            (1..self.index.num_objects()).filter(|&at| self.index.oid_at_index(at - 1) == self.index.oid_at_index(at));
        self.entries.len() - twice.count()
    }

    /// How many entries the pack has. An object that is stored twice counts twice.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    pub fn id(&self, entry: u32) -> &oid {
        self.index.oid_at_index(self.entries[entry as usize].index_position)
    }

    pub fn has(&self, id: &oid) -> bool {
        self.find(id).is_some()
    }

    /// The first position of an object in the index.
    pub fn position(&self, id: &oid) -> Option<u32> {
        let is_id = |at: &u32| self.index.oid_at_index(*at) == id;
        self.find(id).map(|found| (0..found).rev().take_while(is_id).last().unwrap_or(found))
    }

    pub fn id_at(&self, position: u32) -> &oid {
        self.index.oid_at_index(position)
    }

    /// How many positions the index has.
    pub fn positions(&self) -> u32 {
        self.index.num_objects()
    }

    /// The entries of an object. There are several if the pack stores it more than once.
    pub fn entries_of(&self, id: &oid) -> impl Iterator<Item = u32> {
        let positions = self.position(id).unwrap_or(self.positions())..self.positions();
        let copies = positions.take_while(move |&at| self.index.oid_at_index(at) == id);
        copies.filter_map(|at| self.entry_at(self.index.pack_offset_at_index(at)))
    }

    /// A position of an object in the index. Ids are evenly distributed, so interpolation search takes a few steps where
    /// binary search takes a dozen.
    fn find(&self, id: &oid) -> Option<u32> {
        /// After this many steps, search by halving: chosen ids need not be evenly distributed.
        const GUESSES: usize = 8;
        let wanted = prefix(id);
        let (mut low, mut high) = (0, self.index.num_objects());
        let (mut least, mut most) = (0, u64::MAX >> 8);
        for guesses in 0.. {
            if low == high {
                break;
            }
            let share = (wanted - least) / ((most - least) / u64::from(high - low) + 1);
            let guess = if guesses < GUESSES {
                low + u32::try_from(share).expect("the share is below the number of objects")
            } else {
                low.midpoint(high)
            };
            let found = self.index.oid_at_index(guess);
            let at_guess = prefix(found);
            match at_guess.cmp(&wanted).then_with(|| found.cmp(id)) {
                Ordering::Less => (low, least) = (guess + 1, at_guess),
                Ordering::Greater => (high, most) = (guess, at_guess),
                Ordering::Equal => return Some(guess),
            }
        }
        None
    }

    pub fn ids(&self) -> impl Iterator<Item = &oid> {
        (0..self.index.num_objects()).map(|at| self.index.oid_at_index(at))
    }

    pub fn children(&self, entry: u32) -> &[u32] {
        self.children.of(entry)
    }

    /// Whether `is_so` holds for the entry or for any of its descendants.
    pub fn any_in_tree(&self, entry: u32, mut is_so: impl FnMut(u32) -> bool) -> bool {
        let mut pending = vec![entry];
        while let Some(entry) = pending.pop() {
            if is_so(entry) {
                return true;
            }
            pending.extend_from_slice(self.children(entry));
        }
        false
    }

    pub fn for_each_in_tree(&self, entry: u32, mut visit: impl FnMut(&oid) -> bool) {
        self.any_in_tree(entry, |entry| {
            visit(self.id(entry));
            false
        });
    }

    /// Inflates an entry into `out`: the bytes of an object, or those of a delta. Fails if the entry is damaged.
    pub fn inflate(&self, entry: u32, inflate: &mut Inflate, out: &mut Buffer) -> gix::Result<Inflated> {
        let header = self.data.entry(self.entries[entry as usize].offset)?;
        let size = header.decompressed_size;
        let room = (size <= MOST_INFLATED * self.packed_size(entry)).then(|| usize::try_from(size).ok()).flatten();
        let room = room.and_then(|size| out.set_len(size));
        let room = room.ok_or_else(|| gix::error::corruption(format!("its header claims a size of {size} bytes")))?;
        self.data.decompress_entry(&header, inflate, room)?;
        Ok(if header.header.is_delta() { Inflated::Delta } else { Inflated::Object })
    }

    /// Builds the forest: the roots, and the children of each entry.
    fn build(&mut self, threads: Threads) {
        let mut parents = Vec::with_capacity(self.entries.len());
        let mut roots = Vec::new();
        for mut part in in_parts(self.entries.len(), threads, |part| self.parents(part)) {
            parents.append(&mut part.0);
            roots.append(&mut part.1);
        }
        let edges = parents.iter().enumerate().filter(|(_, parent)| **parent != NO_ENTRY);
        self.children = Adjacency::new(parents.len(), edges.map(|(at, &parent)| (parent, entry_number(at))));
        if self.set_weights(&parents, &mut roots) < self.entries.len() as u64 {
            let cause = "some of its deltas form a cycle";
            self.damage.get_or_insert_with(|| damaged(&self.path, cause));
        }
        roots.sort_unstable_by_key(|root| std::cmp::Reverse(root.weight));
        self.roots = roots;
    }

    /// The base of each entry in `part`, [`NO_ENTRY`] for a root, and the roots among them.
    fn parents(&self, part: Range<usize>) -> (Vec<u32>, Vec<Root>) {
        let mut roots = Vec::new();
        let parents = part.map(|at| match self.parent(at) {
            DeltaParent::Base(base) => base,
            DeltaParent::Root(kind) => {
                roots.push(Root { entry: entry_number(at), kind, weight: 0, count: 0 });
                NO_ENTRY
            }
        });
        (parents.collect(), roots)
    }

    fn parent(&self, at: usize) -> DeltaParent {
        let offset = self.entries[at].offset;
        let Ok(entry) = self.data.entry(offset) else {
            return DeltaParent::Root(RootKind::Invalid("its header in the pack is invalid"));
        };
        DeltaParent::Root(match entry.header {
            Header::OfsDelta { base_distance } => {
                let base = Header::verified_base_pack_offset(offset, base_distance);
                match base.and_then(|base| self.entry_before(at, base)) {
                    Some(base) => return DeltaParent::Base(base),
                    None => RootKind::Invalid("its delta base is missing"),
                }
            }
            Header::RefDelta { base_id } => match self.entry_by_id(&base_id) {
                Some(base) => return DeltaParent::Base(base),
                None => RootKind::External(base_id),
            },
            Header::Commit => RootKind::Object(Kind::Commit),
            Header::Tree => RootKind::Object(Kind::Tree),
            Header::Blob => RootKind::Object(Kind::Blob),
            Header::Tag => RootKind::Object(Kind::Tag),
        })
    }

    /// Sets the weight and the count of each root. Returns the number of entries that have a root.
    fn set_weights(&self, parents: &[u32], roots: &mut [Root]) -> u64 {
        let mut root_of = vec![NO_ENTRY; parents.len()];
        for (nth, root) in roots.iter().enumerate() {
            root_of[root.entry as usize] = entry_number(nth);
        }
        let mut path = Vec::new();
        for at in 0..parents.len() {
            // A base usually precedes its deltas, so its root is known already.
            let mut above = at;
            while root_of[above] == NO_ENTRY {
                root_of[above] = CYCLE;
                path.push(above);
                above = parents[above] as usize;
            }
            // Deltas in a cycle have no root.
            let root = root_of[above];
            path.drain(..).for_each(|below| root_of[below] = root);
            if let Some(root) = roots.get_mut(root as usize) {
                root.count += 1;
                root.weight += self.packed_size(entry_number(at));
            }
        }
        roots.iter().map(|root| root.count).sum()
    }

    /// How many bytes of the pack the entry takes.
    fn packed_size(&self, entry: u32) -> u64 {
        let next = self.entries.get(entry as usize + 1).map_or(self.data.data_len() as u64, |next| next.offset);
        next.saturating_sub(self.entries[entry as usize].offset)
    }

    /// The entry at `offset`, if it precedes entry `end`. A base is usually near, so the search starts at `end` and widens.
    fn entry_before(&self, end: usize, offset: u64) -> Option<u32> {
        let (mut end, mut most) = (end, 16);
        while end > 0 {
            let start = end.saturating_sub(most);
            if self.entries[start].offset <= offset {
                let found = self.entries[start..end].binary_search_by_key(&offset, |entry| entry.offset);
                return found.ok().map(|nth| entry_number(start + nth));
            }
            (end, most) = (start, 4 * most);
        }
        None
    }

    fn entry_at(&self, offset: u64) -> Option<u32> {
        self.entries.binary_search_by_key(&offset, |entry| entry.offset).ok().map(entry_number)
    }

    fn entry_by_id(&self, id: &oid) -> Option<u32> {
        self.entry_at(self.index.pack_offset_at_index(self.index.lookup(id)?))
    }
}

/// All entries, sorted by offset.
fn sorted_entries(index: &pack::index::File, threads: Threads) -> Vec<PackEntry> {
    let entry = |at| PackEntry { offset: index.pack_offset_at_index(at), index_position: at };
    let mut entries: Vec<PackEntry> = (0..index.num_objects()).map(entry).collect();
    sort_in_parts(&mut entries, threads, |entry| entry.offset);
    entries
}

/// The first seven bytes of an id as a number. Seven leave room for arithmetic.
fn prefix(id: &oid) -> u64 {
    u64::from_be_bytes(*id.as_bytes().first_chunk().expect("an id has at least 20 bytes")) >> 8
}

/// An entry's number. The header of a pack counts its objects in four bytes.
fn entry_number(at: usize) -> u32 {
    u32::try_from(at).expect("a pack counts its objects in four bytes")
}

fn damaged(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(format!("cannot read the pack {}", path.display()), cause, "run git fsck --full to find the damage")
}
