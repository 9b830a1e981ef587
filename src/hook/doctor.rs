//! What guards a clone, hook by hook, and the proof of it.

use std::path::{Path, PathBuf};

use super::folder::is_executable;
use super::runner::{Runner, Script};
use super::{Changes, OF_A_CLONE};
use crate::error::Error;
use crate::hook::bypasses::bypasses;
use crate::hook::hooks_dir::{HooksDir, View};
use crate::hook::probe::{Proof, Stage};
use crate::regular_file;

/// What was found, and whether a token would be stopped.
#[derive(Debug)]
pub struct Diagnosis {
    pub changes: Changes,
    pub guard: Guard,
}

/// Whether a token would be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// On each of its ways.
    Whole,
    /// In what is committed, and not on all other ways.
    Partial,
    None,
    Unproved,
}

/// One hook of the clone.
struct Hook {
    name: &'static str,
    /// The file that a person wrote; with husky, git runs another one, which runs this.
    file: PathBuf,
    state: State,
    /// None: there was none to be had.
    proof: Option<Proof>,
}

enum State {
    Missing,
    NotExecutable,
    Unreadable(String),
    Live(Script),
}

/// Looks at the hooks of the repository in which `dir` lies, and has git run them on a planted token.
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

/// Looks at the hooks of one place; with `among_others` it is one of several.
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
        _ if place.bare => "for what is pushed here, ".to_owned(),
        View::Unnamed => "for commits with --work-tree, ".to_owned(),
        _ => format!("for commits in {}, ", place.top.display()),
    };
    changes.lines.push(format!("{what}git looks for hooks in {}", place.hooks.display()));
    changes.lines.extend(hooks.iter().map(|hook| format!("{:18}{}", hook.name, hook.describe(place))));
    changes.lines.extend(missing(&hooks));
    changes.lines.extend(warnings.into_iter().map(|warning| format!("warning: {warning}")));
    let guard = guard(&hooks, place, &changes);
    // Commits may be guarded where nobody guards what is pushed here. A hook that lets a token through deceives all the same.
    let only_missing = guard == Guard::None && hooks.iter().all(|hook| matches!(hook.state, State::Missing));
    let guard = if among_others && place.bare && only_missing { Guard::Partial } else { guard };
    Diagnosis { changes, guard }
}

/// What holds of two places together.
fn weaker(one: Guard, other: Guard) -> Guard {
    let order = [Guard::None, Guard::Unproved, Guard::Partial, Guard::Whole];
    order.into_iter().find(|guard| [one, other].contains(guard)).unwrap_or(Guard::None)
}

fn of_clone(place: &HooksDir) -> Vec<Hook> {
    OF_A_CLONE.iter().map(|name| Hook::look(name, place)).collect()
}

/// pre-receive, or update in its place, which refuses ref by ref. One is enough, and an update of somebody else's is nothing to us.
fn of_server(place: &HooksDir) -> Vec<Hook> {
    let (pre_receive, update) = (Hook::look("pre-receive", place), Hook::look("update", place));
    let is_foreign = matches!(update.state, State::Missing) || update.runner().is_some() && !update.calls_keysweep();
    match pre_receive.state {
        State::Missing if update.calls_keysweep() => vec![update],
        _ if is_foreign => vec![pre_receive],
        _ => vec![pre_receive, update],
    }
}

/// Runs the hooks that are worth it. Returns what is amiss although all of them stop the token.
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
        // Such a script names no path of this machine, however often it is installed.
        "mkdir -p ~/.local/bin && ln -s \"$(command -v keysweep)\" ~/.local/bin/, where the script looks too"
    } else {
        "keysweep install"
    };
    Ok(Some(format!(
        "with PATH=/usr/bin:/bin, as desktop clients have it, {name} does not find keysweep and stops every commit: {help}"
    )))
}

/// A token must be stopped in the commit, or by the server; and who relies on another hook must not be deceived.
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
    (!missing.is_empty()).then(|| format!("note: keysweep install {missing} adds what is missing"))
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

    /// A commit's own hook may call keysweep in ways that nobody sees; the others may do anything, and take their time.
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
            State::Missing => return format!("missing: {}", self.gets_by()),
            State::NotExecutable => return format!("not executable, so git does not run it: chmod +x {file}"),
            State::Unreadable(why) => return format!("cannot be read: {file}: {why}"),
            State::Live(script) => script,
        };
        let owner = script.runner.hook();
        let through = if place.is_husky() { ", run by husky" } else { "" };
        let what = match &self.proof {
            Some(Proof::Stopped) => "live: a planted token was stopped".to_owned(),
            Some(Proof::Passed) if script.calls_keysweep => "does not guard: a planted token went through".to_owned(),
            Some(Proof::Passed) => format!("does not call keysweep: a planted token went through, {}", self.gets_by()),
            Some(Proof::Failed(_)) => "not proved: it failed before the planted token was named".to_owned(),
            None if script.calls_keysweep => "calls keysweep, which was not proved".to_owned(),
            None => format!("does not call keysweep: {}", self.gets_by()),
        };
        format!("{what} ({owner}{through}: {file})")
    }

    /// What nobody looks at where this hook does not.
    fn gets_by(&self) -> &'static str {
        match self.name {
            "pre-commit" => "no commit is scanned",
            "pre-merge-commit" => "what git merge commits by itself is not scanned",
            "commit-msg" => "commit messages are not scanned",
            "pre-push" => "what rebase, cherry-pick, revert and --no-verify commit is pushed without a scan",
            _ => "no push is scanned",
        }
    }

    /// Why there is no proof of a hook that should have given one.
    fn unproved(&self) -> Option<Error> {
        let Some(Proof::Failed(words)) = &self.proof else { return None };
        let counts = self.calls_keysweep() || matches!(self.name, "pre-commit" | "pre-receive");
        let help = match self.runner() {
            // What they fetch, they fetch with git, which is not itself while the proof is made.
            Some(runner @ (Runner::PreCommit | Runner::Prek)) => {
                format!("run {} install-hooks, or mend what it complains of", runner.owner())
            }
            Some(Runner::Keysweep) => "mend what it complains of".to_owned(),
            // lint-staged, for one, keeps what it may have to restore as a stash.
            _ => "let keysweep come first in it, since the proof allows no stash and no other change of refs, or mend \
                  what it complains of"
                .to_owned(),
        };
        counts.then(|| {
            Error::new(
                format!("cannot prove that {} stops a token", self.name),
                format!("{} failed without naming it ({words})", self.file.display()),
                format!("{help}, then run keysweep doctor again"),
            )
        })
    }
}
