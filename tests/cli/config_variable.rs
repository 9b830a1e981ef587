//! `KEYSWEEP_CONFIG`: as `--config`, but not in hooks.

use crate::support::token::Maker;
use crate::support::{Repo, client};

const ALLOW_ALL_OF_SRC: &str = "[allow]\npaths = ['src/**']\n";

fn with_a_staged_token(seed: u64) -> Repo {
    let repo = Repo::new();
    repo.stage("src/a.py", client(&Maker::new(seed).sk_live(24)));
    repo.write("../mine.toml", ALLOW_ALL_OF_SRC);
    repo.write("../none.toml", "");
    repo
}

#[test]
fn a_command_uses_the_file_that_the_variable_names() {
    let repo = with_a_staged_token(9201);
    for command in [&["staged"][..], &["files"], &["history"]] {
        repo.keysweep(command).expect_code(1);
        repo.keysweep_call(command).env("KEYSWEEP_CONFIG", "../mine.toml").run().expect_code(0);
        repo.keysweep_call(command).env("KEYSWEEP_CONFIG", "").run().expect_code(1);
    }
}

#[test]
fn the_option_wins() {
    let repo = with_a_staged_token(9202);
    let call = repo.keysweep_call(&["staged", "--config", "../none.toml"]);
    call.env("KEYSWEEP_CONFIG", "../mine.toml").run().expect_code(1);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let repo = with_a_staged_token(9203);
    let run = repo.keysweep_call(&["staged"]).env("KEYSWEEP_CONFIG", "../gone.toml").run().expect_code(2);
    assert!(run.err().contains("cannot read the configuration ../gone.toml"), "{}", run.err());
}

#[test]
fn a_hook_ignores_it() {
    let repo = with_a_staged_token(9204);
    repo.keysweep_call(&["hook", "pre-commit"]).env("KEYSWEEP_CONFIG", "../mine.toml").run().expect_code(1);
    // A hook script of one's own may call `keysweep staged`.
    repo.hook("pre-commit");
    let commit = repo.git_call(&["commit", "-q", "-m", "x"]).env("KEYSWEEP_CONFIG", "../mine.toml").run();
    commit.expect_code(1);
    repo.keysweep(&["install", "pre-push"]).expect_code(0);
    repo.commit("around the hook");
    repo.git(&["init", "-q", "--bare", "-b", "main", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    let push = repo.git_call(&["push", "-q", "origin", "main"]).env("KEYSWEEP_CONFIG", "../mine.toml").run();
    let push = push.expect_code(1);
    assert!(format!("{}{}", push.out(), push.err()).contains("push blocked"));
}
