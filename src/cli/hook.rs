//! `keysweep hook NAME`: what git hands to the hook NAME.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Instant;

use super::args::{Common, HookArgs, HookName};
use super::config::Settings;
use super::{Scan, finish, message, staged};
use crate::allow::CONFIG_NAME;
use crate::detect::Detector;
use crate::hook::{self, Handed, Load, Stdin};
use crate::source::{Kind, Push, Pushed, Repository};
use crate::sweep::{Outcome, Sweep};
use crate::trouble::Trouble;

pub(super) fn run(HookArgs { name, args }: &HookArgs, common: &Common) -> Result<u8, Trouble> {
    let handed = Handed::from_environment();
    match name {
        HookName::PreCommit | HookName::PreMergeCommit => pre_commit(&handed, common),
        HookName::CommitMsg => message(Path::new(argument(args, 0, "the message file")?), true, common),
        HookName::PrePush => {
            let stdin = Stdin::read().map_err(unreadable)?;
            let remote = args.first().map(OsString::as_os_str);
            push(common, |repository| hook::pre_push(remote, &stdin, &handed, repository))
        }
        HookName::PreReceive => {
            let stdin = Stdin::read().map_err(unreadable)?;
            push(common, |_| hook::pre_receive(&stdin))
        }
        HookName::Update => {
            let of = |at, what| argument(args, at, what);
            let (name, old, new) = (of(0, "the ref")?, of(1, "its old id")?, of(2, "its new id")?);
            push(common, |_| hook::update(name, old, new))
        }
    }
}

/// In a commit, what it adds. Run by a framework without a commit, with or without `--all-files`: all that the index
/// holds, or the commits between two refs.
///
/// Git passes an index in every commit, and a framework outside of a commit passes none. In a commit that is made inside of
/// another hook the variables of the outer hook are left over, and must not decide what is scanned.
fn pre_commit(handed: &Handed, common: &Common) -> Result<u8, Trouble> {
    match handed.range() {
        _ if handed.index || !handed.framework => staged(false, common),
        Some((from, to)) => push(common, |repository| Ok(vec![hook::range(from, to, repository)?])),
        None => staged(true, common),
    }
}

/// Scans all of the loads, each ref by the configuration that comes with it.
fn push(common: &Common, loads: impl FnOnce(&Repository) -> Result<Vec<Load>, Trouble>) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let loads = loads(&repository)?;
    let mut notes: Vec<String> = loads.iter().filter_map(|load| load.note.clone()).collect();
    let kind = loads.first().expect("a push is one load at least").kind;
    let mut outcome = Outcome::default();
    let mut scanned: Vec<Push> = Vec::new();
    let (top, mut edited) = (repository.worktree().filter(|_| common.config.is_none()), false);
    for load in loads {
        for Group { config, pushes } in by_config(load.pushes, &repository)? {
            let settings = settings(config.as_deref(), &pushes, &repository, common)?;
            let source = Pushed::read(&repository, &pushes, &scanned, &load.known, kind)?;
            notes.extend(source.note());
            let detector = Detector::new(&settings.rules);
            let (allow, before) = (&settings.allow, Some(&settings.before));
            let sweep = Sweep { detector: &detector, allow, before, vault: None, tell: None };
            let brought = sweep.run(&source, super::threads(common));
            edited |= kind == Kind::Push && !brought.findings.is_empty() && settings.differs_from_disk(top);
            outcome.absorb(brought);
            scanned.extend(pushes);
        }
    }
    if edited {
        notes.push(format!("{CONFIG_NAME} was used as the pushed commit has it, not as it is on disk: commit it too"));
    }
    finish(Scan::new(kind, outcome, started, notes), common)
}

/// Refs that bring the same `.keysweep.toml`, or none.
struct Group {
    config: Option<Vec<u8>>,
    pushes: Vec<Push>,
}

fn by_config(pushes: Vec<Push>, repository: &Repository) -> Result<Vec<Group>, Trouble> {
    let mut groups: Vec<Group> = Vec::new();
    for push in pushes {
        let config = repository.config_of_commit(&push.new)?;
        match groups.iter_mut().find(|group| group.config == config) {
            Some(group) => group.pushes.push(push),
            None => groups.push(Group { config, pushes: vec![push] }),
        }
    }
    // What two of them bring is scanned with the first. In whatever order git names them, one that allows something is it.
    groups.sort_by_key(|group| group.config.is_none());
    Ok(groups)
}

fn settings(
    config: Option<&[u8]>,
    pushes: &[Push],
    repository: &Repository,
    common: &Common,
) -> Result<Settings, Trouble> {
    match (&common.config, config) {
        (Some(path), _) => Settings::from_file(path, &common.allow),
        (None, Some(text)) => {
            let old = pushes.iter().filter_map(|push| push.old.as_deref()).find(|old| repository.has(old));
            let before = old.map(|old| repository.config_of_commit(old)).transpose()?.flatten();
            Settings::from_change(text.to_vec(), before.as_deref(), &common.allow)
        }
        (None, None) => Settings::without_file(&common.allow),
    }
}

fn argument<'a>(args: &'a [OsString], at: usize, what: &str) -> Result<&'a OsStr, Trouble> {
    args.get(at).map(OsString::as_os_str).ok_or_else(|| {
        Trouble::new(
            "cannot run this hook",
            format!("{what} is missing"),
            "pass on the arguments that git gives to the hook: keysweep hook NAME \"$@\"",
        )
    })
}

fn unreadable(err: std::io::Error) -> Trouble {
    Trouble::new("cannot read standard input", err, "pass on what git gives to the hook")
}
