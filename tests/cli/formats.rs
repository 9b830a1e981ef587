//! The formats for other systems: `sarif`, `github` and `gitlab`.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token, base64};
use crate::support::{Repo, Run, client, note, os, text, tools};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// Names that would be markup, a workflow command or a URI of another scheme if they were not escaped.
const HOSTILE: &[&[u8]] = &[
    b"a\n::error::planted.txt",
    b"a,line=1:b%0A.txt",
    b"a|b`c<b>.txt",
    b"https:/example.org/a b?c#d.txt",
    b"not-utf8-\xff.txt",
    "é…😀.txt".as_bytes(),
];

/// A repository with tokens in every part of a commit, in several encodings, in files with hostile names, and staged.
pub fn every_part(make: &mut Maker) -> (Repo, Vec<Token>) {
    let repo = Repo::new();
    let mut tokens = Vec::new();
    let mut next = || {
        tokens.push(make.sk_live(24));
        tokens.last().cloned().expect("one was made")
    };
    for name in HOSTILE {
        repo.stage_blob(os(name), client(&next()));
    }
    repo.stage("encoded.txt", format!("x = {}\n", base64(next().text().as_bytes(), *b"+/", true)));
    let utf16: Vec<u8> = format!("key = {}\n", next()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    repo.stage("utf16.txt", utf16);
    repo.stage_blob(format!("{}.txt", next()), "innocent\n");
    repo.stage_entry("120000", "link", next().text());
    let (message, person) = (next(), next());
    let commit = ["commit", "-q", "--no-verify", "-m", &format!("one\n\n{message}\n")];
    repo.git_call(&commit).env("GIT_AUTHOR_NAME", format!("Ada {person}")).run().expect_code(0);
    repo.git(&["tag", "-a", "-m", next().text(), "v1"]);
    repo.git(&["branch", next().text()]);
    for name in HOSTILE {
        let name = [b"new-", *name].concat();
        repo.stage_blob(os(&name), client(&next()));
    }
    repo.write("message", format!("one\n\n{}\n", next()));
    (repo, tokens)
}

/// Every command that scans, with its stdin.
pub fn scans(repo: &Repo, searched: &Token) -> Vec<(Vec<String>, String)> {
    let head = repo.git(&["rev-parse", "HEAD"]).line();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    vec![
        (words("staged"), String::new()),
        (words("worktree"), String::new()),
        (words("files ."), String::new()),
        (words("message message"), String::new()),
        (words("history"), String::new()),
        (words("history HEAD"), String::new()),
        (words("find"), searched.text().to_owned()),
        (words("hook pre-push origin nowhere"), format!("refs/heads/main {head} refs/heads/main {ZERO}\n")),
    ]
}

fn document(run: &Run) -> Value {
    serde_json::from_slice(&run.stdout).unwrap_or_else(|err| run.fail(&err.to_string()))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn results(document: &Value) -> &[Value] {
    array(&document["runs"][0]["results"])
}

/// Checks the requirements of SARIF and of its readers for a result.
#[track_caller]
fn expect_result(result: &Value, rules: &[Value]) {
    let index = result["ruleIndex"].as_u64().expect("an index");
    assert_eq!(rules[usize::try_from(index).expect("small")]["id"], result["ruleId"], "{result}");
    assert!(["error", "warning", "note"].contains(&text(&result["level"])), "{result}");
    assert!(!text(&result["message"]["text"]).is_empty(), "{result}");
    let physical = &result["locations"][0]["physicalLocation"];
    let uri = text(&physical["artifactLocation"]["uri"]);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b);
    assert!(!uri.is_empty() && uri.bytes().all(plain) && !uri.starts_with('/'), "{uri}");
    assert_eq!(physical["artifactLocation"]["uriBaseId"], "%SRCROOT%", "{result}");
    if let Some(region) = physical.get("region") {
        let number = |key: &str| region[key].as_u64().expect("a number");
        assert!(number("startLine") >= 1 && number("startColumn") >= 1, "{result}");
        assert!(number("endColumn") > number("startColumn"), "{result}");
    }
}

/// The required fields of GitLab's schema 15.2.1, `secret-detection-report-format.json`.
#[track_caller]
fn expect_gitlab(report: &Value, status: &str) {
    assert_eq!(report["version"], "15.2.1", "{report}");
    let scan = &report["scan"];
    for program in ["analyzer", "scanner"] {
        for key in ["id", "name", "version"] {
            assert!(!text(&scan[program][key]).is_empty(), "{scan}");
        }
        assert!(!text(&scan[program]["vendor"]["name"]).is_empty(), "{scan}");
    }
    assert_eq!((text(&scan["type"]), text(&scan["status"])), ("secret_detection", status), "{scan}");
    for key in ["start_time", "end_time"] {
        let shape: String =
            text(&scan[key]).chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00", "{scan}");
    }
    let mut ids = HashSet::new();
    for one in array(&report["vulnerabilities"]) {
        assert!(ids.insert(text(&one["id"])), "the id is not unique: {one}");
        assert!(["Low", "Medium", "High"].contains(&text(&one["severity"])), "{one}");
        assert!(!text(&one["location"]["commit"]["sha"]).is_empty(), "{one}");
        let identifier = &one["identifiers"][0];
        for key in ["type", "name", "value"] {
            assert!(!text(&identifier[key]).is_empty(), "{one}");
        }
    }
}

/// Expects that each line is a workflow command and that GitHub shows all of them.
#[track_caller]
fn expect_commands(run: &Run) -> Vec<String> {
    let lines: Vec<String> = run.out().lines().map(str::to_owned).collect();
    assert!(lines.len() <= 10, "{lines:#?}");
    for line in &lines {
        let command = line.strip_prefix("::").unwrap_or_else(|| run.fail(line));
        let (head, message) = command.split_once("::").unwrap_or_else(|| run.fail(line));
        assert!(["error ", "warning ", "notice "].iter().any(|kind| head.starts_with(kind)), "{line}");
        assert!(!message.is_empty() && !line.contains("add-mask"), "{line}");
        for property in head.split_once(' ').expect("properties").1.split(',') {
            let (name, value) = property.split_once('=').unwrap_or_else(|| run.fail(line));
            assert!(["file", "line", "col", "endColumn", "title"].contains(&name), "{line}");
            assert!(!value.contains(':'), "{line}");
        }
    }
    lines
}

#[test]
fn every_finding_is_a_result_in_every_format() {
    let mut make = Maker::new(1900);
    let (repo, tokens) = every_part(&mut make);
    for (words, stdin) in scans(&repo, &tokens[0]) {
        note(words.join(" "));
        let summary = repo.base().join("summary");
        fs::write(&summary, "").expect("write");
        let call = |format: &str| {
            let call = repo.keysweep_call(&["--format", format]).args(&words).stdin(&stdin);
            call.env("GITHUB_STEP_SUMMARY", &summary).run().expect_code(1)
        };
        let wanted = call("jsonl").findings().len();
        let sarif = call("sarif");
        expect_no_leak(&sarif, &tokens);
        let run = &document(&sarif)["runs"][0];
        assert_eq!(array(&run["results"]).len(), wanted);
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
        for result in array(&run["results"]) {
            expect_result(result, array(&run["tool"]["driver"]["rules"]));
        }
        let gitlab = call("gitlab");
        expect_no_leak(&gitlab, &tokens);
        let report = document(&gitlab);
        expect_gitlab(&report, "success");
        assert_eq!(array(&report["vulnerabilities"]).len(), wanted);
        let github = call("github");
        expect_no_leak(&github, &tokens);
        assert_eq!(expect_commands(&github).len(), wanted.min(10));
        let listed = fs::read_to_string(&summary).expect("read");
        assert_eq!(listed.lines().filter(|line| line.starts_with("| high")).count(), wanted, "{listed}");
        for token in &tokens {
            assert!(!listed.contains(&token.body()[..12]), "{listed}");
        }
    }
}

/// The line and the columns of each result. Columns count UTF-16 code units.
fn regions(repo: &Repo) -> Vec<(u64, u64, u64)> {
    let run = repo.keysweep(&["staged", "--format", "sarif"]).expect_code(1);
    let number = |value: &Value| value.as_u64().expect("a number");
    let region = |result: &Value| {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        (number(&region["startLine"]), number(&region["startColumn"]), number(&region["endColumn"]))
    };
    results(&document(&run)).iter().map(region).collect()
}

/// The human report keeps a command on one line by marks between its words.
#[test]
fn commands_in_advice_are_plain_text() {
    let (repo, mut make) = (Repo::new(), Maker::new(61));
    repo.stage("my file.py", client(&make.sk_live(24)));
    repo.stage(".env", client(&make.sk_live(24)));
    for format in ["sarif", "github", "gitlab"] {
        let report = repo.keysweep(&["staged", "--format", format]).expect_code(1).out();
        assert!(report.contains("git restore --staged") || report.contains("git rm --cached"), "{report}");
        let odd = |c: char| c.is_control() && c != '\n';
        assert!(!report.contains(odd) && !report.contains("\\u00"), "{format}: {report:?}");
    }
}

#[test]
fn columns_are_utf16_code_units() {
    let mut make = Maker::new(1901);
    let (one, two) = (make.sk_live(24), make.sk_live(24));
    let len = u64::try_from(one.text().len()).expect("small");
    let repo = Repo::new();
    repo.stage("a.txt", format!("é\n😀é = \"{one}\", \"{two}\"\n"));
    // 😀 is two code units, and é is one.
    assert_eq!(regions(&repo), [(2, 8, 8 + len), (2, 12 + len, 12 + 2 * len)]);
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let line = format!("é\n😀é = \"{one}\"\n");
        repo.stage("a.txt", line.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>());
        assert_eq!(regions(&repo), [(2, 8, 8 + len)]);
    }
    for to_bytes in [u32::to_le_bytes, u32::to_be_bytes] {
        let line = format!("é\né = \"{one}\"\n");
        repo.stage("a.txt", line.chars().flat_map(|letter| to_bytes(letter.into())).collect::<Vec<u8>>());
        assert_eq!(regions(&repo), [(2, 6, 6 + len)]);
    }
}

#[test]
fn an_incomplete_scan_is_marked() {
    let repo = Repo::new();
    let token = Maker::new(1902).sk_live(24);
    repo.stage("a.txt", client(&token));
    repo.stage("b.txt", "innocent\n");
    repo.commit("one");
    let id = repo.git(&["rev-parse", "HEAD:b.txt"]).line();
    let object = repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    fs::remove_file(&object).expect("remove the object");
    fs::write(object, "damaged").expect("write");
    let call = |format: &str| repo.keysweep(&["history", "--format", format]).expect_code(2);
    let run = &document(&call("sarif"))["runs"][0];
    assert_eq!(array(&run["results"]).len(), 1);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert!(text(&run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]).contains(&id[..7]));
    let report = document(&call("gitlab"));
    expect_gitlab(&report, "failure");
    assert!(text(&report["scan"]["messages"][0]["value"]).contains(&id[..7]));
    let lines = expect_commands(&call("github"));
    assert!(lines.len() == 2 && lines[0].contains(&id[..7]), "{lines:?}");
}

#[test]
fn a_failed_scan_is_marked() {
    let repo = Repo::new();
    repo.stage(".keysweep.toml", "[alow]\n");
    let call = |format: &str| repo.keysweep(&["staged", "--format", format]).expect_code(2);
    let run = &document(&call("sarif"))["runs"][0];
    assert_eq!(array(&run["results"]).len(), 0);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    expect_gitlab(&document(&call("gitlab")), "failure");
    assert_eq!(expect_commands(&call("github")).len(), 1);
}

#[test]
fn a_scan_without_findings_is_a_report() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    let call = |format: &str| repo.keysweep(&["staged", "--format", format]).expect_code(0);
    let run = &document(&call("sarif"))["runs"][0];
    assert!(run["results"].as_array().is_some_and(Vec::is_empty), "{run}");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    expect_gitlab(&document(&call("gitlab")), "success");
    assert_eq!(call("github").out(), "");
}

#[test]
fn findings_beyond_the_limit_of_github_are_in_the_step_summary() {
    let repo = Repo::new();
    let mut make = Maker::new(1903);
    for n in 0..11 {
        repo.stage(format!("{n}.txt"), client(&make.sk_test(24)));
    }
    repo.stage("worst.txt", client(&make.sk_live(24)));
    let summary = repo.base().join("summary");
    fs::write(&summary, "before\n").expect("write");
    let call = repo.keysweep_call(&["staged", "--format", "github"]).env("GITHUB_STEP_SUMMARY", &summary);
    let lines = expect_commands(&call.run().expect_code(1));
    assert_eq!(lines.len(), 10);
    assert!(lines[0].starts_with("::error file=worst.txt,line=1,"), "{lines:#?}");
    assert!(lines[9].contains("12 findings in all"), "{lines:#?}");
    let listed = fs::read_to_string(&summary).expect("read");
    assert!(listed.starts_with("before\n") && listed.lines().filter(|line| line.starts_with("| ")).count() == 14);
}

#[test]
fn errors_are_not_counted_as_findings_for_github() {
    let repo = Repo::new();
    let mut make = Maker::new(1906);
    for n in 0..8 {
        repo.write(format!("{n}.txt"), client(&make.sk_live(24)));
    }
    let mut words = vec!["files".to_owned(), "--format".to_owned(), "github".to_owned()];
    words.extend((0..8).map(|n| format!("{n}.txt")));
    words.extend((0..3).map(|n| format!("missing{n}.txt")));
    let summary = repo.base().join("summary");
    fs::write(&summary, "").expect("write");
    let call = repo.keysweep_call(&words).env("GITHUB_STEP_SUMMARY", &summary);
    let lines = expect_commands(&call.run().expect_code(2));
    assert_eq!(lines.len(), 10);
    assert!(lines[9].contains("3 errors and 8 findings in all"), "{lines:#?}");
    let listed = fs::read_to_string(&summary).expect("read");
    assert_eq!(listed.matches("- Not scanned: ").count(), 3, "{listed}");
}

#[test]
fn findings_beyond_the_limit_of_sarif_are_counted() {
    let repo = Repo::new();
    let mut make = Maker::new(1904);
    let mut lines: Vec<String> = (0..25_001).map(|_| make.sk_test(24).text().to_owned()).collect();
    lines.push(client(&make.sk_live(24)));
    repo.stage("many.txt", lines.join("\n"));
    let call = repo.keysweep_call(&["staged", "--format", "sarif"]).timeout(Duration::from_secs(300));
    let run = &document(&call.run().expect_code(1))["runs"][0];
    assert_eq!(array(&run["results"]).len(), 25_000);
    assert_eq!(run["results"][0]["level"], "error", "the most severe finding must come first");
    let notification = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(text(notification).starts_with("2 findings did not fit"), "{notification}");
}

#[test]
fn a_github_job_gets_annotations_and_the_human_report() {
    let repo = Repo::new();
    repo.stage("a.txt", client(&Maker::new(1905).sk_live(24)));
    let summary = repo.base().join("summary");
    let file = repo.base().join("report").display().to_string();
    for (words, wanted) in [
        (&["staged"][..], true),
        (&["hook", "pre-commit"], true),
        (&["staged", "--format", "human"], false),
        (&["staged", "--format", "json"], false),
        (&["staged", "--output", &file], false),
    ] {
        fs::write(&summary, "").expect("write");
        let call = repo.keysweep_call(words).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
        let run = call.run().expect_code(1);
        assert_eq!(run.out().lines().any(|line| line.starts_with("::error file=a.txt,line=1,")), wanted, "{words:?}");
        assert_eq!(!fs::read(&summary).expect("read").is_empty(), wanted, "{words:?}");
        let run = repo.keysweep(words).expect_code(1);
        assert!(!run.out().contains("::error"), "{words:?}");
    }
}

#[test]
fn commands_without_findings_refuse_these_formats() {
    let repo = Repo::new();
    for words in [&["rules"][..], &["rules", "attio-token"], &["rules", "--check"], &["install"], &["doctor"]] {
        for format in ["sarif", "github", "gitlab"] {
            repo.keysweep_call(words).args(&["--format", format]).run().expect_code(2);
        }
    }
}

/// The official SARIF checker accepts the reports of every command.
#[test]
fn the_official_checker_accepts_sarif() {
    let mut make = Maker::new(1906);
    let (repo, tokens) = every_part(&mut make);
    let reports = repo.base().join("reports");
    fs::create_dir(&reports).expect("create");
    let keep = |name: &str, run: &Run| fs::write(reports.join(format!("{name}.sarif")), &run.stdout).expect("write");
    for (number, (words, stdin)) in scans(&repo, &tokens[0]).into_iter().enumerate() {
        let run = repo.keysweep_call(&["--format", "sarif"]).args(&words).stdin(stdin).run().expect_code(1);
        keep(&number.to_string(), &run);
    }
    repo.stage(".keysweep.toml", "[alow]\n");
    keep("error", &repo.keysweep(&["staged", "--format", "sarif"]).expect_code(2));
    repo.commit("some tokens");
    let folder = repo.path("").to_string_lossy().into_owned();
    let mut lines = repo.keysweep_call(&["fleet", "-"]).stdin(folder.clone() + "\n").run().expect_code(1).out();
    let tokens = lines.lines().filter(|line| line.contains("\"finding\"")).count();
    lines += &lines.replace(&folder, "https://example.com/<b>%20\u{202e} \u{e4}.git");
    lines += "{\"type\":\"error\",\"repository\":\"c\"}\n";
    let merged = repo.keysweep_call(&["fleet", "merge", "--format", "sarif", "-"]).stdin(lines).run().expect_code(2);
    assert_eq!(array(&merged.json()["runs"][0]["results"]).len(), tokens);
    keep("merged", &merged);
    assert_eq!(errors_of_checker(&repo, &reports), Vec::<Value>::new());
    // The checker reports errors of an invalid file.
    fs::write(reports.join("bad.sarif"), "{\"version\": \"2.1.0\", \"runs\": [{\"results\": [{}]}]}").expect("write");
    assert_eq!(errors_of_checker(&repo, &reports).len(), 2);
}

/// The errors that the checker reports for the files of a folder.
fn errors_of_checker(repo: &Repo, reports: &Path) -> Vec<Value> {
    let checked = repo.base().join("checked.sarif");
    let _ = fs::remove_file(&checked);
    let mut command = Command::new(tools::sarif_multitool().join("sarif-multitool"));
    command.arg("validate").arg(reports.join("*.sarif")).arg("--output").arg(&checked);
    command.args(["--log", "ForceOverwrite"]).env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
    let output = command.output().expect("start the checker");
    let said = String::from_utf8_lossy(&output.stdout);
    let read = fs::read_dir(reports).expect("list").count();
    assert!(said.contains(&format!("{read} files scanned")), "{said}");
    let bytes = fs::read(&checked).unwrap_or_else(|err| panic!("{err}: {said}"));
    let document: Value = serde_json::from_slice(&bytes).expect("JSON");
    let runs = array(&document["runs"]).iter().flat_map(|run| array(&run["results"]).to_vec());
    runs.filter(|one| one["level"] == "error").collect()
}
