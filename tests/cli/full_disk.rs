//! A command that fails because the disk is full leaves no new file and no new folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::push::BINARY;
use crate::support::{Call, Repo};

/// Files and folders below a folder, but those of git's objects.
fn below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("objects") {
                folders.push(path.clone());
            }
            found.insert(path);
        }
    }
    found
}

/// A call in which no program can write a byte to a file.
fn call(repo: &Repo, words: &[&str]) -> Call {
    // A limit on the size of a file acts like a full disk.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let call = repo.call("sh", &["-c", script, "sh", BINARY]).args(words);
    let base = repo.base();
    call.env("HOME", base.join("home")).env("GIT_CONFIG_GLOBAL", base.join("home/new/gitconfig"))
}

#[test]
fn a_command_that_fails_leaves_nothing() {
    let mut wrong = Vec::new();
    let long = format!("new/{}", "x".repeat(300));
    for (hooks_path, words) in [
        ("new/er/hooks", &["install"][..]),
        (&long, &["install"]),
        (".git/hooks", &["install", "--global"]),
        (".git/hooks", &["install", "--agent", "claude-code"]),
        (".git/hooks", &["install", "--agent", "claude-code", "--global"]),
        (".git/hooks", &["man", "--dir", "new/er/man"]),
        (".git/hooks", &["man", "--dir", &long]),
        (".git/hooks", &["fleet", "list", "--cache", "new/er/cache"]),
        (".git/hooks", &["fleet", "list", "--cache", &long]),
    ] {
        let repo = Repo::new();
        repo.git(&["config", "core.hooksPath", hooks_path]);
        repo.write("list", "https://127.0.0.1:1/a.git\n");
        fs::remove_dir_all(repo.path(".git/hooks")).expect("remove the samples");
        let before = below(repo.base());
        call(&repo, words).run().expect_code(2);
        let left: Vec<_> = below(repo.base()).difference(&before).cloned().collect();
        if !left.is_empty() {
            wrong.push(format!("{words:?} with {hooks_path} leaves {left:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_scan_that_cannot_keep_its_cache_leaves_nothing() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("one");
    let before = below(repo.base());
    call(&repo, &["history", "--since-last"]).run();
    assert_eq!(below(repo.base()), before);
}
