//! `keysweep history`: the sweep of a repository, and the answer for each token.

use std::path::Path;
use std::time::Instant;

use super::args::Common;
use super::{Scan, finish, hook, settings_of_index, stale_entries, threads};
use crate::detect::Detector;
use crate::exposure::expose;
use crate::source::{History, Kind, Repository, Staged};
use crate::sweep::Sweep;
use crate::trouble::Trouble;

/// Scans every object, and follows each token through the history.
pub(super) fn run(common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let mut notes = Vec::new();
    let settings = match repository.worktree() {
        Some(_) => settings_of_index(&Staged::read(&repository)?, &repository, &mut notes, common)?,
        None => hook::settings_of_head(&repository, common)?,
    };
    let detector = Detector::new(&settings.rules);
    let history = History::open(&repository, &detector);
    let sweep = Sweep { detector: &detector, allow: &settings.allow, before: None };
    let mut outcome = sweep.run(&history, threads(common));
    let exposures = expose(&mut outcome, &history, &detector, &settings.allow, threads(common))?;
    notes.extend(stale_entries(&settings.allow, &outcome));
    let exposures = Some(exposures);
    finish(&Scan { kind: Kind::History, outcome, exposures, started, notes, first_commit: false }, common)
}
