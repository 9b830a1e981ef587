//! Each kind of change in a pushed commit gets the same result as in `staged`.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::push::{Pair, expect_report};
use crate::support::token::Token;
use crate::support::{Repo, client, note, os};

/// A commit whose parent has `kept.txt`, which contains an old token in the middle of thirty lines.
struct Case {
    name: &'static str,
    change: fn(&Repo, &Token, &Token),
    /// The places of the new token and of the old token.
    found: (&'static [&'static str], &'static [&'static str]),
}

fn kept(old: &Token) -> String {
    let lines: String = (0..15).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
    format!("{lines}{}{lines}end\n", client(old))
}

/// `(name, change, places of the new token, places of the old token)`
macro_rules! cases {
    ($($name:literal, $change:expr, $new:expr, $old:expr;)*) => {
        &[$(Case { name: $name, change: $change, found: (&$new, &$old) }),*]
    };
}

const CASES: &[Case] = cases! {
    "a new file", |r, new, _| r.stage("a.txt", client(new)), ["a.txt:1"], [];
    "the same token twice", |r, new, _| r.stage("a.txt", client(new).repeat(2)), ["a.txt:1", "a.txt:2"], [];
    "a line beside the old token", |r, _, old| r.stage("kept.txt", format!("{}x\n", kept(old))), [], [];
    "a new token in the file of the old one", |r, new, old| r.stage("kept.txt", format!("{}{}", client(new), kept(old))),
        ["kept.txt:1"], [];
    "the old token on one more line", |r, _, old| r.stage("kept.txt", format!("{}{}", kept(old), client(old))),
        [], ["kept.txt:33"];
    "the old token removed", |r, _, _| r.stage("kept.txt", "nothing\n"), [], [];
    "a file deleted", |r, _, _| { r.git(&["rm", "-q", "kept.txt"]); }, [], [];
    "a file renamed", |r, _, _| { r.git(&["mv", "kept.txt", "other.txt"]); }, [], [];
    "a file moved into a folder", |r, _, old| {
        r.git(&["rm", "-q", "kept.txt"]);
        r.stage("sub/deep/kept.txt", kept(old));
    }, [], [];
    "a file moved and edited", |r, new, old| {
        r.git(&["rm", "-q", "kept.txt"]);
        r.stage("sub/moved.txt", format!("{}{}", kept(old), client(new)));
    }, ["sub/moved.txt:33"], [];
    "a file copied", |r, _, old| r.stage("copy.txt", kept(old)), [], ["copy.txt:16"];
    "a file moved and copied", |r, _, old| {
        r.git(&["mv", "kept.txt", "moved.txt"]);
        r.stage("moved.txt", kept(old));
        r.stage("copy.txt", format!("{}{}", client(old), "entirely different\n".repeat(90)));
    }, [], ["copy.txt:1"];
    "a mode changed", |r, _, _| {
        std::fs::set_permissions(r.path("kept.txt"), std::fs::Permissions::from_mode(0o755)).expect("chmod");
        r.git(&["add", "kept.txt"]);
    }, [], [];
    "a link whose target is a token", |r, new, _| { r.stage_entry("120000", "link", new.text()); }, ["symlink link"], [];
    "a file that becomes a link", |r, new, _| { r.stage_entry("120000", "kept.txt", format!("x/{new}")); },
        ["symlink kept.txt"], [];
    "a file that becomes a folder", |r, new, _| { r.stage_blob("kept.txt/a.txt", client(new)); },
        ["kept.txt/a.txt:1"], [];
    "a file name", |r, new, _| { r.stage_blob(format!("sub/{new}.txt"), "x\n"); }, ["name"], [];
    "a folder name, reported once for each file", |r, new, _| {
        r.stage_blob(format!("{new}/a"), "x\n");
    }, ["name"], [];
    "line ends of two bytes", |r, new, _| r.stage("a.txt", format!("one\r\n{new}\r\ntwo\r\n")), ["a.txt:2"], [];
    "no line end", |r, new, _| r.stage("a.txt", format!("one\n{new}")), ["a.txt:2"], [];
    "bytes that git calls binary", |r, new, _| r.stage("a.bin", format!("\0\0\n\0{new}\0")), ["a.bin:2"], [];
    "an attribute that hides the file from git diff", |r, new, _| {
        r.stage(".gitattributes", "* binary -diff -text diff=none linguist-generated export-ignore\n");
        r.stage("a.txt", client(new));
    }, ["a.txt:1"], [];
    "an executable", |r, new, _| { r.stage_entry("100755", "run", client(new)); }, ["run:1"], [];
    "a file in deeply nested folders", |r, new, _| { r.stage_blob("a/b/c/d/e/f/g", client(new)); }, ["a/b/c/d/e/f/g:1"], [];
    "names that sort around a folder's", |r, new, _| {
        r.stage_blob("a/b", client(new));
        r.stage_blob("a.b", client(new));
        r.stage_blob("a0", client(new));
    }, ["a/b:1", "a.b:1", "a0:1"], [];
    "a name of quotes, spaces and line ends", |r, new, _| { r.stage_blob("a \"b'\n\tc\u{e9}", client(new)); },
        ["a \"b'\n\tc\u{e9}:1"], [];
    "a name like an option", |r, new, _| { r.stage_blob("--help", client(new)); }, ["--help:1"], [];
    "an allowed line", |r, new, _| r.stage("a.py", format!("key = \"{new}\"  # keysweep:allow\n")), [], [];
    "huge, over git's threshold", |r, new, _| {
        r.git(&["config", "core.bigFileThreshold", "1k"]);
        r.stage("big.txt", format!("{}{}", "0123456789abcde\n".repeat(1000), client(new)));
    }, ["big.txt:1001"], [];
};

#[test]
fn every_kind_of_change_in_a_pushed_commit() {
    let mut pair = Pair::new(3300);
    let (old, new) = (pair.token(), pair.token());
    pair.add("kept.txt", kept(&old));
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    let base = pair.oid("HEAD");
    for Case { name, change, found } in CASES {
        note(name);
        let repo = &pair.repo;
        repo.git(&["reset", "-q", "--hard", &base]);
        change(repo, &new, &old);
        // The push must report the same as `staged`.
        let staged = repo.staged();
        repo.commit("change");
        repo.git(&["reset", "-q", "--hard"]);
        let bad = pair.oid("HEAD");
        let news = found.0.iter().map(|place| (bad.as_str(), *place, &new));
        let olds = found.1.iter().map(|place| (bad.as_str(), *place, &old));
        let wanted: Vec<_> = news.chain(olds).collect();
        let run = pair.direct(pair.new_ref("refs/heads/main"));
        expect_report(&run, &wanted);
        assert_eq!(run.code, Some(i32::from(!wanted.is_empty())), "{}", run.all());
        assert_eq!(staged.code, run.code, "{}", staged.all());
        let (staged, pushed) = (staged.summary(), run.summary());
        for key in ["findings", "tokens", "allowed", "skipped"] {
            assert_eq!(staged[key], pushed[key], "{}", run.all());
        }
    }
}

#[test]
fn the_same_changes_in_one_push_are_reported_one_by_one() {
    let mut pair = Pair::new(3301);
    let (old, new) = (pair.token(), pair.token());
    pair.add("kept.txt", kept(&old));
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    pair.repo.git(&["fetch", "-q", "origin"]);
    let base = pair.oid("HEAD");
    let mut expected = Vec::new();
    for (number, Case { change, found, .. }) in CASES.iter().enumerate() {
        let repo = &pair.repo;
        repo.git(&["reset", "-q", "--hard", &base]);
        change(repo, &new, &old);
        repo.commit("change");
        repo.git(&["branch", &format!("case-{number}")]);
        let bad = pair.oid("HEAD");
        expected.extend(found.0.iter().map(|place| (bad.clone(), *place, &new)));
        expected.extend(found.1.iter().map(|place| (bad.clone(), *place, &old)));
    }
    pair.repo.git(&["reset", "-q", "--hard", &base]);
    pair.repo.git(&["repack", "-q", "-a", "-d"]);
    let wanted: Vec<_> = expected.iter().map(|(commit, place, token)| (commit.as_str(), *place, *token)).collect();
    pair.push_finds(&["--all", "origin"], &wanted);
}

#[test]
fn a_submodule_and_an_lfs_pointer_are_reported_as_skipped() {
    let pair = Pair::new(3302);
    let elsewhere = "1".repeat(40);
    pair.repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{elsewhere},module")]);
    pair.repo.stage_blob("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n");
    pair.repo.commit("content that is stored elsewhere");
    let summary = pair.push_passes(&["origin", "main"]).summary();
    let skipped = summary["skipped"].to_string();
    for what in ["module", "submodule", "big.bin", "LFS"] {
        assert!(skipped.contains(what), "{skipped}");
    }
}

#[test]
fn a_non_utf8_name_is_reported_as_by_staged() {
    let mut pair = Pair::new(3303);
    let token = pair.token();
    pair.repo.stage_blob(os(b"caf\xe9/a.txt"), client(&token));
    let staged = pair.repo.staged();
    pair.repo.commit("x");
    let pushed = pair.direct(pair.new_ref("refs/heads/main")).expect_code(1);
    for key in ["path", "path_bytes", "line", "column"] {
        assert_eq!(staged.only_finding()[key], pushed.only_finding()[key], "{}", pushed.all());
    }
}

#[test]
fn a_token_moved_through_many_names_is_reported_where_it_was_introduced() {
    let mut pair = Pair::new(3304);
    let token = pair.token();
    let bad = pair.add("name-0", client(&token));
    for n in 1..8 {
        pair.repo.git(&["mv", &format!("name-{}", n - 1), &format!("name-{n}")]);
        pair.repo.commit("moved");
    }
    pair.repo.git(&["rm", "-q", "name-7"]);
    pair.repo.commit("gone");
    pair.push_finds(&["origin", "main"], &[(&bad, "name-0:1", &token)]);
}
