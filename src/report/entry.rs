//! One entry of a report for another system: a finding of a scan, or a token of a history scan.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;

use super::advice::title;
use super::layout::plain;
use super::model::Report;
use super::words;
use crate::finding::{Finding, Fingerprint, OriginKind, Part, Position, ShownPath};
use crate::history::provenance::ShownCommit;

/// A finding as the formats of other systems report it.
pub(super) struct ReportEntry<'r> {
    report: &'r Report<'r>,
    pub finding: &'r Finding,
    /// In a history scan, the path in the first commit that has the token.
    pub path: Option<&'r ShownPath>,
    pub part: Part,
    pub position: Option<Position>,
    /// The hex id of the commit that introduced the token.
    pub commit: Option<&'r str>,
    /// The author and the date of that commit, if they are known.
    pub author: Option<&'r ShownCommit>,
    /// The number of earlier entries with the same token and path.
    pub occurrence: usize,
}

/// All findings of a report: the most severe first, and otherwise in the order of the report. A history scan has one entry for
/// each token.
pub(super) fn entries<'r>(report: &'r Report<'r>) -> Vec<ReportEntry<'r>> {
    let mut entries: Vec<ReportEntry<'r>> = match report.provenances {
        Some(provenances) => provenances
            .iter()
            .map(|one| {
                let first = &one.occurrences[0];
                let entry = entry(report, &one.finding, first.part, first.path.as_ref());
                let (commit, author) = (first.commit.as_ref().map(|commit| commit.id.as_str()), first.commit.as_ref());
                ReportEntry { position: first.position, commit, author, ..entry }
            })
            .collect(),
        None => {
            let entry = |finding: &'r Finding| {
                let commit = words::commit(finding);
                let author = commit.and_then(|id| report.commits.get(id));
                ReportEntry { commit, author, ..entry(report, finding, finding.part, finding.path.as_ref()) }
            };
            report.result.findings.iter().map(entry).collect()
        }
    };
    entries.sort_by_key(|entry| Reverse(entry.finding.severity));
    let mut seen: HashMap<(Fingerprint, Option<&ShownPath>), usize> = HashMap::new();
    for entry in &mut entries {
        let count = seen.entry((entry.finding.fingerprint, entry.path)).or_default();
        entry.occurrence = *count;
        *count += 1;
    }
    entries
}

fn entry<'r>(report: &'r Report<'r>, finding: &'r Finding, part: Part, path: Option<&'r ShownPath>) -> ReportEntry<'r> {
    let position = finding.position;
    ReportEntry { report, finding, path, part, position, commit: None, author: None, occurrence: 0 }
}

impl ReportEntry<'_> {
    /// One sentence for a person, without a full stop. It contains neither the path nor the line.
    pub fn message(&self) -> String {
        let title = title(self.finding);
        let (first, rest) = title.split_at(1);
        format!(
            "{}{rest} {} ({}, fingerprint {})",
            first.to_uppercase(),
            words::does(self.report.kind, self.part),
            self.finding.redacted,
            self.finding.fingerprint
        )
    }

    /// The next step for the user.
    pub fn help(&self) -> String {
        plain(&words::help(self.report, self.finding))
    }

    /// A relative reference (RFC 3986) to the file, percent-encoded. A finding outside of files gets a path below `.git/`, where
    /// no file of a commit can be: GitHub rejects a whole SARIF file if one result has no location.
    pub fn uri(&self) -> String {
        match self.path {
            Some(path) => percent_encoded(path.as_bytes()),
            None => self.stand_in(),
        }
    }

    fn stand_in(&self) -> String {
        let origin = self.finding.origin.as_ref();
        match (self.commit, origin) {
            (Some(commit), _) => format!(".git/commits/{commit}"),
            (None, Some(origin)) if origin.kind == OriginKind::Tag => format!(".git/tags/{}", origin.id),
            (None, Some(origin)) => format!(".git/objects/{}", origin.id),
            (None, None) if self.part == Part::Ref => ".git/refs".to_owned(),
            (None, None) => ".git/COMMIT_EDITMSG".to_owned(),
        }
    }
}

/// Encodes all characters except the unreserved ones of RFC 3986 and `/`.
pub(super) fn percent_encoded(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_are_left_as_they_are() {
        assert_eq!(percent_encoded(b"src/a-b_c.~d"), "src/a-b_c.~d");
        assert_eq!(percent_encoded("a b/%:é\n\u{ff}".as_bytes()), "a%20b/%25%3A%C3%A9%0A%C3%BF");
        assert_eq!(percent_encoded(b"\xff"), "%FF");
    }
}
