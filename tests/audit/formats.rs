//! Options, formats and exit codes.

use serde_json::Value;

use crate::support::token::Maker;
use crate::support::{Repo, client};
use crate::{audit, package};

fn with_a_failure() -> Repo {
    let mut make = Maker::new(60);
    let repo = Repo::new();
    repo.stage("a b/é.py", client(&make.sk_live(24)));
    repo.stage("package.json", package(&["next"]));
    repo.stage(".gitignore", ".env*\n");
    repo.write(".env", "NEXT_PUBLIC_ATTIO_API_KEY=\n");
    repo
}

#[test]
fn the_exit_code_follows_the_worst_status() {
    let repo = with_a_failure();
    audit(&repo, &[]).expect_code(1);
    audit(&repo, &["client-variable", "env-ignored"]).expect_code(0);
    audit(&repo, &["client-variable", "env-ignored", "--strict"]).expect_code(1);
    audit(&repo, &["env-ignored", "--strict"]).expect_code(0);
    audit(&repo, &["env-ignore"]).expect_code(2).expect_has("did you mean env-ignored?");
    audit(&repo, &["--format", "github"]).expect_code(2);
    audit(&Repo::none(), &[]).expect_code(2);
    let bare = Repo::init(&["--bare"]);
    audit(&bare, &[]).expect_code(2).expect_has("it has no worktree");
}

#[test]
fn quiet_prints_problems_only() {
    let repo = with_a_failure();
    let run = audit(&repo, &["--quiet", "keys-in-code", "scopes"]).expect_code(1);
    assert!(run.out().contains("keys-in-code") && !run.out().contains("scopes"), "{}", run.out());
    assert_eq!(audit(&repo, &["--quiet", "scopes"]).expect_code(0).out(), "");
}

#[test]
fn a_check_is_run_from_any_folder() {
    let repo = with_a_failure();
    repo.keysweep_call(&["audit", "keys-in-code"]).cwd(repo.path("a b")).run().expect_code(1).expect_has("a b/é.py:1");
}

#[test]
fn lines_and_documents_have_the_same_objects() {
    let repo = with_a_failure();
    let document: Value = serde_json::from_slice(&audit(&repo, &["--format", "json"]).stdout).expect("JSON");
    let lines = audit(&repo, &["--format", "jsonl"]).objects();
    let checks = document["checks"].as_array().expect("checks");
    assert_eq!(lines.len(), checks.len() + 1);
    for (line, check) in lines.iter().zip(checks) {
        assert_eq!(line["type"], "check");
        assert_eq!((&line["check"], &line["status"]), (&check["check"], &check["status"]));
        for key in ["check", "rule", "status", "why", "places", "help", "accepted"] {
            assert!(!check[key].is_null(), "{key}: {check:#}");
        }
    }
    let summary = &document["summary"];
    let statuses = ["fail", "suspect", "unknown", "pass", "not-applicable", "accepted"];
    let total: u64 = statuses.iter().filter_map(|status| summary[status].as_u64()).sum();
    assert_eq!(total, checks.len() as u64);
}

#[test]
fn sarif_has_a_result_for_each_place() {
    let repo = with_a_failure();
    let document: Value = serde_json::from_slice(&audit(&repo, &["--format", "sarif"]).stdout).expect("JSON");
    let run = &document["runs"][0];
    let results = run["results"].as_array().expect("results");
    let uri = |result: &Value| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    let of = |rule: &str| results.iter().find(|one| one["ruleId"] == rule).unwrap_or_else(|| panic!("{rule}"));
    assert_eq!(uri(of("keys-in-code")), "a%20b/%C3%A9.py");
    assert_eq!(of("keys-in-code")["level"], "error");
    assert_eq!(of("client-variable")["level"], "warning");
    assert_eq!(uri(of("hook-live")), ".git/audit/hook-live");
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(run["tool"]["driver"]["rules"][at]["id"], result["ruleId"]);
    }
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn a_report_goes_into_a_file() {
    let repo = with_a_failure();
    audit(&repo, &["--format", "json", "--output", "r.json"]).expect_code(1);
    let document: Value = serde_json::from_slice(&std::fs::read(repo.path("r.json")).expect("a file")).expect("JSON");
    assert_eq!(document["version"], 1);
}

#[test]
fn every_check_is_explained() {
    let repo = with_a_failure();
    let document: Value = serde_json::from_slice(&audit(&repo, &["--format", "json"]).stdout).expect("JSON");
    for check in document["checks"].as_array().expect("checks") {
        let name = check["check"].as_str().expect("a name");
        audit(&repo, &["--explain", name]).expect_code(0).expect_has(&format!("{name}: "));
    }
    audit(&repo, &["--explain", "scope"]).expect_code(2).expect_has("did you mean scopes?");
}
