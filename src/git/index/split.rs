//! Split indexes. Format: gitformat-index(5), "Split index".

use std::path::Path;

use gix::ObjectId;
use gix::hash::Kind;

use crate::error::Error;
use crate::git::index::decoded::{DecodedEntries, DecodedEntry};
use crate::git::index::ewah::set_bits;
use crate::git::index::mapped::{self, index_error};

/// Returns all entries of the split index at `path`: `own`, and the entries of the shared index that `link` names.
pub(crate) fn resolve(
    own: DecodedEntries<'_>,
    link: &[u8],
    path: &Path,
    git_dir: &Path,
    hash: Kind,
) -> Result<DecodedEntries<'static>, Error> {
    let mismatch = || index_error(path, "it does not match its shared index");
    let (id, bitmaps) = link.split_at_checked(hash.len_in_bytes()).ok_or_else(mismatch)?;
    let id = ObjectId::try_from(id).map_err(|err| index_error(path, err))?;
    if id.is_null() {
        return Ok(DecodedEntries { paths: own.paths, entries: own.entries, link: None });
    }
    // The shared index is always in the git directory, even if `path` is elsewhere.
    let shared_path = git_dir.join(format!("sharedindex.{id}"));
    let mapped = crate::git::mmap::map(&shared_path).map_err(|err| index_error(&shared_path, err))?;
    let index = mapped::Index::parse(&mapped, hash).ok_or_else(|| index_error(&shared_path, mapped::NO_INDEX))?;
    if !index.has_name(&id) {
        return Err(index_error(&shared_path, "its checksum is not the one in its name"));
    }
    let shared = DecodedEntries::read(&index).map_err(|why| index_error(&shared_path, why))?;
    merge(&own, bitmaps, shared).ok_or_else(mismatch)
}

/// Merges the entries. The first bitmap has the shared entries that are deleted, the second those that are replaced. The
/// first own entries are the replacements, and have no path. The remaining ones are new.
fn merge(own: &DecodedEntries<'_>, bitmaps: &[u8], shared: DecodedEntries<'_>) -> Option<DecodedEntries<'static>> {
    let count = shared.entries.len();
    let (mut deleted, mut replaced) = (Vec::new(), Vec::new());
    if !bitmaps.is_empty() {
        let rest;
        (deleted, rest) = set_bits(bitmaps, count)?;
        (replaced, _) = set_bits(rest, count)?;
    }
    let DecodedEntries { mut paths, mut entries, .. } = shared;
    let (added, replacements) = (own.entries.get(replaced.len()..)?, &own.entries[..replaced.len()]);
    for (at, replacement) in replaced.into_iter().zip(replacements) {
        let replacement = replacement.path.is_empty().then_some(replacement)?;
        entries[at] = DecodedEntry { path: entries[at].path.clone(), ..replacement.clone() };
    }
    let mut deleted = deleted.into_iter().peekable();
    let mut at = 0..count;
    entries.retain(|_| deleted.next_if_eq(&at.next().expect("one for each entry")).is_none());
    let offset = paths.len();
    paths.extend_from_slice(&own.paths);
    entries.extend(added.iter().map(|added| {
        let path = added.path.start + offset..added.path.end + offset;
        DecodedEntry { path, ..added.clone() }
    }));
    let path = |entry: &DecodedEntry| &paths[entry.path.clone()];
    entries.sort_by(|a, b| path(a).cmp(path(b)).then(a.entry.stage.cmp(&b.entry.stage)));
    Some(DecodedEntries { paths, entries, link: None })
}
