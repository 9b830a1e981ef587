//! The answer of a scan of the history: the way of each token.

use std::cell::RefCell;

use crate::history::commit_graph::{Commits, Trees};
use crate::history::database::History;
use crate::history::progress::Phase;
use crate::history::token_history::{Holders, Sought, TokenHistory, Tracer};
use crate::threads::Threads;

impl History<'_> {
    /// The way of each token, by number, up to `tokens`.
    pub fn trace(&self, sought: &[Sought], tokens: usize, threads: Threads) -> Vec<TokenHistory> {
        let mut traces: Vec<TokenHistory> = (0..tokens).map(|_| TokenHistory::default()).collect();
        let holders = Holders::of(sought);
        // Trees once, and commits once.
        self.progress.begin(Phase::Following, 0);
        let trees = Trees::leading_to(&holders.numbers, self, threads);
        let commits = Commits::all(self, threads);
        let sets = RefCell::default();
        let way = Tracer { history: self, holders: &holders, trees, commits: &commits, sets };
        let carriers = way.follow(&mut traces);
        way.set_aside(&mut traces);
        way.label(&carriers, &mut traces);
        traces
    }
}
