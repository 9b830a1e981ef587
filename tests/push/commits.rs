//! Real pushes through a real pre-push hook. The hook scans exactly the commits that the remote lacks.

use std::fs;

use crate::support::client;
use crate::support::push::{Pair, ZERO, expect_report, refs, write_hook};

#[test]
fn a_token_in_the_tip_blocks_the_push_and_a_fixed_commit_passes() {
    let mut pair = Pair::new(3000);
    let token = pair.token();
    let repo = &pair.repo;
    write_hook(repo, repo.top(), "pre-push", "");
    let bad = pair.add("a.txt", client(&token));
    let before = refs(repo, &pair.origin());
    let run = repo.git_call(&["push", "origin", "main"]).run().expect_code(1);
    let run = run.expect_has(&token.redacted()).expect_lacks(token.body()).expect_has(&bad[..7]).expect_has("a.txt");
    if refs(repo, &pair.origin()) != before {
        run.fail("the hook did not block the push");
    }
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    pair.add("a.txt", "innocent\n");
    repo.git(&["push", "-q", "origin", "main"]);
    assert_eq!(pair.oid("origin/main"), pair.oid("main"));
}

#[test]
fn a_finding_has_the_fields_of_the_contract() {
    let mut pair = Pair::new(3001);
    let token = pair.token();
    let bad = pair.add("sub/a.txt", format!("x\n{}", client(&token)));
    let run = pair.direct(pair.new_ref("refs/heads/main")).expect_code(1);
    let finding = run.only_finding();
    for (key, value) in [("source", "push"), ("path", "sub/a.txt"), ("part", "content"), ("commit", &bad)] {
        assert_eq!(finding[key], value, "{}", run.all());
    }
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(2), Some(18)));
    assert_eq!(run.summary()["scanned"]["files"], 1);
}

#[test]
fn a_token_that_was_added_and_removed_again_is_found_where_it_was_added() {
    let mut pair = Pair::new(3002);
    let token = pair.token();
    pair.add("a.txt", "one\n");
    let bad = pair.add("a.txt", format!("one\n{}", client(&token)));
    pair.add("a.txt", "one\n");
    pair.add("b.txt", "innocent\n");
    pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:2", &token)]);
}

#[test]
fn a_token_that_stays_is_reported_only_in_the_commit_that_adds_it() {
    let mut pair = Pair::new(3003);
    let (first, second) = (pair.token(), pair.token());
    let a = pair.add("a.txt", client(&first));
    pair.add("a.txt", format!("top\n{}", client(&first)));
    let b = pair.add("a.txt", format!("top\n{}{}", client(&first), client(&second)));
    pair.add("a.txt", format!("{}{}", client(&first), client(&second)));
    pair.push_finds(&["origin", "main"], &[(&a, "a.txt:1", &first), (&b, "a.txt:3", &second)]);
}

#[test]
fn a_restored_token_is_found_although_the_remote_once_had_the_file() {
    let pair = Pair::new(3004);
    pair.repo.git(&["rm", "-q", "old.txt"]);
    pair.repo.commit("gone");
    pair.push_passes(&["origin", "main"]);
    pair.repo.git(&["revert", "--no-edit", "HEAD"]);
    let back = pair.oid("HEAD");
    pair.push_finds(&["origin", "main"], &[(&back, "old.txt:2", &pair.old)]);
}

#[test]
fn a_first_push_scans_from_every_root() {
    let mut pair = Pair::new(3005);
    let token = pair.token();
    let root = pair.oid("HEAD");
    pair.add("a.txt", "innocent\n");
    let repo = &pair.repo;
    repo.git(&["checkout", "-q", "--orphan", "second"]);
    repo.git(&["rm", "-q", "-r", "-f", "."]);
    let second = pair.add("b.txt", client(&token));
    repo.git(&["merge", "-q", "--allow-unrelated-histories", "-m", "both", "main"]);
    pair.bare("empty", &[]);
    let run = pair.push(&["empty", "second"]).expect_code(1);
    expect_report(&run, &[(&root, "old.txt:2", &pair.old), (&second, "b.txt:1", &token)]);
}

#[test]
fn each_of_several_refs_is_scanned_and_a_shared_commit_once() {
    let mut pair = Pair::new(3006);
    let (token, shared) = (pair.token(), pair.token());
    pair.branch("one", "main");
    pair.add("one.txt", "innocent\n");
    pair.branch("two", "main");
    let two = pair.add("two.txt", client(&token));
    pair.push_finds(&["origin", "one", "two"], &[(&two, "two.txt:1", &token)]);
    pair.push_finds(&["origin", "two", "one"], &[(&two, "two.txt:1", &token)]);
    pair.push_passes(&["origin", "one"]);

    pair.branch("three", "main");
    let both = pair.add("three.txt", client(&shared));
    pair.branch("four", "three");
    pair.add("four.txt", "innocent\n");
    let wanted: [_; 2] = [(both.as_str(), "three.txt:1", &shared), (&two, "two.txt:1", &token)];
    pair.push_finds(&["origin", "three", "four", "two", "four:five"], &wanted);
}

#[test]
fn a_deletion_is_skipped_and_hides_no_other_ref() {
    let mut pair = Pair::new(3007);
    let token = pair.token();
    pair.push_passes(&["origin", "main:gone", "main:gone-too"]);
    let run = pair.push(&["origin", ":gone"]).expect_code(0);
    assert_eq!(run.findings().len(), 0);
    pair.branch("bad", "main");
    let bad = pair.add("a.txt", client(&token));
    pair.push_finds(&["origin", ":gone-too", "bad"], &[(&bad, "a.txt:1", &token)]);
    pair.push_finds(&["origin", "bad", ":gone-too"], &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn a_forced_push_over_unknown_commits_scans_the_new_ones() {
    let mut pair = Pair::new(3008);
    let token = pair.token();
    let repo = &pair.repo;
    repo.git(&["clone", "-q", "../origin.git", "../other"]);
    let other = repo.view("other");
    other.stage("theirs.txt", "x\n");
    other.git(&["commit", "-q", "-m", "theirs"]);
    other.git(&["push", "-q", "origin", "main"]);
    let bad = pair.add("a.txt", client(&token));
    pair.push_finds(&["--force", "origin", "main"], &[(&bad, "a.txt:1", &token)]);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    pair.add("a.txt", "innocent\n");
    pair.push_passes(&["--force", "origin", "main"]);
    assert_eq!(refs(repo, &pair.origin()).lines().count(), 1);
}

#[test]
fn a_rewritten_branch_is_scanned_from_its_fork_point() {
    let mut pair = Pair::new(3009);
    let token = pair.token();
    pair.add("a.txt", "one\n");
    pair.add("b.txt", "one\n");
    pair.push_passes(&["origin", "main"]);
    pair.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let bad = pair.add("b.txt", client(&token));
    pair.push_finds(&["--force", "origin", "main"], &[(&bad, "b.txt:1", &token)]);
}

#[test]
fn a_new_branch_without_new_commits_passes() {
    let pair = Pair::new(3010);
    let run = pair.push_passes(&["origin", "main:refs/heads/new"]);
    assert_eq!(run.summary()["scanned"]["objects"], 0, "{}", run.all());
    assert!(refs(&pair.repo, &pair.origin()).contains("refs/heads/new"));
}

#[test]
fn a_detached_head_and_an_object_id_are_scanned() {
    let mut pair = Pair::new(3011);
    let token = pair.token();
    pair.repo.git(&["checkout", "-q", "--detach"]);
    let bad = pair.add("a.txt", client(&token));
    pair.add("a.txt", "innocent\n");
    for source in ["HEAD".to_owned(), pair.oid("HEAD"), "HEAD~0".to_owned(), format!("{bad}^0")] {
        eprintln!("{source}");
        let spec = format!("{source}:refs/heads/x");
        pair.push_finds(&["origin", &spec], &[(&bad, "a.txt:1", &token)]);
    }
}

#[test]
fn each_remote_has_its_own_commits() {
    let mut pair = Pair::new(3012);
    let token = pair.token();
    // Remotes whose names share a prefix with `origin`.
    for other in ["origin2", "orig", "origin-fork"] {
        pair.bare(other, &[]);
    }
    let bad = pair.add("a.txt", client(&token));
    pair.repo.git(&["push", "-q", "--no-verify", "origin2", "main"]);
    pair.repo.git(&["push", "-q", "--no-verify", "orig", "main"]);
    pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:1", &token)]);
    let root = pair.oid("HEAD~1");
    let run = pair.push(&["origin-fork", "main"]).expect_code(1);
    expect_report(&run, &[(&root, "old.txt:2", &pair.old), (&bad, "a.txt:1", &token)]);
    pair.push_passes(&["origin2", "main:refs/heads/again"]);
}

#[test]
fn the_old_oid_of_a_line_counts_without_any_tracking_ref() {
    let mut pair = Pair::new(3013);
    let token = pair.token();
    let base = pair.oid("HEAD");
    let bad = pair.add("a.txt", client(&token));
    pair.repo.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:1", &token)]);
    // The old id counts for the other lines too, since the remote has it.
    let lines = format!("refs/heads/main {bad} refs/heads/x {ZERO}\nrefs/heads/y {base} refs/heads/y {base}\n");
    let run = pair.direct(lines).expect_code(1);
    expect_report(&run, &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn a_last_line_without_its_end_is_read() {
    let mut pair = Pair::new(3014);
    let token = pair.token();
    let bad = pair.add("a.txt", client(&token));
    let run = pair.direct(pair.new_ref("refs/heads/main").trim_end()).expect_code(1);
    expect_report(&run, &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn an_empty_commit_and_an_empty_tree_pass() {
    let pair = Pair::new(3015);
    pair.repo.git(&["commit", "-q", "--allow-empty", "-m", "empty"]);
    pair.repo.git(&["rm", "-q", "old.txt"]);
    pair.repo.git(&["commit", "-q", "-m", "nothing is left"]);
    pair.push_passes(&["origin", "main"]);
    assert_eq!(pair.oid("origin/main"), pair.oid("main"));
}

#[test]
fn a_worktree_and_an_index_full_of_tokens_do_not_stop_a_push() {
    let mut pair = Pair::new(3016);
    let token = pair.token();
    pair.add("a.txt", "innocent\n");
    pair.repo.stage("staged.txt", client(&token));
    pair.repo.write("untracked.txt", client(&token));
    pair.repo.write("a.txt", client(&token));
    pair.push_passes(&["origin", "main"]);
}

#[test]
fn a_push_from_a_subfolder_is_scanned() {
    let mut pair = Pair::new(3017);
    let token = pair.token();
    let bad = pair.add("sub/a.txt", client(&token));
    let run = pair.repo.git_call(&["push", "-q", "origin", "main"]).cwd(pair.repo.path("sub")).run().expect_code(1);
    expect_report(&run, &[(&bad, "sub/a.txt:1", &token)]);
    fs::write(pair.repo.path("sub/a.txt"), "innocent\n").expect("write");
    pair.repo.git(&["commit", "-q", "-a", "--amend", "-m", "mended"]);
    pair.repo.git_call(&["push", "-q", "origin", "main"]).cwd(pair.repo.path("sub")).run().expect_code(0);
}

#[test]
fn the_human_report_explains_how_to_fix_each_commit() {
    let mut pair = Pair::new(3019);
    let token = pair.token();
    let (root, tip) = (pair.oid("HEAD"), pair.add("a.txt", client(&token)));
    let line = format!("refs/heads/main {tip} refs/heads/main {}\n", "0".repeat(tip.len()));
    let output =
        pair.repo.keysweep_call(&["hook", "pre-push", "nowhere", "url"]).stdin(line).run().expect_code(1).out();
    for wanted in [
        format!("--> old.txt:2:18 in commit {}\n", &root[..12]),
        // The remote has this commit.
        "help: a remote has this commit already, so do not rewrite it".to_owned(),
        format!("--> a.txt:1:18 in commit {}\n", &tip[..12]),
        format!("never pushed: git rebase -i {0}^, mark {0} as edit", &tip[..12]),
        "2 tokens in 2 commits with 2 files".to_owned(),
        "push blocked".to_owned(),
    ] {
        assert!(output.contains(&wanted), "expected {wanted:?} in\n{output}");
    }
}
