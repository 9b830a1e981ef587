//! A push to a server cannot allow its own tokens.

use crate::command::FILE;
use crate::support::server::ServerFixture;
use crate::support::token::Token;
use crate::support::{client, note};

fn entry(token: &Token, path: &str) -> String {
    let id = token.fingerprint();
    format!(
        "{{\"fingerprint\":\"{id}\",\"path\":\"{path}\",\"rule\":\"x\",\"reason\":\"x\",\"added\":\"2026-01-01\"}}\n"
    )
}

#[test]
fn the_entries_of_a_push_are_named_and_not_in_force() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut fixture = ServerFixture::new(9351, hook);
        let token = fixture.token();
        fixture.client.stage(FILE, entry(&token, "a.py"));
        let bad = fixture.add("a.py", client(&token));
        let run = fixture.client.git_call(&["push", "-q", "origin", "main"]).run().expect_code(1);
        let report = fixture.report(run);
        let notes = report.summary()["notes"].to_string();
        let wanted = "the push to refs/heads/main adds 1 entry to .keysweep-baseline, not used in this scan: ";
        assert!(notes.contains(wanted) && notes.contains("a.py"), "{notes}");
        fixture.expect_rejected(&["main"], &[(&bad, "a.py:1", &token)]);
        // A new branch is no way around that.
        fixture.expect_rejected(&["main:other"], &[(&bad, "a.py:1", &token)]);
        // The entry alone may come, and then it is in force for the next push.
        fixture.client.git(&["reset", "-q", "--hard", "HEAD~1"]);
        fixture.add(FILE, entry(&token, "a.py"));
        fixture.expect_accepted(&["main"]);
        fixture.add("a.py", client(&token));
        fixture.expect_accepted(&["main"]);
        // A new branch is judged by its merge base with the default branch.
        fixture.client.git(&["checkout", "-q", "-b", "topic"]);
        fixture.add("a.py", format!("\n{}", client(&token)));
        fixture.expect_accepted(&["topic"]);
    }
}

#[test]
fn the_allowlist_of_a_push_is_named_and_not_in_force() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut fixture = ServerFixture::new(9352, hook);
        let token = fixture.token();
        fixture.client.stage(".keysweep.toml", "[allow]\npaths = ['*.py']\n");
        let bad = fixture.add("a.py", client(&token));
        let run = fixture.client.git_call(&["push", "-q", "origin", "main"]).run().expect_code(1);
        let notes = fixture.report(run).summary()["notes"].to_string();
        assert!(
            notes.contains("the push to refs/heads/main changes .keysweep.toml, which was used as it was"),
            "{notes}"
        );
        fixture.expect_rejected(&["main"], &[(&bad, "a.py:1", &token)]);
        fixture.expect_rejected(&["main:other"], &[(&bad, "a.py:1", &token)]);
        fixture.client.git(&["reset", "-q", "--hard", "HEAD~1"]);
        fixture.add(".keysweep.toml", "[allow]\npaths = ['*.py']\n");
        fixture.expect_accepted(&["main"]);
        fixture.add("a.py", client(&token));
        fixture.expect_accepted(&["main"]);
        fixture.client.git(&["checkout", "-q", "-b", "topic"]);
        fixture.add("b.py", client(&token));
        fixture.expect_accepted(&["topic"]);
    }
}

#[test]
fn a_broken_baseline_of_a_push_is_named_and_does_not_stop_it() {
    let fixture = ServerFixture::new(9353, "pre-receive");
    fixture.add(FILE, "nonsense\n");
    let run = fixture.client.git_call(&["push", "-q", "origin", "main"]).run().expect_code(0);
    let notes = fixture.report(run).summary()["notes"].to_string();
    assert!(notes.contains("the push to refs/heads/main has an invalid .keysweep-baseline"), "{notes}");
}
