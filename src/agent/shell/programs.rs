//! Programs that run other programs, and programs that only read.

use super::script::Word;
use super::words::{ANYTHING, is_unknown, static_text};

/// What a program does with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Git(Vec<String>),
    /// Runs this program, after setting variables.
    Program {
        variables: Vec<(String, String)>,
        words: Vec<String>,
    },
    /// Runs a program whose further arguments come from standard input.
    WithInput(Vec<String>),
    /// Runs this text as a shell script.
    Script(String),
    /// Runs this text as a shell script that has arguments.
    ScriptWithArguments(String),
    /// Runs its standard input as a shell script, or a script that a substitution writes.
    ScriptFromInput,
    /// Runs this text in another language.
    Foreign(String),
    /// Sets variables in the shell. A word without `=` only marks one.
    Sets(Vec<String>),
    /// Removes variables of the shell.
    Unsets(Vec<String>),
    ChangesFolder(Option<String>),
    /// Removes or switches off hooks.
    Uninstalls(String),
    /// Only reads or prints.
    Reads,
    /// Anything else. It may write the files that its arguments name.
    Other,
}

const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "busybox", "csh", "tcsh", "mksh"];

/// Wrappers and the options that have a value in the next word.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("env", &["-u", "--unset", "-C", "--chdir", "-a", "--argv0"]),
    ("command", &[]),
    ("builtin", &[]),
    ("exec", &["-a"]),
    ("nohup", &[]),
    ("nice", &["-n", "--adjustment"]),
    ("ionice", &["-c", "-n", "-p"]),
    ("time", &["-f", "-o"]),
    ("timeout", &["-s", "-k", "--signal", "--kill-after"]),
    ("sudo", &["-u", "-g", "-p", "-C", "-h", "--user", "--group"]),
    ("doas", &["-u", "-C"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("setsid", &[]),
    ("unshare", &[]),
    ("chronic", &[]),
    ("strace", &["-o", "-e", "-p"]),
    ("flock", &[]),
    ("noglob", &[]),
    ("nocorrect", &[]),
];

/// Languages whose programs are not understood, and the options for program text.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("python", &["-c"]),
    ("pypy", &["-c"]),
    ("lua", &["-e"]),
    ("luajit", &["-e"]),
    ("perl", &["-e", "-E"]),
    ("ruby", &["-e"]),
    ("node", &["-e", "--eval", "-p", "--print"]),
    ("bun", &["-e", "--eval"]),
    ("deno", &["eval"]),
    ("php", &["-r"]),
    ("awk", &[]),
    ("gawk", &[]),
    ("osascript", &["-e"]),
    ("pwsh", &["-c", "-Command"]),
    ("powershell", &["-c", "-Command"]),
];

/// Options whose value is a command, by convention.
const COMMAND_OPTIONS: &[&str] = &["-c", "-e", "-x", "--call", "--cmd", "--command", "--eval", "--exec", "--run"];

/// Programs that run what they read from standard input.
const INTERPRETERS: &[&str] = &["at", "batch", "crontab", "ed", "ex", "expect", "make", "gmake", "tclsh", "vi", "vim"];

/// Programs that run text as a shell command, as the value of `-c` or as arguments.
const RUNNERS: &[&str] = &["su", "script", "watch", "parallel", "tmux", "screen", "ssh", "entr", "cmd"];

/// Programs that only read the files that they are given.
const READERS: &[&str] = &[
    "[",
    "basename",
    "bat",
    "cat",
    "cksum",
    "cmp",
    "column",
    "comm",
    "cut",
    "diff",
    "dirname",
    "du",
    "echo",
    "egrep",
    "fgrep",
    "file",
    "fold",
    "grep",
    "head",
    "hexdump",
    "jq",
    "less",
    "ls",
    "md5sum",
    "more",
    "nl",
    "od",
    "paste",
    "printf",
    "pwd",
    "readlink",
    "realpath",
    "rg",
    "sha1sum",
    "sha256sum",
    "shellcheck",
    "stat",
    "strings",
    "tac",
    "tail",
    "test",
    "tree",
    "tr",
    "true",
    "false",
    "type",
    "uniq",
    "wc",
    "which",
    "xxd",
    "yq",
    ":",
    "man",
    "ag",
    "ack",
    "delta",
    "eza",
    "exa",
    "fd",
    "hexyl",
];

/// Programs that read unless one of these options begins an argument.
const READERS_WITHOUT: &[(&str, &[&str])] = &[
    ("sed", &["-i", "--in-place", "-ni", "-Ei", "-ri", "-n -i"]),
    ("find", &["-delete", "-exec", "-ok", "-fprint", "-fls"]),
    ("sort", &["-o", "--output"]),
    ("keysweep", &["uninstall", "baseline", "install"]),
];

/// The name of a program without its folder, in lower case.
pub(super) fn name(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    name.strip_suffix(".exe").map_or(name.clone(), str::to_owned)
}

/// Whether a program only reads the files that it is given.
pub(super) fn only_reads(words: &[String]) -> bool {
    let Some((program, args)) = words.split_first() else { return true };
    let program = name(program);
    let without = READERS_WITHOUT.iter().find(|(reader, _)| *reader == program);
    READERS.contains(&program.as_str())
        || without
            .is_some_and(|(_, writing)| !args.iter().any(|arg| writing.iter().any(|option| arg.starts_with(option))))
}

/// What the command line does.
pub(super) fn step(words: &[String]) -> Step {
    let Some((program, args)) = words.split_first() else { return Step::Reads };
    let program = name(program);
    match program.as_str() {
        // hub passes on to git what it does not know.
        "git" | "hub" => Step::Git(args.to_vec()),
        // The programs in the folder of `git --exec-path`.
        _ if program.starts_with("git-") => {
            Step::Git(program.strip_prefix("git-").map(str::to_owned).into_iter().chain(args.iter().cloned()).collect())
        }
        "cd" | "pushd" | "chdir" => Step::ChangesFolder(args.iter().find(|arg| !arg.starts_with('-')).cloned()),
        "popd" => Step::ChangesFolder(Some(ANYTHING.to_string())),
        "eval" => Step::Script(args.join(" ")),
        "trap" => args.iter().find(|arg| !arg.starts_with('-')).map_or(Step::Reads, |arg| Step::Script(arg.clone())),
        "alias" => {
            let values = args.iter().filter_map(|arg| arg.split_once('=')).map(|(_, value)| value);
            Step::Script(values.collect::<Vec<_>>().join("\n"))
        }
        "source" | "." if args.iter().any(|arg| is_unknown(arg) || arg.starts_with("/dev/")) => Step::ScriptFromInput,
        "export" | "declare" | "typeset" | "readonly" | "local" | "read" | "mapfile" | "readarray" | "set" => {
            Step::Sets(args.to_vec())
        }
        "unset" => Step::Unsets(args.to_vec()),
        "printf" if args.first().is_some_and(|arg| arg == "-v") => Step::Sets(args.to_vec()),
        "xargs" => Step::WithInput(after_options(
            args,
            &["-I", "-n", "-L", "-P", "-d", "-E", "-s", "-a", "--max-args", "--max-procs", "--delimiter", "--arg-file"],
        )),
        shell if SHELLS.contains(&shell) => of_shell(shell, args),
        _ if only_reads(words) => Step::Reads,
        _ => wrapped(&program, args)
            .or_else(|| foreign(&program, args))
            .or_else(|| run_by(&program, args))
            .or_else(|| uninstalls(&program, args))
            .unwrap_or(Step::Other),
    }
}

fn of_shell(shell: &str, args: &[String]) -> Step {
    if shell == "busybox" {
        return Step::Program { variables: Vec::new(), words: args.to_vec() };
    }
    let (mut has_script, mut reads_input, mut at) = (false, false, 0);
    while let Some(word) = args.get(at).filter(|word| word.starts_with(['-', '+'])) {
        at += 1;
        match word.strip_prefix("--") {
            Some("") => break,
            Some("command") => has_script = true,
            Some("rcfile" | "init-file") => at += 1,
            Some(_) => {}
            None if is_unknown(word) => return Step::ScriptFromInput,
            // fish takes the script in the same word.
            None if word.contains(' ') => return Step::Script(word.split_once('c').unwrap_or_default().1.to_owned()),
            // `-c` may be among other letters, and the script is behind all options: `bash -co pipefail SCRIPT`.
            None => {
                has_script |= word.contains('c');
                reads_input |= word.contains('s');
                at += word.matches(['o', 'O']).count();
            }
        }
    }
    match args.get(at) {
        Some(text) if has_script && args.len() > at + 1 => Step::ScriptWithArguments(text.clone()),
        Some(text) if has_script => Step::Script(text.clone()),
        Some(file) if !reads_input && !is_unknown(file) && !file.starts_with("/dev/") => Step::Other,
        _ => Step::ScriptFromInput,
    }
}

/// The text that `env -S` splits into words, with the words behind it.
fn split_by_env(args: &[String], with_value: &[&str]) -> Option<String> {
    let mut at = 0;
    while let Some(word) = args.get(at).filter(|word| word.starts_with('-')) {
        let rest = args.get(at + 1..).unwrap_or_default().join(" ");
        if let Some(long) = word.strip_prefix("--s") {
            return Some(format!("{} {rest}", long.split_once('=').unwrap_or_default().1));
        }
        // `-S` may be behind letters without a value: `-iS`.
        if let Some(joined) = word[1..].trim_start_matches(['i', 'v', '0']).strip_prefix('S') {
            return Some(format!("{joined} {rest}"));
        }
        at += 1 + usize::from(with_value.contains(&word.as_str()));
    }
    None
}

/// Whether a script uses its arguments.
pub(super) fn uses_arguments(script: &str) -> bool {
    script.split('$').skip(1).any(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest).trim_start_matches('!');
        rest.starts_with(|c: char| c.is_ascii_digit() || c == '@' || c == '*')
    })
}

fn wrapped(program: &str, args: &[String]) -> Option<Step> {
    let (_, with_value) = WRAPPERS.iter().find(|(name, _)| *name == program)?;
    if program == "env"
        && let Some(text) = split_by_env(args, with_value)
    {
        return Some(Step::Script(text));
    }
    if let Some(at) = args.iter().position(|arg| program == "flock" && (arg == "-c" || arg == "--command")) {
        return Some(Step::Script(args.get(at + 1).cloned().unwrap_or_default()));
    }
    let mut words = after_options(args, with_value);
    let mut variables = Vec::new();
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')).filter(|_| program != "timeout")
    {
        variables.push((name.to_owned(), value.to_owned()));
        words.remove(0);
    }
    if matches!(program, "timeout" | "flock") && !words.is_empty() {
        words.remove(0);
    }
    Some(Step::Program { variables, words })
}

/// The words behind the options.
fn after_options(args: &[String], with_value: &[&str]) -> Vec<String> {
    let mut at = 0;
    while let Some(word) = args.get(at).filter(|word| word.starts_with('-')) {
        at += 1 + usize::from(with_value.contains(&word.as_str()));
        if word == "--" {
            break;
        }
    }
    args.get(at..).unwrap_or_default().to_vec()
}

fn foreign(program: &str, args: &[String]) -> Option<Step> {
    // `python3.12` is `python`.
    let base = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    LANGUAGES.iter().find(|(name, _)| *name == base)?;
    Some(Step::Foreign(args.join("\n")))
}

fn run_by(program: &str, args: &[String]) -> Option<Step> {
    RUNNERS.contains(&program).then(|| Step::Script(after_options(args, &[]).join(" ")))
}

/// The values of options that by convention are commands.
pub(super) fn commands_in_options(args: &[String]) -> Vec<&str> {
    let mut commands = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        if COMMAND_OPTIONS.contains(&arg.as_str()) {
            commands.extend(args.get(at + 1).map(String::as_str));
        } else if let Some((name, value)) = arg.split_once('=')
            && COMMAND_OPTIONS.contains(&name)
        {
            commands.push(value);
        }
    }
    commands
}

/// Whether the program runs what it reads from standard input. A shell does too, but it is parsed.
pub(super) fn reads_instructions(program: &str) -> bool {
    INTERPRETERS.contains(&program)
}

/// Whether the word is the name of a language's interpreter.
pub(super) fn is_language(word: &str) -> bool {
    foreign(&name(word), &[]).is_some()
}

/// Whether a script of sed runs git, with the command `e` or the flag `e` of the command `s`.
pub(super) fn runs_from_sed(script: &str) -> bool {
    let is_command = script.match_indices("e git").any(|(at, _)| {
        let before = script[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() || c.is_ascii_digit())
    });
    let flags = script.rsplit(['/', '|', '#', ',']).next().unwrap_or_default();
    let is_flag = |c: char| "0123456789egimpIM".contains(c);
    let has_flag = script.starts_with('s') && flags.contains('e') && flags.chars().all(is_flag);
    is_command || (has_flag && super::mentions::has_word(script, "git"))
}

/// Whether the command sets variables for the commands that follow it.
pub(super) fn sets_variables(word: &Word) -> bool {
    let setting = ["export", "declare", "typeset", "readonly", "local", "command", "builtin", "eval"];
    static_text(word).is_some_and(|word| setting.contains(&word.as_str()))
}

/// Whether the word is the name of a shell.
pub(super) fn is_shell(word: &str) -> bool {
    SHELLS.contains(&name(word).as_str())
}

fn uninstalls(program: &str, args: &[String]) -> Option<Step> {
    const MANAGERS: &[&str] = &["pre-commit", "prek", "lefthook", "husky", "keysweep"];
    const PACKAGE_MANAGERS: &[&str] = &[
        "apt", "apt-get", "brew", "bun", "cargo", "dnf", "gem", "npm", "pip", "pip3", "pipx", "pnpm", "uv", "yarn",
        "yum",
    ];
    let removes = |arg: &String| matches!(arg.as_str(), "uninstall" | "un" | "remove" | "rm" | "purge");
    if PACKAGE_MANAGERS.contains(&program)
        && let Some(at) = args.iter().position(removes)
        && let Some(package) = args[at + 1..].iter().find(|arg| MANAGERS.contains(&arg.as_str()))
    {
        return Some(Step::Uninstalls(format!("{program} {} {package}", args[at])));
    }
    let through = ["npx", "pnpx", "bunx", "uvx", "pipx", "npm", "pnpm", "yarn", "bun", "uv"];
    let mut words = std::iter::once(program).chain(args.iter().map(String::as_str)).map(name);
    let manager = words.find(|word| MANAGERS.contains(&word.as_str()))?;
    if manager != name(program) && !through.contains(&program) {
        return None;
    }
    let acts = |word: &String| matches!(word.as_str(), "uninstall" | "baseline" | "uninit");
    words.find(acts).map(|word| Step::Uninstalls(format!("{manager} {word}")))
}
