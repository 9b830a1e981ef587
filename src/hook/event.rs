//! What git runs for one event of a repository: the hooks of the configuration, then the script in the hooks folder. Each is examined
//! and proved alone.

use std::path::PathBuf;

use super::folder::is_executable;
use super::runner::{Runner, Script};
use crate::error::Error;
use crate::hook::configured::{ConfiguredHook, ConfiguredHooks, Isolation};
use crate::hook::hooks_dir::HooksDir;
use crate::hook::probe::{Proof, Stage};
use crate::regular_file;

/// An event of git, such as pre-commit, with its hooks in the order in which git runs them.
pub(super) struct Event {
    pub name: &'static str,
    /// The last one is the script in the hooks folder.
    pub hooks: Vec<Hook>,
}

/// One command that git runs for an event.
pub(super) struct Hook {
    event: &'static str,
    pub source: Source,
    pub state: State,
    /// None where the hook was not run.
    pub proof: Option<Proof>,
}

pub(super) enum Source {
    Configuration(ConfiguredHook),
    /// The file that a person wrote. With husky, git runs another file, which runs this one.
    Folder(PathBuf),
}

pub(super) enum State {
    Missing,
    NotExecutable,
    Unreadable(String),
    /// Holds the setting that switches it off.
    SwitchedOff(String),
    Live(Script),
}

impl Event {
    pub fn look(name: &'static str, place: &HooksDir, configured: &ConfiguredHooks<'_>) -> Result<Self, Error> {
        let mut hooks: Vec<Hook> =
            configured.of(name)?.into_iter().map(|hook| Hook::of_configuration(name, hook)).collect();
        hooks.push(Hook::of_folder(name, place));
        Ok(Self { name, hooks })
    }

    /// Runs the hooks that call keysweep, each alone. If none of them stops the token, also runs those that may call it indirectly.
    pub fn prove(&mut self, stage: &Stage<'_>) -> Result<(), Error> {
        for callers in [true, false] {
            for at in 0..self.hooks.len() {
                let hook = &self.hooks[at];
                if hook.is_worth_running() && hook.calls_keysweep() == callers {
                    let alone = self.alone(at);
                    self.hooks[at].proof = Some(stage.run_event(self.name, &alone)?);
                }
            }
            if self.stopper().is_some() {
                break;
            }
        }
        Ok(())
    }

    /// The settings with which git runs only the hook at `at`.
    pub fn alone(&self, at: usize) -> Isolation {
        let others = self.hooks.iter().enumerate().filter(|(other, _)| *other != at);
        let names = others.filter_map(|(_, hook)| match &hook.source {
            Source::Configuration(hook) => Some(hook.name.clone()),
            Source::Folder(_) => None,
        });
        let without_script = !matches!(self.hooks[at].source, Source::Folder(_));
        Isolation { switched_off: names.collect(), without_script }
    }

    pub fn script(&self) -> &Hook {
        self.hooks.last().expect("the script is always listed")
    }

    /// Whether git runs nothing for the event.
    pub fn is_missing(&self) -> bool {
        self.hooks.iter().all(|hook| matches!(hook.state, State::Missing | State::SwitchedOff(_)))
    }

    pub fn calls_keysweep(&self) -> bool {
        self.hooks.iter().any(Hook::calls_keysweep)
    }

    /// Whether no hook of the configuration calls keysweep, so that the script has to.
    pub fn needs_script(&self) -> bool {
        !self.hooks.iter().any(|hook| hook.calls_keysweep() && hook.runner() == Some(Runner::Setting))
    }

    pub fn is_worth_running(&self) -> bool {
        self.hooks.iter().any(Hook::is_worth_running)
    }

    /// The hook that stopped the token.
    pub fn stopper(&self) -> Option<usize> {
        self.hooks.iter().position(Hook::stopped)
    }

    /// Whether the token went through a hook that calls keysweep, and no other one stopped it.
    pub fn leaks(&self) -> bool {
        let passed = |hook: &Hook| hook.calls_keysweep() && hook.proof == Some(Proof::Passed);
        self.stopper().is_none() && self.hooks.iter().any(passed)
    }

    /// The errors about hooks that failed without naming the token.
    pub fn unproved(&self) -> impl Iterator<Item = Error> {
        let open = self.stopper().is_none();
        self.hooks.iter().filter(move |_| open).filter_map(Hook::unproved)
    }

    /// A line for each hook, those that stop the token first. Where one does, a missing script needs no line.
    pub fn lines(&self, place: &HooksDir) -> Vec<String> {
        let stopper = self.stopper();
        let mut texts: Vec<(bool, String)> = Vec::new();
        for (at, hook) in self.hooks.iter().enumerate().filter(|(_, hook)| !hook.is_irrelevant()) {
            match stopper {
                Some(_) if matches!(hook.state, State::Missing) => {}
                Some(first) if !hook.stopped() => texts.push((true, hook.describe_beside(at > first))),
                _ => texts.push((false, hook.describe(place))),
            }
        }
        // The sort is stable: within each group, hooks stay in git's order.
        texts.sort_by_key(|(beside, _)| *beside);
        let named =
            |(row, (_, text)): (usize, (bool, String))| format!("{:18}{text}", if row == 0 { self.name } else { "" });
        texts.into_iter().enumerate().map(named).collect()
    }
}

impl Hook {
    fn of_configuration(event: &'static str, hook: ConfiguredHook) -> Self {
        let state = match &hook.switched_off {
            Some(setting) => State::SwitchedOff(setting.clone()),
            None => State::Live(Script { runner: Runner::Setting, calls_keysweep: hook.calls_keysweep }),
        };
        Self { event, source: Source::Configuration(hook), state, proof: None }
    }

    fn of_folder(event: &'static str, place: &HooksDir) -> Self {
        let file = place.scripts.join(event);
        let run_by_git = place.hooks.join(event);
        let state = match regular_file::read(&file) {
            _ if !run_by_git.exists() => State::Missing,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => State::Missing,
            Err(err) => State::Unreadable(err.to_string()),
            Ok(_) if !is_executable(&run_by_git) => State::NotExecutable,
            Ok(bytes) => State::Live(Script::read(&bytes, event, &place.scripts, Some(&place.top))),
        };
        Self { event, source: Source::Folder(file), state, proof: None }
    }

    pub fn runner(&self) -> Option<Runner> {
        match &self.state {
            State::Live(script) => Some(script.runner),
            _ => None,
        }
    }

    pub fn calls_keysweep(&self) -> bool {
        matches!(&self.state, State::Live(script) if script.calls_keysweep)
    }

    pub fn stopped(&self) -> bool {
        self.proof == Some(Proof::Stopped)
    }

    fn looks_at_index(&self) -> bool {
        self.event.ends_with("-commit")
    }

    /// A hook of the commit may call keysweep indirectly, so it is always run. Other foreign hooks may do anything, and take long.
    fn is_worth_running(&self) -> bool {
        matches!(self.state, State::Live(_)) && (self.looks_at_index() || self.calls_keysweep())
    }

    /// Whether the hook is switched off and would not scan anyway.
    fn is_irrelevant(&self) -> bool {
        matches!(&self.source, Source::Configuration(hook) if hook.switched_off.is_some() && !hook.calls_keysweep)
    }

    /// How a report names the hook.
    pub fn shown(&self) -> String {
        match &self.source {
            Source::Configuration(hook) => hook.shown(),
            Source::Folder(file) => file.display().to_string(),
        }
    }

    /// The name, with a noun for a script.
    fn named(&self, place: &HooksDir) -> String {
        let through = if place.is_husky() { ", run by husky" } else { "" };
        match (&self.source, self.runner()) {
            (Source::Folder(file), Some(runner)) => format!("{}{through}: {}", runner.hook(), file.display()),
            _ => self.shown(),
        }
    }

    fn describe(&self, place: &HooksDir) -> String {
        let shown = self.shown();
        let script = match &self.state {
            State::Missing => return format!("not installed: {}", self.unscanned()),
            State::NotExecutable => return format!("not executable, so git does not run it: chmod +x {shown}"),
            State::Unreadable(why) => return format!("cannot be read: {shown}: {why}"),
            State::SwitchedOff(setting) => return format!("switched off: {} ({setting})", self.unscanned()),
            State::Live(script) => script,
        };
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
        format!("{what} ({})", self.named(place))
    }

    /// Describes a hook of an event for which another hook stops the token.
    fn describe_beside(&self, is_later: bool) -> String {
        let shown = self.shown();
        match &self.state {
            State::SwitchedOff(setting) => format!("switched off: {shown} ({setting})"),
            State::NotExecutable => format!("not executable, so git does not run it: {shown}"),
            _ if is_later && self.looks_at_index() => {
                format!("runs later: {shown}; only pre-push scans what it adds to the commit")
            }
            _ if is_later => format!("runs later: {shown}"),
            _ => format!("runs first: {shown}"),
        }
    }

    /// What is not scanned without this hook.
    fn unscanned(&self) -> &'static str {
        match self.event {
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
        let counts = self.calls_keysweep() || matches!(self.event, "pre-commit" | "pre-receive");
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
                format!("cannot check that {} blocks a token", self.event),
                format!("{} failed without reporting it ({words})", self.shown()),
                format!("{help}, then run keysweep doctor again"),
            )
        })
    }
}
