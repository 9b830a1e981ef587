//! `json` and `jsonl`. The keys are a contract with users' scripts (`docs/json.md`), so none is ever renamed, and a new one goes into
//! `docs/keysweep.schema.json` as well.

use std::collections::HashSet;
use std::io::{self, Write};

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::model::Report;
use super::plan::plan;
use super::rules::{is_on, shapes};
use super::shown::shown_path;
use crate::error::Error;
use crate::finding::{Finding, Known, ShownPath};
use crate::history::provenance::{Occurrence, Provenance, ShownAtRemote, ShownCommit, ShownPush};
use crate::rotation::Step;
use crate::rule::{Pattern, Prefix, Rule, Severity};
use crate::rules::{PACKS, Pack, pack_of};
use crate::scan::engine::Allowed;
use crate::scan::source::Kind;

/// Writes one document.
pub(super) fn write_document(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = findings(report);
    let errors: Vec<Value> = report.errors().map(error).collect();
    let document = json!({ "version": 1, "findings": findings, "errors": errors, "summary": summary(report) });
    write_pretty(&document, out)
}

/// A document without a summary, so that no script takes it for a clean scan.
pub(super) fn write_error_document(one: &Error, out: &mut dyn Write) -> io::Result<()> {
    write_pretty(&json!({ "version": 1, "findings": [], "errors": [error(one)], "summary": null }), out)
}

pub(super) fn write_error_line(one: &Error, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", typed("error", error(one)))
}

/// Lists rules. `on` has the packs that are on, if all rules are listed.
pub(super) fn write_rules_document(
    rules: &[&Rule],
    own: usize,
    on: Option<&[&Pack]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rules: Vec<Value> = rules.iter().enumerate().map(|(at, one)| rule(one, at < own)).collect();
    let mut document = json!({ "version": 1, "rules": rules });
    if let Some(on) = on {
        document["packs"] = PACKS.iter().map(|one| pack(one, on)).collect();
    }
    write_pretty(&document, out)
}

pub(super) fn write_rule_lines(
    rules: &[&Rule],
    own: usize,
    on: Option<&[&Pack]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    rules.iter().enumerate().try_for_each(|(at, one)| writeln!(out, "{}", typed("rule", rule(one, at < own))))?;
    let packs = on.into_iter().flat_map(|on| PACKS.iter().map(|one| pack(one, on)));
    packs.into_iter().try_for_each(|one| writeln!(out, "{}", typed("pack", one)))
}

pub(super) fn write_checks_document(
    checks: &[(&str, usize, usize, Vec<String>)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let checks: Vec<Value> = checks.iter().map(check).collect();
    write_pretty(&json!({ "version": 1, "checks": checks }), out)
}

pub(super) fn write_check_lines(checks: &[(&str, usize, usize, Vec<String>)], out: &mut dyn Write) -> io::Result<()> {
    checks.iter().try_for_each(|one| writeln!(out, "{}", typed("check", check(one))))
}

/// Writes one document and a line end.
pub(super) fn write_pretty(document: &Value, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

pub(super) fn typed(kind: &str, mut value: Value) -> Value {
    value["type"] = kind.into();
    value
}

pub(super) fn error(error: &Error) -> Value {
    json!({ "what": error.context, "why": error.cause, "help": error.help })
}

fn rule(rule: &Rule, is_own: bool) -> Value {
    let prefixes: Vec<&Prefix> = rule
        .patterns
        .iter()
        .flat_map(|pattern| match pattern {
            Pattern::Prefixed { prefixes, .. } => *prefixes,
            Pattern::Given { .. } => &[],
        })
        .collect();
    // A token that is recognized only by a name is a live one.
    let severity = prefixes.iter().map(|prefix| prefix.environment.severity()).max().unwrap_or(Severity::High);
    let mut seen = HashSet::new();
    let prefixes: Vec<Value> = prefixes
        .into_iter()
        .filter(|prefix| seen.insert(prefix.literal))
        .map(|prefix| json!({ "prefix": prefix.literal, "severity": prefix.environment.severity().name() }))
        .collect();
    json!({
        "id": rule.id,
        "title": rule.title,
        "vendor": rule.vendor,
        "custom": is_own,
        "pack": pack_of(rule).map(|pack| pack.name),
        "severity": severity.name(),
        "prefixes": prefixes,
        "shapes": shapes(rule),
        "opens": rule.opens,
        "mistaken_for": rule.mistaken_for,
        "remedy": rule.remedy,
        "docs": rule.docs,
    })
}

fn pack(pack: &Pack, on: &[&Pack]) -> Value {
    let rules: Vec<&str> = pack.rules.iter().map(|rule| rule.id).collect();
    json!({ "name": pack.name, "about": pack.about, "on": is_on(pack, on), "rules": rules })
}

fn check((id, hits, misses, faults): &(&str, usize, usize, Vec<String>)) -> Value {
    json!({ "rule": id, "hits": hits, "misses": misses, "faults": faults })
}

/// Writes one object on each line: findings, errors, then the summary.
pub(super) fn write_lines(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in findings(report) {
        writeln!(out, "{finding}")?;
    }
    for one in report.errors() {
        write_error_line(one, out)?;
    }
    writeln!(out, "{}", summary(report))
}

/// What is known about a token as soon as it is found. Its places are in its finding.
pub(super) fn write_sighting(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let mut value = json!({
        "type": "sighting",
        "rule": finding.rule.id,
        "severity": finding.severity.name(),
        "fingerprint": finding.fingerprint.to_string(),
        "redacted": finding.redacted.to_string(),
        "part": finding.part.name(),
    });
    put_origin(&mut value, finding);
    writeln!(out, "{value}")
}

/// One object for each place; in a history scan, one for each token.
fn findings(report: &Report<'_>) -> Vec<Value> {
    match report.provenances {
        Some(provenances) => provenances.iter().map(|one| with_verification(provenance(one), one, report)).collect(),
        None => report.result.findings.iter().map(|f| with_author(finding(f, report.kind.name()), f, report)).collect(),
    }
}

fn with_verification(mut value: Value, one: &Provenance, report: &Report<'_>) -> Value {
    if let Some(known) = report.verification(&one.finding) {
        let (status, why) = (known.verdict.status.name(), &known.verdict.why);
        value["verified"] = json!({ "status": status, "vendor": known.vendor, "why": why });
    }
    value
}

fn with_author(mut value: Value, finding: &Finding, report: &Report<'_>) -> Value {
    if let Some(known) = finding.origin.as_ref().and_then(|origin| report.commits.get(&origin.id)) {
        value["author"] = shown_path(&known.author).into();
        value["date"] = known.date.clone().into();
    }
    value
}

fn provenance(one: &Provenance) -> Value {
    let mut value = finding(&one.finding, Kind::History.name());
    let first = place(&one.occurrences[0]);
    for key in ["commit", "author", "date", "object", "path", "path_bytes", "part"] {
        if let Some(known) = first.get(key) {
            value[key] = known.clone();
        }
    }
    value["first"] = first;
    value["last"] = one.last.as_ref().map_or(Value::Null, commit);
    value["removed"] = one.removed.as_ref().map_or(Value::Null, commit);
    value["pushed"] = one.pushed.as_ref().map_or(Value::Null, pushed);
    value["at_head"] = one.at_head.into();
    value["reachable"] = one.reachability.is_reachable().into();
    value["standing"] = one.reachability.name().into();
    value["refs"] = one.refs.iter().map(shown_path).collect();
    value["copies"] = one.copies.into();
    value["places"] = one.occurrences.iter().map(place).collect();
    value
}

fn place(place: &Occurrence) -> Value {
    let mut value =
        place.commit.as_ref().map_or_else(|| json!({ "commit": null, "author": null, "date": null }), commit);
    value["object"] = place.object.clone().into();
    value["path"] = Value::Null;
    put_path(&mut value, place.path.as_ref());
    value["line"] = place.position.map(|p| p.line).into();
    value["column"] = place.position.map(|p| p.column).into();
    value["part"] = place.part.name().into();
    if place.by_value {
        value["by_value"] = true.into();
    }
    if place.on_disk {
        value["on_disk"] = true.into();
    }
    if place.baselined {
        value["baselined"] = true.into();
    }
    value
}

fn commit(commit: &ShownCommit) -> Value {
    json!({ "commit": commit.id, "author": shown_path(&commit.author), "date": commit.date })
}

/// Times are in seconds after the push.
fn pushed(push: &ShownPush) -> Value {
    let (at_remote, removed_after) = match push.at_remote {
        ShownAtRemote::InFiles(_) => ("files", None),
        ShownAtRemote::InHistory { removed_after, .. } => ("history", removed_after),
        ShownAtRemote::Unreachable => ("unreachable", None),
    };
    json!({
        "date": push.date,
        "ref": shown_path(&push.name),
        "at_remote": at_remote,
        "still_in": push.still_in().iter().map(shown_path).collect::<Vec<_>>(),
        "removed_after": removed_after,
        "removed_locally_after": push.removed_locally_after,
    })
}

fn finding(finding: &Finding, source: &str) -> Value {
    let position = finding.position;
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
    });
    if !finding.likely.is_empty() {
        value["likely_vendors"] = finding.likely.iter().map(|vendor| vendor.name).collect();
    }
    match &finding.known {
        Some(Known::Elsewhere) => value["baseline"] = "elsewhere".into(),
        Some(Known::Expired(until)) => {
            value["baseline"] = "expired".into();
            value["baseline_until"] = until.as_str().into();
        }
        None => {}
    }
    put_origin(&mut value, finding);
    put_path(&mut value, finding.path.as_ref());
    value
}

/// `commit`, or null if it is another kind of object, which is in `object`.
fn put_origin(value: &mut Value, finding: &Finding) {
    let origin = finding.origin.as_ref();
    value["commit"] = origin.filter(|origin| origin.kind.is_commit()).map(|origin| origin.id.as_str()).into();
    if let Some(object) = origin.filter(|origin| !origin.kind.is_commit()) {
        value["object"] = object.id.as_str().into();
    }
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

/// `path`, and `path_bytes` if the path is not UTF-8.
pub(super) fn put_path(value: &mut Value, path: Option<&ShownPath>) {
    let Some(path) = path else { return };
    match std::str::from_utf8(path.as_bytes()) {
        Ok(text) => value["path"] = text.into(),
        Err(_) => {
            value["path"] = shown_path(path).into();
            value["path_bytes"] = BASE64.encode(path.as_bytes()).into();
        }
    }
}

pub(super) fn step(step: &Step) -> Value {
    json!({ "step": step.name, "says": step.says, "list": step.list, "run": step.run })
}

fn summary(report: &Report<'_>) -> Value {
    let result = report.result;
    let skipped: Vec<Value> = result
        .skipped
        .iter()
        .map(|skipped| json!({ "what": shown_path(&skipped.path), "why": skipped.why }))
        .chain(
            result
                .unread
                .iter()
                .chain(&result.missing)
                .chain(&result.accepted)
                .map(|error| json!({ "what": error.context, "why": error.cause })),
        )
        .collect();
    let newly: Vec<Value> = result.allowed.iter().filter(|one| one.newly).map(allowed).collect();
    let mut value = json!({
        "type": "summary",
        "findings": report.provenances.map_or(result.findings.len(), <[_]>::len),
        "tokens": report.tokens(),
        "allowed": report.allowed(),
        "baselined": report.baselined(),
        "newly_allowed": newly,
        "scanned": { "commits": result.commits, "files": result.files, "objects": result.objects, "bytes": result.bytes },
        "skipped": skipped,
        "unread": result.unread.len() + result.missing.len(),
        "notes": report.notes,
        "seconds": report.seconds,
    });
    if report.provenances.is_some() {
        value["plan"] = plan(report).iter().map(step).collect();
    }
    value
}
