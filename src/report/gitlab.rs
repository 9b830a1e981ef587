//! `gitlab`: GitLab's secret detection report, version 15.2.1 (lib/gitlab/ci/parsers/security/validators/schemas in
//! gitlab-org/gitlab, `secret-detection-report-format.json`).

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::entry::{ReportEntry, entries};
use super::json::write_pretty;
use super::model::Report;
use super::shown::shown_path;
use crate::error::Error;
use crate::git::date::iso8601;
use crate::rule::Severity;

const VERSION: &str = "15.2.1";
/// The schema requires a commit. GitLab's own analyzer writes this if there is none.
const NO_COMMIT: &str = "0000000";
/// The most characters that the schema allows in a name.
const LONGEST_NAME: usize = 255;

/// Writes one document.
pub(super) fn write_document(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let vulnerabilities: Vec<Value> = entries(report).iter().map(vulnerability).collect();
    let errors: Vec<&Error> = report.errors().collect();
    write(&vulnerabilities, &errors, Duration::from_secs_f64(report.seconds), out)
}

/// Writes a document without findings, with the error that ended the scan.
pub(super) fn write_error_document(error: &Error, out: &mut dyn Write) -> io::Result<()> {
    write(&[], &[error], Duration::ZERO, out)
}

fn write(vulnerabilities: &[Value], errors: &[&Error], took: Duration, out: &mut dyn Write) -> io::Result<()> {
    let program = json!({
        "id": "keysweep",
        "name": "keysweep",
        "version": env!("CARGO_PKG_VERSION"),
        "vendor": { "name": "keysweep" },
    });
    let now = SystemTime::now();
    let messages: Vec<Value> =
        errors.iter().map(|error| json!({ "level": "fatal", "value": error.to_string() })).collect();
    let document = json!({
        "version": VERSION,
        "scan": {
            "analyzer": program,
            "scanner": program,
            "type": "secret_detection",
            "start_time": utc(now.checked_sub(took).unwrap_or(now)),
            "end_time": utc(now),
            "status": if errors.is_empty() { "success" } else { "failure" },
            "messages": messages,
        },
        "vulnerabilities": vulnerabilities,
    });
    write_pretty(&document, out)
}

fn vulnerability(entry: &ReportEntry<'_>) -> Value {
    let rule = entry.finding.rule;
    let mut location = json!({ "commit": commit(entry) });
    if let Some(path) = entry.path {
        location["file"] = shown_path(path).into();
    }
    if let Some(at) = entry.position {
        location["start_line"] = at.line.into();
        location["end_line"] = at.line.into();
    }
    json!({
        "id": id(entry),
        "name": rule.title.chars().take(LONGEST_NAME).collect::<String>(),
        "description": entry.message(),
        "severity": match entry.finding.severity {
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
        },
        "solution": entry.help(),
        "raw_source_code_extract": entry.finding.redacted.to_string(),
        "location": location,
        "identifiers": [{ "type": "keysweep_rule_id", "name": format!("keysweep rule {}", rule.id), "value": rule.id }],
    })
}

fn commit(entry: &ReportEntry<'_>) -> Value {
    let mut commit = json!({ "sha": entry.commit.unwrap_or(NO_COMMIT) });
    if let Some(author) = entry.author {
        commit["author"] = shown_path(&author.author).into();
        commit["date"] = author.date.clone().into();
    }
    commit
}

/// A UUID (RFC 9562, version 8) that stays the same for a token in a place.
fn id(entry: &ReportEntry<'_>) -> String {
    let path = entry.path.map_or(&b""[..], |path| path.as_bytes());
    let place = format!("{}\0{}\0{}\0", entry.finding.fingerprint, entry.occurrence, entry.part.name());
    let digest = Sha256::digest([place.as_bytes(), entry.commit.unwrap_or_default().as_bytes(), b"\0", path].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let hex = HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// `2024-01-31T12:34:56`, in UTC.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    iso8601(i64::try_from(seconds).unwrap_or_default()).chars().take("2024-01-31T12:34:56".len()).collect()
}
