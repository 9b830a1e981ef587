//! The formats of the report.

use crate::support::history_fixture::HistoryFixture;
use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, client};
use serde_json::Value;

fn staged_token(seed: u64) -> (Repo, Token) {
    let token = Maker::new(seed).sk_live(24);
    let repo = Repo::new();
    repo.stage("base.txt", "base\n");
    repo.commit("base");
    repo.stage("src/billing.py", format!("import os\n\n{}", client(&token)));
    repo.stage("README", "innocent\n");
    (repo, token)
}

fn call(repo: &Repo, options: &[&str]) -> Call {
    repo.keysweep_call(&["staged"]).args(options)
}

#[test]
fn the_human_report_has_place_rule_reason_and_help() {
    let (repo, token) = staged_token(1300);
    let run = call(&repo, &[]).run().expect_code(1).expect_lacks(token.body());
    for needle in [
        "src/billing.py:3:18",
        "stripe-secret-key",
        &token.redacted(),
        "^^^^",
        "git restore --staged",
        "keysweep:allow",
        &token.fingerprint(),
        "1 token",
        "2 files",
    ] {
        if !run.out().contains(needle) {
            run.fail(&format!("expected {needle:?} in the report"));
        }
    }
    assert!(run.out().to_lowercase().contains("rotate"), "the advice for a pushed token is missing: {}", run.out());
}

#[test]
fn the_help_works_in_a_first_commit() {
    let token = Maker::new(1308).sk_live(24);
    for folder in ["", "src"] {
        let repo = Repo::new();
        repo.stage("src/a.py", client(&token));
        let report = call(&repo, &[]).cwd(repo.path(folder)).run().expect_code(1).expect_lacks("git restore").out();
        // The file is already fixed on disk. In this case git wants `--force`.
        repo.write("src/a.py", "mended\n");
        follow_the_help(&repo, folder, &report, "git rm --cached");
        assert_eq!(std::fs::read(repo.path("src/a.py")).expect("the file exists"), b"mended\n");
    }
}

/// Runs the command of the report in a shell in this folder, and expects that the token is no longer staged.
#[track_caller]
fn follow_the_help(repo: &Repo, folder: &str, report: &str, starts: &str) {
    let at = report.find(starts).unwrap_or_else(|| panic!("{starts} in:\n{report}"));
    let command = report[at..].split(", then").next().unwrap_or_default();
    eprintln!("{command}");
    repo.call("sh", &["-c", command]).cwd(repo.path(folder)).run().expect_code(0);
    repo.staged().expect_silent();
}

#[test]
fn the_command_of_the_help_works_for_any_file_name() {
    for name in [
        "a b.txt",
        "it's.txt",
        "$HOME.txt",
        "a;id.txt",
        "-n.txt",
        "*.txt",
        "a\\b.txt",
        "ü.txt",
        "a\"b.txt",
        "~",
        "!x",
        "^x",
        ":x",
        ":(top)x",
        "a[1].txt",
        "(x)",
        "_x",
        ".x",
        "a`id`",
    ] {
        let token = Maker::new(1309).sk_live(24);
        let repo = Repo::new();
        repo.stage("base.txt", "base\n");
        repo.commit("base");
        for (path, folder) in [(name, ""), (name, "sub"), (&format!("sub/{name}"), ""), (&format!("sub/{name}"), "sub")]
        {
            repo.stage("sub/innocent.txt", "innocent\n");
            repo.stage(path, client(&token));
            let report = call(&repo, &[]).cwd(repo.path(folder)).run().expect_code(1).out();
            follow_the_help(&repo, folder, &report, "git restore --staged");
        }
        // The command must restore only this file and no other that matches its name as a pattern.
        assert_eq!(repo.git(&["diff", "--cached", "--name-only"]).line(), "sub/innocent.txt");
    }
}

/// Git runs hooks in the top folder, wherever the user called git.
#[test]
fn the_help_of_a_hook_is_relative_to_the_folder_of_the_user() {
    let token = Maker::new(1310).sk_live(24);
    let repo = Repo::new();
    repo.stage("base.txt", "base\n");
    repo.commit("base");
    repo.hook("pre-commit");
    repo.stage("src/a.py", client(&token));
    for (folder, path) in [("", "src/a.py"), ("src", ":/src/a.py")] {
        let commit = repo.git_call(&["commit", "-q", "-m", "x"]).cwd(repo.path(folder)).run().expect_code(1);
        commit.expect_has(&format!("help: git restore --staged {path}, then"));
    }
    let report = repo.git_call(&["commit", "-q", "-m", "x"]).cwd(repo.path("src")).run().expect_code(1).err();
    follow_the_help(&repo, "src", &report, "git restore --staged");
}

#[test]
fn the_caret_is_below_the_token() {
    let mut make = Maker::new(1301);
    // The caret has the column at which a terminal shows the token, if the line has no tabs.
    for before in ["x = \"", "", "日本語 = \"", "é = \"", "e\u{301} = \"", "👍 = \""] {
        let token = make.sk_live(24);
        let repo = Repo::new();
        repo.stage("a.txt", format!("{before}{token}\"\n"));
        let report = call(&repo, &["--color", "never"]).run().expect_code(1).out();
        let lines: Vec<&str> = report.lines().collect();
        let shown = lines.iter().position(|l| l.contains(&token.redacted()) && l.contains('|')).expect("the line");
        let carets = lines[shown + 1];
        let width = |text: &str| text.chars().map(terminal_width).sum::<usize>();
        let token_at = lines[shown].find(&token.redacted()).expect("redacted");
        let caret_at = carets.find('^').unwrap_or_else(|| panic!("no caret in:\n{report}"));
        assert_eq!(width(&carets[..caret_at]), width(&lines[shown][..token_at]), "\n{report}");
        let carets_long = carets.matches('^').count();
        assert_eq!(carets_long, token.redacted().chars().count(), "\n{report}");
    }
}

fn terminal_width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' => 0,
        '\u{3000}'..='\u{9fff}' | '\u{1f300}'..='\u{1faff}' => 2,
        _ => 1,
    }
}

#[test]
fn json_and_jsonl_contain_the_same_objects() {
    let (repo, _) = staged_token(1302);
    let lines = repo.staged().expect_code(1);
    let run = call(&repo, &["--format", "json"]).run().expect_code(1);
    let document: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|e| run.fail(&format!("not JSON: {e}")));
    assert_eq!(document["version"], 1, "{document}");
    assert_eq!(document["findings"], Value::Array(lines.findings()), "{document}");
    let without_time = |mut summary: Value| {
        let seconds = summary.as_object_mut().and_then(|o| o.remove("seconds"));
        assert!(seconds.is_some_and(|s| s.is_number()), "seconds in {summary}");
        summary
    };
    assert_eq!(without_time(document["summary"].clone()), without_time(lines.summary()));
}

#[test]
fn every_key_of_the_contract_is_present() {
    let (repo, _) = staged_token(1303);
    let run = repo.staged().expect_code(1);
    let finding = run.only_finding();
    for key in [
        "type",
        "rule",
        "severity",
        "fingerprint",
        "redacted",
        "source",
        "path",
        "line",
        "column",
        "end_column",
        "commit",
    ] {
        assert!(finding.get(key).is_some(), "{key} in {finding}");
    }
    let summary = run.summary();
    for key in ["type", "findings", "tokens", "allowed", "scanned", "skipped", "seconds"] {
        assert!(summary.get(key).is_some(), "{key} in {summary}");
    }
    for key in ["files", "objects", "bytes"] {
        assert!(summary["scanned"][key].is_u64(), "scanned.{key} in {summary}");
    }
}

#[test]
fn json_without_findings_is_valid() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    let run = call(&repo, &["--format", "json"]).run().expect_code(0);
    let document: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|e| run.fail(&format!("not JSON: {e}")));
    assert_eq!(document["findings"], Value::Array(vec![]), "{document}");
    assert_eq!(repo.staged().expect_silent().out().lines().count(), 1);
}

#[test]
fn color_depends_on_option_environment_and_terminal() {
    let (repo, _) = staged_token(1304);
    for (options, variable, colored) in [
        (&[][..], None, false),
        (&["--color", "always"], None, true),
        (&["--color", "never"], None, false),
        (&["--color", "auto"], None, false),
        (&[], Some(("CLICOLOR_FORCE", "1")), true),
        (&[], Some(("CLICOLOR_FORCE", "0")), false),
        (&[], Some(("NO_COLOR", "1")), false),
        (&["--color", "always"], Some(("NO_COLOR", "1")), true),
        (&["--color", "never"], Some(("CLICOLOR_FORCE", "1")), false),
        (&["--format", "jsonl"], Some(("CLICOLOR_FORCE", "1")), false),
        (&["--format", "json", "--color", "auto"], Some(("CLICOLOR_FORCE", "1")), false),
    ] {
        let mut call = call(&repo, options);
        if let Some((name, value)) = variable {
            call = call.env(name, value);
        }
        let run = call.run().expect_code(1);
        if run.all().contains('\x1b') != colored {
            run.fail(&format!("{options:?} with {variable:?}: colored must be {colored}"));
        }
    }
}

#[test]
fn color_does_not_change_the_text() {
    let (repo, _) = staged_token(1305);
    let plain = call(&repo, &["--color", "never"]).run().expect_code(1).out();
    let colored = call(&repo, &["--color", "always"]).run().expect_code(1).out();
    assert!(colored.contains('\x1b'), "{colored}");
    let stripped: String = colored
        .split('\x1b')
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.split_once('m').map_or(part, |(_, rest)| rest) })
        .collect();
    // The summary contains the time, which differs.
    let words = |s: &str| s.lines().filter(|l| !l.starts_with("keysweep:")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&stripped), words(&plain));
}

#[test]
fn a_clean_run_prints_one_line_or_none_with_quiet() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    let run = call(&repo, &[]).run().expect_code(0);
    let lines = run.all().lines().count();
    assert!(lines == 1 && run.all().len() < 120, "{lines} lines: {}", run.all());
    let quiet = call(&repo, &["--quiet"]).run().expect_code(0);
    assert!(quiet.all().is_empty(), "{}", quiet.all());
}

#[test]
fn quiet_does_not_hide_a_finding() {
    let (repo, token) = staged_token(1306);
    call(&repo, &["--quiet"]).run().expect_code(1).expect_has(&token.redacted()).expect_lacks(token.body());
}

#[test]
fn quiet_does_not_hide_an_incomplete_scan() {
    let (repo, token) = staged_token(1316);
    for files in [&["README", "missing"][..], &["README", "src", "missing"]] {
        let run = repo.keysweep_call(&["files", "--quiet"]).args(files).run().expect_code(2);
        let out = run.out();
        let lines: Vec<&str> = out.lines().filter(|line| line.starts_with("keysweep: ")).collect();
        assert!(lines[0].starts_with("keysweep: INCOMPLETE: "), "{out}");
        assert_eq!(out.contains(&token.redacted()), lines.len() == 2, "{out}");
    }
}

/// A hook cannot see `git commit --quiet`.
#[test]
fn quiet_clean_commits_print_nothing() {
    let repo = Repo::new();
    repo.keysweep(&["install"]).expect_code(0);
    let commit = |value: &str| {
        let call = repo.git_call(&["commit", "-q", "--allow-empty", "-m", "next"]);
        call.env("KEYSWEEP_QUIET", value).run()
    };
    repo.stage("a.txt", "innocent\n");
    commit("0").expect_code(0).expect_has("keysweep: no token in");
    let quiet = commit("1").expect_code(0);
    assert!(quiet.all().is_empty(), "{}", quiet.all());
    repo.stage(".keysweep.toml", "[output]\nquiet = true\n");
    let quiet = commit("").expect_code(0);
    assert!(quiet.all().is_empty(), "{}", quiet.all());

    let token = Maker::new(1311).sk_live(24);
    repo.stage("a.txt", client(&token));
    commit("1").expect_code(1).expect_has(&token.redacted()).expect_has("severity high");
    repo.stage(".keysweep.toml", "[output]\nquiet = true\n[allow]\npaths = ['a.txt']\n");
    commit("1").expect_code(0).expect_has("newly allowed by this change: a.txt:1:18");
    repo.stage(".keysweep.toml", "[output]\nquiet = 1\n");
    commit("1").expect_code(1).expect_has("quiet must be true or false, not integer");
    repo.stage(".keysweep.toml", "[output]\nquit = true\n");
    commit("1").expect_code(1).expect_has("did you mean quiet?");
}

/// No line is longer than the terminal, with escapes and wide characters counted. Paths and commands are never broken.
#[test]
fn a_report_fits_the_terminal_width() {
    let mut make = Maker::new(1312);
    let repo = Repo::new();
    repo.stage("a.js", format!("{}k=\"{}\";{}\n", "f(界,\u{1b});".repeat(90), make.sk_live(24), "g(ü);".repeat(90)));
    repo.stage("b.txt", format!("{}{}{}\n", "\u{1}".repeat(50), client(&make.sk_live(24)), "\u{2}".repeat(50)));
    repo.stage(
        "c.txt",
        format!("密钥是一个秘密值😀😀 k=\"{}\"; // 😀 请不要提交这个文件 한국어 日本語\n", make.sk_live(24)),
    );
    repo.stage("d.txt", format!("{} k=\"{}\"\n", "e\u{301}".repeat(60), make.sk_live(24)));
    repo.stage("e.txt", format!("k=\"{}\"\n{}\n", make.sk_live(24), client(&make.sk_test(24))));
    let fits = |args: &[&str], columns: usize| {
        let run = repo.keysweep_call(args).env("COLUMNS", columns.to_string()).run().expect_code(1);
        for line in run.out().lines() {
            let wide: usize = line.chars().map(columns_of).sum();
            // The longest parts that are never broken: commands and ids of rules.
            let is_command =
                |part: &str| ["keysweep history", "printf ", "unset "].iter().any(|start| part.starts_with(start));
            let unbroken = line.split("  ").any(|part| is_command(part.trim_start()));
            assert!(wide <= columns || unbroken, "{wide} of {columns} columns: {line}");
        }
        run.out()
    };
    for columns in [40, 60, 80, 100, 200] {
        let out = fits(&["staged"], columns);
        assert_eq!(out.matches("k=\"sk_live_…").count(), 4, "{out}");
    }
    repo.commit("all of it");
    for columns in [40, 60, 80, 100, 200] {
        fits(&["history"], columns);
        fits(&["files", "."], columns);
    }
    let lines = |run: crate::support::Run| run.out().lines().map(|line| line.chars().count()).max();
    let wide = lines(repo.keysweep(&["files", "."]).expect_code(1));
    assert!(wide > Some(120), "a script must get a sentence on one line");
}

/// The columns of the characters that the test uses.
fn columns_of(letter: char) -> usize {
    match letter {
        '\u{301}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{1f300}'..='\u{1f9ff}' => 2,
        _ => 1,
    }
}

/// Live keys come before test keys, and among equals the newest commit comes first.
#[test]
fn the_worst_and_then_the_newest_token_comes_first() {
    let mut make = Maker::new(1314);
    let story = HistoryFixture::new(1315);
    let [old, new] = [make.sk_live(24), make.sk_live(24)];
    let [old_test, new_test] = [make.sk_test(24), make.sk_test(24)];
    // The names are not in this order.
    for (path, token) in [("b.txt", &old), ("a.txt", &old_test), ("d.txt", &new), ("c.txt", &new_test)] {
        story.add(path, client(token));
    }
    let shown = [&new, &old, &new_test, &old_test].map(Token::redacted);
    for words in [&["history"][..], &["history", "main"]] {
        let out = story.repo.keysweep(words).expect_code(1).out();
        let places: Vec<_> = shown.iter().map(|token| out.find(token)).collect();
        assert!(places.is_sorted() && places[0].is_some(), "{words:?}: {places:?} in {out}");
    }
    // In one change all tokens are equally new: live keys first, then by path.
    let repo = Repo::new();
    for (path, token) in [("a.txt", &old_test), ("b.txt", &old), ("c.txt", &new)] {
        repo.stage(path, client(token));
    }
    let out = repo.keysweep(&["staged"]).expect_code(1).out();
    let places = [&old, &new, &old_test].map(|token| out.find(&token.redacted()));
    assert!(places.is_sorted() && places[0].is_some(), "{places:?} in {out}");
}

#[test]
fn every_file_with_findings_is_named() {
    let mut make = Maker::new(1313);
    let repo = Repo::new();
    let token = make.sk_live(24);
    for n in 0..40 {
        repo.stage(format!("many/{n}.txt"), client(&make.sk_live(24)));
        repo.stage(format!("same/{n}.txt"), client(&token));
    }
    let out = call(&repo, &[]).run().expect_code(1).out();
    for n in 0..40 {
        assert!(out.contains(&format!("many/{n}.txt")) && out.contains(&format!("same/{n}.txt")), "{n} in {out}");
    }
    let command =
        out.split("To list every place, run: ").nth(1).and_then(|rest| rest.lines().next()).expect("a command");
    let command = command.replacen("keysweep", env!("CARGO_BIN_EXE_keysweep"), 1);
    let all = repo.call("sh", &["-c", &command]).run().expect_code(1);
    assert_eq!(all.findings().len(), 80);
}

#[test]
fn two_runs_print_the_same_report() {
    let mut make = Maker::new(1307);
    let repo = Repo::new();
    for n in 0..40 {
        repo.write(format!("{}/{n}.txt", n % 5), format!("{}{}", client(&make.sk_live(24)), client(&make.sk(32))));
    }
    repo.git(&["add", "."]);
    let first = repo.staged().expect_code(1).findings();
    assert_eq!(first.len(), 80);
    for _ in 0..5 {
        assert_eq!(repo.staged().expect_code(1).findings(), first);
    }
    let place = |f: &Value| (f["path"].to_string(), f["line"].as_u64(), f["column"].as_u64());
    let mut sorted = first.clone();
    sorted.sort_by_key(place);
    assert_eq!(sorted, first, "findings must be sorted by path, line and column");
}

#[test]
fn a_report_can_go_to_a_file() {
    let (repo, token) = staged_token(1310);
    let out = repo.base().join("report");
    for format in ["human", "json", "jsonl"] {
        let run = call(&repo, &["--format", format, "--output"]).args(&[&out]).run().expect_code(1);
        assert!(run.stdout.is_empty(), "{format}: {}", run.out());
        let written = std::fs::read_to_string(&out).expect("a report");
        assert!(written.contains(&token.redacted()) && !written.contains(token.body()), "{format}: {written}");
    }
    let nowhere = repo.base().join("nowhere/report");
    call(&repo, &["--output"]).args(&[nowhere]).run().expect_code(2).expect_has("nowhere/report");
}

#[test]
fn without_a_command_the_help_is_printed() {
    let run = Repo::none().keysweep(&[] as &[&str]).expect_code(2);
    for command in ["staged", "files", "rules"] {
        let on_its_own_line = run.all().lines().any(|line| line.trim_start().starts_with(command) && line.len() <= 120);
        if !on_its_own_line {
            run.fail(&format!("expected a line of help for {command}"));
        }
    }
}

#[test]
fn help_and_version_exit_with_0() {
    for args in
        [&["--help"][..], &["-h"], &["help"], &["help", "staged"], &["staged", "--help"], &["--version"], &["-V"]]
    {
        let run = Repo::none().keysweep(args).expect_code(0);
        assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{args:?}: {}", run.all());
    }
}
