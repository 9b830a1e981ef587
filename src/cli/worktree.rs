//! `keysweep worktree`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use super::args::WorktreeArgs;
use super::current_dir::is_below_top;
use super::options::Common;
use super::scan::{self, Scan, finish, threads};
use super::today::today;
use super::{baselines, in_force};
use crate::error::{Error, counted};
use crate::git::repository::Repository;
use crate::history::baselined::apply;
use crate::scan::engine::ScanResult;
use crate::scan::staged::Staged;
use crate::scan::unstaged::Unstaged;

/// Scans the staged change, and the files on disk that differ from the index.
pub(super) fn run(args: &WorktreeArgs, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let Some(top) = repository.own_worktree()?.map(Path::to_owned) else {
        let context = format!("cannot scan the worktree of {}", repository.git_dir().display());
        return Err(Error::new(context, "it is a bare repository", "run keysweep worktree in a worktree"));
    };
    let settings = in_force::of_folder(Some(&top), common)?;
    let (mut result, _) = scan::run(&Staged::read(&repository)?, &settings, None, common);
    let unstaged = Unstaged::read(&repository, &top, args.all, threads(common))?;
    #[cfg(feature = "archives")]
    let unstaged = unstaged.with_archives(args.archives);
    let (on_disk, kind) = scan::run(&unstaged, &settings, None, common);
    absorb(&mut result, on_disk);
    if !result.findings.is_empty() {
        apply(&mut result, &baselines::of_folder(&top)?, None, today()?);
    }
    let mut notes = Vec::new();
    match unstaged.filtered(&top) {
        Ok(paths) => notes.extend(filter_note(&paths)),
        Err(error) => result.unread.push(error),
    }
    let below_top = !result.findings.is_empty() && is_below_top(&repository);
    finish(Scan { below_top, quiet: settings.quiet, ..Scan::new(kind, result, started, notes) }, common)
}

/// Adds the result for the files on disk. With --all, a token that is staged and on disk is in both results.
fn absorb(result: &mut ScanResult, on_disk: ScanResult) {
    let found = on_disk.findings.iter().map(|finding| (finding.path.clone(), finding.position, finding.fingerprint));
    let found: BTreeSet<_> = found.collect();
    result.findings.retain(|finding| !found.contains(&(finding.path.clone(), finding.position, finding.fingerprint)));
    result.absorb(on_disk);
}

/// The note for files that git passes through a filter, such as those of Git LFS.
fn filter_note(paths: &[Vec<u8>]) -> Option<String> {
    const SHOWN: usize = 5;
    let names: Vec<String> = paths.iter().take(SHOWN).map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    let more = paths.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {}", counted(more, "more file")) } else { String::new() };
    (!paths.is_empty())
        .then(|| format!("git filters what it stages of {}{rest}; the bytes on disk were scanned", names.join(", ")))
}
