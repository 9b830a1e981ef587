//! What was scanned, what was not, and how to check it.

use maud::{Markup, html};

use super::name::{name, sentence, shortened};
use crate::config::Reason;
use crate::error::{Error, counted};
use crate::report::model::{Incident, Report};
use crate::report::shown::size;
use crate::report::words;
use crate::scan::engine::Allowed;

/// Further lines are only counted.
const MOST_LINES: usize = 200;

/// What no scan of a repository sees.
const OUTSIDE: &[&str] = &[
    "other clones and forks, and what was pushed from them",
    "what a server keeps besides: pull requests, cached pages, logs of builds, backups",
    "the content of submodules and of Git LFS files, which are kept elsewhere",
    "pushes of more than 90 days ago, because git forgets them, and pushes from other clones",
    "tokens of kinds that no rule describes; the command keysweep rules lists the kinds",
];

/// Whether every object of the repository was read. What the user accepts as missing was not.
pub(super) fn is_whole(report: &Report<'_>) -> bool {
    report.result.is_complete() && report.result.accepted.is_empty()
}

pub(super) fn section(report: &Report<'_>, incident: &Incident) -> Markup {
    html! {
        section aria-labelledby="coverage" {
            h2 #coverage { "What was scanned, and what was not" }
            p { (read(report)) }
            (proof(report, incident))
            (not_scanned(report))
            (allowed(report))
            @if !report.notes.is_empty() {
                h3 { "Notes" }
                ul { @for note in report.notes { li { (sentence(note)) } } }
            }
            h3 { "Outside of this scan" }
            p { "No scan of a repository covers these:" }
            ul { @for what in OUTSIDE { li { (what) } } }
        }
    }
}

fn read(report: &Report<'_>) -> Markup {
    let result = report.result;
    html! {
        (words::scanned_of_all(report)) " read, with " (size(result.bytes)) " of content"
        @if is_whole(report) && result.known_clean == 0 { ": all objects that the clone has" }
        ". This is every version of every file, the names of files, branches and tags, the messages and authors of commits, "
        "and notes, stashes, logs of earlier versions, staged files and unreachable objects."
        @if result.known_clean > 0 {
            " " strong { (counted(result.known_clean, "more object")) (if result.known_clean == 1 { " was" } else { " were" }) " not read again" } ", because an earlier scan with the same rules found them clean. "
            "A list in the clone says so, which whoever can write there can change. For a proof, scan without --since-last."
        }
    }
}

/// Commands with which a reader can check the numbers.
fn proof(report: &Report<'_>, incident: &Incident) -> Markup {
    html! {
        p {
            "Until something is committed or fetched in the clone that was scanned, git counts "
            (counted(report.result.objects + report.result.known_clean, "object")) " there, without those that are missing:"
        }
        pre { code { "git cat-file --batch-all-objects --batch-check | wc -l" } }
        @if let Some(command) = &incident.command {
            p { "This command repeats the scan, and lists every place of every token for a program:" }
            pre { code { (command) } }
        }
    }
}

fn not_scanned(report: &Report<'_>) -> Markup {
    let result = report.result;
    let errors: Vec<&Error> = result.unread.iter().chain(&result.missing).collect();
    let nothing = errors.is_empty() && result.accepted.is_empty() && result.skipped.is_empty();
    html! {
        h3 { "Not scanned" }
        @if nothing { p { "Nothing was left out." } }
        @if !errors.is_empty() {
            div.alarm {
                p { strong { "These could not be read:" } }
                @for one in errors.iter().take(MOST_LINES) { (error(one)) }
                (more(errors.len()))
            }
        }
        @if !result.accepted.is_empty() {
            div.alarm {
                p { strong { "These are missing in the clone that was scanned, and were accepted as missing:" } }
                @for one in result.accepted.iter().take(MOST_LINES) { (error(one)) }
                (more(result.accepted.len()))
            }
        }
        @if !result.skipped.is_empty() {
            div.wide tabindex="0" role="region" aria-label="Not scanned" { table {
                thead { tr { th scope="col" { "Left out" } th scope="col" { "Why" } } }
                tbody { @for one in result.skipped.iter().take(MOST_LINES) {
                    tr { th scope="row" { (name(&one.path)) } td { (one.why) } }
                } }
            } }
            (more(result.skipped.len()))
        }
    }
}

/// What the configuration and the baseline keep out of the report.
fn allowed(report: &Report<'_>) -> Markup {
    let allowed = &report.result.allowed;
    html! {
        h3 { "Found, and not reported" }
        @if allowed.is_empty() { p { "No setting hid a token." } }
        @else {
            p {
                "The configuration allows " (counted(report.allowed(), "token"))
                ", and the baseline accepts " (counted(report.baselined(), "token")) ". They are not counted above."
            }
            div.wide tabindex="0" role="region" aria-label="Not reported" { table {
                thead { tr {
                    th scope="col" { "Token" } th scope="col" { "Fingerprint" } th scope="col" { "Where" } th scope="col" { "Allowed by" }
                } }
                tbody { @for one in allowed.iter().take(MOST_LINES) { (allowed_row(one)) } }
            } }
            (more(allowed.len()))
        }
    }
}

fn allowed_row(allowed: &Allowed) -> Markup {
    let finding = &allowed.finding;
    html! {
        tr {
            th scope="row" { code { (finding.redacted) } }
            td { code { (finding.fingerprint) } }
            td { (shortened(&words::place(finding))) }
            td { (allowed.reason.name()) @if allowed.reason == Reason::Baseline { ", until it expires" } }
        }
    }
}

/// The context, the cause and the help.
pub(super) fn error(error: &Error) -> Markup {
    html! { p { (sentence(&error.context)) ": " (sentence(&error.cause)) ". " span.help { "Help: " (sentence(&error.help)) "." } } }
}

fn more(all: usize) -> Markup {
    html! { @if all > MOST_LINES { p { "and " (counted(all - MOST_LINES, "more line")) } } }
}
