//! `docs/keysweep.schema.json` describes everything that `json` and `jsonl` write, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::formats::{every_part, scans};
use crate::support::token::{CUSTOM_RULE, Maker, Token};
use crate::support::{Repo, client, tools};

/// The schema, but no object may have a key that it does not describe. In the published schema an object may, so that a later
/// version can add keys.
fn strict_schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/keysweep.schema.json");
    let mut schema: Value = serde_json::from_slice(&fs::read(path).expect("the schema")).expect("JSON");
    close(&mut schema);
    // The lines of a report are checked as one array.
    schema["anyOf"] = json!([{ "$ref": "#/$defs/document" }, { "type": "array", "items": { "$ref": "#/$defs/line" } }]);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            if keys.get("type") == Some(&"object".into()) && keys.contains_key("properties") {
                keys.insert("additionalProperties".to_owned(), false.into());
            }
            keys.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Collects reports, and checks them all at once, since the checker takes a second to start.
struct Reports {
    repo: Repo,
    files: Vec<PathBuf>,
}

impl Reports {
    fn add(&mut self, name: &str, value: &Value) {
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let path = self.repo.path(format!("{:03}-{name}.json", self.files.len()));
        fs::write(&path, value.to_string()).expect("write a report");
        self.files.push(path);
    }

    /// Adds the reports of one command in both formats. Returns the document.
    #[track_caller]
    fn run(&mut self, repo: &Repo, words: &[&str], stdin: &str) -> Value {
        // Options precede the name of a hook, whose other arguments are git's.
        let with = |format: &str| {
            let options = ["--format", format];
            repo.keysweep_call(&[&words[..1], &options, &words[1..]].concat()).stdin(stdin).run()
        };
        let document = with("json").json();
        self.add(&words.join(" "), &document);
        self.add(&words.join(" "), &Value::Array(with("jsonl").objects()));
        document
    }

    fn check(&self) {
        let schema = self.repo.path("schema");
        fs::write(&schema, strict_schema().to_string()).expect("write the schema");
        let program = tools::check_jsonschema().to_str().expect("UTF-8");
        self.repo.call(program, &["--check-metaschema"]).args(&[&schema]).run().expect_code(0);
        let call = self.repo.call(program, &["--schemafile"]).args(&[&schema]).args(&self.files);
        call.run().expect_code(0);
    }
}

fn entry(token: &Token, path: &str, more: &str) -> String {
    let id = token.fingerprint();
    format!(
        "{{\"fingerprint\":\"{id}\",\"path\":\"{path}\",\"rule\":\"x\",\"reason\":\"x\",\"added\":\"2026-01-01\"{more}}}\n"
    )
}

#[test]
fn every_report_is_valid() {
    let mut reports = Reports { repo: Repo::none(), files: Vec::new() };
    let mut make = Maker::new(9401);
    let (repo, tokens) = every_part(&mut make);
    for (words, stdin) in scans(&repo, &tokens[0]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let document = reports.run(&repo, &words, &stdin);
        assert_ne!(document["findings"], json!([]), "{words:?}");
    }
    reports.run(&repo, &["worktree"], "");
    reports.run(&repo, &["audit"], "");
    reports.run(&repo, &["rules"], "");
    reports.run(&repo, &["rules", "stripe-secret-key"], "");

    // A baseline, an allowlist, custom rules with examples.
    let repo = Repo::new();
    let (spread, expired, allowed) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
    let baseline = entry(&spread, "a.py", "") + &entry(&expired, "c.py", ",\"until\":\"2020-01-01\"");
    repo.stage(".keysweep-baseline", baseline);
    repo.stage(".keysweep.toml", format!("{CUSTOM_RULE}\n[allow]\npaths = ['d.py']\n"));
    for (path, token) in [("a.py", &spread), ("b.py", &spread), ("c.py", &expired), ("d.py", &allowed)] {
        repo.stage(path, client(token));
    }
    let document = reports.run(&repo, &["staged"], "");
    let summary = &document["summary"];
    assert_eq!((&summary["baselined"], &summary["allowed"], &summary["findings"]), (&1.into(), &1.into(), &2.into()));
    assert_eq!(summary["newly_allowed"].as_array().map(Vec::len), Some(2));
    repo.commit("one");
    reports.run(&repo, &["history"], "");
    reports.run(&repo, &["rules", "--check"], "");

    // An incomplete scan, and errors before a scan.
    let id = repo.git(&["rev-parse", "HEAD:c.py"]).line();
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("remove the object");
    let document = reports.run(&repo, &["history"], "");
    assert_ne!(document["errors"], json!([]));
    repo.stage(".keysweep.toml", "[alow]\n");
    for words in [&["staged"][..], &["rules"], &["history", "nosuch"], &["staged", "--formt"]] {
        let document = reports.run(&repo, words, "");
        assert!(document["summary"].is_null(), "{words:?}");
    }
    reports.check();
}

/// A schema that accepts anything would pass the test above.
#[test]
fn another_key_is_not_valid() {
    let mut reports = Reports { repo: Repo::none(), files: Vec::new() };
    let document = json!({ "version": 1, "findings": [], "errors": [], "summary": null, "more": 1 });
    reports.add("more", &document);
    let schema = reports.repo.path("schema");
    fs::write(&schema, strict_schema().to_string()).expect("write the schema");
    let program = tools::check_jsonschema().to_str().expect("UTF-8");
    let call = reports.repo.call(program, &["--schemafile"]).args(&[&schema]).args(&reports.files);
    call.run().expect_code(1);
}
