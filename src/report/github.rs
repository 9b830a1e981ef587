//! `github`: workflow commands, which GitHub Actions shows as annotations, and the summary of a step in Markdown
//! (docs.github.com, "Workflow commands for GitHub Actions").

use std::fmt::Write as _;
use std::io::{self, Write};

use super::entry::{ReportEntry, entries};
use super::model::Report;
use super::shown::shown_path;
use crate::error::{Error, counted};
use crate::rule::Severity;

/// GitHub shows ten annotations of each kind for a step.
const MOST_ANNOTATIONS: usize = 10;
/// GitHub refuses a summary of more than 1 MiB.
const MOST_SUMMARY: usize = 1 << 20;
/// The part of it that errors may fill, so that there is room for findings.
const MOST_ERRORS: usize = MOST_SUMMARY / 2;
/// Enough for the line that counts what did not fit.
const COUNT_LINE: usize = 100;

/// Writes the errors and the most severe findings, at most ten lines, each a workflow command.
pub(super) fn write_annotations(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let entries = entries(report);
    let errors: Vec<&Error> = report.errors().collect();
    let all = errors.len() + entries.len();
    let shown = if all > MOST_ANNOTATIONS { MOST_ANNOTATIONS - 1 } else { all };
    for error in errors.iter().take(shown) {
        write_error(error, out)?;
    }
    for entry in entries.iter().take(shown.saturating_sub(errors.len())) {
        write_annotation(entry, out)?;
    }
    if all > shown {
        let mut counts = vec![counted(entries.len(), "finding")];
        if !errors.is_empty() {
            counts.insert(0, counted(errors.len(), "error"));
        }
        let message = format!("{} in all: the summary of this step lists them", counts.join(" and "));
        writeln!(out, "::error title=keysweep::{}", escaped(&message))?;
    }
    Ok(())
}

/// Writes an error that ended the scan.
pub(super) fn write_error(error: &Error, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "::error title=keysweep could not scan everything::{}", escaped(&error.to_string()))
}

fn write_annotation(entry: &ReportEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    let command = match entry.finding.severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "notice",
    };
    write!(out, "::{command} ")?;
    if let Some(path) = entry.path {
        write!(out, "file={},", escaped_property(&shown_path(path)))?;
    }
    if let Some(at) = entry.position.filter(|_| entry.path.is_some()) {
        write!(out, "line={},col={},endColumn={},", at.line, at.utf16_column, at.utf16_end_column)?;
    }
    let title = format!("keysweep: {}", entry.finding.rule.id);
    let commit = entry.commit.map_or(String::new(), |commit| format!(" in commit {commit}"));
    let message = format!("{}{commit}. To do: {}.", entry.message(), entry.help());
    writeln!(out, "title={}::{}", escaped_property(&title), escaped(&message))
}

/// Writes the summary of a step: the errors and a table of all findings, up to GitHub's limit.
pub(super) fn write_summary(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let entries = entries(report);
    let mut text = format!("### keysweep: {}\n\n", counted(entries.len(), "finding"));
    let errors: Vec<&Error> = report.errors().collect();
    let line = |error: &&Error| format!("- Not scanned: {}\n", cell(&error.to_string()));
    push_until(&mut text, MOST_ERRORS, &errors, "more error", line);
    if !entries.is_empty() {
        text.push_str("\n| severity | token | where | commit |\n| --- | --- | --- | --- |\n");
    }
    push_until(&mut text, MOST_SUMMARY, &entries, "more finding", row);
    writeln!(out, "{text}")
}

/// Appends a line for each item while `text` stays below `most` bytes, and a line that counts the rest as `noun`.
fn push_until<T>(text: &mut String, most: usize, items: &[T], noun: &str, line: impl Fn(&T) -> String) {
    for (at, item) in items.iter().enumerate() {
        let line = line(item);
        if text.len() + line.len() + COUNT_LINE > most {
            let _ = writeln!(text, "\n{} did not fit.", counted(items.len() - at, noun));
            return;
        }
        text.push_str(&line);
    }
}

fn row(entry: &ReportEntry<'_>) -> String {
    let line = entry.position.map_or(String::new(), |at| format!(":{}", at.line));
    let place = entry.path.map_or_else(|| entry.part.name().to_owned(), |path| format!("{}{line}", shown_path(path)));
    format!(
        "| {} | {} {} | {} | {} |\n",
        entry.finding.severity.name(),
        cell(&entry.finding.redacted.to_string()),
        cell(entry.finding.rule.id),
        cell(&place),
        entry.commit.unwrap_or_default()
    )
}

/// Escapes text for a cell of a table.
fn cell(text: &str) -> String {
    let mut cell = String::from("<code>");
    for letter in text.chars() {
        match letter {
            '&' => cell.push_str("&amp;"),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            // Markdown is also parsed inside of an HTML element.
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '@' | '#' | '!' | ':' | '$' => {
                let _ = write!(cell, "&#{};", u32::from(letter));
            }
            letter if letter.is_control() => cell.push(' '),
            letter => cell.push(letter),
        }
    }
    cell.push_str("</code>");
    cell
}

/// Escapes the message of a workflow command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_limit_are_counted() {
        let mut text = String::from("### title\n");
        push_until(&mut text, 1000, &[0; 500], "more error", |_| format!("{}\n", "x".repeat(99)));
        assert!(text.len() <= 1000, "{}", text.len());
        assert_eq!(text.matches("xx\n").count(), 8);
        assert!(text.ends_with("\n492 more errors did not fit.\n"), "{text}");
        push_until(&mut text, 900, &[0; 2], "more finding", |_| "a line\n".to_owned());
        assert!(text.ends_with("\n2 more findings did not fit.\n"), "{text}");
    }

    #[test]
    fn nothing_in_a_name_ends_a_command_or_begins_one() {
        assert_eq!(escaped("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(escaped_property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
    }

    #[test]
    fn nothing_in_a_cell_is_markup() {
        assert_eq!(cell("a|b`c"), "<code>a&#124;b&#96;c</code>");
        assert_eq!(cell("</code><b>\n"), "<code>&lt;/code&gt;&lt;b&gt; </code>");
    }
}
