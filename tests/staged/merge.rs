//! A merge brings what its parents hold, and whoever resolves it may add to that.

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, text};

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat()
}

/// Two branches that both changed `shared.txt`; `side` also has `side.txt`. What side brings holds tokens.
struct Scene {
    repo: Repo,
    brought: Token,
    brought_within: Token,
    make: Maker,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut make = Maker::new(seed);
        let (brought, brought_within) = (make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        repo.stage("shared.txt", lines(0, 40));
        repo.stage("clash.txt", "base\n");
        repo.commit("base");

        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.stage("side.txt", client(&brought));
        repo.stage("shared.txt", format!("{}{}", lines(0, 40), client(&brought_within)));
        repo.commit("side");

        repo.git(&["checkout", "-q", "main"]);
        repo.stage("shared.txt", format!("ours\n{}", lines(0, 40)));
        repo.commit("ours");
        Self { repo, brought, brought_within, make }
    }

    /// Makes the two branches clash in one file besides.
    fn clashing(seed: u64) -> Self {
        let scene = Self::new(seed);
        let repo = &scene.repo;
        repo.git(&["checkout", "-q", "side"]);
        repo.stage("clash.txt", "theirs\n");
        repo.commit("theirs");
        repo.git(&["checkout", "-q", "main"]);
        repo.stage("clash.txt", "ours\n");
        repo.commit("ours again");
        scene
    }
}

fn expect_not_crashed(run: &Run) {
    if !matches!(run.code, Some(0..=2)) || run.err().contains("panicked") {
        run.fail("crashed");
    }
}

#[test]
fn a_token_that_comes_unchanged_from_the_other_parent_is_silent() {
    let scene = Scene::new(600);
    scene.repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    scene.repo.staged().expect_silent();
    scene.repo.git(&["write-tree"]);
    scene.repo.staged().expect_silent();

    // The same index without a merge going on is an ordinary change.
    std::fs::remove_file(scene.repo.path(".git/MERGE_HEAD")).expect("remove");
    scene.repo.staged().expect_found(&[("shared.txt", 42, &scene.brought_within), ("side.txt", 1, &scene.brought)]);
}

#[test]
fn a_token_that_the_resolution_adds_is_found() {
    let mut scene = Scene::new(601);
    let (in_shared, in_new) = (scene.make.sk_live(24), scene.make.sk_live(24));
    let repo = &scene.repo;
    repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let merged = format!("ours\n{}{}{}", client(&in_shared), lines(0, 40), client(&scene.brought_within));
    repo.stage("shared.txt", merged);
    repo.stage("new.txt", client(&in_new));
    repo.staged().expect_found(&[("new.txt", 1, &in_new), ("shared.txt", 2, &in_shared)]);
}

#[test]
fn a_token_copied_during_a_merge_to_another_place_is_found() {
    let scene = Scene::new(602);
    scene.repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    scene.repo.stage("elsewhere.txt", format!("top\n{}", client(&scene.brought)));
    scene.repo.staged().expect_found(&[("elsewhere.txt", 2, &scene.brought)]);
}

#[test]
fn a_merge_of_three_parents_knows_them_all() {
    let mut scene = Scene::new(603);
    let (third, added) = (scene.make.sk_live(24), scene.make.sk_live(24));
    let repo = &scene.repo;
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
fn a_conflict_crashes_nothing_and_hides_nothing() {
    let mut scene = Scene::clashing(604);
    let token = scene.make.sk_live(24);
    let repo = &scene.repo;
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
        run.fail("a conflict elsewhere hid a staged token");
    }
}

#[test]
fn a_conflict_marker_left_in_the_worktree_is_no_staged_text() {
    let scene = Scene::clashing(605);
    let repo = &scene.repo;
    repo.git_call(&["merge", "side"]).run().expect_code(1);
    repo.stage("clash.txt", "resolved\n");
    repo.staged().expect_silent();
}

#[test]
fn a_resolved_conflict_goes_through_the_hook_only_without_a_token() {
    let mut scene = Scene::clashing(606);
    let token = scene.make.sk_live(24);
    let repo = &scene.repo;
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
fn a_clean_merge_through_its_own_hook_brings_old_tokens_silently() {
    // At pre-merge-commit git has written no MERGE_HEAD yet; the other parent is named by GITHEAD_<oid> alone.
    let scene = Scene::new(607);
    let repo = &scene.repo;
    repo.hook("pre-merge-commit");
    repo.git(&["merge", "-q", "--no-edit", "side"]);
    assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]).line(), "1");
}

#[test]
fn a_linked_worktree_has_a_merge_of_its_own() {
    let scene = Scene::new(608);
    let repo = &scene.repo;
    repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked", "main"]);
    let linked = repo.view("linked");
    linked.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    linked.staged().expect_silent();

    // The merge over there excuses nothing here.
    repo.stage("side.txt", client(&scene.brought));
    repo.staged().expect_found(&[("side.txt", 1, &scene.brought)]);
}

#[test]
fn a_rebase_that_stops_compares_with_the_commit_it_stands_on() {
    let mut scene = Scene::clashing(609);
    let token = scene.make.sk_live(24);
    let repo = &scene.repo;
    repo.git(&["checkout", "-q", "side"]);
    repo.git_call(&["rebase", "main"]).run().expect_code(1);
    repo.stage("clash.txt", "resolved\n");
    repo.staged().expect_silent();
    repo.stage("clash.txt", client(&token));
    repo.staged().expect_found(&[("clash.txt", 1, &token)]);
}
