//! `keysweep hook NAME`: what git hands to the hook NAME.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Instant;

use super::args::{HookArgs, HookName};
use super::options::Common;
use super::scan::{Scan, finish, threads};
use super::{in_force, message, output, staged};
use crate::config::CONFIG_NAME;
use crate::detect::Detector;
use crate::error::Error;
use crate::git::repository::Repository;
use crate::hook::{self, Invocation, Load, Stdin};
use crate::report::PushHelp;
use crate::rules;
use crate::scan::engine::{ScanResult, Scanner};
use crate::scan::push::PushBase;
use crate::scan::push_request::Advice;
use crate::scan::push_request::Push;
use crate::scan::source::Kind;

pub(super) fn run(HookArgs { name, args, .. }: &HookArgs, common: &Common) -> Result<u8, Error> {
    let invocation = Invocation::from_environment();
    match name {
        HookName::PreCommit | HookName::PreMergeCommit => pre_commit(&invocation, common),
        HookName::CommitMsg => message::run(Path::new(argument(args, 0, "the message file")?), true, common),
        HookName::PrePush => {
            let stdin = Stdin::read().map_err(unreadable)?;
            push(common, |repository| hook::pre_push(args, &stdin, &invocation, repository))
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
fn pre_commit(invocation: &Invocation, common: &Common) -> Result<u8, Error> {
    match invocation.range() {
        _ if invocation.index || !invocation.framework => staged::run(false, common),
        Some((from, to)) => push(common, |repository| hook::range(from, to, repository)),
        None => staged::run(true, common),
    }
}

/// Scans the load, each ref by the configuration that comes with it. What the other side has is read once.
fn push(common: &Common, load: impl FnOnce(&Repository) -> Result<Load, Error>) -> Result<u8, Error> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let Load { pushes, known, kind, note } = load(&repository)?;
    let mut notes: Vec<String> = note.into_iter().collect();
    let mut result = ScanResult::default();
    let (top, mut edited) = (repository.worktree().filter(|_| common.config.is_none()), false);
    let mut base = PushBase::read(&repository, &pushes, &known, kind)?;
    let mut quiet = true;
    let built_in = LazyCell::new(|| Detector::new(rules::ALL));
    for Group { config, pushes } in by_config(pushes, &repository)? {
        let settings = in_force::of_push(config, &pushes, &repository, common)?;
        quiet &= settings.quiet;
        let source = base.introduced(&pushes)?;
        notes.extend(source.note());
        if !(settings.quiet || common.quiet)
            && let Some(line) = hook::long_scan_note(&base.advice, source.commits())
        {
            output::announce(&line);
        }
        let with_own = (!settings.has_built_in_alone()).then(|| Detector::new(&settings.rules));
        let detector = with_own.as_ref().unwrap_or_else(|| &built_in);
        let (allow, before) = (&settings.allow, Some(&settings.before));
        let scanner = Scanner { detector, allow, before, secrets: None, on_finding: None };
        let found = scanner.run(&source, threads(common));
        edited |= kind == Kind::Push && !found.findings.is_empty() && settings.differs_from_disk(top);
        result.absorb(found);
    }
    if edited {
        notes.push(format!("{CONFIG_NAME} was used as the pushed commit has it, not as it is on disk: commit it too"));
    }
    let help = help(kind, &base.advice, &result, &repository)?;
    notes.extend(help.as_ref().and_then(|_| hook::unsure_note(&base.advice)));
    finish(Scan { push: help, quiet, ..Scan::new(kind, result, started, notes) }, common)
}

/// What helps where a push brings a token. Asked only then.
fn help(kind: Kind, advice: &Advice, result: &ScanResult, repository: &Repository) -> Result<Option<PushHelp>, Error> {
    if kind != Kind::Push || result.findings.is_empty() {
        return Ok(None);
    }
    let origins = result.findings.iter().filter_map(|finding| finding.origin.as_ref());
    let commits = origins.filter(|origin| origin.kind.is_commit()).map(|origin| origin.id.as_str()).collect();
    // A URL that is masked is of no use in a command.
    let fetch = hook::fetch_command(advice).filter(|command| output::safe(command) == *command);
    Ok(Some(PushHelp { published: repository.published(&commits)?, fetch, is_unsure: advice.is_unsure }))
}

/// Refs that bring the same `.keysweep.toml`, or none.
struct Group {
    /// Its blob.
    config: Option<String>,
    pushes: Vec<Push>,
}

fn by_config(pushes: Vec<Push>, repository: &Repository) -> Result<Vec<Group>, Error> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    for push in pushes {
        let config = repository.config_id_of_commit(&push.new)?;
        let at = *places.entry(config.clone()).or_insert_with(|| {
            groups.push(Group { config, pushes: Vec::new() });
            groups.len() - 1
        });
        groups[at].pushes.push(push);
    }
    // What two of them bring is scanned with the first. In whatever order git names them, one that allows something is it.
    groups.sort_by_key(|group| group.config.is_none());
    Ok(groups)
}

fn argument<'a>(args: &'a [OsString], at: usize, what: &str) -> Result<&'a OsStr, Error> {
    args.get(at).map(OsString::as_os_str).ok_or_else(|| {
        Error::new(
            "cannot run this hook",
            format!("{what} is missing"),
            "pass on the arguments that git gives to the hook: keysweep hook NAME \"$@\"",
        )
    })
}

fn unreadable(err: std::io::Error) -> Error {
    Error::new("cannot read standard input", err, "pass on what git gives to the hook")
}
