//! What a merge introduces is what none of its parents has; what they bring is told once, where it came in.

use crate::support::push::{Pair, expect_report};
use crate::support::token::Token;
use crate::support::{client, executable};

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat()
}

/// `main` and `side` leave a common `shared.txt`, each with a token of its own, in places that merge by themselves.
struct Scene {
    pair: Pair,
    ours: (String, Token),
    theirs: (String, Token),
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut pair = Pair::new(seed);
        let (ours, theirs) = (pair.token(), pair.token());
        pair.add("shared.txt", lines(0, 40));
        pair.push_passes(&["origin", "main"]);
        pair.branch("side", "main");
        pair.add("side.txt", "side\n");
        let theirs_at = pair.add("shared.txt", format!("{}{}", lines(0, 40), client(&theirs)));
        pair.repo.git(&["checkout", "-q", "main"]);
        let ours_at = pair.add("shared.txt", format!("{}{}", client(&ours), lines(0, 40)));
        Self { pair, ours: (ours_at, ours), theirs: (theirs_at, theirs) }
    }

    /// What both sides added is known to the remote.
    fn known(seed: u64) -> Self {
        let scene = Self::new(seed);
        scene.pair.repo.git(&["push", "-q", "--no-verify", "origin", "main", "side"]);
        scene
    }

    fn merge(&self, args: &[&str]) -> String {
        self.pair.repo.git_call(&["merge", "-q", "-m", "merge"]).args(args).run().expect_code(0);
        self.pair.oid("HEAD")
    }

    /// Puts these bytes into the merge that was just made.
    fn amend(&self, path: &str, bytes: impl AsRef<[u8]>) -> String {
        self.pair.repo.stage(path, bytes);
        self.pair.repo.git(&["commit", "-q", "--amend", "--no-edit", "--no-verify"]);
        self.pair.oid("HEAD")
    }
}

#[test]
fn a_clean_merge_of_what_the_remote_has_is_silent() {
    let scene = Scene::known(3100);
    scene.merge(&["side"]);
    scene.pair.push_passes(&["origin", "main"]);
}

#[test]
fn a_clean_merge_tells_each_token_once_where_it_came_in() {
    let scene = Scene::new(3101);
    scene.merge(&["side"]);
    let (ours, theirs) = (&scene.ours, &scene.theirs);
    let wanted = [(ours.0.as_str(), "shared.txt:1", &ours.1), (theirs.0.as_str(), "shared.txt:41", &theirs.1)];
    scene.pair.push_finds(&["origin", "main"], &wanted);
    scene.pair.push_finds(&["origin", "main", "side"], &wanted);
}

#[test]
fn a_token_that_only_the_resolution_adds_is_found_in_the_merge() {
    for inside in [true, false] {
        let mut scene = Scene::known(3102);
        let token = scene.pair.token();
        scene.merge(&["side"]);
        let merged = format!("{}{}{}", client(&scene.ours.1), lines(0, 40), client(&scene.theirs.1));
        let (merge, place) = if inside {
            (scene.amend("shared.txt", format!("{merged}{}", client(&token))), "shared.txt:43")
        } else {
            (scene.amend("new.txt", client(&token)), "new.txt:1")
        };
        scene.pair.add("new.txt", "innocent\n");
        scene.pair.push_finds(&["origin", "main"], &[(&merge, place, &token)]);
    }
}

#[test]
fn a_conflict_that_takes_a_side_is_silent_and_one_that_adds_is_not() {
    let mut scene = Scene::known(3103);
    let token = scene.pair.token();
    let repo = &scene.pair.repo;
    scene.pair.branch("left", "main");
    scene.pair.add("shared.txt", "left\n");
    scene.pair.branch("right", "main");
    scene.pair.add("shared.txt", client(&scene.theirs.1));
    repo.git(&["push", "-q", "--no-verify", "origin", "left", "right"]);
    for (text, wanted) in [
        ("left\n".to_owned(), None),
        (client(&scene.theirs.1), None),
        (format!("left\n{}", client(&scene.theirs.1)), None),
        (format!("left\n{}", client(&token)), Some("shared.txt:2")),
    ] {
        eprintln!("{}", wanted.unwrap_or("silent"));
        repo.git(&["checkout", "-q", "-B", "merged", "left"]);
        repo.git_call(&["merge", "-q", "right"]).run().expect_code(1);
        let merge = scene.pair.add("shared.txt", text);
        let run = scene.pair.direct(scene.pair.new_ref("refs/heads/merged"));
        match wanted {
            Some(place) => expect_report(&run.expect_code(1), &[(&merge, place, &token)]),
            None => expect_report(&run.expect_code(0), &[]),
        }
    }
}

#[test]
fn an_octopus_knows_all_its_parents() {
    let mut scene = Scene::new(3104);
    let (third, token) = (scene.pair.token(), scene.pair.token());
    scene.pair.branch("third", "main~1");
    let third_at = scene.pair.add("third.txt", client(&third));
    scene.pair.repo.git(&["checkout", "-q", "main"]);
    scene.merge(&["side", "third"]);
    assert_eq!(scene.pair.repo.git(&["rev-list", "--parents", "-1", "HEAD"]).line().split(' ').count(), 4);
    let (ours, theirs) = (&scene.ours, &scene.theirs);
    let mut wanted = vec![
        (ours.0.as_str(), "shared.txt:1", &ours.1),
        (theirs.0.as_str(), "shared.txt:41", &theirs.1),
        (third_at.as_str(), "third.txt:1", &third),
    ];
    scene.pair.push_finds(&["origin", "main"], &wanted);

    let evil = scene.amend("third.txt", format!("{}{}", client(&third), client(&token)));
    wanted.push((&evil, "third.txt:2", &token));
    scene.pair.push_finds(&["origin", "main"], &wanted);

    scene.pair.repo.git(&["push", "-q", "--no-verify", "origin", "main~1:refs/heads/ours", "side", "third"]);
    scene.pair.push_finds(&["origin", "main"], &wanted[3..]);
}

#[test]
fn a_merge_that_keeps_our_side_tells_what_the_other_brings_all_the_same() {
    let scene = Scene::new(3105);
    scene.merge(&["-s", "ours", "side"]);
    let (ours, theirs) = (&scene.ours, &scene.theirs);
    let wanted = [(ours.0.as_str(), "shared.txt:1", &ours.1), (theirs.0.as_str(), "shared.txt:41", &theirs.1)];
    scene.pair.push_finds(&["origin", "main"], &wanted);
}

#[test]
fn a_file_that_one_side_moved_and_the_other_edited_is_not_told_again() {
    for edited_as_well in [false, true] {
        eprintln!("edited as well: {edited_as_well}");
        let mut scene = Scene::known(3106);
        let token = scene.pair.token();
        let repo = &scene.pair.repo;
        repo.git(&["mv", "shared.txt", "moved.txt"]);
        let top = if edited_as_well { "top\n" } else { "" };
        repo.stage("moved.txt", format!("{top}{}{}", client(&scene.ours.1), lines(0, 40)));
        repo.commit("moved");
        scene.merge(&["side"]);
        assert!(!repo.path("shared.txt").exists());
        scene.pair.push_passes(&["origin", "main"]);

        let text = std::fs::read_to_string(repo.path("moved.txt")).expect("read");
        let evil = scene.amend("moved.txt", format!("{}{text}", client(&token)));
        scene.pair.add("moved.txt", "innocent\n");
        repo.git(&["push", "-q", "--no-verify", "origin", "main~2:refs/heads/moved"]);
        let run = scene.pair.direct(scene.pair.new_ref("refs/heads/main")).expect_code(1);
        expect_report(&run, &[(&evil, "moved.txt:1", &token)]);
    }
}

#[test]
fn a_file_that_we_edited_and_the_other_side_moved_is_not_told_again() {
    // What is left of the folder is as theirs, so only our side knows that the file went.
    for keep in [false, true] {
        let mut pair = Pair::new(3113);
        let token = pair.token();
        let repo = &pair.repo;
        repo.stage("sub/a.txt", lines(0, 40));
        if keep {
            repo.stage("sub/kept.txt", "kept\n");
        }
        repo.commit("base");
        pair.branch("theirs", "main");
        repo.git(&["mv", "sub/a.txt", "moved.txt"]);
        repo.commit("moved");
        repo.git(&["checkout", "-q", "main"]);
        pair.add("sub/a.txt", format!("{}{}", lines(0, 40), client(&token)));
        repo.git(&["push", "-q", "--no-verify", "origin", "main", "theirs"]);
        repo.git(&["merge", "-q", "--no-commit", "--no-ff", "theirs"]);
        assert!(repo.path("moved.txt").exists());
        repo.staged().expect_silent();
        repo.git(&["commit", "-q", "-m", "merge"]);
        pair.push_passes(&["origin", "main"]);
    }
}

#[test]
fn criss_cross_merges_tell_each_token_once() {
    let scene = Scene::new(3107);
    let pair = &scene.pair;
    let (a, b) = (pair.oid("main"), pair.oid("side"));
    scene.merge(&[&b]);
    pair.repo.git(&["checkout", "-q", "side"]);
    scene.merge(&[&a]);
    pair.add("side2.txt", "x\n");
    pair.repo.git(&["checkout", "-q", "main"]);
    pair.add("main2.txt", "x\n");
    scene.merge(&["side"]);
    assert_eq!(pair.repo.git(&["merge-base", "--all", "main^1", "main^2"]).out().lines().count(), 2);
    let (ours, theirs) = (&scene.ours, &scene.theirs);
    let wanted = [(ours.0.as_str(), "shared.txt:1", &ours.1), (theirs.0.as_str(), "shared.txt:41", &theirs.1)];
    pair.push_finds(&["origin", "main"], &wanted);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", &format!("{a}:refs/heads/a")]);
    pair.push_finds(&["origin", "main"], &wanted[1..]);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", &format!("{b}:refs/heads/b")]);
    pair.push_passes(&["origin", "main"]);
}

#[test]
fn a_branch_that_only_another_remote_has_is_new_to_this_one() {
    let scene = Scene::new(3108);
    scene.pair.bare("fork", &[]);
    scene.pair.repo.git(&["push", "-q", "--no-verify", "fork", "side"]);
    scene.pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    scene.merge(&["side"]);
    scene.pair.push_finds(&["origin", "main"], &[(&scene.theirs.0, "shared.txt:41", &scene.theirs.1)]);
}

#[test]
fn a_file_deleted_on_one_side_and_kept_by_the_merge_is_not_new() {
    let scene = Scene::known(3109);
    let repo = &scene.pair.repo;
    repo.git(&["rm", "-q", "shared.txt"]);
    repo.commit("gone");
    repo.git_call(&["merge", "-q", "side"]).run().expect_code(1);
    repo.git(&["add", "shared.txt"]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "kept"]);
    scene.pair.push_passes(&["origin", "main"]);
}

#[test]
fn a_token_in_the_message_or_the_name_of_a_file_of_a_merge_is_found() {
    let mut scene = Scene::known(3110);
    let (in_message, in_name) = (scene.pair.token(), scene.pair.token());
    scene.pair.repo.git(&["merge", "-q", "-m", &format!("merge {in_message}"), "side"]);
    let merge = scene.amend(&format!("{in_name}.txt"), "innocent\n");
    scene.pair.push_finds(&["origin", "main"], &[(&merge, "message", &in_message), (&merge, "name", &in_name)]);
}

#[test]
fn a_merge_with_a_parent_named_twice_or_the_same_tree_is_read() {
    let mut scene = Scene::known(3111);
    let token = scene.pair.token();
    let repo = &scene.pair.repo;
    let bad = scene.pair.add("a.txt", client(&token));
    let tree = format!("{bad}^{{tree}}");
    let side = scene.pair.oid("side");
    let same = repo.git(&["commit-tree", "-m", "same", "-p", &bad, "-p", &side, &tree]).line();
    repo.git(&["update-ref", "refs/heads/main", &same]);
    scene.pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:1", &token)]);
    let evil = repo.git(&["commit-tree", "-m", "evil", "-p", &side, "-p", "origin/main", &tree]).line();
    repo.git(&["update-ref", "refs/heads/main", &evil]);
    scene.pair.push_finds(&["--force", "origin", "main"], &[(&evil, "a.txt:1", &token)]);
}

#[test]
fn a_history_put_into_a_folder_of_ours_brings_nothing_new() {
    // As `git subtree add` does it. Both have a file of the same name at their tops.
    let mut pair = Pair::new(3112);
    let (theirs, token) = (pair.token(), pair.token());
    let repo = &pair.repo;
    repo.git(&["checkout", "-q", "--orphan", "library"]);
    repo.git(&["rm", "-q", "-r", "-f", "."]);
    pair.add("old.txt", client(&theirs));
    pair.add("sub/other.txt", client(&theirs));
    repo.git(&["push", "-q", "--no-verify", "origin", "library"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "-s", "ours", "--no-commit", "--allow-unrelated-histories", "library"]);
    repo.git(&["read-tree", "--prefix=vendor/library/", "-u", "library"]);
    repo.staged().expect_silent();
    repo.stage("vendor/library/new.txt", client(&token));
    repo.staged().expect_found(&[("vendor/library/new.txt", 1, &token)]);
    repo.git(&["rm", "-q", "-f", "vendor/library/new.txt"]);
    repo.git(&["commit", "-q", "-m", "library"]);
    pair.push_passes(&["origin", "main"]);
}

/// What the report advises, gone step by step: the token leaves the merge, in its files and in its message.
#[test]
fn a_merge_is_mended_as_the_report_says() {
    for in_message in [false, true] {
        let mut pair = Pair::new(3208);
        let token = pair.token();
        let repo = &pair.repo;
        pair.push_passes(&["origin", "main"]);
        pair.branch("side", "main");
        pair.add("side.txt", "side\n");
        repo.git(&["checkout", "-q", "main"]);
        pair.add("main.txt", "main\n");
        let message = if in_message { format!("merge {token}") } else { "merge".to_owned() };
        repo.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
        repo.stage("a.txt", if in_message { "innocent\n".to_owned() } else { client(&token) });
        repo.commit(&message);
        let merge = pair.oid("HEAD");
        pair.add("later.txt", "later\n");

        let line = pair.new_ref("refs/heads/main");
        let said =
            repo.keysweep_call(&["hook", "pre-push", "origin", "../origin.git"]).stdin(line).run().expect_code(1).out();
        let advice = format!("git rebase -i --rebase-merges {}^", &merge[..12]);
        assert!(said.contains(&format!("help: {advice}, put a line break below the one with merge -C and")), "{said}");

        let editor = repo.base().join("editor");
        let script = "awk '{ print } /^merge -C/ { print \"break\" }' \"$1\" >\"$1.new\" && mv \"$1.new\" \"$1\"";
        executable(&editor, &format!("#!/bin/sh\n{script}\n"));
        let words: Vec<&str> = advice.split(' ').skip(1).collect();
        repo.git_call(&words).env("GIT_SEQUENCE_EDITOR", &editor).run().expect_code(0);
        repo.stage("a.txt", "mended\n");
        repo.git(&["commit", "-q", "--no-verify", "--amend", "-m", "merge"]);
        repo.git(&["rebase", "--continue"]);
        assert_eq!(repo.git(&["rev-list", "--merges", "--count", "origin/main..HEAD"]).line(), "1");
        assert_eq!(repo.git(&["ls-files"]).out().matches(".txt").count(), 5);
        pair.push_passes(&["origin", "main"]);
    }
}
