//! Writes the result of a scan: one file for each format.

mod advice;
mod audit;
mod audit_json;
mod entry;
mod fleet;
mod fleet_merge;
mod github;
mod gitlab;
mod history;
mod html;
mod human;
mod json;
mod layout;
mod model;
mod plan;
#[cfg(feature = "online")]
mod probe;
#[cfg(feature = "online")]
mod probe_json;
mod rotation;
mod rules;
mod sarif;
mod scopes;
mod shown;
mod style;
#[cfg(feature = "online")]
mod verification;
#[cfg(feature = "online")]
mod verification_json;
mod words;

pub use audit::{AuditReport, explain as explain_check};
pub(crate) use fleet::{FleetLine, line_of as fleet_line_of, write_error as write_fleet_error};
pub use fleet_merge::MergeFormat;
pub(crate) use fleet_merge::write as write_merge;
pub use model::{Incident, PushHelp, Report};
pub use plan::{Setup, credentials, script, word};
#[cfg(feature = "online")]
pub use probe::ProbeReport;
pub use rotation::RotationReport;
pub use rules::shapes;
pub use scopes::ScopesFormat;
pub use shown::shown_path;
pub use style::Style;
#[cfg(feature = "online")]
pub use verification::VerificationReport;

use std::io::{self, Write};

use crate::error::Error;
use crate::finding::Finding;
use crate::rule::Rule;
use crate::rules::Pack;
use crate::scopes::Needed;

/// The formats of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Human,
    Json,
    Jsonl,
    Sarif,
    Github,
    Gitlab,
    /// The incident report, of a scan of the whole history only.
    Html,
}

/// The formats of a list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesFormat {
    Human,
    Json,
    Jsonl,
}

/// Writes a line of `jsonl` for a token that was just found in a history scan. Errors are those of `out`.
pub fn write_sighting(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    json::write_sighting(finding, out)
}

/// Writes the error that ended the scan. Its texts must be masked.
pub fn write_error(error: &Error, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => writeln!(out, "keysweep: {error}"),
        Format::Json => json::write_error_document(error, out),
        Format::Jsonl => json::write_error_line(error, out),
        Format::Sarif => sarif::write_error_document(error, out),
        Format::Github => github::write_error(error, out),
        Format::Gitlab => gitlab::write_error_document(error, out),
        Format::Html => html::write_error_page(error, out),
    }
}

/// Writes the scopes that code needs.
pub fn write_scopes(
    needed: &Needed,
    errors: &[Error],
    format: ScopesFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    scopes::write(needed, errors, format, style, out)
}

/// Writes the procedure of a rotation.
pub fn write_rotation(
    report: &RotationReport<'_>,
    format: DocumentFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        DocumentFormat::Human => rotation::write_human(report, style, out),
        DocumentFormat::Json => rotation::write_document(report, out),
    }
}

/// Lists `rules`, the first `own` of which are custom rules, and all packs, of which those in `on` are on.
pub fn write_rules(
    rules: &[&Rule],
    own: usize,
    on: &[&Pack],
    format: RulesFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        RulesFormat::Json => json::write_rules_document(rules, own, Some(on), out),
        RulesFormat::Jsonl => json::write_rule_lines(rules, own, Some(on), out),
        RulesFormat::Human => rules::list(rules, on, out),
    }
}

/// Explains one rule.
pub fn write_rule(rule: &Rule, is_own: bool, format: RulesFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        RulesFormat::Json => json::write_rules_document(&[rule], usize::from(is_own), None, out),
        RulesFormat::Jsonl => json::write_rule_lines(&[rule], usize::from(is_own), None, out),
        RulesFormat::Human => rules::explain(rule, out),
    }
}

/// Writes the result of checking examples: for each rule its id, the numbers of hits and misses, and a masked sentence for each
/// one that fails. `human` writes it for people.
pub fn write_checks(
    checks: &[(&str, usize, usize, Vec<String>)],
    format: RulesFormat,
    out: &mut dyn Write,
    human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match format {
        RulesFormat::Json => json::write_checks_document(checks, out),
        RulesFormat::Jsonl => json::write_check_lines(checks, out),
        RulesFormat::Human => human(out),
    }
}

/// Writes `report` to `out`. Errors are those of `out`.
pub fn write(report: &Report<'_>, format: Format, style: Style, quiet: bool, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, style, quiet, out),
        Format::Json => json::write_document(report, out),
        Format::Jsonl => json::write_lines(report, out),
        Format::Sarif => sarif::write_document(report, out),
        Format::Github => github::write_annotations(report, out),
        Format::Gitlab => gitlab::write_document(report, out),
        Format::Html => html::write_page(report, out),
    }
}

/// The formats of an audit. Those of GitHub and GitLab report findings only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFormat {
    Human,
    Json,
    Jsonl,
    Sarif,
}

/// Writes the results of an audit.
pub fn write_audit(
    report: &AuditReport<'_>,
    format: AuditFormat,
    style: Style,
    quiet: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        AuditFormat::Json => audit_json::write_document(report, out),
        AuditFormat::Jsonl => audit_json::write_lines(report, out),
        AuditFormat::Sarif => audit_json::write_sarif(report, out),
        AuditFormat::Human => audit::write(report, style, quiet, out),
    }
}

/// Writes the summary of a step for GitHub, in Markdown. Errors are those of `out`.
pub fn write_step_summary(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    github::write_summary(report, out)
}

/// The formats of a report that is one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFormat {
    Human,
    Json,
}

/// Writes what a vendor says about a token. Errors are those of `out`.
#[cfg(feature = "online")]
pub fn write_verification(
    report: &VerificationReport<'_>,
    format: DocumentFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        DocumentFormat::Human => verification::write(report, style, out),
        DocumentFormat::Json => verification_json::write_document(report, out),
    }
}

/// Writes what a webhook handler did with the deliveries. Errors are those of `out`.
#[cfg(feature = "online")]
pub fn write_probe(
    report: &ProbeReport<'_>,
    format: DocumentFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        DocumentFormat::Human => probe::write(report, style, out),
        DocumentFormat::Json => probe_json::write_document(report, out),
    }
}
