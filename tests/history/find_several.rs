//! `find` searches for several tokens in one run: from stdin or from a replacements file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};

use crate::support::clean::{file, run_plan, sweep};
use crate::support::history::fingerprint;
use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, Run, client};

fn find_call(repo: &Repo, stdin: impl AsRef<[u8]>, args: &[&str]) -> Call {
    repo.keysweep_call(&["find", "--format", "jsonl"]).args(args).stdin(stdin)
}

fn find_from(repo: &Repo, path: &Path) -> Run {
    repo.keysweep_call(&["find", "--format", "jsonl", "--tokens-from"]).args(&[path]).run()
}

/// The fingerprints of the findings.
fn found(run: &Run) -> Vec<String> {
    let mut found: Vec<String> = run
        .findings()
        .iter()
        .map(|finding| finding["fingerprint"].as_str().expect("a fingerprint").to_owned())
        .collect();
    found.sort_unstable();
    found
}

fn fingerprints<'t>(tokens: impl IntoIterator<Item = &'t Token>) -> Vec<String> {
    let mut all: Vec<String> = tokens.into_iter().map(fingerprint).collect();
    all.sort_unstable();
    all
}

#[test]
fn several_tokens_on_stdin() {
    let repo = Repo::new();
    let mut make = Maker::new(8300);
    let [committed, on_disk, both, absent] = [0; 4].map(|_| make.sk_live(24));
    repo.stage("a.txt", client(&committed));
    repo.stage("b.txt", BASE64.encode(client(&both).as_bytes()));
    repo.commit("bad");
    repo.write("c.txt", format!("x{on_disk}y{both}"));
    let lines = format!("{committed}\r\n\n{absent}\n{on_disk}\n{both}\n{committed}\n");
    let run = find_call(&repo, &lines, &[]).run().expect_code(1);
    assert_eq!(found(&run), fingerprints([&committed, &on_disk, &both]));
    expect_no_leak(&run, [&committed, &on_disk, &both, &absent]);
    let paths = |token: &Token| {
        let finding = run.findings().into_iter().find(|one| one["fingerprint"] == fingerprint(token)).expect("found");
        let places = finding["places"].as_array().expect("places").clone();
        places.iter().map(|place| place["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&committed), ["a.txt", "a.txt"]);
    assert_eq!(paths(&on_disk), ["c.txt"]);
    assert_eq!(paths(&both), ["b.txt", "b.txt", "c.txt"]);
    let none = format!("{absent}\n{}\n", make.sk(32));
    let human = repo.keysweep_call(&["find"]).stdin(&none).run().expect_code(0);
    human.expect_has("none of 2 tokens is in any of ");
}

#[test]
fn an_invalid_line_is_reported_by_number() {
    let repo = Repo::new();
    let token = Maker::new(8301).sk_live(24);
    let run = find_call(&repo, format!("{token}\nshort\n"), &[]).run().expect_code(2);
    run.expect_has("token 2 of 2 has fewer than 8 bytes").expect_lacks(token.body()).expect_lacks("short");
}

#[test]
fn a_thousand_tokens_in_one_search() {
    let repo = Repo::new();
    let mut make = Maker::new(8302);
    let tokens: Vec<Token> = (0..1000).map(|_| make.sk_live(24)).collect();
    let lines = |tokens: &[Token], before: &str| {
        let lines: Vec<String> = tokens.iter().map(|token| format!("{before}{token}\n")).collect();
        lines.concat()
    };
    repo.stage("a.txt", lines(&tokens[..500], "key_"));
    repo.commit("bad");
    let run = find_call(&repo, lines(&tokens, ""), &[]).run();
    assert_eq!(found(&run.expect_code(1)), fingerprints(&tokens[..500]));
}

#[test]
fn the_replacements_file_verifies_the_cleanup() {
    let repo = Repo::new();
    let mut make = Maker::new(8303);
    let mut tokens = make.every_family();
    for (at, token) in tokens.iter().enumerate() {
        let text = client(token);
        repo.stage(format!("{at}.txt"), if at % 2 == 0 { text } else { HEXLOWER.encode(text.as_bytes()) });
    }
    // The plan must not change a line that only looks like an entry of the replacements file.
    repo.stage("keep.txt", "literal:==>keysweep-token: ==> # \n");
    repo.commit("bad");
    let named = make.sk_live(24);
    repo.stage("more.txt", "more\n");
    repo.commit(&client(&named));
    tokens.push(named);
    let run = sweep(&repo, repo.top()).expect_code(1);
    let path = file(&repo);
    assert_eq!(found(&find_from(&repo, &path).expect_code(1)), fingerprints(&tokens));
    // Copy the file for the verification, since the plan deletes it.
    let copy = repo.base().join("copy.txt");
    fs::copy(&path, &copy).expect("copy");
    run_plan(&repo, repo.top(), &run);
    find_from(&repo, &copy).expect_code(0);
    let kept = repo.git(&["show", "HEAD:keep.txt"]);
    assert_eq!(kept.out(), "literal:==>keysweep-token: ==> # \n");
}

#[test]
fn a_handwritten_replacements_file() {
    let repo = Repo::new();
    let mut make = Maker::new(8304);
    let [literal, bare, absent] = [0; 3].map(|_| make.sk_live(24));
    repo.stage("a.txt", format!("x{literal}\ny{bare}\n"));
    repo.commit("bad");
    let path = file(&repo);
    fs::write(&path, format!("literal:{literal}==>gone\n{bare}\n\nregex:{absent}==>x\n")).expect("write");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
    assert_eq!(found(&find_from(&repo, &path).expect_code(1)), fingerprints([&literal, &bare]));
}

#[test]
fn the_tokens_file_must_be_private() {
    let repo = Repo::new();
    let token = Maker::new(8305).sk_live(24);
    let path = file(&repo);
    let write = |text: &str, mode| {
        fs::write(&path, text).expect("write");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
    };
    let refused = |path: &Path, word: &str| {
        let run = find_from(&repo, path).expect_code(2).expect_has(word).expect_lacks(token.body());
        let kinds: Vec<_> = run.objects().iter().map(|one| one["type"].clone()).collect();
        assert_eq!(run.err().lines().count(), 1, "expected exactly one sentence");
        assert!(kinds.iter().all(|kind| kind == "error"), "{kinds:?}");
    };
    refused(&path, "cannot read the tokens from");
    refused(repo.top(), "not a file");
    for mode in [0o640, 0o604, 0o620] {
        write(&format!("literal:{token}==>x\n"), mode);
        refused(&path, "chmod 600");
    }
    for (text, word) in [
        (String::new(), "names no token"),
        (format!("{token}\nregex:{token}.*==>x\n"), "line 2"),
        (format!("glob:{token}*\n"), "line 1"),
        ("literal:short==>x\n".to_owned(), "fewer than 8 bytes"),
    ] {
        write(&text, 0o600);
        refused(&path, word);
    }
}

#[test]
fn the_tokens_file_itself_is_skipped_and_reported() {
    let repo = Repo::new();
    let token = Maker::new(8306).sk_live(24);
    repo.stage(".gitignore", "/r.txt\n");
    repo.commit("good");
    repo.write("r.txt", format!("literal:{token}==>x\n"));
    fs::set_permissions(repo.path("r.txt"), fs::Permissions::from_mode(0o600)).expect("chmod");
    let run = find_from(&repo, &repo.path("r.txt")).expect_code(0);
    assert_eq!(run.summary()["skipped"][0]["what"], "r.txt");
    repo.write("copy.txt", format!("literal:{token}==>x\n"));
    assert_eq!(found(&find_from(&repo, &repo.path("r.txt")).expect_code(1)), fingerprints([&token]));
}
