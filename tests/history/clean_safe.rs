//! The plan leaves unrelated files, permissions, programs and repositories alone, and a second run completes the first.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::clean_places::{commit, leak, with_remote};
use crate::support::clean::{commands, expect_without, run_plan, shell, shell_call, sweep};
use crate::support::token::Maker;
use crate::support::{Repo, client};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn rewritten_files_keep_their_permissions() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8400));
    leak(&repo, &mut make);
    fs::set_permissions(repo.path("key.txt"), fs::Permissions::from_mode(0o664)).expect("chmod");
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    shell(&repo, repo.top(), &format!("umask 022; {apply}")).expect_code(0);
    assert_eq!(mode(&repo.path("key.txt")), 0o664);
    for path in crate::support::state::files(&repo.base().join("origin.git/objects")) {
        assert_eq!(mode(&path) & 0o044, 0o044, "{}", path.display());
    }
}

#[test]
fn a_detached_head_and_a_renamed_branch_in_reftables() {
    let mut make = Maker::new(8401);
    for detached in [true, false] {
        let repo = Repo::init(&["--ref-format=reftable"]);
        let token = commit(&repo, &mut make);
        let name = format!("fix-{token}");
        let to: &[&str] = if detached { &["--detach"] } else { &["-b", &name] };
        repo.git(&[&["checkout", "-q"], to].concat());
        repo.git(&["commit", "-q", "--allow-empty", "-m", "last"]);
        let run = sweep(&repo, repo.top()).expect_code(1);
        run_plan(&repo, repo.top(), &run);
        assert_eq!(repo.git(&["log", "--format=%s"]).out(), "last\nbad\n");
        expect_without(&repo, &repo.path(".git"), &[token]);
    }
}

#[test]
fn a_filter_program_is_not_started() {
    let (repo, mut make) = (Repo::new(), Maker::new(8402));
    repo.stage(".gitattributes", "*.enc filter=odd\n");
    let token = make.sk_live(24);
    repo.stage("a.enc", client(&token));
    repo.commit("bad");
    let marker = repo.base().join("started");
    for kind in ["clean", "smudge"] {
        repo.git(&["config", &format!("filter.odd.{kind}"), &format!("touch '{}'; cat", marker.display())]);
    }
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run).expect_has("a.enc was not rewritten, because it is not committed in this form");
    assert!(!marker.exists(), "the filter must not be started");
    assert_eq!(fs::read_to_string(repo.path("a.enc")).expect("the file"), client(&token));
    expect_without(&repo, &repo.path(".git"), &[token]);
}

#[test]
fn colliding_names_lose_no_file() {
    let (repo, mut make) = (Repo::new(), Maker::new(8403));
    let token = make.sk_live(24);
    let new = format!("REMOVED-stripe-secret-key-{}", token.fingerprint());
    repo.stage(token.text(), "one\n");
    repo.stage(&new, "two\n");
    repo.commit("bad");
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run);
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
    let read = |name: &str| fs::read_to_string(repo.path(name)).expect("the file");
    assert_eq!([read(&new), read(&format!("{new}-2"))], ["two\n", "one\n"]);
}

#[test]
fn a_submodule_named_after_a_token_is_not_changed() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8404));
    let token = make.sk_live(24);
    let id = repo.git(&["rev-parse", "HEAD"]).line();
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},lib-{token}")]);
    repo.git(&["commit", "-q", "-m", "bad"]);
    fs::create_dir(repo.path(format!("lib-{token}"))).expect("mkdir");
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run).expect_has("still has its old name");
    expect_without(&repo, &repo.path(".git"), &[token]);
}

#[test]
fn a_rejected_deletion_is_completed_by_a_second_run() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8405));
    let token = leak(&repo, &mut make);
    repo.git(&["branch", &format!("fix-{token}")]);
    repo.git(&["push", "-q", "origin", "--all"]);
    let origin = repo.base().join("origin.git");
    let deny = |value: &str| repo.git_call(&["config", "receive.denyDeletes", value]).cwd(&origin).run().expect_code(0);
    deny("true");
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    shell(&repo, repo.top(), &apply).expect_code(2).expect_has("rejected part of the push");
    deny("false");
    shell(&repo, repo.top(), &apply).expect_code(0);
    for git_dir in [repo.path(".git"), origin] {
        expect_without(&repo, &git_dir, std::slice::from_ref(&token));
    }
}

/// A submodule is a repository of its own. The script does not change it, but does not call it clean.
#[test]
fn a_token_in_a_submodule_is_reported() {
    for is_embedded in [false, true] {
        let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8412));
        let token = leak(&repo, &mut make);
        let library = repo.view("library");
        repo.git(&["init", "-q", "-b", "main", "../library"]);
        library.stage("key.txt", client(&token));
        library.git(&["commit", "-q", "-m", "bad"]);
        repo.git(&[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "-q",
            "add",
            "--name",
            "one",
            "../library",
            "module",
        ]);
        repo.commit("a submodule");
        repo.git(&["push", "-q", "origin", "main"]);
        let mut git_dir = repo.path(".git/modules/one");
        if is_embedded {
            let inner = repo.path("module/.git");
            fs::remove_file(&inner).expect("remove the link");
            fs::rename(&git_dir, &inner).expect("move the git directory");
            repo.git(&["config", "--file=module/.git/config", "core.worktree", ".."]);
            git_dir = inner;
        }
        let [_, apply] = commands(&sweep(&repo, repo.top()).expect_code(1));
        let run = shell(&repo, repo.base(), &apply).expect_code(1).expect_lacks("Proved");
        drop(run.expect_has(&format!("REMAINS: {} still has 1 object with a token", git_dir.display())));
        fs::remove_dir_all(&git_dir).expect("delete the clone of the submodule");
        fs::remove_dir_all(repo.path("module")).expect("delete its files");
        shell(&repo, repo.base(), &apply).expect_code(0).expect_has("Proved: ");
    }
}

#[test]
fn trace_variables_and_a_relative_temporary_folder() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8406));
    let token = leak(&repo, &mut make);
    repo.git(&["branch", &format!("fix-{token}")]);
    repo.git(&["push", "-q", "origin", "--all"]);
    let settings = "[push]\n\tuseForceIfIncludes = true\n\tpushOption = x\n[init]\n\tdefaultRefFormat = reftable\n";
    fs::write(repo.base().join("settings"), settings).expect("write");
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    let call = shell_call(&repo, repo.base(), &apply).env("GIT_TRACE_PACKET", "1").env("GIT_TRACE", "1");
    let call = call.env("TMPDIR", "tmp").env("GIT_CONFIG_GLOBAL", repo.base().join("settings"));
    call.run().expect_code(0).expect_lacks(token.body());
    assert_eq!(fs::read_dir(repo.base().join("tmp")).expect("list").count(), 0);
    expect_without(&repo, &repo.path(".git"), &[token]);
}

#[test]
fn remotes_without_push_access_do_not_stop_the_plan() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8407));
    repo.git(&["clone", "-q", "--bare", "../origin.git", "../up.git"]);
    repo.git(&["remote", "add", "up", "../up.git"]);
    repo.git(&["remote", "set-url", "--push", "up", "no_push"]);
    let token = leak(&repo, &mut make);
    repo.git(&["clone", "-q", "../origin.git", "../checked-out"]);
    repo.git(&["remote", "add", "theirs", "../checked-out"]);
    repo.git(&["bundle", "create", "-q", "../old.bundle", "--all"]);
    repo.git(&["remote", "add", "old", "../old.bundle"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    let done =
        shell(&repo, repo.top(), &apply).expect_code(1).expect_has("a fresh mirror of ../old.bundle is not clean");
    done.expect_has("checked-out/.git still has 1 object with a token");
    for git_dir in [repo.path(".git"), repo.base().join("origin.git")] {
        expect_without(&repo, &git_dir, std::slice::from_ref(&token));
    }
}

#[test]
fn a_leftover_pack_fails_the_verification() {
    let (repo, mut make) = (Repo::new(), Maker::new(8408));
    commit(&repo, &mut make);
    let left = repo.path(".git/objects/pack/tmp_pack_x");
    fs::create_dir_all(left.parent().expect("a folder")).expect("mkdir");
    fs::write(&left, "unreadable").expect("write");
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    shell(&repo, repo.top(), &apply).expect_code(1).expect_has("tmp_pack_x was left by an interrupted git operation");
    fs::remove_file(left).expect("remove");
    shell(&repo, repo.top(), &apply).expect_code(0);
}
