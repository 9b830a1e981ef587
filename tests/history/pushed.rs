//! When a token left this clone: the first push that a tracking ref recorded.

use serde_json::{Value, json};

use crate::support::history::{finding_of, history};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client};

/// A repository with a remote, whose commits and pushes have dates.
struct Fixture {
    repo: Repo,
    make: Maker,
    remote: tempfile::TempDir,
}

impl Fixture {
    fn new(seed: u64, options: &[&str]) -> Self {
        let remote = tempfile::tempdir().expect("a folder");
        let fixture = Self { repo: Repo::init(options), make: Maker::new(seed), remote };
        fixture.repo.git(&["init", "-q", "--bare", &fixture.url()]);
        fixture.repo.git(&["remote", "add", "origin", &fixture.url()]);
        fixture
    }

    fn url(&self) -> String {
        self.remote.path().display().to_string()
    }

    /// Runs a git command on a day and hour of March 2024, UTC.
    fn git_at(&self, time: &str, args: &[&str]) -> Run {
        let date = format!("2024-03-{time}:00+00:00");
        let call = self.repo.git_call(args).env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        call.run().expect_code(0)
    }

    fn commit_at(&self, time: &str, path: &str, text: impl AsRef<[u8]>) {
        self.repo.stage(path, text);
        self.git_at(time, &["commit", "-q", "-m", "a change"]);
    }

    #[track_caller]
    fn pushed(&self, token: &Token) -> Value {
        finding_of(&history(&self.repo).expect_code(1), token)["pushed"].clone()
    }

    #[track_caller]
    fn expect_line(&self, part: &str) {
        let report = self.repo.keysweep(&["history"]).expect_code(1);
        let out = report.out().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(out.contains(part), "{}", report.all());
    }
}

fn push(date: &str, name: &str) -> Value {
    json!({
        "date": date,
        "ref": name,
        "at_remote": "files",
        "still_in": [name],
        "removed_after": null,
        "removed_locally_after": null
    })
}

/// `push` with some other values.
fn with(mut push: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().expect("an object") {
        push[key] = value.clone();
    }
    push
}

const HOUR: u64 = 3_600;

#[test]
fn the_first_push_with_the_token_counts_in_both_ref_formats() {
    for (seed, options) in [(8600, &[][..]), (8601, &["--ref-format=reftable"])] {
        let mut fixture = Fixture::new(seed, options);
        let token = fixture.make.sk_live(24);
        fixture.commit_at("01T08:00", "a.txt", "innocent\n");
        fixture.git_at("01T09:00", &["push", "-q", "origin", "HEAD:refs/heads/main"]);
        fixture.commit_at("02T08:00", "a.txt", client(&token));
        assert_eq!(fixture.pushed(&token), Value::Null, "not pushed yet");
        fixture.commit_at("02T09:00", "b.txt", "more\n");
        fixture.git_at("02T10:02", &["push", "-q", "origin", "HEAD:refs/heads/topic"]);
        fixture.git_at("02T11:00", &["push", "-q", "origin", "HEAD:refs/heads/main"]);
        let (main, topic) = ("refs/remotes/origin/main", "refs/remotes/origin/topic");
        let first = push("2024-03-02T10:02:00+00:00", topic);
        assert_eq!(fixture.pushed(&token), with(first.clone(), &json!({ "still_in": [main, topic] })));
        // Forty-one hours after the push.
        fixture.commit_at("04T03:02", "a.txt", "innocent again\n");
        let local = json!({ "still_in": [main, topic], "removed_locally_after": 41 * HOUR });
        assert_eq!(fixture.pushed(&token), with(first.clone(), &local));
        let since = "removed locally 41 h later, but still in origin/main and origin/topic";
        fixture.expect_line(&format!(
            "pushed: 2024-03-02 10:02 UTC to origin/topic, {since} (as far as this clone knows)"
        ));
        fixture.git_at("04T04:02", &["push", "-q", "origin", "HEAD:refs/heads/topic"]);
        let half = json!({ "still_in": [main], "removed_locally_after": 41 * HOUR });
        assert_eq!(fixture.pushed(&token), with(first.clone(), &half));
        // The last branch has lost it 43 hours after the first push.
        fixture.git_at("04T05:02", &["push", "-q", "origin", "HEAD:refs/heads/main"]);
        fixture.git_at("04T06:02", &["push", "-q", "origin", "HEAD:refs/heads/new"]);
        let removed = json!({ "at_remote": "history", "still_in": [], "removed_after": 43 * HOUR, "removed_locally_after": 41 * HOUR });
        assert_eq!(fixture.pushed(&token), with(first, &removed));
        fixture.expect_line(
            "2024-03-02 10:02 UTC to origin/topic, removal pushed 43 h later (as far as this clone knows)",
        );
    }
}

#[test]
fn a_removal_by_another_clone_has_the_date_of_its_commit() {
    let mut fixture = Fixture::new(8605, &[]);
    let token = fixture.make.sk_live(24);
    fixture.commit_at("02T08:00", "a.txt", client(&token));
    fixture.git_at("02T10:00", &["push", "-q", "origin", "HEAD:refs/heads/main"]);
    let first = push("2024-03-02T10:00:00+00:00", "refs/remotes/origin/main");
    let base = fixture.repo.git(&["rev-parse", "HEAD"]).line();
    fixture.commit_at("02T13:00", "a.txt", "innocent\n");
    // Git does not recognize this URL as the one of the remote, so it records no push.
    fixture.git_at("03T09:00", &["push", "-q", &format!("file://{}", fixture.url()), "HEAD:refs/heads/main"]);
    fixture.git_at("03T10:00", &["fetch", "-q", "origin"]);
    let removed =
        json!({ "at_remote": "history", "still_in": [], "removed_after": 3 * HOUR, "removed_locally_after": 3 * HOUR });
    assert_eq!(fixture.pushed(&token), with(first.clone(), &removed));
    fixture.expect_line("to origin/main, removed 3 h later (as far as this clone knows)");
    // HEAD of this clone still has it.
    fixture.git_at("03T11:00", &["reset", "-q", "--hard", &base]);
    let removed = json!({ "at_remote": "history", "still_in": [], "removed_after": 3 * HOUR });
    assert_eq!(fixture.pushed(&token), with(first, &removed));
}

#[test]
fn a_branch_that_was_rewritten_no_longer_reaches_the_token() {
    let mut fixture = Fixture::new(8606, &[]);
    let token = fixture.make.sk_live(24);
    fixture.commit_at("01T08:00", "b.txt", "innocent\n");
    fixture.commit_at("02T08:00", "a.txt", client(&token));
    fixture.git_at("02T10:00", &["push", "-q", "origin", "HEAD:refs/heads/main"]);
    let first = push("2024-03-02T10:00:00+00:00", "refs/remotes/origin/main");
    fixture.git_at("03T10:00", &["reset", "-q", "--hard", "HEAD^"]);
    assert_eq!(fixture.pushed(&token), first);
    fixture.git_at("03T10:00", &["push", "-q", "-f", "origin", "HEAD:refs/heads/main"]);
    let gone = json!({ "at_remote": "unreachable", "still_in": [] });
    assert_eq!(fixture.pushed(&token), with(first, &gone));
    fixture.expect_line("to origin/main, no longer on a remote branch (as far as this clone knows)");
}

#[test]
fn a_token_in_a_message_stays_in_the_history() {
    let mut fixture = Fixture::new(8607, &[]);
    let token = fixture.make.sk_live(24);
    fixture.repo.stage("a.txt", "innocent\n");
    fixture.git_at("02T08:00", &["commit", "-q", "-m", &client(&token)]);
    fixture.git_at("02T10:00", &["push", "-q", "origin", "HEAD:refs/heads/main"]);
    let first = push("2024-03-02T10:00:00+00:00", "refs/remotes/origin/main");
    assert_eq!(fixture.pushed(&token), with(first, &json!({ "at_remote": "history", "still_in": [] })));
    fixture.expect_line("UTC to origin/main (as far as this clone knows)");
}

#[test]
fn a_fetch_is_no_push() {
    let mut fixture = Fixture::new(8602, &[]);
    let token = fixture.make.sk_live(24);
    fixture.commit_at("02T08:00", "a.txt", client(&token));
    // Git does not recognize this URL as the one of the remote, so it records no push.
    fixture.git_at("02T09:00", &["push", "-q", &format!("file://{}", fixture.url()), "HEAD:refs/heads/main"]);
    fixture.git_at("02T10:00", &["fetch", "-q", "origin"]);
    let recorded = fixture.repo.git(&["reflog", "show", "refs/remotes/origin/main"]).line();
    assert!(recorded.contains("fetch"), "{recorded}");
    assert_eq!(fixture.pushed(&token), Value::Null);
}

#[test]
fn a_token_that_was_removed_before_the_push_has_no_time_of_exposure() {
    let mut fixture = Fixture::new(8603, &[]);
    let token = fixture.make.sk_live(24);
    fixture.commit_at("02T08:00", "a.txt", client(&token));
    fixture.commit_at("02T09:00", "a.txt", "innocent\n");
    fixture.git_at("02T10:00", &["push", "-q", "origin", "HEAD:refs/heads/main"]);
    let first = push("2024-03-02T10:00:00+00:00", "refs/remotes/origin/main");
    assert_eq!(fixture.pushed(&token), with(first, &json!({ "at_remote": "history", "still_in": [] })));
}

#[test]
fn a_forged_time_in_a_reflog_is_no_crash() {
    let mut fixture = Fixture::new(8604, &[]);
    let token = fixture.make.sk_live(24);
    fixture.commit_at("02T08:00", "a.txt", client(&token));
    fixture.git_at("02T09:00", &["push", "-q", "origin", "HEAD:refs/heads/main"]);
    fixture.commit_at("02T10:00", "a.txt", "innocent\n");
    let log = fixture.repo.path(".git/logs/refs/remotes/origin/main");
    let text = std::fs::read_to_string(&log).expect("a reflog");
    for time in ["-9223372036854775808", "9223372036854775807", "99999999999999999999", "x", ""] {
        std::fs::write(&log, text.replace(" 1709370000 ", &format!(" {time} "))).expect("a forged reflog");
        assert_ne!(std::fs::read_to_string(&log).expect("a reflog"), text);
        fixture.pushed(&token);
    }
}
