//! What every format reports.

use std::collections::{HashMap, HashSet};

use crate::cleanup::Cleanup;
use crate::config::Reason;
use crate::error::Error;
use crate::history::provenance::{Provenance, ShownCommit};
use crate::scan::engine::{Allowed, ScanResult};
use crate::scan::source::Kind;

/// A scan that has ended, and the circumstances that a report tells of.
pub struct Report<'a> {
    pub kind: Kind,
    pub result: &'a ScanResult,
    /// In a sweep of the history, what stands for its findings.
    pub provenances: Option<&'a [Provenance]>,
    /// Of commits that were named, by hex id, who made those with a token, and when.
    pub commits: &'a HashMap<String, ShownCommit>,
    /// Of a push, what helps where the other side has a commit already.
    pub push: Option<&'a PushHelp>,
    /// Where such a sweep found something, what the plan to clean it is made from.
    pub cleanup: Option<&'a Cleanup>,
    /// The number of tokens that were searched for by value. 0 if rules found them, or fingerprints were given.
    pub sought: usize,
    /// What could not be done besides the scan, its words masked.
    pub failed: Option<&'a Error>,
    pub seconds: f64,
    /// Sentences that the reader should know besides.
    pub notes: &'a [String],
    /// A command that lists all findings, as a line for a shell.
    pub list_command: Option<String>,
    /// Whether HEAD has no commit yet: then there is nothing to restore a file from.
    pub first_commit: bool,
    /// Whether the reader stands below the top of the worktree, so that a path from there leads nowhere.
    pub below_top: bool,
}

/// What the help for a push depends on.
#[derive(Debug, Default)]
pub struct PushHelp {
    /// Commits, by hex id, that are on some remote already: nobody should rewrite them.
    pub published: HashSet<String>,
    /// The command after which it is known what the other side has.
    pub fetch: Option<String>,
    /// Whether the other side may have more than is known here.
    pub is_unsure: bool,
}

impl Report<'_> {
    /// Why the scan is not complete, or not all of what was asked for was done.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.result.unread.iter().chain(&self.result.missing).chain(self.failed)
    }

    /// How many different tokens were found.
    pub(super) fn tokens(&self) -> usize {
        let tokens = self.result.findings.iter().map(|finding| finding.fingerprint);
        tokens.collect::<HashSet<_>>().len()
    }

    /// How many findings are allowed without the baseline; in a sweep of the history, how many tokens.
    pub(super) fn allowed(&self) -> usize {
        self.count_allowed(|one| one.reason != Reason::Baseline)
    }

    /// How many findings the baseline covers; in a sweep of the history, how many tokens.
    pub(super) fn baselined(&self) -> usize {
        self.count_allowed(|one| one.reason == Reason::Baseline)
    }

    fn count_allowed(&self, counts: impl Fn(&&Allowed) -> bool) -> usize {
        let allowed = self.result.allowed.iter().filter(counts);
        match self.provenances {
            Some(_) => allowed.map(|one| one.finding.fingerprint).collect::<HashSet<_>>().len(),
            None => allowed.count(),
        }
    }
}
