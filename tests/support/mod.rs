//! The harness of the integration tests: a temporary folder, the real git, and the program under test.
#![allow(dead_code)] // each test binary uses only some of it

#[cfg(feature = "archives")]
pub mod archive;
pub mod browser;
pub mod clean;
pub mod deep;
pub mod encode;
pub mod history;
pub mod history_fixture;
pub mod leak;
pub mod pack;
pub mod push;
pub mod random_repo;
mod run;
pub mod runner;
pub mod schema;
pub mod server;
pub mod snapshot;
pub mod state;
pub mod token;
pub mod tools;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

pub use run::{Call, Run};
use token::Token;

const FIXED: &[(&str, &str)] = &[
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_AUTHOR_NAME", "Ada"),
    ("GIT_AUTHOR_EMAIL", "ada@example.org"),
    ("GIT_AUTHOR_DATE", "2024-01-02T03:04:05Z"),
    ("GIT_COMMITTER_NAME", "Ada"),
    ("GIT_COMMITTER_EMAIL", "ada@example.org"),
    ("GIT_COMMITTER_DATE", "2024-01-02T03:04:05Z"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];

/// Variables of the developer's environment that must not affect a test.
const FORGOTTEN: &[&str] = &[
    "GIT_",
    "GITHUB_",
    "KEYSWEEP_",
    "PRE_COMMIT",
    "PREK",
    "NO_COLOR",
    "CLICOLOR",
    "FORCE_COLOR",
    "XDG_CONFIG",
    "LEFTHOOK",
    "HUSKY",
    "SKIP",
];

/// A temporary folder with a repository. Dropping it removes the folder.
pub struct Repo {
    base: PathBuf,
    top: PathBuf,
}

impl Repo {
    pub fn new() -> Self {
        Self::init(&[])
    }

    pub fn init(options: &[&str]) -> Self {
        let repo = Self::none();
        repo.call("git", &["init", "-q", "-b", "main"]).args(options).run().expect_code(0);
        repo
    }

    /// Creates the folder and the environment without a repository.
    pub fn none() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("keysweep-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let temp = std::env::temp_dir().canonicalize().expect("a temporary folder");
        let base = temp.join(name);
        let top = base.join("repo");
        fs::create_dir_all(&top).expect("create the temporary folder");
        Self { base, top }
    }

    /// Uses the same environment with another top folder, for clones and linked worktrees below `base`.
    pub fn view(&self, name: &str) -> View<'_> {
        View { repo: self, top: self.base.join(name) }
    }

    pub fn base(&self) -> &Path {
        &self.base
    }

    pub fn top(&self) -> &Path {
        &self.top
    }

    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.top.join(relative)
    }

    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("below top")).expect("create parents");
        fs::write(&path, bytes).unwrap_or_else(|e| panic!("write {}: {e}", path.display()));
    }

    pub fn stage(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        self.write(&path, bytes);
        self.call("git", &["--literal-pathspecs", "add", "--force", "--"]).args(&[path.as_ref()]).run().expect_code(0);
    }

    /// Adds exactly these bytes to the index under this name. No filter, worktree or file system can change them.
    pub fn stage_blob(&self, path: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) -> String {
        self.stage_entry("100644", path, bytes)
    }

    pub fn stage_entry(&self, mode: &str, path: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) -> String {
        let id = self.blob(bytes);
        let mut line = format!("{mode} {id}\t").into_bytes();
        line.extend(path.as_ref().as_bytes());
        line.push(0);
        let args = ["update-index", "--add", "--replace", "-z", "--index-info"];
        let run = self.call("git", &args).stdin(line).run().expect_code(0);
        if run.err().contains("Ignoring path") {
            run.fail("git refuses this name");
        }
        id
    }

    /// Writes an object and returns its id.
    pub fn blob(&self, bytes: impl AsRef<[u8]>) -> String {
        let call = self.call("git", &["hash-object", "-w", "--stdin"]);
        call.stdin(bytes).run().expect_code(0).line()
    }

    pub fn commit(&self, message: &str) {
        self.git(&["commit", "-q", "--no-verify", "-m", message]);
    }

    #[track_caller]
    pub fn git<A: AsRef<OsStr>>(&self, args: &[A]) -> Run {
        self.call("git", args).run().expect_code(0)
    }

    pub fn git_call<A: AsRef<OsStr>>(&self, args: &[A]) -> Call {
        self.call("git", args)
    }

    pub fn keysweep<A: AsRef<OsStr>>(&self, args: &[A]) -> Run {
        self.keysweep_call(args).run()
    }

    pub fn keysweep_call<A: AsRef<OsStr>>(&self, args: &[A]) -> Call {
        self.call(env!("CARGO_BIN_EXE_keysweep"), args)
    }

    /// A call as an unprivileged user if the tests run as root, since root can read everything.
    pub fn unprivileged_call<A: AsRef<OsStr>>(&self, args: &[A]) -> Call {
        if self.call("id", &["-u"]).run().line() != "0" {
            return self.keysweep_call(args);
        }
        // The unprivileged user may not have access to the folder of the program, so copy the program.
        let copy = self.base().join("keysweep");
        copy_program(Path::new(env!("CARGO_BIN_EXE_keysweep")), &copy);
        let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        self.call("setpriv", &user).args(&[&copy]).args(args)
    }

    pub fn staged(&self) -> Run {
        self.staged_call().run()
    }

    pub fn staged_call(&self) -> Call {
        self.keysweep_call(&["staged", "--format", "jsonl"])
    }

    /// Installs the program as a hook, as a user would do by hand.
    pub fn hook(&self, name: &str) {
        let folder = self.git(&["rev-parse", "--git-path", "hooks"]).line();
        let folder = self.path(folder);
        fs::create_dir_all(&folder).expect("create the hooks folder");
        let script = format!("#!/bin/sh\nexec '{}' staged\n", env!("CARGO_BIN_EXE_keysweep"));
        executable(&folder.join(name), &script);
    }

    pub fn call<A: AsRef<OsStr>>(&self, program: &str, args: &[A]) -> Call {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let bytes = name.as_bytes();
            if FORGOTTEN.iter().any(|f| bytes.starts_with(f.as_bytes())) {
                command.env_remove(&name);
            }
        }
        command.envs(FIXED.iter().copied()).env("HOME", &self.base).current_dir(&self.top);
        Call::new(command).args(args)
    }
}

impl Drop for Repo {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.base);
    }
}

/// A second worktree or clone in the same temporary folder.
pub struct View<'a> {
    repo: &'a Repo,
    pub top: PathBuf,
}

impl View<'_> {
    pub fn git<A: AsRef<OsStr>>(&self, args: &[A]) -> Run {
        self.repo.git_call(args).cwd(&self.top).run().expect_code(0)
    }

    pub fn git_call<A: AsRef<OsStr>>(&self, args: &[A]) -> Call {
        self.repo.git_call(args).cwd(&self.top)
    }

    pub fn staged(&self) -> Run {
        self.repo.staged_call().cwd(&self.top).run()
    }

    pub fn stage(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let full = self.top.join(path);
        fs::create_dir_all(full.parent().expect("below top")).expect("create parents");
        fs::write(full, bytes).expect("write");
        self.git(&["add", "--", path]);
    }
}

pub fn executable(path: &Path, script: &str) {
    let draft = path.with_extension("draft");
    fs::write(&draft, script).expect("write the script");
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).expect("chmod");
    copy_program(&draft, path);
    fs::remove_file(draft).expect("remove the draft");
}

/// Copies a program with a separate process. If this process wrote the file, a concurrent fork would inherit the
/// descriptor, and starting the program would fail with "text file busy".
pub fn copy_program(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-p").args([from, to]).status().expect("start cp");
    assert!(copied.success(), "cp {} {}", from.display(), to.display());
}

/// Logs the progress of a test. The test runner shows the log only if the test fails.
#[allow(clippy::print_stderr)]
pub fn note(what: impl std::fmt::Display) {
    eprintln!("{what}");
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("(no string)")
}

pub fn os(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}

/// A line of source code that contains the token and does not name its vendor.
pub fn client(token: &Token) -> String {
    format!("client = Client(\"{token}\")\n")
}
