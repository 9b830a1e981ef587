//! Runs git, for ids, names, settings and paths that only git resolves reliably: it knows all places of a setting and all
//! ref formats. Content is read by `odb` and never by git.
//!
//! Git is started here and nowhere else. The settings of a repository can name programs, and their author may be hostile.
//! Only the `with_hooks` functions let git start a program, and `with_network` those of a transport. `tests/cli/programs.rs` tests this.

mod network;
mod places;
mod version;
mod waiting;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use crate::error::Error;
use crate::git::path::to_path;
use crate::regular_file;

pub use network::Login;
pub use version::{Version, in_path, version};

/// Overrides for settings that make git start a program, passed to every command that does not run hooks. Options have
/// precedence over all configuration files and over settings in the environment.
///
/// Other settings of this kind have no effect here. Git starts a pager only for a terminal, and the output is a pipe. It
/// uses `core.sshCommand`, `core.askPass` and credential helpers only for a transport, and `PINNED_VARIABLES` disable all
/// transports but for `network`. `core.alternateRefsCommand` is for fetches and pushes, and drivers and filters are for diffs and checkouts.
const PINNED_SETTINGS: &[&str] =
    &["core.fsmonitor=false", "log.showSignature=false", "core.editor=:", "gc.auto=0", "maintenance.auto=false"];

/// Disables hooks. Otherwise `post-index-change` and `reference-transaction` could run.
const NO_HOOKS: &str = if cfg!(windows) { "core.hooksPath=NUL" } else { "core.hooksPath=/dev/null" };

/// Variables with the same purpose as `PINNED_SETTINGS`.
const PINNED_VARIABLES: &[(&str, &str)] = &[
    // A git older than GIT_NO_LAZY_FETCH would fetch, and start the programs that the remote's settings name.
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_PAGER", "cat"),
];

/// Variables whose relative paths git resolves from its working directory.
const PATH_VARIABLES: &[&str] = &["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"];

/// A git command that is not started yet.
pub struct GitCommand {
    command: Command,
    stdin: Vec<u8>,
    /// The directory in which git runs, followed by the git directories that its options name.
    places: Vec<PathBuf>,
    /// Whether git starts no other program, so that every error message is its own.
    is_pinned: bool,
}

/// The output of a git command.
#[derive(Debug)]
pub struct GitOutput {
    /// None if a signal ended git.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl GitCommand {
    /// `git ARGS` in `dir`, with the environment of this process. Git starts no program that a setting names.
    pub fn new<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        Self::without_programs(dir, &[NO_HOOKS], args)
    }

    /// Like [`Self::new`], for commands about hooks, which need the real `core.hooksPath`. Must not be used for commands
    /// that change an index or a ref, since those would run hooks.
    pub fn for_hooks<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        Self::without_programs(dir, &[], args)
    }

    /// `git ARGS` in `dir`, with hooks. The settings are not overridden, since the hooks may need them.
    pub fn with_hooks<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        Self::build(Path::new("git"), dir, args)
    }

    /// Like [`Self::with_hooks`], with the short PATH of a program that was not started from a shell.
    pub fn with_hooks_and_short_path<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file());
        Self::build(&found.unwrap_or_else(|| "git".into()), dir, args)
            .env("PATH", "/usr/bin:/bin")
            .env("CARGO_HOME", "")
    }

    fn without_programs<A: AsRef<OsStr>>(dir: &Path, more: &[&str], args: impl IntoIterator<Item = A>) -> Self {
        let settings = PINNED_SETTINGS.iter().chain(more).flat_map(|setting| ["-c".as_ref(), OsStr::new(setting)]);
        let mut words: Vec<OsString> =
            std::iter::once(OsStr::new("--no-pager")).chain(settings).map(Into::into).collect();
        words.extend(args.into_iter().map(|word| word.as_ref().to_owned()));
        let command = Self { is_pinned: true, ..Self::build(Path::new("git"), dir, words) };
        PINNED_VARIABLES.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    fn build<A: AsRef<OsStr>>(git: &Path, dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(git);
        let dir_from_here = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let mut places = vec![dir_from_here];
        let mut is_git_dir = false;
        for word in args {
            if std::mem::replace(&mut is_git_dir, word.as_ref() == "--git-dir") {
                places.push(places[0].join(word.as_ref()));
            }
            command.arg(word);
        }
        command.current_dir(dir).env("LC_ALL", "C");
        // Otherwise git would fetch missing objects of a partial clone over the network.
        command.env("GIT_NO_LAZY_FETCH", "1");
        // Traces would be mixed with the error messages on standard error.
        let traces = std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_TRACE"));
        traces.for_each(|(name, _)| _ = command.env_remove(name));
        // This variable makes `git config` read another file than all other commands.
        command.env_remove("GIT_CONFIG");
        for name in PATH_VARIABLES {
            if let Some(path) = std::env::var_os(name).filter(|path| !path.is_empty())
                && let Ok(path) = std::path::absolute(path)
            {
                command.env(name, path);
            }
        }
        Self { command, stdin: Vec::new(), places, is_pinned: false }
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Ignores the repository that the environment names, and uses the one that contains the working directory.
    #[must_use]
    pub fn ignoring_git_env(mut self) -> Self {
        for name in PATH_VARIABLES.iter().chain(&["GIT_INDEX_FILE", "GIT_PREFIX", "GIT_SHALLOW_FILE"]) {
            self.command.env_remove(name);
        }
        self
    }

    #[must_use]
    pub fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = bytes;
        self
    }

    /// Runs git. Fails if git cannot be started, if it cannot read its settings, or if a pipe or a device held it up, which is
    /// then named.
    pub fn run(mut self) -> Result<GitOutput, Error> {
        let did_not_run = |err| Error::new("cannot run git", err, "install git, or add it to PATH");
        let piped = if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
        self.command.stdin(piped).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(did_not_run)?;
        let (output, blocked_on) = self.read_output(&mut child);
        if let Some(file) = blocked_on {
            let cause = regular_file::expect(&file).err().unwrap_or_else(|| io::Error::other("git waited for it"));
            let help = "replace it with a file, or remove the setting that names it";
            return Err(Error::new(format!("cannot read {}", file.display()), cause, help));
        }
        let output = output.map_err(did_not_run)?;
        if self.is_pinned && output.is_config_failure() {
            let help = "correct the file that git names, or the setting that includes it";
            return Err(Error::new("cannot read git's settings", output.cause(), help));
        }
        Ok(output)
    }

    /// Reads the output until git ends. Also returns the pipe or device that held git up, if one did.
    fn read_output(&self, child: &mut Child) -> (io::Result<GitOutput>, Option<PathBuf>) {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (reading, ended) = mpsc::channel();
        std::thread::scope(|scope| {
            // A write error means that git ended early; its output says why.
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(&self.stdin)));
            let also_reading = reading.clone();
            let stderr = scope.spawn(move || read_all(stderr, also_reading));
            let stdout = scope.spawn(move || read_all(stdout, reading));
            let blocked_on = waiting::watch(child, &ended, &self.places);
            let joined = |read: std::thread::Result<_>| read.unwrap_or_else(|_| Err(io::Error::other("it panicked")));
            let (stdout, stderr) = (joined(stdout.join()), joined(stderr.join()));
            let output =
                child.wait().and_then(|status| Ok(GitOutput { code: status.code(), stdout: stdout?, stderr: stderr? }));
            (output, blocked_on)
        })
    }
}

/// Reads to the end, and then drops `reading`, which signals the end to `waiting`.
fn read_all(from: Option<impl Read>, reading: mpsc::Sender<()>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = from.map_or(Ok(0), |mut from| from.read_to_end(&mut bytes));
    drop(reading);
    read.map(|_| bytes)
}

impl GitOutput {
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Whether git failed because it cannot read its settings.
    fn is_config_failure(&self) -> bool {
        const CAUSES: &[&str] = &[
            "bad config",
            "bad boolean config",
            "bad numeric config",
            "could not expand include path",
            "exceeded maximum include depth",
            "missing value for",
            "relative config include",
            "unable to access",
            "unknown error occurred while reading the configuration",
        ];
        self.code == Some(128) && CAUSES.iter().any(|cause| self.cause().starts_with(cause))
    }

    /// The output without the final newline. None if git failed or printed nothing.
    pub fn line(&self) -> Option<&[u8]> {
        let line = self.stdout.strip_suffix(b"\n").unwrap_or(&self.stdout);
        (self.succeeded() && !line.is_empty()).then_some(line)
    }

    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.stdout.split(|&b| b == b'\n')
    }

    /// [`Self::line`] as a path.
    pub fn path(&self) -> Option<PathBuf> {
        self.line().map(to_path)
    }

    /// The error messages, without a leading `fatal:` or `error:`.
    pub fn error_output(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        text.trim().trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned()
    }

    /// The line that gives the cause of a failure. Hints and warnings may precede it, and hints may follow it.
    pub fn cause(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let cause = |kind: &str| text.lines().rev().find_map(|line| Some(line.strip_prefix(kind)?.to_owned()));
        cause("fatal: ").or_else(|| cause("error: ")).unwrap_or_else(|| self.error_output())
    }
}

/// The output of `git ARGS` in `dir`. None if git exits with 1 and prints no error, which means "not found".
pub fn query_git(dir: &Path, args: &[&str]) -> Result<Option<Vec<u8>>, Error> {
    let output = GitCommand::new(dir, args).env("GIT_NO_REPLACE_OBJECTS", "1").run()?;
    match output.code {
        Some(0) => Ok(Some(output.stdout)),
        Some(1) if output.stderr.is_empty() => Ok(None),
        _ => Err(Error::new(
            format!("cannot run git {} in {}", args.join(" "), dir.display()),
            output.error_output(),
            "check that git is in PATH and can read this repository",
        )),
    }
}

/// Runs `git ARGS` in `dir`, with the real `core.hooksPath`. A failing git is not an error.
pub fn run_git_for_hooks(dir: &Path, args: &[&str]) -> Result<GitOutput, Error> {
    GitCommand::for_hooks(dir, args).run()
}

/// Runs `git ARGS` in `dir`. A failing git is not an error.
pub fn run_git(dir: &Path, args: &[&str]) -> Result<GitOutput, Error> {
    GitCommand::new(dir, args).run()
}
