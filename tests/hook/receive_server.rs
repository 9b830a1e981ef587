//! Servers of every kind, and what clients of every kind send to them.

use std::fs;

use crate::support::push::{JSONL, expect_report, guard};
use crate::support::server::Scene;
use crate::support::{client, note};

#[test]
fn every_format_of_server_is_guarded() {
    for options in [
        &["--object-format=sha256"][..],
        &["--ref-format=reftable"],
        &["--ref-format=reftable", "--object-format=sha256"],
    ] {
        for hook in ["pre-receive", "update"] {
            note(format!("{options:?} {hook}"));
            let mut scene = Scene::init(3808, hook, options);
            let token = scene.token();
            scene.takes(&["main:new"]);
            let bad = scene.add("a.txt", client(&token));
            scene.refuses(&["main"], &[(&bad, "a.txt:1", &token)]);
            scene.refuses(&["main:refs/heads/other"], &[(&bad, "a.txt:1", &token)]);
            scene.client.git(&["reset", "-q", "--hard", "HEAD~1"]);
            scene.add("a.txt", "innocent\n");
            scene.takes(&["main"]);
        }
    }
}

/// Sends objects loose or in a pack, whatever their number.
fn unpack_limit(scene: &Scene, limit: &str) {
    scene.at_server(&["config", "receive.unpackLimit", limit]).expect_code(0);
}

#[test]
fn a_quarantine_of_packs_and_one_of_loose_objects_are_read() {
    for (limit, commits) in [("1", 3), ("1000", 3), ("1", 20)] {
        note(format!("{limit} {commits}"));
        let mut scene = Scene::new(3809, "pre-receive");
        let token = scene.token();
        unpack_limit(&scene, limit);
        // Deltas against what only the server's own store has: a thin pack.
        let long = "a line\n".repeat(300);
        scene.add("long.txt", &long);
        scene.takes(&["main"]);
        for n in 0..commits {
            scene.add("long.txt", format!("{n}\n{long}"));
        }
        let bad = scene.add("long.txt", format!("{long}{}", client(&token)));
        scene.refuses(&["main"], &[(&bad, "long.txt:301", &token)]);
        scene.client.git(&["reset", "-q", "--hard", "HEAD~1"]);
        scene.takes(&["main"]);
    }
}

#[test]
fn a_server_with_alternates_is_guarded() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut scene = Scene::new(3810, hook);
        let token = scene.token();
        let fork = scene.client.base().join("fork.git");
        let args = ["clone", "-q", "--bare", "--shared", "../server.git", "../fork.git"];
        scene.client.git(&args);
        let report = scene.report_path();
        guard(&scene.client, &fork, hook, &format!("--format jsonl --output '{}'", report.display()));
        scene.client.git(&["remote", "set-url", "origin", fork.to_str().expect("UTF-8")]);
        scene.server = fork;
        scene.add("old.txt", format!("first\n{}last\nmore\n", client(&scene.old)));
        scene.takes(&["main", "main:other"]);
        let bad = scene.add("a.txt", client(&token));
        scene.refuses(&["main"], &[(&bad, "a.txt:1", &token)]);
    }
}

#[test]
fn a_server_with_a_worktree_is_guarded() {
    let mut scene = Scene::new(3811, "pre-receive");
    let token = scene.token();
    let live = scene.client.base().join("live");
    scene.client.git(&["clone", "-q", "../server.git", "../live"]);
    let report = scene.report_path();
    guard(&scene.client, &live, "pre-receive", &format!("--format jsonl --output '{}'", report.display()));
    scene.client.git_call(&["config", "receive.denyCurrentBranch", "updateInstead"]).cwd(&live).run().expect_code(0);
    scene.client.git(&["remote", "set-url", "origin", live.to_str().expect("UTF-8")]);
    scene.server = live.join(".git");
    let bad = scene.add("a.txt", client(&token));
    scene.refuses(&["main"], &[(&bad, "a.txt:1", &token)]);
    scene.client.git(&["reset", "-q", "--hard", "HEAD~1"]);
    scene.add("a.txt", "innocent\n");
    scene.takes(&["main"]);
    assert!(live.join("a.txt").is_file());
}

#[test]
fn a_push_from_a_shallow_clone_is_decided_right() {
    let mut scene = Scene::new(3812, "pre-receive");
    let token = scene.token();
    scene.add("more.txt", "x\n");
    scene.takes(&["main"]);
    let url = format!("file://{}", scene.server.display());
    scene.client.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let folder = scene.client.base().join("shallow");
    let commit = |path: &str, text: &str| {
        fs::write(folder.join(path), text).expect("write");
        let at = |args: &[&str]| scene.client.git_call(args).cwd(&folder).run().expect_code(0);
        at(&["add", path]);
        at(&["commit", "-q", "-m", "x"]);
        at(&["rev-parse", "HEAD"]).line()
    };
    let push = || scene.client.git_call(&["push", "-q", "origin", "main"]).cwd(&folder).run();
    commit("old.txt", &format!("first\n{}last\nmore\n", client(&scene.old)));
    expect_report(&scene.report(push().expect_code(0)), &[]);
    let bad = commit("a.txt", &client(&token));
    expect_report(&scene.report(push().expect_code(1)), &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn the_first_push_into_an_empty_server_is_scanned_from_the_root() {
    let scene = Scene::new(3813, "pre-receive");
    let root = scene.client.git(&["rev-parse", "HEAD"]).line();
    scene.at_server(&["update-ref", "-d", "refs/heads/main"]).expect_code(0);
    scene.at_server(&["gc", "-q", "--prune=now"]).expect_code(0);
    scene.refuses(&["main"], &[(&root, "old.txt:2", &scene.old)]);
}

#[test]
fn a_server_in_a_folder_of_any_name_is_guarded() {
    // Git quotes such names where it hands over the quarantine and its alternates.
    for name in [&b"co:lon"[..], b"\"quo:te\"", b"back\\slash:", b"new\nline:", b"sp ace", b"caf\xe9", b"caf\xe9:x"] {
        for hook in if name == b"co:lon" { &["pre-receive", "update"][..] } else { &["pre-receive"] } {
            note(format!("{} {hook}", name.escape_ascii()));
            let mut scene = Scene::new(3816, hook);
            let token = scene.token();
            let folder = scene.client.base().join(crate::support::os(name));
            fs::rename(&scene.server, &folder).expect("rename");
            scene.server.clone_from(&folder);
            guard(&scene.client, &folder, hook, &format!("{JSONL} --output '{}'", scene.report_path().display()));
            fs::remove_dir_all(scene.client.path(".git/refs/remotes")).expect("remove");
            let config = |args: &[&str]| scene.client.git_call(args).args(&[&folder]).run().expect_code(0);
            config(&["config", "remote.origin.url"]);
            scene.add("old.txt", format!("first\n{}last\nmore\n", client(&scene.old)));
            scene.takes(&["main"]);
            let bad = scene.add("a.txt", client(&token));
            scene.refuses(&["main"], &[(&bad, "a.txt:1", &token)]);
        }
    }
}
