//! `keysweep history`: the sweep of a repository, and the answer for each token.

use std::path::Path;
use std::time::Instant;

use super::args::{Common, HistoryArgs};
use super::config::Settings;
use super::{Scan, finish, stale_entries, threads, unstaged_config};
use crate::detect::Detector;
use crate::exposure::expose;
use crate::source::{History, Kind, Repository, Staged};
use crate::sweep::Sweep;
use crate::trouble::Trouble;

/// Scans every object, and follows each token through the history.
pub(super) fn run(args: &HistoryArgs, common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let mut notes = Vec::new();
    let mut unread = Vec::new();
    let settings = settings(&repository, &mut notes, &mut unread, common)?;
    let detector = Detector::new(&settings.rules);
    let history = History::open(&repository, &detector);
    let sweep = Sweep { detector: &detector, allow: &settings.allow, before: None };
    let mut outcome = sweep.run(&history, threads(common));
    outcome.unread.extend(unread);
    let exposures = expose(&mut outcome, &history, &detector, &settings.allow, threads(common));
    notes.extend(history.notes());
    notes.extend(stale_entries(&settings.allow, &outcome));
    if args.allow_incomplete {
        outcome.accept_lacks();
    }
    let exposures = Some(exposures);
    finish(&Scan { kind: Kind::History, outcome, exposures, started, notes, first_commit: false }, common)
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
