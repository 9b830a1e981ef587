//! The tree has no finding of other scanners with their default rules, so that nobody who clones it has to look at one.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::token::Maker;
use crate::support::tools::scanners;
use crate::support::{Repo, client};

/// The scanners, with the arguments that scan a folder without network.
const SCANNERS: [(&str, &[&str]); 3] = [
    ("gitleaks", &["dir", ".", "--no-banner", "--redact", "--verbose"]),
    ("betterleaks", &[".", "--no-banner", "--redact"]),
    ("kingfisher", &["scan", ".", "--no-validate", "--no-update-check", "--redact"]),
];

/// Copies the files that git tracks, as they are on disk.
fn copy_tree(to: &Path) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(top).output().expect("run git");
    assert!(listed.status.success() && !listed.stdout.is_empty(), "the tests need a clone of the repository");
    for path in String::from_utf8(listed.stdout).expect("names are UTF-8").split_terminator('\0') {
        if top.join(path).is_file() {
            let target = to.join(path);
            fs::create_dir_all(target.parent().expect("a parent")).expect("create a folder");
            fs::copy(top.join(path), target).expect("copy a file");
        }
    }
}

#[test]
fn other_scanners_find_nothing_in_the_tree() {
    let repo = Repo::none();
    let tree = repo.base().join("tree");
    copy_tree(&tree);
    // The same arguments find a token that all three know.
    let other = repo.base().join("planted");
    fs::create_dir_all(&other).expect("create a folder");
    fs::write(other.join("client.py"), client(&Maker::new(9990).sk_live(24))).expect("write");
    for (name, args) in SCANNERS {
        let program = scanners().join(name).display().to_string();
        repo.call(&program, args).cwd(&tree).env("HOME", repo.base()).run().expect_code(0);
        let run = repo.call(&program, args).cwd(&other).env("HOME", repo.base()).run();
        assert_ne!(run.code, Some(0), "{name} must find a token: {}", run.all());
    }
}
