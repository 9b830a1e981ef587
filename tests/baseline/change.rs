//! Commits and pushes with a baseline.

use crate::command::FILE;
use crate::support::push::Pair;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, client};

fn entry(token: &Token, path: &str) -> String {
    let id = token.fingerprint();
    format!(
        "{{\"fingerprint\":\"{id}\",\"path\":\"{path}\",\"rule\":\"x\",\"reason\":\"x\",\"added\":\"2026-01-01\"}}\n"
    )
}

#[test]
fn a_commit_uses_the_staged_baseline() {
    let repo = Repo::new();
    let token = Maker::new(9341).sk_live(24);
    repo.stage("a.py", client(&token));
    repo.write(FILE, entry(&token, "a.py"));
    for args in [&["staged"][..], &["hook", "pre-commit"]] {
        let run = repo.keysweep(args).expect_code(1);
        let note = ".keysweep-baseline is not staged, so it was not used: git add .keysweep-baseline";
        assert!(run.out().contains(note), "{}", run.out());
    }
    repo.git(&["add", FILE]);
    for args in [&["staged"][..], &["hook", "pre-commit"]] {
        let run = repo.keysweep(args).expect_code(0);
        assert!(run.out().contains("newly allowed by this change: a.py:1:"), "{}", run.out());
        assert!(run.out().contains("its entry in .keysweep-baseline"), "{}", run.out());
    }
    repo.write(FILE, "");
    repo.keysweep(&["staged"]).expect_code(0);
    repo.stage(FILE, entry(&token, "b.py"));
    repo.write(FILE, entry(&token, "a.py"));
    let run = repo.keysweep(&["staged"]).expect_code(1);
    assert!(run.out().contains(".keysweep-baseline was used as it is staged"), "{}", run.out());
}

#[test]
fn an_entry_that_was_there_before_is_not_new() {
    let repo = Repo::new();
    let token = Maker::new(9342).sk_live(24);
    repo.stage(FILE, entry(&token, "a.py"));
    repo.commit("baseline");
    repo.stage("a.py", client(&token));
    let run = repo.keysweep(&["staged"]).expect_code(0);
    assert!(run.out().contains("1 in the baseline") && !run.out().contains("newly"), "{}", run.out());
    repo.keysweep(&["hook", "commit-msg"]).expect_code(2);
    repo.write("message", format!("Use {token}\n"));
    repo.keysweep(&["hook", "commit-msg", "message"]).expect_code(1);
}

#[test]
fn a_renewed_entry_is_new() {
    let repo = Repo::new();
    let token = Maker::new(9344).sk_live(24);
    let until = |day: &str| entry(&token, "a.py").replace('}', &format!(",\"until\":\"{day}\"}}"));
    repo.stage(FILE, until("2020-01-01"));
    repo.commit("baseline");
    repo.stage("a.py", client(&token));
    let run = repo.keysweep(&["staged"]).expect_code(1);
    assert!(run.out().contains("the baseline had accepted this token here until 2020-01-01"), "{}", run.out());
    repo.stage(FILE, until("2999-01-01"));
    let run = repo.keysweep(&["staged"]).expect_code(0);
    assert!(run.out().contains("newly allowed by this change: a.py:1:"), "{}", run.out());
}

#[test]
fn a_push_uses_the_baseline_that_it_has() {
    let mut pair = Pair::new(9343);
    let token = pair.token();
    pair.add("a.py", client(&token));
    pair.repo.write(FILE, entry(&token, "a.py"));
    let run = pair.direct(pair.new_ref("refs/heads/main")).expect_code(1);
    assert!(run.summary()["notes"].to_string().contains(".keysweep-baseline was used as the pushed commit has it"));
    pair.add(FILE, entry(&token, "a.py"));
    let run = pair.direct(pair.new_ref("refs/heads/main")).expect_code(0);
    assert_eq!(run.summary()["baselined"], 1);
    assert_eq!(run.summary()["newly_allowed"][0]["path"], "a.py");
}
