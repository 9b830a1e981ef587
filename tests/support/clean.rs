//! The plan at the end of a sweep, run as it is printed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::state::{Normalizer, Objects, files};
use super::token::Token;
use super::tools::filter_repo;
use super::{Call, Repo, Run, runner, text};

/// Where the tests have the file written: beside the repository, in no worktree.
pub fn file(repo: &Repo) -> PathBuf {
    repo.base().join("replacements.txt")
}

/// A sweep with the file asked for.
pub fn sweep(repo: &Repo, folder: &Path) -> Run {
    sweep_with(repo, folder, &[])
}

pub fn sweep_with(repo: &Repo, folder: &Path, options: &[&str]) -> Run {
    let path = file(repo);
    let args = ["history".as_ref(), "--format".as_ref(), "jsonl".as_ref(), "--replacements".as_ref(), path.as_os_str()];
    repo.keysweep_call(&args).args(options).cwd(folder).run()
}

/// `call` where a shell finds keysweep.
pub fn with_keysweep_in_path(call: Call) -> Call {
    let binary = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder").to_owned();
    call.env("PATH", runner::path(vec![binary], "keysweep"))
}

/// `call` where a shell finds git filter-repo too.
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

/// The two commands of the plan: the one that looks, and the one that does it.
pub fn commands(run: &Run) -> [String; 2] {
    let step = step(run, "clean");
    [0, 1].map(|at| text(&step["run"][at]).to_owned())
}

/// A command of a plan in a shell that starts in `folder`.
pub fn shell_call(repo: &Repo, folder: &Path, script: &str) -> Call {
    let temp = repo.base().join("tmp");
    fs::create_dir_all(&temp).expect("create the temporary folder");
    with_keysweep_in_path(repo.call("sh", &["-c", script]).cwd(folder).env("TMPDIR", &temp))
}

#[track_caller]
pub fn shell(repo: &Repo, folder: &Path, script: &str) -> Run {
    let run = shell_call(repo, folder, script).run();
    let left = fs::read_dir(repo.base().join("tmp")).expect("list").count();
    assert_eq!(left, 0, "the temporary folder is empty again");
    run
}

/// Looks, which changes nothing, and then does it.
#[track_caller]
pub fn run_plan(repo: &Repo, folder: &Path, run: &Run) -> Run {
    let [look, apply] = commands(run);
    shell(repo, folder, &look).expect_code(0).expect_has("Nothing was changed yet");
    shell(repo, folder, &apply).expect_code(0).expect_has("Proved: ")
}

/// No object holds a token, nor any file of the git directory that is written as it is.
#[track_caller]
pub fn expect_without(repo: &Repo, git_dir: &Path, tokens: &[Token]) {
    let normalizer = Normalizer::new(tokens);
    let holders = Objects::of(repo, git_dir).containing_tokens(&normalizer);
    assert!(holders.is_empty(), "{} still has {holders:?}", git_dir.display());
    for path in files(git_dir) {
        let bytes = fs::read(&path).expect("a file");
        assert!(!normalizer.has_token(&bytes), "{} holds a token", path.display());
    }
    let fsck = repo.git_call(&["fsck", "--no-dangling", "--no-progress"]).env("GIT_DIR", git_dir).run().expect_code(0);
    drop(fsck.expect_lacks("missing").expect_lacks("invalid"));
}

#[track_caller]
pub fn expect_clean(repo: &Repo, folder: &Path) {
    repo.keysweep_call(&["history"]).cwd(folder).run().expect_code(0);
}
