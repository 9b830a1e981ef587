//! What came of a scan, written down: one file a format, and nothing of a format outside of its file.

mod history;
mod human;
mod json;
mod layout;
mod plan;
mod rules;
mod rules_page;
mod shown;
mod style;
mod words;

pub use plan::{Setup, script, word};
pub use rules_page::page;
pub use shown::{shown_path, word_for_shell};
pub use style::Style;

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use crate::cleanup::Cleaning;
use crate::error::Trouble;
use crate::finding::Finding;
use crate::history::provenance::{Exposure, ShownCommit};
use crate::rule::Rule;
use crate::rules::Pack;
use crate::scan::engine::Outcome;
use crate::scan::source::Kind;

/// A scan that has ended, and the circumstances that a report tells of.
pub struct Report<'a> {
    pub kind: Kind,
    pub outcome: &'a Outcome,
    /// In a sweep of the history, what stands for its findings.
    pub exposures: Option<&'a [Exposure]>,
    /// Of commits that were named, by hex id, who made those with a token, and when.
    pub commits: &'a HashMap<String, ShownCommit>,
    /// Of a push, what helps where the other side has a commit already.
    pub push: Option<&'a PushHelp>,
    /// Where such a sweep found something, what the plan to clean it is made from.
    pub cleaning: Option<&'a Cleaning>,
    /// How many tokens were sought by value; 0 where rules found them.
    pub sought: usize,
    /// What could not be done besides the scan, its words masked.
    pub failed: Option<&'a Trouble>,
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
    pub fn errors(&self) -> impl Iterator<Item = &Trouble> {
        self.outcome.unread.iter().chain(&self.outcome.lacking).chain(self.failed)
    }

    /// How many different tokens were found.
    fn tokens(&self) -> usize {
        let tokens = self.outcome.findings.iter().map(|finding| finding.fingerprint);
        tokens.collect::<HashSet<_>>().len()
    }

    /// How many findings are allowed; in a sweep of the history, how many tokens.
    fn allowed(&self) -> usize {
        let allowed = &self.outcome.allowed;
        match self.exposures {
            Some(_) => allowed.iter().map(|one| one.finding.fingerprint).collect::<HashSet<_>>().len(),
            None => allowed.len(),
        }
    }
}

/// The formats, by the names that `--format` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Human,
    Json,
    Jsonl,
}

/// Writes, as a line of `jsonl`, that a token was met in a sweep of the history which goes on. Errors are those of `out`.
pub fn write_sighting(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    json::write_sighting(finding, out)
}

/// Writes what is all there is to report: why there was no scan. The words of `error` must be masked.
pub fn write_error(error: &Trouble, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => writeln!(out, "keysweep: {error}"),
        Format::Json => json::write_error_document(error, out),
        Format::Jsonl => json::write_error_line(error, out),
    }
}

/// Lists `rules`, the first `own` of which are the configuration's, and all packs, of which `on` are in force.
pub fn write_rules(rules: &[&Rule], own: usize, on: &[&Pack], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => rules::list(rules, on, out),
        Format::Json => json::write_rules_document(rules, own, Some(on), out),
        Format::Jsonl => json::write_rule_lines(rules, own, Some(on), out),
    }
}

/// Explains one rule.
pub fn write_rule(rule: &Rule, is_own: bool, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => rules::explain(rule, out),
        Format::Json => json::write_rules_document(&[rule], usize::from(is_own), None, out),
        Format::Jsonl => json::write_rule_lines(&[rule], usize::from(is_own), None, out),
    }
}

/// What came of trying the examples of rules: for each its id, how many hits and misses it has, and masked sentences on those
/// that do not hold. `human` writes it for people.
pub fn write_checks(
    checks: &[(&str, usize, usize, Vec<String>)],
    format: Format,
    out: &mut dyn Write,
    human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match format {
        Format::Human => human(out),
        Format::Json => json::write_checks_document(checks, out),
        Format::Jsonl => json::write_check_lines(checks, out),
    }
}

/// Writes `report` to `out`. Errors are those of `out`.
pub fn write(report: &Report<'_>, format: Format, style: Style, quiet: bool, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, style, quiet, out),
        Format::Json => json::write_document(report, out),
        Format::Jsonl => json::write_lines(report, out),
    }
}
