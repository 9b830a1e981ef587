//! What a command line of git does about hooks.

use super::git_config;
use super::git_line::GitLine;
use super::words::{ANYTHING, is_unknown};

/// What follows from a command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum GitStep {
    Fine,
    /// It goes round the hooks, for this reason.
    Refused(String),
    /// Only a person may decide, for this reason.
    Asked(String),
    /// It runs this shell script.
    Script(String),
    /// It runs this program with these arguments.
    Program(Vec<String>),
    /// It may be an alias. The arguments follow.
    Alias(String, Vec<String>),
    /// It may change the files that these words name.
    Changes(Vec<String>),
}

/// Commands that run hooks, and their options with a value in the next word. In such a value any text is harmless.
const HOOKED: &[(&str, &[&str])] = &[
    (
        "commit",
        &[
            "-m",
            "-F",
            "-C",
            "-c",
            "-t",
            "--message",
            "--file",
            "--reuse-message",
            "--reedit-message",
            "--template",
            "--author",
            "--date",
            "--fixup",
            "--squash",
            "--trailer",
            "--cleanup",
            "--pathspec-from-file",
        ],
    ),
    ("merge", &["-m", "-F", "-s", "-X", "--file", "--strategy", "--strategy-option", "--into-name", "--cleanup"]),
    ("push", &["-o", "--push-option", "--repo", "--receive-pack", "--exec"]),
    ("pull", &["-s", "-X", "-j", "--strategy", "--strategy-option", "-o", "--server-option"]),
    ("am", &["-C", "-p", "--directory", "--exclude", "--include", "--patch-format", "--whitespace"]),
    ("rebase", &["-s", "-X", "--onto", "--strategy", "--strategy-option", "-C"]),
    ("cherry-pick", &["-m", "--mainline", "-s", "-X", "--strategy", "--strategy-option", "--cleanup"]),
    ("revert", &["-m", "--mainline", "-s", "-X", "--strategy", "--strategy-option", "--cleanup"]),
];

/// Short options of a command whose value is the rest of the word.
fn letters_with_value(command: &str) -> &'static str {
    match command {
        "commit" => "mFCctuS",
        "am" => "pCS",
        "merge" => "mFsXS",
        "push" => "o",
        "pull" => "sXjoS",
        "rebase" => "sXCxS",
        _ => "msXS",
    }
}

/// Commands that only read the files that they are given, or add them to the index, which the hooks scan.
const READERS: &[&str] = &[
    "add",
    "annotate",
    "archive",
    "blame",
    "cat-file",
    "check-attr",
    "check-ignore",
    "commit",
    "describe",
    "diff",
    "diff-files",
    "diff-index",
    "diff-tree",
    "difftool",
    "fetch",
    "grep",
    "hash-object",
    "log",
    "ls-files",
    "ls-remote",
    "ls-tree",
    "merge-base",
    "push",
    "rev-list",
    "rev-parse",
    "shortlog",
    "show",
    "stage",
    "status",
    "whatchanged",
];

/// Commands that cannot be an alias, apart from [`READERS`] and [`HOOKED`].
const BUILT_IN: &[&str] = &[
    "apply",
    "bisect",
    "branch",
    "bundle",
    "checkout",
    "clean",
    "clone",
    "config",
    "count-objects",
    "format-patch",
    "fsck",
    "gc",
    "help",
    "hook",
    "init",
    "maintenance",
    "mv",
    "notes",
    "pack-refs",
    "prune",
    "range-diff",
    "reflog",
    "remote",
    "repack",
    "replace",
    "reset",
    "restore",
    "rm",
    "show-branch",
    "show-ref",
    "sparse-checkout",
    "stash",
    "submodule",
    "switch",
    "symbolic-ref",
    "tag",
    "update-index",
    "update-ref",
    "var",
    "version",
    "worktree",
    "write-tree",
    "read-tree",
    "name-rev",
    "for-each-ref",
    "commit-tree",
    "fast-import",
    "http-push",
    "mktree",
    "send-pack",
    "filter-branch",
    "rerere",
    "mergetool",
    "gui",
    "lfs",
];

/// Judges `git ARGS`.
pub(super) fn judge(args: &[String]) -> GitStep {
    judge_line(&GitLine::of(args))
}

pub(super) fn judge_line(line: &GitLine<'_>) -> GitStep {
    if line.is_open {
        return cannot_tell();
    }
    if let Some(step) =
        line.settings.iter().chain(&line.settings_from_variables).find_map(|setting| of_setting(setting))
    {
        return step;
    }
    if line.has_exec_path {
        return GitStep::Refused("`--exec-path` replaces git's own programs".to_owned());
    }
    if line.command.is_empty() { GitStep::Fine } else { of_command(line.command, line.args) }
}

/// A setting on the command line.
fn of_setting(setting: &str) -> Option<GitStep> {
    let key = setting.split('=').next().unwrap_or_default();
    if is_unknown(key) {
        return Some(cannot_tell());
    }
    git_config::decides(key).then(|| GitStep::Refused(format!("the setting {key} can switch the hooks off")))
}

fn of_command(command: &str, args: &[String]) -> GitStep {
    match command {
        "commit-tree" | "fast-import" | "mktree" | "filter-branch" => {
            GitStep::Refused(format!("`git {command}` makes commits without the hooks"))
        }
        "send-pack" | "http-push" | "remote-http" | "remote-https" | "remote-ext" | "remote-fd" => {
            GitStep::Refused(format!("`git {command}` pushes without the hooks"))
        }
        "stash" if args.first().is_some_and(|word| word == "create" || word == "store") => {
            GitStep::Refused(format!("`git stash {}` makes or stores commits without the hooks", args[0]))
        }
        "hash-object" if makes_commit(args) => {
            GitStep::Refused("`git hash-object` with this type makes commits without the hooks".to_owned())
        }
        "unpack-objects" => GitStep::Refused("`git unpack-objects` adds commits without the hooks".to_owned()),
        "index-pack" if args.iter().any(|arg| arg == "--stdin") => {
            GitStep::Refused("`git index-pack --stdin` adds commits without the hooks".to_owned())
        }
        "replace" if args.iter().any(|arg| git_config::is_any(arg, &["--edit", "-e", "--graft", "-g"])) => {
            GitStep::Refused("`git replace` with this option makes commits without the hooks".to_owned())
        }
        "svn" | "p4" if args.iter().any(|arg| matches!(arg.as_str(), "dcommit" | "commit-diff" | "submit")) => {
            GitStep::Refused(format!("`git {command}` sends commits without the hooks"))
        }
        "filter-repo" => GitStep::Asked("`git filter-repo` makes new commits without the hooks".to_owned()),
        "clone" | "init" => of_new_repository(args),
        "update-index" => of_update_index(args),
        "config" if args.iter().any(|arg| arg.contains(ANYTHING)) => cannot_tell(),
        "config" if git_config::changes(args) => {
            GitStep::Refused("it changes a setting that can switch the hooks off".to_owned())
        }
        "config" => GitStep::Fine,
        "submodule" if behind_options(args, "").first().is_some_and(|word| word == "foreach") => {
            GitStep::Script(behind_options(&behind_options(args, "")[1..], "").join(" "))
        }
        "for-each-repo" => judge(behind_options(args, "--config")),
        "bisect" if args.first().is_some_and(|word| word == "run") => GitStep::Program(args[1..].to_vec()),
        _ => match HOOKED.iter().find(|(name, _)| *name == command) {
            Some((_, with_value)) => of_hooked(command, with_value, args),
            None if READERS.contains(&command) => GitStep::Fine,
            None if is_unknown(command) => cannot_tell(),
            None if BUILT_IN.contains(&command) => GitStep::Changes(args.to_vec()),
            None => GitStep::Alias(command.to_owned(), args.to_vec()),
        },
    }
}

/// Whether `git hash-object ARGS` makes a commit or a tree.
fn makes_commit(args: &[String]) -> bool {
    let types = args.iter().enumerate().filter_map(|(at, arg)| match arg.strip_prefix("-t") {
        Some("") => args.get(at + 1).map(String::as_str),
        joined => joined,
    });
    types.into_iter().any(|kind| matches!(kind, "commit" | "tree") || is_unknown(kind))
}

/// `git clone` and `git init` can make a repository without the hooks that the user's settings give it.
fn of_new_repository(args: &[String]) -> GitStep {
    for (at, arg) in args.iter().enumerate() {
        let (name, joined) = arg.split_once('=').map_or((arg.as_str(), None), |(name, value)| (name, Some(value)));
        if name.len() > 3 && "--template".starts_with(name) {
            return GitStep::Refused("`--template` makes a repository without the hooks".to_owned());
        }
        if matches!(name, "-c" | "--config")
            && let Some(step) = joined.or_else(|| args.get(at + 1).map(String::as_str)).and_then(of_setting)
        {
            return step;
        }
    }
    GitStep::Changes(args.to_vec())
}

/// Whether `git COMMAND` runs hooks.
pub(super) fn runs_hooks(command: &str) -> bool {
    HOOKED.iter().any(|(name, _)| *name == command)
}

/// The words behind the options, of which `with_value` has its value in the next word.
fn behind_options<'a>(args: &'a [String], with_value: &str) -> &'a [String] {
    let mut at = 0;
    while let Some(word) = args.get(at).filter(|word| word.starts_with('-')) {
        at += 1 + usize::from(word == with_value);
    }
    args.get(at..).unwrap_or_default()
}

/// Whether a program with this name runs a command of git that runs hooks, as `git-commit` does.
pub(super) fn is_command(program: &str) -> bool {
    program.strip_prefix("git-").is_some_and(runs_hooks)
}

/// A command that runs hooks.
fn of_hooked(command: &str, with_value: &[&str], args: &[String]) -> GitStep {
    let mut words = args.iter();
    let mut scripts = Vec::new();
    let letters = letters_with_value(command);
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        if word.starts_with(ANYTHING) || is_open_option(word, letters) {
            return cannot_tell();
        }
        if skips_hooks(command, word) {
            return GitStep::Refused(format!("`{}` skips the hooks", option_of(word)));
        }
        if command == "rebase"
            && let Some(joined) = exec_of(word)
        {
            scripts.extend(if joined.is_empty() { words.next().map(String::as_str) } else { Some(joined) });
            continue;
        }
        // `-am TEXT`: the last letter decides.
        let is_cluster = matches!(command, "commit" | "merge")
            && word.len() > 2
            && !word.starts_with("--")
            && word.starts_with('-')
            && word[1..].find(|c| letters.contains(c)) == Some(word.len() - 2);
        if with_value.contains(&word.as_str()) || (is_cluster && !word.ends_with(['u', 'S'])) {
            words.next();
        }
    }
    if scripts.is_empty() { GitStep::Fine } else { GitStep::Script(scripts.join("\n")) }
}

/// The value of `--exec` of `rebase`, also in a short form or an abbreviation. Empty if it is in the next word.
fn exec_of(word: &str) -> Option<&str> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').unwrap_or((long, ""));
        return (name.len() > 1 && "exec".starts_with(name)).then_some(value);
    }
    let letters = word.strip_prefix('-')?;
    let at = letters.find(|c| letters_with_value("rebase").contains(c)).filter(|&at| letters[at..].starts_with('x'))?;
    Some(&letters[at + 1..])
}

/// Whether a part of the name of an option is not known. In a value behind `=` or a letter it does not matter.
fn is_open_option(word: &str, with_value: &str) -> bool {
    let Some(at) = word.find(|c: char| is_unknown(c.encode_utf8(&mut [0; 4]))) else { return false };
    match word[..at].strip_prefix('-') {
        Some(name) if name.starts_with('-') => !name.contains('='),
        Some(letters) => !letters.contains(|c| with_value.contains(c)),
        None => false,
    }
}

/// Whether the option skips hooks. Git accepts any unique beginning of a long option.
fn skips_hooks(command: &str, word: &str) -> bool {
    // `am` has no other option that begins with `--no-v`.
    let shortest = if command == "am" { "--no-v" } else { "--no-veri" };
    if word.starts_with(shortest) && "--no-verify".starts_with(word) {
        return true;
    }
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or_default();
    matches!(command, "commit" | "am")
        && letters
            .chars()
            .take_while(|letter| !letters_with_value(command).contains(*letter))
            .any(|letter| letter == 'n')
}

/// The option to quote in the reason. A value behind short options is left out.
fn option_of(word: &str) -> &str {
    if word.starts_with("--") { "--no-verify" } else { "-n" }
}

/// Changes of the index that no file shows, such as another `.keysweep.toml` than the one on disk.
fn of_update_index(args: &[String]) -> GitStep {
    const HIDDEN: &[&str] = &["--cacheinfo", "--index-info", "--stdin", "--skip-worktree", "--assume-unchanged"];
    let hidden = args.iter().find(|arg| git_config::is_any(arg.split('=').next().unwrap_or_default(), HIDDEN));
    match hidden {
        Some(_) => {
            GitStep::Refused("`git update-index` with this option changes the index without the file".to_owned())
        }
        None if args.iter().any(|arg| arg.contains(ANYTHING)) => cannot_tell(),
        None => GitStep::Changes(args.to_vec()),
    }
}

fn cannot_tell() -> GitStep {
    GitStep::Refused("it is not clear which options git gets; write them out".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(line: &str) -> GitStep {
        judge(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_that_skip_hooks_are_refused() {
        for line in [
            "commit --no-verify",
            "commit --no-veri",
            "commit -n",
            "commit -anm x",
            "commit -m x -n",
            "commit -am x --no-verify",
            "push --no-verify",
            "push origin main --no-verify",
            "merge --no-verify x",
            "pull --no-verify",
            "am -n",
            "rebase --no-verify",
            "-C dir commit -n",
            "-c core.hooksPath=/dev/null commit",
            "-c CORE.HOOKSPATH=x commit",
            "-c hook.keysweep.enabled=false push",
            "-c alias.x=commit x",
            "--config-env=core.hooksPath=X commit",
            "--config-env core.hooksPath=X commit",
            "--git-dir .git -c include.path=x commit",
            "--exec-path=/tmp commit",
            "commit-tree HEAD^{tree}",
            "fast-import",
            "send-pack ../other.git main",
            "http-push https://example.org/x.git main",
            "update-index --cacheinfo 100644,0,.keysweep.toml",
            "update-index --skip-worktree .keysweep.toml",
            "config core.hooksPath x",
            "stash create",
        ] {
            assert!(matches!(judged(line), GitStep::Refused(_)), "{line}: {:?}", judged(line));
        }
    }

    #[test]
    fn ordinary_commands_pass() {
        for line in [
            "status",
            "--no-pager log -n 5",
            "commit -m --no-verify",
            "commit -mnew",
            "commit -m -n",
            "commit -am -n",
            "commit --message --no-verify",
            "commit -F file -- -n",
            "push -n origin main",
            "push origin HEAD:main",
            "merge -n topic",
            "merge --no-verify-signatures topic",
            "cherry-pick -n abc",
            "commit --no-edit --amend",
            "-c user.name=Ada commit -m x",
            "config user.name Ada",
            "rebase -i main",
            "stash push -m x",
            "--version",
        ] {
            assert!(!matches!(judged(line), GitStep::Refused(_)), "{line}: {:?}", judged(line));
        }
        assert_eq!(judged("ci -m x"), GitStep::Alias("ci".into(), vec!["-m".into(), "x".into()]));
        assert_eq!(judged("rebase -x true main"), GitStep::Script("true".into()));
    }
}
