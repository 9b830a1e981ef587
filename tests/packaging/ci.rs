//! The scripts of the GitHub Action and of the GitLab template, in shallow clones and with the variables of both systems.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::built::{VERSION, release, wheels};
use crate::support::runner::{ours, path};
use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, Run, View, client};

const ZEROS: &str = "0000000000000000000000000000000000000000";

/// A remote repository with a main branch that is longer than the first fetches, and clones of depth 1.
struct Remote {
    repo: Repo,
}

impl Remote {
    fn new() -> Self {
        let repo = Repo::new();
        for n in 0..60 {
            repo.stage("a.txt", format!("{n}\n"));
            repo.commit("main");
        }
        Self { repo }
    }

    fn id(&self, rev: &str) -> String {
        self.repo.git(&["rev-parse", rev]).line()
    }

    fn add(&self, path: &str, text: &str) -> String {
        self.repo.stage(path, text);
        self.repo.commit("change");
        self.id("HEAD")
    }

    /// Starts a branch at `from` with a commit that adds the token and one that removes it.
    fn leak_on_branch(&self, name: &str, from: &str, token: &Token) -> (String, String) {
        self.repo.git(&["checkout", "-q", "-b", name, from]);
        let leak = self.add("leak.txt", &client(token));
        (leak, self.add("leak.txt", "removed\n"))
    }

    /// A clone as actions/checkout and GitLab's runner make it: one commit, without a branch.
    fn checkout(&self, name: &str, rev: &str) -> View<'_> {
        let clone = self.repo.view(name);
        fs::create_dir_all(&clone.top).expect("create");
        clone.git(&["init", "-q"]);
        clone.git(&["remote", "add", "origin", &format!("file://{}", self.repo.top().display())]);
        clone.git(&["fetch", "-q", "--no-tags", "--depth=1", "origin", &self.id(rev)]);
        clone.git(&["checkout", "-q", "FETCH_HEAD"]);
        clone
    }

    fn scan(&self, clone: &View<'_>, format: &str) -> Call {
        let call = self.repo.call("sh", &[ours("packaging/ci/scan.sh").as_os_str()]).cwd(&clone.top);
        call.args(&[env!("CARGO_BIN_EXE_keysweep"), format, "report.json"])
    }

    /// The scan of an event of GitHub.
    fn github(&self, clone: &View<'_>, name: &str, reference: &str, event: &Value) -> Run {
        let path = self.repo.base().join("event.json");
        fs::write(&path, event.to_string()).expect("write the event");
        fs::write(self.summary(), "").expect("write the summary");
        self.scan(clone, "sarif")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", name)
            .env("GITHUB_EVENT_PATH", &path)
            .env("GITHUB_REF", reference)
            .env("GITHUB_STEP_SUMMARY", self.summary())
            .run()
    }

    fn pull_request(&self, clone: &View<'_>, base: &str, head: &str) -> Run {
        let event = json!({"pull_request": {"base": {"sha": base}, "head": {"sha": head}}});
        self.github(clone, "pull_request", "refs/pull/1/merge", &event)
    }

    fn push(&self, clone: &View<'_>, branch: &str, before: &str, after: &str) -> Run {
        let event = json!({"before": before, "after": after, "repository": {"default_branch": "main"}});
        self.github(clone, "push", &format!("refs/heads/{branch}"), &event)
    }

    fn summary(&self) -> PathBuf {
        self.repo.base().join("summary.md")
    }
}

fn report(clone: &View<'_>) -> Value {
    let text = fs::read(clone.top.join("report.json")).expect("read the report");
    serde_json::from_slice(&text).expect("JSON")
}

/// Expects that the token is found in the commit, in both reports, and that it is not printed.
#[track_caller]
fn expect_leak(run: Run, clone: &View<'_>, token: &Token, commit: &str) {
    let run = run.expect_code(1).expect_has(&token.redacted()).expect_has(&commit[..12]).expect_lacks(token.body());
    let report = report(clone);
    let results = report["runs"][0]["results"].as_array().or(report["vulnerabilities"].as_array());
    assert_eq!(results.map(Vec::len), Some(1), "{report}");
    run.expect_has("1 token in");
}

#[test]
fn a_pull_request_is_scanned_from_its_merge_base() {
    let mut make = Maker::new(2730);
    let (old, token) = (make.sk_live(24), make.sk_live(24));
    let remote = Remote::new();
    remote.add("old.txt", &client(&old));
    let (leak, head) = remote.leak_on_branch("topic", "main~50", &token);
    remote.repo.git(&["checkout", "-q", "-b", "merged", "main"]);
    remote.repo.git(&["merge", "-q", "--no-edit", "-s", "ours", "topic"]);

    let clone = remote.checkout("clone", "merged");
    let run = remote.pull_request(&clone, &remote.id("main"), &head);
    expect_leak(run.expect_has("::error file=leak.txt,line=1,").expect_lacks(&old.redacted()), &clone, &token, &leak);
    let summary = fs::read_to_string(remote.summary()).expect("read the summary");
    assert!(summary.contains("1 finding") && !summary.contains(token.body()), "{summary}");

    remote.repo.git(&["checkout", "-q", "-b", "clean", "main~50"]);
    let head = remote.add("b.txt", "innocent\n");
    let clone = remote.checkout("second", "clean");
    remote.pull_request(&clone, &remote.id("main"), &head).expect_code(0).expect_lacks("::error");
    assert_eq!(report(&clone)["runs"][0]["results"], json!([]));
}

/// The clone of depth 1 ends inside of the change, at the end of a side branch that was merged into it.
#[test]
fn a_clone_is_deepened_to_every_commit_of_the_change() {
    let token = Maker::new(2731).sk_live(24);
    let remote = Remote::new();
    let (leak, _) = remote.leak_on_branch("side", "main~59", &token);
    for n in 0..30 {
        remote.add("side.txt", &format!("{n}\n"));
    }
    remote.repo.git(&["checkout", "-q", "-b", "topic", "main"]);
    remote.add("b.txt", "innocent\n");
    remote.repo.git(&["merge", "-q", "--no-edit", "side", "-X", "ours"]);
    let clone = remote.checkout("clone", "topic");
    let run = remote.pull_request(&clone, &remote.id("main"), &remote.id("topic"));
    expect_leak(run, &clone, &token, &leak);
}

#[test]
fn a_change_cannot_allow_its_own_tokens() {
    let token = Maker::new(2732).sk_live(24);
    let allow = format!("[allow]\nfingerprints = [{{ id = \"{}\", reason = \"a test\" }}]\n", token.fingerprint());
    let remote = Remote::new();
    let base = remote.id("main");
    let (leak, _) = remote.leak_on_branch("topic", "main", &token);
    let head = remote.add(".keysweep.toml", &allow);
    let clone = remote.checkout("clone", "topic");
    let run = remote.pull_request(&clone, &base, &head).expect_has(".keysweep.toml");
    expect_leak(run, &clone, &token, &leak);
    let run = remote.push(&clone, "topic", &base, &head).expect_has(".keysweep.toml");
    expect_leak(run, &clone, &token, &leak);

    let entry = json!({ "fingerprint": token.fingerprint(), "path": "leak.txt", "rule": "x", "reason": "x", "added": "2026-01-01" });
    let head = remote.add(".keysweep-baseline", &format!("{entry}\n"));
    let clone = remote.checkout("baseline", "topic");
    let run = remote.pull_request(&clone, &base, &head).expect_has("to .keysweep-baseline");
    expect_leak(run, &clone, &token, &leak);

    // What was there before counts.
    remote.repo.git(&["checkout", "-q", "main"]);
    let base = remote.add(".keysweep.toml", &allow);
    let (_, head) = remote.leak_on_branch("allowed", "main", &token);
    let clone = remote.checkout("second", "allowed");
    remote.pull_request(&clone, &base, &head).expect_code(0);
    remote.push(&clone, "allowed", &base, &head).expect_code(0);
}

#[test]
fn a_change_cannot_add_its_own_tokens_to_the_baseline() {
    let token = Maker::new(2737).sk_live(24);
    let remote = Remote::new();
    let base = remote.id("main");
    let (leak, _) = remote.leak_on_branch("topic", "main", &token);
    remote.repo.keysweep(&["baseline"]).expect_code(0);
    let baseline = fs::read_to_string(remote.repo.path(".keysweep-baseline")).expect("read the baseline");
    let head = remote.add(".keysweep-baseline", &baseline);
    let clone = remote.checkout("clone", "topic");
    let run = remote.pull_request(&clone, &base, &head).expect_has("to .keysweep-baseline");
    expect_leak(run, &clone, &token, &leak);

    // What was there before counts.
    remote.repo.git(&["checkout", "-q", "main"]);
    let base = remote.add(".keysweep-baseline", &baseline);
    let (_, head) = remote.leak_on_branch("covered", "main", &token);
    let clone = remote.checkout("second", "covered");
    remote.pull_request(&clone, &base, &head).expect_code(0).expect_lacks("::error");
}

#[test]
fn pushes() {
    let token = Maker::new(2733).sk_live(24);
    let remote = Remote::new();
    let before = remote.id("main~30");
    let (leak, head) = remote.leak_on_branch("topic", "main", &token);

    let clone = remote.checkout("clone", "topic");
    expect_leak(remote.push(&clone, "topic", &before, &head), &clone, &token, &leak);
    remote.push(&clone, "topic", &leak, &head).expect_code(0);
    // A new branch: what the default branch lacks.
    let clone = remote.checkout("new", "topic");
    expect_leak(remote.push(&clone, "topic", ZEROS, &head), &clone, &token, &leak);
    // A forced push, whose old tip is gone.
    let clone = remote.checkout("forced", "topic");
    let gone = "1234567812345678123456781234567812345678";
    expect_leak(remote.push(&clone, "topic", gone, &head).expect_has("is gone"), &clone, &token, &leak);
    // The first push of the default branch.
    let clone = remote.checkout("first", "topic");
    let event = json!({"before": ZEROS, "after": head, "repository": {"default_branch": "topic"}});
    expect_leak(remote.github(&clone, "push", "refs/heads/topic", &event), &clone, &token, &leak);
    // A deleted branch.
    remote.push(&clone, "topic", &head, ZEROS).expect_code(0).expect_has("nothing to scan");
    // A queue of merges.
    let clone = remote.checkout("queue", "topic");
    let event = json!({"merge_group": {"base_sha": before, "head_sha": head}});
    expect_leak(remote.github(&clone, "merge_group", "refs/heads/queue", &event), &clone, &token, &leak);
    let other = remote.github(&clone, "schedule", "refs/heads/main", &json!({}));
    other.expect_code(2).expect_has("the event is schedule");
}

#[test]
fn a_clone_that_cannot_be_deepened_is_an_error() {
    let remote = Remote::new();
    remote.repo.git(&["checkout", "-q", "-b", "topic", "main~50"]);
    let head = remote.add("b.txt", "innocent\n");
    let clone = remote.checkout("clone", "topic");
    clone.git(&["remote", "set-url", "origin", "/nowhere"]);
    for run in [
        remote.pull_request(&clone, &remote.id("main"), &head),
        remote.push(&clone, "topic", &remote.id("main~50"), &head),
        remote.push(&clone, "topic", ZEROS, &head),
    ] {
        run.expect_code(2).expect_has("cannot find what this change introduces").expect_has("fetch-depth: 0");
    }
    assert!(!clone.top.join("report.json").exists(), "no scan, no report");
}

#[test]
fn gitlab() {
    let token = Maker::new(2734).sk_live(24);
    let remote = Remote::new();
    let base = remote.id("main~50");
    let (leak, head) = remote.leak_on_branch("topic", "main~50", &token);
    let job = |clone: &View<'_>, source: &str, before: &str| {
        remote
            .scan(clone, "gitlab")
            .env("GITLAB_CI", "true")
            .env("CI_PIPELINE_SOURCE", source)
            .env("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base)
            .env("CI_COMMIT_BEFORE_SHA", before)
            .env("CI_COMMIT_SHA", &head)
            .env("CI_COMMIT_BRANCH", "topic")
            .env("CI_DEFAULT_BRANCH", "main")
            .run()
    };
    for (name, source, before) in
        [("request", "merge_request_event", ZEROS), ("push", "push", base.as_str()), ("new", "push", ZEROS)]
    {
        let clone = remote.checkout(name, "topic");
        expect_leak(job(&clone, source, before), &clone, &token, &leak);
        assert_eq!(report(&clone)["scan"]["type"], "secret_detection");
    }
    let clone = remote.checkout("schedule", "topic");
    job(&clone, "schedule", ZEROS).expect_code(2).expect_has("started by schedule");
}

/// The commands in the YAML file of a release that follow `key`.
fn commands(file: &str, key: &str) -> Vec<String> {
    let text = fs::read_to_string(release().join(file)).expect("read the file");
    text.lines().filter_map(|line| line.trim_start().strip_prefix(key)).map(str::to_owned).collect()
}

/// Runs the commands of a job, without Rust and with the folder of the wheel as the package index, until one fails.
fn job(remote: &Remote, clone: &View<'_>, commands: &[String], variables: &[(&str, String)]) -> Run {
    let call = remote.repo.call("sh", &["-exc", &commands.join("\n")]).cwd(&clone.top);
    let call = call.env("PATH", path(Vec::new(), "cargo")).env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", wheels());
    variables.iter().fold(call, |call, (name, value)| call.env(name, value)).run()
}

#[test]
fn the_commands_of_the_action_run() {
    let token = Maker::new(2735).sk_live(24);
    let remote = Remote::new();
    let before = remote.id("main");
    let (leak, head) = remote.leak_on_branch("topic", "main", &token);
    let clone = remote.checkout("clone", "topic");
    let at = |name: &str| remote.repo.base().join(name).display().to_string();
    let event = json!({"before": before, "after": head, "repository": {"default_branch": "main"}});
    fs::write(at("event.json"), event.to_string()).expect("write the event");
    let variables = [
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_ACTION_PATH", release().display().to_string()),
        ("GITHUB_EVENT_NAME", "push".to_owned()),
        ("GITHUB_EVENT_PATH", at("event.json")),
        ("GITHUB_OUTPUT", at("output")),
        ("GITHUB_REF", "refs/heads/topic".to_owned()),
        ("RUNNER_TEMP", at("temp")),
        ("REPORT", "report.json".to_owned()),
    ];
    let mut commands = commands("action.yml", "- run: ");
    commands.extend(self::commands("action.yml", "run: "));
    assert_eq!(commands.len(), 2, "{commands:?}");
    expect_leak(job(&remote, &clone, &commands, &variables), &clone, &token, &leak);
    assert_eq!(fs::read_to_string(at("output")).expect("read the output"), "report=report.json\n");
}

#[test]
fn the_commands_of_the_template_run() {
    let token = Maker::new(2736).sk_live(24);
    let remote = Remote::new();
    let base = remote.id("main");
    let (leak, head) = remote.leak_on_branch("topic", "main", &token);
    let clone = remote.checkout("clone", "topic");
    let variables = [
        ("GITLAB_CI", "true".to_owned()),
        ("CI_PIPELINE_SOURCE", "merge_request_event".to_owned()),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base),
        ("CI_COMMIT_SHA", head),
        ("KEYSWEEP_DIR", remote.repo.base().join("keysweep").display().to_string()),
        ("KEYSWEEP_REF", format!("v{VERSION}")),
        ("KEYSWEEP_REPOSITORY", format!("file://{}", release().display())),
    ];
    let mut commands =
        commands("packaging/ci/gitlab.yml", "- git ").into_iter().map(|rest| format!("git {rest}")).collect::<Vec<_>>();
    commands.extend(self::commands("packaging/ci/gitlab.yml", "- sh ").into_iter().map(|rest| format!("sh {rest}")));
    assert_eq!(commands.len(), 3, "{commands:?}");
    let run = job(&remote, &clone, &commands, &variables);
    fs::rename(clone.top.join("gl-secret-detection-report.json"), clone.top.join("report.json")).expect("the report");
    expect_leak(run, &clone, &token, &leak);
    let template = fs::read_to_string(release().join("packaging/ci/gitlab.yml")).expect("read the template");
    assert!(
        template.contains(&format!("KEYSWEEP_REF: v{VERSION}\n")) && template.contains("image: python:"),
        "{template}"
    );
}
