//! Runs the cleanup plan that a history scan prints, exactly as printed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::state::{Normalizer, Objects, files};
use super::token::Token;
use super::tools::filter_repo;
use super::{Call, Repo, Run, runner, text};

/// The path of the replacements file: beside the repository and outside every worktree.
pub fn file(repo: &Repo) -> PathBuf {
    repo.base().join("replacements.txt")
}

/// Scans the history and requests the replacements file.
pub fn sweep(repo: &Repo, folder: &Path) -> Run {
    sweep_with(repo, folder, &[])
}

pub fn sweep_with(repo: &Repo, folder: &Path, options: &[&str]) -> Run {
    let path = file(repo);
    let args = ["history".as_ref(), "--format".as_ref(), "jsonl".as_ref(), "--replacements".as_ref(), path.as_os_str()];
    repo.keysweep_call(&args).args(options).cwd(folder).run()
}

/// Puts keysweep in the PATH of `call`.
pub fn with_keysweep_in_path(call: Call) -> Call {
    let binary = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder").to_owned();
    call.env("PATH", runner::path(vec![binary], "keysweep"))
}

/// Puts keysweep and git filter-repo in the PATH of `call`.
pub fn with_filter_repo_in_path(call: Call) -> Call {
    let binary = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder").to_owned();
    call.env("PATH", runner::path(vec![binary, filter_repo().to_owned()], "keysweep"))
}

pub fn step(run: &Run, name: &str) -> Value {
    let plan = run.summary()["plan"].clone();
    let found = plan.as_array().expect("a plan").iter().find(|step| step["step"] == name).cloned();
    found.unwrap_or_else(|| run.fail(&format!("no step {name} in {plan:#}")))
}

pub fn names(run: &Run) -> Vec<String> {
    let plan = run.summary()["plan"].clone();
    plan.as_array().expect("a plan").iter().map(|step| text(&step["step"]).to_owned()).collect()
}

/// The two commands of the plan: the dry run and the rewrite.
pub fn commands(run: &Run) -> [String; 2] {
    let step = step(run, "clean");
    [0, 1].map(|at| text(&step["run"][at]).to_owned())
}

/// Runs a command of the plan in a shell whose working directory is `folder`.
pub fn shell_call(repo: &Repo, folder: &Path, script: &str) -> Call {
    let temp = repo.base().join("tmp");
    fs::create_dir_all(&temp).expect("create the temporary folder");
    with_keysweep_in_path(repo.call("sh", &["-c", script]).cwd(folder).env("TMPDIR", &temp))
}

#[track_caller]
pub fn shell(repo: &Repo, folder: &Path, script: &str) -> Run {
    let run = shell_call(repo, folder, script).run();
    let left = fs::read_dir(repo.base().join("tmp")).expect("list").count();
    assert_eq!(left, 0, "the temporary folder must be empty after the run");
    run
}

/// Runs the dry run, which changes nothing, and then the rewrite.
#[track_caller]
pub fn run_plan(repo: &Repo, folder: &Path, run: &Run) -> Run {
    let [look, apply] = commands(run);
    shell(repo, folder, &look).expect_code(0).expect_has("Nothing was changed yet");
    shell(repo, folder, &apply).expect_code(0).expect_has("Proved: ")
}

/// Expects no token in any object, and none in any uncompressed file of the git directory.
#[track_caller]
pub fn expect_without(repo: &Repo, git_dir: &Path, tokens: &[Token]) {
    let normalizer = Normalizer::new(tokens);
    let holders = Objects::of(repo, git_dir).containing_tokens(&normalizer);
    assert!(holders.is_empty(), "{} still contains tokens in {holders:?}", git_dir.display());
    for path in files(git_dir) {
        let bytes = fs::read(&path).expect("a file");
        assert!(!normalizer.has_token(&bytes), "{} contains a token", path.display());
    }
    let fsck = repo.git_call(&["fsck", "--no-dangling", "--no-progress"]).env("GIT_DIR", git_dir).run().expect_code(0);
    drop(fsck.expect_lacks("missing").expect_lacks("invalid"));
}

#[track_caller]
pub fn expect_clean(repo: &Repo, folder: &Path) {
    repo.keysweep_call(&["history"]).cwd(folder).run().expect_code(0);
}
