//! A split index that does not stand beside its shared half.
//!
//! gix looks for the shared index in the folder of the one that names it, git in the git directory: with
//! `GIT_INDEX_FILE` elsewhere these are two places, and the halves are put together here.

use std::path::Path;

use gix::index::{State, decode};

use super::entries::{Entries, Entry, owned};
use crate::trouble::Trouble;

/// The entries of both halves, in order.
pub(super) struct Joined {
    entries: Vec<(Vec<u8>, Entry<'static>)>,
}

impl Joined {
    /// None where the index at `path` names no shared one.
    pub fn read(path: &Path, bytes: &[u8], git_dir: &Path, hash: gix::hash::Kind) -> Result<Option<Self>, Trouble> {
        // Its time of change is of use to those only who write an index.
        let unused = filetime::FileTime::zero();
        let Ok((split, _)) = State::from_bytes(bytes, unused, hash, decode::Options::default()) else {
            return Ok(None);
        };
        let Some(link) = split.link() else { return Ok(None) };
        let shared = git_dir.join(format!("sharedindex.{}", link.shared_index_checksum));
        let shared = gix::index::File::at(&shared, hash, true, decode::Options::default())
            .map_err(|err| super::damaged(path, err))?;
        let entries = join(&split, &shared).ok_or_else(|| super::damaged(path, "its two halves do not fit"))?;
        Ok(Some(Self { entries }))
    }

    pub fn walk(&self) -> Walk<'_> {
        Walk { entries: &self.entries, at: 0 }
    }
}

/// gitformat-index(5), "Split index": bits say which shared entries are gone and which are replaced by the first
/// entries of the split one; the others of those are new.
fn join(split: &State, shared: &State) -> Option<Vec<(Vec<u8>, Entry<'static>)>> {
    let mut kept: Vec<Option<(Vec<u8>, Entry<'static>)>> = Vec::new();
    kept.extend(shared.entries().iter().map(|entry| Some((entry.path(shared).to_vec(), owned(entry)))));
    let mut own = split.entries().iter();
    let bitmaps = split.link().and_then(|link| link.bitmaps.as_ref());
    if let Some(bitmaps) = bitmaps {
        bitmaps.replace.for_each_set_bit(|at| {
            kept.get_mut(at)?.as_mut()?.1 = owned(own.next()?);
            Some(())
        })?;
        bitmaps.delete.for_each_set_bit(|at| {
            *kept.get_mut(at)? = None;
            Some(())
        })?;
    }
    let mut entries: Vec<_> = kept.into_iter().flatten().collect();
    entries.extend(own.map(|entry| (entry.path(split).to_vec(), owned(entry))));
    entries.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.stage.cmp(&b.1.stage)));
    Some(entries)
}

pub(super) struct Walk<'a> {
    entries: &'a [(Vec<u8>, Entry<'static>)],
    at: usize,
}

impl<'a> Entries<'a> for Walk<'a> {
    fn current(&self) -> Option<Entry<'a>> {
        let (path, entry) = self.entries.get(self.at)?;
        Some(Entry { path, ..*entry })
    }

    fn skip(&mut self, count: usize) {
        self.at += count;
    }
}
