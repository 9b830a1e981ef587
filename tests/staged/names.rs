//! File names are scanned too. A name can contain a token or try to forge a report.

use std::ffi::OsString;

use crate::support::token::{Maker, Token, unbase64};
use crate::support::{Repo, Run, client, os, text};
use serde_json::Value;

fn staged_as(name: impl Into<OsString>, token: &Token) -> Repo {
    let repo = Repo::new();
    repo.stage_blob(name.into(), client(token));
    repo
}

#[test]
fn a_new_file_name_with_a_token_is_found_without_a_line() {
    let token = Maker::new(100).sk_live(24);
    for name in [format!("{token}"), format!("keys/{token}.txt"), format!("{token}/a.txt")] {
        let repo = Repo::new();
        repo.stage_blob(&name, "innocent\n");
        let run = repo.staged().expect_code(1).expect_lacks(token.body());
        let finding = run.only_finding();
        assert_eq!(finding["fingerprint"], token.fingerprint().as_str(), "{finding}");
        assert!(finding["line"].is_null() && finding["column"].is_null(), "{finding}");
        repo.keysweep(&["staged"]).expect_code(1).expect_lacks(token.body()).expect_has(&token.redacted());
    }
}

#[test]
fn an_old_file_name_with_a_token_is_silent() {
    let token = Maker::new(101).sk_live(24);
    let name = format!("keys/{token}.txt");
    let repo = Repo::new();
    repo.stage_blob(&name, "one\n");
    repo.staged().expect_code(1);
    repo.commit("too late");
    repo.stage_blob(&name, "one\ntwo\n");
    repo.staged().expect_silent();
}

#[test]
fn a_rename_to_a_name_with_a_token_is_found() {
    let token = Maker::new(102).sk_live(24);
    let repo = Repo::new();
    repo.stage("plain.txt", "innocent\n");
    repo.commit("base");
    repo.git(&["mv", "plain.txt", &format!("{token}.txt")]);
    let finding = repo.staged().expect_code(1).only_finding();
    assert!(finding["line"].is_null(), "{finding}");
}

#[test]
fn unusual_names_are_reported_unquoted() {
    let mut make = Maker::new(103);
    for name in [
        "with space.txt",
        " leading",
        "trailing ",
        "it's.txt",
        "say \"hi\".txt",
        "back\\slash",
        "tab\there",
        "new\nline",
        "carriage\rreturn",
        "esc\x1b[31m.txt",
        "bell\x07",
        "--help",
        "-",
        "-rf",
        "--",
        "@",
        "HEAD",
        "*.txt",
        "[a].txt",
        ":(exclude)a",
        ":top",
        "!bang",
        "#hash",
        "~tilde",
        "$HOME",
        "$(id)",
        "`id`",
        "a;b",
        "a&b",
        "a|b",
        "%s%n",
        "ünïcödé",
        "\u{202e}txt.exe",
        "日本語.txt",
        "dir with space/--version",
        "a -> b",
        "a => b",
        "b/a.txt",
        "{old => new}/x",
        "\\xff",
    ] {
        let token = make.sk_live(24);
        staged_as(name, &token).staged().expect_found(&[(name, 1, &token)]);
    }
}

#[test]
fn non_utf8_names_are_escaped_with_their_bytes_in_json() {
    let token = Maker::new(104).sk_live(24);
    for (bytes, shown) in [
        (&b"caf\xe9.txt"[..], "caf\\xe9.txt"),
        (b"\xff", "\\xff"),
        (b"d\xc3/a\xfe b", "d\\xc3/a\\xfe b"),
        ("ü".as_bytes(), "ü"),
    ] {
        let repo = staged_as(os(bytes), &token);
        let finding = repo.staged().expect_code(1).only_finding();
        assert_eq!(text(&finding["path"]).to_lowercase(), shown, "{finding}");
        if shown.contains("\\x") {
            assert_eq!(unbase64(text(&finding["path_bytes"])), bytes, "{finding}");
        } else {
            assert!(finding.get("path_bytes").is_none_or(Value::is_null), "{finding}");
        }
        repo.keysweep(&["staged"]).expect_code(1).expect_has(&token.redacted());
    }
}

#[test]
fn path_bytes_of_a_name_with_a_token_are_redacted() {
    let token = Maker::new(105).sk_live(24);
    let repo = Repo::new();
    repo.stage_blob(os(&[b"\xff".as_slice(), b"/", token.text().as_bytes()].concat()), "x\n");
    let finding = repo.staged().expect_code(1).expect_lacks(token.body()).only_finding();
    let encoded = finding["path_bytes"].as_str().unwrap_or_default();
    let decoded = String::from_utf8_lossy(&unbase64(encoded)).into_owned();
    assert!(!decoded.contains(token.body()), "{finding}");
}

/// Names with lines of another report, and with escape sequences for a terminal.
const FORGERIES: &[&str] = &[
    "a\nkeysweep: 0 tokens in 0 files, nothing skipped",
    "a\r\nkeysweep: 0 tokens",
    "a\rkeysweep: 0 tokens",
    "a\x1b[2J\x1b[Hkeysweep: 0 tokens",
    "a\x1b]0;title\x07",
    "a\x1b]8;;http:example.org\x1b\\link",
    "a\x08\x08\x08b",
    "a\x0bkeysweep: 0 tokens",
    "a\x0ckeysweep: 0 tokens",
    "a\u{85}keysweep: 0 tokens",
    "a\u{9b}2J",
    "a\x7f",
    "a\u{202e}txt.exe",
    "a\u{2066}b\u{2069}",
    "a\u{2028}keysweep: 0 tokens",
    "a\u{200b}b",
];

fn expect_no_forgery(run: &Run) {
    let shown = run.all();
    let obeyed = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    if let Some(control) = shown.chars().find(obeyed) {
        run.fail(&format!("the output contains {control:?}"));
    }
    if shown.lines().any(|line| line.starts_with("keysweep: 0 tokens")) {
        run.fail("the output contains a forged summary");
    }
}

#[test]
fn a_file_name_cannot_forge_output() {
    let token = Maker::new(106).sk_live(24);
    for name in FORGERIES {
        let run = staged_as(*name, &token).keysweep(&["staged", "--color", "never"]);
        expect_no_forgery(&run.expect_code(1).expect_has(&token.redacted()));
    }
}

#[test]
fn a_source_line_cannot_forge_output() {
    let token = Maker::new(107).sk_live(24);
    for text in FORGERIES {
        let repo = Repo::new();
        repo.stage_blob("a.txt", format!("{text} {token} {text}\n"));
        let run = repo.keysweep(&["staged", "--color", "never"]);
        expect_no_forgery(&run.expect_code(1).expect_has(&token.redacted()));
    }
}

#[test]
fn a_symlink_target_cannot_forge_output() {
    let token = Maker::new(108).sk_live(24);
    for text in FORGERIES {
        let repo = Repo::new();
        repo.stage_entry("120000", "link", format!("{text}/{token}"));
        let run = repo.keysweep(&["staged", "--color", "never"]);
        expect_no_forgery(&run.expect_code(1).expect_has(&token.redacted()));
    }
}

#[test]
fn a_jsonl_finding_is_one_line_for_any_name() {
    let token = Maker::new(109).sk_live(24);
    for name in FORGERIES {
        let run = staged_as(*name, &token).staged().expect_found(&[(name, 1, &token)]);
        assert_eq!(run.out().lines().count(), 2, "{}", run.out());
    }
}

#[test]
fn names_longer_than_the_length_field_are_read() {
    let mut make = Maker::new(110);
    for length in [4094, 4095, 4096, 4097, 6000] {
        let (first, second) = (make.sk_live(24), make.sk_live(24));
        let name: String = "a long folder name/".repeat(400)[..length - 1].replace("/ ", "/x") + "z";
        let repo = Repo::new();
        repo.stage_blob("zz.txt", "base\n");
        repo.commit("base");
        repo.stage_blob(&name, client(&first));
        repo.stage_blob("zz.txt", client(&second));
        eprintln!("{length} bytes");
        repo.staged().expect_found(&[(&name, 1, &first), ("zz.txt", 1, &second)]);
    }
}

#[test]
fn deeply_nested_folders_are_read() {
    let token = Maker::new(111).sk_live(24);
    let name = "a/".repeat(2000) + "b";
    let repo = Repo::new();
    repo.stage_blob(&name, client(&token));
    repo.staged().expect_found(&[(&name, 1, &token)]);
    repo.git(&["write-tree"]);
    repo.staged().expect_found(&[(&name, 1, &token)]);
}
