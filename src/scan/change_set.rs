//! The change of a commit, or of the next commit, relative to its parents.

use std::sync::OnceLock;

use gix::ObjectId;

use crate::error::Error;
use crate::finding::{Part, Span};
use crate::git::diff::change::{Change, Removal, TreeDiff};
use crate::git::diff::lines::added;
use crate::git::diff::renames::Renames;
use crate::git::odb::objects::{EntryKind, LFS_POINTER, Objects, SUBMODULE, is_lfs_pointer};
use crate::scan::source::{AddedFilter, Coverage, Skipped, Unit};

/// The changed files of a commit, and its parents. Threads share it.
pub(crate) struct ChangeSet<'a> {
    /// The changes relative to the first parent. In a merge, files that are the same in another parent are left out.
    changed: Changed,
    first: Option<Parent>,
    /// The other parents of a merge.
    merged: Vec<Parent>,
    diff_with: DiffWith<'a>,
    /// The budget for unpacking. `None` if archives are not unpacked.
    #[cfg(feature = "archives")]
    archives: Option<&'a crate::scan::archive::Budget>,
}

/// Compares the commit with the tree of another parent.
pub(crate) type DiffWith<'a> = Box<dyn Fn(ObjectId, &Objects) -> Result<TreeDiff, Error> + Send + Sync + 'a>;

/// The changes relative to one parent, and the renames among them.
struct Changed {
    files: Vec<Change>,
    renames: Renames,
}

struct Parent {
    tree: ObjectId,
    /// All changes relative to this parent. Computed on demand, in a merge, for a file with a token that the parent may have at
    /// another path.
    changed: OnceLock<Changed>,
}

impl Changed {
    fn new(diff: TreeDiff, objects: &Objects) -> Result<Self, Error> {
        // Only an added file can be the target of a rename.
        let may_rename = diff.changes.iter().any(|change| change.old.is_none());
        let removed = if may_rename { files_of(diff.removals, objects)? } else { Vec::new() };
        let renames = Renames::new(&diff.changes, removed);
        Ok(Self { files: diff.changes, renames })
    }
}

impl<'a> ChangeSet<'a> {
    /// `diff` has the changes relative to `head`, the tree of the first parent, and `merged` has the trees of the other parents. Reads
    /// no blobs.
    pub fn new(
        diff: TreeDiff,
        head: Option<ObjectId>,
        merged: Vec<ObjectId>,
        diff_with: DiffWith<'a>,
        objects: &Objects,
    ) -> Result<Self, Error> {
        let parent = |tree| Parent { tree, changed: OnceLock::new() };
        let (first, merged) = (head.map(parent), merged.into_iter().map(parent).collect());
        let changed = Changed::new(diff, objects)?;
        Ok(Self {
            changed,
            first,
            merged,
            diff_with,
            #[cfg(feature = "archives")]
            archives: None,
        })
    }

    /// Sets the budget for unpacking archives.
    #[cfg(feature = "archives")]
    pub fn with_archives(self, archives: Option<&'a crate::scan::archive::Budget>) -> Self {
        Self { archives, ..self }
    }

    /// Returns the number of changed files.
    pub fn len(&self) -> usize {
        self.changed.files.len()
    }

    pub fn has_parent(&self) -> bool {
        self.first.is_some()
    }

    /// Passes the units of the changed file with index `at` to `visit`.
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
        let part = match change.kind {
            EntryKind::Submodule => return covered.skip(change, SUBMODULE),
            EntryKind::Symlink => Part::SymlinkTarget,
            EntryKind::File => Part::Content,
            // The folder is missing and was reported as such. Only its name is known.
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

    /// Passes the files in an archive, and then the unit `own` itself, to `visit`. If `own` is not an archive, passes only `own`.
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
        use crate::scan::archive::{Known, LIMITS, unpack};
        let path = &self.changed.files[at].path;
        let old_versions = std::cell::OnceCell::new();
        let read_old = || -> Result<Vec<Known<'_>>, Error> {
            let old = self.old_versions(objects, at, own.bytes)?;
            Ok(old.into_iter().map(|old| Known::new(path, old, budget)).collect())
        };
        let inside = |unit: &Unit<'_>| {
            let compare = |spans: &[Span]| {
                let mut is_new = unit.added.is_added(spans)?;
                for known in old_versions.get_or_init(read_old).as_ref().map_err(Error::clone)? {
                    known.leave_out(unit, spans, &mut is_new);
                }
                Ok(is_new)
            };
            visit(&Unit { added: AddedFilter::Compared(&compare), ..*unit });
        };
        let unpacked = unpack(path, own.bytes, LIMITS, budget, &inside);
        covered.files += unpacked.files;
        covered.bytes += unpacked.bytes;
        covered.unread.extend(unpacked.unread.iter().map(|one| one.error(&one.path)));
        let uncovered = |spans: &[Span]| {
            let new = own.added.is_added(spans)?;
            Ok(spans.iter().zip(new).map(|(span, new)| new && !unpacked.is_covered(own.bytes, span)).collect())
        };
        visit(&Unit { added: AddedFilter::Compared(&uncovered), ..*own });
        covered.skipped.extend(unpacked.skipped.iter().cloned());
    }

    /// Returns for each span whether it is in a line that no parent has in this file.
    fn added_spans(&self, objects: &Objects, at: usize, new: &[u8], spans: &[Span]) -> Result<Vec<bool>, Error> {
        let mut is_new = vec![true; spans.len()];
        for old in self.old_versions(objects, at, new)? {
            for (is_new, added) in is_new.iter_mut().zip(added(&old, new, spans)) {
                *is_new &= added;
            }
        }
        Ok(is_new)
    }

    /// Returns the versions of the file with index `at` in all parents.
    fn old_versions(&self, objects: &Objects, at: usize, new: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let change = &self.changed.files[at];
        let path = change.path.escape_ascii();
        let mut versions = Vec::new();
        match change.old {
            Some((kind, id)) if kind == change.kind => versions.push(objects.blob_owned(&id, &path)?),
            Some(_) => {}
            None if self.merged.is_empty() => {
                versions.extend(self.changed.renames.source(at, &self.changed.files, objects)?);
            }
            None => {
                if let Some(first) = &self.first {
                    versions.extend(self.renamed_version(first, change, new, objects)?);
                }
            }
        }
        for parent in &self.merged {
            let entry =
                objects.lookup(&parent.tree, &change.path)?.filter(|entry| EntryKind::from(entry.mode) == change.kind);
            match entry {
                Some(entry) => versions.push(objects.blob_owned(&entry.id, &path)?),
                None => versions.extend(self.renamed_version(parent, change, new, objects)?),
            }
        }
        Ok(versions)
    }

    /// Returns the file in `parent`, which is a parent of a merge, that was renamed to the file of `change`.
    fn renamed_version(
        &self,
        parent: &Parent,
        change: &Change,
        new: &[u8],
        objects: &Objects,
    ) -> Result<Option<Vec<u8>>, Error> {
        // The parent may have the same blob at any path, since a merge can move a whole history into a folder.
        if contains_blob(objects, &parent.tree, &change.id)? {
            return Ok(Some(new.to_vec()));
        }
        let changed = match parent.changed.get() {
            Some(changed) => changed,
            None => {
                let changed = Changed::new((self.diff_with)(parent.tree, objects)?, objects)?;
                parent.changed.get_or_init(|| changed)
            }
        };
        let Some(at) = changed.files.iter().position(|one| one.path == change.path) else { return Ok(None) };
        changed.renames.source(at, &changed.files, objects)
    }

    /// Returns for each span of a new path whether its component is new. In a folder that a parent has, only the name of the file is
    /// new.
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

fn contains_blob(objects: &Objects, tree: &ObjectId, id: &ObjectId) -> Result<bool, Error> {
    let mut found = false;
    objects.files_below(tree, b"", &mut |_, entry| found |= entry.id == *id)?;
    Ok(found)
}

/// Replaces each removed folder by the files in it.
pub(crate) fn files_of(removals: Vec<Removal>, objects: &Objects) -> Result<Vec<Removal>, Error> {
    let mut files = Vec::new();
    for removal in removals {
        match removal.kind {
            EntryKind::Folder => objects.files_below(&removal.id, &removal.path, &mut |path, entry| {
                files.push(Removal { path, kind: entry.mode.into(), id: entry.id });
            })?,
            EntryKind::Submodule => {}
            EntryKind::File | EntryKind::Symlink => files.push(removal),
        }
    }
    Ok(files)
}
