//! The content of a report, for every format.

use std::collections::{HashMap, HashSet};

use crate::cleanup::Cleanup;
use crate::config::Reason;
use crate::error::Error;
use crate::finding::{Finding, ShownPath};
use crate::history::provenance::{Provenance, ShownCommit};
use crate::rotation::Deployment;
use crate::scan::engine::{Allowed, ScanResult};
use crate::scan::source::Kind;
use crate::verify::answer::{Verification, Verifications};

/// A finished scan and its context.
pub struct Report<'a> {
    pub kind: Kind,
    pub result: &'a ScanResult,
    /// In a history scan, the tokens, which the report has in place of single findings.
    pub provenances: Option<&'a [Provenance]>,
    /// What the vendors said about the tokens, if they were asked.
    pub verifications: Option<&'a Verifications>,
    /// The author and date of each commit with a token, by hex id, if commits were selected.
    pub commits: &'a HashMap<String, ShownCommit>,
    /// Help for a push of commits that the remote may already have.
    pub push: Option<&'a PushHelp>,
    /// The input of the cleanup plan, if a history scan found something.
    pub cleanup: Option<&'a Cleanup>,
    /// Where the worktree uses the tokens that the plan rotates.
    pub deployment: Option<&'a Deployment>,
    /// The number of tokens that were searched for by value. 0 if rules found them, or fingerprints were given.
    pub searched: usize,
    /// An error of something other than the scan, masked.
    pub failed: Option<&'a Error>,
    pub seconds: f64,
    /// Further sentences for the reader.
    pub notes: &'a [String],
    /// A command that lists all findings, quoted for a shell.
    pub list_command: Option<String>,
    /// What the incident report says besides, if it was asked for.
    pub incident: Option<&'a Incident>,
    /// Whether HEAD has no commit yet, so that no file can be restored from it.
    pub first_commit: bool,
    /// Whether git waits for the result, and goes on only without a token.
    pub in_hook: bool,
    /// Whether the reader is below the top of the worktree, so that a path from the top does not work there.
    pub below_top: bool,
}

/// The context of the help for a push.
#[derive(Debug, Default)]
pub struct PushHelp {
    /// Commits, by hex id, that are already on a remote: they should not be rewritten.
    pub published: HashSet<String>,
    /// The command that fetches from the remote, so that keysweep learns which commits it has.
    pub fetch: Option<String>,
    /// Whether the remote may have more commits than keysweep knows.
    pub is_unsure: bool,
}

/// What only the incident report (`html`) says.
#[derive(Debug)]
pub struct Incident {
    /// The masked name of the folder of the repository.
    pub repository: ShownPath,
    /// The hex id of HEAD's commit. `None` before the first commit.
    pub head: Option<String>,
    /// The command that repeats the scan, quoted for a shell. `None` if it has something that must not be printed.
    pub command: Option<String>,
    /// Whether to name the authors of commits.
    pub with_people: bool,
}

impl Report<'_> {
    /// The errors that make the scan or the request incomplete.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.result.unread.iter().chain(&self.result.missing).chain(self.failed)
    }

    /// What the vendors said about the token of `finding`.
    pub(super) fn verification(&self, finding: &Finding) -> Option<&Verification> {
        self.verifications?.get(&finding.fingerprint)
    }

    /// The number of different tokens.
    pub(super) fn tokens(&self) -> usize {
        let tokens = self.result.findings.iter().map(|finding| finding.fingerprint);
        tokens.collect::<HashSet<_>>().len()
    }

    /// The number of findings that are allowed without the baseline; in a history scan, of tokens.
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
