//! Exact positions of tokens in staged files.

use std::time::{Duration, Instant};

use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, text};

/// A repository with one commit, which contains `bytes` at `path`.
fn with_committed(path: &str, bytes: &str) -> Repo {
    let repo = Repo::new();
    repo.stage(path, bytes);
    repo.commit("base");
    repo
}

#[test]
fn a_token_in_an_added_line_has_an_exact_position() {
    let token = Maker::new(1).sk_live(24);
    let repo = with_committed("src/billing.py", "import os\n\n\ndef pay(): pass\n");
    repo.stage("src/billing.py", format!("import os\n\nÄ = \"{token}\"\ndef pay(): pass\n"));

    let run = repo.staged().expect_code(1);
    let finding = run.only_finding();
    for (key, wanted) in [
        ("type", "finding"),
        ("rule", "stripe-secret-key"),
        ("severity", "high"),
        ("source", "staged"),
        ("path", "src/billing.py"),
        ("fingerprint", &token.fingerprint()),
        ("redacted", &token.redacted()),
    ] {
        assert_eq!(text(&finding[key]), wanted, "{key} in {finding}");
    }
    assert_eq!(finding["line"], 3, "{finding}");
    assert_eq!(finding["column"], 7, "columns count bytes from 1: {finding}");
    assert_eq!(finding["end_column"], 7 + token.text().len(), "{finding}");
    assert!(finding["commit"].is_null(), "{finding}");
    assert!(finding.get("path_bytes").is_none_or(serde_json::Value::is_null), "{finding}");

    let summary = run.summary();
    assert_eq!(summary["findings"], 1, "{summary}");
    assert_eq!(summary["tokens"], 1, "{summary}");
    assert_eq!(summary["allowed"], 0, "{summary}");
    assert_eq!(summary["scanned"]["files"], 1, "{summary}");
}

#[test]
fn a_clean_change_passes() {
    let repo = with_committed("a.txt", "one\n");
    repo.stage("a.txt", "one\ntwo\n");
    repo.stage("b.txt", "three\n");
    let summary = repo.staged().expect_silent().summary();
    assert_eq!(summary["scanned"]["files"], 2, "{summary}");
    assert!(summary["scanned"]["bytes"].as_u64() > Some(0), "{summary}");
}

#[test]
fn an_empty_change_passes_and_reports_an_empty_scan() {
    let repo = with_committed("a.txt", "one\n");
    let summary = repo.staged().expect_silent().summary();
    assert_eq!(summary["scanned"]["files"], 0, "{summary}");
}

/// Loose objects are read into buffers that grow in steps. The sizes are just below, at and above each step.
#[test]
fn a_token_at_the_end_of_a_blob_of_any_size_is_found() {
    let mut make = Maker::new(40);
    let repo = Repo::new();
    let sizes = [100, 3 << 10, 4 << 10, 5 << 10, 9 << 10, 16 << 10, 22 << 10, 40 << 10, 90 << 10, 300 << 10];
    let mut wanted: Vec<(String, Token)> = Vec::new();
    for (at, size) in sizes.into_iter().enumerate() {
        let plain = "plain words \n".repeat(size / 13);
        let lines: Vec<String> = (0..size / 64).map(|_| make.alnum(63)).collect();
        for (kind, text) in [("packs well", plain), ("packs badly", lines.join("\n"))] {
            let (path, token) = (format!("{kind} {at}"), make.sk_live(24));
            repo.stage(&path, format!("{text}\n{}", client(&token)));
            wanted.push((path, token));
        }
    }
    let findings = repo.staged().expect_code(1).findings();
    let found = |path: &str, token: &Token| {
        findings.iter().any(|one| text(&one["path"]) == path && text(&one["fingerprint"]) == token.fingerprint())
    };
    for (path, token) in &wanted {
        assert!(found(path, token), "{path}");
    }
    assert_eq!(findings.len(), wanted.len());
}

#[test]
fn an_old_token_next_to_a_new_line_is_silent() {
    let mut make = Maker::new(2);
    let (old, new) = (make.sk_live(24), make.sk_live(24));
    let repo = with_committed("a.py", &client(&old));

    repo.stage("a.py", format!("# before\n{}# after\n", client(&old)));
    repo.staged().expect_silent();

    repo.stage("a.py", format!("# before\n{}{}# after\n", client(&old), client(&new)));
    repo.staged().expect_found(&[("a.py", 3, &new)]);
}

#[test]
fn a_second_line_with_an_old_token_is_found() {
    let token = Maker::new(3).sk_live(24);
    let repo = with_committed("a.py", &format!("top\n{}end\n", client(&token)));
    repo.stage("a.py", format!("top\n{}end\nmore = \"{token}\"\n", client(&token)));
    repo.staged().expect_found(&[("a.py", 4, &token)]);
}

#[test]
fn a_removed_token_is_silent() {
    let token = Maker::new(4).sk_live(24);
    let repo = with_committed("a.py", &format!("top\n{}end\n", client(&token)));
    repo.stage("a.py", "top\nend\n");
    repo.staged().expect_silent();
}

#[test]
fn the_index_counts_and_the_worktree_does_not() {
    let token = Maker::new(5).sk_live(24);
    let repo = with_committed("a.py", "top\n");

    repo.write("a.py", client(&token));
    repo.write("untracked.py", client(&token));
    repo.staged().expect_silent();

    repo.git(&["add", "a.py"]);
    repo.write("a.py", "cleaned in the worktree only\n");
    repo.staged().expect_found(&[("a.py", 1, &token)]);
}

#[test]
fn positions_are_exact_for_every_line_end() {
    let token = Maker::new(6).sk_live(24);
    let length = token.text().len() as u64;
    for (name, content, line, column) in [
        ("only the token", format!("{token}"), 1, 1),
        ("token at the start", format!("{token}\nb\n"), 1, 1),
        ("token at the end", format!("a\n{token}\n"), 2, 1),
        ("no newline at the end", format!("a\n x={token}"), 2, 4),
        ("CRLF", format!("a\r\nb\r\n {token}\r\nc\r\n"), 3, 2),
        ("lone CR is no line end", format!("a\rb\r{token}\rc"), 1, 5),
        ("blank lines", format!("\n\n\n{token}\n\n"), 4, 1),
        ("byte order mark", format!("\u{feff}{token}\n"), 1, 4),
        ("form feed", format!("a\x0c{token}\n"), 1, 3),
        ("Unicode line separator", format!("a\u{2028}{token}\n"), 1, 5),
    ] {
        let repo = with_committed("base.txt", "base\n");
        repo.stage_blob("new.txt", content);
        let run = repo.staged().expect_code(1);
        let finding = run.only_finding();
        let got = (&finding["line"], &finding["column"], &finding["end_column"]);
        assert!(
            *got.0 == line && *got.1 == column && *got.2 == column + length,
            "{name}: wanted {line}:{column}, got {finding}"
        );
    }
}

#[test]
fn a_changed_line_end_at_the_end_of_the_file_hides_nothing() {
    let mut make = Maker::new(7);
    let (old, new) = (make.sk_live(24), make.sk_live(24));
    let repo = with_committed("a.txt", &format!("a\nx {old}"));
    repo.stage_blob("a.txt", format!("a\nx {old}\ny {new}"));
    let run = repo.staged().expect_code(1);
    let new_fingerprint = new.fingerprint();
    assert!(
        run.findings().iter().any(|f| f["fingerprint"] == new_fingerprint.as_str() && f["line"] == 3),
        "{}",
        run.all()
    );
}

#[test]
fn a_single_line_of_three_megabytes_is_scanned_and_not_printed() {
    let token = Maker::new(8).sk_live(24);
    let filler = "lorem ipsum,".repeat(125_000);
    let repo = with_committed("base.txt", "base\n");
    repo.stage_blob("dist/app.min.js", format!("{filler}\"{token}\"{filler}"));

    let finding = repo.staged().expect_code(1).only_finding();
    assert_eq!(finding["line"], 1, "{finding}");
    assert_eq!(finding["column"], filler.len() + 2, "{finding}");

    let human = repo.keysweep(&["staged"]).expect_code(1).expect_has(&token.redacted());
    assert!(human.stdout.len() < 10_000, "{} bytes of report", human.stdout.len());
}

#[test]
fn a_token_in_the_middle_of_a_huge_modified_file_is_found() {
    let token = Maker::new(9).sk_live(24);
    let line = |n: usize| format!("value {n} of many\n");
    let before: String = (0..100_000).map(line).collect();
    let after: String = (0..100_000).map(|n| if n == 54_321 { client(&token) } else { line(n) }).collect();
    let repo = with_committed("rows.txt", &before);
    repo.stage("rows.txt", after);
    repo.staged().expect_found(&[("rows.txt", 54_322, &token)]);
}

#[test]
fn two_tokens_on_a_line_are_both_found_and_neither_is_printed() {
    let mut make = Maker::new(10);
    let (first, second) = (make.sk_live(24), make.whsec_base64(32));
    let repo = with_committed("base.txt", "base\n");
    repo.stage("a.js", format!("f(\"{first}\", \"{second}\");\n"));
    repo.staged().expect_found(&[("a.js", 1, &first), ("a.js", 1, &second)]);
    for format in ["human", "json", "jsonl"] {
        repo.keysweep(&["staged", "--format", format])
            .expect_code(1)
            .expect_lacks(first.body())
            .expect_lacks(second.body());
    }
}

#[test]
fn the_end_of_a_token_is_exact() {
    let mut make = Maker::new(11);
    let tokens: [Token; 5] =
        [make.sk_live(24), make.sk_hex(48), make.whsec_base64(32), make.whsec_base64(24), make.whsec_hex(64)];
    let surroundings = [
        ("(\"", "\")"),
        ("'", "';"),
        ("=", "\n"),
        (" ", " "),
        ("(", ")"),
        ("[", ","),
        ("?key=", "&x=1"),
        ("<b>", "</b>"),
        ("`", "`"),
        ("{", "}"),
        (":", "."),
        ("|", "|"),
        ("\\n", "\\n"),
        ("\\t", "\\\""),
        ("\t", "\t"),
        ("\u{201c}", "\u{201d}"),
        ("<!--", "-->"),
        ("https://host/", "/path"),
        ("//", "//"),
        ("+", " + "),
        ("https://user:", "@host/"),
        ("&quot;", "&quot;"),
        ("\\u0022", "\\u0022"),
        ("\x1b[31m", "\x1b[0m"),
    ];
    for (n, (before, after)) in surroundings.into_iter().enumerate() {
        for token in &tokens {
            eprintln!("{} between {before:?} and {after:?}", token.family);
            let repo = with_committed("base.txt", "base\n");
            repo.stage_blob("a.txt", format!("x{before}{token}{after}"));
            let finding = repo.staged().expect_code(1).only_finding();
            let column = 2 + before.len();
            assert!(
                finding["fingerprint"] == token.fingerprint().as_str()
                    && finding["column"] == column
                    && finding["end_column"] == column + token.text().len(),
                "{} between {before:?} and {after:?} (row {n}): {finding}",
                token.family
            );
        }
    }
}

#[test]
fn files_that_other_scanners_skip_are_scanned() {
    let mut make = Maker::new(12);
    for path in [
        "package-lock.json",
        "yarn.lock",
        "Cargo.lock",
        "poetry.lock",
        "go.sum",
        "vendor/lib/a.go",
        "node_modules/x/index.js",
        "third_party/a.c",
        "logo.svg",
        "dist/app.min.js",
        "app.js.map",
        "photo.png",
        "archive.zip",
        "fonts/a.woff2",
        "test/fixtures/a.json",
        "docs/example.md",
        "README",
        ".env",
        ".env.example",
        ".git-blame-ignore-revs",
        ".gitignore",
        ".gitattributes",
        ".gitleaksignore",
        ".gitleaks.toml",
        ".secrets.baseline",
        "a.ipynb",
        "LICENSE",
    ] {
        let token = make.sk_live(24);
        let repo = with_committed("base.txt", "base\n");
        repo.stage_blob(path, format!("# {token}\n"));
        repo.staged().expect_found(&[(path, 1, &token)]);
    }
}

#[test]
fn files_that_git_treats_as_binary_are_scanned() {
    let mut make = Maker::new(13);
    for (name, before, after) in [
        ("NUL", &b"\0\0\n"[..], &b"\0"[..]),
        ("invalid UTF-8", b"\xff\xfe\xfd\n", b"\xff"),
        ("a PNG's head", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\n", b"\0\0"),
        ("Latin-1", b"\xe9t\xe9\n", b"\xe9"),
    ] {
        let token = make.sk_live(24);
        let repo = with_committed("base.txt", "base\n");
        repo.stage_blob("a.bin", [before, b"old\n"].concat());
        repo.commit("binary");
        repo.stage_blob("a.bin", [before, b"old\n", token.text().as_bytes(), after].concat());
        let finding = repo.staged().expect_code(1).only_finding();
        assert_eq!(finding["fingerprint"], token.fingerprint().as_str(), "{name}: {finding}");
    }
}

#[test]
fn a_change_between_text_and_binary_is_scanned_both_ways() {
    let mut make = Maker::new(14);
    for (old, glue) in [("text\n", "\0"), ("\0\0\0\n", "\n")] {
        let token = make.sk_live(24);
        let repo = with_committed("base.txt", "base\n");
        repo.stage_blob("a", old);
        repo.commit("old");
        repo.stage_blob("a", format!("{glue}{token}{glue}"));
        repo.staged().expect_code(1).only_finding();
    }
}

#[test]
fn thousands_of_tokens_are_counted_one_by_one() {
    let mut make = Maker::new(15);
    let tokens: Vec<Token> = (0..1000).map(|_| make.sk_live(24)).collect();
    let all: Vec<&str> = tokens.iter().map(Token::text).collect();
    for glue in [" ", "\n", "\ninnocent\n"] {
        let repo = with_committed("a.txt", &"innocent\n".repeat(1000));
        repo.stage("a.txt", all.join(glue));
        let run = repo.staged().expect_code(1);
        let summary = run.summary();
        assert_eq!((&summary["findings"], &summary["tokens"]), (&1000.into(), &1000.into()), "{glue:?}: {summary}");
        let human = repo.keysweep(&["staged"]).expect_code(1).expect_has("1,000 tokens");
        assert!(human.stdout.len() < 100_000, "{} bytes of human-readable report", human.stdout.len());
    }
}

/// Each text makes a naive scanner quadratic.
#[test]
fn near_misses_are_scanned_in_linear_time() {
    let mut make = Maker::new(16);
    let token = make.sk_live(24);
    let (sk, whsec) = (&token.text()[..3], crate::support::token::WHSEC);
    let pieces = [
        ("prefixes", sk.to_owned()),
        ("prefixes in words", format!("di{sk}")),
        ("short bodies", format!("{sk}a1b2 ")),
        ("one long run", "aB3dE5gH7jK9".to_owned()),
        ("prefixes of one long run", format!("{sk}aB3dE5gH7jK9")),
        ("prefixes of long base64", format!("{whsec}aB3+dE5/")),
        ("live prefixes and dashes", format!("{}aB3-dE5-", &token.text()[..8])),
        ("parts of UUIDs", format!("{sk}01234567-89ab-4def-a012-")),
        ("quotes", "\"'`".to_owned()),
        ("backslashes", "\\".to_owned()),
        ("names of a vendor", "ATTIO_API_KEY=".to_owned()),
        ("names and digits", ["ATTIO_API_KEY=01234567", "89abcdef "].concat()),
        ("headers", "api.attio.com Authorization: Bearer ".to_owned()),
        ("hex", make.hex(16)),
        ("line ends", "\n".to_owned()),
        ("carriage returns", "\r".to_owned()),
        ("markers", "keysweep:allow".to_owned()),
        ("NULs", "\0".to_owned()),
    ];
    let repo = Repo::new();
    let scan = |piece: &str, length: usize| {
        repo.write("a.txt", format!("{}\n\n{token} \n", piece.repeat(length / piece.len())));
        let started = Instant::now();
        repo.keysweep(&["files", "a.txt"]).expect_code(1).expect_has(&token.redacted());
        started.elapsed()
    };
    for (name, piece) in &pieces {
        let (short, long) = (scan(piece, 50_000), scan(piece, 200_000));
        // Four times the text takes four times as long, and sixteen times as long in a quadratic scanner.
        assert!(long < short * 9 + Duration::from_secs(1), "{name}: {short:?}, then {long:?}");
    }
}
