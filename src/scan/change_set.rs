//! What a commit, made or about to be made, changes against its parents.

use std::sync::OnceLock;

use gix::ObjectId;

use crate::error::Error;
use crate::finding::{Part, Span};
use crate::git::diff::change::{Change, Removal, TreeDiff};
use crate::git::diff::lines::added;
use crate::git::diff::renames::Renames;
use crate::git::odb::objects::{EntryKind, LFS_POINTER, Objects, SUBMODULE, is_lfs_pointer};
use crate::scan::source::{AddedFilter, Coverage, Skipped, Unit};

/// What was changed, and what the parents have: all that threads share.
pub(crate) struct Comparison<'a> {
    /// Against the first parent, but in a merge without what another one has alike.
    changed: Changed,
    first: Option<Parent>,
    /// The other parents of a merge.
    merged: Vec<Parent>,
    against: Against<'a>,
    /// What may be spent on archives, if they are unpacked.
    #[cfg(feature = "archives")]
    archives: Option<&'a crate::scan::archive::Budget>,
}

/// Compares with the tree of another parent.
pub(crate) type Against<'a> = Box<dyn Fn(ObjectId, &Objects) -> Result<TreeDiff, Error> + Send + Sync + 'a>;

/// The changes against one parent, and which of them are moves.
struct Changed {
    files: Vec<Change>,
    renames: Renames,
}

struct Parent {
    tree: ObjectId,
    /// All that is changed against it: asked only in a merge, where a file holds a token that it may have under another
    /// name.
    changed: OnceLock<Changed>,
}

impl Changed {
    fn new(delta: TreeDiff, objects: &Objects) -> Result<Self, Error> {
        // Only a file that came can have been renamed.
        let may_rename = delta.changes.iter().any(|change| change.old.is_none());
        let removed = if may_rename { files_of(delta.removals, objects)? } else { Vec::new() };
        let renames = Renames::new(&delta.changes, removed);
        Ok(Self { files: delta.changes, renames })
    }
}

impl<'a> Comparison<'a> {
    /// `delta` is what the commit changes in `head`. Reads no content yet.
    pub fn new(
        delta: TreeDiff,
        head: Option<ObjectId>,
        merged: Vec<ObjectId>,
        against: Against<'a>,
        objects: &Objects,
    ) -> Result<Self, Error> {
        let parent = |tree| Parent { tree, changed: OnceLock::new() };
        let (first, merged) = (head.map(parent), merged.into_iter().map(parent).collect());
        let changed = Changed::new(delta, objects)?;
        Ok(Self {
            changed,
            first,
            merged,
            against,
            #[cfg(feature = "archives")]
            archives: None,
        })
    }

    /// Unpacks archives as well.
    #[cfg(feature = "archives")]
    pub fn with_archives(self, archives: Option<&'a crate::scan::archive::Budget>) -> Self {
        Self { archives, ..self }
    }

    /// How many files were changed.
    pub fn len(&self) -> usize {
        self.changed.files.len()
    }

    pub fn has_parent(&self) -> bool {
        self.first.is_some()
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
        let change = &self.changed.files[at];
        if change.old.is_none() {
            let known = |spans: &[Span]| self.new_names(objects, &change.path, spans);
            visit(&Unit {
                path: Some(&change.path),
                part: Part::Name,
                origin: None,
                bytes: &change.path,
                hits: None,
                added: AddedFilter::Compared(&known),
            });
        }
        let part = match change.kept {
            EntryKind::Submodule => return covered.skip(change, SUBMODULE),
            EntryKind::Symlink => Part::SymlinkTarget,
            EntryKind::File => Part::Content,
            // Noted as a gap, so that nothing but its name is here.
            EntryKind::Folder => return,
        };
        covered.files += 1;
        if self.changed.renames.is_exact(at) {
            return;
        }
        let bytes = match objects.blob(&change.id, &change.path.escape_ascii(), buffer) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return,
            Err(error) => return covered.unread.push(error),
        };
        covered.objects += 1;
        covered.bytes += bytes.len() as u64;
        if is_lfs_pointer(bytes) {
            covered.skip(change, LFS_POINTER);
        }
        let compare = |spans: &[Span]| self.added_spans(objects, at, bytes, spans);
        let unit = Unit {
            path: Some(&change.path),
            part,
            origin: None,
            bytes,
            hits: None,
            added: AddedFilter::Compared(&compare),
        };
        #[cfg(feature = "archives")]
        if let Some(budget) = self.archives.filter(|_| part == Part::Content) {
            return self.unpack(at, objects, &unit, budget, visit, covered);
        }
        visit(&unit);
    }

    /// Hands over what is new in the file that is `own`, which may be an archive.
    #[cfg(feature = "archives")]
    fn unpack(
        &self,
        at: usize,
        objects: &Objects,
        own: &Unit<'_>,
        budget: &crate::scan::archive::Budget,
        visit: &dyn Fn(&Unit<'_>),
        covered: &mut Coverage,
    ) {
        use crate::scan::archive::{LIMITS, unpack};
        let path = &self.changed.files[at].path;
        let inside = |unit: &Unit<'_>| {
            let compare = |spans: &[Span]| {
                let mut still_new = unit.added.of(spans)?;
                for old in self.older(objects, at, own.bytes)? {
                    crate::scan::archive::leave_out_known(path, &old, budget, unit, spans, &mut still_new);
                }
                Ok(still_new)
            };
            visit(&Unit { added: AddedFilter::Compared(&compare), ..*unit });
        };
        let unpacked = unpack(path, own.bytes, LIMITS, budget, &inside);
        covered.files += unpacked.files;
        covered.bytes += unpacked.bytes;
        covered.unread.extend(unpacked.unread.iter().map(|one| one.error(&one.path)));
        let untold = |spans: &[Span]| {
            let new = own.added.of(spans)?;
            Ok(spans.iter().zip(new).map(|(span, new)| new && !unpacked.is_told(own.bytes, span)).collect())
        };
        visit(&Unit { added: AddedFilter::Compared(&untold), ..*own });
        covered.skipped.extend(unpacked.skipped.iter().cloned());
    }

    /// Whether each of `spans` stands in a line that no parent has there.
    fn added_spans(&self, objects: &Objects, at: usize, new: &[u8], spans: &[Span]) -> Result<Vec<bool>, Error> {
        let mut still_new = vec![true; spans.len()];
        for old in self.older(objects, at, new)? {
            for (new, added) in still_new.iter_mut().zip(added(&old, new, spans)) {
                *new &= added;
            }
        }
        Ok(still_new)
    }

    /// What the parents of the next commit have where the change at `at` is.
    fn older(&self, objects: &Objects, at: usize, new: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let change = &self.changed.files[at];
        let path = change.path.escape_ascii();
        let mut older = Vec::new();
        match change.old {
            Some((kept, id)) if kept == change.kept => older.push(objects.blob_owned(&id, &path)?),
            Some(_) => {}
            None if self.merged.is_empty() => {
                older.extend(self.changed.renames.source(at, &self.changed.files, objects)?);
            }
            None => {
                if let Some(first) = &self.first {
                    older.extend(self.moved_from(first, change, new, objects)?);
                }
            }
        }
        for parent in &self.merged {
            let entry =
                objects.lookup(&parent.tree, &change.path)?.filter(|entry| EntryKind::from(entry.mode) == change.kept);
            match entry {
                Some(entry) => older.push(objects.blob_owned(&entry.id, &path)?),
                None => older.extend(self.moved_from(parent, change, new, objects)?),
            }
        }
        Ok(older)
    }

    /// What `parent` of a merge has under another name, which became the file of `change`.
    fn moved_from(
        &self,
        parent: &Parent,
        change: &Change,
        new: &[u8],
        objects: &Objects,
    ) -> Result<Option<Vec<u8>>, Error> {
        // Wherever it stands there: a history may have been put into a folder.
        if stands_below(objects, &parent.tree, &change.id)? {
            return Ok(Some(new.to_vec()));
        }
        let changed = match parent.changed.get() {
            Some(changed) => changed,
            None => {
                let changed = Changed::new((self.against)(parent.tree, objects)?, objects)?;
                parent.changed.get_or_init(|| changed)
            }
        };
        let Some(at) = changed.files.iter().position(|one| one.path == change.path) else { return Ok(None) };
        changed.renames.source(at, &changed.files, objects)
    }

    /// Whether each of `spans` of a new path stands in a part of it that HEAD does not have: a file added to an old
    /// folder adds its own name only.
    fn new_names(&self, objects: &Objects, path: &[u8], spans: &[Span]) -> Result<Vec<bool>, Error> {
        let parents: Vec<_> = self.first.iter().chain(&self.merged).map(|parent| &parent.tree).collect();
        let is_new = |span: &Span| -> Result<bool, Error> {
            let folder = crate::scan::source::up_to_component(path, span.end);
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

fn stands_below(objects: &Objects, tree: &ObjectId, id: &ObjectId) -> Result<bool, Error> {
    let mut stands = false;
    objects.files_below(tree, b"", &mut |_, entry| stands |= entry.id == *id)?;
    Ok(stands)
}

/// The removals, with every folder spelled out.
pub(crate) fn files_of(removals: Vec<Removal>, objects: &Objects) -> Result<Vec<Removal>, Error> {
    let mut files = Vec::new();
    for gone in removals {
        match gone.kept {
            EntryKind::Folder => objects.files_below(&gone.id, &gone.path, &mut |path, entry| {
                files.push(Removal { path, kept: entry.mode.into(), id: entry.id });
            })?,
            EntryKind::Submodule => {}
            EntryKind::File | EntryKind::Symlink => files.push(gone),
        }
    }
    Ok(files)
}
