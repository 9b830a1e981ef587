//! Questions that only git answers, since only it knows all places where a setting may stand or how a ref is kept: ids,
//! names, settings and places. Content is never asked for; that is read by `source`.
//!
//! Git is started here and nowhere else. A repository's settings can name programs, and who wrote the repository may have
//! written the settings, so no call but `running_hooks` lets git start one. `tests/cli/programs.rs` holds that.

mod places;
mod waiting;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use crate::error::Error;
use crate::git::path::to_path;
use crate::regular_file;

/// Settings that can make git start a program, switched off for every call but those that run hooks. Options win over the
/// settings of all files, and over those that the environment passes.
///
/// Git pages for a terminal only, and runs `core.sshCommand`, `core.askPass` and credential helpers for a transport only:
/// output is a pipe, and `PINNED_VARIABLES` forbid every transport. `core.alternateRefsCommand` is for fetches and pushes;
/// drivers for diffs and filters need a diff or a checkout, and no call makes one.
const PINNED_SETTINGS: &[&str] =
    &["core.fsmonitor=false", "log.showSignature=false", "core.editor=:", "gc.auto=0", "maintenance.auto=false"];

/// No hook is found here, neither post-index-change nor reference-transaction.
const NO_HOOKS: &str = if cfg!(windows) { "core.hooksPath=NUL" } else { "core.hooksPath=/dev/null" };

/// The same by variables.
const PINNED_VARIABLES: &[(&str, &str)] = &[
    // A git that does not know GIT_NO_LAZY_FETCH would start a fetch, and with it what the remote's settings name.
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_PAGER", "cat"),
];

/// Variables with paths that git takes relative to where it was started.
const RELATIVE: &[&str] = &["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"];

/// A call of git that is about to be made.
pub struct Question {
    command: Command,
    stdin: Vec<u8>,
    /// Where git runs, and the git directories that options name.
    places: Vec<PathBuf>,
    /// Whether only git itself can print an error, since it starts no program.
    is_pinned: bool,
}

/// What git said.
#[derive(Debug)]
pub struct Answer {
    /// None: a signal ended it.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Question {
    /// Asks as if in `dir`, in the environment of this process. Git starts no program that a setting names.
    pub fn new<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        Self::pinned(dir, &[NO_HOOKS], args)
    }

    /// The same for questions about the hooks, which need the true `core.hooksPath`. Only for calls that change neither an
    /// index nor a ref: those run hooks.
    pub fn about_hooks<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        Self::pinned(dir, &[], args)
    }

    /// Has git run hooks. What they start is their affair, so they get the settings as they are.
    pub fn running_hooks<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        Self::of(Path::new("git"), dir, args)
    }

    /// The same with the PATH that a program gets that no shell started.
    pub fn running_hooks_with_short_path<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file());
        Self::of(&found.unwrap_or_else(|| "git".into()), dir, args).env("PATH", "/usr/bin:/bin").env("CARGO_HOME", "")
    }

    fn pinned<A: AsRef<OsStr>>(dir: &Path, more: &[&str], args: impl IntoIterator<Item = A>) -> Self {
        let settings = PINNED_SETTINGS.iter().chain(more).flat_map(|setting| ["-c".as_ref(), OsStr::new(setting)]);
        let mut words: Vec<OsString> =
            std::iter::once(OsStr::new("--no-pager")).chain(settings).map(Into::into).collect();
        words.extend(args.into_iter().map(|word| word.as_ref().to_owned()));
        let question = Self { is_pinned: true, ..Self::of(Path::new("git"), dir, words) };
        PINNED_VARIABLES.iter().fold(question, |question, (name, value)| question.env(name, value))
    }

    fn of<A: AsRef<OsStr>>(git: &Path, dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
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
        // A partial clone would else fetch what it lacks, over the network.
        command.env("GIT_NO_LAZY_FETCH", "1");
        // What it traces stands where its complaints are looked for.
        let traces = std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_TRACE"));
        traces.for_each(|(name, _)| _ = command.env_remove(name));
        // It makes `git config` read another file than all other commands do.
        command.env_remove("GIT_CONFIG");
        for name in RELATIVE {
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

    /// Asks of the repository in which the folder lies, whichever one the environment names.
    #[must_use]
    pub fn of_folder(mut self) -> Self {
        for name in RELATIVE.iter().chain(&["GIT_INDEX_FILE", "GIT_PREFIX", "GIT_SHALLOW_FILE"]) {
            self.command.env_remove(name);
        }
        self
    }

    #[must_use]
    pub fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = bytes;
        self
    }

    pub fn answer(mut self) -> Result<Answer, Error> {
        let did_not_run = |err| Error::new("cannot ask git", err, "install git, and see that it is in PATH");
        let piped = if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
        self.command.stdin(piped).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(did_not_run)?;
        let (answer, waited_for) = self.read_answer(&mut child);
        if let Some(file) = waited_for {
            let cause = regular_file::expect(&file).err().unwrap_or_else(|| io::Error::other("git waited for it"));
            let help = "put a file in its place, or remove the setting that names it";
            return Err(Error::new(format!("cannot read {}", file.display()), cause, help));
        }
        let answer = answer.map_err(did_not_run)?;
        if self.is_pinned && answer.lacks_settings() {
            let help = "correct the file that git names, or the setting that includes it";
            return Err(Error::new("cannot read git's settings", answer.cause(), help));
        }
        Ok(answer)
    }

    /// What git prints until it ends, and the pipe or the device that held it up.
    fn read_answer(&self, child: &mut Child) -> (io::Result<Answer>, Option<PathBuf>) {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (reading, ended) = mpsc::channel();
        std::thread::scope(|scope| {
            // A git that ends early has said what it has to say.
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(&self.stdin)));
            let also_reading = reading.clone();
            let stderr = scope.spawn(move || read_all(stderr, also_reading));
            let stdout = scope.spawn(move || read_all(stdout, reading));
            let waited_for = waiting::watch(child, &ended, &self.places);
            let joined = |read: std::thread::Result<_>| read.unwrap_or_else(|_| Err(io::Error::other("it panicked")));
            let (stdout, stderr) = (joined(stdout.join()), joined(stderr.join()));
            let answer =
                child.wait().and_then(|status| Ok(Answer { code: status.code(), stdout: stdout?, stderr: stderr? }));
            (answer, waited_for)
        })
    }
}

/// Drops `reading` at the end.
fn read_all(from: Option<impl Read>, reading: mpsc::Sender<()>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = from.map_or(Ok(0), |mut from| from.read_to_end(&mut bytes));
    drop(reading);
    read.map(|_| bytes)
}

impl Answer {
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Whether git gave up because of its settings, before it looked at the question.
    fn lacks_settings(&self) -> bool {
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

    /// The first line of what it printed; None if it failed or printed nothing.
    pub fn line(&self) -> Option<&[u8]> {
        let line = self.stdout.strip_suffix(b"\n").unwrap_or(&self.stdout);
        (self.succeeded() && !line.is_empty()).then_some(line)
    }

    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.stdout.split(|&b| b == b'\n')
    }

    /// The same as a path.
    pub fn path(&self) -> Option<PathBuf> {
        self.line().map(to_path)
    }

    /// What it complained of.
    pub fn complaint(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        text.trim().trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned()
    }

    /// The line of it that tells why git gave up: hints and warnings may stand in front, and hints behind.
    pub fn cause(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let cause = |kind: &str| text.lines().rev().find_map(|line| Some(line.strip_prefix(kind)?.to_owned()));
        cause("fatal: ").or_else(|| cause("error: ")).unwrap_or_else(|| self.complaint())
    }
}

/// What `git ARGS`, run in `dir`, prints; None where it quietly says that there is no such thing.
pub fn ask(dir: &Path, args: &[&str]) -> Result<Option<Vec<u8>>, Error> {
    let answer = Question::new(dir, args).env("GIT_NO_REPLACE_OBJECTS", "1").answer()?;
    match answer.code {
        Some(0) => Ok(Some(answer.stdout)),
        Some(1) if answer.stderr.is_empty() => Ok(None),
        _ => Err(Error::new(
            format!("cannot run git {} in {}", args.join(" "), dir.display()),
            answer.complaint(),
            "see that git is in PATH and reads this repository",
        )),
    }
}

/// What git says to `git ARGS` in `dir` of where hooks are, whatever it is.
pub fn answer_about_hooks(dir: &Path, args: &[&str]) -> Result<Answer, Error> {
    Question::about_hooks(dir, args).answer()
}

/// What git says to `git ARGS` in `dir`, whatever it is.
pub fn answer(dir: &Path, args: &[&str]) -> Result<Answer, Error> {
    Question::new(dir, args).answer()
}
