//! No output of a push scan contains a token or lets pushed content forge a report, for each kind of pushed content.

use std::fmt::Write as _;

use crate::support::leak::{FORMATS, expect_no_leak};
use crate::support::push::{Pair, ZERO};
use crate::support::token::Token;
use crate::support::{Run, client, note, os};

/// A branch and two tags with tokens of every family, in every place that a push can contain.
fn push_with_tokens(seed: u64) -> (Pair, Vec<Token>, String) {
    let mut pair = Pair::new(seed);
    let tokens = pair.every_family();
    let repo = &pair.repo;
    for (number, token) in tokens.iter().enumerate() {
        let other = &tokens[(number + 7) % tokens.len()];
        repo.stage_blob(format!("sub/{number}.txt"), format!("{}{token} {other}\n", client(token)));
        repo.stage_blob(format!("named/{}/{number}.txt", token.body()), "x\n");
        repo.stage_entry("120000", format!("link-{number}"), token.text());
        let call = repo.git_call(&["commit", "-q", "--no-verify", "-m", &format!("{token} and {other}\n\n{other}")]);
        let call = call.env("GIT_AUTHOR_NAME", format!("A {token} {other}")).env("GIT_COMMITTER_EMAIL", other.text());
        call.run().expect_code(0);
    }
    repo.stage_blob(tokens[0].text(), "x\n");
    repo.commit("a name");
    repo.git(&["tag", "-a", "-m", &format!("{} {}", tokens[1], tokens[2]), "v1"]);
    let call = repo.git_call(&["tag", "-a", "-m", "x", "v2"]).env("GIT_COMMITTER_NAME", tokens[3].text());
    call.run().expect_code(0);
    let mut lines =
        [pair.new_ref("refs/heads/main"), pair.new_ref("refs/tags/v1"), pair.new_ref("refs/tags/v2")].concat();
    let head = pair.oid("HEAD");
    let is_name = |token: &&Token| !token.text().contains(['+', '/', '=']);
    for token in tokens.iter().filter(is_name) {
        let _ = writeln!(lines, "refs/heads/{token} {head} refs/heads/x/{token} {ZERO}");
    }
    (pair, tokens, lines)
}

#[test]
fn no_format_prints_a_token_from_any_place_of_a_push() {
    let (pair, tokens, lines) = push_with_tokens(4300);
    for format in FORMATS {
        note(format!("{format:?}"));
        let call = pair.repo.keysweep_call(&["hook"]).args(format).args(&["pre-push", "origin", "x"]);
        let run = call.stdin(&lines).run().expect_code(1);
        expect_no_leak(&run, &tokens);
    }
    let run = pair.direct(&lines).expect_code(1);
    for part in ["content", "name", "symlink", "message", "person", "ref"] {
        assert!(run.findings().iter().any(|finding| finding["part"] == part), "no finding in a {part}");
    }
}

#[test]
fn no_refusal_prints_a_token_from_any_place_of_a_push() {
    let (pair, tokens, lines) = push_with_tokens(4301);
    let tree = pair.oid("HEAD~3^{tree}");
    for id in [pair.oid("HEAD~2"), tree, pair.oid("HEAD:sub")] {
        std::fs::remove_file(pair.repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..])))
            .expect("a loose object");
        for format in FORMATS {
            let call = pair.repo.keysweep_call(&["hook"]).args(format).args(&["pre-push", "origin", "x"]);
            let run = call.stdin(&lines).run().expect_code(2);
            expect_no_leak(&run, &tokens);
        }
    }
}

/// Expects one line for each finding and no control character.
#[track_caller]
fn expect_no_forgery(run: &Run) {
    let tame = |c: char| c == '\n' || !c.is_control();
    if !run.all().chars().all(tame) {
        run.fail("the report contains a control character");
    }
    if run.all().lines().any(|line| line.starts_with("keysweep: 0 tokens") || line.starts_with("forged")) {
        run.fail("the report contains a forged line");
    }
}

#[test]
fn pushed_content_cannot_forge_a_report() {
    let mut pair = Pair::new(4302);
    let token = pair.token();
    let forged = format!("\x1b[2J\x1b[1;1H\rforged {token}\u{9b}1m\u{202e}");
    let repo = &pair.repo;
    repo.stage_blob(format!("a\nforged\x1b[2J{token}"), format!("{forged}\n"));
    let call = repo.git_call(&["commit", "-q", "--no-verify", "--cleanup=verbatim", "-F", "-"]);
    let message = format!("{forged}\r\nforged\x08\n");
    call.stdin(message).env("GIT_AUTHOR_NAME", &forged).run().expect_code(0);
    let oid = pair.oid("HEAD");
    repo.git_call(&["tag", "-a", "-F", "-", "v1"])
        .stdin(&forged)
        .env("GIT_COMMITTER_NAME", &forged)
        .run()
        .expect_code(0);
    let lines = format!("x {oid} refs/heads/\x1b[2J\r{token} {ZERO}\n{}", pair.new_ref("refs/tags/v1"));
    for format in ["human", "jsonl"] {
        let args = ["hook", "--format", format, "--color", "never", "pre-push", "origin", "\x1b[2J"];
        let run = repo.keysweep_call(&args).stdin(&lines).run().expect_code(1);
        expect_no_forgery(&run);
        expect_no_leak(&run, [&token]);
    }
}

#[test]
fn non_utf8_bytes_are_scanned_everywhere() {
    let mut pair = Pair::new(4303);
    let token = pair.token();
    let odd = [b"\xff\xe9 ".as_slice(), token.text().as_bytes(), b" \xff"].concat();
    let repo = &pair.repo;
    let name = [b"\xff/".as_slice(), token.text().as_bytes(), b"\xe9"].concat();
    repo.stage_blob(os(&name), &odd);
    let call = repo.git_call(&["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--no-verify", "-F", "-"]);
    call.stdin(&odd).env("GIT_AUTHOR_NAME", os(&odd)).run().expect_code(0);
    let oid = pair.oid("HEAD");
    let line =
        [b"x ", oid.as_bytes(), b" refs/heads/\xff\xe9", token.text().as_bytes(), b"\xff ", ZERO.as_bytes()].concat();
    let run = pair.direct(line).expect_code(1);
    let mut parts: Vec<String> =
        run.findings().iter().map(|finding| crate::support::text(&finding["part"]).to_owned()).collect();
    parts.sort();
    assert_eq!(parts, ["content", "message", "name", "person", "ref"], "{}", run.all());
    expect_no_leak(&run, [&token]);
}
