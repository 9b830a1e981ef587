//! Questions that only git answers, since only it knows all places where a setting may stand or how a ref is kept: ids,
//! names, settings and places. Content is never asked for; that is read by `source`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::trouble::Trouble;

/// Variables with paths that git takes relative to where it was started.
const RELATIVE: &[&str] = &["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"];

/// A call of git that is about to be made.
pub struct Question {
    command: Command,
    stdin: Vec<u8>,
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
    /// Asks as if in `dir`, in the environment of this process.
    pub fn new<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        Self::of(Path::new("git"), dir, args)
    }

    /// Asks with the PATH that a program gets that no shell started.
    pub fn with_short_path<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file());
        Self::of(&found.unwrap_or_else(|| "git".into()), dir, args).env("PATH", "/usr/bin:/bin").env("CARGO_HOME", "")
    }

    fn of<A: AsRef<OsStr>>(git: &Path, dir: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(git);
        command.args(args).current_dir(dir).env("LC_ALL", "C");
        // A partial clone would else fetch what it lacks, over the network.
        command.env("GIT_NO_LAZY_FETCH", "1");
        // What it traces stands where its complaints are looked for.
        let traces = std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_TRACE"));
        traces.for_each(|(name, _)| _ = command.env_remove(name));
        for name in RELATIVE {
            if let Some(path) = std::env::var_os(name).filter(|path| !path.is_empty())
                && let Ok(path) = std::path::absolute(path)
            {
                command.env(name, path);
            }
        }
        Self { command, stdin: Vec::new() }
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Asks of the repository in which the folder lies, whichever one the environment names.
    #[must_use]
    pub fn of_folder(mut self) -> Self {
        for name in RELATIVE.iter().chain(&["GIT_INDEX_FILE", "GIT_PREFIX"]) {
            self.command.env_remove(name);
        }
        self
    }

    #[must_use]
    pub fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = bytes;
        self
    }

    pub fn answer(mut self) -> Result<Answer, Trouble> {
        let did_not_run = |err| Trouble::new("cannot ask git", err, "install git, and see that it is in PATH");
        let piped = if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
        self.command.stdin(piped).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(did_not_run)?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // A git that ends early has said what it has to say.
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(&self.stdin)));
            child.wait_with_output()
        });
        let output = output.map_err(did_not_run)?;
        Ok(Answer { code: output.status.code(), stdout: output.stdout, stderr: output.stderr })
    }
}

impl Answer {
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// The first line of what it printed; None if it failed or printed nothing.
    pub fn line(&self) -> Option<&[u8]> {
        let line = self.stdout.strip_suffix(b"\n").unwrap_or(&self.stdout);
        (self.succeeded() && !line.is_empty()).then_some(line)
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
pub fn ask(dir: &Path, args: &[&str]) -> Result<Option<Vec<u8>>, Trouble> {
    let answer = Question::new(dir, args).env("GIT_NO_REPLACE_OBJECTS", "1").answer()?;
    match answer.code {
        Some(0) => Ok(Some(answer.stdout)),
        Some(1) if answer.stderr.is_empty() => Ok(None),
        _ => Err(Trouble::new(
            format!("cannot run git {} in {}", args.join(" "), dir.display()),
            answer.complaint(),
            "see that git is in PATH and reads this repository",
        )),
    }
}

/// What git says to `git ARGS` in `dir`, whatever it is.
pub fn answer(dir: &Path, args: &[&str]) -> Result<Answer, Trouble> {
    Question::new(dir, args).answer()
}

#[cfg(unix)]
fn to_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn to_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
