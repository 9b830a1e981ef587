//! `keysweep files`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::args::FilesArgs;
use super::current_dir::is_same_folder;
use super::options::Common;
use super::scan::{self, Scan, finish};
use super::stale::stale_entries;
use super::stdin;
use super::today::today;
use super::{baselines, in_force};
use crate::error::Error;
use crate::git::repository::Repository;
use crate::history::baselined::apply;
use crate::scan::files::{Files, STDIN};
use crate::scan::git_dir::GitFiles;

/// The note for `some command | keysweep files`.
const UNREAD_STDIN: &str = "standard input was not read; to scan it, run keysweep files -";

pub(super) fn run(args: &FilesArgs, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new(".")).ok();
    let top = repository.as_ref().and_then(Repository::worktree);
    let settings = in_force::of_folder(top, common)?;
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { &here } else { &args.paths[..] };
    let files = Files::find(paths, GitFiles::default(), top, args.respect_gitignore);
    let files = match &args.stdin_path {
        Some(path) if paths.contains(&PathBuf::from(STDIN)) => files.with_stdin_as(path, top),
        Some(_) => return Err(without_stdin()),
        None => files,
    };
    #[cfg(feature = "archives")]
    let files = files.with_archives(args.archives);
    let whole = top.is_some_and(|top| paths.iter().any(|path| is_same_folder(path, top)));
    let (mut result, kind) = scan::run(&files, &settings, None, common);
    if !result.findings.is_empty() {
        let baseline = baselines::of_folder(top.unwrap_or(Path::new(".")))?;
        apply(&mut result, &baseline, None, today()?);
    }
    // A glob that matches nothing is stale only if the whole repository was scanned. A fingerprint may belong to the history.
    let mut notes = if whole { stale_entries(&settings.allow, &result, None) } else { Vec::new() };
    if args.paths.is_empty() && stdin::is_waiting() {
        notes.push(UNREAD_STDIN.to_owned());
    }
    finish(Scan { quiet: settings.quiet, ..Scan::new(kind, result, started, notes) }, common)
}

fn without_stdin() -> Error {
    let help = "add - to the paths: keysweep files - --stdin-path PATH";
    Error::new("cannot use --stdin-path", "standard input is not among the paths", help)
}
