//! The plan and the remotes. The plan runs from any folder, pushes only the refs that must change, stops if another
//! developer has pushed, and verifies each remote that had the token.

use std::fs;

use crate::support::clean::{commands, expect_without, file, run_plan, shell, shell_call, sweep, sweep_with};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, executable};

/// A clone whose remote has its first commit, without a token.
pub fn with_remote(url: &str) -> Repo {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("good");
    repo.git(&["init", "-q", "--bare", "-b", "main", "../origin.git"]);
    repo.git(&["remote", "add", "origin", url]);
    repo.git(&["push", "-q", "origin", "main"]);
    repo
}

/// Commits a token on `main` and pushes it.
pub fn leak(repo: &Repo, make: &mut Maker) -> Token {
    let token = commit(repo, make);
    repo.git(&["push", "-q", "origin", "main"]);
    repo.git(&["fetch", "-q"]);
    token
}

pub fn commit(repo: &Repo, make: &mut Maker) -> Token {
    let token = make.sk_live(24);
    repo.stage("key.txt", client(&token));
    repo.commit("bad");
    token
}

/// All refs of the remote, by name.
pub fn refs(repo: &Repo, remote: &str) -> String {
    repo.git(&[&format!("--git-dir=../{remote}"), "for-each-ref", "--format=%(objectname) %(refname)"]).out()
}

fn apply(repo: &Repo, run: &Run) -> Run {
    let [_, apply] = commands(run);
    shell(repo, repo.base(), &apply)
}

/// Another developer pushes a branch.
fn colleague(repo: &Repo, name: &str) {
    repo.git(&["clone", "-q", "../origin.git", "../colleague"]);
    let call = |args: &[&str]| repo.git_call(args).cwd(repo.base().join("colleague")).run().expect_code(0);
    call(&["commit", "-q", "--allow-empty", "-m", name]);
    call(&["push", "-q", "origin", &format!("HEAD:refs/heads/{name}")]);
    fs::remove_dir_all(repo.base().join("colleague")).expect("remove the clone");
}

#[test]
fn a_relative_url_resolves_from_any_folder() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8100));
    colleague(&repo, "theirs");
    let token = leak(&repo, &mut make);
    let before = refs(&repo, "origin.git");
    fs::create_dir(repo.path("sub")).expect("mkdir");
    let run = sweep(&repo, &repo.path("sub")).expect_code(1);
    run_plan(&repo, &repo.path("sub"), &run);
    let after = refs(&repo, "origin.git");
    let theirs = |refs: &str| refs.lines().find(|line| line.ends_with("theirs")).map(str::to_owned);
    assert_eq!(theirs(&before), theirs(&after), "the branch of another developer must not change");
    assert_eq!(after.lines().count(), 2, "no other ref may be pushed: {after}");
    expect_without(&repo, &repo.base().join("origin.git"), &[token]);
}

#[test]
fn a_full_disk_changes_nothing() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8101));
    leak(&repo, &mut make);
    let run = sweep(&repo, repo.top()).expect_code(1);
    let (before, here) = (refs(&repo, "origin.git"), repo.git(&["for-each-ref"]).out());
    let [_, apply] = commands(&run);
    let call = shell_call(&repo, repo.top(), &apply).env("TMPDIR", repo.base().join("absent"));
    call.run().expect_code(2).expect_has("set TMPDIR to a folder with free space");
    // A limit on the size of a file acts like a full disk.
    let full = format!("trap '' XFSZ; ulimit -f 1; {apply}");
    let run = shell(&repo, repo.top(), &full);
    assert_ne!(run.code, Some(0));
    assert_eq!(refs(&repo, "origin.git"), before);
    assert_eq!(repo.git(&["for-each-ref"]).out(), here);
    assert!(file(&repo).exists(), "the replacements must stay until the verification");
}

#[test]
fn a_concurrent_push_is_kept() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8102));
    let token = leak(&repo, &mut make);
    let run = sweep(&repo, repo.top()).expect_code(1);
    // Another developer pushes once, during the scan of the result.
    let program = env!("CARGO_BIN_EXE_keysweep");
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]).line();
    let origin = repo.base().join("origin.git");
    let marker = repo.base().join("pushed");
    fs::create_dir(repo.base().join("bin")).expect("mkdir");
    let script = format!(
        "#!/bin/sh\nif [ ! -e '{0}' ]; then\n: > '{0}'\ngit --git-dir='{1}' update-ref refs/heads/main \"$(git \
         --git-dir='{1}' commit-tree -p main -m meanwhile {tree})\"\nfi\nexec '{program}' \"$@\"\n",
        marker.display(),
        origin.display()
    );
    executable(&repo.base().join("bin/keysweep"), &script);
    let path = format!("{}:{}", repo.base().join("bin").display(), std::env::var("PATH").expect("a path"));
    let here = repo.git(&["for-each-ref"]).out();
    let [_, apply] = commands(&run);
    let call = || shell_call(&repo, repo.top(), &apply).env("PATH", &path).run();
    call()
        .expect_code(2)
        .expect_has("somebody pushed to ../origin.git in the meantime: nothing was changed; run this again");
    assert_eq!(repo.git(&["for-each-ref"]).out(), here);
    let subjects = || repo.git(&["--git-dir=../origin.git", "log", "--format=%s", "main"]).out();
    assert_eq!(subjects(), "meanwhile\nbad\ngood\n");
    call().expect_code(0).expect_has("Proved: ");
    assert_eq!(subjects(), "meanwhile\nbad\ngood\n");
    expect_without(&repo, &origin, &[token]);
}

#[test]
fn a_rejected_push_stops_the_plan_and_can_be_repeated() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8103));
    let token = leak(&repo, &mut make);
    let origin = repo.base().join("origin.git");
    executable(&origin.join("hooks/pre-receive"), "#!/bin/sh\necho protected >&2\nexit 1\n");
    let run = sweep(&repo, repo.top()).expect_code(1);
    let here = repo.git(&["for-each-ref"]).out();
    for _ in 0..2 {
        apply(&repo, &run).expect_code(2).expect_has("protected").expect_has("rejected part of the push");
        assert_eq!(repo.git(&["for-each-ref"]).out(), here, "this repository must not change");
    }
    fs::remove_file(origin.join("hooks/pre-receive")).expect("remove the hook");
    apply(&repo, &run).expect_code(0);
    let backups = fs::read_dir(repo.base().join("replacements.txt.backup")).expect("list");
    assert_eq!(backups.count(), 1, "every run found the same state, so one backup is enough");
    for git_dir in [repo.path(".git"), origin] {
        expect_without(&repo, &git_dir, std::slice::from_ref(&token));
    }
}

#[test]
fn every_remote_url_is_cleaned_or_reported() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8104));
    for name in ["second", "fork", "read"] {
        repo.git(&["clone", "-q", "--bare", "--no-local", "../origin.git", &format!("../{name}.git")]);
    }
    // `origin` pushes to two URLs. There is also a fork, and a repository that no remote pushes to.
    repo.git(&["remote", "set-url", "--push", "origin", "../origin.git"]);
    repo.git(&["remote", "set-url", "--push", "--add", "origin", "../second.git"]);
    repo.git(&["remote", "add", "fork", &format!("file://{}/fork.git", repo.base().display())]);
    let token = leak(&repo, &mut make);
    repo.git(&["push", "-q", "fork", "main"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run);
    for name in ["origin.git", "second.git", "fork.git"] {
        expect_without(&repo, &repo.base().join(name), std::slice::from_ref(&token));
    }
    // A user who cannot push to a remote gets the name of the remote and a hint.
    let more = commit(&repo, &mut make);
    for name in ["../origin.git", "../read.git"] {
        repo.git(&["push", "-q", name, "main"]);
    }
    repo.git(&["remote", "remove", "fork"]);
    repo.git(&["remote", "set-url", "origin", "../read.git"]);
    executable(&repo.base().join("read.git/hooks/pre-receive"), "#!/bin/sh\nexit 1\n");
    fs::remove_file(repo.base().join("replacements.txt.sh")).expect("the old plan");
    let run = sweep(&repo, repo.top()).expect_code(1);
    apply(&repo, &run).expect_code(1).expect_has("REMAINS: a fresh mirror of ../read.git is not clean");
    assert!(file(&repo).exists(), "the replacements must stay");
    for git_dir in [repo.path(".git"), repo.base().join("origin.git")] {
        expect_without(&repo, &git_dir, std::slice::from_ref(&more));
    }
}

#[test]
fn hidden_refs_of_a_forge_are_reported_until_they_are_deleted() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8105));
    let token = leak(&repo, &mut make);
    let at_origin = |args: &[&str]| repo.git_call(args).cwd(repo.base().join("origin.git")).run().expect_code(0);
    at_origin(&["update-ref", "refs/pull/1/head", "main"]);
    at_origin(&["config", "receive.hideRefs", "refs/pull"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    let first = apply(&repo, &run).expect_code(1);
    drop(
        first
            .expect_has("REMAINS: ../origin.git does not let anybody push its own refs")
            .expect_has("refs/pull/1/head"),
    );
    expect_without(&repo, &repo.path(".git"), std::slice::from_ref(&token));
    // The support of the forge deletes the hidden ref.
    at_origin(&["update-ref", "-d", "refs/pull/1/head"]);
    apply(&repo, &run).expect_code(0);
    expect_without(&repo, &repo.base().join("origin.git"), &[token]);
}

#[test]
fn unpushed_refs_are_checked_at_the_remote() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8106));
    let published = repo.git(&["rev-parse", "main"]).line();
    let before = refs(&repo, "origin.git");
    let token = commit(&repo, &mut make);
    repo.git(&["tag", "-a", "-m", "mine", "v1"]);
    repo.git(&["notes", "add", "-m", &client(&token)]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run).expect_has("../origin.git: no ref reaches a token");
    assert_eq!(refs(&repo, "origin.git"), before);
    assert_eq!(repo.git(&["rev-parse", "main^", "origin/main"]).out(), format!("{published}\n").repeat(2));
    let again = repo.keysweep(&["history"]);
    again.expect_code(0);
    // The push is a fast-forward now.
    repo.git(&["push", "-q", "origin", "main", "v1", "refs/notes/*"]);
    expect_without(&repo, &repo.base().join("origin.git"), &[token]);
}

#[test]
fn a_token_that_only_the_remote_has_stops_the_plan_before_the_push() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8107));
    leak(&repo, &mut make);
    let other = repo.blob(client(&make.sk_live(24)));
    repo.git(&["tag", "only-there", &other]);
    repo.git(&["push", "-q", "origin", "only-there"]);
    repo.git(&["tag", "-d", "only-there"]);
    repo.git(&["prune"]);
    let before = refs(&repo, "origin.git");
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [look, apply] = commands(&run);
    for command in [look, apply] {
        shell(&repo, repo.top(), &command).expect_code(2).expect_has("or could not be scanned completely");
    }
    assert_eq!(refs(&repo, "origin.git"), before);
}

#[test]
fn user_settings_do_not_change_the_plan() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8108));
    let token = leak(&repo, &mut make);
    repo.git(&["clone", "-q", "--mirror", "--no-local", "../origin.git", "../mirror.git"]);
    fs::create_dir(repo.base().join("hooks")).expect("mkdir");
    executable(&repo.base().join("hooks/pre-push"), "#!/bin/sh\nexit 1\n");
    let settings = format!(
        "[clone]\n\tdefaultRemoteName = elsewhere\n[safe]\n\tbareRepository = explicit\n[fetch]\n\tprune = true\n[core]\n\
         \thooksPath = {}\n[push]\n\tgpgSign = true\n\tdefault = nothing\n[transfer]\n\tfsckObjects = true\n[color]\n\tui = \
         always\n[remote]\n\tpushDefault = nowhere\n",
        repo.base().join("hooks").display()
    );
    fs::write(repo.base().join("settings"), settings).expect("write");
    let mirror = repo.base().join("mirror.git");
    for folder in [repo.top(), &mirror] {
        let env = |call: crate::support::Call| call.env("GIT_CONFIG_GLOBAL", repo.base().join("settings"));
        let path = file(&repo);
        let args =
            ["history".as_ref(), "--format".as_ref(), "jsonl".as_ref(), "--replacements".as_ref(), path.as_os_str()];
        // `safe.bareRepository=explicit` requires that GIT_DIR names a bare repository.
        let call = env(repo.keysweep_call(&args).cwd(folder));
        let call = if folder == mirror { call.env("GIT_DIR", &mirror) } else { call };
        let [_, apply] = commands(&call.run().expect_code(1));
        env(shell_call(&repo, repo.base(), &apply))
            .env("GIT_DIR", "/nowhere")
            .run()
            .expect_code(0)
            .expect_has("Proved");
        expect_without(&repo, &folder.join(if folder == mirror { "." } else { ".git" }), std::slice::from_ref(&token));
        fs::remove_file(repo.base().join("replacements.txt.sh")).expect("the plan");
    }
    expect_without(&repo, &repo.base().join("origin.git"), &[token]);
}

#[test]
fn the_scans_of_the_plan_use_the_options_of_the_first_scan() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8109));
    let [by_glob, by_config] = [make.sk_live(24), make.sk_live(24)];
    repo.stage("fixtures/it's.txt", client(&by_glob));
    repo.stage("other/x.txt", client(&by_config));
    let token = leak(&repo, &mut make);
    fs::write(repo.base().join("config.toml"), "[allow]\npaths = ['other/**']\n").expect("write");
    let options = ["--config", "../config.toml", "--allow", "fixtures/it's*", "--allow-incomplete"];
    let run = sweep_with(&repo, repo.top(), &options).expect_code(1);
    run_plan(&repo, repo.top(), &run);
    expect_without(&repo, &repo.base().join("origin.git"), &[token]);
    let kept = repo.git(&["--git-dir=../origin.git", "show", "main:fixtures/it's.txt"]).out();
    assert_eq!(kept, client(&by_glob), "an allowed token must stay");
}
