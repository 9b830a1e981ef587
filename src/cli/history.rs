//! `keysweep history`: the sweep of a repository, and the answer for each token.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use super::args::{Common, HistoryArgs};
use super::config::Settings;
use super::{Scan, finish, stale_entries, threads, unstaged_config};
use crate::cleaning::{Cleaning, Place, layout};
use crate::detect::Detector;
use crate::exposure::{Exposure, expose};
use crate::source::{History, Kind, Repository, Staged};
use crate::sweep::Sweep;
use crate::trouble::Trouble;
use crate::vault::Vault;

/// Scans every object, and follows each token through the history.
pub(super) fn run(args: &HistoryArgs, common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let place = place(args, &repository, common)?;
    let vault = place.as_ref().map(|_| Vault::default());
    let mut notes = Vec::new();
    let mut unread = Vec::new();
    let settings = settings(&repository, &mut notes, &mut unread, common)?;
    let detector = Detector::new(&settings.rules);
    let history = History::open(&repository, &detector);
    let sweep = Sweep { detector: &detector, allow: &settings.allow, before: None, vault: vault.as_ref() };
    let mut outcome = sweep.run(&history, threads(common));
    outcome.unread.extend(unread);
    let exposures = expose(&mut outcome, &history, &detector, &settings.allow, threads(common));
    notes.extend(history.notes());
    notes.extend(stale_entries(&settings.allow, &outcome));
    if args.allow_incomplete {
        outcome.accept_lacks();
    }
    let mut failed = None;
    let cleaning = cleaning(&exposures, place.zip(vault), &repository, &detector, &mut notes, &mut failed);
    let exposures = Some(exposures);
    let scan = Scan { kind: Kind::History, outcome, exposures, cleaning, failed, started, notes, first_commit: false };
    finish(&scan, common)
}

/// What the plan needs, and the file with the replacements where there is something to put into it. What was found is told
/// also where that fails.
fn cleaning(
    exposures: &[Exposure],
    asked: Option<(Place, Vault)>,
    repository: &Repository,
    detector: &Detector,
    notes: &mut Vec<String>,
    failed: &mut Option<Trouble>,
) -> Option<Cleaning> {
    if exposures.is_empty() {
        notes.extend(asked.map(|_| "no token was found, so no file with replacements was written".to_owned()));
        return None;
    }
    let layout = layout(repository.worktree().is_some(), detector).map_err(|trouble| *failed = Some(trouble)).ok()?;
    let found: HashSet<_> = exposures.iter().map(|one| one.finding.fingerprint).collect();
    let written = asked.map(|(place, vault)| place.write(vault, |token| found.contains(&token), detector)).transpose();
    let replacements = written.unwrap_or_else(|trouble| {
        *failed = Some(trouble);
        None
    });
    Some(Cleaning { layout, replacements })
}

/// Where to write the replacements, if that was asked for. What is wrong with it is said before the sweep, not after it.
fn place(args: &HistoryArgs, repository: &Repository, common: &Common) -> Result<Option<Place>, Trouble> {
    let Some(path) = &args.replacements else { return Ok(None) };
    let place = Place::new(path, repository.worktree())?;
    match &common.output {
        Some(report) if place.is(report) => Err(Trouble::new(
            format!("cannot write the report to {}", report.display()),
            "the replacements go there",
            "choose another place for one of them",
        )),
        _ => Ok(Some(place)),
    }
}

/// As the index has them, or HEAD. Where these cannot be read nothing is allowed, so that what can be read is scanned.
fn settings(
    repository: &Repository,
    notes: &mut Vec<String>,
    unread: &mut Vec<Trouble>,
    common: &Common,
) -> Result<Settings, Trouble> {
    if let Some(path) = &common.config {
        return Settings::from_file(path, &common.allow);
    }
    let found = if repository.worktree().is_some() {
        Staged::whole(repository).and_then(|index| index.config())
    } else {
        config_of_head(repository)
    };
    match found {
        Ok(Some(text)) => Settings::from_change(&text, None, &common.allow),
        Ok(None) => {
            notes.extend(unstaged_config(repository));
            Settings::without_file(&common.allow)
        }
        Err(trouble) => {
            unread.push(trouble);
            Settings::without_file(&common.allow)
        }
    }
}

/// A bare repository has no index.
fn config_of_head(repository: &Repository) -> Result<Option<Vec<u8>>, Trouble> {
    let head = repository.head_id()?;
    Ok(head.map(|head| repository.config_of_commit(&head)).transpose()?.flatten())
}
