//! The command line as it is typed.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::report::Format;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Finds sk_ tokens and whsec_ webhook secrets before they are committed.
///
/// Exit code: 0 nothing found, 1 tokens found, 2 anything that could not be done or read.
#[derive(Debug, Parser)]
#[command(name = "keysweep", version, max_term_width = 100, args_override_self = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

impl Cli {
    /// What the words of a process mean, its own name first.
    ///
    /// Making the whole command line is a fifth of a small commit's scan, so the words of a hook are first taken as
    /// those of its one command. Whatever that does not understand is left to the whole, whose messages are the true ones.
    pub fn of(words: &[OsString]) -> Result<Self, clap::Error> {
        Self::alone(words).map_or_else(|| Self::try_parse_from(words), Ok)
    }

    fn alone(words: &[OsString]) -> Option<Self> {
        let words = words.get(1..)?;
        match words.first()?.to_str()? {
            "staged" => Some(Alone::<NoArgs>::try_parse_from(words).ok()?.meaning(|_| Command::Staged)),
            "hook" => Some(Alone::<HookArgs>::try_parse_from(words).ok()?.meaning(Command::Hook)),
            _ => None,
        }
    }
}

/// One command without the others.
#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Alone<A: Args> {
    #[command(flatten)]
    args: A,
    #[command(flatten)]
    common: Common,
}

impl<A: Args> Alone<A> {
    fn meaning(self, command: impl FnOnce(A) -> Command) -> Cli {
        Cli { command: command(self.args), common: self.common }
    }
}

#[derive(Debug, Args)]
struct NoArgs {}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scan what the next commit adds: added lines, new file names, symlink targets
    Staged,
    /// Scan files and folders as they are; `-` is standard input
    Files(FilesArgs),
    /// Scan a commit message
    Message {
        /// The file that git hands to commit-msg
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Scan what git hands to a hook
    Hook(HookArgs),
    /// Install the hook scripts, so that git calls keysweep
    Install {
        /// The hooks: pre-commit, pre-merge-commit, commit-msg, pre-push, pre-receive, update (default: the first four; in a bare repository pre-receive)
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// For all repositories that you clone or make from now on
        #[arg(long)]
        global: bool,
    },
    /// Remove the hook scripts that install wrote
    Uninstall {
        /// The hooks (default: all)
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Those for all repositories to come
        #[arg(long)]
        global: bool,
    },
    /// Tell which hooks are live here, and prove it with a planted token that is never committed
    ///
    /// Exit code: 0 a token would be stopped on each of its ways, 1 on one of them it would not, 2 that could not be proved.
    Doctor,
    /// Scan every object of the repository, reachable or not, and tell where and since when each token stands
    History(HistoryArgs),
    /// Report every place of a token that is given on standard input: printf %s "$TOKEN" | keysweep find
    ///
    /// Several tokens are given one a line. After a cleaning, --tokens-from seeks all tokens that were replaced.
    ///
    /// Looks through every object, the names, the index, and the files of the worktree and of the git directory, in every encoding that detection knows. The token need not look like one of any rule, and nothing silences it: no allowlist, no marker.
    ///
    /// A token of fewer than 19 bytes, or one with other characters than letters, digits and _-+/=, is found as it is and in the usual ways of encoding it once (base64, hex, percent-encoding, string escapes, HTML entities, UTF-16); encoded twice, wrapped into lines or escaped in part it may not be.
    ///
    /// Exit code: 0 it stands nowhere, 1 it was found, 2 anything that could not be done or read.
    Find(FindArgs),
    /// List the rules, or explain one with its remedy
    Rules {
        /// The rule to explain
        #[arg(value_name = "ID")]
        id: Option<String>,
        /// Try the examples of the rules in .keysweep.toml (or of the one named): exit code 1 where one does not hold
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct HookArgs {
    /// The hook's name
    #[arg(value_enum)]
    pub name: HookName,
    /// What git gave to the hook
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Read only objects that were not yet there, or not clean, when this was last run here; what is clean is remembered in
    /// the git directory
    #[arg(long, conflicts_with_all = ["revisions", "since", "until", "branch", "author", "paths"])]
    pub since_last: bool,
    /// Scan what these commits introduce, and nothing else: main, A..B, ^C, as git log takes them
    #[arg(value_name = "REV")]
    pub revisions: Vec<String>,
    /// Scan what commits since DATE introduce: 2026-01-31, "2 weeks ago"
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// The same, for commits until DATE
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// The same, for the branches that match GLOB (may be given again)
    #[arg(long, value_name = "GLOB")]
    pub branch: Vec<String>,
    /// The same, for commits whose author matches PATTERN, a basic regular expression, as written or as .mailmap has it
    #[arg(long, value_name = "PATTERN")]
    pub author: Option<String>,
    /// The same, for commits that change PATH
    #[arg(last = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Do not fail for what this clone is known to lack: the rest of a shallow or partial one, missing objects, files of Git LFS
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Unpack archives too: zip (jar, docx, whl), tar, deb, gzip, zstd, xz, bzip2
    #[cfg(feature = "archives")]
    #[arg(long)]
    pub archives: bool,
    /// Write a file that replaces every token found, in the format of git filter-repo, and the plan that applies it; the file
    /// holds the tokens, so only its owner can read it
    #[arg(long, value_name = "FILE")]
    pub replacements: Option<PathBuf>,
    /// Write the plan, a shell script without tokens, to FILE instead of beside the replacements
    #[arg(long, value_name = "FILE", requires = "replacements")]
    pub plan: Option<PathBuf>,
}

impl HistoryArgs {
    /// Whether to look into archives.
    #[cfg(feature = "archives")]
    pub fn archives(&self) -> bool {
        self.archives
    }

    #[cfg(not(feature = "archives"))]
    #[allow(clippy::unused_self)] // with the feature there is an option
    pub fn archives(&self) -> bool {
        false
    }
}

#[derive(Debug, Args)]
pub(super) struct FindArgs {
    /// Do not fail for what this clone is known to lack: the rest of a shallow or partial one, missing objects, files of Git LFS
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Seek the tokens that FILE names, which history --replacements wrote, and read no standard input; only the owner of FILE
    /// may have access to it
    #[arg(long, value_name = "FILE")]
    pub tokens_from: Option<PathBuf>,
    /// Refused, and not repeated
    #[arg(hide = true)]
    pub typed: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct FilesArgs {
    /// Paths to scan
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Leave out what git ignores: files that it does not track and that .gitignore or another exclude names
    #[arg(long)]
    pub respect_gitignore: bool,
    /// Unpack archives too: zip (jar, docx, whl), tar, deb, gzip, zstd, xz, bzip2
    #[cfg(feature = "archives")]
    #[arg(long)]
    pub archives: bool,
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// How to report (default: human)
    #[arg(long, global = true, value_enum)]
    format: Option<FormatName>,
    /// Write the report to FILE instead of standard output
    #[arg(long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Read the configuration from FILE instead of .keysweep.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Allow tokens in paths that match GLOB (may be given again)
    #[arg(long, global = true, value_name = "GLOB")]
    pub allow: Vec<String>,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
    /// Say nothing when nothing is found
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Do not show how far a sweep of the history is
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Scan on N threads (default: as many as there are cores)
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

impl Common {
    pub fn format(&self) -> FormatName {
        self.format.unwrap_or(FormatName::Human)
    }

    /// Whether a scan adds annotations to its report for people: in a job of GitHub Actions, unless the user chose a format or a file.
    pub fn adds_annotations(&self) -> bool {
        let is_in_job = || std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        self.format.is_none() && self.output.is_none() && is_in_job()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum HookName {
    PreCommit,
    PreMergeCommit,
    CommitMsg,
    PrePush,
    PreReceive,
    Update,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    Human,
    Json,
    Jsonl,
    Sarif,
    Github,
    Gitlab,
}

/// Where words that are not understood want the report: the last `--format` and `--output` count.
pub(super) fn destination(words: &[OsString]) -> (FormatName, Option<PathBuf>) {
    let mut words = words.iter().skip(1).take_while(|word| *word != "--");
    let (mut format, mut path) = (FormatName::Human, None);
    while let Some(word) = words.next() {
        let mut value = |name: &str| match word.to_str()?.strip_prefix(name)? {
            "" => words.next().cloned(),
            rest => rest.strip_prefix('=').map(OsString::from),
        };
        if let Some(name) = value("--format") {
            format = name.to_str().and_then(|name| FormatName::from_str(name, true).ok()).unwrap_or(format);
        } else if let Some(file) = value("--output") {
            path = Some(PathBuf::from(file));
        }
    }
    (format, path)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Human => Format::Human,
            FormatName::Json => Format::Json,
            FormatName::Jsonl => Format::Jsonl,
            FormatName::Sarif => Format::Sarif,
            FormatName::Github => Format::Github,
            FormatName::Gitlab => Format::Gitlab,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destination_is_read_from_words_that_are_not_understood() {
        for (line, format, path) in [
            ("keysweep staged --formt json", FormatName::Human, None),
            ("keysweep staged --format json --x", FormatName::Json, None),
            ("keysweep --format=jsonl --output r staged --x", FormatName::Jsonl, Some("r")),
            ("keysweep --format json --format human --output=a --output=b/c=d", FormatName::Human, Some("b/c=d")),
            ("keysweep --x -- --format json", FormatName::Human, None),
            ("keysweep --format xml --output", FormatName::Human, None),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(destination(&words), (format, path.map(PathBuf::from)), "{line}");
        }
    }

    /// Whether the words are those of one command, after a look that both ways understand them alike.
    fn is_alone(line: &str) -> bool {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let alone = Cli::alone(&words);
        if let Some(alone) = &alone {
            let whole = Cli::try_parse_from(&words).expect("the whole command line takes all that a part of it takes");
            assert_eq!(format!("{alone:?}"), format!("{whole:?}"), "{line}");
        }
        alone.is_some()
    }

    #[test]
    fn a_command_means_the_same_alone() {
        for line in [
            "keysweep staged",
            "keysweep staged -q --format json --threads 3 --allow a --allow b --color never --color always",
            "keysweep staged --output o --config=c --no-progress",
            "keysweep hook pre-commit",
            "keysweep hook pre-push origin git@example.org:a/b",
            "keysweep hook pre-push --quiet origin -x --format",
            "keysweep hook update refs/heads/main 00 11",
            "keysweep hook commit-msg -- file",
        ] {
            assert!(is_alone(line), "{line}");
        }
    }

    #[test]
    fn all_else_is_left_to_the_whole() {
        for line in [
            "keysweep",
            "keysweep files staged",
            "keysweep --quiet staged",
            "keysweep staged --help",
            "keysweep staged --version",
            "keysweep staged more",
            "keysweep staged --threads 0",
            "keysweep hook",
            "keysweep hook pre-comit",
            "keysweep hook --help",
            "keysweep help staged",
        ] {
            assert!(!is_alone(line), "{line}");
        }
    }
}
