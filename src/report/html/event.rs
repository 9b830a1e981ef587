//! What happened to a token, in order.

use super::page::to_minute;
use crate::finding::ShownPath;
use crate::git::date::iso8601;
use crate::history::provenance::{Occurrence, Provenance, ShownAtRemote, ShownCommit, ShownPush};
use crate::report::history::{branches, duration, location, remote_branch};
use crate::report::shown::shown_path;

/// Further commits that introduced the token are only counted.
const MOST_INTRODUCTIONS: usize = 20;

/// One row of the chronology of a token.
pub(super) struct Event<'p> {
    /// In seconds since 1970.
    pub time: i64,
    /// `2024-01-02 03:04`, in UTC.
    pub date: String,
    pub what: String,
    /// The path and the line, or the remote branch.
    pub place: Option<String>,
    pub commit: Option<&'p ShownCommit>,
}

/// The events with a date, oldest first, and the number of introductions that are left out.
pub(super) fn events(token: &Provenance) -> (Vec<Event<'_>>, usize) {
    let introductions = introductions(token);
    let hidden = introductions.len().saturating_sub(MOST_INTRODUCTIONS);
    let shown = introductions.iter().take(MOST_INTRODUCTIONS).enumerate();
    let introduced = shown.map(|(at, (place, commit))| introduced(at == 0, place, commit));
    let is_introduction = |commit: &ShownCommit| introductions.iter().any(|(_, other)| other.id == commit.id);
    let last = token.last.as_ref().filter(|commit| !token.at_head && !is_introduction(commit));
    let last = last.map(|commit| of_commit("In the last commit that contains it".to_owned(), commit));
    let mut events: Vec<Event<'_>> =
        introduced.chain(pushed(token)).chain(last).chain(removed(token)).chain(removal_pushed(token)).collect();
    events.sort_by_key(|event| event.time);
    (events, hidden)
}

fn introduced<'p>(is_first: bool, place: &Occurrence, commit: &'p ShownCommit) -> Event<'p> {
    let what = if is_first { "Introduced" } else { "Introduced again" };
    let by_value = if place.by_value { " (found by its value)" } else { "" };
    let baselined = if place.baselined { " (in the baseline)" } else { "" };
    Event { place: Some(location(place)), ..of_commit(format!("{what}{by_value}{baselined}"), commit) }
}

fn pushed(token: &Provenance) -> Option<Event<'_>> {
    let push = token.pushed.as_ref()?;
    Some(Event {
        time: push.time,
        date: to_minute(&push.date),
        what: "Pushed to a server, for the first time that this clone recorded".to_owned(),
        place: Some(remote_branch(&shown_path(&push.name)).to_owned()),
        commit: None,
    })
}

fn removed(token: &Provenance) -> Option<Event<'_>> {
    let push = token.pushed.as_ref();
    let after = push.and_then(|push| push.removed_locally_after);
    let after = after.map_or(String::new(), |seconds| format!(", {} after the push", duration(seconds)));
    let (local, still_in) = match still_in(token) {
        [] => ("", String::new()),
        names => (" of this clone", format!(", but not from those of {}", branches(names))),
    };
    Some(of_commit(format!("Removed from the files{local}{after}{still_in}"), token.removed.as_ref()?))
}

/// The tracking refs whose files contain the token, if it was pushed from this clone.
pub(super) fn still_in(token: &Provenance) -> &[ShownPath] {
    token.pushed.as_ref().map_or(&[], ShownPush::still_in)
}

fn removal_pushed(token: &Provenance) -> Option<Event<'_>> {
    let push = token.pushed.as_ref()?;
    let ShownAtRemote::InHistory { removed_after: Some(after), is_push: true } = push.at_remote else { return None };
    let time = push.time.checked_add_unsigned(after)?;
    Some(Event {
        time,
        date: to_minute(&iso8601(time)),
        what: "The removal was pushed to the server".to_owned(),
        place: None,
        commit: None,
    })
}

/// The places where a commit introduced the token.
pub(super) fn introductions(token: &Provenance) -> Vec<(&Occurrence, &ShownCommit)> {
    token.occurrences.iter().filter_map(|place| Some((place, place.commit.as_ref()?))).collect()
}

fn of_commit(what: String, commit: &ShownCommit) -> Event<'_> {
    Event { time: commit.time, date: to_minute(&commit.date), what, place: None, commit: Some(commit) }
}
