//! The commands and their options. Each command knows only the options that change what it does. `parse` reads them from words.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::report::{AuditFormat, RulesFormat};

use super::options::{
    AuditFormatOption, Common, ConfigOption, FormatOption, OutputOption, ProgressOption, ReportOptions,
    RulesFormatOption, ScanOptions, ThreadsOption,
};

const EXAMPLES: &str = "\
Exit status: 0 no token was found, 1 tokens were found, 2 something could not be read or done

Examples:
  keysweep install                  block tokens in this repository from now on
  keysweep doctor                   check that they are blocked
  keysweep staged                   scan what the next commit adds
  keysweep history                  scan everything that was ever committed
  keysweep help history             show what a command takes";

/// Finds sk_ tokens and whsec_ webhook secrets in commits and in the history
#[derive(Debug, Parser)]
#[command(name = "keysweep", version, max_term_width = 100, args_override_self = true, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scan what the next commit adds
    #[command(after_help = "\
What is scanned: added lines, new file names, targets of new symbolic links.

Examples:
  keysweep staged
  keysweep staged --format jsonl
  keysweep staged --allow 'tests/fixtures/**'")]
    Staged(StagedArgs),
    /// Scan files and folders on disk
    #[command(after_help = "\
Examples:
  keysweep files
  keysweep files src config/app.toml
  keysweep files --respect-gitignore .
  docker logs web 2>&1 | keysweep files -")]
    Files(FilesArgs),
    /// Scan every change that is not committed
    #[command(after_help = "\
Scans what git add -A would stage: the index, changed files, and untracked files that git does not ignore.
Runs no filter: the bytes on disk are scanned.

Examples:
  keysweep worktree
  keysweep worktree --all --format sarif")]
    Worktree(WorktreeArgs),
    /// Scan a commit message
    #[command(after_help = "\
Examples:
  keysweep message .git/COMMIT_EDITMSG
  git log -1 --format=%B | keysweep message -")]
    Message(MessageArgs),
    /// Scan what git passes to a hook
    #[command(after_help = "\
Examples, as lines of a hook script:
  keysweep hook pre-commit
  keysweep hook commit-msg \"$@\"
  keysweep hook pre-push \"$@\"
  keysweep hook --config /etc/keysweep.toml pre-receive")]
    Hook(HookArgs),
    /// Scan every object of the repository, or what some commits introduce
    #[command(after_help = "\
Examples:
  keysweep history
  keysweep history main..topic
  keysweep history --since \"2 weeks ago\" -- src
  keysweep history --replacements ~/replacements.txt")]
    History(HistoryArgs),
    /// Find every place of a token that you have
    #[command(after_help = "\
Reads tokens from standard input, one a line, and searches the history, the index and all files for them.
With --fingerprint it finds only tokens that a rule recognizes, and standard input is not read.

Exit status: 0 the tokens are nowhere, 1 they were found, 2 something could not be read or done

Examples:
  printf %s \"$TOKEN\" | keysweep find
  keysweep find --fingerprint 9f86d081884c7d65
  keysweep find --tokens-from ~/replacements.txt")]
    Find(FindArgs),
    /// Install the hooks, so that git runs keysweep
    #[command(after_help = "\
Hooks: pre-commit, pre-merge-commit, commit-msg, pre-push, pre-receive, update. The default is the \
first four; in a bare repository it is pre-receive.

Examples:
  keysweep install
  keysweep install pre-commit pre-push
  keysweep install --global")]
    Install(InstallArgs),
    /// Remove the hooks that install wrote
    #[command(after_help = "\
Examples:
  keysweep uninstall
  keysweep uninstall pre-push
  keysweep uninstall --global")]
    Uninstall(UninstallArgs),
    /// Check that the hooks block a token
    #[command(after_help = "\
Runs each hook on a made-up token, which is never committed.

Exit status: 0 commits with a token are blocked, 1 they are not, 2 it could not be checked

Examples:
  keysweep doctor")]
    Doctor(DoctorArgs),
    /// Check the repository against the security checklist
    #[command(after_help = "\
The checks read files and git's settings. They run no program of the repository, unless --run-hooks is given.

Exit status: 0 no check failed, 1 a check failed, 2 something could not be read

Examples:
  keysweep audit
  keysweep audit env-ignored client-bundle
  keysweep audit --strict --format json
  keysweep audit --explain env-shared")]
    Audit(AuditArgs),
    /// Add a token to the ledger in .keysweep.toml
    #[command(after_help = "\
Reads one token from standard input, and appends [[token]] with its fingerprint to .keysweep.toml. The \
rest of the file stays as it is. An entry silences no finding. audit and doctor remind of its date.

Examples:
  printf %s \"$TOKEN\" | keysweep ledger add --owner billing
  pass show attio/crm | keysweep ledger add --rotate-by 2027-05-01")]
    Ledger(LedgerArgs),
    /// Accept the tokens of the history for now
    #[command(after_help = "\
Writes the tokens that history finds to .keysweep-baseline, at the top of the worktree. Scans then \
report a token only at other places than these. Commit the file.

Examples:
  keysweep baseline --reason OPS-12 --until 2027-03-31
  keysweep baseline --prune")]
    Baseline(BaselineArgs),
    /// List the rules, or explain one and how to rotate its tokens
    #[command(after_help = "\
Examples:
  keysweep rules
  keysweep rules stripe-secret-key
  keysweep rules --check --config my-rules.toml")]
    Rules(RulesArgs),
    /// Print a script with which a shell completes commands and options
    #[command(after_help = "\
Examples:
  keysweep completions bash >> ~/.bash_completion
  keysweep completions zsh > ~/.zfunc/_keysweep
  keysweep completions fish > ~/.config/fish/completions/keysweep.fish
  keysweep completions powershell >> $PROFILE")]
    Completions(CompletionsArgs),
    /// Print the manual page, or write all pages
    #[command(after_help = "\
Examples:
  keysweep man | man -l -
  keysweep man --dir ~/.local/share/man/man1")]
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(super) struct StagedArgs {
    #[command(flatten)]
    scan: ScanOptions,
}

#[derive(Debug, Args)]
pub(super) struct MessageArgs {
    /// The file with the message; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    scan: ScanOptions,
}

#[derive(Debug, Args)]
pub(super) struct WorktreeArgs {
    /// Scan unchanged tracked files too, and every line
    #[arg(long)]
    pub all: bool,
    /// Unpack archives: zip, tar, deb, gzip, zstd, xz, bzip2
    #[cfg(feature = "archives")]
    #[arg(long)]
    pub archives: bool,
    #[command(flatten)]
    scan: ScanOptions,
}

#[derive(Debug, Args)]
pub(super) struct HookArgs {
    /// The name of the hook
    #[arg(value_enum, value_name = "HOOK")]
    pub name: HookName,
    /// The arguments that git passes to the hook
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
    #[command(flatten)]
    scan: ScanOptions,
}

#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    /// The hooks to install
    #[arg(value_name = "HOOK")]
    pub names: Vec<String>,
    /// Install for all repositories that you make from now on
    #[arg(long)]
    pub global: bool,
    #[command(flatten)]
    report: ReportOptions,
}

#[derive(Debug, Args)]
pub(super) struct UninstallArgs {
    /// The hooks to remove (default: all)
    #[arg(value_name = "HOOK")]
    pub names: Vec<String>,
    /// Remove what install --global wrote
    #[arg(long)]
    pub global: bool,
    #[command(flatten)]
    report: ReportOptions,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    report: ReportOptions,
}

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// The checks to run (default: all)
    #[arg(value_name = "CHECK")]
    pub checks: Vec<String>,
    /// Fail for suspicions as well
    #[arg(long)]
    pub strict: bool,
    /// Run the hooks on a made-up token, as doctor does
    #[arg(long)]
    pub run_hooks: bool,
    /// Explain what CHECK looks at and what its results mean
    #[arg(long, value_name = "CHECK", conflicts_with_all = ["checks", "strict", "run_hooks"])]
    pub explain: Option<String>,
    #[command(flatten)]
    format: AuditFormatOption,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    config: ConfigOption,
    /// Allow tokens in paths that match GLOB (repeatable)
    #[arg(long, value_name = "GLOB")]
    allow: Vec<String>,
    #[command(flatten)]
    threads: ThreadsOption,
}

impl AuditArgs {
    pub fn format(&self) -> AuditFormat {
        self.format.format.unwrap_or_default().into()
    }

    fn common(&self) -> Common {
        Common {
            format: self.format.format.map(Into::into),
            config: self.config.config.clone(),
            allow: self.allow.clone(),
            threads: self.threads.threads,
            ..self.report.common()
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// add
    #[arg(value_enum, value_name = "ACTION", hide_possible_values = true)]
    pub action: LedgerAction,
    /// The person or the team that has the token
    #[arg(long, value_name = "TEXT")]
    pub owner: Option<String>,
    /// The environment that uses it, such as production
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// The day on which it was created, such as 2026-11-01
    #[arg(long, value_name = "DATE")]
    pub created: Option<String>,
    /// The last day before it must be rotated
    #[arg(long, value_name = "DATE")]
    pub rotate_by: Option<String>,
    /// The scopes that it has, such as note:read,task:read
    #[arg(long, value_name = "LIST")]
    pub scopes: Option<String>,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    config: ConfigOption,
    /// Refused, and not repeated
    #[arg(hide = true)]
    pub typed: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LedgerAction {
    Add,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// The rule to explain
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Try the examples of the custom rules, or of rule ID
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    format: RulesFormatOption,
    #[command(flatten)]
    output: OutputOption,
    #[command(flatten)]
    config: ConfigOption,
}

impl RulesArgs {
    pub fn format(&self) -> RulesFormat {
        self.format.format.unwrap_or_default().into()
    }
}

#[derive(Debug, Args)]
pub(super) struct BaselineArgs {
    /// Why the new entries are accepted
    #[arg(long, value_name = "TEXT", default_value = DEFAULT_REASON, hide_default_value = true)]
    pub reason: String,
    /// The last day of the new entries, such as 2027-03-31
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Only remove entries that cover nothing
    #[arg(long, conflicts_with_all = ["reason", "until"])]
    pub prune: bool,
    /// Accept that this clone lacks objects or LFS files
    #[arg(long)]
    pub allow_incomplete: bool,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    config: ConfigOption,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    progress: ProgressOption,
}

/// The reason of entries of `keysweep baseline` without `--reason`.
const DEFAULT_REASON: &str = "was here when the baseline was written";

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    pub shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write one page for each command to DIR
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // Each is an option.
pub(super) struct HistoryArgs {
    /// Scan only what these commits introduce, such as A..B or ^C
    #[arg(value_name = "REV")]
    pub revisions: Vec<String>,
    /// Scan only commits that change PATH
    #[arg(last = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Scan only commits since DATE
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Scan only commits until DATE
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Scan only branches that match GLOB (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub branch: Vec<String>,
    /// Scan only commits of authors that match REGEX
    #[arg(long, value_name = "REGEX")]
    pub author: Option<String>,
    /// Skip objects that the last scan found clean
    #[arg(long, conflicts_with_all = ["revisions", "since", "until", "branch", "author", "paths"])]
    pub since_last: bool,
    /// Accept that this clone lacks objects or LFS files
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Report tokens that .keysweep-baseline covers, too
    #[arg(long)]
    pub no_baseline: bool,
    /// Use .keysweep.toml and .keysweep-baseline of commit REV
    #[arg(long, value_name = "REV", conflicts_with = "config")]
    pub config_from: Option<String>,
    /// Unpack archives: zip, tar, deb, gzip, zstd, xz, bzip2
    #[cfg(feature = "archives")]
    #[arg(long)]
    pub archives: bool,
    /// Write the tokens and a script that removes them
    #[arg(long, value_name = "FILE")]
    pub replacements: Option<PathBuf>,
    /// Write the script to FILE, not beside the tokens
    #[arg(long, value_name = "FILE", requires = "replacements")]
    pub plan: Option<PathBuf>,
    #[command(flatten)]
    scan: ScanOptions,
    #[command(flatten)]
    progress: ProgressOption,
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
    /// Read the tokens from a file of --replacements
    #[arg(long, value_name = "FILE")]
    pub tokens_from: Option<PathBuf>,
    /// Find the token with this fingerprint (repeatable)
    #[arg(long, value_name = "HEX", conflicts_with = "tokens_from")]
    pub fingerprint: Vec<String>,
    /// Accept that this clone lacks objects or LFS files
    #[arg(long)]
    pub allow_incomplete: bool,
    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    progress: ProgressOption,
    /// Refused, and not repeated
    #[arg(hide = true)]
    pub typed: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct FilesArgs {
    /// Files and folders to scan (default: .); - is standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Report standard input as the file PATH
    #[arg(long, value_name = "PATH")]
    pub stdin_path: Option<PathBuf>,
    /// Skip untracked files that git ignores
    #[arg(long)]
    pub respect_gitignore: bool,
    /// Unpack archives: zip, tar, deb, gzip, zstd, xz, bzip2
    #[cfg(feature = "archives")]
    #[arg(long)]
    pub archives: bool,
    #[command(flatten)]
    scan: ScanOptions,
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

impl Command {
    /// The common options. `KEYSWEEP_CONFIG` has the effect of `--config` in commands that take it, but not in a hook: there, git
    /// passes the configuration, and a variable of the committer must not replace it.
    pub fn common(&self) -> Common {
        let takes_config =
            !matches!(self, Self::Hook(_)) && self.config().is_some_and(|option| option.config.is_none());
        let variable = || std::env::var_os("KEYSWEEP_CONFIG").filter(|path| !path.is_empty() && !is_run_by_git());
        let common = self.typed();
        if takes_config { Common { config: variable().map(PathBuf::from), ..common } } else { common }
    }

    /// The option `--config`, if the command takes it.
    fn config(&self) -> Option<&ConfigOption> {
        match self {
            Self::Staged(StagedArgs { scan })
            | Self::Files(FilesArgs { scan, .. })
            | Self::Worktree(WorktreeArgs { scan, .. })
            | Self::Message(MessageArgs { scan, .. })
            | Self::Hook(HookArgs { scan, .. })
            | Self::History(HistoryArgs { scan, .. }) => Some(scan.config()),
            Self::Audit(AuditArgs { config, .. })
            | Self::Ledger(LedgerArgs { config, .. })
            | Self::Rules(RulesArgs { config, .. })
            | Self::Baseline(BaselineArgs { config, .. }) => Some(config),
            Self::Find(_)
            | Self::Install(_)
            | Self::Uninstall(_)
            | Self::Doctor(_)
            | Self::Completions(_)
            | Self::Man(_) => None,
        }
    }

    fn typed(&self) -> Common {
        match self {
            Self::Staged(StagedArgs { scan })
            | Self::Files(FilesArgs { scan, .. })
            | Self::Worktree(WorktreeArgs { scan, .. })
            | Self::Message(MessageArgs { scan, .. })
            | Self::Hook(HookArgs { scan, .. }) => scan.common(),
            Self::Audit(args) => args.common(),
            Self::History(HistoryArgs { scan, progress, .. }) => {
                Common { no_progress: progress.no_progress, ..scan.common() }
            }
            Self::Find(FindArgs { format, report, threads, progress, .. }) => Common {
                threads: threads.threads,
                no_progress: progress.no_progress,
                ..report.common().with_format(format)
            },
            Self::Install(InstallArgs { report, .. })
            | Self::Uninstall(UninstallArgs { report, .. })
            | Self::Doctor(DoctorArgs { report }) => report.common(),
            Self::Ledger(LedgerArgs { report, config, .. }) => {
                Common { config: config.config.clone(), ..report.common() }
            }
            Self::Rules(RulesArgs { format, output, config, .. }) => {
                let (output, config) = (output.output.clone(), config.config.clone());
                Common { format: format.format.map(Into::into), output, config, ..Common::default() }
            }
            Self::Baseline(BaselineArgs { report, config, threads, progress, .. }) => Common {
                config: config.config.clone(),
                threads: threads.threads,
                no_progress: progress.no_progress,
                ..report.common()
            },
            Self::Completions(_) | Self::Man(_) => Common::default(),
        }
    }
}

/// Whether git runs this process from a hook of a commit: it names an index then.
fn is_run_by_git() -> bool {
    std::env::var_os("GIT_INDEX_FILE").is_some_and(|path| !path.is_empty())
}
