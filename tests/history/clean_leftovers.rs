//! The plan's script beside repositories that borrow objects, and with what a git operation left behind.

use std::fs;

use super::clean_places::{commit, leak, refs, with_remote};
use crate::support::clean::{commands, expect_without, file, run_plan, shell, sweep};
use crate::support::token::Maker;
use crate::support::{Repo, client};

/// Both commands stop and change nothing; after the borrower has its own copy, the plan is done and the borrower is whole.
fn expect_borrower(repo: &Repo, borrower: &str) {
    let run = sweep(repo, repo.top()).expect_code(1);
    let before = (refs(repo, "origin.git"), repo.git(&["for-each-ref"]).out());
    let view = repo.view(borrower);
    view.git(&["commit", "-q", "--allow-empty", "-m", "theirs"]);
    let log = view.git(&["log", "--format=%H"]).out();
    for command in commands(&run) {
        shell(repo, repo.top(), &command).expect_code(2).expect_has(&format!("{borrower}/.git borrows 3 objects"));
    }
    assert_eq!((refs(repo, "origin.git"), repo.git(&["for-each-ref"]).out()), before);
    view.git(&["repack", "-q", "-a", "-d"]);
    fs::remove_file(view.top.join(".git/objects/info/alternates")).expect("the alternates");
    run_plan(repo, repo.top(), &run);
    view.git(&["fsck"]);
    assert_eq!(view.git(&["log", "--format=%H"]).out(), log);
}

#[test]
fn a_clone_that_borrows_objects_is_not_damaged() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8600));
    repo.git(&["clone", "-q", "--shared", ".", "../before"]);
    leak(&repo, &mut make);
    repo.git(&["clone", "-q", "--shared", ".", "../shared"]);
    expect_borrower(&repo, "shared");
    repo.view("before").git(&["fsck"]);
}

#[test]
fn nor_one_that_borrows_from_a_remote_here_or_from_a_borrower() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8601));
    leak(&repo, &mut make);
    fs::create_dir_all(repo.base().join("colleagues/ada")).expect("mkdir");
    repo.git(&["clone", "-q", "--bare", "--shared", "../origin.git", "../pool.git"]);
    repo.git(&["clone", "-q", "--reference", "../pool.git", "../pool.git", "../colleagues/ada/clone"]);
    // What the pool has is its own.
    repo.git(&["--git-dir=../pool.git", "update-ref", "-d", "refs/heads/main"]);
    expect_borrower(&repo, "colleagues/ada/clone");
}

#[test]
fn packs_that_are_marked_or_half_named_are_cleaned_and_named() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8602));
    let token = leak(&repo, &mut make);
    let origin = repo.base().join("origin.git");
    for (git_dir, name) in [(repo.path(".git"), "pack-"), (origin.clone(), ".tmp-1-pack-")] {
        repo.git_call(&["repack", "-q", "-a", "-d"]).env("GIT_DIR", &git_dir).run().expect_code(0);
        let folder = git_dir.join("objects/pack");
        for entry in fs::read_dir(&folder).expect("list").map(|entry| entry.expect("an entry").path()) {
            let to = entry.file_name().expect("a name").to_str().expect("UTF-8").replace("pack-", name);
            fs::rename(&entry, folder.join(&to)).expect("rename");
            if let Some(stem) = to.strip_suffix(".pack") {
                fs::write(folder.join(format!("{stem}.keep")), "mine\n").expect("write");
            }
        }
    }
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run).expect_has("had a .keep file");
    for git_dir in [repo.path(".git"), origin] {
        expect_without(&repo, &git_dir, std::slice::from_ref(&token));
    }
}

#[test]
fn what_a_stopped_push_or_commit_left_is_named() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8603));
    let token = leak(&repo, &mut make);
    let origin = repo.base().join("origin.git");
    let quarantine = origin.join("objects/tmp_objdir-incoming-x");
    fs::create_dir_all(quarantine.join("pack")).expect("mkdir");
    fs::write(quarantine.join("pack/pack-x.pack"), "unreadable").expect("write");
    let lock = repo.path(".git/COMMIT_EDITMSG.lock");
    fs::write(&lock, client(&token)).expect("write");
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    let first = shell(&repo, repo.top(), &apply).expect_code(1);
    drop(
        first
            .expect_has("tmp_objdir-incoming-x was left by an interrupted git operation")
            .expect_has("COMMIT_EDITMSG.lock contains a token"),
    );
    assert!(file(&repo).exists());
    fs::remove_dir_all(quarantine).expect("remove");
    fs::remove_file(lock).expect("remove");
    shell(&repo, repo.top(), &apply).expect_code(0).expect_has("Proved: ");
}

#[test]
fn an_unreachable_object_of_an_own_remote_with_another_token_is_no_proof() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8604));
    leak(&repo, &mut make);
    let origin = repo.base().join("origin.git");
    let other = make.sk_live(24);
    let blob = repo.git_call(&["hash-object", "-w", "--stdin"]).cwd(&origin).stdin(client(&other)).run().line();
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    let first = shell(&repo, repo.top(), &apply).expect_code(1);
    first.expect_has("origin.git is not clean, see above").expect_lacks(other.body());
    repo.git_call(&["cat-file", "-e", &blob]).cwd(&origin).run().expect_code(0);
    // Its own plan takes it out.
    let path = repo.base().join("there.txt");
    let there =
        repo.keysweep_call(&["history", "--format", "jsonl", "--replacements"]).args(&[&path]).cwd(&origin).run();
    let [_, there] = commands(&there.expect_code(1));
    shell(&repo, &origin, &there).expect_code(0);
    shell(&repo, repo.top(), &apply).expect_code(0).expect_has("Proved: ");
    expect_without(&repo, &origin, &[other]);
}

#[test]
fn the_words_for_one_thing() {
    let (repo, mut make) = (Repo::new(), Maker::new(8605));
    commit(&repo, &mut make);
    let run = sweep(&repo, repo.top()).expect_code(1);
    let done = run_plan(&repo, repo.top(), &run).expect_has("refs that change: 1 of 1");
    done.expect_has("new ids: 1 of 1 commit, 0 tags; lost signatures: 0").expect_lacks("1 objects");
}
