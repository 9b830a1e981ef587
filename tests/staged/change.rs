//! Kinds of staged changes that add text, and kinds that do not.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, executable};

/// A file that is long enough for git to detect an edited copy as a rename.
fn long_file(token: &Token) -> String {
    let lines: String = (0..40).map(|n| format!("line {n} of a file with a history\n")).collect::<Vec<_>>().concat();
    format!("{lines}{}", client(token))
}

/// A repository with one commit, which contains a long file with a token on line 41.
fn with_old_token(path: &str, seed: u64) -> (Repo, Token, Maker) {
    let mut make = Maker::new(seed);
    let old = make.sk_live(24);
    let repo = Repo::new();
    repo.stage(path, long_file(&old));
    repo.stage("base.txt", "base\n");
    repo.commit("base");
    (repo, old, make)
}

#[test]
fn a_pure_rename_of_an_old_token_is_silent() {
    for target in ["new.txt", "deep/er/new.txt", "a.txt2", "a/b.txt"] {
        let (repo, ..) = with_old_token("old/a.txt", 500);
        fs::create_dir_all(repo.path("deep/er")).expect("create");
        fs::create_dir_all(repo.path("a")).expect("create");
        repo.git(&["mv", "old/a.txt", target]);
        repo.staged().expect_silent();
    }
}

#[test]
fn a_renamed_folder_of_old_tokens_is_silent() {
    let (repo, _, mut make) = with_old_token("old/a.txt", 501);
    for n in 0..5 {
        repo.stage(format!("old/deep/{n}.txt"), client(&make.sk_live(24)));
    }
    repo.commit("more");
    repo.git(&["mv", "old", "new"]);
    repo.staged().expect_silent();
}

#[test]
fn a_rename_with_an_edit_reports_only_added_tokens() {
    let (repo, old, mut make) = with_old_token("a.txt", 502);
    let added = make.sk_live(24);
    repo.git(&["mv", "a.txt", "b.txt"]);
    repo.stage("b.txt", format!("innocent edit\n{}", long_file(&old)));
    repo.staged().expect_silent();

    repo.stage("b.txt", format!("{}{}", client(&added), long_file(&old)));
    repo.staged().expect_found(&[("b.txt", 1, &added)]);
}

#[test]
fn a_copy_adds_the_old_token_at_a_new_place() {
    let (repo, old, _) = with_old_token("a.txt", 503);
    repo.stage("copy.txt", long_file(&old));
    repo.staged().expect_found(&[("copy.txt", 41, &old)]);
}

#[test]
fn a_copy_of_an_edited_file_is_a_copy() {
    let (repo, old, _) = with_old_token("a.txt", 504);
    repo.stage("copy.txt", long_file(&old));
    repo.stage("a.txt", format!("innocent\n{}", long_file(&old)));
    repo.staged().expect_found(&[("copy.txt", 41, &old)]);
}

#[test]
fn a_rename_into_two_places_adds_one() {
    let (repo, old, _) = with_old_token("a.txt", 505);
    repo.git(&["mv", "a.txt", "b.txt"]);
    repo.stage("c.txt", long_file(&old));
    repo.staged().expect_code(1).only_finding();
}

#[test]
fn swapped_files_add_nothing() {
    let (repo, old, mut make) = with_old_token("a.txt", 506);
    let second = make.sk_live(24);
    repo.stage("b.txt", client(&second));
    repo.commit("second");
    repo.stage("b.txt", long_file(&old));
    repo.stage("a.txt", client(&second));
    let run = repo.staged();
    // git shows two edits here, or two renames with -B. Both are correct, but a third token must be reported.
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.all());
    let third = make.sk_live(24);
    repo.stage("c.txt", client(&third));
    let run = repo.staged().expect_code(1);
    let fingerprint = third.fingerprint();
    assert!(run.findings().iter().any(|f| f["fingerprint"] == fingerprint.as_str()), "{}", run.all());
}

#[test]
fn a_deleted_file_is_silent() {
    let (repo, ..) = with_old_token("a.txt", 507);
    repo.git(&["rm", "-q", "a.txt"]);
    repo.staged().expect_silent();
}

#[test]
fn a_change_of_mode_alone_is_silent() {
    let (repo, _, mut make) = with_old_token("a.sh", 508);
    repo.git(&["update-index", "--chmod=+x", "a.sh"]);
    repo.staged().expect_silent();

    let token = make.sk_live(24);
    repo.stage_entry("100755", "a.sh", client(&token));
    repo.staged().expect_found(&[("a.sh", 1, &token)]);
}

fn only_at(repo: &Repo, path: &str, token: &Token) {
    let finding = repo.staged().expect_code(1).expect_lacks(token.body()).only_finding();
    assert_eq!(finding["path"], path, "{finding}");
    assert_eq!(finding["fingerprint"], token.fingerprint().as_str(), "{finding}");
    repo.keysweep(&["staged"]).expect_code(1).expect_lacks(token.body()).expect_has(&token.redacted());
}

#[test]
fn the_target_of_a_symlink_is_added_text() {
    let mut make = Maker::new(509);
    for before in [None, Some("old target")] {
        let token = make.sk_live(24);
        let repo = Repo::new();
        if let Some(target) = before {
            symlink(target, repo.path("link")).expect("symlink");
            repo.git(&["add", "link"]);
            repo.commit("old link");
            fs::remove_file(repo.path("link")).expect("remove");
        }
        symlink(token.text(), repo.path("link")).expect("symlink");
        repo.git(&["add", "link"]);
        only_at(&repo, "link", &token);
    }
}

#[test]
fn an_old_symlink_target_is_silent() {
    let token = Maker::new(510).sk_live(24);
    let repo = Repo::new();
    repo.stage_entry("120000", "link", token.text());
    repo.staged().expect_code(1);
    repo.commit("too late");
    repo.stage("a.txt", "innocent\n");
    repo.staged().expect_silent();
}

#[test]
fn a_file_that_becomes_a_symlink_and_back() {
    let mut make = Maker::new(511);
    let (target, content) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    repo.stage_blob("a", "plain\n");
    repo.commit("file");
    repo.stage_entry("120000", "a", target.text());
    only_at(&repo, "a", &target);
    repo.commit("link");
    repo.stage_blob("a", client(&content));
    only_at(&repo, "a", &content);
}

#[test]
fn a_file_that_becomes_a_folder_and_back() {
    let mut make = Maker::new(512);
    let (inner, outer) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    repo.stage_blob("a", "plain\n");
    repo.stage_blob("a.b", "sorts between\n");
    repo.commit("file");
    repo.stage_blob("a/b/c.txt", client(&inner));
    repo.staged().expect_found(&[("a/b/c.txt", 1, &inner)]);
    repo.commit("folder");
    repo.stage_blob("a", client(&outer));
    repo.staged().expect_found(&[("a", 1, &outer)]);
}

#[test]
fn a_submodule_causes_no_error_and_hides_nothing() {
    let mut make = Maker::new(513);
    let (repo, ..) = with_old_token("a.txt", 513);
    let commit = repo.git(&["rev-parse", "HEAD"]).line();
    let gitlink = format!("160000,{commit},module");
    repo.git(&["update-index", "--add", "--cacheinfo", &gitlink]);
    repo.staged().expect_code(0);
    repo.commit("module");

    // A submodule commit is usually not in the superproject.
    let unknown = commit.chars().rev().collect::<String>();
    repo.git(&["update-index", "--cacheinfo", &format!("160000,{unknown},module")]);
    repo.staged().expect_code(0);

    let token = make.sk_live(24);
    repo.stage_blob("b.txt", client(&token));
    repo.staged().expect_found(&[("b.txt", 1, &token)]);
}

#[test]
fn a_submodule_that_becomes_a_file_is_read() {
    let token = Maker::new(514).sk_live(24);
    let (repo, ..) = with_old_token("a.txt", 514);
    let commit = repo.git(&["rev-parse", "HEAD"]).line();
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},module")]);
    repo.commit("module");
    repo.stage_blob("module", client(&token));
    repo.staged().expect_found(&[("module", 1, &token)]);
}

#[test]
fn an_intent_to_add_entry_is_not_in_the_commit() {
    let mut make = Maker::new(515);
    let (repo, ..) = with_old_token("a.txt", 515);
    let (intended, staged) = (make.sk_live(24), make.sk_live(24));
    repo.write("b.txt", client(&intended));
    repo.git(&["add", "-N", "b.txt"]);
    repo.staged().expect_silent();

    repo.stage("c.txt", client(&staged));
    repo.staged().expect_found(&[("c.txt", 1, &staged)]);
    repo.git(&["add", "b.txt"]);
    repo.staged().expect_found(&[("b.txt", 1, &intended), ("c.txt", 1, &staged)]);
}

#[test]
fn a_reset_makes_tokens_of_dropped_commits_new() {
    let (repo, _, mut make) = with_old_token("a.txt", 516);
    let token = make.sk_live(24);
    repo.stage("b.txt", client(&token));
    repo.commit("token");
    repo.staged().expect_silent();
    repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    repo.staged().expect_found(&[("b.txt", 1, &token)]);
}

#[test]
fn a_whole_tree_added_at_once_is_scanned() {
    let (repo, _, mut make) = with_old_token("a.txt", 517);
    let token = make.sk_live(24);
    repo.stage("deep/b.txt", client(&token));
    let tree = repo.git(&["write-tree"]).line();
    repo.git(&["read-tree", "HEAD"]);
    repo.staged().expect_silent();
    repo.git(&["read-tree", "--prefix=under/", &tree]);
    let found = repo.staged().expect_code(1).findings();
    let paths: Vec<&str> = found.iter().map(|f| crate::support::text(&f["path"])).collect();
    assert!(paths.contains(&"under/deep/b.txt"), "{paths:?}");
}

#[test]
fn many_changes_at_once_are_all_scanned_and_counted() {
    let (repo, _, mut make) = with_old_token("a.txt", 518);
    let mut tokens = Vec::new();
    for n in 0..300 {
        let path = format!("d{}/f{n}.txt", n % 7);
        if n % 10 == 0 {
            let token = make.sk_live(24);
            repo.write(&path, format!("{n}\n{}", client(&token)));
            tokens.push((path, token));
        } else {
            repo.write(&path, format!("{n}\n"));
        }
    }
    repo.git(&["add", "."]);
    let wanted: Vec<_> = tokens.iter().map(|(path, token)| (path.as_str(), 2, token)).collect();
    let summary = repo.staged().expect_found(&wanted).summary();
    assert_eq!(summary["findings"], 30, "{summary}");
    assert_eq!(summary["tokens"], 30, "{summary}");
    assert_eq!(summary["scanned"]["files"], 300, "{summary}");
    for threads in ["1", "2", "7"] {
        let run = repo.staged_call().args(&["--threads", threads]).run().expect_found(&wanted);
        let paths =
            |run: &crate::support::Run| run.findings().iter().map(|f| f["path"].to_string()).collect::<Vec<_>>();
        assert_eq!(paths(&run), paths(&repo.staged()), "the order must be the same with {threads} threads");
    }
}

#[test]
fn one_token_in_two_files_is_two_findings_and_one_token() {
    let token = Maker::new(519).sk_live(24);
    let repo = Repo::new();
    repo.stage("a.txt", client(&token));
    repo.stage("b.txt", format!("top\n{}", client(&token)));
    let run = repo.staged().expect_found(&[("a.txt", 1, &token), ("b.txt", 2, &token)]);
    let summary = run.summary();
    assert_eq!((&summary["findings"], &summary["tokens"]), (&2.into(), &1.into()), "{summary}");
}

#[test]
fn a_diff_driver_program_is_never_run() {
    let token = Maker::new(520).sk_live(24);
    let repo = Repo::new();
    repo.stage_blob("a.txt", client(&token));
    let (driver, mark) = (repo.base().join("driver"), repo.base().join("was-run"));
    executable(&driver, &format!("#!/bin/sh\ntouch '{}'\n", mark.display()));
    for key in ["diff.external", "diff.x.command", "diff.x.textconv", "core.pager", "core.fsmonitor"] {
        repo.git(&["config", key, driver.to_str().expect("UTF-8")]);
    }
    repo.write(".git/info/attributes", "* diff=x\n");
    repo.staged().expect_found(&[("a.txt", 1, &token)]);
    assert!(!mark.exists(), "a program from a setting was run");
}
