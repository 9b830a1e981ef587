//! Git's hooks: what git and the runners pass to them, where their scripts are, and how keysweep's scripts get there.
//!
//! A foreign hook is read to find out which tool it belongs to. It is never changed.

pub(crate) mod bypasses;
pub(crate) mod configured;
pub(crate) mod hooks_dir;
pub(crate) mod invocation;
pub(crate) mod probe;

mod advice;
mod config_file;
mod doctor;
mod event;
mod folder;
mod global;
mod install;
mod push;
mod runner;
mod script;
mod section;
mod template;
mod trust;

pub use crate::hook::invocation::{Invocation, Stdin};
pub use advice::{fetch_command, long_scan_note, unsure_note};
pub use doctor::{Guard, ReadEvent, ReadState, doctor, read_hooks};
pub use install::{install, uninstall};
pub use push::{Load, pre_push, pre_receive, range, update};
pub(crate) use script::binary;
pub use trust::trusted_commits;

use std::collections::HashSet;

use crate::error::{Error, nearest};

/// The hooks that keysweep has a script for.
pub const NAMES: &[&str] = &["pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "pre-receive", "update"];

/// The hooks that guard a clone with a worktree. `install` installs them by default.
pub const OF_A_CLONE: &[&str] = &["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];

/// The hook that guards a repository that is only pushed to. `install` installs it there by default.
pub const OF_A_SERVER: &[&str] = &["pre-receive"];

/// What was done, as lines for a person, and what failed.
#[derive(Debug, Default)]
pub struct Changes {
    pub lines: Vec<String>,
    pub errors: Vec<Error>,
}

impl Changes {
    pub(crate) fn absorb(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.errors.extend(other.errors);
    }

    /// Keeps the first of equal notes, where several places of one repository have them.
    fn drop_repeated_notes(&mut self) {
        let mut seen = HashSet::new();
        self.lines.retain(|line| !line.starts_with("note: ") || seen.insert(line.clone()));
    }
}

/// The names that the user typed, or `otherwise` if there are none.
fn known<'n>(typed: &'n [String], otherwise: &[&'n str]) -> Result<Vec<&'n str>, Error> {
    let no_such_hook = |name: &String| {
        let nearest = nearest(name, NAMES.iter().copied());
        Error::new(
            format!("cannot use the hook name {name}"),
            format!("keysweep has scripts for {} only", NAMES.join(", ")),
            format!("did you mean {nearest}?"),
        )
    };
    match typed.iter().find(|name| !NAMES.contains(&name.as_str())) {
        Some(unknown) => Err(no_such_hook(unknown)),
        None if typed.is_empty() => Ok(otherwise.to_vec()),
        None => {
            let mut names: Vec<&str> = Vec::new();
            for name in typed {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
            Ok(names)
        }
    }
}
