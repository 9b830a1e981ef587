//! `json` and `jsonl`: the keys are a contract with users' scripts (see the README), so none is ever renamed.

use std::io::{self, Write};

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::Report;
use super::shown::shown_path;
use crate::finding::{Finding, ShownPath};
use crate::sweep::Allowed;

/// One document with everything.
pub(super) fn write_document(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings: Vec<Value> = report.outcome.findings.iter().map(|f| finding(f, report.kind.name())).collect();
    let document = json!({ "version": 1, "findings": findings, "summary": summary(report) });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// One object a line: findings, then the summary.
pub(super) fn write_lines(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for f in &report.outcome.findings {
        writeln!(out, "{}", finding(f, report.kind.name()))?;
    }
    writeln!(out, "{}", summary(report))
}

fn finding(finding: &Finding, source: &str) -> Value {
    let position = finding.position;
    let commit = finding.origin.as_ref().filter(|origin| origin.kind.is_commit()).map(|origin| origin.id.as_str());
    let mut value = json!({
        "type": "finding",
        "rule": finding.rule.id,
        "severity": finding.severity.name(),
        "fingerprint": finding.fingerprint.to_string(),
        "redacted": finding.redacted.to_string(),
        "source": source,
        "path": null,
        "line": position.map(|p| p.line),
        "column": position.map(|p| p.column),
        "end_column": position.map(|p| p.end_column),
        "part": finding.part.name(),
        "encoding": finding.encoding.map(|encoding| encoding.to_string()),
        "commit": commit,
    });
    put_path(&mut value, finding.path.as_ref());
    if let Some(object) = finding.origin.as_ref().filter(|origin| !origin.kind.is_commit()) {
        value["object"] = object.id.clone().into();
    }
    value
}

fn allowed(allowed: &Allowed) -> Value {
    let mut value = json!({
        "rule": allowed.finding.rule.id,
        "fingerprint": allowed.finding.fingerprint.to_string(),
        "path": null,
        "line": allowed.finding.position.map(|p| p.line),
        "why": allowed.reason.name(),
    });
    put_path(&mut value, allowed.finding.path.as_ref());
    value
}

/// `path`, and `path_bytes` beside it where the path is no text.
fn put_path(value: &mut Value, path: Option<&ShownPath>) {
    let Some(path) = path else { return };
    match std::str::from_utf8(path.as_bytes()) {
        Ok(text) => value["path"] = text.into(),
        Err(_) => {
            value["path"] = shown_path(path).into();
            value["path_bytes"] = BASE64.encode(path.as_bytes()).into();
        }
    }
}

fn summary(report: &Report<'_>) -> Value {
    let outcome = report.outcome;
    let skipped: Vec<Value> = outcome
        .skipped
        .iter()
        .map(|skipped| json!({ "what": shown_path(&skipped.path), "why": skipped.why }))
        .chain(outcome.unread.iter().map(|trouble| json!({ "what": trouble.attempt, "why": trouble.cause })))
        .collect();
    let newly: Vec<Value> = outcome.allowed.iter().filter(|one| one.newly).map(allowed).collect();
    json!({
        "type": "summary",
        "findings": outcome.findings.len(),
        "tokens": report.tokens(),
        "allowed": outcome.allowed.len(),
        "newly_allowed": newly,
        "scanned": { "commits": outcome.commits, "files": outcome.files, "objects": outcome.objects, "bytes": outcome.bytes },
        "skipped": skipped,
        "unread": outcome.unread.len(),
        "notes": report.notes,
        "seconds": report.seconds,
    })
}
