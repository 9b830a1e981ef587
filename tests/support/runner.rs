//! Repositories whose hooks a runner manages, each with the configuration from `docs/`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::token::Token;
use super::tools::{node, python, tools};
use super::{Call, Repo, Run};

/// The program that starts keysweep when git runs a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    Git,
    PreCommit,
    Prek,
    Husky,
    Lefthook,
}

const HOOKS: [&str; 4] = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];

/// The path of a file in this repository.
pub fn ours(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The configuration from `docs/` for pre-commit and prek, which points to this repository at HEAD. Uncommitted changes
/// are not tested.
pub fn framework_config(name: &str) -> String {
    let hooks = env!("CARGO_MANIFEST_DIR");
    let head = Command::new("git").args(["-C", hooks, "rev-parse", "HEAD"]).output().expect("git runs").stdout;
    let head = String::from_utf8(head).expect("an id");
    let text = fs::read_to_string(ours("docs").join(name)).expect("read the configuration");
    text.replace("repo: URL", &format!("repo: {hooks}")).replace("rev: COMMIT", &format!("rev: {}", head.trim()))
}

impl Runner {
    /// The folder with the programs of the runner.
    fn programs(self) -> Option<&'static Path> {
        match self {
            Self::Git => None,
            Self::PreCommit | Self::Prek => Some(python()),
            Self::Husky | Self::Lefthook => Some(node()),
        }
    }

    fn configure(self, repo: &Repo) {
        match self {
            Self::Git => {}
            Self::PreCommit | Self::Prek => {
                repo.stage(".pre-commit-config.yaml", framework_config("pre-commit-installed.yaml"));
            }
            Self::Husky => {
                for hook in HOOKS {
                    let script = fs::read(ours("docs/husky").join(hook)).expect("read the hook");
                    repo.stage(format!(".husky/{hook}"), script);
                }
            }
            Self::Lefthook => repo.stage("lefthook.yml", fs::read(ours("docs/lefthook.yml")).expect("read it")),
        }
    }

    /// The command that installs the hooks in a clone.
    fn install(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Git => ("keysweep", &["install"]),
            Self::PreCommit => ("pre-commit", &["install"]),
            Self::Prek => ("prek", &["install"]),
            Self::Husky => ("husky", &[]),
            Self::Lefthook => ("lefthook", &["install"]),
        }
    }
}

/// Puts keysweep and the programs of the runner in the PATH of `call`.
pub fn equip(call: Call, runner: Runner) -> Call {
    let binary = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder");
    equip_with(call, runner, Some(binary))
}

/// Puts only the programs of the runner in the PATH, like a machine without keysweep.
pub fn equip_without_keysweep(call: Call, runner: Runner) -> Call {
    equip_with(call, runner, None)
}

fn equip_with(call: Call, runner: Runner, binary: Option<&Path>) -> Call {
    let ours = binary.into_iter().chain(runner.programs()).map(Path::to_owned).collect();
    call.env("PATH", path(ours, "keysweep"))
        .env("PRE_COMMIT_HOME", tools().join("pre-commit-home"))
        .env("PREK_HOME", tools().join("prek-home"))
        // The frameworks first copy the hooks from this repository, one test at a time.
        .timeout(Duration::from_secs(300))
}

/// A PATH of these folders, followed by the system's folders that do not contain `program`.
pub fn path(first: Vec<PathBuf>, program: &str) -> OsString {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let system = std::env::split_paths(&own).filter(|folder| !folder.join(program).exists());
    std::env::join_paths(first.into_iter().chain(system)).expect("no folder has a colon in its name")
}

/// A repository with installed hooks, one commit and a bare remote.
pub struct HookedRepo {
    pub repo: Repo,
    pub runner: Runner,
}

impl HookedRepo {
    pub fn new(runner: Runner) -> Self {
        let repo = Repo::new();
        for path in ["a.txt", "b.txt", "sub/c.txt"] {
            repo.stage(path, format!("{path}\n"));
        }
        runner.configure(&repo);
        repo.commit("base");
        repo.git(&["init", "-q", "--bare", "../remote"]);
        repo.git(&["remote", "add", "origin", "../remote"]);
        let hooked = Self { repo, runner };
        hooked.install(hooked.repo.top());
        hooked
    }

    /// Installs the hooks in `folder` as a user would.
    pub fn install(&self, folder: &Path) {
        let (program, args) = self.runner.install();
        self.call(program, args).cwd(folder).run().expect_code(0);
    }

    pub fn call(&self, program: &str, args: &[&str]) -> Call {
        equip(self.repo.call(program, args), self.runner)
    }

    pub fn git(&self, args: &[&str]) -> Call {
        self.call("git", args)
    }

    /// Every ref of the repository and of its remote, with its id.
    fn refs(&self) -> String {
        let refs = |at: &str| self.repo.git(&[at, "for-each-ref", "--format=%(refname) %(objectname)"]).out();
        refs("--git-dir=.git") + &refs("--git-dir=../remote")
    }

    /// Expects that the hook blocks the command and that no ref changes.
    #[track_caller]
    pub fn expect_refused(&self, call: Call) -> Run {
        let before = self.refs();
        let run = call.run();
        if run.code == Some(0) || self.refs() != before {
            run.fail("expected the hook to block the command");
        }
        run
    }

    /// Expects that the hook blocks the command and prints the redacted token, but not the token.
    #[track_caller]
    pub fn expect_stopped(&self, call: Call, token: &Token) -> Run {
        self.expect_refused(call).expect_has(&token.redacted()).expect_lacks(token.body())
    }

    /// Expects that the hook allows the command and that a ref changes.
    #[track_caller]
    pub fn expect_passes(&self, call: Call) -> Run {
        let before = self.refs();
        let run = call.run().expect_code(0);
        if self.refs() == before {
            run.fail("expected a ref to change");
        }
        run
    }
}
