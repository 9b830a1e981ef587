//! What a commit, made or about to be made, changes against its parents.

use gix::ObjectId;

use super::added::added;
use super::index::{Change, Delta, Removal};
use super::objects::{Kept, Objects};
use super::renames::Renames;
use super::{Coverage, Newness, Skipped, Unit};
use crate::finding::{Part, Span};
use crate::trouble::Trouble;

/// What was changed, and the trees of the parents: all that threads share.
pub(super) struct Comparison {
    changes: Vec<Change>,
    renames: Renames,
    /// The first parent's tree.
    head: Option<ObjectId>,
    /// Those of the other parents of a merge.
    merged: Vec<ObjectId>,
}

impl Comparison {
    /// `delta` is what the commit changes in `head`. Reads no content yet.
    pub fn new(
        delta: Delta,
        head: Option<ObjectId>,
        merged: Vec<ObjectId>,
        objects: &Objects,
    ) -> Result<Self, Trouble> {
        // Only a file that came can have been renamed.
        let may_rename = delta.changes.iter().any(|change| change.old.is_none());
        let removed = if may_rename { files_of(delta.removals, objects)? } else { Vec::new() };
        let renames = Renames::new(&delta.changes, removed);
        Ok(Self { changes: delta.changes, renames, head, merged })
    }

    /// How many files were changed.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    pub fn has_parent(&self) -> bool {
        self.head.is_some()
    }

    /// Hands over what is new in the file at `at`.
    pub fn scan(
        &self,
        at: usize,
        objects: &Objects,
        buffer: &mut Vec<u8>,
        visit: &dyn Fn(&Unit<'_>),
        covered: &mut Coverage,
    ) {
        let change = &self.changes[at];
        if change.old.is_none() {
            let known = |spans: &[Span]| self.new_names(objects, &change.path, spans);
            visit(&Unit {
                path: Some(&change.path),
                part: Part::Name,
                origin: None,
                bytes: &change.path,
                newness: Newness::Compared(&known),
            });
        }
        let part = match change.kept {
            Kept::Submodule => return covered.skip(change, "a submodule: it is a repository of its own"),
            Kept::Symlink => Part::SymlinkTarget,
            Kept::File | Kept::Folder => Part::Content,
        };
        covered.files += 1;
        if self.renames.is_exact(at) {
            return;
        }
        let bytes = match objects.blob(&change.id, &change.path.escape_ascii(), buffer) {
            Ok(bytes) => bytes,
            Err(trouble) => return covered.unread.push(trouble),
        };
        covered.objects += 1;
        covered.bytes += bytes.len() as u64;
        if bytes.starts_with(b"version https://git-lfs.github.com/spec/v1\n") {
            covered.skip(change, "a Git LFS pointer: what it points to is kept outside of git");
        }
        let compare = |spans: &[Span]| self.added_spans(objects, at, bytes, spans);
        visit(&Unit { path: Some(&change.path), part, origin: None, bytes, newness: Newness::Compared(&compare) });
    }

    /// Whether each of `spans` stands in a line that no parent has there.
    fn added_spans(&self, objects: &Objects, at: usize, new: &[u8], spans: &[Span]) -> Result<Vec<bool>, Trouble> {
        let mut still_new = vec![true; spans.len()];
        for old in self.older(objects, at, new)? {
            for (new, added) in still_new.iter_mut().zip(added(&old, new, spans)) {
                *new &= added;
            }
        }
        Ok(still_new)
    }

    /// What the parents of the next commit have where the change at `at` is.
    fn older(&self, objects: &Objects, at: usize, new: &[u8]) -> Result<Vec<Vec<u8>>, Trouble> {
        let change = &self.changes[at];
        let path = change.path.escape_ascii();
        let mut older = Vec::new();
        match change.old {
            Some((kept, id)) if kept == change.kept => older.push(objects.blob_owned(&id, &path)?),
            Some(_) => {}
            None => older.extend(self.renames.source(at, &self.changes, objects)?),
        }
        for tree in &self.merged {
            let entry = objects.lookup(tree, &change.path)?.filter(|entry| Kept::from(entry.mode) == change.kept);
            if let Some(entry) = entry {
                older.push(objects.blob_owned(&entry.id, &path)?);
            } else if stands_below(objects, tree, &change.id)? {
                older.push(new.to_vec());
            }
        }
        Ok(older)
    }

    /// Whether each of `spans` of a new path stands in a part of it that HEAD does not have: a file added to an old
    /// folder adds its own name only.
    fn new_names(&self, objects: &Objects, path: &[u8], spans: &[Span]) -> Result<Vec<bool>, Trouble> {
        let Some(head) = self.head else { return Ok(vec![true; spans.len()]) };
        let parents: Vec<_> = std::iter::once(&head).chain(&self.merged).collect();
        let is_new = |span: &Span| -> Result<bool, Trouble> {
            let folder = super::up_to_component(path, span.end);
            for tree in &parents {
                if objects.lookup(tree, folder)?.is_some() {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        spans.iter().map(is_new).collect()
    }
}

impl Coverage {
    fn skip(&mut self, change: &Change, why: &'static str) {
        self.skipped.push(Skipped { path: change.path.clone(), why });
    }
}

fn stands_below(objects: &Objects, tree: &ObjectId, id: &ObjectId) -> Result<bool, Trouble> {
    let mut stands = false;
    objects.files_below(tree, b"", &mut |_, entry| stands |= entry.id == *id)?;
    Ok(stands)
}

/// The removals, with every folder spelled out.
fn files_of(removals: Vec<Removal>, objects: &Objects) -> Result<Vec<Removal>, Trouble> {
    let mut files = Vec::new();
    for gone in removals {
        match gone.kept {
            Kept::Folder => objects.files_below(&gone.id, &gone.path, &mut |path, entry| {
                files.push(Removal { path, kept: entry.mode.into(), id: entry.id });
            })?,
            Kept::Submodule => {}
            Kept::File | Kept::Symlink => files.push(gone),
        }
    }
    Ok(files)
}
