//! Settings, aliases and variables that switch hooks off without a message.

use std::fs;
use std::path::Path;

use crate::git::command::{query_git, run_git_for_hooks};
use crate::hook::hooks_dir::{HooksDir, SHOW_ORIGIN};
use crate::regular_file;

/// Warnings about everything that keeps hooks from running. `called` is whether a hook calls keysweep, and `needs_scripts` is whether
/// one of these hooks would have to be in the hooks folder.
pub(crate) fn bypasses(place: &HooksDir, called: bool, needs_scripts: bool) -> Vec<String> {
    let mut found = Vec::new();
    match &place.unusable {
        _ if !needs_scripts => {}
        Some(why) => found.push(format!("{why}: {SHOW_ORIGIN}")),
        None => found.extend(missing_folder(place)),
    }
    found.extend(aliases(place));
    found.extend(variables());
    if !called {
        found.extend(elsewhere_only(place));
    }
    found
}

/// A missing hooks folder: git then runs no hook and prints nothing.
fn missing_folder(place: &HooksDir) -> Option<String> {
    let set = run_git_for_hooks(&place.top, &["config", "--get", "core.hooksPath"]).ok()?.path()?;
    let help = if place.is_husky() {
        "npx husky makes it"
    } else {
        "git config --show-origin core.hooksPath shows where it is set"
    };
    (!place.hooks.is_dir()).then(|| {
        format!(
            "core.hooksPath is {}, which does not exist, so git runs no hook in this worktree: {help}",
            set.display()
        )
    })
}

/// Aliases that skip hooks.
fn aliases(place: &HooksDir) -> Vec<String> {
    let settings =
        query_git(&place.top, &["config", "--null", "--get-regexp", r"^alias\."]).ok().flatten().unwrap_or_default();
    let settings = String::from_utf8_lossy(&settings);
    let entries = settings.split('\0').filter_map(|entry| entry.split_once('\n'));
    let without_hooks = entries.filter(|(_, command)| leaves_hooks_out(command));
    without_hooks
        .map(|(name, _)| format!("{name} skips the hooks (--no-verify): its commits are not scanned"))
        .collect()
}

fn leaves_hooks_out(command: &str) -> bool {
    let mut words = command.split(|c: char| c.is_whitespace() || "\"';&|()".contains(c));
    let is_setting = |word: &str| {
        let word = word.to_ascii_lowercase();
        word.contains("core.hookspath=") || word.contains("hook.") && word.contains(".enabled=")
    };
    if words.clone().any(|word| word == "--no-verify" || is_setting(word)) {
        return true;
    }
    words.any(|word| word == "commit") && words.any(is_short_no_verify)
}

/// Whether the word has the option `-n`, alone or among other letters. In `-mnew` the `n` belongs to the value of `-m`.
fn is_short_no_verify(word: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or_default();
    letters.chars().take_while(|letter| !"mFCctuS".contains(*letter)).any(|letter| letter == 'n')
}

fn variables() -> Vec<String> {
    let value = |name: &str| std::env::var(name).unwrap_or_default();
    let off = |name: &str| matches!(value(name).as_str(), "0" | "false");
    let mut found = Vec::new();
    for (name, runner) in [("HUSKY", "husky"), ("LEFTHOOK", "lefthook")] {
        if off(name) {
            found.push(format!("{name}={} is set in this environment: {runner} runs no hook", value(name)));
        }
    }
    for name in ["SKIP", "PREK_SKIP"] {
        if value(name).split(',').any(|id| id.trim().starts_with("keysweep")) {
            found.push(format!("{name} names keysweep in this environment: the framework skips it"));
        }
    }
    if !value("PRE_COMMIT_ALLOW_NO_CONFIG").is_empty() {
        found.push(
            "PRE_COMMIT_ALLOW_NO_CONFIG is set in this environment: without a configuration the framework blocks nothing"
                .to_owned(),
        );
    }
    found
}

/// A file that names keysweep, although no hook of this clone runs it.
fn elsewhere_only(place: &HooksDir) -> Option<String> {
    const CONFIGS: &[&str] =
        &[".pre-commit-config.yaml", "prek.toml", "lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".gitlab-ci.yml"];
    let workflows = fs::read_dir(place.top.join(".github/workflows")).into_iter().flatten().flatten();
    let workflows = workflows.map(|entry| Path::new(".github/workflows").join(entry.file_name()));
    let mut files = CONFIGS.iter().map(|name| Path::new(name).to_owned()).chain(workflows);
    let names_it = |text: Vec<u8>| String::from_utf8_lossy(&text).contains("keysweep");
    let file = files.find(|file| regular_file::read(&place.top.join(file)).is_ok_and(names_it))?;
    Some(format!(
        "{} names keysweep, but no hook of this clone runs it: a token is found only after it was pushed, if at all",
        file.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_without_hooks_is_known() {
        for off in [
            "commit --no-verify",
            "commit -n",
            "commit -anm wip",
            "!git add -A && git commit -n",
            "push --no-verify",
            "-c core.hookspath=/dev/null commit",
            "-c hook.keysweep-pre-commit.enabled=false commit",
        ] {
            assert!(leaves_hooks_out(off), "{off}");
        }
        for fine in [
            "commit -m new",
            "commit -mnew",
            "log -n 5",
            "push -n",
            "commit --amend --no-edit",
            "!git log -n1; git commit",
        ] {
            assert!(!leaves_hooks_out(fine), "{fine}");
        }
    }
}
