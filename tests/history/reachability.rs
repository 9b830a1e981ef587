//! Tokens that no branch reaches, and the refs or other places that the report names for them.

use std::fs;

use serde_json::{Value, json};

use crate::support::history::{GitEnvironment, Stream, expect_tokens, finding_of, history};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, note};

/// A repository with one commit, which contains no token.
fn repo_with_commit(seed: u64, options: &[&str]) -> (Repo, Maker) {
    let repo = Repo::init(options);
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    (repo, Maker::new(seed))
}

/// Expects a complete scan that finds only this token, with this standing and these refs.
#[track_caller]
fn expect_standing(repo: &Repo, token: &Token, standing: &str, refs: &Value) -> Value {
    let run = GitEnvironment::of(repo).expect_complete(std::slice::from_ref(token));
    let finding = finding_of(&run, token);
    let reachable = !["index", "reflog", "dangling"].contains(&standing);
    assert_eq!(finding["standing"], standing, "{}", run.all());
    assert_eq!(finding["refs"], *refs, "{}", run.all());
    assert_eq!(finding["reachable"], reachable, "{}", run.all());
    finding
}

#[test]
fn a_stash_its_index_and_its_untracked_files() {
    let (repo, mut make) = repo_with_commit(7200, &[]);
    let (tracked, staged, untracked) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
    repo.stage("staged.txt", client(&staged));
    repo.write("staged.txt", "innocent again\n");
    repo.write("a.txt", client(&tracked));
    repo.write("untracked.txt", client(&untracked));
    repo.git(&["stash", "push", "-q", "--include-untracked", "-m", "later"]);
    let run = GitEnvironment::of(&repo).expect_complete(&[tracked.clone(), staged.clone(), untracked.clone()]);
    for (token, path) in [(&tracked, "a.txt"), (&staged, "staged.txt"), (&untracked, "untracked.txt")] {
        let finding = finding_of(&run, token);
        assert_eq!((&finding["standing"], &finding["refs"]), (&json!("stash"), &json!(["refs/stash"])), "{finding}");
        assert_eq!((&finding["first"]["path"], &finding["at_head"]), (&json!(path), &json!(false)), "{finding}");
        assert_eq!(finding["reachable"], true);
    }
}

#[test]
fn an_older_stash_is_still_a_stash() {
    let (repo, mut make) = repo_with_commit(7201, &[]);
    let token = make.sk_live(24);
    repo.write("a.txt", client(&token));
    repo.git(&["stash", "push", "-q"]);
    repo.write("a.txt", "another\n");
    repo.git(&["stash", "push", "-q"]);
    expect_standing(&repo, &token, "stash", &json!(["refs/stash"]));
}

#[test]
fn a_dropped_stash_is_dangling() {
    let (repo, mut make) = repo_with_commit(7202, &[]);
    let token = make.sk_live(24);
    repo.write("a.txt", client(&token));
    repo.git(&["stash", "push", "-q"]);
    repo.git(&["stash", "drop", "-q"]);
    let finding = expect_standing(&repo, &token, "dangling", &json!([]));
    assert_eq!(finding["first"]["path"], "a.txt");
}

#[test]
fn an_amended_commit_is_in_the_reflog_and_later_unreachable() {
    expect_amended_commit(&[]);
}

#[test]
fn an_amended_commit_is_in_the_reflog_of_a_reftable() {
    expect_amended_commit(&["--ref-format=reftable"]);
}

fn expect_amended_commit(options: &[&str]) {
    let (repo, mut make) = repo_with_commit(7203, options);
    let token = make.sk_live(24);
    repo.stage("a.txt", client(&token));
    repo.commit("bad");
    repo.stage("a.txt", "mended\n");
    repo.git(&["commit", "-q", "--amend", "-m", "good"]);
    expect_standing(&repo, &token, "reflog", &json!(["logs/HEAD", "logs/refs/heads/main"]));
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    let finding = expect_standing(&repo, &token, "dangling", &json!([]));
    assert_eq!((&finding["first"]["path"], &finding["at_head"]), (&json!("a.txt"), &json!(false)));
    repo.git(&["gc", "-q", "--prune=now"]);
    GitEnvironment::of(&repo).expect_complete(&[]).expect_silent();
}

#[test]
fn unreachable_objects_of_each_kind() {
    let (repo, mut make) = repo_with_commit(7204, &[]);
    let tokens: Vec<Token> = (0..4).map(|_| make.sk_live(24)).collect();
    let blob = repo.blob(client(&tokens[0]));
    let tree = repo.git_call(&["mktree"]).stdin(format!("100644 blob {blob}\t{}\n", tokens[1])).run().line();
    let commit = repo.git(&["commit-tree", "-m", &client(&tokens[2]), "HEAD^{tree}"]).line();
    let tag = format!("object {commit}\ntype commit\ntag t\ntagger A <a@b.c> 0 +0000\n\n{}", client(&tokens[3]));
    let tag = repo.git_call(&["mktag"]).stdin(tag).run().expect_code(0).line();
    let run = GitEnvironment::of(&repo).expect_complete(&tokens);
    for (token, id) in tokens.iter().zip([&blob, &tree, &commit, &tag]) {
        let finding = finding_of(&run, token);
        assert_eq!((&finding["standing"], &finding["object"]), (&json!("dangling"), &json!(id)), "{finding}");
        assert_eq!((&finding["refs"], &finding["reachable"]), (&json!([]), &json!(false)), "{finding}");
    }
}

#[test]
fn notes_pull_requests_and_other_refs() {
    let (repo, mut make) = repo_with_commit(7205, &[]);
    let (noted, pulled, hidden) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
    repo.git(&["notes", "add", "-m", &client(&noted)]);
    for (token, name) in [(&pulled, "refs/pull/7/head"), (&hidden, "refs/kept/by/a/tool")] {
        repo.git(&["checkout", "-q", "--detach", "main"]);
        repo.stage("a.txt", client(token));
        repo.commit("bad");
        repo.git(&["update-ref", name, "HEAD"]);
    }
    repo.git(&["checkout", "-q", "main"]);
    let run = GitEnvironment::of(&repo).expect_complete(&[noted.clone(), pulled.clone(), hidden.clone()]);
    let wanted = [(&noted, "refs/notes/commits"), (&pulled, "refs/pull/7/head"), (&hidden, "refs/kept/by/a/tool")];
    for (token, name) in wanted {
        let finding = finding_of(&run, token);
        let names = finding["refs"].as_array().expect("refs");
        assert!(names.contains(&json!(name)), "{finding}");
        assert_eq!((&finding["standing"], &finding["reachable"]), (&json!("ref"), &json!(true)), "{finding}");
    }
}

#[test]
fn branches_tags_and_remotes_have_full_names() {
    let (repo, mut make) = repo_with_commit(7206, &[]);
    repo.git(&["clone", "-q", "--bare", ".", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    let (remote, branch, tag) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
    for (token, name) in [(&remote, "remote"), (&branch, "branch"), (&tag, "tag")] {
        repo.git(&["checkout", "-q", "-b", name, "main"]);
        repo.stage("b.txt", client(token));
        repo.commit("bad");
    }
    repo.git(&["push", "-q", "origin", "remote:x/y"]);
    repo.git(&["tag", "-a", "-m", "v1", "v1", "tag"]);
    repo.git(&["tag", "v2", "tag"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "-q", "-D", "tag"]);
    repo.git(&["branch", "second", "branch"]);
    let run = GitEnvironment::of(&repo).expect_complete(&[remote.clone(), branch.clone(), tag.clone()]);
    for (token, standing, refs) in [
        (&remote, "remote", json!(["refs/remotes/origin/x/y", "refs/heads/remote"])),
        (&branch, "branch", json!(["refs/heads/branch", "refs/heads/second"])),
        (&tag, "tag", json!(["refs/tags/v1", "refs/tags/v2"])),
    ] {
        let finding = finding_of(&run, token);
        assert_eq!((&finding["standing"], &finding["refs"]), (&json!(standing), &refs), "{finding}");
    }
}

#[test]
fn tags_of_a_blob_and_of_a_tag() {
    let (repo, mut make) = repo_with_commit(7207, &[]);
    let (in_blob, in_tag) = (make.sk_live(24), make.sk_live(24));
    let blob = repo.blob(client(&in_blob));
    repo.git(&["tag", "blob", &blob]);
    repo.git(&["tag", "-a", "-m", &client(&in_tag), "inner", "HEAD"]);
    repo.git(&["tag", "-a", "-m", "outer", "outer", "inner"]);
    repo.git(&["tag", "-d", "inner"]);
    let run = GitEnvironment::of(&repo).expect_complete(&[in_blob.clone(), in_tag.clone()]);
    for (token, name) in [(&in_blob, "refs/tags/blob"), (&in_tag, "refs/tags/outer")] {
        let finding = finding_of(&run, token);
        assert_eq!((&finding["standing"], &finding["refs"]), (&json!("tag"), &json!([name])), "{finding}");
    }
}

#[test]
fn a_tag_of_a_tree() {
    let (repo, mut make) = repo_with_commit(7214, &[]);
    let token = make.sk_live(24);
    let blob = repo.blob(client(&token));
    let inner = repo.git_call(&["mktree"]).stdin(format!("100644 blob {blob}\tf.txt\n")).run().line();
    let tree = repo.git_call(&["mktree"]).stdin(format!("040000 tree {inner}\tdeep\n")).run().line();
    repo.git(&["tag", "tree", &tree]);
    expect_standing(&repo, &token, "tag", &json!(["refs/tags/tree"]));
}

#[test]
fn a_linked_worktree_its_head_and_its_index() {
    let (repo, mut make) = repo_with_commit(7208, &[]);
    let (detached, staged, own) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
    repo.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    let linked = repo.view("linked");
    linked.stage("a.txt", client(&detached));
    linked.git(&["commit", "-q", "-m", "bad"]);
    linked.stage("b.txt", client(&staged));
    repo.stage("c.txt", client(&own));
    let tokens = [detached.clone(), staged.clone(), own.clone()];
    for folder in [repo.top(), &linked.top] {
        note(folder.display());
        let run = GitEnvironment::at(&repo, folder).expect_complete(&tokens);
        for token in [&staged, &own] {
            let finding = finding_of(&run, token);
            assert_eq!((&finding["standing"], &finding["refs"]), (&json!("index"), &json!(["index"])), "{finding}");
        }
        // The HEAD of a worktree reaches the commit, so it is not reachable from the reflog alone.
        let finding = finding_of(&run, &detached);
        assert_eq!((&finding["reachable"], &finding["first"]["path"]), (&json!(true), &json!("a.txt")), "{finding}");
        assert_eq!(finding["at_head"], folder == linked.top, "{finding}");
    }
}

#[test]
fn a_detached_head_is_reachable() {
    let (repo, mut make) = repo_with_commit(7209, &[]);
    let token = make.sk_live(24);
    repo.git(&["checkout", "-q", "--detach"]);
    repo.stage("a.txt", client(&token));
    repo.commit("bad");
    let run = GitEnvironment::of(&repo).expect_complete(std::slice::from_ref(&token));
    let finding = finding_of(&run, &token);
    assert_eq!((&finding["at_head"], &finding["standing"]), (&json!(true), &json!("head")), "{finding}");
    assert!(finding["refs"].as_array().expect("refs").contains(&json!("HEAD")), "{finding}");
}

#[test]
fn a_replaced_staged_blob_is_dangling() {
    let (repo, mut make) = repo_with_commit(7210, &[]);
    let token = make.sk_live(24);
    repo.stage("a.txt", client(&token));
    expect_standing(&repo, &token, "index", &json!(["index"]));
    repo.stage("a.txt", "mended\n");
    expect_standing(&repo, &token, "dangling", &json!([]));
}

#[test]
fn a_submodule_is_not_scanned() {
    let (repo, mut make) = repo_with_commit(7211, &[]);
    let inside = make.sk_live(24);
    let other = Repo::new();
    other.stage("a.txt", client(&inside));
    other.commit("bad");
    let url = other.top().to_string_lossy().into_owned();
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "sub"]);
    repo.commit("with a submodule");
    assert!(repo.path(".git/modules/sub/objects").is_dir());
    GitEnvironment::of(&repo).expect_complete(&[]);
    expect_tokens(&GitEnvironment::at(&repo, repo.path("sub")).history(), [&inside]);
}

#[test]
fn the_target_of_a_symlink() {
    let (repo, mut make) = repo_with_commit(7213, &[]);
    let token = make.sk_live(24);
    repo.stage_entry("120000", "link", token.text());
    repo.commit("with a link");
    let finding = expect_standing(&repo, &token, "head", &json!(["refs/heads/main", "index"]));
    assert_eq!((&finding["path"], &finding["part"]), (&json!("link"), &json!("symlink")), "{finding}");
}

#[test]
fn an_orphan_branch_a_root_and_an_unborn_head() {
    let (repo, mut stream) = (Repo::new(), Stream::new(7212));
    stream.commit("refs/heads/one", &[]);
    stream.commit("refs/heads/two", &[]);
    stream.import(&repo);
    let run = GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
    assert!(run.findings().iter().all(|finding| finding["at_head"] == false && finding["standing"] == "branch"));
    fs::write(repo.path(".git/HEAD"), "ref: refs/heads/one\n").expect("write");
    expect_tokens(&history(&repo), &stream.tokens);
}
