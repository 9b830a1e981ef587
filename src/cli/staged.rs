//! `keysweep staged`.

use std::path::Path;
use std::time::Instant;

use super::current_dir::is_below_top;
use super::options::Common;
use super::scan::{self, Scan, finish};
use super::{baselines, in_force};
use crate::error::Error;
use crate::git::repository::Repository;
use crate::scan::staged::Staged;

/// Scans what the next commit adds, or the whole index, with the configuration in the index.
pub(super) fn run(whole: bool, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let staged = if whole { Staged::whole(&repository)? } else { Staged::read(&repository)? };
    let mut notes = Vec::new();
    let settings = in_force::of_index(staged.config(), &repository, &mut notes, common)?;
    let (mut result, kind) = scan::run(&staged, &settings, Some(&settings.before), common);
    baselines::apply_staged(&mut result, &repository, &mut notes)?;
    notes.extend(settings.unstaged_edit(&result, repository.worktree()));
    let below_top = !result.findings.is_empty() && is_below_top(&repository);
    let first_commit = staged.is_first();
    let quiet = settings.quiet;
    finish(Scan { first_commit, below_top, quiet, ..Scan::new(kind, result, started, notes) }, common)
}
