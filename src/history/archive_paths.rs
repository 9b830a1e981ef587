//! The paths of archives in a history, unpacked and not unpacked.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;

use crate::error::Error;
use crate::history::archives::Archives;
use crate::history::commit_graph::CommitGraph;
use crate::history::database::History;
use crate::history::numbers::Numbers;
use crate::history::progress::Phase;
use crate::history::tree_graph::{Child, TreeGraph};
use crate::scan::archive::path_inside;
use crate::scan::source::{Coverage, Skipped};
use crate::threads::Threads;

impl History<'_> {
    /// Unpacks archives as well.
    #[must_use]
    pub fn with_archives(self, archives: bool) -> Self {
        Self { archives: Archives::new(archives), ..self }
    }

    /// Adds the findings in archives, and reports the archives that were not opened.
    pub(crate) fn add_archives(&self, mut covered: Coverage, threads: Threads) -> Coverage {
        let met = self.archives.met();
        covered.files += met.files;
        covered.bytes += met.bytes;
        let name = self.names_of(met.closed().collect(), threads);
        let skipped = met.skipped.iter().map(|(id, one)| Skipped { path: name(id, &one.path), why: one.why });
        covered.skipped.extend(skipped);
        covered.unread.extend(met.unread.iter().map(|(id, one)| one.error(&name(id, &one.path))));
        covered
    }

    /// The archives that another pass did not read to their end.
    pub(crate) fn unread_in(&self, archives: &Archives, threads: Threads) -> Vec<Error> {
        let met = archives.met();
        let name = self.names_of(met.unread.iter().map(|(id, _)| *id).collect(), threads);
        met.unread.iter().map(|(id, one)| one.error(&name(id, &one.path))).collect()
    }

    /// The name of each of these blobs, or of a path in it.
    fn names_of(&self, ids: HashSet<ObjectId>, threads: Threads) -> impl Fn(&ObjectId, &[u8]) -> Vec<u8> + use<> {
        let paths = self.paths_of(ids, threads);
        move |id, path| {
            let outer = paths.get(id).map_or(&b""[..], Vec::as_slice);
            let blob = format!("blob {}", id.to_hex_with_len(16)).into_bytes();
            if outer.is_empty() {
                [&blob, path].concat()
            } else {
                [&path_inside(outer, path), &b" ("[..], &blob, b")"].concat()
            }
        }
    }

    /// For each of these blobs, a path in the oldest commit that has it, or in the index.
    fn paths_of(&self, ids: HashSet<ObjectId>, threads: Threads) -> HashMap<ObjectId, Vec<u8>> {
        let mut paths: HashMap<ObjectId, Vec<u8>> = HashMap::new();
        if ids.is_empty() {
            return paths;
        }
        self.progress.begin(Phase::Tracing, 0);
        let ids: Vec<ObjectId> = ids.into_iter().collect();
        let numbers: Numbers = ids.iter().copied().zip(0..).collect();
        let trees = TreeGraph::reaching(&numbers, self, threads);
        let mut met = HashSet::new();
        for node in CommitGraph::read(self, threads).list {
            let mut next: Vec<(u32, Vec<u8>)> = Vec::new();
            next.extend(trees.number(&node.commit.tree).map(|tree| (tree, Vec::new())));
            while let Some((tree, folder)) = next.pop() {
                if !met.insert(tree) {
                    continue;
                }
                // Sorted by name, because the numbers depend on the order of threads.
                let mut children: Vec<(&[u8], Child)> = Vec::new();
                children.extend(trees.children(tree).iter().map(|&(name, child)| (trees.name(name), child)));
                children.sort_unstable();
                for (name, child) in children {
                    let path = [&folder, name].concat();
                    match child {
                        Child::Tree(subtree) => next.push((subtree, [&path[..], b"/"].concat())),
                        Child::Target(target) => _ = paths.entry(ids[target as usize]).or_insert(path),
                    }
                }
            }
        }
        for change in self.staged.iter().filter(|change| numbers.contains_key(&change.id)) {
            paths.entry(change.id).or_insert_with(|| change.path.clone());
        }
        paths
    }
}
