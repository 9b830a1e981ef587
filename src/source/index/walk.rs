//! The comparison of sorted index entries, or of a tree, with a tree.

use std::cmp::Ordering;
use std::fmt;

use gix::ObjectId;
use gix::index::extension::Tree;
use gix::objs::tree::EntryRef;

use super::entries::{Entries, Entry};
use super::{Change, Delta, Removal};
use crate::allow::CONFIG_NAME;
use crate::source::depth;
use crate::source::objects::{self, Kept, Objects, TreeWalk};
use crate::trouble::Trouble;

/// What `entries` change in `head`; folders whose tree in `cache` is HEAD's are stepped over.
pub(super) fn compare<'a>(
    entries: impl Entries<'a>,
    cache: Option<&Tree>,
    head: Option<ObjectId>,
    objects: &Objects,
) -> Result<Delta, Trouble> {
    let mut walk = Walk { entries, objects, delta: Delta::default() };
    walk.folder(b"", cache, head)?;
    Ok(walk.delta)
}

/// What the tree `next` changes in `head`, but for what it has from one of the trees `merged`.
pub(in crate::source) fn compare_trees(
    head: Option<ObjectId>,
    merged: &[ObjectId],
    next: ObjectId,
    objects: &Objects,
) -> Result<Delta, Trouble> {
    let mut delta = Delta::default();
    if head == Some(next) {
        let config = objects.lookup(&next, CONFIG_NAME.as_bytes())?;
        delta.config = config.filter(|entry| Kept::from(entry.mode) == Kept::File).map(|entry| entry.id);
    } else {
        trees(b"", head, merged, next, objects, &mut delta)?;
    }
    Ok(delta)
}

struct Walk<'o, E> {
    entries: E,
    objects: &'o Objects,
    delta: Delta,
}

impl<'a, E: Entries<'a>> Walk<'_, E> {
    /// Compares the entries below `prefix`, which ends in `/` or is empty, with the tree that HEAD has there.
    fn folder(&mut self, prefix: &[u8], cache: Option<&Tree>, head: Option<ObjectId>) -> Result<(), Trouble> {
        depth::check(prefix)?;
        let old = old_tree(prefix, head, self.objects)?;
        let mut old = old.walk()?;
        while let Some(entry) = self.entries.current().filter(|entry| entry.path.starts_with(prefix)) {
            let rest = &entry.path[prefix.len()..];
            let slash = rest.iter().position(|&b| b == b'/');
            let name = &rest[..slash.unwrap_or(rest.len())];
            let same = step_to(&mut old, name, slash.is_some(), prefix, &mut self.delta)?;
            match slash {
                Some(slash) => {
                    let child = &entry.path[..=prefix.len() + slash];
                    let cached = cache.and_then(|node| child_of(node, name));
                    self.subfolder(child, &entry, cached, same.map(|old| old.oid.to_owned()))?;
                }
                None => self.file(prefix, entry, same),
            }
        }
        rest_removed(&mut old, prefix, &mut self.delta)
    }

    /// Compares what the index has below `path`, which ends in `/`; `entry` is the first there.
    fn subfolder(
        &mut self,
        path: &[u8],
        entry: &Entry<'_>,
        cache: Option<&Tree>,
        head: Option<ObjectId>,
    ) -> Result<(), Trouble> {
        if entry.path == path {
            // A folder outside of the sparse checkout: the entry is its tree.
            self.entries.skip(1);
            return trees(path, head, &[], entry.id, self.objects, &mut self.delta);
        }
        let unchanged = cache.filter(|node| head == Some(node.id)).and_then(|node| node.num_entries);
        match unchanged {
            Some(count) => {
                self.entries.skip(usize::try_from(count).expect("a count of entries fits"));
                Ok(())
            }
            None => self.folder(path, cache, head),
        }
    }

    /// Compares all entries of one path: one, or the sides of a conflict.
    fn file(&mut self, prefix: &[u8], first: Entry<'a>, old: Option<EntryRef<'_>>) {
        let mut kept_at_all = false;
        while let Some(entry) = self.entries.current().filter(|entry| entry.path == first.path) {
            self.entries.skip(1);
            if entry.intent_to_add {
                self.delta.intended.push(entry.path.to_vec());
            }
            if entry.intent_to_add || entry.stage == 1 {
                continue;
            }
            kept_at_all = true;
            let before = old.map(|old| (Kept::from(old.mode), old.oid.to_owned()));
            changed(&mut self.delta, entry.path.to_vec(), entry.mode.into(), entry.id, before);
        }
        if let Some(gone) = old.filter(|_| !kept_at_all) {
            removed(&mut self.delta, prefix, &gone);
        }
    }
}

fn child_of<'t>(node: &'t Tree, name: &[u8]) -> Option<&'t Tree> {
    // gix sorts them by name, whatever order git wrote them in.
    let at = node.children.binary_search_by(|child| child.name.as_slice().cmp(name)).ok()?;
    Some(&node.children[at])
}

/// What HEAD has below `prefix`; an empty tree where it has nothing.
fn old_tree(prefix: &[u8], head: Option<ObjectId>, objects: &Objects) -> Result<objects::Tree, Trouble> {
    let id = head.unwrap_or_else(|| ObjectId::empty_tree(objects.hash()));
    objects.tree(&id, &Place(prefix, "the parent commit"))
}

/// A folder as a sentence names it, put into words only where there is such a sentence.
struct Place<'a>(&'a [u8], &'static str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(b"", whose) => write!(f, "the top of {whose}"),
            Self(prefix, whose) => write!(f, "{} of {whose}", prefix.escape_ascii()),
        }
    }
}

/// Steps over what stands in `old` in front of `name`, all of it removed, and over `name` itself, which is returned.
fn step_to<'t>(
    old: &mut TreeWalk<'t>,
    name: &[u8],
    is_folder: bool,
    prefix: &[u8],
    delta: &mut Delta,
) -> Result<Option<EntryRef<'t>>, Trouble> {
    while let Some(entry) = old.current() {
        match in_tree_order(entry.filename, entry.mode.is_tree(), name, is_folder) {
            Ordering::Less => removed(delta, prefix, &entry),
            Ordering::Equal => return old.take(),
            Ordering::Greater => return Ok(None),
        }
        old.step()?;
    }
    Ok(None)
}

fn rest_removed(old: &mut TreeWalk<'_>, prefix: &[u8], delta: &mut Delta) -> Result<(), Trouble> {
    while let Some(gone) = old.take()? {
        removed(delta, prefix, &gone);
    }
    Ok(())
}

/// Git sorts a folder as if its name ended in `/`.
fn in_tree_order(a: &[u8], a_is_folder: bool, b: &[u8], b_is_folder: bool) -> Ordering {
    let shared = a.len().min(b.len());
    let next = |name: &[u8], is_folder: bool| name.get(shared).copied().or(is_folder.then_some(b'/'));
    a[..shared].cmp(&b[..shared]).then_with(|| next(a, a_is_folder).cmp(&next(b, b_is_folder)))
}

fn trees(
    prefix: &[u8],
    old: Option<ObjectId>,
    merged: &[ObjectId],
    new: ObjectId,
    objects: &Objects,
    delta: &mut Delta,
) -> Result<(), Trouble> {
    if old == Some(new) || merged.contains(&new) {
        return Ok(());
    }
    depth::check(prefix)?;
    let id = new;
    let Some(new) = objects.tree_or_gap(&id, &Place(prefix, "the commit"))? else {
        // What a gap holds is not known, and so not what left it either. Its name is.
        if let Some((_, path)) = prefix.split_last() {
            changed(delta, path.to_vec(), Kept::Folder, id, old.map(|old| (Kept::Folder, old)));
        }
        return Ok(());
    };
    let old = old_tree(prefix, old, objects)?;
    let merged = merged.iter().map(|id| objects.tree(id, &Place(prefix, "a merged commit")));
    let merged = merged.collect::<Result<Vec<_>, _>>()?;
    let (mut old, mut new) = (old.walk()?, new.walk()?);
    let mut merged = merged.iter().map(objects::Tree::walk).collect::<Result<Vec<_>, _>>()?;
    while let Some(entry) = new.take()? {
        let is_folder = entry.mode.is_tree();
        let same = step_to(&mut old, entry.filename, is_folder, prefix, delta)?;
        let is_config = prefix.is_empty() && entry.filename == CONFIG_NAME;
        if same.is_some_and(|same| same.oid == entry.oid && same.mode == entry.mode) && !is_config {
            continue;
        }
        let theirs = merged.iter_mut().filter_map(|walk| seek(walk, &entry).transpose());
        let theirs = theirs.collect::<Result<Vec<_>, _>>()?;
        if theirs.iter().any(|their| their.oid == entry.oid) && !is_config {
            continue;
        }
        let mut path = [prefix, entry.filename].concat();
        if is_folder {
            path.push(b'/');
            let theirs: Vec<ObjectId> = theirs.iter().map(|their| their.oid.to_owned()).collect();
            trees(&path, same.map(|old| old.oid.to_owned()), &theirs, entry.oid.to_owned(), objects, delta)?;
        } else {
            let before = same.map(|old| (Kept::from(old.mode), old.oid.to_owned()));
            changed(delta, path, entry.mode.into(), entry.oid.to_owned(), before);
        }
    }
    rest_removed(&mut old, prefix, delta)
}

/// What stands in `walk` where `wanted` would: a folder for a folder, another thing for another thing.
fn seek<'t>(walk: &mut TreeWalk<'t>, wanted: &EntryRef<'_>) -> Result<Option<EntryRef<'t>>, Trouble> {
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

fn changed(delta: &mut Delta, path: Vec<u8>, kept: Kept, id: ObjectId, old: Option<(Kept, ObjectId)>) {
    if path == CONFIG_NAME.as_bytes() && kept == Kept::File {
        delta.config = Some(id);
    }
    if old != Some((kept, id)) {
        delta.changes.push(Change { path, kept, id, old });
    }
}

fn removed(delta: &mut Delta, prefix: &[u8], gone: &EntryRef<'_>) {
    delta.removals.push(Removal {
        path: [prefix, gone.filename].concat(),
        kept: gone.mode.into(),
        id: gone.oid.to_owned(),
    });
}
