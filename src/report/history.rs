//! The report of a history scan for people: one paragraph for each token.

use std::io::{self, Write};

use super::advice;
use super::layout::{paragraph, unbroken};
use super::shown::shown_path;
use super::style::{Style, heading};
use super::words::{self, short};
use crate::error::counted;
use crate::finding::{Part, ShownPath};
use crate::history::provenance::{Occurrence, Provenance, Reachability, ShownAtRemote, ShownCommit, ShownPush};
use crate::rotation::Step;
use crate::verify::answer::Verification;

/// Further names, places and paths are only counted.
const SHOWN: usize = 5;

/// Further items of a step are only counted. There are fewer vendors.
const SHOWN_ITEMS: usize = 20;

/// How much of a token's history to print.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Whether to print what the token opens.
    pub explained: bool,
    /// The maximum number of places.
    pub occurrences: usize,
}

impl Extent {
    pub fn of_history(explained: bool) -> Self {
        Self { explained, occurrences: SHOWN }
    }

    /// For a search by value, where the user asked for this token.
    pub const EVERYTHING: Self = Self { explained: true, occurrences: usize::MAX };
}

pub(super) fn write_exposure(
    one: &Provenance,
    title: &str,
    verified: Option<&Verification>,
    extent: Extent,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let finding = &one.finding;
    writeln!(out, "{}", heading(finding, &format!("{title} {}", reachability(one.reachability)), style))?;
    let mut row = |name: &str, text: String| {
        let name = format!("{name:>14}:");
        let painted = format!("  {} ", style.frame(&name));
        writeln!(out, "{}", paragraph(&format!("  {name} "), &painted, &text, style.width))
    };
    let severity = format!("severity {}, fingerprint {}", finding.severity, finding.fingerprint);
    row("token", format!("{}, {severity}", finding.redacted))?;
    if let Some(verified) = verified {
        row("verified", verified.sentence())?;
    }
    for (at, place) in one.occurrences.iter().take(extent.occurrences).enumerate() {
        let name = match (place.on_disk, at) {
            (true, _) => "on disk",
            (false, _) if place.commit.is_none() => "found in",
            (false, 0) => "added",
            (false, _) => "also added",
        };
        let by_value = if place.by_value { ", found by its value" } else { "" };
        let baselined = if place.baselined { ", in the baseline" } else { "" };
        row(name, format!("{}{by_value}{baselined}", whence(place)))?;
    }
    if let Some(known) = &finding.known {
        row("baseline", words::known_of_several(known))?;
    }
    if one.occurrences.len() > extent.occurrences {
        row(
            "also added",
            format!("{}, counted below", counted(one.occurrences.len() - extent.occurrences, "more place")),
        )?;
    }
    if let Some(push) = &one.pushed {
        row("pushed", pushed(push))?;
    }
    if let Some(last) = &one.last {
        row("last in", commit(last))?;
    }
    if let Some(removed) = &one.removed {
        row("removed in", commit(removed))?;
    }
    if one.copies > 0 {
        row("copies", counted(one.copies, "object"))?;
    }
    if !one.refs.is_empty() {
        row("reachable from", listed(&one.refs))?;
    }
    if extent.explained {
        if let Some(guess) = advice::guess(finding) {
            row("vendor", guess)?;
        }
        row(
            "rotate",
            format!(
                "it {}; for the steps, run {}",
                advice::opens(finding),
                unbroken(&format!("keysweep rules {}", finding.rule.id))
            ),
        )?;
    }
    writeln!(out)
}

/// Prints the numbered steps and their commands.
pub(super) fn write_plan(steps: &[Step], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.strong("What to do, in this order:"))?;
    for (number, step) in steps.iter().enumerate() {
        let number = format!("{}. ", number + 1);
        writeln!(out, "\n{}", paragraph(&number, &style.frame(&number), &step.says, style.width))?;
        let item = |item| paragraph("   - ", "   - ", item, style.width);
        step.list.iter().take(SHOWN_ITEMS).try_for_each(|one| writeln!(out, "{}", item(one)))?;
        if step.list.len() > SHOWN_ITEMS {
            writeln!(out, "   - … and {} more", step.list.len() - SHOWN_ITEMS)?;
        }
        step.run.iter().try_for_each(|command| writeln!(out, "       {}", style.strong(command)))?;
    }
    Ok(())
}

fn reachability(reachability: Reachability) -> &'static str {
    match reachability {
        Reachability::HeadAndRemote => "is in HEAD and on a remote branch",
        Reachability::Head => "is in HEAD",
        Reachability::Remote => "is on a remote branch",
        Reachability::Branch => "is on a branch",
        Reachability::Tag => "is reachable from a tag",
        Reachability::Ref => "is reachable from a ref",
        Reachability::Stash => "is in the stash",
        Reachability::Index => "is in the index",
        Reachability::Reflog => "is reachable from a reflog only",
        Reachability::Dangling => "is in an unreachable object",
        Reachability::Disk => "is in files on disk only",
    }
}

fn whence(place: &Occurrence) -> String {
    match &place.commit {
        Some(known) => format!("{} in {}", location(place), commit(known)),
        None => location(place),
    }
}

/// The path and the line of a place, or another name for it, without the commit.
pub(super) fn location(place: &Occurrence) -> String {
    let object = place.object.as_deref().unwrap_or_default();
    let line = place.position.map_or(String::new(), |at| format!(":{}:{}", at.line, at.column));
    // In an archive that no ref reaches.
    let is_inside = |path: &ShownPath| place.commit.is_none() && !place.on_disk && path.as_bytes().starts_with(b"!/");
    let outer = match &place.path {
        Some(path) if cfg!(feature = "archives") && is_inside(path) => format!("object {}", short(object)),
        _ => String::new(),
    };
    let what = match (&place.path, place.part) {
        (Some(path), Part::Name) => format!("{outer}{} (file name)", shown_path(path)),
        (Some(path), _) => format!("{outer}{}{line}", shown_path(path)),
        (None, Part::Message) => format!("the message{line}"),
        (None, Part::Person) => "a name or address".to_owned(),
        (None, Part::Header) => "a header".to_owned(),
        (None, _) => format!("object {}{line}", short(object)),
    };
    match (&place.commit, place.part) {
        (None, Part::Message | Part::Person | Part::Header) => format!("{what} of object {}", short(object)),
        _ => what,
    }
}

/// The file of a place, or another name for it.
pub(super) fn file(place: &Occurrence) -> String {
    match (&place.path, place.part) {
        (Some(path), _) => shown_path(path),
        (None, Part::Message) => "(messages)".to_owned(),
        (None, Part::Person) => "(names and addresses)".to_owned(),
        (None, Part::Header) => "(headers)".to_owned(),
        (None, _) => "(objects without a path)".to_owned(),
    }
}

fn commit(commit: &ShownCommit) -> String {
    let day = commit.date.split('T').next().unwrap_or_default();
    format!("{} of {day}, {}", short(&commit.id), shown_path(&commit.author))
}

/// Other clones may have pushed the token earlier.
fn pushed(push: &ShownPush) -> String {
    let minute: String = push.date.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect();
    let name = shown_path(&push.name);
    let branch = remote_branch(&name);
    let since = match &push.at_remote {
        ShownAtRemote::InFiles(names) => match push.removed_locally_after {
            Some(seconds) => format!(", removed locally {} later, but still in {}", duration(seconds), branches(names)),
            None => format!(", still in {}", branches(names)),
        },
        ShownAtRemote::InHistory { removed_after: Some(seconds), is_push: true } => {
            format!(", removal pushed {} later", duration(*seconds))
        }
        ShownAtRemote::InHistory { removed_after: Some(seconds), is_push: false } => {
            format!(", removed {} later", duration(*seconds))
        }
        ShownAtRemote::InHistory { removed_after: None, .. } => String::new(),
        ShownAtRemote::Unreachable => ", no longer on a remote branch".to_owned(),
    };
    format!("{minute} UTC to {branch}{since} (as far as this clone knows)")
}

/// `origin/main` for `refs/remotes/origin/main`.
pub(super) fn remote_branch(name: &str) -> &str {
    name.strip_prefix("refs/remotes/").unwrap_or(name)
}

/// `origin/main and origin/topic`, or the first one and how many there are beside it.
pub(super) fn branches(names: &[ShownPath]) -> String {
    let first = names.first().map(shown_path).unwrap_or_default();
    let first = remote_branch(&first);
    match names.len() {
        0 | 1 => first.to_owned(),
        2 => format!("{first} and {}", remote_branch(&shown_path(&names[1]))),
        all => format!("{first} and {}", counted(all - 1, "other branch")),
    }
}

/// Rounds down to minutes, hours or days.
pub(super) fn duration(seconds: u64) -> String {
    if seconds < 60 {
        return "less than a minute".to_owned();
    }
    let (count, unit) = match seconds {
        0..7_200 => (seconds / 60, "min"),
        7_200..259_200 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit}")
}

fn listed(names: &[ShownPath]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(shown_path).collect();
    let more = names.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}
