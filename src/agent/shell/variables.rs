//! The variables of a script, and those that switch hooks off.

use std::collections::HashMap;

use super::script::{Part, Script, Stage, Word};

/// Every value that a script gives to each variable, in any branch and at any time.
#[derive(Debug, Default)]
pub(super) struct Variables(HashMap<String, Vec<Word>>);

impl Variables {
    pub fn of(script: &Script) -> Self {
        let mut variables = Self::default();
        variables.add(script);
        variables
    }

    fn add(&mut self, script: &Script) {
        for stage in script.pipelines.iter().flat_map(|pipeline| &pipeline.stages) {
            for (name, value) in &stage.assignments {
                self.0.entry(name.clone()).or_default().push(value.clone());
            }
            for name in set_from_input(stage) {
                self.0.entry(name).or_default().push(Word { parts: vec![Part::Arguments] });
            }
            for part in stage.words.iter().flat_map(|word| &word.parts) {
                if let Part::Variable { name, other: Some(other), .. } = part {
                    self.0.entry(name.clone()).or_default().push(other.clone());
                }
            }
            self.add(&stage.inner);
        }
    }

    /// The values of the variable. None if the script does not set it.
    pub fn values(&self, name: &str) -> Option<&[Word]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

/// The variables that `read` and the like set. Their values are not known.
fn set_from_input(stage: &Stage) -> Vec<String> {
    let text = |word: &Word| match word.parts.as_slice() {
        [Part::Text(text)] => text.clone(),
        _ => String::new(),
    };
    let words: Vec<String> = stage.words.iter().map(text).collect();
    let setting = ["read", "mapfile", "readarray", "getopts"];
    match words.split_first() {
        Some((program, args)) if setting.contains(&program.as_str()) => {
            args.iter().filter(|arg| !arg.is_empty() && !arg.starts_with('-')).cloned().collect()
        }
        Some((program, args)) if program == "printf" && args.first().is_some_and(|arg| arg == "-v") => {
            args.get(1).cloned().into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The reason why a script may not set the variable, if it may not. `value` is None if it is not known. `runs_git` is whether the
/// script runs git.
pub(super) fn refused(name: &str, value: Option<&str>, runs_git: bool) -> Option<String> {
    let is_off =
        value.is_none_or(|value| matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off" | ""));
    let skips =
        value.is_none_or(|value| !value.is_empty() && (runs_git || value.to_ascii_lowercase().contains("keysweep")));
    let is_refused = match name {
        "HUSKY" | "LEFTHOOK" => is_off,
        "SKIP" | "PREK_SKIP" => skips,
        // LEFTHOOK_BIN names another program in place of lefthook, and LEFTHOOK_CONFIG another configuration:
        // https://lefthook.dev/usage/env.html as of 2026-11.
        "HUSKY_SKIP_HOOKS"
        | "LEFTHOOK_BIN"
        | "LEFTHOOK_CONFIG"
        | "LEFTHOOK_EXCLUDE"
        | "OVERCOMMIT_DISABLE"
        | "PRE_COMMIT_ALLOW_NO_CONFIG"
        | "SKIP_SIMPLE_GIT_HOOKS" => value != Some(""),
        "GIT_CONFIG"
        | "GIT_CONFIG_COUNT"
        | "GIT_CONFIG_GLOBAL"
        | "GIT_CONFIG_NOSYSTEM"
        | "GIT_CONFIG_PARAMETERS"
        | "GIT_CONFIG_SYSTEM"
        | "GIT_EXEC_PATH"
        | "GIT_TEMPLATE_DIR" => true,
        _ => name.starts_with("GIT_CONFIG_KEY_") || name.starts_with("GIT_CONFIG_VALUE_"),
    };
    is_refused.then(|| format!("the variable {name} can switch git's hooks off"))
}
