//! The commands and their options. Each command knows only the options that change what it does. `parse` reads them from words.

mod checks;
mod fleet;
mod history;
mod ledger;
#[cfg(feature = "online")]
mod online;
mod rotate;
mod scans;
mod scopes;
mod setup;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(super) use checks::{AuditArgs, BaselineArgs, RulesArgs};
pub(super) use fleet::{FleetAction, FleetArgs, MergeArgs};
pub(super) use history::{FindArgs, HistoryArgs};
pub(super) use ledger::{LedgerAction, LedgerArgs};
#[cfg(feature = "online")]
pub(super) use online::{Expected, ProbeArgs, VerifyArgs};
pub(super) use rotate::RotateArgs;
pub(super) use scans::{FilesArgs, HookArgs, HookName, MessageArgs, StagedArgs, WorktreeArgs};
pub(super) use scopes::ScopesArgs;
pub(super) use setup::{CompletionsArgs, DoctorArgs, InstallArgs, ManArgs, UninstallArgs};

use super::options::{Common, CommonOptions};

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
  keysweep hook --config /etc/keysweep.toml pre-receive

Example, as the command of an AI agent's hook:
  keysweep hook agent claude-code")]
    Hook(HookArgs),
    /// Scan every object of the repository, or what some commits introduce
    #[command(after_help = "\
Examples:
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
    /// Scan the histories of many repositories
    #[command(after_help = "\
Reads paths and URLs (https, ssh), one a line, and writes JSON lines, each with its repository. Git fetches \
the URLs over the network, asks nobody, and runs nothing of a repository. Paths are scanned in place.

Exit status: 0 no token was found, 1 tokens were found, 2 a repository could not be fetched or read

Examples:
  keysweep fleet --since-last repositories.txt > findings.jsonl
  find /srv/git -name '*.git' | keysweep fleet -")]
    Fleet(FleetArgs),
    /// Install the hooks, so that git runs keysweep
    #[command(after_help = "\
Hooks: pre-commit, pre-merge-commit, commit-msg, pre-push, pre-receive, update. The default is the \
first four; in a bare repository it is pre-receive.

A script in the hooks folder calls keysweep. Where another tool has that place, git's configuration does, \
which git 2.54 and later reads.

Examples:
  keysweep install
  keysweep install pre-commit pre-push
  keysweep install --global
  keysweep install --agent claude-code")]
    Install(InstallArgs),
    /// Remove the hooks that install wrote
    #[command(after_help = "\
Examples:
  keysweep uninstall
  keysweep uninstall pre-push
  keysweep uninstall --global
  keysweep uninstall --agent claude-code")]
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
    /// Print how to rotate the tokens of a vendor in this repository
    #[command(after_help = "\
Reads the files that git tracks or would add, and prints commands for the platforms that they show. \
Runs nothing, and asks no vendor.

Examples:
  keysweep rotate attio
  keysweep rotate Stripe --format json")]
    Rotate(RotateArgs),
    /// List the scopes that the calls of Attio's API in the code need
    #[command(after_help = "\
Reads the source files that git tracks or would add. Asks no vendor.

Examples:
  keysweep scopes
  keysweep scopes --format list
  keysweep scopes --format json")]
    Scopes(ScopesArgs),
    /// Ask the vendor whether a token is alive
    #[cfg(feature = "online")]
    #[command(after_help = "\
Reads one token from standard input, and asks its vendor by a request that reads no data about people.
The vendor may show the request as the last use of the token.

Exit status: 0 as expected, 1 not as expected, 2 the vendor cannot be asked, or its answer does not tell

Examples:
  printf %s \"$TOKEN\" | keysweep verify --vendor attio
  printf %s \"$TOKEN\" | keysweep verify --vendor attio --expect live --expect-scopes \"note:read\"")]
    Verify(VerifyArgs),
    /// Check that a webhook handler refuses forged and old deliveries
    #[cfg(feature = "online")]
    #[command(after_help = "\
Sends a good, a changed, an unsigned and an old delivery, and the good one again. The
handler processes the good one like any real one. The secret comes from standard input. Without it, one is
made up, which the handler must refuse.

Exit status: 0 the handler does what it should, 1 it does not, 2 its answers do not tell

Examples:
  printf %s \"$SECRET\" | keysweep probe http://localhost:3000/ --vendor svix")]
    Probe(ProbeArgs),
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

impl Command {
    /// The common options. `KEYSWEEP_CONFIG` has the effect of `--config` in commands that take it, but not in a hook: there, git
    /// passes the configuration, and a variable of the committer must not replace it.
    pub fn common(&self) -> Common {
        let options = self.options();
        let takes_config =
            !matches!(self, Self::Hook(_)) && options.config().is_some_and(|option| option.config.is_none());
        let variable = || std::env::var_os("KEYSWEEP_CONFIG").filter(|path| !path.is_empty() && !is_run_by_git());
        let in_hook = matches!(self, Self::Hook(_)) || is_run_by_git();
        let common = Common { in_hook, ..options.common() };
        if takes_config { Common { config: variable().map(PathBuf::from), ..common } } else { common }
    }

    fn options(&self) -> &dyn CommonOptions {
        match self {
            Self::Staged(args) => args,
            Self::Files(args) => args,
            Self::Worktree(args) => args,
            Self::Message(args) => args,
            Self::Hook(args) => args,
            Self::History(args) => args,
            Self::Find(args) => args,
            Self::Fleet(args) => args,
            Self::Install(args) => args,
            Self::Uninstall(args) => args,
            Self::Doctor(args) => args,
            Self::Audit(args) => args,
            Self::Ledger(args) => args,
            Self::Rotate(args) => args,
            Self::Scopes(args) => args,
            #[cfg(feature = "online")]
            Self::Verify(args) => args,
            #[cfg(feature = "online")]
            Self::Probe(args) => args,
            Self::Baseline(args) => args,
            Self::Rules(args) => args,
            Self::Completions(args) => args,
            Self::Man(args) => args,
        }
    }
}

/// Whether git runs this process from a hook of a commit: it names an index then.
fn is_run_by_git() -> bool {
    std::env::var_os("GIT_INDEX_FILE").is_some_and(|path| !path.is_empty())
}
