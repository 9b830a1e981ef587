//! Tokens in logs.

use std::path::PathBuf;

use super::check::Check;
use super::model::{Answer, Place};
use super::package::is_vendored;
use super::reader::{folder_of, name_of};
use super::subject::Subject;
use crate::finding::Finding;

pub(super) const CHECK: Check = Check {
    name: "token-logged",
    rule: "no token is in a log or an error message",
    explanation: "\
Scans the log files in the worktree, ignored ones included: names that end in .log, and files in folders called log or logs. In
code, a heuristic looks for calls that log, print or throw a variable with a secret. Its length, a part of it, whether it is
set, and what a function makes of it are fine.

fail: a log file holds a token.
suspect: code logs a secret, or puts it into an error.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let tracked = subject.paths().iter().filter(|(path, _)| is_log(path)).count();
    let ignored: Vec<PathBuf> = subject
        .ignored()
        .iter()
        .filter(|path| is_ignored_log(path) && !is_vendored(path))
        .map(|path| subject.reader.on_disk(path.strip_suffix(b"/").unwrap_or(path)))
        .filter(|path| path.symlink_metadata().is_ok_and(|meta| meta.is_file() || meta.is_dir()))
        .collect();
    let mut places: Vec<Place> = subject.scan_files(&ignored).iter().filter_map(place).collect();
    let in_log = |finding: &&Finding| finding.path.as_ref().is_some_and(|path| is_log(path.as_bytes()));
    if tracked > 0 {
        places.extend(subject.scan().findings.iter().filter(in_log).filter_map(place));
    }
    places.extend(subject.scan().logged.iter().map(|one| {
        let why = format!("{} goes into a log or an error", one.name);
        Place::suspect(subject.shown(&one.path), Some(one.line), why, "log whether it is set, and never its value")
    }));
    Answer::of(places, || Answer::pass("no log file and no call that logs has a token"))
}

fn place(finding: &Finding) -> Option<Place> {
    let path = finding.path.clone()?;
    let why = format!("a log holds a token: {} ({})", finding.rule.title, finding.redacted);
    let help = "remove what logs it, delete the log, and rotate the token";
    Some(Place::fail(path, finding.position.map(|at| at.line), why, help))
}

fn is_log(path: &[u8]) -> bool {
    let in_folder = folder_of(path).split(|&b| b == b'/').any(|part| matches!(part, b"log" | b"logs"));
    name_of(path).ends_with(b".log") || (in_folder && !is_source(path))
}

/// A folder of source files may be called `log` as well.
fn is_source(path: &[u8]) -> bool {
    let extension = name_of(path).rsplit(|&b| b == b'.').next().unwrap_or_default();
    matches!(
        extension,
        b"js"
            | b"ts"
            | b"tsx"
            | b"jsx"
            | b"py"
            | b"go"
            | b"rb"
            | b"php"
            | b"rs"
            | b"java"
            | b"c"
            | b"h"
            | b"md"
            | b"cs"
    )
}

fn is_ignored_log(path: &[u8]) -> bool {
    match path.strip_suffix(b"/") {
        Some(folder) => matches!(name_of(folder), b"log" | b"logs"),
        None => is_log(path),
    }
}
