//! `keysweep files`.

use std::path::Path;
use std::time::Instant;

use super::args::FilesArgs;
use super::current_dir::is_same_folder;
use super::in_force;
use super::options::Common;
use super::scan::{self, Scan, finish};
use super::stale::stale_entries;
use crate::error::Error;
use crate::git::repository::Repository;
use crate::scan::files::Files;
use crate::scan::git_dir::GitFiles;

pub(super) fn run(args: &FilesArgs, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new(".")).ok();
    let top = repository.as_ref().and_then(Repository::worktree);
    let settings = in_force::of_folder(top, common)?;
    let files = Files::find(&args.paths, GitFiles::default(), top, args.respect_gitignore);
    #[cfg(feature = "archives")]
    let files = files.with_archives(args.archives);
    let whole = top.is_some_and(|top| args.paths.iter().any(|path| is_same_folder(path, top)));
    let (result, kind) = scan::run(&files, &settings, None, common);
    // Only where all of the repository is scanned is a glob that allows nothing a stale one; a fingerprint may be the history's.
    let notes = if whole { stale_entries(&settings.allow, &result, None) } else { Vec::new() };
    finish(Scan { quiet: settings.quiet, ..Scan::new(kind, result, started, notes) }, common)
}
