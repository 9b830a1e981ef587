//! The values of words, as far as the script itself determines them.

use super::script::{Part, Script, Stage, Word};
use super::variables::Variables;

/// A value that is not known, and that can be anything, for example an option.
pub(super) const ANYTHING: char = '\u{FFFF}';

/// A part of a value that is not known, behind text that is. It is no option, but in a script it can be anything.
pub(super) const PART: char = '\u{FFFC}';

/// A value that is not known, but comes from the environment or is a name that git printed.
pub(super) const SOMETHING: char = '\u{FFFE}';

/// Whether part of the value is not known.
pub(super) fn is_unknown(value: &str) -> bool {
    value.contains([ANYTHING, PART, SOMETHING])
}

/// More values of a word or a variable than this are not distinguished. With [`MAX_DEPTH`] it bounds the work for a word.
const MAX_VALUES: usize = 8;

/// Variables that refer to each other deeper than this are not resolved.
const MAX_DEPTH: usize = 3;

/// The values that a word can have. Usually there is one. A value without quotes can be several words.
pub(super) fn values(word: &Word, variables: &Variables) -> Vec<String> {
    match static_text(word) {
        Some(text) => vec![text],
        None => at_depth(word, variables, 0),
    }
}

fn at_depth(word: &Word, variables: &Variables, depth: usize) -> Vec<String> {
    let mut values = vec![String::new()];
    for part in &word.parts {
        let begins = values.iter().all(String::is_empty);
        let alternatives = alternatives(part, begins, variables, depth);
        let joined = values.iter().flat_map(|value| alternatives.iter().map(move |next| format!("{value}{next}")));
        values = joined.take(MAX_VALUES + 1).collect();
        if values.len() > MAX_VALUES {
            return vec![ANYTHING.to_string()];
        }
    }
    values
}

/// The values of a part. `begins` is whether nothing is in front of it in the word.
fn alternatives(part: &Part, begins: bool, variables: &Variables, depth: usize) -> Vec<String> {
    let unknown = |is_quoted: bool| {
        // Text in front of a quoted value keeps it from being an option.
        vec![if is_quoted && !begins { PART } else { ANYTHING }.to_string()]
    };
    match part {
        Part::Text(text) => vec![text.clone()],
        Part::Output { script, is_quoted } => {
            if let Some(path) = path_of(script) {
                return vec![path];
            }
            if is_harmless(script) { vec![SOMETHING.to_string()] } else { unknown(*is_quoted) }
        }
        Part::Derived(name) if !name.is_empty() && variables.values(name).is_none() => vec![SOMETHING.to_string()],
        Part::Elements(name) if variables.values(name).is_none() => vec![SOMETHING.to_string()],
        Part::Derived(_) | Part::Arguments | Part::Elements(_) => unknown(false),
        Part::Variable { other, is_quoted, .. } if depth >= MAX_DEPTH && other.is_none() => unknown(*is_quoted),
        Part::Variable { name, other, is_quoted } => {
            let set = variables.values(name).unwrap_or_default();
            if set.len() > MAX_VALUES {
                return unknown(*is_quoted);
            }
            let all = set.iter().chain(other.as_ref()).flat_map(|word| {
                if depth >= MAX_DEPTH { vec![ANYTHING.to_string()] } else { at_depth(word, variables, depth + 1) }
            });
            let mut all: Vec<String> = all.collect();
            if set.is_empty() {
                all.push(SOMETHING.to_string());
            }
            all
        }
    }
}

/// Programs that print names, dates and the like.
const PRINTERS: &[&str] =
    &["git", "date", "pwd", "basename", "dirname", "whoami", "hostname", "mktemp", "uname", "nproc", "id", "wc"];

/// Programs that pass on parts of what they read.
const FILTERS: &[&str] = &["head", "tail", "cut", "tr", "sort", "uniq", "grep", "sed", "awk", "wc", "xargs", "cat"];

/// Commands of git whose output is chosen by the repository, not by their arguments.
const GIT_READERS: &[&str] = &[
    "branch",
    "rev-parse",
    "symbolic-ref",
    "describe",
    "log",
    "diff",
    "ls-files",
    "ls-tree",
    "status",
    "show",
    "merge-base",
    "remote",
    "rev-list",
    "name-rev",
    "for-each-ref",
    "tag",
    "config",
    "rev-list",
    "show-ref",
    "ls-remote",
    "stash",
    "var",
];

/// Programs whose output sets up a shell, with the beginning of the argument that asks for it. Other arguments of theirs can print
/// any text.
const SETUP: &[(&str, &str)] = &[
    ("ssh-agent", ""),
    ("dircolors", ""),
    ("keychain", ""),
    ("brew", "shellenv"),
    ("conda", "shell."),
    ("direnv", "export"),
    ("direnv", "hook"),
    ("fnm", "env"),
    ("gh", "completion"),
    ("jenv", "init"),
    ("kubectl", "completion"),
    ("mise", "activate"),
    ("nodenv", "init"),
    ("opam", "env"),
    ("pyenv", "init"),
    ("rbenv", "init"),
    ("starship", "init"),
    ("zoxide", "init"),
];

/// Whether the words are one of [`SETUP`].
fn sets_up(words: &[Option<String>]) -> bool {
    let Some((Some(program), args)) = words.split_first() else { return false };
    let first = args.first().map(|arg| arg.clone().unwrap_or_default()).unwrap_or_default();
    SETUP.iter().any(|(name, argument)| program == name && first.starts_with(argument))
}

/// Whether the command downloads a file.
pub(super) fn is_download(stage: &Stage) -> bool {
    let program = stage.words.first().and_then(static_text).unwrap_or_default();
    matches!(program.as_str(), "curl" | "wget")
}

/// Whether the output of a download is a word of the command, and no other output.
pub(super) fn runs_download(stage: &Stage) -> bool {
    let mut outputs =
        stage.words.iter().chain(&stage.input).flat_map(|word| &word.parts).filter_map(|part| match part {
            Part::Output { script, .. } => Some(script),
            _ => None,
        });
    let is_one = |script: &Script| {
        let mut stages = script.pipelines.iter().flat_map(|pipeline| &pipeline.stages);
        !script.pipelines.is_empty() && stages.all(is_download)
    };
    outputs.next().is_some_and(|script| is_one(script)) && outputs.all(|script| is_one(script))
}

/// The text of a word without expansions.
pub(super) fn static_text(word: &Word) -> Option<String> {
    word.parts.iter().map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect()
}

/// The path that `git rev-parse` prints for git's own folder, or `which` for a program.
fn path_of(script: &Script) -> Option<String> {
    let [pipeline] = script.pipelines.as_slice() else { return None };
    let [stage] = pipeline.stages.as_slice() else { return None };
    let words = stage.words.iter().map(static_text).collect::<Option<Vec<String>>>()?;
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["git", "rev-parse", .., "--git-dir" | "--git-common-dir" | "--absolute-git-dir"] => Some(".git".to_owned()),
        ["git", "rev-parse", .., "--git-path", path] => Some(format!(".git/{path}")),
        ["which", program] | ["command", "-v", program] | ["type", "-P" | "-p", program] => {
            Some(format!("/usr/bin/{program}"))
        }
        _ => None,
    }
}

/// Whether the script only prints names and dates, so that its output is no option of git.
fn is_harmless(script: &Script) -> bool {
    script.pipelines.iter().all(|pipeline| {
        pipeline.stages.iter().enumerate().all(|(at, stage)| {
            let texts: Vec<Option<String>> = stage.words.iter().map(static_text).collect();
            let names_option = texts.iter().flatten().any(|text| text.contains("-n") && text.contains("no-ver"));
            let name = texts.first().cloned().flatten().unwrap_or_default();
            let known = if at == 0 { PRINTERS } else { FILTERS };
            let subcommand = texts.get(1).cloned().flatten().unwrap_or_default();
            let is_reader = name != "git" || GIT_READERS.contains(&subcommand.as_str());
            if at == 0 && sets_up(&texts) {
                return true;
            }
            stage.inner.pipelines.is_empty() && !names_option && known.contains(&name.as_str()) && is_reader
        })
    })
}
