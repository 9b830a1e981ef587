//! The plan in unusual repositories.

use std::fs;

use super::clean_places::{commit, leak, refs, with_remote};
use crate::support::clean::{
    commands, expect_without, file, run_plan, shell, sweep, sweep_with, with_keysweep_in_path,
};
use crate::support::token::Maker;
use crate::support::{Repo, client};

#[test]
fn tags_of_blobs_trees_and_tags() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8300));
    let token = leak(&repo, &mut make);
    repo.git(&["tag", "blob", "HEAD:key.txt"]);
    repo.git(&["tag", "tree", "HEAD^{tree}"]);
    repo.git(&["tag", "-a", "-m", "one", "annotated", "blob"]);
    repo.git(&["tag", "-a", "-m", &client(&token), "nested", "annotated"]);
    repo.git(&["push", "-q", "origin", "--tags"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run);
    let origin = repo.base().join("origin.git");
    for git_dir in [repo.path(".git"), origin] {
        expect_without(&repo, &git_dir, std::slice::from_ref(&token));
    }
    assert_eq!(refs(&repo, "origin.git").lines().count(), 5);
    assert!(repo.git(&["cat-file", "blob", "nested^{blob}"]).out().contains("REMOVED-"));
}

#[test]
fn refs_named_after_a_token_are_renamed() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8301));
    let token = make.sk_live(24);
    let name = format!("fix-{token}");
    repo.git(&["checkout", "-q", "-b", &name]);
    repo.stage("b.txt", "innocent\n");
    repo.commit("mine");
    repo.git(&["push", "-q", "-u", "origin", &name]);
    repo.git(&["tag", "-a", "-m", "x", &format!("v-{token}")]);
    repo.git(&["push", "-q", "origin", "--tags"]);
    let id = repo.git(&["rev-parse", "HEAD"]).line();
    let run = sweep(&repo, repo.top()).expect_code(1);
    let done = run_plan(&repo, repo.top(), &run);
    done.expect_lacks(token.body());
    for git_dir in [repo.path(".git"), repo.base().join("origin.git")] {
        expect_without(&repo, &git_dir, std::slice::from_ref(&token));
    }
    // The branch is still checked out and keeps its upstream and its reflog.
    assert_eq!(repo.git(&["rev-parse", "HEAD", "@{upstream}"]).out(), format!("{id}\n").repeat(2));
    assert!(repo.git(&["symbolic-ref", "HEAD"]).out().starts_with("refs/heads/fix-REMOVED-"));
    assert_eq!(repo.git(&["reflog", "HEAD@{upstream}"]).code, Some(0));
}

#[test]
fn a_partial_clone() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8302));
    repo.stage("big.txt", "innocent and big\n".repeat(1000));
    let token = leak(&repo, &mut make);
    repo.stage("key.txt", "mended\n");
    repo.stage("big.txt", "small\n");
    repo.commit("mended");
    repo.git(&["push", "-q", "origin", "main"]);
    let at_origin = |args: &[&str]| repo.git_call(args).cwd(repo.base().join("origin.git")).run().expect_code(0);
    at_origin(&["config", "uploadpack.allowFilter", "true"]);
    at_origin(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let url = format!("file://{}/origin.git", repo.base().display());
    repo.git(&["clone", "-q", "--filter=blob:none", &url, "../partial"]);
    let partial = repo.view("partial");
    let mine = make.sk_live(24);
    partial.stage("mine.txt", client(&mine));
    partial.git(&["commit", "-q", "-m", "not pushed"]);
    partial.git(&["cat-file", "-p", "HEAD~2:key.txt"]);
    let run = sweep_with(&repo, &partial.top, &["--allow-incomplete"]).expect_code(1);
    run_plan(&repo, &partial.top, &run);
    let tokens = [token, mine];
    expect_without(&repo, &repo.base().join("origin.git"), &tokens);
    expect_without(&repo, &partial.top.join(".git"), &tokens);
    assert_eq!(partial.git(&["log", "--format=%s"]).out(), "not pushed\nmended\nbad\ngood\n");
    assert_eq!(partial.git(&["status", "--porcelain"]).out(), "");
    assert!(
        partial.git(&["show", "HEAD~2:big.txt"]).out().starts_with("innocent"),
        "missing objects can still be fetched"
    );
}

#[test]
fn a_shallow_clone() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8303));
    let token = leak(&repo, &mut make);
    repo.stage("more.txt", "more\n");
    repo.commit("more");
    repo.git(&["push", "-q", "origin", "main"]);
    let url = format!("file://{}/origin.git", repo.base().display());
    repo.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let shallow = repo.view("shallow");
    shallow.stage("mine.txt", "mine\n");
    shallow.git(&["commit", "-q", "-m", "mine"]);
    let run = sweep_with(&repo, &shallow.top, &["--allow-incomplete"]).expect_code(1);
    run_plan(&repo, &shallow.top, &run);
    for git_dir in [shallow.top.join(".git"), repo.base().join("origin.git")] {
        expect_without(&repo, &git_dir, std::slice::from_ref(&token));
    }
    assert_eq!(shallow.git(&["log", "--format=%s"]).out(), "mine\nmore\n");
    shallow.git(&["push", "-q", "origin", "HEAD:main"]);
}

#[test]
fn borrowed_objects_are_reported() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8304));
    let token = leak(&repo, &mut make);
    repo.git(&["clone", "-q", "--bare", "../origin.git", "../store.git"]);
    repo.git(&["clone", "-q", "--reference", "../store.git", "../origin.git", "../borrower"]);
    let borrower = repo.view("borrower");
    let run = sweep(&repo, &borrower.top).expect_code(1);
    let [_, apply] = commands(&run);
    let first = shell(&repo, &borrower.top, &apply).expect_code(1);
    first.expect_has("borrows 1 object with a token from another repository").expect_has("alternates");
    assert!(file(&repo).exists());
    expect_without(&repo, &repo.base().join("origin.git"), std::slice::from_ref(&token));
    // The owner of the object store follows the plan there.
    let store = repo.base().join("store.git");
    let path = repo.base().join("store.txt");
    let sweep =
        repo.keysweep_call(&["history", "--format", "jsonl", "--replacements"]).args(&[&path]).cwd(&store).run();
    let [_, there] = commands(&sweep.expect_code(1));
    shell(&repo, &store, &there).expect_code(0);
    shell(&repo, &borrower.top, &apply).expect_code(0).expect_has("Proved: ");
    expect_without(&repo, &borrower.top.join(".git"), &[token]);
}

#[test]
fn git_leftovers_and_lfs_objects_are_reported() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8305));
    let token = leak(&repo, &mut make);
    repo.git(&["config", "rerere.enabled", "true"]);
    fs::write(repo.path(".git/COMMIT_EDITMSG"), client(&token)).expect("write");
    fs::create_dir_all(repo.path(".git/rr-cache/x")).expect("mkdir");
    fs::write(repo.path(".git/rr-cache/x/preimage"), client(&token)).expect("write");
    let object = repo.path(".git/lfs/objects/ab/cd/abcd");
    fs::create_dir_all(object.parent().expect("a folder")).expect("mkdir");
    fs::write(&object, client(&token)).expect("write");
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    shell(&repo, repo.top(), &apply)
        .expect_code(1)
        .expect_has("is a Git LFS object that contains a token: delete it here");
    fs::remove_file(object).expect("the object");
    shell(&repo, repo.top(), &apply).expect_code(0).expect_has("Proved: ");
    expect_without(&repo, &repo.path(".git"), &[token]);
}

#[test]
fn a_server_that_keeps_unreachable_objects() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8306));
    let token = leak(&repo, &mut make);
    let origin = repo.base().join("origin.git");
    let at_origin = |args: &[&str]| repo.git_call(args).cwd(&origin).run().expect_code(0);
    at_origin(&["config", "core.logAllRefUpdates", "true"]);
    at_origin(&["update-ref", "refs/heads/old", "main"]);
    at_origin(&["update-ref", "-d", "refs/heads/old"]);
    let innocent = repo.git_call(&["hash-object", "-w", "--stdin"]).cwd(&origin).stdin("nobody's\n").run().line();
    at_origin(&["gc", "-q"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run);
    expect_without(&repo, &origin, &[token]);
    at_origin(&["cat-file", "-e", &innocent]);
}

#[test]
fn sha256_and_reftable_repositories() {
    for (seed, option) in [(8307, "--ref-format=reftable"), (8308, "--object-format=sha256")] {
        let repo = Repo::init(&[option]);
        let mut make = Maker::new(seed);
        repo.stage("a.txt", "innocent\n");
        repo.commit("good");
        repo.git(&["init", "-q", "--bare", "-b", "main", option, "../origin.git"]);
        repo.git(&["remote", "add", "origin", "../origin.git"]);
        let token = leak(&repo, &mut make);
        repo.write("a.txt", client(&token));
        repo.git(&["stash", "-q"]);
        repo.write("a.txt", "second\n");
        repo.git(&["stash", "-q"]);
        let run = sweep(&repo, repo.top()).expect_code(1);
        run_plan(&repo, repo.top(), &run);
        for git_dir in [repo.path(".git"), repo.base().join("origin.git")] {
            expect_without(&repo, &git_dir, std::slice::from_ref(&token));
        }
        assert_eq!(repo.git(&["log", "--format=%s", "main"]).out(), "bad\ngood\n", "{option}");
        assert_eq!(repo.git(&["show", "stash@{0}:a.txt"]).out(), "second\n", "{option}");
        assert!(repo.git(&["show", "stash@{1}:a.txt"]).out().contains("REMOVED-"), "{option}");
    }
}

#[test]
fn a_separate_git_directory_and_paths_with_special_characters() {
    let repo = Repo::new();
    let mut make = Maker::new(8309);
    let odd = "it's a \"path\" $HOME `x` \\ é";
    let top = repo.base().join(odd);
    let run = repo.git_call(&["init", "-q", "-b", "main", "--separate-git-dir"]).args(&[&repo.base().join("store")]);
    run.args(&[&top]).run().expect_code(0);
    let token = make.sk_live(24);
    fs::write(top.join("key.txt"), client(&token)).expect("write");
    let git = |args: &[&str]| repo.git_call(args).cwd(&top).run().expect_code(0);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "bad"]);
    let replacements = top.with_extension("r.txt");
    let args = [
        "history".as_ref(),
        "--format".as_ref(),
        "jsonl".as_ref(),
        "--replacements".as_ref(),
        replacements.as_os_str(),
    ];
    let run = repo.keysweep_call(&args).cwd(&top).run().expect_code(1);
    let [_, apply] = commands(&run);
    shell(&repo, repo.base(), &apply).expect_code(0).expect_has("Proved: ");
    expect_without(&repo, &repo.base().join("store"), &[token]);
    assert!(
        fs::read_to_string(top.join("key.txt")).expect("text").contains("REMOVED-"),
        "the worktree file must contain the replacement"
    );
    assert_eq!(git(&["status", "--porcelain"]).out(), "");
}

#[test]
fn the_plan_is_a_posix_shell_script() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8310));
    commit(&repo, &mut make);
    sweep(&repo, repo.top()).expect_code(1);
    let plan = repo.base().join("replacements.txt.sh");
    for args in [["-n"].as_slice(), &["-n", "-o", "posix"]] {
        let shell = if args.len() == 1 { "sh" } else { "bash" };
        with_keysweep_in_path(repo.call(shell, args).args(&[&plan])).run().expect_code(0);
    }
}
