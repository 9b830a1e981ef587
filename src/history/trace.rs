//! Traces each token of a scan through the history.

use std::cell::RefCell;

use crate::history::commit_graph::{CommitGraph, TreeGraph};
use crate::history::database::History;
use crate::history::progress::Phase;
use crate::history::token_history::{TokenHistory, TokenObject, TokenObjects, Tracer};
use crate::threads::Threads;

impl History<'_> {
    /// Returns the history of each token. `tokens` is the number of tokens, and `objects` has the objects that contain them.
    pub fn trace(&self, objects: &[TokenObject], tokens: usize, threads: Threads) -> Vec<TokenHistory> {
        let mut traces: Vec<TokenHistory> = (0..tokens).map(|_| TokenHistory::default()).collect();
        let objects = TokenObjects::new(objects);
        self.progress.begin(Phase::Tracing, 0);
        // One pass over all trees, and one over all commits, for all tokens.
        let trees = TreeGraph::reaching(&objects.numbers, self, threads);
        let commits = CommitGraph::read(self, threads);
        let tree_tokens = RefCell::default();
        let walk = Tracer { history: self, objects: &objects, trees, commits: &commits, tree_tokens };
        let introducing = walk.trace_commits(&mut traces);
        walk.record_uncommitted(&mut traces);
        walk.label(&introducing, &mut traces);
        walk.look_at_remotes(&mut traces);
        traces
    }
}
