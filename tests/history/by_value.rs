//! The second pass of `history`, which searches for the value of each token found, so that the plan covers all places.

use std::collections::BTreeSet;
use std::fs;

use data_encoding::{BASE64, HEXLOWER};

use crate::support::clean::{run_plan, sweep};
use crate::support::encode::wrapped;
use crate::support::history::{expect_tokens, fingerprint};
use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, text};

/// Files that contain the token in forms that no rule finds, with their names.
fn hidden(token: &Token) -> Vec<(String, Vec<u8>)> {
    let held = BASE64.encode(format!("some text in front of it {token} and some more behind that").as_bytes());
    let lines = |width, between: &str| wrapped(held.as_bytes(), width, between);
    let (start, end) = token.text().split_at(13);
    // The length byte before a string may be a letter.
    let pyc = [&b"\xcb\r\r\n\0\0\0\0\xdakk"[..], token.text().as_bytes(), b"\xa9\0"].concat();
    let file = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
    vec![
        file("a.bin", [&b"\0\x01key"[..], token.text().as_bytes(), b"\0\xff"].concat()),
        (format!("name{token}.txt"), b"innocent\n".to_vec()),
        file("b.rs", [&b"// "[..], &lines(48, "\n// "), b"\n"].concat()),
        file("c.sql", [&b"-- "[..], &lines(52, "\n-- "), b"\n"].concat()),
        file("d.java", [&b"x = \""[..], &lines(40, "\\n\" +\n    \""), b"\";\n"].concat()),
        file("e.pyc", pyc),
        file("f.eml", format!("the key is {start}=\r\n{end} ok\n").into_bytes()),
        file("g.txt", format!("MYKEYIS{token}\n").into_bytes()),
    ]
}

/// The bytes of all objects, without the bytes that may separate two lines of an encoded text.
fn all_bytes(repo: &Repo, folder: &std::path::Path) -> Vec<u8> {
    let args = ["cat-file", "--batch-all-objects", "--batch", "--unordered"];
    let mut all = repo.git_call(&args).cwd(folder).run().expect_code(0).stdout;
    for between in ["\n// ", "\n-- ", "\\n\" +\n    \"", "=\r\n"] {
        let parts = split(&all, between.as_bytes());
        all = parts.concat();
    }
    all
}

fn split<'t>(text: &'t [u8], by: &[u8]) -> Vec<&'t [u8]> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(by.len()).position(|window| window == by) {
        parts.push(&rest[..at]);
        rest = &rest[at + by.len()..];
    }
    parts.push(rest);
    parts
}

/// Reports whether `all` contains the token or its body, plain or in base64 of any alignment.
fn is_readable(all: &[u8], token: &Token) -> bool {
    let digits = (0..3).map(|others| {
        let whole = BASE64.encode(format!("{}{token}", "x".repeat(others)).as_bytes());
        whole.as_bytes()[4..whole.len() - 4].to_vec()
    });
    let forms = digits.chain([token.text().as_bytes().to_vec(), token.body().as_bytes().to_vec()]);
    forms.into_iter().any(|form| all.windows(form.len()).any(|window| window == form))
}

#[test]
fn no_form_of_the_token_remains_after_the_plan() {
    let repo = Repo::new();
    let mut make = Maker::new(8500);
    let (token, other) = (make.sk_live(24), make.sk(32));
    repo.stage("plain.py", client(&token));
    repo.stage("other.py", client(&other));
    let hidden = hidden(&token);
    for (name, bytes) in &hidden {
        repo.stage(name, bytes);
    }
    repo.commit("bad");
    repo.git(&["rm", "-q", "-r", "--ignore-unmatch", "b.rs", "g.txt"]);
    repo.commit(&format!("xkey{token} is gone"));
    assert!(is_readable(&all_bytes(&repo, repo.top()), &token));

    let run = sweep(&repo, repo.top()).expect_code(1);
    expect_tokens(&run, [&token, &other]);
    expect_no_leak(&run, [&token, &other]);
    let finding = run.findings().into_iter().find(|one| one["fingerprint"] == fingerprint(&token)).expect("the token");
    let places = finding["places"].as_array().expect("places");
    let by_value: BTreeSet<&str> = places
        .iter()
        .filter(|place| place["by_value"] == true)
        .map(|place| place["path"].as_str().unwrap_or("-"))
        .collect();
    // The rules join the lines of these three.
    let joined = ["b.rs", "c.sql", "d.java"];
    for path in joined {
        assert!(places.iter().any(|place| place["path"] == path), "{path}: {finding:#}");
    }
    let is_wanted = |name: &&str| !name.starts_with("name") && !joined.contains(name);
    let mut wanted: BTreeSet<&str> = hidden.iter().map(|(name, _)| &name[..]).filter(is_wanted).collect();
    wanted.extend(["-", "namesk_live_…"]);
    let shown = |path: &str| if path.starts_with("name") { "name_…".to_owned() } else { path.to_owned() };
    let (got, wanted): (BTreeSet<String>, BTreeSet<String>) =
        (by_value.iter().map(|path| shown(path)).collect(), wanted.iter().map(|path| shown(path)).collect());
    assert_eq!(got, wanted, "{finding:#}");
    let notes = run.summary()["notes"].to_string();
    assert!(notes.contains("by value alone"), "{notes}");

    // The plan deletes the file after its verification.
    let (from, kept) = (repo.base().join("replacements.txt"), repo.base().join("kept.txt"));
    fs::copy(&from, &kept).expect("copy");
    run_plan(&repo, repo.top(), &run);
    assert!(!is_readable(&all_bytes(&repo, repo.top()), &token), "the token can still be read");
    let args = ["find".as_ref(), "--tokens-from".as_ref(), kept.as_os_str()];
    repo.keysweep_call(&args).run().expect_code(0);
    let names = repo.git_call(&["ls-tree", "-r", "--name-only", "HEAD"]).run().expect_code(0);
    assert!(names.out().contains("nameREMOVED-"), "{}", names.out());
}

#[test]
fn a_place_that_a_rule_also_finds_is_reported_once() {
    let repo = Repo::new();
    let mut make = Maker::new(8501);
    let tokens = make.every_family();
    for (at, token) in tokens.iter().enumerate() {
        let text = client(token);
        let text = if at % 3 == 0 { HEXLOWER.encode(text.as_bytes()) } else { text };
        repo.stage(format!("{at}.txt"), if at % 3 == 1 { BASE64.encode(text.as_bytes()) } else { text });
    }
    repo.commit("bad");
    let run = sweep(&repo, repo.top()).expect_code(1);
    expect_tokens(&run, &tokens);
    for finding in run.findings() {
        assert_eq!(finding["places"].as_array().map(Vec::len), Some(1), "{finding:#}");
        assert_eq!(finding["places"][0]["by_value"], serde_json::Value::Null, "{}", text(&finding["rule"]));
    }
    assert_eq!(run.summary()["notes"], serde_json::json!([]));
}

#[test]
fn a_token_allowed_by_fingerprint_is_not_searched_for() {
    let repo = Repo::new();
    let token = Maker::new(8502).sk_live(24);
    repo.stage(
        ".keysweep.toml",
        format!("[allow]\nfingerprints = [{{ id = \"{}\", reason = \"x\" }}]\n", fingerprint(&token)),
    );
    repo.stage("a.txt", client(&token));
    repo.stage("b.txt", format!("key{token}\n"));
    repo.commit("allowed");
    sweep(&repo, repo.top()).expect_code(0);
}

#[test]
fn a_since_last_scan_searches_all_objects_for_its_tokens() {
    let repo = Repo::new();
    let token = Maker::new(8503).sk_live(24);
    repo.stage("old.txt", format!("key{token}\n"));
    repo.commit("no rule finds it");
    let since_last = || repo.keysweep(&["history", "--since-last", "--format", "jsonl"]);
    since_last().expect_code(0);
    repo.stage("new.txt", client(&token));
    repo.commit("now one does");
    let finding = since_last().expect_code(1).only_finding();
    let paths: BTreeSet<&str> =
        finding["places"].as_array().expect("places").iter().filter_map(|place| place["path"].as_str()).collect();
    assert_eq!(paths, ["new.txt", "old.txt"].into());
}

#[test]
fn a_token_without_its_variable_name_is_found_by_value() {
    let repo = Repo::new();
    let mut make = Maker::new(8504);
    let token = make.hex(64);
    let fill: String =
        (0..400).map(|_| format!("line {} of text\n", make.below(1_000_000))).collect::<Vec<_>>().concat();
    for (at, name) in ["ATTIO_API_KEY", "SOMETHING_ELSE"].iter().enumerate() {
        repo.stage("a.txt", format!("{fill}{name}={token}\n{fill}{at}\n"));
        repo.commit("one");
    }
    repo.git(&["gc", "-q"]);
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    let finding = run.only_finding();
    assert_eq!(finding["copies"], 2, "{finding:#}");
    assert_eq!(finding["at_head"], true);
}
