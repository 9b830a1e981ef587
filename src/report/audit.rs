//! The results of an audit, as a table for people.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::layout::wrapped;
use super::shown::shown_path;
use super::style::Style;
use crate::audit::{Audited, Check, Place, Status};
use crate::error::{Error, counted, grouped};

/// The width of the first columns: the status and the name of a check.
const INDENT: usize = 26;

/// The number of places of a check that are shown.
const SHOWN_PLACES: usize = 5;

/// The results of an audit, masked.
pub struct AuditReport<'a> {
    pub checks: &'a [Audited],
    pub errors: &'a [Error],
    pub seconds: f64,
}

impl AuditReport<'_> {
    /// The checks in the order of a report: the worst first, accepted ones after those that count.
    pub(super) fn sorted(&self) -> Vec<&Audited> {
        let mut checks: Vec<&Audited> = self.checks.iter().collect();
        checks.sort_by_key(|one| (one.is_accepted(), one.answer.status));
        checks.sort_by_key(|one| if one.is_accepted() { Status::Unknown } else { one.answer.status });
        checks
    }

    /// The number of checks with this status that are not accepted.
    pub(super) fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|one| one.answer.status == status && !one.is_accepted()).count()
    }

    pub(super) fn accepted(&self) -> usize {
        self.checks.iter().filter(|one| one.is_accepted()).count()
    }
}

pub(super) fn write(report: &AuditReport<'_>, style: Style, quiet: bool, out: &mut dyn Write) -> io::Result<()> {
    let is_shown =
        |one: &&Audited| !quiet || (matches!(one.answer.status, Status::Fail | Status::Suspect) && !one.is_accepted());
    let shown: Vec<&Audited> = report.sorted().into_iter().filter(is_shown).collect();
    for one in &shown {
        write_check(one, style, out)?;
    }
    if shown.is_empty() && quiet && report.errors.is_empty() {
        return Ok(());
    }
    let words = [
        (Status::Fail, "failed"),
        (Status::Suspect, "suspect"),
        (Status::Unknown, "unknown"),
        (Status::Pass, "passed"),
        (Status::NotApplicable, "not applicable"),
    ];
    let counts = words.map(|(status, word)| (report.count(status), word));
    let counts = counts.into_iter().chain([(report.accepted(), "accepted")]).filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
    let incomplete = match report.errors.len() {
        0 => String::new(),
        errors => format!("{}; ", style.error(format!("INCOMPLETE: {}", counted(errors, "error")))),
    };
    writeln!(out, "keysweep: {incomplete}{}", counts.join(", "))
}

fn write_check(one: &Audited, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let answer = &one.answer;
    let label = if one.is_accepted() { "accepted" } else { label(answer.status) };
    let painted = match answer.status {
        _ if one.is_accepted() => label.to_owned(),
        Status::Fail => style.error(label),
        Status::Suspect => style.strong(label),
        Status::Pass => style.calm(label),
        Status::Unknown | Status::NotApplicable => label.to_owned(),
    };
    write!(out, "{painted}{:>pad$}", "", pad = 9_usize.saturating_sub(label.width()))?;
    write!(out, "{:<width$}", one.check.name, width = INDENT - 9)?;
    let mut lines = Vec::new();
    if answer.places.is_empty() {
        lines.extend(wrapped(&answer.why, style.width, INDENT));
        lines.extend(help(&answer.help, style));
    }
    for (at, place) in answer.places.iter().take(SHOWN_PLACES).enumerate() {
        lines.extend(wrapped(&sentence(place), style.width, INDENT));
        // Places with the same step share it, after the last of them.
        let is_last = at + 1 == answer.places.len().min(SHOWN_PLACES) || answer.places[at + 1].help != place.help;
        if is_last {
            lines.extend(help(&place.help, style));
        }
    }
    if answer.places.len() > SHOWN_PLACES {
        let more = grouped(answer.places.len() - SHOWN_PLACES);
        lines.push(format!("and {more} more: keysweep audit {} --format json lists all", one.check.name));
    }
    if let Some(acceptance) = one.acceptance.as_ref().filter(|_| answer.status <= Status::Suspect) {
        let until = acceptance.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let over = if acceptance.is_over { ", which is over" } else { "" };
        lines.extend(wrapped(&format!("accepted{until}{over}: {}", acceptance.reason), style.width, INDENT));
    }
    writeln!(out, "{}", lines.join(&format!("\n{:INDENT$}", "")))
}

fn help(text: &str, style: Style) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { wrapped(&format!("help: {text}"), style.width, INDENT) }
}

fn label(status: Status) -> &'static str {
    match status {
        Status::NotApplicable => "n/a",
        status => status.name(),
    }
}

fn sentence(place: &Place) -> String {
    match (&place.path, place.line) {
        (Some(path), Some(line)) => format!("{}:{line}: {}", shown_path(path), place.why),
        (Some(path), None) => format!("{}: {}", shown_path(path), place.why),
        (None, _) => place.why.clone(),
    }
}

/// Explains a check.
pub fn explain(check: &Check, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}\n\n{}\n", check.name, check.rule, check.explanation)?;
    writeln!(out, "To accept a failure for now, add this to .keysweep.toml:\n\n[audit]")?;
    writeln!(out, "accept = [{{ check = \"{}\", reason = \"…\", until = 2027-01-31 }}]", check.name)
}
