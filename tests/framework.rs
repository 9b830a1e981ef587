//! A commit through the real pre-commit framework, from its registry, with the hooks that this repository declares.
//!
//! The framework clones this repository at HEAD and builds it, as it does on a user's machine: what is not committed is
//! not tested here.
#![cfg(unix)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use support::token::Maker;
use support::{Repo, client};

const PRE_COMMIT: &str = "4.7.0";

/// The framework in a virtual environment below the build folder, installed once: two tests at a time would install over
/// each other.
fn pre_commit() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let venv = tools().join(format!("pre-commit-{PRE_COMMIT}"));
        let program = venv.join("bin/pre-commit");
        if !program.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
            run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", &format!("pre-commit=={PRE_COMMIT}")]));
        }
        program
    })
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|err| panic!("start {command:?}: {err}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository that has this one's hook `id` through the framework.
fn framed(id: &str) -> Repo {
    let repo = Repo::new();
    let hooks = env!("CARGO_MANIFEST_DIR");
    let head = String::from_utf8(
        Command::new("git").args(["-C", hooks, "rev-parse", "HEAD"]).output().expect("git runs").stdout,
    );
    let rev = head.expect("an id").trim().to_owned();
    let config = format!("repos:\n- repo: {hooks}\n  rev: {rev}\n  hooks:\n  - id: {id}\n");
    repo.stage(".pre-commit-config.yaml", config);
    repo.commit("base");
    repo
}

/// The framework's own call in `repo`. It builds with the user's cargo and keeps what it builds between runs.
fn framework(repo: &Repo, args: &[&str]) -> support::Call {
    with_tools(repo.call(&pre_commit().to_string_lossy(), args))
}

fn with_tools(call: support::Call) -> support::Call {
    let home = std::env::var("HOME").unwrap_or_default();
    let rustup = std::env::var("RUSTUP_HOME").unwrap_or(format!("{home}/.rustup"));
    let binary = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    call.env("PRE_COMMIT_HOME", tools().join("pre-commit-home"))
        .env("CARGO_TARGET_DIR", tools().join("pre-commit-target"))
        .env("RUSTUP_HOME", rustup)
        .env("PATH", path)
        .patience(Duration::from_secs(900))
}

#[test]
fn the_framework_stops_a_token_and_lets_a_clean_commit_pass() {
    for id in ["keysweep-system", "keysweep"] {
        let token = Maker::new(1500).sk_live(24);
        let repo = framed(id);
        framework(&repo, &["install"]).run().expect_code(0);

        repo.stage("a file.txt", client(&token));
        let stopped = with_tools(repo.git_call(&["commit", "-m", "leak"])).run();
        assert_ne!(stopped.code, Some(0), "{id}: {}", stopped.all());
        stopped.expect_has(&token.redacted()).expect_lacks(token.body());

        repo.stage("a file.txt", "read it from the environment\n");
        with_tools(repo.git_call(&["commit", "-m", "mended"])).run().expect_code(0);
    }
}

#[test]
fn given_files_are_scanned_whole() {
    let token = Maker::new(1501).sk_live(24);
    let repo = framed("keysweep-files");
    repo.stage("--help", client(&token));
    repo.commit("an old leak");
    let all = ["run", "--hook-stage", "manual", "--all-files", "keysweep-files"];
    let found = framework(&repo, &all).run();
    assert_eq!(found.code, Some(1), "{}", found.all());
    found.expect_has("--help:1:").expect_has(&token.redacted()).expect_lacks(token.body());

    repo.git(&["rm", "-q", "--", "--help"]);
    repo.commit("taken out");
    framework(&repo, &all).run().expect_code(0);
}
