//! `keysweep hook NAME`: scans what git passes to a hook.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Instant;

use super::args::{HookArgs, HookName};
use super::options::Common;
use super::scan::{Scan, finish, threads};
use super::unstaged::differs_from_disk;
use super::{agent, baselines, in_force, message, output, staged};
use crate::config::CONFIG_NAME;
use crate::config::baseline::BASELINE_NAME;
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

/// Refs of a push beyond this number are not compared with what was in force.
const SHOWN_PUSHES: usize = 20;

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
        HookName::Agent => agent::run(args, common),
    }
}

/// In a commit, scans what the commit adds. Without a commit, as a framework runs it with or without `--all-files`, scans the
/// whole index or the commits between two refs. Git sets the variable for the index in every commit, and a framework sets none
/// outside of a commit. A commit that runs inside another hook inherits that hook's variables, which must not decide what is
/// scanned.
fn pre_commit(invocation: &Invocation, common: &Common) -> Result<u8, Error> {
    match invocation.range() {
        _ if invocation.index || !invocation.framework => staged::run(false, common),
        Some((from, to)) => push(common, |repository| hook::range(from, to, repository)),
        None => staged::run(true, common),
    }
}

/// Scans the pushed refs, each with the configuration that decides about it. The commits that the remote has are read once.
fn push(common: &Common, load: impl FnOnce(&Repository) -> Result<Load, Error>) -> Result<u8, Error> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let Load { pushes, known, kind, note } = load(&repository)?;
    let mut notes: Vec<String> = note.into_iter().collect();
    let mut result = ScanResult::default();
    let top = repository.worktree();
    let mut edited = [(CONFIG_NAME, false), (BASELINE_NAME, false)];
    let mut base = PushBase::read(&repository, &pushes, &known, kind)?;
    let mut quiet = true;
    let built_in = LazyCell::new(|| Detector::new(rules::ALL));
    for Group { source, pushes } in groups(pushes, kind, &repository)? {
        let source = source.as_deref();
        let old = pushes.iter().filter_map(|push| push.old.as_deref()).find(|old| repository.has(old));
        // On a server the files in force are those from before the change.
        let old = if kind == Kind::Receive { source } else { old };
        let settings = in_force::of_push(source, old, &repository, common)?;
        quiet &= settings.quiet;
        let introduced = base.introduced(&pushes)?;
        notes.extend(introduced.note());
        if !(settings.quiet || common.quiet)
            && let Some(line) = hook::long_scan_note(&base.advice, introduced.commits())
        {
            output::announce(&line);
        }
        let with_own = (!settings.has_built_in_alone()).then(|| Detector::new(&settings.rules));
        let detector = with_own.as_ref().unwrap_or_else(|| &built_in);
        let (allow, before) = (&settings.allow, Some(&settings.before));
        let scanner = Scanner { detector, allow, before, secrets: None, on_finding: None };
        let mut found = scanner.run(&introduced, threads(common));
        baselines::apply_committed(&mut found, source, old, &repository)?;
        if kind == Kind::Push && !found.findings.is_empty() {
            edited[0].1 |= common.config.is_none() && settings.differs_from_disk(top);
            let baseline = source.map(|id| repository.top_file_of_commit(id, BASELINE_NAME)).transpose()?.flatten();
            edited[1].1 |= differs_from_disk(BASELINE_NAME, baseline.as_deref(), top);
        }
        if kind == Kind::Receive {
            notes.extend(not_in_force(source, &pushes, &repository)?);
        }
        result.absorb(found);
    }
    for (name, _) in edited.iter().filter(|(_, edited)| *edited) {
        notes.push(format!("{name} was used as the pushed commit has it, not as it is on disk: commit it too"));
    }
    let help = help(kind, &base.advice, &result, &repository)?;
    notes.extend(help.as_ref().and_then(|_| hook::unsure_note(&base.advice)));
    finish(Scan { push: help, quiet, ..Scan::new(kind, result, started, notes) }, common)
}

/// What the pushes change in the configuration and the baseline. They could allow their own tokens, so the changes are not in force
/// before they are in the repository.
fn not_in_force(source: Option<&str>, pushes: &[Push], repository: &Repository) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    let id = |commit: Option<&str>, name| {
        Ok::<_, Error>(commit.map(|commit| repository.top_file_id_of_commit(commit, name)).transpose()?.flatten())
    };
    let in_force = [CONFIG_NAME, BASELINE_NAME].map(|name| id(source, name));
    let [config, baseline] = in_force;
    let (config, baseline) = (config?, baseline?);
    for push in pushes.iter().take(SHOWN_PUSHES) {
        let name = String::from_utf8_lossy(&push.name);
        if id(Some(&push.new), CONFIG_NAME)? != config {
            notes.push(format!("the push to {name} changes {CONFIG_NAME}, which was used as it was before"));
        }
        if id(Some(&push.new), BASELINE_NAME)? != baseline {
            let changed = repository.top_file_of_commit(&push.new, BASELINE_NAME)?;
            let (trusted, _) = baselines::of_commit(source, repository)?;
            notes.extend(baselines::added_note(&trusted, changed.as_deref(), &format!("the push to {name}")));
        }
    }
    Ok(notes)
}

/// The help for a push with a token. Computed only if there is one.
fn help(kind: Kind, advice: &Advice, result: &ScanResult, repository: &Repository) -> Result<Option<PushHelp>, Error> {
    if kind != Kind::Push || result.findings.is_empty() {
        return Ok(None);
    }
    let origins = result.findings.iter().filter_map(|finding| finding.origin.as_ref());
    let commits = origins.filter(|origin| origin.kind.is_commit()).map(|origin| origin.id.as_str()).collect();
    // A masked URL would not work in a command.
    let fetch = hook::fetch_command(advice).filter(|command| output::safe(command) == *command);
    Ok(Some(PushHelp { published: repository.published(&commits)?, fetch, is_unsure: advice.is_unsure }))
}

/// Refs that the same configuration and baseline decide about.
struct Group {
    /// A commit that has these files.
    source: Option<String>,
    pushes: Vec<Push>,
}

/// A push to a server is decided about by what the server has. Any other push is decided about by the commits that are pushed.
fn groups(pushes: Vec<Push>, kind: Kind, repository: &Repository) -> Result<Vec<Group>, Error> {
    let sources = match kind {
        Kind::Receive => hook::trusted_commits(&pushes, repository)?,
        _ => pushes.iter().map(|push| Some(push.new.clone())).collect(),
    };
    let mut groups: Vec<(Group, bool)> = Vec::new();
    let mut places: HashMap<[Option<String>; 2], usize> = HashMap::new();
    for (push, source) in pushes.into_iter().zip(sources) {
        let id = |name| source.as_ref().map(|commit| repository.top_file_id_of_commit(commit, name)).transpose();
        let files = [id(CONFIG_NAME)?.flatten(), id(BASELINE_NAME)?.flatten()];
        let is_empty = files.iter().all(Option::is_none);
        let at = *places.entry(files).or_insert_with(|| {
            groups.push((Group { source, pushes: Vec::new() }, is_empty));
            groups.len() - 1
        });
        groups[at].0.pushes.push(push);
    }
    // A commit that two groups contain is scanned with the first. Groups that allow something come first, in any order of refs.
    groups.sort_by_key(|(_, is_empty)| *is_empty);
    Ok(groups.into_iter().map(|(group, _)| group).collect())
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
