//! The entries of an index of any version as a list in memory: version 4, whose paths are written as what differs from
//! the path before, sparse indexes, and both halves of a split one.

use std::ops::Range;

use gix::bstr::ByteSlice;

use crate::git::index::entries::{Entries, Entry};
use crate::git::index::mapped::{HEADER, Index, extensions, head};

/// Paths in full take at most so many times the bytes of the file: an entry has 64 or more, a path of a file system 4,096 or
/// fewer. Without a limit ten megabytes would write out to hundreds of gigabytes.
const MOST_EXPANDED: usize = 64;

/// The entries, in the order in which they are written.
#[derive(Debug, Default)]
pub(crate) struct Listed<'a> {
    /// The paths, one behind the other.
    pub paths: Vec<u8>,
    /// Where each path stands, and all but the path.
    pub entries: Vec<(Range<usize>, Entry<'static>)>,
    /// The content of the extension that names a shared index.
    pub link: Option<&'a [u8]>,
}

impl<'a> Listed<'a> {
    /// The reason where this cannot be read to its end.
    pub fn read(index: &Index<'a>) -> Result<Self, String> {
        let mut listed = Self::default();
        let read = if index.has_plain_entries() { listed.plain(index) } else { listed.compressed(index) };
        let end = read.ok_or_else(|| format!("its entry {} is broken", listed.entries.len() + 1))?;
        let extensions = extensions(index.content(), end).ok_or("what stands behind its entries is broken")?;
        for (name, content) in extensions {
            match name {
                b"link" => listed.link = Some(content),
                // Capitals are optional. `sdir` says that entries are folders, which their paths say as well.
                b"sdir" | [b'A'..=b'Z', ..] => {}
                unknown => return Err(format!("its extension {} is none that keysweep knows", unknown.escape_ascii())),
            }
        }
        Ok(listed)
    }

    /// Reads entries of version 2 or 3; returns where they end.
    fn plain(&mut self, index: &Index<'a>) -> Option<usize> {
        let mut walk = index.entries();
        while let Some((entry, size)) = walk.next_entry()? {
            self.push(entry.path, &entry);
            walk.advance(size);
        }
        Some(walk.place())
    }

    /// Reads entries of version 4: how many bytes of the path before to drop, and what stands there instead.
    fn compressed(&mut self, index: &Index<'a>) -> Option<usize> {
        let bytes = index.content();
        let mut at = HEADER;
        let mut before = Vec::new();
        for _ in 0..index.count() {
            let (entry, _, path_at) = head(bytes.get(at..)?, index.hash_len())?;
            let (dropped, suffix_at) = varint(bytes, at + path_at)?;
            let kept = if self.entries.is_empty() { 0 } else { before.len().checked_sub(dropped)? };
            let suffix = &bytes[suffix_at..suffix_at + bytes[suffix_at..].find_byte(0)?];
            before.truncate(kept);
            before.extend_from_slice(suffix);
            at = suffix_at + suffix.len() + 1;
            self.push(&before, &entry);
            if self.paths.len() > MOST_EXPANDED * bytes.len() {
                return None;
            }
        }
        Some(at)
    }

    fn push(&mut self, path: &[u8], entry: &Entry<'_>) {
        let start = self.paths.len();
        self.paths.extend_from_slice(path);
        self.entries.push((start..self.paths.len(), Entry { path: b"", ..*entry }));
    }

    pub fn walk(&self) -> Walk<'_> {
        Walk { listed: self, at: 0 }
    }
}

/// A number of gitformat-pack(5), "offset encoding", and where it ends.
fn varint(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 127))?;
        if byte & 128 == 0 {
            return Some((value, at));
        }
        value = value.checked_add(1)?;
    }
}

pub(crate) struct Walk<'a> {
    listed: &'a Listed<'a>,
    at: usize,
}

impl<'a> Entries<'a> for Walk<'a> {
    fn current(&self) -> Option<Entry<'a>> {
        let (path, entry) = self.listed.entries.get(self.at)?;
        Some(Entry { path: &self.listed.paths[path.clone()], ..*entry })
    }

    fn skip(&mut self, count: usize) {
        self.at += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of version 4 with one path of `len` bytes, and `more` entries that each add a letter to it.
    fn compressed(len: usize, more: usize) -> Vec<u8> {
        let entry = |suffix: &[u8]| [&[0; 62], &b"\0"[..], suffix, b"\0"].concat();
        let count = u32::try_from(more + 1).expect("a few").to_be_bytes();
        [b"DIRC\0\0\0\x04", &count[..], &entry(&vec![b'a'; len]), &entry(b"b").repeat(more), &[0; 20]].concat()
    }

    #[test]
    fn no_file_writes_out_to_what_fills_the_memory() {
        let read = |bytes: &[u8]| {
            let index = Index::parse(bytes, gix::hash::Kind::Sha1).expect("a header");
            Listed::read(&index).map(|listed| listed.paths.len())
        };
        assert_eq!(read(&compressed(4000, 3)), Ok(4000 + 4001 + 4002 + 4003));
        assert!(read(&compressed(200_000, 3000)).is_err());
    }
}
