//! Whether bytes are in the index or in HEAD already, where the quotations of git in a message come from. An object that cannot be
//! read proves nothing.

use aho_corasick::{AhoCorasick, MatchKind};
use gix::ObjectId;

use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::diff::change::{Removal, TreeDiff};
use crate::git::index;
use crate::git::odb::objects::EntryKind;
use crate::git::repository::Repository;
use crate::regular_file;
use crate::scan::change_set::files_of;

impl Repository {
    /// Which of `wanted` are part of the name of a file in the index, in HEAD or in HEAD's parent.
    pub(crate) fn names_hold(&self, wanted: &[Vec<u8>]) -> Vec<bool> {
        let mut search = Search::new(wanted);
        let index = self.compare_index(None).unwrap_or_default();
        index.changes.iter().for_each(|change| search.look(&change.path));
        for old in self.replaced() {
            // All other names are in the index.
            self.removed_from(old).iter().for_each(|file| search.look(&file.path));
        }
        search.found
    }

    /// Which of `wanted` are in the name or the content of a file that the next commit changes, before or after the change.
    pub(crate) fn change_holds(&self, wanted: &[Vec<u8>]) -> Vec<bool> {
        let mut search = Search::new(wanted);
        for old in self.replaced() {
            self.look_through(old, &mut search);
        }
        search.found
    }

    /// Which of `wanted` are part of the other texts that git's template quotes: names of refs, the list of a rebase with the
    /// subjects of its commits, and the messages that a rebase joins. Files that cannot be read prove nothing.
    pub(super) fn template_holds(&self, wanted: &[Vec<u8>]) -> Vec<bool> {
        let mut search = Search::new(wanted);
        if let Ok(Some(gix::refs::Target::Symbolic(branch))) = self.head_target() {
            search.look(branch.as_bstr());
        }
        self.refs().unwrap_or_default().iter().for_each(|found| search.look(&found.name));
        let folders = ["rebase-merge", "rebase-apply", "sequencer"].map(|name| self.git_dir().join(name));
        let entries = folders.iter().flat_map(|folder| folder.read_dir().into_iter().flatten().flatten());
        let files = entries.map(|entry| entry.path()).chain([self.git_dir().join("BISECT_START")]);
        files.filter_map(|file| regular_file::read(&file).ok()).for_each(|text| search.look(&text));
        search.found
    }

    /// The trees that git may compare the index with: HEAD's, and its parent's, since no hook sees `--amend`. For git, a parent that
    /// a shallow clone lacks does not exist.
    fn replaced(&self) -> Vec<Option<ObjectId>> {
        let tree = |id: &ObjectId| Some(self.objects.commit(id, &"HEAD").ok()?.tree);
        let Ok(Some(id)) = self.head() else { return vec![None] };
        let Ok(head) = self.objects.commit(&id, &"HEAD") else { return Vec::new() };
        vec![Some(head.tree), head.parents.first().and_then(tree)]
    }

    fn look_through(&self, old: Option<ObjectId>, search: &mut Search) {
        let delta = self.compare_index(old).unwrap_or_default();
        let new = delta.changes.iter().map(|change| (&change.path, (change.kind, change.id)));
        let old_side = delta.changes.iter().filter_map(|change| Some((&change.path, change.old?)));
        let removed = self.removed_from(old);
        let removed = removed.iter().map(|file| (&file.path, (file.kind, file.id)));
        let mut buffer = Vec::new();
        for (path, (kept, id)) in new.chain(old_side).chain(removed) {
            if search.has_found_all() {
                break;
            }
            search.look(path);
            if matches!(kept, EntryKind::File | EntryKind::Symlink)
                && let Ok(Some(bytes)) = self.objects.blob(&id, &"a file", &mut buffer)
            {
                search.look(bytes);
            }
        }
    }

    /// The files of `old` that the index lacks.
    fn removed_from(&self, old: Option<ObjectId>) -> Vec<Removal> {
        let removals = self.compare_index(old).map(|delta| delta.removals);
        removals.and_then(|removals| files_of(removals, &self.objects)).unwrap_or_default()
    }

    fn compare_index(&self, tree: Option<ObjectId>) -> Result<TreeDiff, Error> {
        index::compare(&self.index_path()?, self.git_dir(), tree, &self.objects, CONFIG_NAME)
    }
}

/// Looks for many byte strings in one pass over each text.
struct Search {
    /// None where the strings together are too large for one automaton.
    automaton: Option<AhoCorasick>,
    found: Vec<bool>,
}

impl Search {
    fn new(wanted: &[Vec<u8>]) -> Self {
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(wanted).ok();
        Self { automaton, found: vec![false; wanted.len()] }
    }

    /// A string may be part of another one, so overlapping matches count.
    fn look(&mut self, text: &[u8]) {
        let Some(automaton) = &self.automaton else { return };
        for found in automaton.find_overlapping_iter(text) {
            self.found[found.pattern().as_usize()] = true;
        }
    }

    fn has_found_all(&self) -> bool {
        self.found.iter().all(|found| *found)
    }
}
