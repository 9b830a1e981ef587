//! `docs/keysweep.schema.json` describes everything that `json` and `jsonl` write, and nothing else.

use std::fs;

use serde_json::{Value, json};

use crate::formats::{every_part, scans};
use crate::support::schema::Reports;
use crate::support::token::{CUSTOM_RULE, Maker, Token};
use crate::support::{Repo, client};

/// Adds the reports of one command in both formats. Returns the document.
#[track_caller]
fn add_run(reports: &mut Reports, repo: &Repo, words: &[&str], stdin: &str) -> Value {
    // Options precede the name of a hook, whose other arguments are git's.
    let with = |format: &str| {
        let options = ["--format", format];
        repo.keysweep_call(&[&words[..1], &options, &words[1..]].concat()).stdin(stdin).run()
    };
    let document = with("json").json();
    reports.add(&words.join(" "), &document);
    reports.add(&words.join(" "), &Value::Array(with("jsonl").objects()));
    document
}

fn entry(token: &Token, path: &str, more: &str) -> String {
    let id = token.fingerprint();
    format!(
        "{{\"fingerprint\":\"{id}\",\"path\":\"{path}\",\"rule\":\"x\",\"reason\":\"x\",\"added\":\"2026-01-01\"{more}}}\n"
    )
}

#[test]
fn every_report_is_valid() {
    let mut reports = Reports::new();
    let mut make = Maker::new(9401);
    let (repo, tokens) = every_part(&mut make);
    for (words, stdin) in scans(&repo, &tokens[0]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let document = add_run(&mut reports, &repo, &words, &stdin);
        assert_ne!(document["findings"], json!([]), "{words:?}");
    }
    add_run(&mut reports, &repo, &["worktree"], "");
    add_run(&mut reports, &repo, &["audit"], "");
    add_run(&mut reports, &repo, &["rules"], "");
    add_run(&mut reports, &repo, &["rules", "stripe-secret-key"], "");
    reports.add("scopes", &repo.keysweep(&["scopes", "--format", "json"]).expect_code(0).json());
    reports.add("rotate", &repo.keysweep(&["rotate", "attio", "--format", "json"]).expect_code(0).json());

    // A baseline, an allowlist, custom rules with examples.
    let repo = Repo::new();
    let (spread, expired, allowed) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
    let baseline = entry(&spread, "a.py", "") + &entry(&expired, "c.py", ",\"until\":\"2020-01-01\"");
    repo.stage(".keysweep-baseline", baseline);
    repo.stage(".keysweep.toml", format!("{CUSTOM_RULE}\n[allow]\npaths = ['d.py']\n"));
    for (path, token) in [("a.py", &spread), ("b.py", &spread), ("c.py", &expired), ("d.py", &allowed)] {
        repo.stage(path, client(token));
    }
    let document = add_run(&mut reports, &repo, &["staged"], "");
    let summary = &document["summary"];
    assert_eq!((&summary["baselined"], &summary["allowed"], &summary["findings"]), (&1.into(), &1.into(), &2.into()));
    assert_eq!(summary["newly_allowed"].as_array().map(Vec::len), Some(2));
    repo.commit("one");
    add_run(&mut reports, &repo, &["history"], "");
    add_run(&mut reports, &repo, &["rules", "--check"], "");

    // An incomplete scan, and errors before a scan.
    let id = repo.git(&["rev-parse", "HEAD:c.py"]).line();
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("remove the object");
    let document = add_run(&mut reports, &repo, &["history"], "");
    assert_ne!(document["errors"], json!([]));
    repo.stage(".keysweep.toml", "[alow]\n");
    for words in [&["staged"][..], &["rules"], &["history", "nosuch"], &["staged", "--formt"]] {
        let document = add_run(&mut reports, &repo, words, "");
        assert!(document["summary"].is_null(), "{words:?}");
    }
    reports.check().expect_code(0);
}

/// A schema that accepts anything would pass the test above.
#[test]
fn another_key_is_not_valid() {
    let mut reports = Reports::new();
    let document = json!({ "version": 1, "findings": [], "errors": [], "summary": null, "more": 1 });
    reports.add("more", &document);
    reports.check().expect_code(1);
}
