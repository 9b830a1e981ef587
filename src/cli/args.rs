//! The command line as it is typed. Each command knows only the options that change what it does.

use std::ffi::OsString;
use std::path::PathBuf;

use super::options::{
    Common, ConfigOption, FormatName, FormatOption, OutputOption, ProgressOption, ReportOptions, ScanOptions,
    ThreadsOption,
};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

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

impl Cli {
    /// Parses the words of a process, the name of the program first.
    ///
    /// Building the parser of all commands takes a fifth of the time of a small commit's scan. So the words of a hook are first
    /// parsed as those of its own command. If that fails, the parser of all commands decides, and writes the message.
    pub fn of(words: &[OsString]) -> Result<Self, clap::Error> {
        Self::alone(words).map_or_else(|| Self::try_parse_from(command_first(words)), Ok)
    }

    fn alone(words: &[OsString]) -> Option<Self> {
        let words = words.get(1..)?;
        let command = match words.first()?.to_str()? {
            "staged" => Command::Staged(Alone::try_parse_from(words).ok()?.args),
            "hook" => Command::Hook(Alone::try_parse_from(words).ok()?.args),
            _ => return None,
        };
        Some(Self { command })
    }
}

/// One command without the others.
#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Alone<A: Args> {
    #[command(flatten)]
    args: A,
}

/// Moves options in front of the command behind it, since only the command knows which of them it takes: `keysweep --quiet staged`
/// means `keysweep staged --quiet`.
pub(super) fn command_first(words: &[OsString]) -> Vec<OsString> {
    let text = |at: usize| words.get(at).and_then(|word| word.to_str()).unwrap_or_default();
    let mut at = 1;
    while text(at).starts_with('-') {
        match option(text(at)) {
            Some(takes_value) => at += 1 + usize::from(takes_value && !text(at).contains('=')),
            None => return words.to_vec(),
        }
    }
    match words.get(at) {
        Some(command) => [&words[..1], std::slice::from_ref(command), &words[1..at], &words[at + 1..]].concat(),
        None => words.to_vec(),
    }
}

/// Whether the option takes a value. None if no command has it. `word` may have the value behind a `=`.
pub(super) fn option(word: &str) -> Option<bool> {
    let name = word.split('=').next()?;
    let is_named = |arg: &clap::Arg| match name.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| name.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4]))),
    };
    let cli = Cli::command();
    let arg = cli.get_subcommands().flat_map(clap::Command::get_arguments).find(|arg| is_named(arg))?;
    Some(arg.get_action().takes_values())
}

/// Whether `word` is the name of a command.
pub(super) fn is_command(word: &str) -> bool {
    Cli::command().get_subcommands().any(|command| command.get_name() == word)
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
    /// Scan a commit message
    #[command(after_help = "\
Examples:
  keysweep message .git/COMMIT_EDITMSG
  git log -1 --format=%B | keysweep message /dev/stdin")]
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

Exit status: 0 the tokens are nowhere, 1 they were found, 2 something could not be read or done

Examples:
  printf %s \"$TOKEN\" | keysweep find
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
    /// List the rules, or explain one and how to rotate its tokens
    #[command(after_help = "\
Examples:
  keysweep rules
  keysweep rules stripe-secret-key
  keysweep rules --check --config my-rules.toml")]
    Rules(RulesArgs),
}

#[derive(Debug, Args)]
pub(super) struct StagedArgs {
    #[command(flatten)]
    scan: ScanOptions,
}

#[derive(Debug, Args)]
pub(super) struct MessageArgs {
    /// The file with the message
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
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
pub(super) struct RulesArgs {
    /// The rule to explain
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Try the examples of the custom rules, or of rule ID
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    output: OutputOption,
    #[command(flatten)]
    config: ConfigOption,
}

#[derive(Debug, Args)]
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
    /// Files and folders to scan; - is standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
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
    pub fn common(&self) -> Common {
        match self {
            Self::Staged(StagedArgs { scan })
            | Self::Files(FilesArgs { scan, .. })
            | Self::Message(MessageArgs { scan, .. })
            | Self::Hook(HookArgs { scan, .. }) => scan.common(),
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
            Self::Rules(RulesArgs { format, output, config, .. }) => {
                let (output, config) = (output.output.clone(), config.config.clone());
                Common { output, config, ..Common::default() }.with_format(format)
            }
        }
    }
}

/// Where words that cannot be parsed want the report: the last `--format` and `--output` count.
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

    /// Whether the words are parsed as those of one command, after a check that both parsers agree.
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
            "keysweep staged --output o --config=c",
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
            "keysweep staged --no-progress",
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

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn options_may_precede_the_command() {
        for (line, wanted) in [
            ("keysweep --quiet staged", "keysweep staged --quiet"),
            (
                "keysweep -q --format json --config=c history main -- x",
                "keysweep history -q --format json --config=c main -- x",
            ),
            ("keysweep --no-progress find", "keysweep find --no-progress"),
            ("keysweep staged -q", "keysweep staged -q"),
            ("keysweep -h staged", "keysweep -h staged"),
            ("keysweep --formt json staged", "keysweep --formt json staged"),
            ("keysweep --format", "keysweep --format"),
        ] {
            assert_eq!(command_first(&words(line)), words(wanted), "{line}");
        }
    }

    /// The help of every command, at 80 columns.
    fn helps() -> Vec<(String, String)> {
        let mut cli = Cli::command().term_width(80);
        cli.build();
        let all = std::iter::once(("keysweep".to_owned(), cli.render_help().to_string()));
        let names: Vec<String> = cli.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        let mut help = |name: String| {
            let text = cli.find_subcommand_mut(&name).expect("it has this name").render_help().to_string();
            (format!("keysweep {name}"), text)
        };
        all.chain(names.into_iter().filter(|name| name != "help").map(&mut help)).collect()
    }

    #[test]
    fn help_fits_a_screen_and_ends_with_examples_that_are_understood() {
        for (command, help) in helps() {
            assert!(help.lines().count() <= 40, "{command}: {} lines\n{help}", help.lines().count());
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
            let (_, examples) = help.rsplit_once("Examples").expect("examples");
            let mut found = 0;
            for line in examples.lines().filter_map(|line| Some(&line[line.find("keysweep ")?..])) {
                let line = line.split("  ").next().unwrap_or_default();
                let line = line.replace("2 weeks ago", "yesterday").replace(['"', '\''], "");
                found += 1;
                assert!(Cli::of(&words(&line)).map_or_else(|err| !err.use_stderr(), |_| true), "{line}");
                assert!(line.starts_with(&command), "{line}");
            }
            assert!(found > 0, "{help}");
        }
    }

    #[test]
    fn a_command_takes_the_options_that_its_help_lists() {
        let mut refused = 0;
        for (command, help) in helps().into_iter().skip(1) {
            for option in [
                "--format json",
                "--output o",
                "--config c",
                "--allow a",
                "--color never",
                "--quiet",
                "--threads 2",
                "--no-progress",
            ] {
                let name = option.split(' ').next().expect("a name");
                let rest = match &*command {
                    "keysweep message" => " file",
                    "keysweep hook" => " pre-commit",
                    _ => "",
                };
                let is_taken = Cli::of(&words(&format!("{command} {option}{rest}"))).is_ok();
                assert_eq!(is_taken, help.contains(&format!("{name} ")), "{command} {option}");
                refused += usize::from(!is_taken);
            }
        }
        assert!(refused >= 20, "{refused}");
    }
}
