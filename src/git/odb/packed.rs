//! Lookup of packed objects through mapped pack indexes.
//!
//! HEAD's commit and trees are usually packed. gix validates the whole offset table of every index that it opens. With the
//! 849,000 objects of git/git, that was a third of all instructions of a hook. Here, an index is mapped and searched
//! without validation. An object that is damaged, not understood or not found is left to gix.

use std::cell::OnceCell;
use std::path::PathBuf;

use gix::hash::{Kind, oid};
use gix::odb::pack::{cache, data};
use gix::zlib::Inflate;
use memmap2::Mmap;

use crate::git::mmap::map;
use crate::git::odb::alternates::with_alternates;
use crate::regular_file;

/// Format: gitformat-pack(5), "Version 2 pack-*.idx files".
const SIGNATURE: &[u8] = b"\xfftOc\0\0\0\x02";
const FAN_OUT: usize = SIGNATURE.len();
const IDS: usize = FAN_OUT + 256 * 4;

/// The packs of some object directories and of their alternates, opened on first use.
pub(crate) struct PackIndexes {
    /// The object directories.
    dirs: Vec<PathBuf>,
    opened: Option<Vec<IndexedPack>>,
    hash: Kind,
    /// Made on first use, since clearing its tables takes 13,000 instructions.
    inflate: Option<Inflate>,
    delta_bases: Box<dyn cache::DecodeEntry + Send>,
}

struct IndexedPack {
    index: PackIndex,
    path: PathBuf,
    /// The pack, opened on first use. None if it cannot be opened.
    data: OnceCell<Option<data::File>>,
}

struct PackIndex {
    bytes: Mmap,
    id_len: usize,
    count: usize,
}

impl PackIndexes {
    pub fn new(dirs: Vec<PathBuf>, hash: Kind, delta_bases: Box<dyn cache::DecodeEntry + Send>) -> Self {
        Self { dirs, opened: None, hash, inflate: None, delta_bases }
    }

    /// Returns the kind of the object `id`, and replaces the content of `buffer` with its bytes. None if the object was not
    /// found here; gix may still find it.
    pub fn find(&mut self, id: &oid, buffer: &mut Vec<u8>) -> Option<gix::objs::Kind> {
        let packs = self.opened.get_or_insert_with(|| open_all(&self.dirs, self.hash));
        let (inflate, bases) = (self.inflate.get_or_insert_default(), &mut *self.delta_bases);
        let kinds = packs.iter().map(|pack| pack.find(id, self.hash, inflate, bases, buffer));
        let (at, kind) = kinds.enumerate().find_map(|(at, kind)| Some((at, kind?)))?;
        // The next object is most likely in the same pack.
        packs.swap(0, at);
        Some(kind)
    }
}

impl IndexedPack {
    fn open(path: PathBuf, hash: Kind) -> Option<Self> {
        Some(Self { index: PackIndex::parse(map(&path).ok()?, hash)?, path, data: OnceCell::new() })
    }

    fn find(
        &self,
        id: &oid,
        hash: Kind,
        inflate: &mut Inflate,
        delta_bases: &mut dyn cache::DecodeEntry,
        buffer: &mut Vec<u8>,
    ) -> Option<gix::objs::Kind> {
        let (path, index) = (&self.path, &self.index);
        let offset = index.offset_of(id)?;
        let opened = || {
            let file = path.with_extension("pack");
            // Opening a pipe would block.
            regular_file::expect(&file).ok()?;
            data::File::at(file, hash).ok()
        };
        let data = self.data.get_or_init(opened).as_ref()?;
        // Most deltas refer to their base by offset, and do not call this.
        let base = |id: &oid, _: &mut Vec<u8>| {
            let Some(offset) = index.offset_of(id) else { return Ok(None) };
            Ok(Some(data::decode::entry::ResolvedBase::InPack(data.entry(offset)?)))
        };
        buffer.clear();
        let entry = data.entry(offset).ok()?;
        Some(data.decode_entry(entry, buffer, inflate, &base, delta_bases).ok()?.kind)
    }
}

impl PackIndex {
    fn parse(bytes: Mmap, hash: Kind) -> Option<Self> {
        let mut index = Self { bytes, id_len: hash.len_in_bytes(), count: 0 };
        index.count = index.number(FAN_OUT + 255 * 4)?;
        // Ids, CRCs and offsets, followed by the checksums of the pack and of the index.
        let least = index.count.checked_mul(index.id_len + 8)?.checked_add(IDS + 2 * index.id_len)?;
        (index.bytes.starts_with(SIGNATURE) && index.bytes.len() >= least).then_some(index)
    }

    /// The offset of the object in the pack.
    fn offset_of(&self, id: &oid) -> Option<u64> {
        let first = usize::from(id.first_byte());
        let mut low = if first == 0 { 0 } else { self.number(FAN_OUT + (first - 1) * 4)? };
        let mut high = self.number(FAN_OUT + first * 4)?.min(self.count);
        while low < high {
            let middle = low.midpoint(high);
            let at = IDS + middle * self.id_len;
            match self.bytes[at..at + self.id_len].cmp(id.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.offset(middle),
            }
        }
        None
    }

    fn offset(&self, nth: usize) -> Option<u64> {
        let offsets = IDS + self.count * (self.id_len + 4);
        let offset = self.number(offsets + nth * 4)?;
        // From 2 GB on, the number is an index into the table of 64-bit offsets, which are big-endian.
        if offset < 1 << 31 {
            return Some(offset as u64);
        }
        let long = (offsets + self.count * 4).checked_add((offset - (1 << 31)).checked_mul(8)?)?;
        let offset = (self.number(long)? as u64) << 32 | self.number(long + 4)? as u64;
        // gix relies on offsets that fit into usize.
        usize::try_from(offset).is_ok().then_some(offset)
    }

    fn number(&self, at: usize) -> Option<usize> {
        let four = self.bytes.get(at..at + 4)?;
        usize::try_from(u32::from_be_bytes(four.try_into().ok()?)).ok()
    }
}

/// Opens all packs. Damaged ones are left out.
fn open_all(dirs: &[PathBuf], hash: Kind) -> Vec<IndexedPack> {
    // Check for the file first: resolving the symbolic links of a path takes many system calls.
    let has_alternates = dirs.iter().any(|dir| dir.join("info/alternates").exists());
    let all = if has_alternates { with_alternates(dirs, &mut Vec::new()) } else { dirs.to_vec() };
    let folders = all.into_iter().map(|dir| dir.join("pack"));
    let files = folders.filter_map(|folder| folder.read_dir().ok()).flatten().flatten().map(|file| file.path());
    files
        .filter(|file| file.extension().is_some_and(|end| end == "idx"))
        .filter_map(|file| IndexedPack::open(file, hash))
        .collect()
}
