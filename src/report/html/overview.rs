//! The head of the page: what was found, and whether the scan was complete.

use maud::{Markup, html};

use super::coverage;
use super::event::still_in;
use super::name::name;
use super::page::day;
use super::token::{severity, standing};
use crate::error::{counted, grouped};
use crate::history::provenance::{Provenance, Reachability};
use crate::report::advice;
use crate::report::model::{Incident, Report};
use crate::report::shown::shown_path;
use crate::report::words;
use crate::rule::Severity;
use crate::verify::answer::Status;

fn heading(report: &Report<'_>) -> &'static str {
    if report.tokens() == 0 { "Search for leaked tokens in" } else { "Leaked tokens in" }
}

/// The title of the document. It starts with the word that must not be missed.
pub(super) fn title(report: &Report<'_>, incident: &Incident) -> String {
    let incomplete = if coverage::is_whole(report) { "" } else { "INCOMPLETE: " };
    let repository = super::name::shortened(&shown_path(&incident.repository));
    format!("{incomplete}{} {repository}", heading(report))
}

pub(super) fn header(report: &Report<'_>, incident: &Incident, scanned: &str) -> Markup {
    html! {
        header {
            p.kind { "Incident report" }
            h1 { (heading(report)) " " (name(&incident.repository)) }
            dl.facts {
                dt { "Scanned" } dd { (scanned) " UTC, by keysweep " (env!("CARGO_PKG_VERSION")) }
                dt { "Current version" }
                dd { @match &incident.head {
                    Some(id) => { "commit " code { (id) } },
                    None => "none: HEAD has no commit that can be read",
                } }
                dt { "Result" } dd { (result(report)) }
            }
            @if !incident.with_people {
                p {
                    "The names and addresses of the authors of commits were left out on request. "
                    "Names of files and branches are shown."
                }
            }
        }
    }
}

fn result(report: &Report<'_>) -> Markup {
    let found = match report.tokens() {
        0 if coverage::is_whole(report) => "No token was found.".to_owned(),
        0 => "No token was found in the part that was scanned.".to_owned(),
        tokens if coverage::is_whole(report) => format!("{} found.", counted(tokens, "token")),
        tokens => format!("At least {} found.", counted(tokens, "token")),
    };
    let state = if coverage::is_whole(report) { "The scan is complete." } else { "The scan is incomplete." };
    html! { strong { (found) " " (state) } }
}

/// What keeps the report from being a proof. Empty if everything was scanned.
pub(super) fn alarm(report: &Report<'_>) -> Markup {
    html! {
        @if !coverage::is_whole(report) {
            div.alarm role="alert" {
                h2 { "Incomplete: a part of the repository was not scanned" }
                p {
                    strong { (words::scanned_of_all(report)) " scanned" }
                    @if !report.result.is_complete() { "; " (words::unread(report)) }
                    @if !report.result.accepted.is_empty() {
                        "; " (counted(report.result.accepted.len(), "gap")) " accepted with --allow-incomplete"
                    }
                    ". The part that was not scanned may contain more tokens. This report does not prove that there are none. "
                    a href="#coverage" { "What was not scanned" }
                }
            }
        }
        @if let Some(failed) = report.failed {
            div.alarm role="alert" { h2 { "Something else failed" } (coverage::error(failed)) }
        }
    }
}

pub(super) fn summary(report: &Report<'_>, provenances: &[Provenance]) -> Markup {
    let count = |counts: fn(&Provenance) -> bool| provenances.iter().filter(|one| counts(one)).count();
    let is_remote = |one: &Provenance| {
        one.pushed.is_some() || matches!(one.reachability, Reachability::HeadAndRemote | Reachability::Remote)
    };
    let at_least = if coverage::is_whole(report) { "" } else { "at least " };
    html! {
        section aria-labelledby="summary" {
            h2 #summary { "In brief" }
            ul.tiles {
                (tile(at_least, provenances.len(), "tokens found"))
                (tile(at_least, count(|one| one.finding.severity == Severity::High), "live tokens"))
                (tile(at_least, count(|one| one.at_head), "in the current version (HEAD)"))
                (tile(at_least, count(is_remote), "known to be on a server"))
                @if report.verifications.is_some() {
                    (tile(at_least, still_accepted(report, provenances), "still accepted by their vendors"))
                }
            }
            @if provenances.is_empty() { p { "Nothing needs to be rotated for what was scanned." } }
            @else { p {
                "Whoever could read the repository could read these tokens. Treat each one as known to others until its vendor no longer "
                "accepts it. To remove a token from the files, or from the history, does not make it harmless."
            } }
        }
    }
}

fn still_accepted(report: &Report<'_>, provenances: &[Provenance]) -> usize {
    let answers = provenances.iter().filter_map(|one| report.verification(&one.finding));
    answers.filter(|answer| answer.verdict.status == Status::Live).count()
}

fn tile(at_least: &str, count: usize, of: &str) -> Markup {
    html! { li { span.count { (at_least) (grouped(count)) } " " span.of { (of) } } }
}

/// All tokens, the worst first. The first `sections` of them have a section of their own.
pub(super) fn table(provenances: &[Provenance], sections: usize) -> Markup {
    html! {
        section aria-labelledby="overview" {
            h2 #overview { "All tokens, the worst first" }
            div.wide tabindex="0" role="region" aria-label="All tokens" {
                table {
                    thead { tr {
                        th scope="col" { "No." } th scope="col" { "Token" } th scope="col" { "Severity" }
                        th scope="col" { "Introduced" } th scope="col" { "Pushed" } th scope="col" { "Removed" }
                        th scope="col" { "Where it is now" }
                    } }
                    tbody { @for (at, one) in provenances.iter().enumerate() { (row(at + 1, one, at < sections)) } }
                }
            }
        }
    }
}

fn row(number: usize, token: &Provenance, has_section: bool) -> Markup {
    let id = token.finding.fingerprint;
    let day_of = |date: Option<&String>| date.map_or("not known", |date| day(date)).to_owned();
    let introduced = token.occurrences.first().and_then(|place| place.commit.as_ref());
    let is_local = token.removed.is_some() && !still_in(token).is_empty();
    let removed =
        if token.at_head { "no".to_owned() } else { day_of(token.removed.as_ref().map(|commit| &commit.date)) };
    let removed = if is_local { format!("{removed}, locally") } else { removed };
    html! {
        tr {
            td { (number) }
            th scope="row" {
                @if has_section { a href={ "#token-" (id) } { code { (token.finding.redacted) } } } @else { code { (token.finding.redacted) } }
                br; (advice::name(&token.finding))
                @if !has_section { br; "fingerprint " code { (id) } }
            }
            td { (severity(token.finding.severity)) }
            td.date { (day_of(introduced.map(|commit| &commit.date))) }
            td.date { (day_of(token.pushed.as_ref().map(|push| &push.date))) }
            td.date { (removed) }
            td { (standing(token.reachability)) }
        }
    }
}

/// Stands in for the sections that are left out.
pub(super) fn rest(tokens: usize, incident: &Incident) -> Markup {
    html! {
        p.alarm {
            (counted(tokens, "more token")) " are in the table above, and have no section here."
            @if incident.command.is_some() { " This command lists every place of every token:" }
        }
        @if let Some(command) = &incident.command { pre { code { (command) } } }
    }
}
