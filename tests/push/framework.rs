//! The variables of pre-commit and prek. They describe the first ref of a push, and not in every case.

use crate::support::Call;
use crate::support::push::{ExpectedFinding, Pair, ZERO, expect_refused, expect_report, from_dev_null};
use crate::support::{client, note};

const REMOTE: (&str, &str) = ("PRE_COMMIT_REMOTE_NAME", "origin");

/// Runs the hook as a framework does: with variables, without arguments, and with an empty pipe or /dev/null as stdin.
fn call_as_framework(pair: &Pair, variables: &[(&str, &str)], piped: bool) -> Call {
    let call = if piped {
        pair.repo.keysweep_call(&["hook", "--format", "jsonl", "pre-push"])
    } else {
        from_dev_null(&pair.repo, &["pre-push"])
    };
    variables.iter().fold(call, |call, (name, value)| call.env(name, value)).env("PRE_COMMIT", "1")
}

#[track_caller]
fn expect_reported(pair: &Pair, variables: &[(&str, &str)], wanted: &[ExpectedFinding]) {
    for piped in [true, false] {
        note(format!("piped: {piped}"));
        let run = call_as_framework(pair, variables, piped).run().expect_code(i32::from(!wanted.is_empty()));
        expect_report(&run, wanted);
    }
}

#[test]
fn the_commits_between_from_and_to_are_scanned() {
    let mut pair = Pair::new(3700);
    let token = pair.token();
    let base = pair.oid("HEAD");
    let bad = pair.add("a.txt", client(&token));
    let tip = pair.add("a.txt", "innocent\n");
    let named = |from, to| [("PRE_COMMIT_FROM_REF", from), ("PRE_COMMIT_TO_REF", to), REMOTE];
    let wanted = [(bad.as_str(), "a.txt:1", &token)];
    expect_reported(&pair, &named(&base, &tip), &wanted);
    expect_reported(&pair, &named("main~2", "main"), &wanted);
    expect_reported(&pair, &named("origin/main", "HEAD"), &wanted);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    pair.add("b.txt", "innocent\n");
    expect_reported(&pair, &named(&tip, "HEAD"), &[]);
}

#[test]
fn to_alone_and_a_branch_alone_are_scanned_against_the_remote() {
    let mut pair = Pair::new(3701);
    let token = pair.token();
    let bad = pair.add("a.txt", client(&token));
    let tip = pair.add("a.txt", "innocent\n");
    let wanted = [(bad.as_str(), "a.txt:1", &token)];
    expect_reported(&pair, &[("PRE_COMMIT_TO_REF", &tip), REMOTE], &wanted);
    expect_reported(&pair, &[("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main"), REMOTE], &wanted);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    expect_reported(&pair, &[("PRE_COMMIT_TO_REF", &tip), REMOTE], &[]);
    expect_reported(&pair, &[("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main"), REMOTE], &[]);
}

#[test]
fn a_first_push_of_a_root_is_scanned_from_the_root() {
    let mut pair = Pair::new(3702);
    let token = pair.token();
    pair.bare("empty", &[]);
    pair.repo.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    let root = pair.oid("HEAD");
    let bad = pair.add("a.txt", client(&token));
    let wanted = [(root.as_str(), "old.txt:2", &pair.old), (bad.as_str(), "a.txt:1", &token)];
    let empty = ("PRE_COMMIT_REMOTE_NAME", "empty");
    expect_reported(&pair, &[("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main"), empty], &wanted);
}

#[test]
fn refs_missing_from_the_variables_are_scanned_too() {
    let mut pair = Pair::new(3703);
    let (token, tagged) = (pair.token(), pair.token());
    let base = pair.oid("HEAD");
    pair.branch("second", "main");
    let second = pair.add("a.txt", client(&token));
    pair.repo.git(&["checkout", "-q", "--detach", "main"]);
    let third = pair.add("b.txt", client(&tagged));
    pair.repo.git(&["tag", "v1"]);
    pair.repo.git(&["checkout", "-q", "main"]);
    let tip = pair.add("c.txt", "innocent\n");
    let wanted = [(second.as_str(), "a.txt:1", &token), (third.as_str(), "b.txt:1", &tagged)];
    expect_reported(&pair, &[("PRE_COMMIT_FROM_REF", &base), ("PRE_COMMIT_TO_REF", &tip), REMOTE], &wanted);
    expect_reported(&pair, &[("PRE_COMMIT_TO_REF", &tip), REMOTE], &wanted);
}

#[test]
fn lines_on_stdin_take_precedence_over_variables() {
    let mut pair = Pair::new(3704);
    let (token, other) = (pair.token(), pair.token());
    let base = pair.oid("HEAD");
    pair.branch("reported", "main");
    pair.add("a.txt", client(&token));
    pair.branch("pushed", "main");
    let bad = pair.add("b.txt", client(&other));
    let line = format!("refs/heads/pushed {bad} refs/heads/pushed {ZERO}\n");
    let run = pair.direct_call().stdin(line).env("PRE_COMMIT", "1").env("PRE_COMMIT_FROM_REF", &base);
    let run = run.env("PRE_COMMIT_TO_REF", "reported").run().expect_code(1);
    expect_report(&run, &[(&bad, "b.txt:1", &other)]);
}

#[test]
fn a_framework_without_refs_is_refused() {
    let pair = Pair::new(3705);
    for variables in [&[][..], &[REMOTE], &[("PRE_COMMIT_FROM_REF", "HEAD"), REMOTE]] {
        for piped in [true, false] {
            note(format!("{variables:?}, piped: {piped}"));
            expect_refused(call_as_framework(&pair, variables, piped).run(), &["framework", "--from-ref"]);
        }
    }
}

#[test]
fn a_ref_of_the_framework_that_is_unknown_is_refused() {
    let pair = Pair::new(3706);
    let unknown = "1".repeat(40);
    for (from, to) in [("HEAD", unknown.as_str()), (&unknown, "HEAD"), ("HEAD", "nowhere"), ("nowhere", "HEAD")] {
        let call = pair.repo.keysweep_call(&["hook", "--format", "jsonl", "pre-push"]).env("PRE_COMMIT", "1");
        let call = call.env("PRE_COMMIT_FROM_REF", from).env("PRE_COMMIT_TO_REF", to).env(REMOTE.0, REMOTE.1);
        // The message shortens a long hex value until the rules are loaded.
        let name = if from == "HEAD" { to } else { from };
        let word = if name == unknown { "cannot find the commit" } else { name };
        expect_refused(call.run(), &[word]);
    }
}

#[test]
fn a_requested_range_is_scanned_although_the_remote_has_it() {
    // A CI job that runs `pre-commit run --hook-stage pre-push --from-ref A --to-ref B` sets no remote.
    let mut pair = Pair::new(3707);
    let token = pair.token();
    let bad = pair.add("a.txt", client(&token));
    pair.add("a.txt", "innocent\n");
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    let wanted = [(bad.as_str(), "a.txt:1", &token)];
    expect_reported(&pair, &[("PRE_COMMIT_FROM_REF", "main~2"), ("PRE_COMMIT_TO_REF", "main")], &wanted);
    expect_reported(&pair, &[("PRE_COMMIT_FROM_REF", "main~1"), ("PRE_COMMIT_TO_REF", "main")], &[]);
}

/// A push from inside another hook inherits its variables. Git passes the remote as an argument, and a framework never
/// does.
#[test]
fn variables_of_an_outer_hook_are_ignored_if_git_passes_the_remote() {
    let mut pair = Pair::new(3708);
    let (token, detached) = (pair.token(), pair.token());
    let base = pair.oid("HEAD");
    let bad = pair.add("a.txt", client(&token));
    let unknown = "1".repeat(40);
    for outer in [base.as_str(), &unknown] {
        let leftover = |call: Call| {
            let call = call.env("PRE_COMMIT", "1").env("PREK_HOOK_STAGE", "pre-push").env("PRE_COMMIT_TO_REF", outer);
            call.env("PRE_COMMIT_FROM_REF", outer).env("PRE_COMMIT_REMOTE_NAME", "origin")
        };
        let run = leftover(pair.repo.git_call(&["push", "origin", "main"])).run().expect_code(1);
        expect_report(&run, &[(&bad, "a.txt:1", &token)]);
        let run = leftover(pair.direct_call()).run().expect_code(1);
        expect_report(&run, &[(&bad, "a.txt:1", &token)]);
        // The pushed commits are unknown and may be on no branch.
        expect_refused(leftover(from_dev_null(&pair.repo, &["pre-push", "origin", "x"])).run(), &["standard input"]);
    }
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    pair.repo.git(&["checkout", "-q", "--detach"]);
    let at = pair.add("b.txt", client(&detached));
    pair.repo.git(&["checkout", "-q", "main"]);
    let call = pair.repo.git_call(&["push", "origin", &format!("{at}:refs/heads/x")]);
    let call = call.env("PRE_COMMIT", "1").env("PRE_COMMIT_FROM_REF", &base).env("PRE_COMMIT_TO_REF", &base);
    expect_report(&call.run().expect_code(1), &[(&at, "b.txt:1", &detached)]);
}
