//! The variables of a script, and those that switch hooks off.

use std::collections::HashMap;

use super::script::{Script, Word};

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
            self.add(&stage.inner);
        }
    }

    /// The values of the variable. None if the script does not set it.
    pub fn values(&self, name: &str) -> Option<&[Word]> {
        self.0.get(name).map(Vec::as_slice)
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
        "HUSKY_SKIP_HOOKS" | "LEFTHOOK_EXCLUDE" | "PRE_COMMIT_ALLOW_NO_CONFIG" => value != Some(""),
        "GIT_CONFIG"
        | "GIT_CONFIG_COUNT"
        | "GIT_CONFIG_GLOBAL"
        | "GIT_CONFIG_NOSYSTEM"
        | "GIT_CONFIG_PARAMETERS"
        | "GIT_CONFIG_SYSTEM"
        | "GIT_EXEC_PATH" => true,
        _ => name.starts_with("GIT_CONFIG_KEY_") || name.starts_with("GIT_CONFIG_VALUE_"),
    };
    is_refused.then(|| format!("the variable {name} can switch git's hooks off"))
}
