//! A merge contains the changes of its parents, and its resolution may add others.

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, text};

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat()
}

/// Two branches that both change `shared.txt`. The branch `side` also has `side.txt` and contains tokens.
struct Fixture {
    repo: Repo,
    side_token: Token,
    shared_token: Token,
    make: Maker,
}

impl Fixture {
    fn new(seed: u64) -> Self {
        let mut make = Maker::new(seed);
        let (side_token, shared_token) = (make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        repo.stage("shared.txt", lines(0, 40));
        repo.stage("clash.txt", "base\n");
        repo.commit("base");

        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.stage("side.txt", client(&side_token));
        repo.stage("shared.txt", format!("{}{}", lines(0, 40), client(&shared_token)));
        repo.commit("side");

        repo.git(&["checkout", "-q", "main"]);
        repo.stage("shared.txt", format!("ours\n{}", lines(0, 40)));
        repo.commit("ours");
        Self { repo, side_token, shared_token, make }
    }

    /// Also creates a conflict in one file.
    fn clashing(seed: u64) -> Self {
        let fixture = Self::new(seed);
        let repo = &fixture.repo;
        repo.git(&["checkout", "-q", "side"]);
        repo.stage("clash.txt", "theirs\n");
        repo.commit("theirs");
        repo.git(&["checkout", "-q", "main"]);
        repo.stage("clash.txt", "ours\n");
        repo.commit("ours again");
        fixture
    }
}

fn expect_not_crashed(run: &Run) {
    if !matches!(run.code, Some(0..=2)) || run.err().contains("panicked") {
        run.fail("crashed");
    }
}

#[test]
fn a_token_from_the_other_parent_is_silent() {
    let fixture = Fixture::new(600);
    fixture.repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    fixture.repo.staged().expect_silent();
    fixture.repo.git(&["write-tree"]);
    fixture.repo.staged().expect_silent();

    // Without MERGE_HEAD, the same index is an ordinary change.
    std::fs::remove_file(fixture.repo.path(".git/MERGE_HEAD")).expect("remove");
    fixture
        .repo
        .staged()
        .expect_found(&[("shared.txt", 42, &fixture.shared_token), ("side.txt", 1, &fixture.side_token)]);
}

#[test]
fn a_token_that_the_resolution_adds_is_found() {
    let mut fixture = Fixture::new(601);
    let (in_shared, in_new) = (fixture.make.sk_live(24), fixture.make.sk_live(24));
    let repo = &fixture.repo;
    repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let merged = format!("ours\n{}{}{}", client(&in_shared), lines(0, 40), client(&fixture.shared_token));
    repo.stage("shared.txt", merged);
    repo.stage("new.txt", client(&in_new));
    repo.staged().expect_found(&[("new.txt", 1, &in_new), ("shared.txt", 2, &in_shared)]);
}

#[test]
fn a_token_copied_during_a_merge_to_another_place_is_found() {
    let fixture = Fixture::new(602);
    fixture.repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    fixture.repo.stage("elsewhere.txt", format!("top\n{}", client(&fixture.side_token)));
    fixture.repo.staged().expect_found(&[("elsewhere.txt", 2, &fixture.side_token)]);
}

#[test]
fn a_merge_of_three_parents_compares_with_all_of_them() {
    let mut fixture = Fixture::new(603);
    let (third, added) = (fixture.make.sk_live(24), fixture.make.sk_live(24));
    let repo = &fixture.repo;
    repo.git(&["checkout", "-q", "-b", "third", "main"]);
    repo.stage("third.txt", client(&third));
    repo.commit("third");
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("main.txt", "x\n");
    repo.commit("main goes on");
    repo.git(&["merge", "-q", "--no-commit", "side", "third"]);
    repo.staged().expect_silent();
    repo.stage("a.txt", client(&added));
    repo.staged().expect_found(&[("a.txt", 1, &added)]);
}

#[test]
fn a_conflict_causes_no_error_and_hides_nothing() {
    let mut fixture = Fixture::clashing(604);
    let token = fixture.make.sk_live(24);
    let repo = &fixture.repo;
    repo.git_call(&["merge", "side"]).run().expect_code(1);
    let listed = repo.git(&["ls-files", "--unmerged"]).out();
    assert_eq!(listed.lines().count(), 3, "three stages: {listed}");
    for format in ["human", "json", "jsonl"] {
        expect_not_crashed(&repo.keysweep(&["staged", "--format", format]));
    }

    repo.stage("a.txt", client(&token));
    let run = repo.staged();
    expect_not_crashed(&run);
    let findings = run.findings();
    if run.code == Some(0) || !findings.iter().any(|f| text(&f["path"]) == "a.txt") {
        run.fail("a conflict in another file hid a staged token");
    }
}

#[test]
fn conflict_markers_in_the_worktree_are_not_staged() {
    let fixture = Fixture::clashing(605);
    let repo = &fixture.repo;
    repo.git_call(&["merge", "side"]).run().expect_code(1);
    repo.stage("clash.txt", "resolved\n");
    repo.staged().expect_silent();
}

#[test]
fn a_resolved_conflict_passes_the_hook_only_without_a_token() {
    let mut fixture = Fixture::clashing(606);
    let token = fixture.make.sk_live(24);
    let repo = &fixture.repo;
    repo.hook("pre-commit");
    repo.git_call(&["merge", "side"]).run().expect_code(1);
    let before = repo.git(&["rev-parse", "HEAD"]).line();
    repo.stage("clash.txt", client(&token));
    repo.git_call(&["commit", "-m", "x"]).run().expect_code(1).expect_has(&token.redacted());
    assert_eq!(repo.git(&["rev-parse", "HEAD"]).line(), before);
    repo.stage("clash.txt", "resolved\n");
    repo.git(&["commit", "-q", "-m", "x"]);
    assert_ne!(repo.git(&["rev-parse", "HEAD"]).line(), before);
}

#[test]
fn a_clean_merge_with_old_tokens_passes_pre_merge_commit() {
    // In pre-merge-commit, MERGE_HEAD does not exist yet. Only the variable GITHEAD_<oid> names the other parent.
    let fixture = Fixture::new(607);
    let repo = &fixture.repo;
    repo.hook("pre-merge-commit");
    repo.git(&["merge", "-q", "--no-edit", "side"]);
    assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]).line(), "1");
}

#[test]
fn a_linked_worktree_has_its_own_merge() {
    let fixture = Fixture::new(608);
    let repo = &fixture.repo;
    repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked", "main"]);
    let linked = repo.view("linked");
    linked.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    linked.staged().expect_silent();

    // The merge in the linked worktree does not apply here.
    repo.stage("side.txt", client(&fixture.side_token));
    repo.staged().expect_found(&[("side.txt", 1, &fixture.side_token)]);
}

#[test]
fn a_stopped_rebase_compares_with_its_current_commit() {
    let mut fixture = Fixture::clashing(609);
    let token = fixture.make.sk_live(24);
    let repo = &fixture.repo;
    repo.git(&["checkout", "-q", "side"]);
    repo.git_call(&["rebase", "main"]).run().expect_code(1);
    repo.stage("clash.txt", "resolved\n");
    repo.staged().expect_silent();
    repo.stage("clash.txt", client(&token));
    repo.staged().expect_found(&[("clash.txt", 1, &token)]);
}
