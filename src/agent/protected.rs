//! The files that decide whether hooks run and what keysweep reports. Only a person may change them.

use std::path::Path;

/// A file or folder by the last components of its path, in lower case, and a noun for it. A path below it is protected too.
const FILES: &[(&[&str], &str)] = &[
    (&[".git", "hooks"], "git's hooks"),
    (&[".git", "config"], "the repository's git settings"),
    (&[".git", "config.worktree"], "the repository's git settings"),
    (&[".gitconfig"], "the user's git settings"),
    (&[".config", "git"], "the user's git settings"),
    (&[".husky"], "husky's hooks"),
    (&[".githooks"], "git's hooks"),
    (&["lefthook.yml"], "lefthook's configuration"),
    (&["lefthook.yaml"], "lefthook's configuration"),
    (&["lefthook.toml"], "lefthook's configuration"),
    (&["lefthook.json"], "lefthook's configuration"),
    (&[".lefthook.yml"], "lefthook's configuration"),
    (&[".lefthook.yaml"], "lefthook's configuration"),
    (&["lefthook-local.yml"], "lefthook's configuration"),
    (&[".lefthook-local.yml"], "lefthook's configuration"),
    (&[".pre-commit-config.yaml"], "pre-commit's configuration"),
    (&["prek.toml"], "prek's configuration"),
    (&["bin", "keysweep"], "the keysweep program"),
    (&["bin", "keysweep.exe"], "the keysweep program"),
    (&[".keysweep.toml"], "keysweep's configuration"),
    (&[".keysweep-baseline"], "keysweep's baseline"),
    (&[".claude", "settings.json"], "the agent's settings"),
    (&[".claude", "settings.local.json"], "the agent's settings"),
    (&[".cursor", "hooks.json"], "the agent's settings"),
    (&[".codex", "hooks.json"], "the agent's settings"),
    (&[".codex", "config.toml"], "the agent's settings"),
    (&[".gemini", "settings.json"], "the agent's settings"),
    (&[".github", "hooks"], "the agent's settings"),
    (&[".github", "copilot"], "the agent's settings"),
    (&[".copilot", "hooks"], "the agent's settings"),
    (&[".copilot", "settings.json"], "the agent's settings"),
];

/// The names of git's hooks that keysweep uses, for commands in a folder that is not known.
const HOOKS: &[&str] = &["pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "pre-receive"];

/// The noun for the protected file that `path` names. `path` may have wildcards of a shell. It is also protected if it names the
/// whole folder that a protected file is in, such as `.git`.
pub(super) fn noun(path: &str) -> Option<&'static str> {
    let parts = components(path);
    FILES.iter().find(|(file, _)| is_within(&parts, file) || is_around(&parts, file)).map(|(_, noun)| *noun)
}

/// The same for a path that the folder `folder` is put in front of.
pub(super) fn noun_in(folder: &str, path: &str) -> Option<&'static str> {
    let is_absolute = path.starts_with(['/', '~']) || Path::new(path).is_absolute();
    if is_absolute { noun(path) } else { noun(&format!("{folder}/{path}")).or_else(|| noun(path)) }
}

/// The noun for a path in an unknown folder, which may be that of the hooks.
pub(super) fn noun_anywhere(path: &str) -> Option<&'static str> {
    let last = components(path).pop().unwrap_or_default();
    let is_hook = HOOKS.iter().any(|hook| matches(&last, hook)) || last == "hooks";
    noun(path).or_else(|| is_hook.then_some("git's hooks"))
}

/// The same for a pattern of `find`, in which `*` is any folder too.
pub(super) fn noun_of_pattern(pattern: &str) -> Option<&'static str> {
    let below = pattern.strip_prefix("*/").and_then(|rest| noun(&format!(".git/{rest}")));
    below.or_else(|| noun_anywhere(pattern))
}

/// Whether `text`, which is no shell, mentions a protected file.
pub(super) fn mentioned(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase().replace('\\', "/");
    // `Path(".git", "hooks")` and `Path(".git") / "hooks"`.
    let bare = |c: char| !matches!(c, '"' | '\'' | '(' | ')' | ' ');
    let joined = text.chars().filter(|&c| bare(c)).collect::<String>().replace(',', "/");
    let has = |path: &str| text.contains(path) || joined.contains(path);
    FILES.iter().find(|(file, _)| has(&file.join("/"))).map(|(_, noun)| *noun)
}

/// Whether a part of the path matches the whole of `file`.
fn is_within(parts: &[String], file: &[&str]) -> bool {
    parts.windows(file.len()).any(|window| window.iter().zip(file).all(|(part, name)| matches(part, name)))
}

/// Whether the path ends with the folder of `file`.
fn is_around(parts: &[String], file: &[&str]) -> bool {
    file.len() > 1
        && file[0] != ".config"
        && file[0] != ".github"
        && file[0] != "bin"
        && parts.last().is_some_and(|last| matches(last, file[0]))
}

/// The components in lower case, since some file systems ignore case, without `.`, and with `..` resolved.
fn components(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part.to_ascii_lowercase());
        }
    }
    parts
}

/// Whether a component, which may have wildcards, matches a name. As in a shell, a leading wildcard matches no leading dot.
/// For a name without a dot only `*` inside of a word counts, since `*` alone would match every path.
fn matches(part: &str, name: &str) -> bool {
    let wild = |b: char| matches!(b, '*' | '?' | '[');
    if !part.contains(wild) {
        return part == name;
    }
    !part.starts_with(wild) && glob(part.as_bytes(), name.as_bytes())
}

/// `*`, `?` and `[…]` of a shell. A bracket expression matches any byte.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => (0..=name.len()).any(|at| glob(rest, &name[at..])),
        [b'?', rest @ ..] => !name.is_empty() && glob(rest, &name[1..]),
        [b'[', ..] => {
            let end = pattern.iter().position(|&b| b == b']').map_or(pattern.len(), |at| at + 1);
            !name.is_empty() && glob(&pattern[end..], &name[1..])
        }
        [byte, rest @ ..] => name.first() == Some(byte) && glob(rest, &name[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_files_are_known_in_every_spelling() {
        for path in [
            ".git/hooks/pre-commit",
            "./.git//hooks",
            "/home/ada/app/.git/config",
            "src/../.git/hooks/pre-push",
            ".GIT/Hooks/pre-commit",
            r"C:\app\.git\hooks\pre-commit",
            ".git",
            ".git/h*",
            ".gi?/hooks",
            ".git/hook[s]/x",
            ".husky/pre-commit",
            ".keysweep.toml",
            "sub/.keysweep-baseline",
            "~/.gitconfig",
            ".claude/settings.local.json",
            ".github/hooks/keysweep.json",
            "lefthook.yml",
            "/usr/local/bin/keysweep",
        ] {
            assert!(noun(path).is_some(), "{path}");
        }
        for path in [
            ".gitignore",
            ".github/workflows/ci.yml",
            ".github",
            "src/git/config.rs",
            "hooks/pre-commit",
            ".git/COMMIT_EDITMSG",
            "*",
            "*.toml",
            "src/*",
            ".claude/commands/x.md",
            ".config/nvim/init.lua",
            "docs/.git-hooks.md",
            "bin",
            "bin/keysweep.rs",
            "",
        ] {
            assert_eq!(noun(path), None, "{path}");
        }
        assert!(noun_in("/app/.git", "hooks/pre-commit").is_some());
        assert!(noun_in("/app/.git/hooks", "pre-commit").is_some());
        assert_eq!(noun_in("/app/.git/hooks", "/tmp/pre-commit"), None);
        assert!(noun_of_pattern("*/hooks/*").is_some() && noun_of_pattern("*.orig").is_none());
        assert!(mentioned("Path('.git', 'hooks')").is_some() && mentioned("Path('.gitignore')").is_none());
        assert!(noun_anywhere("pre-commit").is_some() && noun_anywhere("readme").is_none());
    }
}
