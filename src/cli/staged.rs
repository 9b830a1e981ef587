//! `keysweep staged`.

use std::path::Path;
use std::time::Instant;

use super::current_dir::is_below_top;
use super::in_force;
use super::options::Common;
use super::scan::{self, Scan, finish};
use crate::error::Error;
use crate::git::repository::Repository;
use crate::scan::staged::Staged;

/// Scans what the next commit adds, or all that the index has, by the configuration that the index has.
pub(super) fn run(whole: bool, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let staged = if whole { Staged::whole(&repository)? } else { Staged::read(&repository)? };
    let mut notes = Vec::new();
    let settings = in_force::of_index(staged.config(), &repository, &mut notes, common)?;
    let (result, kind) = scan::run(&staged, &settings, Some(&settings.before), common);
    notes.extend(settings.unstaged_edit(&result, repository.worktree()));
    let below_top = !result.findings.is_empty() && is_below_top(&repository);
    let first_commit = staged.is_first();
    let quiet = settings.quiet;
    finish(Scan { first_commit, below_top, quiet, ..Scan::new(kind, result, started, notes) }, common)
}
