//! An index file of version 2 or 3 read from its bytes, without decoding what is not asked for; and of any version, the
//! root of its cache tree.
//!
//! Format: gitformat-index(5). Of 100,000 entries, walking the bytes takes a quarter of the time of decoding them.

use std::cell::Cell;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::hash::Kind;
use gix::index::extension::{Tree, tree};

use super::entries::{Entries, Entry, mode};

const HEADER: usize = 12;
/// In front of an entry's object id: times, device, inode, mode, owner, size.
const STAT: usize = 40;
const MODE_AT: usize = 24;

/// The bytes of an index, its header read.
pub(super) struct Index<'a> {
    bytes: &'a [u8],
    hash: Kind,
    version: u32,
    count: usize,
    /// The content of the TREE extension, where there is one.
    tree: Option<&'a [u8]>,
}

impl<'a> Index<'a> {
    /// None where this is no index that we know how to read.
    pub fn parse(bytes: &'a [u8], hash: Kind) -> Option<Self> {
        let version = be32(bytes, 4)?;
        let count = usize::try_from(be32(bytes, 8)?).ok()?;
        let end = bytes.len().checked_sub(hash.len_in_bytes())?;
        let known = bytes.starts_with(b"DIRC") && (2..=4).contains(&version) && end >= HEADER;
        known.then(|| Self { bytes, hash, version, count, tree: find_tree(&bytes[HEADER..end]) })
    }

    /// The tree that git commits next, where the cache tree names it: not after a bare `git add`, not with conflicts,
    /// and not with entries of `git add -N`.
    pub fn next_tree(&self) -> Option<ObjectId> {
        // The root's line is `NUL count SP folders LF id`, its name being empty.
        let line = self.tree?.strip_prefix(b"\0")?;
        let (count, rest) = line.split_once_str(b" ")?;
        let count: usize = std::str::from_utf8(count).ok()?.parse().ok()?;
        let id = &rest[rest.find_byte(b'\n')? + 1..];
        // Bytes that only look like a cache tree do not count the entries right.
        let counted = count == self.count;
        let id = id.get(..self.hash.len_in_bytes()).filter(|_| counted)?;
        ObjectId::try_from(id).ok()
    }

    /// The whole cache tree.
    pub fn cache_tree(&self) -> Option<Tree> {
        tree::decode(self.tree?, self.hash, None)
    }

    pub fn has_plain_entries(&self) -> bool {
        self.version < 4
    }

    /// Whether a walk over the entries is faster than to read the trees that git has just written, which are loose.
    /// Of the 4,847 entries of git/git it takes as long where one file changed, and with 20 the process an eighth less.
    pub fn is_small(&self) -> bool {
        self.has_plain_entries() && self.count < 5000
    }

    pub fn entries(&self) -> Walk<'a> {
        let end = self.bytes.len() - self.hash.len_in_bytes();
        Walk {
            bytes: &self.bytes[..end],
            at: HEADER,
            left: self.count,
            hash_len: self.hash.len_in_bytes(),
            broken: Cell::new(false),
        }
    }
}

/// Entries behind each other are not sized up front, so extensions are found from the back: `TREE`, its size, and then
/// further extensions whose sizes land exactly at the end.
fn find_tree(entries_and_extensions: &[u8]) -> Option<&[u8]> {
    let bytes = entries_and_extensions;
    let mut before = bytes.len();
    while let Some(at) = bytes[..before].rfind(b"TREE") {
        if let Some(content) = extension(bytes, at).filter(|content| lands(bytes, at + 8 + content.len())) {
            return Some(content);
        }
        before = at;
    }
    None
}

fn lands(bytes: &[u8], mut at: usize) -> bool {
    while at < bytes.len() {
        // `sdir` says that entries stand for folders, which only gix's decoder is asked to understand.
        match extension(bytes, at).filter(|_| bytes[at..at + 4].iter().all(u8::is_ascii_alphabetic)) {
            Some(content) => at += 8 + content.len(),
            None => return false,
        }
    }
    at == bytes.len()
}

fn extension(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let size = usize::try_from(be32(bytes, at + 4)?).ok()?;
    bytes.get(at + 8..(at + 8).checked_add(size)?)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(four.try_into().expect("four bytes were taken")))
}

/// A walk over entries of version 2 or 3.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    left: usize,
    hash_len: usize,
    broken: Cell<bool>,
}

impl<'a> Walk<'a> {
    /// Whether every entry was understood and what follows them is extensions that change nothing for us: those in
    /// capitals are optional, `link` and `sdir` are not.
    pub fn ended_well(&self) -> bool {
        let mut at = self.at;
        while let Some(content) = extension(self.bytes, at) {
            if !self.bytes[at].is_ascii_uppercase() {
                return false;
            }
            at += 8 + content.len();
        }
        self.left == 0 && !self.broken.get() && at == self.bytes.len()
    }

    fn parse(&self) -> Option<(Entry<'a>, usize)> {
        let bytes = self.bytes.get(self.at..)?;
        let flags_at = STAT + self.hash_len;
        let flags = u16::from_be_bytes(bytes.get(flags_at..flags_at + 2)?.try_into().ok()?);
        let extended = flags & 0x4000 != 0;
        let path_at = flags_at + if extended { 4 } else { 2 };
        let more = if extended { u16::from_be_bytes(bytes.get(flags_at + 2..path_at)?.try_into().ok()?) } else { 0 };
        let len = match usize::from(flags & 0x0fff) {
            // As long as or longer than the field can say: a NUL ends every path.
            0x0fff => bytes.get(path_at..)?.find_byte(0)?,
            len => len,
        };
        let path = bytes.get(path_at..path_at + len)?;
        // One to eight NULs make each entry a multiple of eight long.
        let size = (path_at + len + 8) & !7;
        if path.is_empty() || bytes.get(path_at + len) != Some(&0) || size > bytes.len() {
            return None;
        }
        let id = ObjectId::try_from(bytes.get(STAT..flags_at)?).ok()?;
        let entry_mode = mode(be32(bytes, MODE_AT)?);
        let entry =
            Entry { path, mode: entry_mode, id, stage: u32::from(flags >> 12 & 3), intent_to_add: more & 0x2000 != 0 };
        Some((entry, size))
    }

    /// The size of the current entry; the path's length tells it, nothing else is read.
    fn size(&self) -> Option<usize> {
        let flags_at = self.at + STAT + self.hash_len;
        let flags = self.bytes.get(flags_at..flags_at + 2)?;
        let (extended, len) = (flags[0] & 0x40 != 0, usize::from(flags[0] & 0x0f) << 8 | usize::from(flags[1]));
        if len == 0x0fff {
            return self.parse().map(|(_, size)| size);
        }
        let path_at = STAT + self.hash_len + if extended { 4 } else { 2 };
        Some((path_at + len + 8) & !7)
    }
}

impl<'a> Entries<'a> for Walk<'a> {
    fn current(&self) -> Option<Entry<'a>> {
        if self.left == 0 {
            return None;
        }
        let parsed = self.parse();
        if parsed.is_none() {
            self.broken.set(true);
        }
        parsed.map(|(entry, _)| entry)
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            match self.size().filter(|_| self.left > 0) {
                Some(size) => self.at += size,
                None => return self.broken.set(true),
            }
            self.left -= 1;
        }
    }
}
