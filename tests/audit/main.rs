//! `keysweep audit`: repositories in the manner of real ones, for each check in both directions.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod client;
mod env;
mod formats;
mod history;
mod hooks;
mod hostile;
mod keys;
mod ledger;
mod ledger_add;
mod webhooks;

use serde_json::Value;

use support::{Repo, Run, text};

/// Runs one check, and returns its object. The exit code must follow from its status.
#[track_caller]
fn check(repo: &Repo, name: &str) -> Value {
    let run = repo.keysweep(&["audit", name, "--format", "json"]);
    let document: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|_| run.fail("expected JSON"));
    let checks = document["checks"].as_array().cloned().unwrap_or_else(|| run.fail("expected checks"));
    assert_eq!(checks.len(), 1, "{document}");
    let check = checks.into_iter().next().expect("one check");
    assert_eq!(check["check"], name, "{document}");
    let is_incomplete = document["errors"].as_array().is_some_and(|errors| !errors.is_empty());
    let code = if is_incomplete { 2 } else { i32::from(check["status"] == "fail") };
    if run.code != Some(code) {
        run.fail(&format!("expected exit {code}"));
    }
    check
}

/// Expects this status of a check, and places that start with these texts, as `path:line`.
#[track_caller]
fn expect(repo: &Repo, name: &str, status: &str, places: &[&str]) -> Value {
    let check = check(repo, name);
    let found: Vec<String> = check["places"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|place| match place["line"].as_u64() {
            Some(line) => format!("{}:{line}", text(&place["path"])),
            None => text(&place["path"]).to_owned(),
        })
        .collect();
    assert_eq!(check["status"], status, "{check:#}");
    assert_eq!(found, places, "{check:#}");
    let is_bad = status == "fail" || status == "suspect";
    assert_eq!(is_bad && !text(&check["help"]).is_empty(), is_bad, "{check:#}");
    check
}

/// Runs the whole audit for people.
fn audit(repo: &Repo, args: &[&str]) -> Run {
    repo.keysweep(&[&["audit"], args].concat())
}

fn package(dependencies: &[&str]) -> String {
    let all: Vec<String> = dependencies.iter().map(|name| format!("\"{name}\": \"1.0.0\"")).collect();
    format!("{{ \"name\": \"app\", \"dependencies\": {{ {} }} }}\n", all.join(", "))
}
