//! The state of every hook of a clone, and the proof that it blocks a token.

use std::path::{Path, PathBuf};

use super::folder::is_executable;
use super::runner::{Runner, Script};
use super::{Changes, OF_A_CLONE};
use crate::error::Error;
use crate::hook::bypasses::bypasses;
use crate::hook::hooks_dir::{HooksDir, View};
use crate::hook::probe::{Proof, Stage};
use crate::regular_file;

/// The findings, and whether a token would be stopped.
#[derive(Debug)]
pub struct Diagnosis {
    pub changes: Changes,
    pub guard: Guard,
}

/// Whether a token would be blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Every hook stops a token.
    Whole,
    /// The commit's hook stops a token, and not every other hook does.
    Partial,
    None,
    Unproved,
}

/// One hook of the clone.
struct Hook {
    name: &'static str,
    /// The file that a person wrote. With husky, git runs another file, which runs this one.
    file: PathBuf,
    state: State,
    /// None where the hook was not run.
    proof: Option<Proof>,
}

enum State {
    Missing,
    NotExecutable,
    Unreadable(String),
    Live(Script),
}

/// Examines the hooks of the repository that `dir` is in, and makes git run them on a planted token.
pub fn doctor(dir: &Path) -> Result<Diagnosis, Error> {
    let places = HooksDir::all(dir)?;
    let mut whole: Option<Diagnosis> = None;
    for place in &places {
        let one = diagnose(place, places.len() > 1);
        whole = Some(match whole {
            None => one,
            Some(mut whole) => {
                whole.changes.absorb(one.changes);
                Diagnosis { guard: weaker(whole.guard, one.guard), ..whole }
            }
        });
    }
    Ok(whole.expect("a repository has hooks in one place at least"))
}

/// A hook as reading its file shows it.
#[derive(Debug)]
pub struct ReadHook {
    pub name: &'static str,
    pub file: PathBuf,
    pub state: ReadState,
}

#[derive(Debug, PartialEq, Eq)]
pub enum ReadState {
    Missing,
    NotExecutable,
    Unreadable(String),
    CallsKeysweep,
    /// Another script, with a noun for it. It may call keysweep indirectly.
    Other(String),
}

/// Reads the hooks of the repository that `dir` is in, and the warnings about what switches them off. Runs none. The first hook is
/// the one that matters most.
pub fn read_hooks(dir: &Path) -> Result<(Vec<ReadHook>, Vec<String>), Error> {
    let place = HooksDir::find(dir)?;
    let hooks = if place.bare { of_server(&place) } else { of_clone(&place) };
    let warnings = bypasses(&place, hooks.iter().any(Hook::calls_keysweep));
    let read = hooks.into_iter().map(|Hook { name, file, state, .. }| {
        let state = match state {
            State::Missing => ReadState::Missing,
            State::NotExecutable => ReadState::NotExecutable,
            State::Unreadable(why) => ReadState::Unreadable(why),
            State::Live(script) if script.calls_keysweep => ReadState::CallsKeysweep,
            State::Live(script) => ReadState::Other(script.runner.hook()),
        };
        ReadHook { name, file, state }
    });
    Ok((read.collect(), warnings))
}

/// Examines the hooks of one place. `among_others` is whether the repository has several.
fn diagnose(place: &HooksDir, among_others: bool) -> Diagnosis {
    let mut hooks = if place.bare { of_server(place) } else { of_clone(place) };
    let mut changes = Changes::default();
    let mut warnings = Vec::new();
    match prove(place, &mut hooks) {
        Ok(warning) => warnings.extend(warning),
        Err(error) => changes.errors.push(error),
    }
    changes.errors.extend(hooks.iter().filter_map(Hook::unproved));
    warnings.extend(bypasses(place, hooks.iter().any(|hook| hook.calls_keysweep() || hook.stopped())));

    let what = match place.view {
        _ if !among_others => String::new(),
        _ if place.bare => "for pushes to this repository, ".to_owned(),
        View::Unnamed => "for commits with --work-tree, ".to_owned(),
        _ => format!("for commits in {}, ", place.top.display()),
    };
    changes.lines.push(format!("{what}git looks for hooks in {}", place.hooks.display()));
    changes.lines.extend(hooks.iter().map(|hook| format!("{:18}{}", hook.name, hook.describe(place))));
    changes.lines.extend(missing(&hooks));
    changes.lines.extend(warnings.into_iter().map(|warning| format!("warning: {warning}")));
    let guard = guard(&hooks, place, &changes);
    // Guarded commits may be enough without a hook for pushes. A hook that lets a token through is a failure in any case.
    let only_missing = guard == Guard::None && hooks.iter().all(|hook| matches!(hook.state, State::Missing));
    let guard = if among_others && place.bare && only_missing { Guard::Partial } else { guard };
    Diagnosis { changes, guard }
}

/// The weaker one of two states.
fn weaker(one: Guard, other: Guard) -> Guard {
    let order = [Guard::None, Guard::Unproved, Guard::Partial, Guard::Whole];
    order.into_iter().find(|guard| [one, other].contains(guard)).unwrap_or(Guard::None)
}

fn of_clone(place: &HooksDir) -> Vec<Hook> {
    OF_A_CLONE.iter().map(|name| Hook::look(name, place)).collect()
}

/// pre-receive, or update in its place, which refuses ref by ref. One of them is enough, and a foreign update hook is ignored.
fn of_server(place: &HooksDir) -> Vec<Hook> {
    let (pre_receive, update) = (Hook::look("pre-receive", place), Hook::look("update", place));
    let is_foreign = matches!(update.state, State::Missing) || update.runner().is_some() && !update.calls_keysweep();
    match pre_receive.state {
        State::Missing if update.calls_keysweep() => vec![update],
        _ if is_foreign => vec![pre_receive],
        _ => vec![pre_receive, update],
    }
}

/// Runs the hooks that can stop a token. Returns a warning about a problem that exists even if all of them do.
fn prove(place: &HooksDir, hooks: &mut [Hook]) -> Result<Option<String>, Error> {
    if !hooks.iter().any(Hook::is_worth_running) {
        return Ok(None);
    }
    let stage = Stage::set(place)?;
    for hook in hooks.iter_mut().filter(|hook| hook.is_worth_running()) {
        hook.proof = Some(hook.prove(&stage)?);
    }
    let bare_script = !place.bare && !place.is_husky() && hooks[0].runner() == Some(Runner::Keysweep);
    if !bare_script || !hooks[0].stopped() || stage.of_index_with_short_path(hooks[0].name)? == Proof::Stopped {
        return Ok(None);
    }
    let name = hooks[0].name;
    let help = if place.shared || hooks[0].file.is_symlink() {
        // Such a script never names a path of this machine, so installing it again does not help.
        "mkdir -p ~/.local/bin && ln -s \"$(command -v keysweep)\" ~/.local/bin/, where the script also looks"
    } else {
        "keysweep install"
    };
    Ok(Some(format!(
        "with PATH=/usr/bin:/bin, which desktop clients use, {name} does not find keysweep and blocks every commit: {help}"
    )))
}

/// A token must be stopped at the commit, or by the server. A hook that calls keysweep and lets a token through counts as none.
fn guard(hooks: &[Hook], place: &HooksDir, changes: &Changes) -> Guard {
    if hooks.iter().any(|hook| hook.calls_keysweep() && hook.proof == Some(Proof::Passed)) {
        return Guard::None;
    }
    if !changes.errors.is_empty() && hooks[0].is_worth_running() {
        return Guard::Unproved;
    }
    let stopped = hooks.iter().filter(|hook| hook.stopped()).count();
    match () {
        () if stopped == hooks.len() || (place.bare && stopped > 0) => Guard::Whole,
        () if hooks[0].stopped() => Guard::Partial,
        () => Guard::None,
    }
}

fn missing(hooks: &[Hook]) -> Option<String> {
    let missing = hooks.iter().filter(|hook| matches!(hook.state, State::Missing)).map(|hook| hook.name);
    let missing = missing.collect::<Vec<_>>().join(" ");
    (!missing.is_empty()).then(|| format!("note: to install what is missing, run: keysweep install {missing}"))
}

impl Hook {
    fn look(name: &'static str, place: &HooksDir) -> Self {
        let file = place.scripts.join(name);
        let run_by_git = place.hooks.join(name);
        let state = match regular_file::read(&file) {
            _ if !run_by_git.exists() => State::Missing,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => State::Missing,
            Err(err) => State::Unreadable(err.to_string()),
            Ok(_) if !is_executable(&run_by_git) => State::NotExecutable,
            Ok(bytes) => State::Live(Script::read(&bytes, name, &place.scripts, Some(&place.top))),
        };
        Self { name, file, state, proof: None }
    }

    fn runner(&self) -> Option<Runner> {
        match &self.state {
            State::Live(script) => Some(script.runner),
            _ => None,
        }
    }

    fn calls_keysweep(&self) -> bool {
        matches!(&self.state, State::Live(script) if script.calls_keysweep)
    }

    fn stopped(&self) -> bool {
        self.proof == Some(Proof::Stopped)
    }

    fn looks_at_index(&self) -> bool {
        self.name.ends_with("-commit")
    }

    /// A hook of the commit may call keysweep indirectly, so it is always run. Other foreign hooks may do anything, and take long.
    fn is_worth_running(&self) -> bool {
        matches!(self.state, State::Live(_)) && (self.looks_at_index() || self.calls_keysweep())
    }

    fn prove(&self, stage: &Stage<'_>) -> Result<Proof, Error> {
        match self.name {
            "commit-msg" => stage.of_message(),
            "pre-push" => stage.of_push(),
            "pre-receive" => stage.of_receive(),
            "update" => stage.of_update(),
            _ => stage.of_index(self.name),
        }
    }

    fn describe(&self, place: &HooksDir) -> String {
        let file = self.file.display();
        let script = match &self.state {
            State::Missing => return format!("not installed: {}", self.unscanned()),
            State::NotExecutable => return format!("not executable, so git does not run it: chmod +x {file}"),
            State::Unreadable(why) => return format!("cannot be read: {file}: {why}"),
            State::Live(script) => script,
        };
        let owner = script.runner.hook();
        let through = if place.is_husky() { ", run by husky" } else { "" };
        let what = match &self.proof {
            Some(Proof::Stopped) => "active: blocks a planted token".to_owned(),
            Some(Proof::Passed) if script.calls_keysweep => "DOES NOT BLOCK: it let a planted token through".to_owned(),
            Some(Proof::Passed) => {
                format!("does not call keysweep, and let a planted token through: {}", self.unscanned())
            }
            Some(Proof::Failed(_)) => "not checked: it failed before it reported the planted token".to_owned(),
            None if script.calls_keysweep => "calls keysweep, but was not checked".to_owned(),
            None => format!("does not call keysweep: {}", self.unscanned()),
        };
        format!("{what} ({owner}{through}: {file})")
    }

    /// What is not scanned without this hook.
    fn unscanned(&self) -> &'static str {
        match self.name {
            "pre-commit" => "commits are not scanned",
            "pre-merge-commit" => "merge commits of git merge are not scanned",
            "commit-msg" => "commit messages are not scanned",
            "pre-push" => "commits of rebase, cherry-pick, revert and --no-verify are pushed without a scan",
            _ => "pushes are not scanned",
        }
    }

    /// The error about a hook that failed without naming the token.
    fn unproved(&self) -> Option<Error> {
        let Some(Proof::Failed(words)) = &self.proof else { return None };
        let counts = self.calls_keysweep() || matches!(self.name, "pre-commit" | "pre-receive");
        let help = match self.runner() {
            // They fetch with git, which runs with other settings during the proof.
            Some(runner @ (Runner::PreCommit | Runner::Prek)) => {
                format!("run {} install-hooks, or fix what it reports", runner.owner())
            }
            Some(Runner::Keysweep) => "fix what it reports".to_owned(),
            // For example, lint-staged saves a backup as a stash.
            _ => {
                "run keysweep first in it, since the proof allows no stash and no other change of refs, or fix what it \
                  reports"
                    .to_owned()
            }
        };
        counts.then(|| {
            Error::new(
                format!("cannot check that {} blocks a token", self.name),
                format!("{} failed without reporting it ({words})", self.file.display()),
                format!("{help}, then run keysweep doctor again"),
            )
        })
    }
}
