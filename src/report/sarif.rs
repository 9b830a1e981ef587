//! `sarif`: SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), as GitHub's code scanning and others read it. Every finding is
//! a result, since gates count results. Columns are UTF-16 code units.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::entry::{ReportEntry, entries};
use super::json::write_pretty;
use super::model::Report;
use super::shown::shown_path;
use crate::error::{Error, counted};
use crate::rule::{Rule, Severity};

/// GitHub rejects a run with more results, and shows the first 5,000
/// (docs.github.com, "SARIF support for code scanning").
pub(super) const MOST_RESULTS: usize = 25_000;

pub(super) const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
pub(super) const VERSION: &str = "2.1.0";

/// Writes one document with one run.
pub(super) fn write_document(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let entries = entries(report);
    let mut rules: Vec<&Rule> = Vec::new();
    let results: Vec<Value> = entries.iter().take(MOST_RESULTS).map(|entry| result(entry, &mut rules)).collect();
    let mut notifications: Vec<Value> = report.errors().map(notification).collect();
    if entries.len() > MOST_RESULTS {
        let more = counted(entries.len() - MOST_RESULTS, "finding");
        notifications.push(json!({
            "level": "warning",
            "message": { "text": format!("{more} did not fit into this report: the format json lists all") },
        }));
    }
    let is_complete = report.errors().next().is_none();
    let rules: Vec<Value> = rules.iter().map(|rule| descriptor(rule)).collect();
    write_run(&results, &rules, is_complete, &notifications, out)
}

/// Writes a document without results, with the error that ended the scan.
pub(super) fn write_error_document(error: &Error, out: &mut dyn Write) -> io::Result<()> {
    write_run(&[], &[], false, &[notification(error)], out)
}

/// Writes a document with one run. `rules` are the descriptors that the results refer to.
pub(super) fn write_run(
    results: &[Value],
    rules: &[Value],
    is_complete: bool,
    notifications: &[Value],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut run = run_without_results(rules, is_complete, notifications);
    run["results"] = results.into();
    write_pretty(&json!({ "$schema": SCHEMA, "version": VERSION, "runs": [run] }), out)
}

/// A run to which `results` must be added. `rules` are the descriptors that the results refer to.
pub(super) fn run_without_results(rules: &[Value], is_complete: bool, notifications: &[Value]) -> Value {
    json!({
        "tool": { "driver": {
            "name": "keysweep",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        } },
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {
            "%SRCROOT%": { "description": { "text": "The top folder of the repository." } },
        },
        "invocations": [{
            "executionSuccessful": is_complete,
            "toolExecutionNotifications": notifications,
        }],
    })
}

/// One result. Its rule is added to `rules` if it is missing.
fn result<'r>(entry: &ReportEntry<'r>, rules: &mut Vec<&'r Rule>) -> Value {
    let rule = entry.finding.rule;
    let index = rules.iter().position(|known| known.id == rule.id).unwrap_or_else(|| {
        rules.push(rule);
        rules.len() - 1
    });
    let mut physical = json!({ "artifactLocation": location(entry) });
    if let Some(at) = entry.position {
        physical["region"] =
            json!({ "startLine": at.line, "startColumn": at.utf16_column, "endColumn": at.utf16_end_column });
    }
    let mut properties = json!({
        "severity": entry.finding.severity.name(),
        "fingerprint": entry.finding.fingerprint.to_string(),
        "redacted": entry.finding.redacted.to_string(),
        "part": entry.part.name(),
        "encoding": entry.finding.encoding.map(|encoding| encoding.to_string()),
        "commit": entry.commit,
    });
    if let Some(author) = entry.author {
        properties["author"] = shown_path(&author.author).into();
        properties["date"] = author.date.clone().into();
    }
    json!({
        "ruleId": rule.id,
        "ruleIndex": index,
        "level": level(entry.finding.severity),
        "message": { "text": format!("{}. To do: {}.", entry.message(), entry.help()) },
        "locations": [{ "physicalLocation": physical }],
        "partialFingerprints": { "keysweepToken/v1": format!("{}:{}", entry.finding.fingerprint, entry.occurrence) },
        "properties": properties,
    })
}

/// A path outside of the repository is absolute and has no base.
fn location(entry: &ReportEntry<'_>) -> Value {
    match entry.uri() {
        uri if uri.starts_with('/') => json!({ "uri": format!("file://{uri}") }),
        uri => json!({ "uri": uri, "uriBaseId": "%SRCROOT%" }),
    }
}

pub(super) fn descriptor(rule: &Rule) -> Value {
    let help = rule.remedy.join("; ");
    let mut value = json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": { "text": format!("{} of {}.", rule.title, rule.vendor) },
        "fullDescription": { "text": format!("A person who has this token can use it: it {}.", rule.opens) },
        "help": { "text": format!("Rotate the token: {help}.") },
        "defaultConfiguration": { "level": "error" },
        "properties": { "security-severity": "8.0", "tags": ["security", "secret"] },
    });
    if let Some(docs) = Some(rule.docs).filter(|docs| docs.starts_with("https://")) {
        value["helpUri"] = docs.into();
    }
    value
}

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

pub(super) fn notification(error: &Error) -> Value {
    json!({ "level": "error", "message": { "text": error.to_string() } })
}
