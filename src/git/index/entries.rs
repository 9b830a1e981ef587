//! A cursor over index entries, however they are decoded.

use gix::ObjectId;
use gix::objs::tree::EntryMode;

/// An entry of an index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexEntry<'a> {
    /// Ends in `/` if the entry is a directory of a sparse index.
    pub path: &'a [u8],
    pub mode: EntryMode,
    pub id: ObjectId,
    /// 0, or the stage of a conflict: 1 is the common ancestor, 2 is ours, 3 is theirs.
    pub stage: u32,
    /// Added with `git add -N`, so it is not part of the next commit.
    pub intent_to_add: bool,
}

/// A cursor over the entries of an index, which are sorted by path and then by stage.
pub(crate) trait EntryCursor<'a> {
    fn current(&self) -> Option<IndexEntry<'a>>;

    /// Moves past `count` entries.
    fn skip(&mut self, count: usize);
}

impl<'a, E: EntryCursor<'a>> EntryCursor<'a> for &mut E {
    fn current(&self) -> Option<IndexEntry<'a>> {
        (**self).current()
    }

    fn skip(&mut self, count: usize) {
        (**self).skip(count);
    }
}

/// The entries of a missing index.
pub(crate) struct EmptyIndex;

impl<'a> EntryCursor<'a> for EmptyIndex {
    fn current(&self) -> Option<IndexEntry<'a>> {
        None
    }

    fn skip(&mut self, _count: usize) {}
}

/// The mode of a tree entry for the mode of an index entry.
pub(crate) fn mode(bits: u32) -> EntryMode {
    use gix::objs::tree::EntryKind;
    match bits & 0o170_000 {
        0o040_000 => EntryKind::Tree,
        0o120_000 => EntryKind::Link,
        0o160_000 => EntryKind::Commit,
        _ if bits & 0o100 != 0 => EntryKind::BlobExecutable,
        _ => EntryKind::Blob,
    }
    .into()
}
