//! `keysweep find`: every place where one token stands, whatever it looks like.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::args::{Common, FindArgs};
use super::progress::{self, Progress};
use super::{Scan, finish, threads};
use crate::allow::Allow;
use crate::detect::{Detector, without_line_end};
use crate::exposure::{Detail, add_files, expose};
use crate::rules;
use crate::source::{Files, History, Kind, Repository, Watch};
use crate::sweep::{Outcome, Sweep};
use crate::trouble::Trouble;

/// Fewer bytes stand in too many places by chance.
const SHORTEST: usize = 8;

/// Encoded text is decoded in pieces, which share enough for a token of this length in any encoding.
const LONGEST: usize = 512;

/// How to give it so that it comes into no shell's history.
const HOW: &str = "give it on standard input: printf %s \"$TOKEN\" | keysweep find";

pub(super) fn run(args: &FindArgs, common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    refuse(&args.typed, common)?;
    let token = token()?;
    let detector = Detector::seeking(rules::ALL, &token);
    let repository = Repository::discover(Path::new(".")).map_err(|trouble| Trouble {
        attempt: detector.mask_sentence(&trouble.attempt),
        cause: detector.mask_sentence(&trouble.cause),
        ..trouble
    })?;
    let watch = Arc::new(Watch::default());
    progress::tell_when_stopped(&repository, &watch);
    let progress = Progress::start(&watch, common);
    let history = History::open(&repository, &detector, threads(common), watch);
    let allow = Allow::strict();
    let sweep = Sweep { detector: &detector, allow: &allow, before: None, vault: None, tell: None };
    let mut outcome = sweep.run(&history, threads(common));
    let mut exposures = expose(&mut outcome, &history, &detector, &allow, Detail::Position, threads(common));
    let on_disk = sweep.run(&files(&repository), threads(common));
    drop(progress);
    add_files(&mut exposures, &on_disk.findings);
    absorb(&mut outcome, on_disk);
    if args.allow_incomplete {
        outcome.accept_lacks();
    }
    let notes = history.notes().into_iter().chain(unfound(&token)).collect();
    let scan = Scan::new(Kind::Everywhere, outcome, started, notes);
    finish(Scan { exposures: Some(exposures), ..scan }, common)
}

/// What has no part in this, rather than leaving it out in silence.
fn refuse(typed: &[OsString], common: &Common) -> Result<(), Trouble> {
    if !typed.is_empty() {
        let cause = "what is typed stays in the shell's history";
        return Err(Trouble::new("cannot take the token from the command line", cause, HOW));
    }
    if common.config.is_some() || !common.allow.is_empty() {
        let cause = "find tells of every place, whatever is allowed";
        return Err(Trouble::new("cannot use --config or --allow", cause, "leave it out"));
    }
    Ok(())
}

/// The token on standard input.
fn token() -> Result<Vec<u8>, Trouble> {
    let refused = |cause: &str, way_out: &str| Err(Trouble::new("cannot look for the token", cause, way_out));
    if io::stdin().is_terminal() {
        return refused("it is not typed, so that no terminal shows it", HOW);
    }
    let mut text = Vec::new();
    // More than this is no token, be it a whole file.
    let read = io::stdin().take(1 << 20).read_to_end(&mut text);
    read.map_err(|err| Trouble::new("cannot read the token from standard input", err, HOW))?;
    let token = without_line_end(&text);
    let any_part = "give a part of it that is on one line: any 8 bytes or more in a row will do";
    match token {
        [] => refused("standard input is empty", HOW),
        _ if token.contains(&b'\n') => refused("standard input has more than one line", any_part),
        _ if token.contains(&0) => refused("there is a NUL in it, which no token has", any_part),
        _ if token.len() < SHORTEST => {
            refused("it has fewer than 8 bytes, which stand anywhere by chance", "give all of it")
        }
        _ if token.len() > LONGEST => refused("it has more than 512 bytes", any_part),
        _ => Ok(token.to_vec()),
    }
}

/// The worktree, and what git keeps beside objects, refs and the index: settings, hooks, reflogs, the last message.
fn files(repository: &Repository) -> Files {
    let worktree: Vec<PathBuf> = repository.worktree().map(Path::to_owned).into_iter().collect();
    Files::find(&worktree, &repository.own_files(), repository.worktree(), false)
}

/// That git's own folder is none of the files is no gap: it was read as what it is.
fn absorb(outcome: &mut Outcome, mut on_disk: Outcome) {
    on_disk.skipped.retain(|one| one.path.as_bytes() != b".git");
    outcome.absorb(on_disk);
}

/// A token that decoding may not tell from other text.
fn unfound(token: &[u8]) -> Option<String> {
    let what = "the token is short, or has other characters than letters, digits and _-+/=: it was looked for as it is and in \
                the usual ways of encoding it once; encoded twice, wrapped into lines or escaped in part it may not be found";
    (!Detector::decodes(token)).then(|| what.to_owned())
}
