//! What guards a clone, hook by hook, and the proof of it.

use std::fs;
use std::path::{Path, PathBuf};

use super::hazards::hazards;
use super::install::is_executable;
use super::place::Place;
use super::proof::{Proof, Stage};
use super::runner::{Runner, Script};
use super::{OF_A_CLONE, OF_A_SERVER, Told};
use crate::trouble::Trouble;

/// What was found, and whether a token would be stopped: None where that could not be proved.
#[derive(Debug)]
pub struct Diagnosis {
    pub told: Told,
    pub guarded: Option<bool>,
}

/// One hook of the clone.
struct Hook {
    name: &'static str,
    /// The file that git runs, and the one that a person wrote: two with husky.
    file: PathBuf,
    state: State,
}

enum State {
    Missing,
    NotExecutable,
    Unreadable(String),
    Live(Script),
}

/// Looks at the hooks of the repository in which `dir` lies, and has git run them on a planted token.
pub fn doctor(dir: &Path) -> Result<Diagnosis, Trouble> {
    let place = Place::find(dir)?;
    let names = if place.bare { OF_A_SERVER } else { OF_A_CLONE };
    let hooks: Vec<Hook> = names.iter().map(|name| Hook::look(name, &place)).collect();
    let mut lines = vec![format!("git looks for hooks in {}", place.hooks.display())];
    let mut results = Vec::new();
    let stage = if hooks.iter().any(Hook::is_worth_running) { Some(Stage::set(&place)?) } else { None };
    for hook in &hooks {
        let proof = stage.as_ref().filter(|_| hook.is_worth_running()).map(|stage| hook.prove(stage)).transpose()?;
        lines.push(format!("{:18}{}", hook.name, hook.describe(&place, proof.as_ref())));
        results.push((hook, proof));
    }
    let troubles: Vec<Trouble> = results.iter().filter_map(|(hook, proof)| hook.unproved(proof.as_ref())).collect();
    let passed = results.iter().any(|(hook, proof)| hook.calls_keysweep() && *proof == Some(Proof::Passed));
    let (first, first_proof) = &results[0];
    let guarded = match first_proof {
        _ if passed => Some(false),
        Some(Proof::Stopped) if troubles.is_empty() => Some(true),
        Some(Proof::Stopped | Proof::Failed(_)) => None,
        Some(Proof::Passed) | None => Some(false),
    };
    let missing: Vec<&str> =
        hooks.iter().filter(|hook| matches!(hook.state, State::Missing)).map(|hook| hook.name).collect();
    if !missing.is_empty() {
        lines.push(format!("note: keysweep install {} adds what is missing", missing.join(" ")));
    }
    if let (Some(stage), Some(Proof::Stopped), Some(Runner::Keysweep)) = (&stage, first_proof, first.runner())
        && !place.bare
        && !place.is_husky()
        && stage.of_index_with_short_path(first.name)? != Proof::Stopped
    {
        lines.push(format!(
            "warning: with PATH=/usr/bin:/bin, as desktop clients have it, {} does not find keysweep and stops every commit: keysweep install",
            first.name
        ));
    }
    lines.extend(hazards(&place, guarded == Some(true)).into_iter().map(|hazard| format!("warning: {hazard}")));
    Ok(Diagnosis { told: Told { lines, troubles }, guarded })
}

impl Hook {
    fn look(name: &'static str, place: &Place) -> Self {
        let file = place.scripts.join(name);
        let run_by_git = place.hooks.join(name);
        let state = match fs::read(&file) {
            _ if !run_by_git.exists() => State::Missing,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => State::Missing,
            Err(err) => State::Unreadable(err.to_string()),
            Ok(_) if !is_executable(&run_by_git) => State::NotExecutable,
            Ok(bytes) => State::Live(Script::read(&bytes, name, &place.scripts, Some(&place.top))),
        };
        Self { name, file, state }
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

    fn looks_at_index(&self) -> bool {
        self.name.ends_with("-commit")
    }

    /// A commit's own hook may call keysweep in ways that nobody sees; the others may do anything, and take their time.
    fn is_worth_running(&self) -> bool {
        matches!(self.state, State::Live(_)) && (self.looks_at_index() || self.calls_keysweep())
    }

    fn prove(&self, stage: &Stage<'_>) -> Result<Proof, Trouble> {
        match self.name {
            "commit-msg" => stage.of_message(),
            "pre-push" => stage.of_push(),
            "pre-receive" => stage.of_receive(),
            _ => stage.of_index(self.name),
        }
    }

    fn describe(&self, place: &Place, proof: Option<&Proof>) -> String {
        let file = self.file.display();
        let script = match &self.state {
            State::Missing => return format!("missing: {}", self.gets_by()),
            State::NotExecutable => return format!("not executable, so git does not run it: chmod +x {file}"),
            State::Unreadable(why) => return format!("cannot be read: {file}: {why}"),
            State::Live(script) => script,
        };
        let owner = match script.runner {
            Runner::Keysweep => "keysweep's script".to_owned(),
            Runner::Shell | Runner::Other => "a script".to_owned(),
            runner => format!("a hook of {}", runner.owner()),
        };
        let through = if place.is_husky() { ", run by husky" } else { "" };
        let what = match proof {
            Some(Proof::Stopped) => "live: a planted token was stopped".to_owned(),
            Some(Proof::Passed) if script.calls_keysweep => "does not guard: a planted token went through".to_owned(),
            Some(Proof::Passed) => format!("does not call keysweep: a planted token went through, {}", self.gets_by()),
            Some(Proof::Failed(_)) => "not proved: it failed before the planted token was named".to_owned(),
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
    fn unproved(&self, proof: Option<&Proof>) -> Option<Trouble> {
        let Some(Proof::Failed(words)) = proof else { return None };
        let counts = self.calls_keysweep() || matches!(self.name, "pre-commit" | "pre-receive");
        counts.then(|| {
            Trouble::new(
                format!("cannot prove that {} stops a token", self.name),
                format!("{} failed without naming it ({words})", self.file.display()),
                "mend what it complains of, then run keysweep doctor again",
            )
        })
    }
}
