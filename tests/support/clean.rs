//! The plan at the end of a sweep, done by the real git filter-repo.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

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

/// `call` where a shell finds keysweep and git filter-repo.
pub fn equip(call: Call) -> Call {
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

/// Runs the commands of these steps, to the letter, in one shell that starts in `folder`.
#[track_caller]
pub fn follow(repo: &Repo, folder: &Path, run: &Run, steps: &[&str]) -> Run {
    let commands = steps.iter().map(|name| step(run, name)["run"].as_array().expect("commands").clone());
    let script: Vec<String> = commands.flatten().map(|command| text(&command).to_owned()).collect();
    shell(repo, folder, &script.join("\n"))
}

#[track_caller]
pub fn shell(repo: &Repo, folder: &Path, script: &str) -> Run {
    let temp = repo.base().join("tmp");
    fs::create_dir_all(&temp).expect("create the temporary folder");
    let call = repo.call("sh", &["-ec", script]).cwd(folder).env("TMPDIR", &temp);
    equip(call).run().expect_code(0)
}

#[track_caller]
pub fn expect_clean(repo: &Repo, folder: &Path) {
    repo.keysweep_call(&["history"]).cwd(folder).run().expect_code(0);
}
