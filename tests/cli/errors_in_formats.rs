//! Errors are part of every format. The report contains the error that ended a scan, and replaces the report of an
//! earlier scan.

use serde_json::Value;

use crate::support::token::{CUSTOM_RULE, Maker};
use crate::support::{Repo, Run, client, note, text};

const BAD: &str = "[alow]\npaths = ['x']\n";

fn document(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|err| panic!("{err}: {}", String::from_utf8_lossy(bytes)))
}

/// The only error of a document without a scan.
#[track_caller]
fn only_error(document: &Value) -> &Value {
    assert_eq!(document["version"], 1, "{document}");
    assert_eq!(document["findings"], serde_json::json!([]), "{document}");
    assert!(document["summary"].is_null(), "the document looks like a clean scan: {document}");
    let errors = document["errors"].as_array().expect("an array");
    assert_eq!(errors.len(), 1, "{document}");
    expect_error(&errors[0]);
    &errors[0]
}

#[track_caller]
fn expect_error(error: &Value) {
    for key in ["what", "why", "help"] {
        assert!(error[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {error}");
    }
}

/// Expects the same sentence on stderr.
#[track_caller]
fn expect_same_sentence(run: &Run, error: &Value) {
    let sentence = format!("keysweep: {}: {}; {}", text(&error["what"]), text(&error["why"]), text(&error["help"]));
    assert_eq!(run.err().trim_end(), sentence);
}

#[test]
fn an_error_before_the_scan_is_reported_in_its_format() {
    let repo = Repo::new();
    repo.stage(".keysweep.toml", BAD);
    repo.stage("a.txt", "innocent\n");
    let clean = "{\"version\":1,\"findings\":[],\"summary\":{\"findings\":0}}";
    for words in [
        &["staged"][..],
        &["worktree"],
        &["files", "."],
        &["history"],
        &["rules"],
        &["rules", "--check"],
        &["message", "a.txt"],
        &["hook", "pre-commit"],
        &["hook", "commit-msg", "a.txt"],
        &["history", "nosuch"],
        &["install"],
        &["doctor"],
        &["find"],
    ] {
        note(words.join(" "));
        let run = |options: &[&str]| repo.keysweep_call(options).args(words).run().expect_code(2);
        let json = run(&["--format", "json"]);
        expect_same_sentence(&json, only_error(&document(&json.stdout)));
        let lines = run(&["--format", "jsonl"]);
        let objects = lines.objects();
        assert_eq!(objects.len(), 1, "{}", lines.all());
        assert_eq!(objects[0]["type"], "error");
        expect_same_sentence(&lines, &objects[0]);
        for format in ["json", "jsonl"] {
            repo.write("r.json", clean);
            let run = run(&["--format", format, "--output", "r.json"]);
            assert!(run.stdout.is_empty(), "{}", run.all());
            let written = document(&std::fs::read(repo.path("r.json")).expect("a report"));
            let error = if format == "json" { only_error(&written) } else { &written };
            expect_same_sentence(&run, error);
        }
        std::fs::remove_file(repo.path("r.json")).expect("remove");
        if words == ["install"] || words == ["doctor"] {
            continue;
        }
        repo.write("r.txt", "keysweep: no token\n");
        let human = run(&["--output", "r.txt"]);
        assert!(human.stdout.is_empty());
        assert_eq!(std::fs::read(repo.path("r.txt")).expect("a report"), human.stderr);
        std::fs::remove_file(repo.path("r.txt")).expect("remove");
    }
}

#[test]
fn invalid_arguments_are_an_error_in_the_requested_format() {
    let repo = Repo::new();
    for words in [
        &["staged", "--format", "json", "--nosuch"][..],
        &["--format=json", "nosuch"],
        &["staged", "--threads", "x", "--format", "json"],
        &["find", "--nosuch", "--format", "json"],
    ] {
        let run = repo.keysweep(words).expect_code(2);
        only_error(&document(&run.stdout));
        assert!(!run.stderr.is_empty());
    }
    let run = repo.keysweep(&["staged", "--nosuch", "--format", "jsonl", "--output", "r"]).expect_code(2);
    assert!(run.stdout.is_empty());
    assert_eq!(document(&std::fs::read(repo.path("r")).expect("a report"))["type"], "error");
    // Without a format in the arguments, stdout stays empty.
    for words in [
        &["staged", "--nosuch"][..],
        &["staged", "--format", "jason"],
        &["staged", "--nosuch", "--", "--format", "json"],
    ] {
        assert!(repo.keysweep(words).expect_code(2).stdout.is_empty());
    }
}

#[test]
fn unread_files_are_errors_in_the_report() {
    let token = Maker::new(1300).sk_live(24);
    let repo = Repo::new();
    repo.stage("a.txt", client(&token));
    let id = repo.stage_blob("b.txt", "innocent\n");
    std::fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("remove");
    let json = repo.keysweep(&["staged", "--format", "json"]).expect_code(2);
    let whole = document(&json.stdout);
    let errors = whole["errors"].as_array().expect("an array");
    assert_eq!((errors.len(), whole["findings"].as_array().map(Vec::len)), (1, Some(1)), "{whole}");
    expect_error(&errors[0]);
    // The summary counts and names the errors too.
    assert_eq!(whole["summary"]["unread"], 1);
    let skipped = &whole["summary"]["skipped"][0];
    assert_eq!((&skipped["what"], &skipped["why"]), (&errors[0]["what"], &errors[0]["why"]));
    let lines = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(2);
    let kinds: Vec<String> = lines.objects().iter().map(|one| text(&one["type"]).to_owned()).collect();
    assert_eq!(kinds, ["finding", "error", "summary"]);
    let human = repo.keysweep(&["staged", "--output", "r.txt"]).expect_code(2);
    let written = std::fs::read_to_string(repo.path("r.txt")).expect("a report");
    assert!(written.ends_with(&human.err()), "{written}");
    // A complete scan has no errors.
    let clean = Repo::new();
    clean.stage("a.txt", "innocent\n");
    let whole = document(&clean.keysweep(&["staged", "--format", "json"]).expect_code(0).stdout);
    assert_eq!(whole["errors"], serde_json::json!([]));
}

#[test]
fn an_unwritable_report_is_an_error_on_stdout() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    let run = repo.keysweep(&["staged", "--format", "json", "--output", "no/such/r.json"]).expect_code(2);
    assert!(text(&only_error(&document(&run.stdout))["what"]).contains("no/such/r.json"));
    assert!(repo.keysweep(&["staged", "--output", "no/such/r.txt"]).expect_code(2).stdout.is_empty());
}

/// The report has the path of the replacements file, which must not exist yet when the replacements are written.
#[test]
fn a_report_at_the_path_of_the_replacements_is_not_written() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    let path = repo.base().join("both");
    let path = path.to_str().expect("UTF-8");
    let options = ["history", "--format", "json", "--output", path, "--replacements", path];
    only_error(&document(&repo.keysweep(&options).expect_code(2).stdout));
    assert!(!std::path::Path::new(path).exists());
}

#[test]
fn rules_are_listed_and_explained_in_json() {
    let repo = Repo::new();
    repo.write(".keysweep.toml", format!("{CUSTOM_RULE}severity = 'high'\nremedy = ['ask Ada']\n"));
    let all = document(&repo.keysweep(&["rules", "--format", "json"]).expect_code(0).stdout);
    let rules = all["rules"].as_array().expect("an array").clone();
    let human = repo.keysweep(&["rules"]).expect_code(0).out();
    // The packs, which are off by default, follow after an empty line.
    let listed: Vec<&str> = human.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(rules.len(), listed.len());
    for (rule, line) in rules.iter().zip(listed) {
        assert!(line.starts_with(text(&rule["id"])) && line.ends_with(text(&rule["title"])), "{rule}");
        assert!(["high", "medium", "low"].contains(&text(&rule["severity"])), "{rule}");
        assert!(rule["remedy"].as_array().is_some_and(|steps| !steps.is_empty()), "{rule}");
        assert!(rule["shapes"].as_array().is_some_and(|shapes| !shapes.is_empty()), "{rule}");
        assert!(rule["docs"].is_string() && rule["vendor"].is_string() && rule["opens"].is_string(), "{rule}");
    }
    assert_eq!(rules.iter().filter(|rule| rule["custom"] == true).count(), 1);
    let own = &rules[0];
    assert_eq!((text(&own["id"]), text(&own["severity"])), ("acme-token", "high"));
    assert_eq!(own["prefixes"], serde_json::json!([{ "prefix": "acme_", "severity": "high" }]));
    assert_eq!(own["remedy"], serde_json::json!(["ask Ada"]));
    let lines = repo.keysweep(&["rules", "--format", "jsonl"]).expect_code(0).objects();
    let (lines, packs): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line["type"] == "rule");
    assert_eq!(lines.len(), rules.len());
    assert!(packs.iter().all(|line| line["type"] == "pack"), "{packs:?}");
    for (line, rule) in lines.iter().zip(&rules) {
        assert_eq!((text(&line["type"]), &line["id"]), ("rule", &rule["id"]));
    }
    for id in ["acme-token", "stripe-secret-key"] {
        let one = document(&repo.keysweep(&["rules", id, "--format", "json"]).expect_code(0).stdout);
        let listed = rules.iter().find(|rule| rule["id"] == id).expect("listed");
        assert_eq!(one["rules"], serde_json::json!([listed]));
        assert_eq!(repo.keysweep(&["rules", id, "--format", "jsonl"]).expect_code(0).objects().len(), 1);
    }
}

#[test]
fn results_of_the_examples_are_in_json() {
    let repo = Repo::new();
    let examples = "examples = { hits = ['acme_{alnum:32}', 'other_{alnum:32}'], misses = ['acme_x'] }\n";
    repo.write(".keysweep.toml", format!("{CUSTOM_RULE}{examples}"));
    let checks = document(&repo.keysweep(&["rules", "--check", "--format", "json"]).expect_code(1).stdout);
    let check = &checks["checks"][0];
    assert_eq!((text(&check["rule"]), &check["hits"], &check["misses"]), ("acme-token", &2.into(), &1.into()));
    assert_eq!(check["faults"].as_array().map(Vec::len), Some(1), "{checks}");
    let lines = repo.keysweep(&["rules", "--check", "--format", "jsonl"]).expect_code(1).objects();
    assert_eq!((lines.len(), text(&lines[0]["type"])), (1, "check"));
}
