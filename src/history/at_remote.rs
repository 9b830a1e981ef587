//! Finds out what remotes still have of a pushed token. Only the tracking refs of this clone, and their reflogs, show it.

use std::collections::{BTreeMap, HashMap};

use crate::history::labels::{Label, RecordedPush, recorded_pushes};
use crate::history::token_history::{AtRemote, RemoteRemoval, TokenHistory, Tracer};

/// The tracking refs of all remotes.
struct Remotes<'t> {
    /// The names of the refs, and their commits.
    tips: Vec<(&'t [u8], u32)>,
    /// The recorded pushes to each ref, oldest first: the time, and the commit.
    pushes: BTreeMap<&'t [u8], Vec<(i64, u32)>>,
    /// For each token, the newest commit on a ref that removed it from the files.
    removals: HashMap<usize, u32>,
}

impl Tracer<'_> {
    /// Adds to the trace of each pushed token what the remotes have. The labels must be known.
    pub(super) fn look_at_remotes(&self, traces: &mut [TokenHistory]) {
        if traces.iter().all(|trace| trace.pushed.is_none()) {
            return;
        }
        let pushes = recorded_pushes(self.history);
        let remotes = Remotes::new(self, &pushes);
        for (token, trace) in traces.iter_mut().enumerate().filter(|(_, trace)| trace.pushed.is_some()) {
            trace.at_remote = Some(remotes.state(self, token, trace));
        }
    }

    fn is_in_files(&self, commit: u32, token: usize) -> bool {
        self.tokens_of_commit(commit).binary_search(&token).is_ok()
    }
}

impl<'t> Remotes<'t> {
    fn new(tracer: &'t Tracer<'_>, recorded: &'t [RecordedPush]) -> Self {
        // `refs/remotes/origin/HEAD` refers to another tracking ref.
        let is_tracking = |name: &[u8]| name.starts_with(b"refs/remotes/") && !name.ends_with(b"/HEAD");
        let refs = tracer.history.refs.iter().filter(|one| is_tracking(&one.name));
        let tips: Vec<_> = refs.filter_map(|one| Some((&*one.name, tracer.commits.number(&one.id)?))).collect();
        let mut pushes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for push in recorded {
            if let Some(commit) = tracer.commits.number(&push.id) {
                pushes.entry(&*push.name).or_default().push((push.time, commit));
            }
        }
        let removals = removals(tracer, tips.iter().map(|(_, commit)| *commit));
        Self { tips, pushes, removals }
    }

    fn state(&self, tracer: &Tracer<'_>, token: usize, trace: &TokenHistory) -> AtRemote {
        let with_token = self.tips.iter().filter(|(_, commit)| tracer.is_in_files(*commit, token));
        let names: Vec<Vec<u8>> = with_token.map(|(name, _)| name.to_vec()).collect();
        match () {
            () if !names.is_empty() => AtRemote::InFiles(names),
            () if trace.labels.iter().any(|label| matches!(label, Label::Remote(_))) => {
                AtRemote::InHistory(self.removal(tracer, token))
            }
            () => AtRemote::Unreachable,
        }
    }

    /// When the last ref lost the token. The files of no ref contain it now.
    fn removal(&self, tracer: &Tracer<'_>, token: usize) -> Option<RemoteRemoval> {
        let commit = self.removals.get(&token)?;
        let by_commit = RemoteRemoval { time: tracer.commits.list[*commit as usize].commit.date, is_push: false };
        let by_push = self.pushes.values().filter_map(|pushes| {
            let last = pushes.iter().rposition(|(_, commit)| tracer.is_in_files(*commit, token))?;
            Some(RemoteRemoval { time: pushes.get(last + 1)?.0, is_push: true })
        });
        by_push.chain([by_commit]).max_by_key(|removal| (removal.time, removal.is_push))
    }
}

/// For each token, the newest ancestor of `tips` that removed it from the files.
fn removals(tracer: &Tracer<'_>, tips: impl Iterator<Item = u32>) -> HashMap<usize, u32> {
    let reached = tracer.ancestry(tips);
    let mut removals = HashMap::new();
    // Parents are first, so the newest removal is the last one.
    for (at, node) in (0..).zip(&tracer.commits.list).filter(|(at, _)| reached[*at as usize]) {
        for &parent in &node.parents {
            let before = tracer.tokens_of_commit(parent);
            removals.extend(before.iter().filter(|token| !tracer.is_in_files(at, **token)).map(|token| (*token, at)));
        }
    }
    removals
}
