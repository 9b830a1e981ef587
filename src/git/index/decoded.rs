//! The entries of an index as a list in memory. This form is for version 4, in which each path is a delta against the
//! previous one, for sparse indexes, and for both halves of a split index.

use std::ops::Range;

use gix::bstr::ByteSlice;

use crate::git::index::entries::{Entries, Entry};
use crate::git::index::mapped::{HEADER, Index, extensions, head};

/// The decoded paths may take at most this many times the bytes of the file. An entry has at least 64 bytes, and a path of
/// a file system at most 4,096. Without a limit, 10 MB could expand to hundreds of gigabytes.
const MOST_EXPANDED: usize = 64;

/// The entries, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Listed<'a> {
    /// The concatenated paths.
    pub paths: Vec<u8>,
    /// The range of each path in `paths`, and the entry without its path.
    pub entries: Vec<(Range<usize>, Entry<'static>)>,
    /// The content of the `link` extension, which names a shared index.
    pub link: Option<&'a [u8]>,
}

impl<'a> Listed<'a> {
    /// Decodes all entries. Returns the reason if the index is invalid or has an unknown mandatory extension.
    pub fn read(index: &Index<'a>) -> Result<Self, String> {
        let mut listed = Self::default();
        let read = if index.has_plain_entries() { listed.plain(index) } else { listed.compressed(index) };
        let end = read.ok_or_else(|| format!("its entry {} is invalid", listed.entries.len() + 1))?;
        let extensions = extensions(index.content(), end).ok_or("its extensions are invalid")?;
        for (name, content) in extensions {
            match name {
                b"link" => listed.link = Some(content),
                // An uppercase first letter marks an optional extension. `sdir` says that some entries are directories,
                // which their paths show too.
                b"sdir" | [b'A'..=b'Z', ..] => {}
                unknown => return Err(format!("its extension {} is unknown", unknown.escape_ascii())),
            }
        }
        Ok(listed)
    }

    /// Reads entries of version 2 or 3, and returns the offset of their end.
    fn plain(&mut self, index: &Index<'a>) -> Option<usize> {
        let mut walk = index.entries();
        while let Some((entry, size)) = walk.next_entry()? {
            self.push(entry.path, &entry);
            walk.advance(size);
        }
        Some(walk.place())
    }

    /// Reads entries of version 4, and returns the offset of their end. Each has the number of bytes to drop from the
    /// previous path, and the suffix to add.
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

/// Parses the "offset encoding" of gitformat-pack(5). Returns the number and the offset of its end.
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

    /// An index of version 4: one path of `len` bytes, and `more` entries that each append one letter to it.
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
