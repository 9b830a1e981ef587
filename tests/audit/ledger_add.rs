//! `keysweep ledger add`, and what `doctor` says about the dates in the ledger.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client};
use crate::{audit, expect};

const FACTS: &[&str] = &[
    "--owner",
    "Ada \"the\" O'Neil",
    "--environment",
    "production",
    "--created",
    "2026-01-01",
    "--rotate-by",
    "2999-01-01",
    "--scopes",
    "note:read,task:read-write",
];

fn add(repo: &Repo, token: &str, args: &[&str]) -> Run {
    repo.keysweep_call(&[&["ledger", "add"], args].concat()).stdin(token).run()
}

fn config(repo: &Repo) -> String {
    fs::read_to_string(repo.path(".keysweep.toml")).expect("the configuration")
}

/// No output and no file but those that the test wrote contains the token.
fn expect_kept(run: &Run, repo: &Repo, token: &Token) {
    assert!(!run.all().contains(token.body()), "{}", run.all());
    for entry in fs::read_dir(repo.path(".")).expect("list").map(|entry| entry.expect("an entry").path()) {
        let bytes = fs::read(&entry).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(token.body()), "{}", entry.display());
    }
}

#[test]
fn it_makes_the_file_and_keeps_what_it_has() {
    let mut make = Maker::new(4500);
    let repo = Repo::new();
    let (first, second) = (make.sk_live(24), make.sk(32));
    let run = add(&repo, first.text(), FACTS).expect_code(0).expect_has(&first.fingerprint());
    expect_kept(&run, &repo, &first);
    assert_eq!(
        config(&repo),
        format!(
            "[[token]]\nfingerprint = \"{}\"\nowner = \"Ada \\\"the\\\" O'Neil\"\nenvironment = \"production\"\n\
             created = 2026-01-01\nrotate_by = 2999-01-01\nscopes = [\"note:read\", \"task:read-write\"]\n",
            first.fingerprint()
        )
    );
    let mode = fs::metadata(repo.path(".keysweep.toml")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    for check in ["scopes", "rotation", "token-ledger"] {
        expect(&repo, check, "pass", &[]);
    }
    let before = "# why\r\n[output]\r\n  quiet = false   # keep\r\n\r\n[allow]\r\npaths = [ 'x/**', ]";
    repo.write(".keysweep.toml", before);
    fs::set_permissions(repo.path(".keysweep.toml"), fs::Permissions::from_mode(0o664)).expect("chmod");
    let run = add(&repo, &format!("{second}\n"), &[]).expect_code(0).expect_has(".keysweep.toml:8");
    expect_kept(&run, &repo, &second);
    let after = format!("{before}\r\n\r\n[[token]]\r\nfingerprint = \"{}\"\r\n", second.fingerprint());
    assert_eq!(config(&repo), after);
    let mode = fs::metadata(repo.path(".keysweep.toml")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o664);
    run.expect_has("--owner, --created, --rotate-by, --scopes");
}

#[test]
fn a_folder_below_and_another_file_work() {
    let mut make = Maker::new(4501);
    let repo = Repo::new();
    repo.write("deep/er/a.txt", "x");
    let token = make.sk_live(24);
    repo.keysweep_call(&["ledger", "add"]).cwd(repo.path("deep/er")).stdin(token.text()).run().expect_code(0);
    assert!(config(&repo).contains(&token.fingerprint()));
    repo.write("other.toml", "");
    add(&repo, token.text(), &["--config", "other.toml", "--quiet"]).expect_code(0);
    let other = fs::read_to_string(repo.path("other.toml")).expect("the file");
    assert!(other.contains(&token.fingerprint()), "{other}");
    let bare = Repo::init(&["--bare"]);
    add(&bare, token.text(), &[]).expect_code(2).expect_has("no worktree");
}

#[test]
fn an_entry_silences_nothing() {
    let mut make = Maker::new(4502);
    let repo = Repo::new();
    let token = make.sk_live(24);
    repo.stage("a.py", client(&token));
    repo.staged().expect_code(1);
    add(&repo, token.text(), FACTS).expect_code(0);
    repo.git(&["add", ".keysweep.toml"]);
    repo.staged().expect_code(1);
    repo.keysweep(&["worktree"]).expect_code(1);
    repo.keysweep(&["files", "."]).expect_code(1);
    expect(&repo, "keys-in-code", "fail", &["a.py:1"]);
    repo.commit("with the ledger");
    repo.keysweep(&["history"]).expect_code(1);
}

#[test]
fn a_token_is_listed_once() {
    let mut make = Maker::new(4503);
    let repo = Repo::new();
    let token = make.sk_live(24);
    add(&repo, token.text(), &[]).expect_code(0);
    let before = config(&repo);
    let run = add(&repo, token.text(), FACTS).expect_code(2);
    expect_kept(&run, &repo, &token);
    run.expect_has("line 1 lists its fingerprint").expect_has(&token.fingerprint());
    assert_eq!(config(&repo), before);
}

#[test]
fn wrong_input_changes_nothing_and_shows_nothing() {
    let mut make = Maker::new(4504);
    let repo = Repo::new();
    let token = make.sk_live(24);
    let odd = make.alnum(40);
    let own = odd.as_str();
    let text = token.text();
    for (input, args, error) in [
        ("", &[][..], "standard input is empty"),
        ("\n", &[], "standard input is empty"),
        ("short", &[], "fewer than 8 bytes"),
        (&"x".repeat(600), &[], "more than 512 bytes"),
        (&format!("{text}\n{text}\n"), &[], "more than one token"),
        (&format!(" {text}"), &[], "more than one token"),
        (&format!("KEY={text}"), &[], "other text around the token"),
        (&format!("\"{text}\""), &[], "other text around the token"),
        (text, &["--owner", text], "it contains a token"),
        (own, &["--owner", own], "it contains a token"),
        (own, &["--scopes", own], "it contains a token"),
        (own, &["--environment", text], "it contains a token"),
        (text, &["--owner", ""], "owner is empty"),
        (text, &["--owner", "a\nb"], "one line"),
        (text, &["--created", "soon"], "not a date"),
        (text, &["--created", "2026-02-30"], "not a date"),
        (text, &["--created", "2026-02-03 and more"], "not a date"),
        (text, &["--created", "2999-01-01"], "in the future"),
        (text, &["--rotate-by", "2020-01-01"], "in the past"),
        ("", &[text], "cannot add the token"),
        ("", &[own], "cannot add the token"),
        ("", &["--token", own], "unexpected argument"),
    ] {
        let run = add(&repo, input, args).expect_code(2).expect_has(error);
        assert!(!run.all().contains(token.body()) && !run.all().contains(own), "{}", run.all());
        assert!(!repo.path(".keysweep.toml").exists(), "{error}");
    }
    let run = repo.keysweep(&["ledger", own]).expect_code(2);
    assert!(!run.all().contains(own), "{}", run.all());
    add(&repo, own, &[]).expect_code(0).expect_has("no rule recognizes").expect_lacks(own);
}

#[test]
fn an_odd_file_stays_as_it_is() {
    let mut make = Maker::new(4505);
    let repo = Repo::new();
    let token = make.sk_live(24);
    for (before, error) in [
        ("[output\n", ".keysweep.toml:1"),
        ("token = []\n", "[[token]]"),
        ("token = [{ fingerprint = \"0123456789abcdef\" }]\n", "[[token]]"),
        ("[token]\nowner = \"x\"\n", "must be an array"),
        ("[output]\nquiet = 1\n", ".keysweep.toml:2"),
    ] {
        repo.write(".keysweep.toml", before);
        add(&repo, token.text(), &[]).expect_code(2).expect_has(error);
        assert_eq!(config(&repo), before);
    }
    fs::remove_file(repo.path(".keysweep.toml")).expect("remove");
    repo.write("shared.toml", "");
    symlink("shared.toml", repo.path(".keysweep.toml")).expect("link");
    add(&repo, token.text(), &[]).expect_code(2).expect_has("a symbolic link");
    assert_eq!(fs::read(repo.path("shared.toml")).expect("the file"), b"");
    fs::remove_file(repo.path(".keysweep.toml")).expect("remove");
    repo.call("mkfifo", &[".keysweep.toml"]).run().expect_code(0);
    add(&repo, token.text(), &[]).expect_code(2).expect_has("a pipe");
    let left: Vec<_> = fs::read_dir(repo.path(".")).expect("list").map(|entry| entry.expect("an entry")).collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn doctor_and_audit_remind_of_the_same_dates() {
    let mut make = Maker::new(4506);
    let repo = Repo::new();
    repo.keysweep(&["install"]).expect_code(0);
    let (late, soon, far) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
    let today = repo.call("date", &["-u", "+%F"]).run().line();
    let entry = |token: &Token, date: &str| {
        format!("[[token]]\nfingerprint = \"{}\"\nowner = \"billing\"\nrotate_by = {date}\n", token.fingerprint())
    };
    repo.write(".keysweep.toml", entry(&late, "2020-01-01") + &entry(&soon, &today) + &entry(&far, "2999-01-01"));
    let late_says = format!("the token {} of billing was to be rotated by 2020-01-01", late.fingerprint());
    let soon_says = format!("the token {} of billing is due for rotation by {today}", soon.fingerprint());
    let run = repo.keysweep(&["doctor"]).expect_code(0);
    run.expect_has(&format!("warning: .keysweep.toml:1: {late_says}"))
        .expect_has(&format!("warning: .keysweep.toml:5: {soon_says}"))
        .expect_lacks(&far.fingerprint())
        .expect_has("all hooks block tokens");
    audit(&repo, &["rotation"]).expect_code(1).expect_has(&late_says).expect_has(&soon_says);
    repo.write(".keysweep.toml", entry(&late, "soon"));
    repo.keysweep(&["doctor"]).expect_code(2).expect_has(".keysweep.toml:4");
}

#[test]
fn entries_that_are_added_at_once_are_all_kept() {
    let repo = Repo::new();
    let mut make = Maker::new(4490);
    let tokens: Vec<Token> = (0..8).map(|_| make.sk_live(24)).collect();
    std::thread::scope(|scope| {
        for token in &tokens {
            scope.spawn(|| add(&repo, token.text(), &[]).expect_code(0));
        }
    });
    let text = config(&repo);
    for token in &tokens {
        assert!(text.contains(&token.fingerprint()), "{text}");
    }
    assert!(!repo.path(".keysweep.toml.lock").exists());
    // A lock that a crash left behind is named, and nothing is lost.
    repo.write(".keysweep.toml.lock", "");
    let other = make.sk_live(24);
    add(&repo, other.text(), &[]).expect_code(2).expect_has(".keysweep.toml.lock exists");
    assert_eq!(config(&repo), text);
}
