//! The section of one token.

use maud::{Markup, html};

use super::event::events;
use super::name::{name, text};
use super::page::to_minute;
use super::timeline::timeline;
use crate::error::counted;
use crate::finding::ShownPath;
use crate::history::provenance::{Provenance, Reachability, ShownAtRemote};
use crate::report::advice;
use crate::report::history::{branches, duration, location};
use crate::report::model::Incident;
use crate::report::words::{known_of_several, short};
use crate::rule::Severity;
use crate::verify::answer::{Status, Verification};

/// Further names are only counted. `json` has all.
const MOST_REFS: usize = 30;
/// Further places are only counted.
const MOST_PLACES: usize = 20;

pub(super) fn section(
    number: usize,
    token: &Provenance,
    verification: Option<&Verification>,
    incident: &Incident,
) -> Markup {
    let id = token.finding.fingerprint;
    html! {
        section.token id={ "token-" (id) } aria-labelledby={ "heading-" (id) } {
            h3 id={ "heading-" (id) } { (number) ". " (capitalized(&advice::name(&token.finding))) " " code { (token.finding.redacted) } }
            (facts(token, verification))
            @match timeline(token) {
                Some(drawing) => figure { (drawing) },
                None => p { "There is no timeline, because no commit contains this token." },
            }
            (chronology(token, incident))
            (other_places(token))
        }
    }
}

fn facts(token: &Provenance, verification: Option<&Verification>) -> Markup {
    let finding = &token.finding;
    html! {
        dl.facts {
            dt { "Fingerprint" } dd { code { (finding.fingerprint) } }
            dt { "Severity" } dd { (severity(finding.severity)) }
            dt { "What it opens" } dd { "It " (advice::opens(finding)) "." }
            @if let Some(guess) = advice::guess(finding) { dt { "Vendor" } dd { (guess) "." } }
            dt { "Does it still work?" } dd { (verified(verification)) }
            dt { "Where it is now" } dd { (standing(token.reachability)) }
            @if !token.refs.is_empty() { dt { "Contained in" } dd { (names(&token.refs)) } }
            dt { "Known pushes" } dd { (pushed(token)) }
            dt { "Copies" } dd { (counted(token.copies, "object")) " in the repository" }
            @if let Some(known) = &finding.known { dt { "Baseline" } dd { (capitalized(&known_of_several(known))) "." } }
        }
    }
}

/// The vendor's answer about the token, if `--verify` asked.
fn verified(verification: Option<&Verification>) -> String {
    let Some(Verification { verdict, .. }) = verification else { return "Not asked. Act as if it does.".to_owned() };
    match verdict.status {
        Status::Live => format!("Yes: {}.", verdict.why),
        Status::Dead => format!("No: {}.", verdict.why),
        Status::Unknown => format!("Unknown: {}. Act as if it does.", verdict.why),
        Status::NotAsked => format!("Not asked, because {}. Act as if it does.", verdict.why),
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "High: a live token",
        Severity::Medium => "Medium: live or test, its prefix does not say which",
        Severity::Low => "Low: a test token",
    }
}

pub(super) fn standing(reachability: Reachability) -> &'static str {
    match reachability {
        Reachability::HeadAndRemote => "In the current version (HEAD), and on a remote branch",
        Reachability::Head => "In the current version (HEAD); on no remote branch that this clone knows",
        Reachability::Remote => "Not in the current version (HEAD), but on a remote branch",
        Reachability::Branch => "Not in the current version (HEAD), but on a local branch",
        Reachability::Tag => "Not in the current version (HEAD) and on no branch, but in a tag",
        Reachability::Ref => "On no branch and in no tag, but under another name of git",
        Reachability::Stash => "In a stash of this clone only",
        Reachability::Index => "Staged in this clone, not committed",
        Reachability::Reflog => "In the log of earlier versions of this clone only",
        Reachability::Dangling => "In an unreachable object of this clone only",
        Reachability::Disk => "In files on disk only",
    }
}

fn pushed(token: &Provenance) -> Markup {
    let Some(push) = &token.pushed else {
        return html! { "None is recorded in this clone. Other clones may have pushed it." };
    };
    let until = match (&push.at_remote, token.removed.is_some()) {
        (ShownAtRemote::InFiles(names), true) => {
            format!("It was removed from the files of this clone, but not from those of {}", branches(names))
        }
        (ShownAtRemote::InFiles(names), false) => format!("It is still in the files of {}", branches(names)),
        (ShownAtRemote::InHistory { removed_after: Some(seconds), .. }, _) => {
            format!("It was removed from the files there {} later, and stays in the history", duration(*seconds))
        }
        (ShownAtRemote::InHistory { .. }, true) => {
            "It was removed from the files before, and went out with the history".to_owned()
        }
        (ShownAtRemote::InHistory { .. }, false) => "It is in the history there".to_owned(),
        (ShownAtRemote::Unreachable, _) => "No branch that this clone knows there contains it any longer".to_owned(),
    };
    html! { "First on " (to_minute(&push.date)) " UTC to " (name(&push.name)) ". " (until) ". Other clones may have pushed it earlier." }
}

fn names(names: &[ShownPath]) -> Markup {
    let more = names.len().saturating_sub(MOST_REFS);
    html! {
        ul.names {
            @for one in names.iter().take(MOST_REFS) { li { (name(one)) } }
            @if more > 0 { li { "and " (counted(more, "more name")) } }
        }
    }
}

fn chronology(token: &Provenance, incident: &Incident) -> Markup {
    let (events, hidden) = events(token);
    if events.is_empty() {
        return html! {};
    }
    html! {
        div.wide tabindex="0" role="region" aria-label="Chronology" {
            table {
                caption { "Chronology" }
                thead { tr {
                    th scope="col" { "When (UTC)" } th scope="col" { "What" } th scope="col" { "Where" } th scope="col" { "Commit" }
                    @if incident.with_people { th scope="col" { "By" } }
                } }
                tbody { @for event in &events { tr {
                    td.date { (event.date) }
                    th scope="row" { (event.what) }
                    td.place { @if let Some(place) = &event.place { (text(place)) } }
                    td.id { @if let Some(commit) = event.commit { code { (short(&commit.id)) } } }
                    @if incident.with_people { td.person { @if let Some(commit) = event.commit { (name(&commit.author)) } } }
                } } }
            }
        }
        @if hidden > 0 { p { (counted(hidden, "more commit")) " introduced it again." } }
        @if token.removed.is_none() { p { (not_removed(token)) } }
    }
}

fn not_removed(token: &Provenance) -> &'static str {
    if token.at_head {
        "It was still in HEAD when the repository was scanned."
    } else {
        "No commit is known to have removed it."
    }
}

/// The places outside of all commits.
fn other_places(token: &Provenance) -> Markup {
    let places: Vec<_> = token.occurrences.iter().filter(|place| place.commit.is_none()).collect();
    let more = places.len().saturating_sub(MOST_PLACES);
    html! {
        @if !places.is_empty() {
            p { "Also found outside of all commits:" }
            ul {
                @for place in places.iter().take(MOST_PLACES) { li { (text(&location(place))) } }
                @if more > 0 { li { "and " (counted(more, "more place")) } }
            }
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
