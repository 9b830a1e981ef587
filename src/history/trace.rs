//! Traces each token of a scan through the history.

use crate::history::commit_graph::CommitGraph;
use crate::history::database::History;
use crate::history::graph_collector::GraphCollector;
use crate::history::progress::Phase;
use crate::history::token_history::{TokenHistory, TokenObject, TokenObjects, Tracer};
use crate::history::tree_graph::TreeGraph;
use crate::threads::Threads;

impl History<'_> {
    /// Returns the history of each token. `tokens` is the number of tokens, and `objects` has the objects that contain them.
    /// Without `collected`, all commits and trees are read again.
    pub fn trace(
        &self,
        objects: &[TokenObject],
        tokens: usize,
        collected: Option<GraphCollector<'_>>,
        threads: Threads,
    ) -> Vec<TokenHistory> {
        let mut traces: Vec<TokenHistory> = (0..tokens).map(|_| TokenHistory::default()).collect();
        let objects = TokenObjects::new(objects);
        self.progress.begin(Phase::Tracing, 0);
        let (trees, commits) = match collected {
            Some(collected) => collected.graphs(&objects.numbers, self, threads),
            None => (TreeGraph::reaching(&objects.numbers, self, threads), CommitGraph::read(self, threads)),
        };
        let walk = Tracer::new(self, &objects, trees, &commits);
        let introducing = walk.trace_commits(&mut traces);
        walk.record_uncommitted(&mut traces);
        walk.label(&introducing, &mut traces);
        walk.look_at_remotes(&mut traces);
        traces
    }
}
