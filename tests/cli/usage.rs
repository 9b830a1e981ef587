//! Errors about the command line of commands that work with one token: they explain what is wrong and repeat nothing that was
//! typed, because it may be a token of any shape.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use crate::support::token::Maker;
use crate::support::{Repo, Run};

/// These commands, each with the words that it requires.
fn commands() -> Vec<Vec<&'static str>> {
    let all = [&["find"][..], &["ledger", "add"], &["verify"], &["probe", "--vendor", "svix", "http://localhost:9/"]];
    let takes = |command: &&str| cfg!(feature = "online") || !["verify", "probe"].contains(command);
    all.into_iter().filter(|words| takes(&words[0])).map(<[&str]>::to_vec).collect()
}

#[track_caller]
fn expect_hidden(run: &Run, text: &[u8]) {
    for shown in [&run.stdout, &run.stderr] {
        let lossy = String::from_utf8_lossy(text);
        for text in [text, lossy.as_bytes()] {
            if let Some(part) = text.windows(8).find(|part| shown.windows(8).any(|window| window == *part)) {
                run.fail(&format!("{:?} was printed", part.escape_ascii().to_string()));
            }
        }
    }
    // `-h` may be the first letter of a token.
    let is_help = run.code == Some(0) && run.out().contains("\nUsage: ");
    if !is_help && (run.code != Some(2) || run.stderr.is_empty()) {
        run.fail("expected an error");
    }
}

#[test]
fn the_message_keeps_the_option_the_tip_and_the_usage() {
    let repo = Repo::new();
    let expect = |words: &[&str], text: &str| {
        let run = repo.keysweep(words).expect_code(2);
        assert_eq!(run.err(), format!("keysweep: {text}\n\nFor more information, try '--help'.\n"), "{words:?}");
    };
    expect(
        &["find", "--tokens-form", "x"],
        "unexpected argument '…' found\n\n  tip: a similar argument exists: '--tokens-from'\n\n\
         Usage: keysweep find --tokens-from <FILE>",
    );
    expect(&["find", "-x"], "unexpected argument '…' found\n\nUsage: keysweep find [OPTIONS]");
    expect(
        &["find", "--format", "yaml"],
        "invalid value '…' for '--format <FORMAT>'\n  [possible values: human, json, jsonl, sarif, github, gitlab]",
    );
    expect(
        &["find", "--format", "jsn"],
        "invalid value '…' for '--format <FORMAT>'\n  [possible values: human, json, jsonl, sarif, github, gitlab]\n\n  \
         tip: a similar value exists: 'json'",
    );
    expect(&["find", "--threads", "5000"], "invalid value '…' for '--threads <N>': it is not in 1..=1024");
    expect(&["find", "--threads", "many"], "invalid value '…' for '--threads <N>': invalid digit found in string");
    expect(
        &["find", "--quiet=yes"],
        "unexpected value '…' for '--quiet' found; no more were expected\n\nUsage: keysweep find --quiet",
    );
    expect(
        &["find", "--fingerprint", "x", "--tokens-from", "y"],
        "the argument '--fingerprint <HEX>' cannot be used with '--tokens-from <FILE>'\n\n\
         Usage: keysweep find --fingerprint <HEX>",
    );
    expect(
        &["ledger"],
        "the following required arguments were not provided:\n  <ACTION>\n\nUsage: keysweep ledger <ACTION>",
    );
    expect(&["ledger", "remove"], "invalid value '…' for '<ACTION>'\n  [possible values: add]");
    expect(&["ledger", "add", "--owner"], "a value is required for '--owner <TEXT>' but none was supplied");
}

#[test]
#[cfg(feature = "online")]
fn the_message_of_verify_and_probe_names_what_is_missing() {
    let repo = Repo::new();
    let expect = |words: &[&str], text: &str| {
        let run = repo.keysweep(words).expect_code(2);
        assert_eq!(run.err(), format!("keysweep: {text}\n\nFor more information, try '--help'.\n"), "{words:?}");
    };
    expect(
        &["verify", "--expect", "alive"],
        "invalid value '…' for '--expect <EXPECT>'\n  [possible values: dead, live]\n\n  tip: a similar value exists: 'live'",
    );
    expect(&["verify", "--timeout", "0"], "invalid value '…' for '--timeout <N>': it is not in 1..=600");
    expect(
        &["probe", "http://localhost:9/"],
        "the following required arguments were not provided:\n  --vendor <VENDOR>\n\n\
         Usage: keysweep probe --vendor <VENDOR> <URL>",
    );
    expect(
        &["probe", "--vendor", "svix"],
        "the following required arguments were not provided:\n  <URL>\n\nUsage: keysweep probe --vendor <VENDOR> <URL>",
    );
    repo.keysweep(&["probe", "--help"]).expect_has("Usage: keysweep probe [OPTIONS] --vendor <VENDOR> <URL>");
}

#[test]
fn nothing_that_was_typed_is_repeated() {
    let mut make = Maker::new(1301);
    let repo = Repo::new();
    for command in commands() {
        for token in [make.sk_live(24), make.unknown(24), make.words()] {
            let text = token.text();
            let (front, back) = text.split_at(text.len() / 2);
            let (late, early) = (format!("{front}\u{202e}{back}"), format!("\u{202e}{text}"));
            let hostile = format!("{front}\n{back}\u{1b}[31m");
            for typed in [text, &late, &early, &hostile] {
                for words in [
                    vec![format!("--{typed}")],
                    vec![format!("-{typed}")],
                    vec![format!("--{typed}=x")],
                    vec![format!("--{typed}"), typed.to_owned()],
                    vec![format!("--outpt={typed}")],
                    vec![format!("--output{typed}")],
                    vec![format!("--color={typed}")],
                    vec!["--color".to_owned(), typed.to_owned()],
                    vec![format!("-q{typed}")],
                    vec![format!("-q={typed}")],
                    vec![format!("--quiet={typed}")],
                    vec![format!("--help={typed}")],
                    vec![typed.to_owned()],
                    vec![typed.to_owned(), typed.to_owned()],
                    vec!["--".to_owned(), typed.to_owned()],
                    vec!["--".to_owned(), format!("--{typed}")],
                    vec![format!("--{front}"), back.to_owned()],
                    vec![format!("--color={front}"), back.to_owned()],
                    vec![front.to_owned(), format!("--{back}")],
                ] {
                    let options = ["--format", "json"].iter().filter(|_| command[0] != "ledger");
                    let words: Vec<&str> = command
                        .iter()
                        .copied()
                        .chain(words.iter().map(String::as_str))
                        .chain(options.copied())
                        .collect();
                    let run = repo.keysweep(&words);
                    for part in [text, front, back] {
                        expect_hidden(&run, part.as_bytes());
                    }
                }
                // An option in front of the command.
                let option = format!("--{typed}");
                let words = [&[option.as_str()], &command[..]].concat();
                expect_hidden(&repo.keysweep(&words), text.as_bytes());
                let help = ["help", command[0], typed];
                expect_hidden(&repo.keysweep(&help), text.as_bytes());
            }
        }
    }
}

#[test]
fn nothing_that_is_not_utf8_is_repeated() {
    let mut make = Maker::new(1302);
    let repo = Repo::new();
    for command in commands() {
        let token = make.unknown(24);
        let bytes = [token.text().as_bytes(), b"\xff"].concat();
        let join = |front: &str| OsStr::from_bytes(&[front.as_bytes(), &bytes].concat()).to_owned();
        for word in [join("--"), join("-"), join("--color="), join("--output-"), join("--quiet="), join("-q"), join("")]
        {
            let words: Vec<OsString> = command.iter().map(OsString::from).chain([word]).collect();
            expect_hidden(&repo.keysweep_call(&words).run(), token.text().as_bytes());
        }
    }
}

#[test]
fn values_that_a_command_refuses_are_not_repeated() {
    let token = Maker::new(1303).words();
    let text = token.text();
    let repo = Repo::new();
    let mut lines = vec![
        vec!["find", "--fingerprint", text],
        vec!["find", "--threads", text],
        vec!["find", "--format", text],
        vec!["ledger", "add", "--created", text],
        vec!["ledger", "add", "--rotate-by", text],
        vec!["ledger", text],
        vec!["rotate", text],
        vec!["rotate", "attio", text],
        vec!["baseline", text],
        vec!["baseline", "--until", text],
    ];
    if cfg!(feature = "online") {
        lines.extend([
            vec!["verify", "--vendor", text],
            vec!["verify", "--base-url", text],
            vec!["verify", "--expect", text],
            vec!["verify", "--expect", "live", "--expect-scopes", text],
            vec!["verify", "--timeout", text],
            vec!["probe", text],
            vec!["probe", text, "--vendor", "svix"],
            vec!["probe", "http://localhost:9/", "--vendor", text],
            vec!["probe", "http://localhost:9/", "--vendor", "svix", "--timeout", text],
        ]);
    }
    for line in lines {
        let stdin = Maker::new(1304).sk_live(24);
        expect_hidden(&repo.keysweep_call(&line).stdin(stdin.text()).run(), text.as_bytes());
    }
}
