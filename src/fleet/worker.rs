//! The process that scans one repository: `keysweep history`, which can be stopped, and whose end frees all memory.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::git::path::to_path;
use crate::regular_file;
use crate::subprocess::{self, End, Limits};

/// Variables that would name another repository or another configuration.
const REMOVED: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
    "KEYSWEEP_CONFIG",
];

/// A repository on this machine.
pub struct Target {
    folder: PathBuf,
    git_dir: PathBuf,
    is_bare: bool,
}

impl Target {
    /// The repository at `folder`, and never one above it.
    pub fn at(folder: &Path) -> Result<Self, Error> {
        let failed = |cause: String| {
            Error::new("cannot open the repository", cause, "name the top of a worktree, or a bare repository")
        };
        let folder = folder.canonicalize().map_err(|err| failed(err.to_string()))?;
        let has = |name: &str| folder.join(name).symlink_metadata().is_ok();
        if has(".git") {
            let git_dir = git_dir_of(&folder).map_err(|err| failed(format!("cannot read .git: {err}")))?;
            return Ok(Self { folder, git_dir, is_bare: false });
        }
        if has("HEAD") && has("objects") {
            return Ok(Self { git_dir: folder.clone(), folder, is_bare: true });
        }
        Err(failed("there is no git repository at this path".to_owned()))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The folder `.git` of a worktree, or the one that the file `.git` names.
fn git_dir_of(worktree: &Path) -> io::Result<PathBuf> {
    let git = worktree.join(".git");
    if git.is_dir() {
        return Ok(git);
    }
    let text = regular_file::read(&git)?;
    let named = text.strip_prefix(b"gitdir: ").ok_or_else(|| io::Error::other("it names no git directory"))?;
    Ok(worktree.join(to_path(named.trim_ascii_end())))
}

/// Scans the repository with `options` of `keysweep history`, and passes on each line of its `jsonl`. Fails if the scan did not end
/// by itself.
pub fn scan(
    target: &Target,
    options: &[OsString],
    limits: &Limits<'_>,
    on_line: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), Error> {
    let failed = |cause: String, help: &str| Error::new("cannot scan the repository", cause, help);
    let program = std::env::current_exe().map_err(|err| failed(err.to_string(), "install keysweep again"))?;
    let mut command = Command::new(program);
    command.args(["history", "--format", "jsonl", "--no-progress"]).args(options).current_dir(&target.folder);
    for name in REMOVED {
        command.env_remove(name);
    }
    // Otherwise a damaged repository would be taken for the one above it.
    command.env("GIT_DIR", &target.git_dir);
    if !target.is_bare {
        command.env("GIT_WORK_TREE", &target.folder);
    }
    let ended = subprocess::run(command, limits, on_line).map_err(|err| failed(err.to_string(), "run it again"))?;
    match ended.end {
        End::Exited(Some(0..=2)) => Ok(()),
        End::Exited(Some(code)) => Err(failed(format!("the scan ended with {code}"), "run keysweep history there")),
        End::Exited(None) => Err(failed("a signal ended the scan".to_owned(), "see whether the memory was full")),
        End::Late => Err(failed("the time of --timeout is over".to_owned(), "give it more time with --timeout")),
        End::Stopped(cause) => Err(failed(cause, "run it again")),
    }
}
