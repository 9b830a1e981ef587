//! A merge introduces only changes that no parent has. Changes of its parents are reported once, by their own commits.

use crate::support::push::{Pair, expect_report};
use crate::support::token::Token;
use crate::support::{client, executable};

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat()
}

/// `main` and `side` change different parts of `shared.txt`, each with its own token, so that they merge cleanly.
struct Fixture {
    pair: Pair,
    ours: (String, Token),
    theirs: (String, Token),
}

impl Fixture {
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

    /// Pushes both sides, so that the remote has their commits.
    fn pushed(seed: u64) -> Self {
        let fixture = Self::new(seed);
        fixture.pair.repo.git(&["push", "-q", "--no-verify", "origin", "main", "side"]);
        fixture
    }

    fn merge(&self, args: &[&str]) -> String {
        self.pair.repo.git_call(&["merge", "-q", "-m", "merge"]).args(args).run().expect_code(0);
        self.pair.oid("HEAD")
    }

    /// Adds this file to the last merge.
    fn amend(&self, path: &str, bytes: impl AsRef<[u8]>) -> String {
        self.pair.repo.stage(path, bytes);
        self.pair.repo.git(&["commit", "-q", "--amend", "--no-edit", "--no-verify"]);
        self.pair.oid("HEAD")
    }
}

#[test]
fn a_clean_merge_of_known_commits_is_silent() {
    let fixture = Fixture::pushed(3100);
    fixture.merge(&["side"]);
    fixture.pair.push_passes(&["origin", "main"]);
}

#[test]
fn a_clean_merge_reports_each_token_once_where_it_was_introduced() {
    let fixture = Fixture::new(3101);
    fixture.merge(&["side"]);
    let (ours, theirs) = (&fixture.ours, &fixture.theirs);
    let wanted = [(ours.0.as_str(), "shared.txt:1", &ours.1), (theirs.0.as_str(), "shared.txt:41", &theirs.1)];
    fixture.pair.push_finds(&["origin", "main"], &wanted);
    fixture.pair.push_finds(&["origin", "main", "side"], &wanted);
}

#[test]
fn a_token_that_only_the_resolution_adds_is_found_in_the_merge() {
    for inside in [true, false] {
        let mut fixture = Fixture::pushed(3102);
        let token = fixture.pair.token();
        fixture.merge(&["side"]);
        let merged = format!("{}{}{}", client(&fixture.ours.1), lines(0, 40), client(&fixture.theirs.1));
        let (merge, place) = if inside {
            (fixture.amend("shared.txt", format!("{merged}{}", client(&token))), "shared.txt:43")
        } else {
            (fixture.amend("new.txt", client(&token)), "new.txt:1")
        };
        fixture.pair.add("new.txt", "innocent\n");
        fixture.pair.push_finds(&["origin", "main"], &[(&merge, place, &token)]);
    }
}

#[test]
fn a_conflict_that_takes_a_side_is_silent_and_one_that_adds_is_not() {
    let mut fixture = Fixture::pushed(3103);
    let token = fixture.pair.token();
    let repo = &fixture.pair.repo;
    fixture.pair.branch("left", "main");
    fixture.pair.add("shared.txt", "left\n");
    fixture.pair.branch("right", "main");
    fixture.pair.add("shared.txt", client(&fixture.theirs.1));
    repo.git(&["push", "-q", "--no-verify", "origin", "left", "right"]);
    for (text, wanted) in [
        ("left\n".to_owned(), None),
        (client(&fixture.theirs.1), None),
        (format!("left\n{}", client(&fixture.theirs.1)), None),
        (format!("left\n{}", client(&token)), Some("shared.txt:2")),
    ] {
        eprintln!("{}", wanted.unwrap_or("silent"));
        repo.git(&["checkout", "-q", "-B", "merged", "left"]);
        repo.git_call(&["merge", "-q", "right"]).run().expect_code(1);
        let merge = fixture.pair.add("shared.txt", text);
        let run = fixture.pair.direct(fixture.pair.new_ref("refs/heads/merged"));
        match wanted {
            Some(place) => expect_report(&run.expect_code(1), &[(&merge, place, &token)]),
            None => expect_report(&run.expect_code(0), &[]),
        }
    }
}

#[test]
fn an_octopus_merge_compares_with_all_parents() {
    let mut fixture = Fixture::new(3104);
    let (third, token) = (fixture.pair.token(), fixture.pair.token());
    fixture.pair.branch("third", "main~1");
    let third_at = fixture.pair.add("third.txt", client(&third));
    fixture.pair.repo.git(&["checkout", "-q", "main"]);
    fixture.merge(&["side", "third"]);
    assert_eq!(fixture.pair.repo.git(&["rev-list", "--parents", "-1", "HEAD"]).line().split(' ').count(), 4);
    let (ours, theirs) = (&fixture.ours, &fixture.theirs);
    let mut wanted = vec![
        (ours.0.as_str(), "shared.txt:1", &ours.1),
        (theirs.0.as_str(), "shared.txt:41", &theirs.1),
        (third_at.as_str(), "third.txt:1", &third),
    ];
    fixture.pair.push_finds(&["origin", "main"], &wanted);

    let evil = fixture.amend("third.txt", format!("{}{}", client(&third), client(&token)));
    wanted.push((&evil, "third.txt:2", &token));
    fixture.pair.push_finds(&["origin", "main"], &wanted);

    fixture.pair.repo.git(&["push", "-q", "--no-verify", "origin", "main~1:refs/heads/ours", "side", "third"]);
    fixture.pair.push_finds(&["origin", "main"], &wanted[3..]);
}

#[test]
fn an_ours_merge_still_reports_the_commits_of_the_other_side() {
    let fixture = Fixture::new(3105);
    fixture.merge(&["-s", "ours", "side"]);
    let (ours, theirs) = (&fixture.ours, &fixture.theirs);
    let wanted = [(ours.0.as_str(), "shared.txt:1", &ours.1), (theirs.0.as_str(), "shared.txt:41", &theirs.1)];
    fixture.pair.push_finds(&["origin", "main"], &wanted);
}

#[test]
fn a_file_moved_on_one_side_and_edited_on_the_other_is_not_reported_again() {
    for edited_as_well in [false, true] {
        eprintln!("edited as well: {edited_as_well}");
        let mut fixture = Fixture::pushed(3106);
        let token = fixture.pair.token();
        let repo = &fixture.pair.repo;
        repo.git(&["mv", "shared.txt", "moved.txt"]);
        let top = if edited_as_well { "top\n" } else { "" };
        repo.stage("moved.txt", format!("{top}{}{}", client(&fixture.ours.1), lines(0, 40)));
        repo.commit("moved");
        fixture.merge(&["side"]);
        assert!(!repo.path("shared.txt").exists());
        fixture.pair.push_passes(&["origin", "main"]);

        let text = std::fs::read_to_string(repo.path("moved.txt")).expect("read");
        let evil = fixture.amend("moved.txt", format!("{}{text}", client(&token)));
        fixture.pair.add("moved.txt", "innocent\n");
        repo.git(&["push", "-q", "--no-verify", "origin", "main~2:refs/heads/moved"]);
        let run = fixture.pair.direct(fixture.pair.new_ref("refs/heads/main")).expect_code(1);
        expect_report(&run, &[(&evil, "moved.txt:1", &token)]);
    }
}

#[test]
fn a_file_edited_on_our_side_and_moved_on_theirs_is_not_reported_again() {
    // The rest of the folder equals theirs, so only our side shows that the file is missing.
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
fn criss_cross_merges_report_each_token_once() {
    let fixture = Fixture::new(3107);
    let pair = &fixture.pair;
    let (a, b) = (pair.oid("main"), pair.oid("side"));
    fixture.merge(&[&b]);
    pair.repo.git(&["checkout", "-q", "side"]);
    fixture.merge(&[&a]);
    pair.add("side2.txt", "x\n");
    pair.repo.git(&["checkout", "-q", "main"]);
    pair.add("main2.txt", "x\n");
    fixture.merge(&["side"]);
    assert_eq!(pair.repo.git(&["merge-base", "--all", "main^1", "main^2"]).out().lines().count(), 2);
    let (ours, theirs) = (&fixture.ours, &fixture.theirs);
    let wanted = [(ours.0.as_str(), "shared.txt:1", &ours.1), (theirs.0.as_str(), "shared.txt:41", &theirs.1)];
    pair.push_finds(&["origin", "main"], &wanted);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", &format!("{a}:refs/heads/a")]);
    pair.push_finds(&["origin", "main"], &wanted[1..]);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", &format!("{b}:refs/heads/b")]);
    pair.push_passes(&["origin", "main"]);
}

#[test]
fn a_branch_that_only_another_remote_has_is_new_to_this_one() {
    let fixture = Fixture::new(3108);
    fixture.pair.bare("fork", &[]);
    fixture.pair.repo.git(&["push", "-q", "--no-verify", "fork", "side"]);
    fixture.pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    fixture.merge(&["side"]);
    fixture.pair.push_finds(&["origin", "main"], &[(&fixture.theirs.0, "shared.txt:41", &fixture.theirs.1)]);
}

#[test]
fn a_file_deleted_on_one_side_and_kept_by_the_merge_is_not_new() {
    let fixture = Fixture::pushed(3109);
    let repo = &fixture.pair.repo;
    repo.git(&["rm", "-q", "shared.txt"]);
    repo.commit("gone");
    repo.git_call(&["merge", "-q", "side"]).run().expect_code(1);
    repo.git(&["add", "shared.txt"]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "kept"]);
    fixture.pair.push_passes(&["origin", "main"]);
}

#[test]
fn a_token_in_the_message_or_the_name_of_a_file_of_a_merge_is_found() {
    let mut fixture = Fixture::pushed(3110);
    let (in_message, in_name) = (fixture.pair.token(), fixture.pair.token());
    fixture.pair.repo.git(&["merge", "-q", "-m", &format!("merge {in_message}"), "side"]);
    let merge = fixture.amend(&format!("{in_name}.txt"), "innocent\n");
    fixture.pair.push_finds(&["origin", "main"], &[(&merge, "message", &in_message), (&merge, "name", &in_name)]);
}

#[test]
fn a_merge_with_duplicate_parents_or_equal_trees_is_read() {
    let mut fixture = Fixture::pushed(3111);
    let token = fixture.pair.token();
    let repo = &fixture.pair.repo;
    let bad = fixture.pair.add("a.txt", client(&token));
    let tree = format!("{bad}^{{tree}}");
    let side = fixture.pair.oid("side");
    let same = repo.git(&["commit-tree", "-m", "same", "-p", &bad, "-p", &side, &tree]).line();
    repo.git(&["update-ref", "refs/heads/main", &same]);
    fixture.pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:1", &token)]);
    let evil = repo.git(&["commit-tree", "-m", "evil", "-p", &side, "-p", "origin/main", &tree]).line();
    repo.git(&["update-ref", "refs/heads/main", &evil]);
    fixture.pair.push_finds(&["--force", "origin", "main"], &[(&evil, "a.txt:1", &token)]);
}

#[test]
fn a_subtree_merge_introduces_nothing_new() {
    // `git subtree add` creates such a merge. Both sides have a file of the same name at the top level.
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

/// Follows the advice of the report step by step and removes the token from the files and the message of the merge.
#[test]
fn the_advice_of_the_report_fixes_a_merge() {
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
        let output =
            repo.keysweep_call(&["hook", "pre-push", "origin", "../origin.git"]).stdin(line).run().expect_code(1).out();
        let advice = format!("git rebase -i --rebase-merges {}^", &merge[..12]);
        assert!(
            output.contains(&format!("help: {advice}, put a line break below the one with merge -C and")),
            "{output}"
        );

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
