//! The results of an audit for programs. The keys are a contract with users' scripts.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::audit::AuditReport;
use super::entry::percent_encoded;
use super::json::{error, put_path, typed, write_pretty};
use super::sarif::{notification, write_run};
use crate::audit::{Audited, Place, Status};

/// Writes one document.
pub(super) fn write_document(report: &AuditReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let checks: Vec<Value> = report.checks.iter().map(check).collect();
    let errors: Vec<Value> = report.errors.iter().map(error).collect();
    write_pretty(&json!({ "version": 1, "checks": checks, "errors": errors, "summary": summary(report) }), out)
}

/// Writes one object on each line: checks, errors, then the summary.
pub(super) fn write_lines(report: &AuditReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let checks = report.checks.iter().map(|one| typed("check", check(one)));
    let errors = report.errors.iter().map(|one| typed("error", error(one)));
    let lines = checks.chain(errors).chain([typed("summary", summary(report))]);
    lines.into_iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn check(one: &Audited) -> Value {
    let answer = &one.answer;
    let mut value = json!({
        "check": one.check.name,
        "rule": one.check.rule,
        "status": answer.status.name(),
        "why": answer.why,
        "places": answer.places.iter().map(place).collect::<Vec<_>>(),
        "help": answer.help,
        "accepted": one.is_accepted(),
    });
    if let Some(acceptance) = &one.acceptance {
        value["acceptance"] = json!({
            "reason": acceptance.reason,
            "until": acceptance.until.map(|until| until.to_string()),
            "over": acceptance.is_over,
        });
    }
    value
}

fn place(place: &Place) -> Value {
    let mut value = json!({ "path": null, "line": place.line });
    put_path(&mut value, place.path.as_ref());
    value["status"] = place.status.name().into();
    value["why"] = place.why.clone().into();
    value["help"] = place.help.clone().into();
    value
}

fn summary(report: &AuditReport<'_>) -> Value {
    let mut value = json!({});
    for status in Status::ALL {
        value[status.name()] = report.count(status).into();
    }
    value["accepted"] = report.accepted().into();
    value["unread"] = report.errors.len().into();
    value["seconds"] = report.seconds.into();
    value
}

/// SARIF: a result for each place of a failure or a suspicion. An accepted one is suppressed.
pub(super) fn write_sarif(report: &AuditReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let bad = |one: &&Audited| matches!(one.answer.status, Status::Fail | Status::Suspect);
    let checks: Vec<&Audited> = report.sorted().into_iter().filter(bad).collect();
    let results: Vec<Value> = checks.iter().enumerate().flat_map(|(at, one)| results(at, one)).collect();
    let rules: Vec<Value> = checks.iter().map(|one| descriptor(one)).collect();
    let notifications: Vec<Value> = report.errors.iter().map(notification).collect();
    write_run(&results, &rules, report.errors.is_empty(), &notifications, out)
}

fn results(index: usize, one: &Audited) -> Vec<Value> {
    let answer = &one.answer;
    let whole =
        Place { status: answer.status, path: None, line: None, why: answer.why.clone(), help: answer.help.clone() };
    let places = if answer.places.is_empty() { std::slice::from_ref(&whole) } else { &answer.places[..] };
    places.iter().map(|place| result(index, one, place)).collect()
}

fn result(index: usize, one: &Audited, place: &Place) -> Value {
    // GitHub rejects a file in which a result has no location. No file of a commit can be below `.git/`.
    let uri =
        place.path.as_ref().map_or(format!(".git/audit/{}", one.check.name), |path| percent_encoded(path.as_bytes()));
    let mut physical = json!({ "artifactLocation": { "uri": uri, "uriBaseId": "%SRCROOT%" } });
    if let Some(line) = place.line {
        physical["region"] = json!({ "startLine": line });
    }
    let mut value = json!({
        "ruleId": one.check.name,
        "ruleIndex": index,
        "level": if place.status == Status::Fail { "error" } else { "warning" },
        "message": { "text": format!("{}. To do: {}.", place.why, place.help) },
        "locations": [{ "physicalLocation": physical }],
    });
    if let Some(acceptance) = one.acceptance.as_ref().filter(|_| one.is_accepted()) {
        value["suppressions"] = json!([{ "kind": "external", "justification": acceptance.reason }]);
    }
    value
}

fn descriptor(one: &Audited) -> Value {
    json!({
        "id": one.check.name,
        "name": one.check.name,
        "shortDescription": { "text": format!("{}.", one.check.rule) },
        "fullDescription": { "text": one.check.explanation },
        "defaultConfiguration": { "level": if one.answer.status == Status::Fail { "error" } else { "warning" } },
        "properties": { "tags": ["security"] },
    })
}
