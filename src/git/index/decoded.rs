//! The entries of an index as a list in memory. This form is for version 4, in which each path is a delta against the
//! previous one, for sparse indexes, and for both halves of a split index.

use std::ops::Range;

use gix::bstr::ByteSlice;

use crate::git::index::entries::{EntryCursor, IndexEntry};
use crate::git::index::mapped::{HEADER, Index, entry_fields, extensions};
use crate::git::index::stat::IndexStat;

/// The decoded paths may take at most this many times the bytes of the file. An entry has at least 64 bytes, and a path of
/// a file system at most 4,096. Without a limit, 10 MB could expand to hundreds of gigabytes.
const MAX_EXPANSION: usize = 64;

/// The entries, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct DecodedEntries<'a> {
    /// The concatenated paths.
    pub paths: Vec<u8>,
    pub entries: Vec<DecodedEntry>,
    /// The content of the `link` extension, which names a shared index.
    pub link: Option<&'a [u8]>,
}

/// An entry, and the range of its path in [`DecodedEntries::paths`].
#[derive(Clone, Debug)]
pub(crate) struct DecodedEntry {
    pub path: Range<usize>,
    /// The entry without its path.
    pub entry: IndexEntry<'static>,
    pub stat: IndexStat,
}

impl<'a> DecodedEntries<'a> {
    /// Decodes all entries. Returns the reason if the index is invalid or has an unknown mandatory extension.
    pub fn read(index: &Index<'a>) -> Result<Self, String> {
        let mut decoded = Self::default();
        let read = if index.has_plain_entries() { decoded.plain(index) } else { decoded.compressed(index) };
        let end = read.ok_or_else(|| format!("its entry {} is invalid", decoded.entries.len() + 1))?;
        let extensions = extensions(index.content(), end).ok_or("its extensions are invalid")?;
        for (name, content) in extensions {
            match name {
                b"link" => decoded.link = Some(content),
                // An uppercase first letter marks an optional extension. `sdir` says that some entries are directories,
                // which their paths show too.
                b"sdir" | [b'A'..=b'Z', ..] => {}
                unknown => return Err(format!("its extension {} is unknown", unknown.escape_ascii())),
            }
        }
        Ok(decoded)
    }

    /// Reads entries of version 2 or 3, and returns the offset of their end.
    fn plain(&mut self, index: &Index<'a>) -> Option<usize> {
        let mut cursor = index.entries();
        while let Some((entry, size)) = cursor.next_entry()? {
            self.push(entry.path, &entry, IndexStat::parse(cursor.rest())?);
            cursor.advance(size);
        }
        Some(cursor.offset())
    }

    /// Reads entries of version 4, and returns the offset of their end. Each has the number of bytes to drop from the
    /// previous path, and the suffix to add.
    fn compressed(&mut self, index: &Index<'a>) -> Option<usize> {
        let bytes = index.content();
        let mut at = HEADER;
        let mut previous = Vec::new();
        for _ in 0..index.count() {
            let (entry, _, path_at) = entry_fields(bytes.get(at..)?, index.hash_len())?;
            let stat = IndexStat::parse(&bytes[at..])?;
            let (dropped, suffix_at) = varint(bytes, at + path_at)?;
            let prefix = if self.entries.is_empty() { 0 } else { previous.len().checked_sub(dropped)? };
            let suffix = &bytes[suffix_at..suffix_at + bytes[suffix_at..].find_byte(0)?];
            previous.truncate(prefix);
            previous.extend_from_slice(suffix);
            at = suffix_at + suffix.len() + 1;
            self.push(&previous, &entry, stat);
            if self.paths.len() > MAX_EXPANSION * bytes.len() {
                return None;
            }
        }
        Some(at)
    }

    fn push(&mut self, path: &[u8], entry: &IndexEntry<'_>, stat: IndexStat) {
        let from = self.paths.len();
        self.paths.extend_from_slice(path);
        let entry = IndexEntry { path: b"", ..*entry };
        self.entries.push(DecodedEntry { path: from..self.paths.len(), entry, stat });
    }

    pub fn path(&self, entry: &DecodedEntry) -> &[u8] {
        &self.paths[entry.path.clone()]
    }

    pub fn cursor(&self) -> ListCursor<'_> {
        ListCursor { decoded: self, at: 0 }
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

pub(crate) struct ListCursor<'a> {
    decoded: &'a DecodedEntries<'a>,
    at: usize,
}

impl<'a> EntryCursor<'a> for ListCursor<'a> {
    fn current(&self) -> Option<IndexEntry<'a>> {
        let decoded = self.decoded.entries.get(self.at)?;
        Some(IndexEntry { path: self.decoded.path(decoded), ..decoded.entry })
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
            DecodedEntries::read(&index).map(|decoded| decoded.paths.len())
        };
        assert_eq!(read(&compressed(4000, 3)), Ok(4000 + 4001 + 4002 + 4003));
        assert!(read(&compressed(200_000, 3000)).is_err());
    }
}
