//! `keysweep message FILE` and `keysweep hook commit-msg FILE`, run directly.

use crate::support::leak::{FORMATS, expect_no_leak};
use crate::support::push::{expect_refused, expect_report};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, note, text};

const COMMANDS: &[&[&str]] = &[&["message"], &["hook", "commit-msg"]];

fn token(seed: u64) -> Token {
    Maker::new(seed).sk_live(24)
}

fn run(repo: &Repo, command: &[&str], file: &str) -> Run {
    let args = [&["--format", "jsonl"][..], command, &[file]].concat();
    repo.keysweep(&args)
}

/// The lines of the file that contain findings.
fn found_in(repo: &Repo, command: &[&str], bytes: &[u8]) -> Vec<u64> {
    repo.write("message", bytes);
    let run = run(repo, command, "message");
    let lines: Vec<u64> = run.findings().iter().map(|f| f["line"].as_u64().expect("a line")).collect();
    run.expect_code(i32::from(!lines.is_empty()));
    lines
}

#[test]
fn a_finding_points_into_the_file() {
    let token = token(4100);
    let repo = Repo::new();
    for command in COMMANDS {
        repo.write("sub/message", format!("subject\n# a comment\n\nx {token}\n"));
        let run = run(&repo, command, "sub/message").expect_code(1);
        let finding = run.only_finding();
        for (key, value) in [("source", "message"), ("path", "sub/message"), ("part", "message")] {
            assert_eq!(finding[key], value, "{}", run.all());
        }
        let place = |key: &str| finding[key].as_u64();
        let end = u64::try_from(3 + token.text().len()).expect("small");
        assert_eq!((place("line"), place("column"), place("end_column")), (Some(4), Some(3), Some(end)));
        assert!(finding["commit"].is_null());
        expect_no_leak(&run, [&token]);
    }
}

#[test]
fn every_line_is_scanned_for_new_tokens() {
    let token = token(4101);
    let repo = Repo::new();
    let cut = "# ------------------------ >8 ------------------------";
    let explained = "# Do not modify or remove the line above.\n# Everything below it will be ignored.\n";
    let below = format!("{explained}diff --git a/a b/a\n");
    for command in COMMANDS {
        for (text, wanted) in [
            (format!("{token}\n"), &[1][..]),
            (format!("subject\n{token} {token}\n"), &[2, 2]),
            (format!("# {token}\n"), &[1]),
            (format!("#{token}\n#\n#{token}\nx\n{token}\n"), &[1, 3, 5]),
            (format!(" # {token}\n"), &[1]),
            (format!("x\n{cut}\n{below}+{token}\n"), &[6]),
            (format!("x {token}\n{cut}\n{below}-{token}\n"), &[1, 6]),
            (format!("x\n{cut}\n# why\n{token}\n{cut}\n{below}-{token}\n"), &[4, 9]),
            (format!("x\n{cut}\n{below}-{token}\n# {token}\n"), &[6, 7]),
            (format!("x\n{cut} {token}\n"), &[2]),
            (format!("x\n{token}"), &[2]),
            (format!("x\n# {token}"), &[2]),
            (format!("x\r\n\r\n{token}\r\n"), &[3]),
            (format!("x\r\n# {token}\r\n"), &[2]),
            (String::new(), &[]),
            ("\n\n\n".to_owned(), &[]),
            ("#".to_owned(), &[]),
        ] {
            note(text.replace(token.text(), "TOKEN").escape_debug());
            assert_eq!(found_in(&repo, command, text.as_bytes()), wanted);
        }
    }
}

/// The token is in a changed file. Git shows it in the diff below the scissors, and it is allowed only there.
#[test]
fn a_token_of_the_change_is_allowed_only_in_the_diff() {
    let token = token(4109);
    let repo = Repo::new();
    repo.stage("a", format!("{token}\n"));
    repo.commit("one");
    repo.stage("a", "x\n");
    let cut = "# ------------------------ >8 ------------------------";
    let diff = format!("diff --git a/a b/a\n-{token}\n");
    for command in COMMANDS {
        for (text, wanted) in [
            (format!("x\n{cut}\n# why\n{diff}"), &[][..]),
            (format!("x {token}\n{cut}\n# why\n{diff}"), &[1]),
            (format!("x\n# {token}\n{cut}\n# why\n{diff}"), &[2]),
            (format!("x\n{cut}\n{token}\n{diff}"), &[3]),
            (format!("x\n{diff}"), &[3]),
            // Not scissors: longer, shorter, indented, not in a comment, or with text behind them.
            (format!("x\n#{cut}\n{diff}"), &[4]),
            (format!("x\n {cut}\n{diff}"), &[4]),
            (format!("x\n{}\n{diff}", &cut[2..]), &[4]),
            (format!("x\n{}\n{diff}", &cut[..cut.len() - 1]), &[4]),
            (format!("x\n{cut}-\n{diff}"), &[4]),
        ] {
            note(text.replace(token.text(), "TOKEN").escape_debug());
            assert_eq!(found_in(&repo, command, text.as_bytes()), wanted);
        }
    }
}

#[test]
fn bytes_of_any_kind_are_read() {
    let token = token(4102);
    let repo = Repo::new();
    for command in COMMANDS {
        for before in [&b"caf\xe9 "[..], b"\xff\xfe\0\0 ", b"\0", b"\xef\xbb\xbf", &vec![b'x'; 3_000_000]] {
            let bytes = [before, b" ", token.text().as_bytes(), b"\n\xff\n"].concat();
            assert_eq!(found_in(&repo, command, &bytes), [1]);
        }
    }
}

#[test]
fn every_family_is_found_in_a_message_and_none_is_printed() {
    let mut make = Maker::new(4103);
    let tokens = make.every_family();
    let repo = Repo::new();
    let lines: String = tokens.iter().map(client).collect();
    repo.write("message", format!("subject\n\n{lines}"));
    for command in COMMANDS {
        let found = run(&repo, command, "message").expect_code(1);
        assert_eq!(found.findings().len(), tokens.len());
        for format in FORMATS {
            let run = repo.keysweep_call(format).args(command).args(&["message"]).run().expect_code(1);
            expect_no_leak(&run, &tokens);
        }
    }
}

#[test]
fn a_message_is_scanned_outside_of_a_repository() {
    let token = token(4104);
    let repo = Repo::none();
    assert_eq!(found_in(&repo, &["message"], format!("x\n# {token}\n{token}\n").as_bytes()), [2, 3]);
    assert!(found_in(&repo, &["message"], b"innocent\n").is_empty());
}

#[test]
fn paths_that_are_not_files_are_refused() {
    let repo = Repo::new();
    repo.write("folder/x", "x\n");
    for command in COMMANDS {
        for file in ["gone", "gone/message", "folder", "folder/x/message", ""] {
            note(file);
            expect_refused(run(&repo, command, file), &[file]);
        }
        let args = [&["--format", "jsonl"][..], command].concat();
        expect_refused(repo.keysweep(&args), &[]);
    }
    let token = token(4105);
    for command in COMMANDS {
        let run = run(&repo, command, &format!("gone/{token}")).expect_code(2);
        expect_no_leak(&run, [&token]);
    }
}

#[test]
fn the_configuration_of_the_index_applies() {
    let token = token(4106);
    let allow = format!("[allow]\nfingerprints = [{{ id = '{}', reason = 'revoked' }}]\n", token.fingerprint());
    for command in COMMANDS {
        let repo = Repo::new();
        repo.write("message", format!("x {token}\n"));
        repo.write(".keysweep.toml", &allow);
        if command[0] == "hook" {
            run(&repo, command, "message").expect_code(1);
        }
        repo.git(&["add", ".keysweep.toml"]);
        repo.write(".keysweep.toml", &allow);
        let allowed = run(&repo, command, "message").expect_code(0);
        expect_report(&allowed, &[]);
        assert_eq!(allowed.summary()["allowed"], 1);

        repo.stage(".keysweep.toml", "[allow]\npathes = []\n");
        expect_refused(run(&repo, command, "message"), &[".keysweep.toml", "pathes"]);
    }
}

#[test]
fn a_marker_on_the_line_allows_it() {
    let token = token(4107);
    let repo = Repo::new();
    for command in COMMANDS {
        for marker in ["keysweep:allow", "gitleaks:allow"] {
            assert_eq!(found_in(&repo, command, format!("x {token} {marker}\n{token}\n").as_bytes()), [2]);
        }
    }
}

#[test]
fn the_report_mentions_a_message() {
    let token = token(4108);
    let repo = Repo::new();
    repo.write("message", format!("x {token}\n"));
    let run = repo.keysweep(&["hook", "commit-msg", "message"]).expect_code(1);
    for word in [token.redacted().as_str(), "message", "fingerprint"] {
        if !run.all().contains(word) {
            run.fail(&format!("expected {word:?}"));
        }
    }
    run.expect_lacks("git restore --staged");
    repo.write("message", "innocent\n");
    let run = repo.keysweep(&["hook", "commit-msg", "message"]).expect_code(0);
    assert!(run.all().lines().count() <= 1, "{}", run.all());
    let summary = self::run(&repo, &["message"], "message").summary();
    assert_eq!(text(&summary["type"]), "summary");
    assert_eq!(summary["scanned"]["files"], 1);
}
