//! Collects the graphs of commits and trees during a pass that reads all objects anyway.

use std::collections::HashSet;

use gix::ObjectId;

use crate::finding::Finding;
use crate::git::pack::traversal::{NewEntries, Object};
use crate::history::commit_graph::{CommitCollector, CommitGraph};
use crate::history::database::History;
use crate::history::numbers::Numbers;
use crate::history::tree_edges::TreeEdges;
use crate::history::tree_graph::TreeGraph;
use crate::threads::Threads;

/// What a pass collects. Many threads can share it.
pub struct GraphCollector<'h> {
    commits: CommitCollector,
    edges: TreeEdges<'h>,
}

impl<'h> GraphCollector<'h> {
    /// Collects the trees from which the objects of `findings` are reachable.
    pub fn new(history: &'h History<'_>, findings: &[Finding]) -> Self {
        let hex_ids: HashSet<&str> = findings.iter().filter_map(|one| Some(one.origin.as_ref()?.id.as_str())).collect();
        let targets = hex_ids.into_iter().filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok()).collect();
        Self { commits: CommitCollector::default(), edges: TreeEdges::new(&history.contents, targets) }
    }

    pub(crate) fn add<F>(&self, object: &Object<'_, F>) {
        self.commits.add(object);
    }

    pub(crate) fn add_entries(&self, new: &NewEntries<'_>) {
        self.edges.add(new);
    }

    /// Returns the graphs. Reads all trees again if `targets` has an object that was not known to be one.
    pub(crate) fn graphs(self, targets: &Numbers, history: &History<'_>, threads: Threads) -> (TreeGraph, CommitGraph) {
        let trees = if targets.keys().all(|id| self.edges.targets().contains(id)) {
            TreeGraph::of_marked(&self.edges.marked(), targets, history, threads)
        } else {
            TreeGraph::reaching(targets, history, threads)
        };
        (trees, self.commits.graph())
    }
}
