//! Servers and clients of every kind.

use std::fs;

use crate::support::push::{JSONL, expect_report, write_hook};
use crate::support::server::ServerFixture;
use crate::support::{client, note};

#[test]
fn every_format_of_server_is_protected() {
    for options in [
        &["--object-format=sha256"][..],
        &["--ref-format=reftable"],
        &["--ref-format=reftable", "--object-format=sha256"],
    ] {
        for hook in ["pre-receive", "update"] {
            note(format!("{options:?} {hook}"));
            let mut fixture = ServerFixture::init(3808, hook, options);
            let token = fixture.token();
            fixture.expect_accepted(&["main:new"]);
            let bad = fixture.add("a.txt", client(&token));
            fixture.expect_rejected(&["main"], &[(&bad, "a.txt:1", &token)]);
            fixture.expect_rejected(&["main:refs/heads/other"], &[(&bad, "a.txt:1", &token)]);
            fixture.client.git(&["reset", "-q", "--hard", "HEAD~1"]);
            fixture.add("a.txt", "innocent\n");
            fixture.expect_accepted(&["main"]);
        }
    }
}

/// Makes git store pushed objects loose or as a pack, regardless of their number.
fn unpack_limit(fixture: &ServerFixture, limit: &str) {
    fixture.git_on_server(&["config", "receive.unpackLimit", limit]).expect_code(0);
}

#[test]
fn a_quarantine_of_packs_and_one_of_loose_objects_are_read() {
    for (limit, commits) in [("1", 3), ("1000", 3), ("1", 20)] {
        note(format!("{limit} {commits}"));
        let mut fixture = ServerFixture::new(3809, "pre-receive");
        let token = fixture.token();
        unpack_limit(&fixture, limit);
        // Deltas whose bases only the server has: a thin pack.
        let long = "a line\n".repeat(300);
        fixture.add("long.txt", &long);
        fixture.expect_accepted(&["main"]);
        for n in 0..commits {
            fixture.add("long.txt", format!("{n}\n{long}"));
        }
        let bad = fixture.add("long.txt", format!("{long}{}", client(&token)));
        fixture.expect_rejected(&["main"], &[(&bad, "long.txt:301", &token)]);
        fixture.client.git(&["reset", "-q", "--hard", "HEAD~1"]);
        fixture.expect_accepted(&["main"]);
    }
}

#[test]
fn a_server_with_alternates_is_protected() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut fixture = ServerFixture::new(3810, hook);
        let token = fixture.token();
        let fork = fixture.client.base().join("fork.git");
        let args = ["clone", "-q", "--bare", "--shared", "../server.git", "../fork.git"];
        fixture.client.git(&args);
        let report = fixture.report_path();
        write_hook(&fixture.client, &fork, hook, &format!("--format jsonl --output '{}'", report.display()));
        fixture.client.git(&["remote", "set-url", "origin", fork.to_str().expect("UTF-8")]);
        fixture.server = fork;
        fixture.add("old.txt", format!("first\n{}last\nmore\n", client(&fixture.old)));
        fixture.expect_accepted(&["main", "main:other"]);
        let bad = fixture.add("a.txt", client(&token));
        fixture.expect_rejected(&["main"], &[(&bad, "a.txt:1", &token)]);
    }
}

#[test]
fn a_server_with_a_worktree_is_protected() {
    let mut fixture = ServerFixture::new(3811, "pre-receive");
    let token = fixture.token();
    let live = fixture.client.base().join("live");
    fixture.client.git(&["clone", "-q", "../server.git", "../live"]);
    let report = fixture.report_path();
    write_hook(&fixture.client, &live, "pre-receive", &format!("--format jsonl --output '{}'", report.display()));
    fixture.client.git_call(&["config", "receive.denyCurrentBranch", "updateInstead"]).cwd(&live).run().expect_code(0);
    fixture.client.git(&["remote", "set-url", "origin", live.to_str().expect("UTF-8")]);
    fixture.server = live.join(".git");
    let bad = fixture.add("a.txt", client(&token));
    fixture.expect_rejected(&["main"], &[(&bad, "a.txt:1", &token)]);
    fixture.client.git(&["reset", "-q", "--hard", "HEAD~1"]);
    fixture.add("a.txt", "innocent\n");
    fixture.expect_accepted(&["main"]);
    assert!(live.join("a.txt").is_file());
}

#[test]
fn a_push_from_a_shallow_clone_is_scanned_exactly() {
    let mut fixture = ServerFixture::new(3812, "pre-receive");
    let token = fixture.token();
    fixture.add("more.txt", "x\n");
    fixture.expect_accepted(&["main"]);
    let url = format!("file://{}", fixture.server.display());
    fixture.client.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let folder = fixture.client.base().join("shallow");
    let commit = |path: &str, text: &str| {
        fs::write(folder.join(path), text).expect("write");
        let at = |args: &[&str]| fixture.client.git_call(args).cwd(&folder).run().expect_code(0);
        at(&["add", path]);
        at(&["commit", "-q", "-m", "x"]);
        at(&["rev-parse", "HEAD"]).line()
    };
    let push = || fixture.client.git_call(&["push", "-q", "origin", "main"]).cwd(&folder).run();
    commit("old.txt", &format!("first\n{}last\nmore\n", client(&fixture.old)));
    expect_report(&fixture.report(push().expect_code(0)), &[]);
    let bad = commit("a.txt", &client(&token));
    expect_report(&fixture.report(push().expect_code(1)), &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn the_first_push_into_an_empty_server_is_scanned_from_the_root() {
    let fixture = ServerFixture::new(3813, "pre-receive");
    let root = fixture.client.git(&["rev-parse", "HEAD"]).line();
    fixture.git_on_server(&["update-ref", "-d", "refs/heads/main"]).expect_code(0);
    fixture.git_on_server(&["gc", "-q", "--prune=now"]).expect_code(0);
    fixture.expect_rejected(&["main"], &[(&root, "old.txt:2", &fixture.old)]);
}

#[test]
fn a_server_in_a_folder_of_any_name_is_protected() {
    // Git quotes such names in the variables of the quarantine and its alternates.
    for name in [&b"co:lon"[..], b"\"quo:te\"", b"back\\slash:", b"new\nline:", b"sp ace", b"caf\xe9", b"caf\xe9:x"] {
        for hook in if name == b"co:lon" { &["pre-receive", "update"][..] } else { &["pre-receive"] } {
            note(format!("{} {hook}", name.escape_ascii()));
            let mut fixture = ServerFixture::new(3816, hook);
            let token = fixture.token();
            let folder = fixture.client.base().join(crate::support::os(name));
            fs::rename(&fixture.server, &folder).expect("rename");
            fixture.server.clone_from(&folder);
            write_hook(
                &fixture.client,
                &folder,
                hook,
                &format!("{JSONL} --output '{}'", fixture.report_path().display()),
            );
            fs::remove_dir_all(fixture.client.path(".git/refs/remotes")).expect("remove");
            let config = |args: &[&str]| fixture.client.git_call(args).args(&[&folder]).run().expect_code(0);
            config(&["config", "remote.origin.url"]);
            fixture.add("old.txt", format!("first\n{}last\nmore\n", client(&fixture.old)));
            fixture.expect_accepted(&["main"]);
            let bad = fixture.add("a.txt", client(&token));
            fixture.expect_rejected(&["main"], &[(&bad, "a.txt:1", &token)]);
        }
    }
}
