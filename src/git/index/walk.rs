//! Comparing sorted index entries with a tree.

use gix::ObjectId;
use gix::index::extension::Tree;
use gix::objs::tree::EntryRef;

use crate::error::Error;
use crate::git::depth;
use crate::git::diff::change::TreeDiff;
use crate::git::diff::tree::{advance_to, diff_trees, old_tree, remove_rest};
use crate::git::index::entries::{EntryCursor, IndexEntry};
use crate::git::odb::objects::{EntryKind, Objects};

/// The changes that `entries` make to the tree `head`. Directories whose tree in `cache` is in HEAD are skipped.
pub(crate) fn compare<'a>(
    entries: impl EntryCursor<'a>,
    cache: Option<&Tree>,
    head: Option<ObjectId>,
    objects: &Objects,
    top_file: &'static str,
) -> Result<TreeDiff, Error> {
    let mut walk = IndexDiff { entries, objects, diff: TreeDiff::new(top_file) };
    walk.folder(b"", cache, head)?;
    Ok(walk.diff)
}

struct IndexDiff<'o, E> {
    entries: E,
    objects: &'o Objects,
    diff: TreeDiff,
}

impl<'a, E: EntryCursor<'a>> IndexDiff<'_, E> {
    /// Compares the entries below `prefix`, which is empty or ends in `/`, with HEAD's tree for that directory.
    fn folder(&mut self, prefix: &[u8], cache: Option<&Tree>, head: Option<ObjectId>) -> Result<(), Error> {
        depth::check(prefix)?;
        let old = old_tree(prefix, head, self.objects)?;
        let mut old = old.walk()?;
        while let Some(entry) = self.entries.current().filter(|entry| entry.path.starts_with(prefix)) {
            let rest = &entry.path[prefix.len()..];
            let slash = rest.iter().position(|&b| b == b'/');
            let name = &rest[..slash.unwrap_or(rest.len())];
            let same = advance_to(&mut old, name, slash.is_some(), prefix, &mut self.diff)?;
            match slash {
                Some(slash) => {
                    let child = &entry.path[..=prefix.len() + slash];
                    let cached = cache.and_then(|node| child_of(node, name));
                    self.subfolder(child, &entry, cached, same.map(|old| old.oid.to_owned()))?;
                }
                None => self.file(prefix, entry, same),
            }
        }
        remove_rest(&mut old, prefix, &mut self.diff)
    }

    /// Compares the entries below `path`, which ends in `/`. `entry` is the first of them.
    fn subfolder(
        &mut self,
        path: &[u8],
        entry: &IndexEntry<'_>,
        cache: Option<&Tree>,
        head: Option<ObjectId>,
    ) -> Result<(), Error> {
        if entry.path == path {
            // A directory outside of a sparse checkout: the entry has its tree.
            self.entries.skip(1);
            return diff_trees(path, head, &[], entry.id, self.objects, &mut self.diff);
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

    /// Compares all entries of one path: a single entry, or the stages of a conflict.
    fn file(&mut self, prefix: &[u8], first: IndexEntry<'a>, old: Option<EntryRef<'_>>) {
        let mut is_present = false;
        while let Some(entry) = self.entries.current().filter(|entry| entry.path == first.path) {
            self.entries.skip(1);
            if entry.intent_to_add {
                self.diff.intended.push(entry.path.to_vec());
            }
            if entry.intent_to_add || entry.stage == 1 {
                continue;
            }
            is_present = true;
            let before = old.map(|old| (EntryKind::from(old.mode), old.oid.to_owned()));
            self.diff.add(entry.path.to_vec(), entry.mode.into(), entry.id, before);
        }
        if let Some(removed) = old.filter(|_| !is_present) {
            self.diff.remove(prefix, &removed);
        }
    }
}

fn child_of<'t>(node: &'t Tree, name: &[u8]) -> Option<&'t Tree> {
    // gix sorts subtrees by name. Git's own order differs.
    let at = node.children.binary_search_by(|child| child.name.as_slice().cmp(name)).ok()?;
    Some(&node.children[at])
}
