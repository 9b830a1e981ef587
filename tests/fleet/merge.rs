//! `fleet merge`: one answer for each token.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::harness::Fleet;
use crate::support::token::Token;
use crate::support::{Run, text};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn finding(repository: &str, token: &Token, date: &str, at_head: bool) -> Value {
    json!({
        "type": "finding", "repository": repository, "rule": "stripe-secret-key", "severity": "high",
        "fingerprint": token.fingerprint(), "redacted": "sk_live_…3fQa", "at_head": at_head, "reachable": true,
        "first": { "commit": COMMIT, "date": format!("{date}T00:00:00+00:00"), "path": "src/a.py" },
    })
}

fn summary(repository: &str, findings: u64, unread: u64) -> Value {
    json!({ "type": "summary", "repository": repository, "findings": findings, "unread": unread })
}

fn error(repository: &str) -> Value {
    json!({ "type": "error", "repository": repository, "what": "x", "why": "x", "help": "x" })
}

/// Merges files with these lines.
fn merge(fleet: &Fleet, format: &str, files: &[&[Value]]) -> Run {
    let mut names = Vec::new();
    for (at, lines) in files.iter().enumerate() {
        let name = format!("{at}.jsonl");
        let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(fleet.repo.base().join(&name), lines.concat()).expect("write");
        names.push(fleet.repo.base().join(&name));
    }
    fleet.repo.keysweep_call(&["fleet", "merge", "--format", format]).args(&names).run()
}

/// The fingerprint of each token, its repositories, and at HEAD of how many it is.
fn answer(run: &Run) -> Vec<(String, Vec<String>, u64)> {
    let document = run.json();
    let names = |token: &Value| {
        token["places"].as_array().expect("places").iter().map(|one| text(&one["repository"]).to_owned()).collect()
    };
    let tokens = document["tokens"].as_array().expect("tokens").iter();
    tokens
        .map(|one| (text(&one["fingerprint"]).to_owned(), names(one), one["at_head"].as_u64().expect("a number")))
        .collect()
}

#[test]
fn the_lines_of_fleet_become_one_answer() {
    let mut fleet = Fleet::new(2901);
    let (shared, gone) = (fleet.token(), fleet.token());
    fleet.add("one", Some(&shared));
    fleet.add("two", Some(&shared));
    fleet.add("three", Some(&gone));
    fleet.commit("three", "a.txt", "plain\n");
    fleet.add("four", None);
    let folders = ["one", "two", "three", "four"].map(|name| fleet.folder(name));
    let scanned = fleet.run(&[], &folders.each_ref().map(String::as_str)).expect_code(1);
    let call = fleet.repo.keysweep_call(&["fleet", "merge", "--format", "json", "-"]).stdin(scanned.out());
    let run = call.run().expect_code(1);
    let wanted = [
        (shared.fingerprint(), vec![folders[0].clone(), folders[1].clone()], 2),
        (gone.fingerprint(), vec![folders[2].clone()], 0),
    ];
    assert_eq!(answer(&run), wanted);
    let document = run.json();
    assert_eq!(document["summary"]["repositories"], 4);
    assert_eq!(document["tokens"][1]["first"]["path"], "a.txt");
    assert_eq!(document["errors"], json!([]));
}

#[test]
fn the_worst_token_is_first() {
    let mut fleet = Fleet::new(2902);
    let tokens: Vec<Token> = (0..5).map(|_| fleet.token()).collect();
    let mut low = finding("a", &tokens[4], "2020-01-01", true);
    low["severity"] = "low".into();
    let lines = [
        low,
        finding("a", &tokens[3], "2022-01-01", false),
        finding("a", &tokens[2], "2021-01-01", false),
        finding("a", &tokens[1], "2024-01-01", false),
        finding("a", &tokens[0], "2023-01-01", true),
        summary("a", 5, 0),
        finding("b", &tokens[1], "2019-01-01", false),
        summary("b", 1, 0),
    ];
    let run = merge(&fleet, "json", &[&lines]).expect_code(1);
    let order: Vec<String> = answer(&run).into_iter().map(|(fingerprint, ..)| fingerprint).collect();
    assert_eq!(order, tokens.iter().map(Token::fingerprint).collect::<Vec<_>>());
    let first = &run.json()["tokens"][1]["first"];
    assert_eq!((&first["repository"], &first["date"]), (&"b".into(), &"2019-01-01T00:00:00+00:00".into()));
}

#[test]
fn the_last_complete_result_replaces_those_before_it() {
    let mut fleet = Fleet::new(2903);
    let (old, new) = (fleet.token(), fleet.token());
    let of = |token: &Token| [finding("a", token, "2020-01-01", true), summary("a", 1, 0)];
    let run = merge(&fleet, "json", &[&of(&old), &of(&new)]).expect_code(1);
    assert_eq!(answer(&run), [(new.fingerprint(), vec!["a".to_owned()], 1)]);
    assert_eq!(run.json()["summary"]["replaced"], 1);
    // In one file, and the other way around.
    let run = merge(&fleet, "json", &[&[of(&new), of(&old)].concat()]).expect_code(1);
    assert_eq!(answer(&run), [(old.fingerprint(), vec!["a".to_owned()], 1)]);
    // A clean result is a result.
    let run = merge(&fleet, "json", &[&of(&new), &[summary("a", 0, 0)]]).expect_code(0);
    assert!(answer(&run).is_empty());
}

#[test]
fn an_incomplete_result_replaces_nothing() {
    let mut fleet = Fleet::new(2904);
    let (old, new) = (fleet.token(), fleet.token());
    let line = |token: &Token, at_head| finding("a", token, "2020-01-01", at_head);
    let before = [line(&old, true), line(&new, true), summary("a", 2, 0)];
    for (after, problem) in [
        (vec![line(&new, false)], "no summary follows"),
        (vec![line(&new, false), error("a")], "is an error and no summary follows"),
        (vec![line(&new, false), summary("a", 2, 0)], "counts other lines"),
        (vec![line(&new, false), summary("a", 1, 1)], "counts other lines"),
        (vec![line(&new, false), error("a"), summary("a", 1, 1)], "counts 1 error"),
    ] {
        let run = merge(&fleet, "json", &[&before, &after]).expect_code(2);
        let mut found = answer(&run);
        found.sort();
        // The newer line about a token counts.
        let mut wanted = [(old.fingerprint(), vec!["a".to_owned()], 1), (new.fingerprint(), vec!["a".to_owned()], 0)];
        wanted.sort();
        assert_eq!(found, wanted, "{problem}");
        let errors = run.json()["errors"].clone();
        let why = text(&errors[0]["why"]).to_owned();
        assert!(why.contains(problem) && why.contains(&format!("line {} of ", after.len())), "{why}");
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
        // A later complete result heals it.
        merge(&fleet, "json", &[&after, &before]).expect_code(1);
    }
}

#[test]
fn lines_of_other_repositories_may_be_between() {
    let mut fleet = Fleet::new(2905);
    let token = fleet.token();
    let line = |name: &str| finding(name, &token, "2020-01-01", true);
    let lines = [line("a"), line("b"), summary("a", 1, 0), summary("b", 1, 0)];
    let run = merge(&fleet, "json", &[&lines]).expect_code(1);
    assert_eq!(answer(&run), [(token.fingerprint(), vec!["a".to_owned(), "b".to_owned()], 2)]);
    // A result is in one file.
    merge(&fleet, "json", &[&[line("a")], &[summary("a", 1, 0)]]).expect_code(2);
}

#[test]
fn nothing_is_called_clean_that_was_not_read() {
    let fleet = Fleet::new(2906);
    let run = merge(&fleet, "json", &[&[]]).expect_code(2);
    assert!(run.out().contains("no file has a line"), "{}", run.out());
    let run = merge(&fleet, "json", &[&[error("a")]]).expect_code(2);
    assert!(run.out().contains("the result of a is not complete"), "{}", run.out());
    let no_list = json!({ "type": "error", "what": "x", "why": "x", "help": "x" });
    merge(&fleet, "json", &[&[summary("a", 0, 0), no_list]]).expect_code(2);
    merge(&fleet, "human", &[&[summary("a", 0, 0)]]).expect_code(0);
    for words in
        [&["fleet", "merge", "/nosuch"][..], &["fleet", "merge"], &["fleet", "merge", "--format", "jsonl", "-"]]
    {
        fleet.repo.keysweep(words).expect_code(2);
    }
    let run = fleet.repo.keysweep_call(&["fleet", "merge", "-"]).stdin("").run().expect_code(2);
    assert!(run.out().contains("no file has a line"), "{}", run.out());
}

/// Anybody may have written the lines.
#[test]
fn nothing_of_a_hostile_line_is_printed_unmasked() {
    let mut fleet = Fleet::new(2907);
    let token = fleet.token();
    let secret = token.text();
    let hostile = |key: &str| {
        let mut line = finding("a", &token, "2020-01-01", true);
        match key {
            "commit" | "date" | "path" => line["first"][key] = secret.into(),
            _ => line[key] = secret.into(),
        }
        line
    };
    let escape = "x\u{1b}[2J\nkeysweep: fine\u{202e}";
    let mut terminal = finding(escape, &token, "2020-01-01", true);
    terminal["first"]["path"] = escape.into();
    terminal["redacted"] = format!("{escape}…").into();
    for format in ["human", "json", "sarif"] {
        for key in [
            "repository",
            "rule",
            "severity",
            "fingerprint",
            "redacted",
            "at_head",
            "type",
            "commit",
            "date",
            "path",
            "more",
        ] {
            let run = merge(&fleet, format, &[&[hostile(key), summary("a", 1, 0)]]);
            assert!(!run.all().contains(secret), "{format}, {key}: {}", run.all());
            let malformed = matches!(key, "rule" | "severity" | "fingerprint" | "at_head" | "type");
            let is_whole = matches!(key, "redacted" | "commit" | "date" | "path" | "more");
            assert_eq!(run.all().contains("cannot use line 1 of"), malformed, "{format}, {key}: {}", run.all());
            run.expect_code(if is_whole { 1 } else { 2 });
        }
        let run = merge(&fleet, format, &[&[terminal.clone(), summary(escape, 1, 0)]]).expect_code(1);
        assert!(
            !run.all().contains(['\u{1b}', '\u{202e}']) && !run.all().contains("\nkeysweep: fine"),
            "{}",
            run.all()
        );
        let call = fleet.repo.keysweep_call(&["fleet", "merge", "--format", format, "-"]);
        let run = call.stdin(format!("{secret}\n{{\"type\":\"{secret}\n")).run().expect_code(2);
        assert!(!run.all().contains(secret) && run.all().contains("line 2 of standard input"), "{}", run.all());
    }
}

#[test]
fn a_person_reads_the_answer() {
    let mut fleet = Fleet::new(2908);
    let token = fleet.token();
    let mut lines = Vec::new();
    for name in ["b", "a"] {
        lines.extend([finding(name, &token, "2020-01-02", name == "a"), summary(name, 1, 0)]);
    }
    lines.push(error("c"));
    let run = merge(&fleet, "human", &[&lines]).expect_code(2);
    let file = fleet.repo.base().join("0.jsonl");
    let wanted = format!(
        "error[stripe-secret-key]: sk_live_…3fQa is in 2 repositories, still at HEAD of 1
  first    a: src/a.py, 2020-01-02, commit 0123456789ab
  in       a (at HEAD)
           b (in the history)
  severity high, fingerprint {}

error: the result of c is not complete: line 5 of {} is an error and no summary follows; scan the repository again, \
         and name the new file last

keysweep: 1 token in 2 of 3 repositories, 1 still at HEAD (5 lines); INCOMPLETE: 1 error
",
        token.fingerprint(),
        file.display()
    );
    assert_eq!(run.out(), wanted);
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error() {
    let fleet = Fleet::new(2919);
    let missing = fleet.folder("missing.jsonl");
    let run = fleet.repo.keysweep_call(&["fleet", "merge", &missing]).run().expect_code(2);
    run.expect_has(&format!("cannot read {missing}: ")).expect_has("name a file, or - for standard input");
}

/// The report is written as the tokens come. 35 tokens in 100 repositories with names of 4,000 bytes take 14 MB of text.
#[test]
#[cfg(unix)]
fn the_report_is_not_kept_in_memory() {
    const PEAK: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // (1 << 20 if sys.platform == 'darwin' else 1 << 10))";
    let mut fleet = Fleet::new(2920);
    let tokens: Vec<Token> = (0..35).map(|_| fleet.token()).collect();
    let mut lines = String::new();
    for repository in 0..100 {
        let name = format!("{repository}-{}", "name ".repeat(800));
        for token in &tokens {
            writeln!(lines, "{}", finding(&name, token, "2020-01-02", true)).expect("a string");
        }
        writeln!(lines, "{}", summary(&name, 35, 0)).expect("a string");
    }
    let file = fleet.repo.base().join("lines.jsonl");
    std::fs::write(&file, lines).expect("write");
    let peak = |format: &str| -> u64 {
        let call = fleet.repo.call("python3", &["-c", PEAK, env!("CARGO_BIN_EXE_keysweep")]);
        let call = call.args(&["fleet", "merge", "--format", format, &file.to_string_lossy()]);
        call.run().expect_code(0).out().trim().parse().expect("MiB")
    };
    let (json, sarif) = (peak("json"), peak("sarif"));
    assert!(sarif < json + 4, "json takes {json} MiB, and sarif {sarif}");
}
