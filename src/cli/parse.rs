//! Parses the arguments of the process into a command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, ValueEnum};

use super::args::{Cli, Command};
use super::options::{FormatName, HistoryFormatName};

impl Cli {
    /// Parses the arguments, the name of the program first.
    ///
    /// Building the parser of all commands takes a fifth of the time of a small commit's scan. So the arguments of a hook are
    /// first parsed with the parser of that command alone. If that fails, the parser of all commands decides and writes the
    /// message.
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

/// Moves options in front of the command to behind it, because only the command knows which options it takes: `keysweep --quiet
/// staged` means `keysweep staged --quiet`.
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

/// Whether the option takes a value. None if no command has the option. `word` may contain the value after a `=`.
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

/// The destination of the report if the arguments cannot be parsed: the last `--format` and `--output` count.
pub(super) fn destination(words: &[OsString]) -> (FormatName, Option<PathBuf>) {
    let mut words = words.iter().skip(1).take_while(|word| *word != "--");
    let (mut format, mut path) = (FormatName::Human, None);
    while let Some(word) = words.next() {
        let mut value = |name: &str| match word.to_str()?.strip_prefix(name)? {
            "" => words.next().cloned(),
            rest => rest.strip_prefix('=').map(OsString::from),
        };
        if let Some(name) = value("--format") {
            let known = name.to_str().and_then(|name| HistoryFormatName::from_str(name, true).ok());
            format = known.map_or(format, Into::into);
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
            ("keysweep staged --format html", FormatName::Html, None),
            ("keysweep --format xml --output", FormatName::Human, None),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(destination(&words), (format, path.map(PathBuf::from)), "{line}");
        }
    }

    /// Whether the arguments are parsed as those of one command. Checks that both parsers agree.
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
            // Two lines are for options of the feature.
            let most = if cfg!(feature = "online") { 42 } else { 40 };
            assert!(help.lines().count() <= most, "{command}: {} lines\n{help}", help.lines().count());
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
            let (_, examples) = help.rsplit_once("Examples").expect("examples");
            let mut found = 0;
            for line in examples.lines().filter_map(|line| Some(&line[line.find("keysweep ")?..])) {
                let ends = ["  ", " > ", " >> ", " | "];
                let line = ends.iter().fold(line, |line, end| line.split(end).next().unwrap_or_default());
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
                    "keysweep probe" => " --vendor svix http://localhost",
                    "keysweep ledger" => " add",
                    "keysweep rotate" => " attio",
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
