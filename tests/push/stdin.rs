//! Pushes without lines on stdin, and hook runners that do not pass stdin on.

use crate::support::client;
use crate::support::push::{BINARY, Pair, expect_refused, expect_report, from_dev_null};

#[test]
fn an_empty_push_scans_unpushed_commits() {
    let mut pair = Pair::new(3608);
    let token = pair.token();
    pair.push_passes(&["origin", "main"]);
    pair.branch("side", "main");
    let bad = pair.add("a.txt", client(&token));
    // Git writes no line for this push.
    let run = pair.push(&["origin", "main"]).expect_code(1);
    expect_report(&run, &[(&bad, "a.txt:1", &token)]);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "side"]);
    pair.push_passes(&["origin", "main"]);
}

#[test]
fn an_empty_pipe_scans_every_branch_tag_and_head() {
    let mut pair = Pair::new(3609);
    let (tagged, detached, worded) = (pair.token(), pair.token(), pair.token());
    expect_report(&pair.direct("").expect_code(0), &[]);
    pair.repo.git(&["checkout", "-q", "--detach"]);
    let tagged_at = pair.add("a.txt", client(&tagged));
    pair.repo.git(&["tag", "v1"]);
    let word = format!("about {worded}");
    pair.repo.git(&["tag", "-a", "-m", &word, "v2"]);
    pair.repo.git(&["checkout", "-q", "--detach", "main"]);
    expect_report(&pair.direct("").expect_code(1), &[(&tagged_at, "a.txt:1", &tagged), ("*", "message", &worded)]);
    pair.repo.git(&["tag", "-d", "v2"]);
    let head_at = pair.add("b.txt", client(&detached));
    let wanted = [(tagged_at.as_str(), "a.txt:1", &tagged), (head_at.as_str(), "b.txt:1", &detached)];
    expect_report(&pair.direct("").expect_code(1), &wanted);
    // Commits of another remote are not excluded.
    pair.bare("other", &[]);
    pair.repo.git(&["push", "-q", "--no-verify", "other", "HEAD:refs/heads/x"]);
    expect_report(&pair.direct("").expect_code(1), &wanted);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "HEAD:refs/heads/x"]);
    expect_report(&pair.direct("").expect_code(1), &wanted[..1]);
}

#[test]
fn a_stdin_that_is_not_gits_is_refused() {
    let pair = Pair::new(3610);
    pair.add("a.txt", "innocent\n");
    expect_refused(from_dev_null(&pair.repo, &["pre-push", "origin", "../origin.git"]).run(), &["stdin"]);
    for closed in ["<&-", "</dev/null", "</dev/tty"] {
        let script = format!("exec '{BINARY}' hook pre-push origin x {closed}");
        let run = pair.repo.call("sh", &["-c", &script]).run();
        if run.code == Some(0) || run.code == Some(1) {
            run.fail("expected an error");
        }
    }
}

#[test]
fn a_terminal_as_stdin_does_not_block() {
    let pair = Pair::new(3614);
    pair.add("a.txt", "innocent\n");
    let script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    for hook in [&["pre-push", "origin", "x"][..], &["pre-receive"]] {
        let args = [&["-c", script, BINARY, "hook"], hook].concat();
        pair.repo.call("python3", &args).run().expect_code(2).expect_has("stdin");
    }
}

#[test]
fn an_empty_pipe_with_reftable_and_without_commits() {
    for options in [&["--ref-format=reftable"][..], &["--ref-format=files"]] {
        let mut pair = Pair::init(3615, options);
        let (token, other) = (pair.token(), pair.token());
        expect_report(&pair.direct("").expect_code(0), &[]);
        pair.branch("side", "main");
        let side = pair.add("a.txt", client(&token));
        pair.repo.git(&["checkout", "-q", "--detach", "main"]);
        let head = pair.add("b.txt", client(&other));
        let wanted = [(side.as_str(), "a.txt:1", &token), (head.as_str(), "b.txt:1", &other)];
        expect_report(&pair.direct("").expect_code(1), &wanted);
        // A branch without a commit must not hide other branches.
        pair.repo.git(&["checkout", "-q", "--orphan", "unborn"]);
        expect_report(&pair.direct("").expect_code(1), &wanted[..1]);
    }
}
