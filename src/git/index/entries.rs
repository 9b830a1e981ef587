//! Index entries one after the other, wherever they were decoded.

use gix::ObjectId;
use gix::objs::tree::EntryMode;

/// One entry of an index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// Ends in `/` for the folders of a sparse index.
    pub path: &'a [u8],
    pub mode: EntryMode,
    pub id: ObjectId,
    /// 0, or which side of a conflict: 1 the common ancestor, 2 ours, 3 theirs.
    pub stage: u32,
    /// Named by `git add -N`: no part of the next commit yet.
    pub intent_to_add: bool,
}

/// A place in the entries of an index, which are sorted by path and then by stage.
pub(crate) trait Entries<'a> {
    fn current(&self) -> Option<Entry<'a>>;

    /// Steps over `count` entries.
    fn skip(&mut self, count: usize);
}

impl<'a, E: Entries<'a>> Entries<'a> for &mut E {
    fn current(&self) -> Option<Entry<'a>> {
        (**self).current()
    }

    fn skip(&mut self, count: usize) {
        (**self).skip(count);
    }
}

/// The entries of an index that does not exist.
pub(crate) struct None;

impl<'a> Entries<'a> for None {
    fn current(&self) -> Option<Entry<'a>> {
        Option::None
    }

    fn skip(&mut self, _count: usize) {}
}

/// The mode that a tree would have for an index entry's `bits`.
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
