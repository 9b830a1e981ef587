//! Comparing two trees.

use std::cmp::Ordering;
use std::fmt;

use gix::ObjectId;
use gix::objs::tree::EntryRef;

use crate::error::Error;
use crate::git::depth;
use crate::git::diff::change::TreeDiff;
use crate::git::odb::objects;
use crate::git::odb::objects::{EntryKind, Objects, TreeCursor};

/// The changes that the tree `next` makes to `head`, without entries that one of the trees `merged` has too.
pub(crate) fn compare_trees(
    head: Option<ObjectId>,
    merged: &[ObjectId],
    next: ObjectId,
    objects: &Objects,
    top_file: &'static str,
) -> Result<TreeDiff, Error> {
    let mut diff = TreeDiff::new(top_file);
    if head == Some(next) {
        diff.top_file = objects.top_file(&next, top_file)?;
    } else {
        diff_trees(b"", head, merged, next, objects, &mut diff)?;
    }
    Ok(diff)
}

/// HEAD's tree for the directory `prefix`. Empty if HEAD has no such directory.
pub(crate) fn old_tree(prefix: &[u8], head: Option<ObjectId>, objects: &Objects) -> Result<objects::Tree, Error> {
    let id = head.unwrap_or_else(|| ObjectId::empty_tree(objects.hash()));
    objects.tree(&id, &TreeContext(prefix, "the parent commit"))
}

/// Names a directory in an error message. It is formatted only if there is an error.
struct TreeContext<'a>(&'a [u8], &'static str);

impl fmt::Display for TreeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(b"", whose) => write!(f, "the top of {whose}"),
            Self(prefix, whose) => write!(f, "{} of {whose}", prefix.escape_ascii()),
        }
    }
}

/// Moves `old` past the entries in front of `name`, which are all removed, and past `name`, which is returned if it exists.
pub(crate) fn advance_to<'t>(
    old: &mut TreeCursor<'t>,
    name: &[u8],
    is_folder: bool,
    prefix: &[u8],
    diff: &mut TreeDiff,
) -> Result<Option<EntryRef<'t>>, Error> {
    while let Some(entry) = old.current() {
        match in_tree_order(entry.filename, entry.mode.is_tree(), name, is_folder) {
            Ordering::Less => diff.remove(prefix, &entry),
            Ordering::Equal => return old.take(),
            Ordering::Greater => return Ok(None),
        }
        old.step()?;
    }
    Ok(None)
}

pub(crate) fn remove_rest(old: &mut TreeCursor<'_>, prefix: &[u8], diff: &mut TreeDiff) -> Result<(), Error> {
    while let Some(removed) = old.take()? {
        diff.remove(prefix, &removed);
    }
    Ok(())
}

/// The order of tree entries. Git sorts a directory as if its name ended in `/`.
fn in_tree_order(a: &[u8], a_is_folder: bool, b: &[u8], b_is_folder: bool) -> Ordering {
    let shared = a.len().min(b.len());
    let next = |name: &[u8], is_folder: bool| name.get(shared).copied().or(is_folder.then_some(b'/'));
    a[..shared].cmp(&b[..shared]).then_with(|| next(a, a_is_folder).cmp(&next(b, b_is_folder)))
}

pub(crate) fn diff_trees(
    prefix: &[u8],
    old: Option<ObjectId>,
    merged: &[ObjectId],
    new: ObjectId,
    objects: &Objects,
    diff: &mut TreeDiff,
) -> Result<(), Error> {
    if old == Some(new) || merged.contains(&new) {
        return Ok(());
    }
    depth::check(prefix)?;
    let id = new;
    let Some(new) = objects.try_tree(&id, &TreeContext(prefix, "the commit"))? else {
        // A missing tree cannot be compared. Only its name is recorded.
        if let Some((_, path)) = prefix.split_last() {
            diff.add(path.to_vec(), EntryKind::Folder, id, old.map(|old| (EntryKind::Folder, old)));
        }
        return Ok(());
    };
    let old = old_tree(prefix, old, objects)?;
    let merged = merged.iter().map(|id| objects.tree(id, &TreeContext(prefix, "a merged commit")));
    let merged = merged.collect::<Result<Vec<_>, _>>()?;
    let (mut old, mut new) = (old.walk()?, new.walk()?);
    let mut merged = merged.iter().map(objects::Tree::walk).collect::<Result<Vec<_>, _>>()?;
    while let Some(entry) = new.take()? {
        let is_folder = entry.mode.is_tree();
        let same = advance_to(&mut old, entry.filename, is_folder, prefix, diff)?;
        let is_top_file = diff.is_top_file(prefix, entry.filename);
        if same.is_some_and(|same| same.oid == entry.oid && same.mode == entry.mode) && !is_top_file {
            continue;
        }
        let theirs = merged.iter_mut().filter_map(|walk| seek(walk, &entry).transpose());
        let theirs = theirs.collect::<Result<Vec<_>, _>>()?;
        if theirs.iter().any(|their| their.oid == entry.oid) && !is_top_file {
            continue;
        }
        let mut path = [prefix, entry.filename].concat();
        if is_folder {
            path.push(b'/');
            let theirs: Vec<ObjectId> = theirs.iter().map(|their| their.oid.to_owned()).collect();
            diff_trees(&path, same.map(|old| old.oid.to_owned()), &theirs, entry.oid.to_owned(), objects, diff)?;
        } else {
            let before = same.map(|old| (EntryKind::from(old.mode), old.oid.to_owned()));
            diff.add(path, entry.mode.into(), entry.oid.to_owned(), before);
        }
    }
    remove_rest(&mut old, prefix, diff)
}

/// Moves `walk` to the entry that has the name of `wanted`, and is a directory if `wanted` is one.
fn seek<'t>(walk: &mut TreeCursor<'t>, wanted: &EntryRef<'_>) -> Result<Option<EntryRef<'t>>, Error> {
    let is_folder = wanted.mode.is_tree();
    while let Some(entry) = walk.current() {
        match in_tree_order(entry.filename, entry.mode.is_tree(), wanted.filename, is_folder) {
            Ordering::Less => walk.step()?,
            Ordering::Equal => return Ok(Some(entry)),
            Ordering::Greater => return Ok(None),
        }
    }
    Ok(None)
}
