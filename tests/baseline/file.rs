//! Hostile and broken baseline files.

use std::fs;
use std::os::unix::fs::symlink;

use crate::command::FILE;
use crate::support::token::Maker;
use crate::support::{Repo, client};

#[test]
fn a_wrong_line_stops_every_scan_that_uses_it() {
    let repo = Repo::new();
    repo.stage("a.py", client(&Maker::new(9311).sk_live(24)));
    repo.stage(FILE, "# x\n{\"fingerprint\":\"oops\"}\n");
    let message = "cannot use the baseline .keysweep-baseline:2: a fingerprint is 16 lower-case hex digits";
    for args in [&["staged"][..], &["history"], &["files"], &["hook", "pre-commit"], &["baseline"]] {
        let run = repo.keysweep(args).expect_code(2);
        assert!(run.err().contains(message), "{args:?}: {}", run.err());
    }
    // These do not use it.
    repo.keysweep(&["history", "--no-baseline"]).expect_code(1);
    repo.stage(FILE, "<<<<<<< HEAD\n");
    let run = repo.keysweep(&["staged"]).expect_code(2);
    assert!(run.err().contains(":1: it is a conflict marker"), "{}", run.err());
}

#[test]
fn a_pipe_a_link_and_a_folder_are_refused() {
    let repo = Repo::new();
    repo.stage("a.py", client(&Maker::new(9312).sk_live(24)));
    let path = repo.path(FILE);
    repo.call("mkfifo", &[&path]).run().expect_code(0);
    for args in [&["files", "a.py"][..], &["worktree"], &["baseline"]] {
        let run = repo.keysweep(args).expect_code(2);
        assert!(run.err().contains("it is a pipe, a socket or a device"), "{}", run.err());
    }
    fs::remove_file(&path).expect("remove");
    repo.write("../secret", "keep\n");
    symlink(repo.base().join("secret"), &path).expect("symlink");
    for args in [&["files", "a.py"][..], &["baseline"]] {
        let run = repo.keysweep(args).expect_code(2);
        assert!(run.err().contains("it is a symbolic link"), "{}", run.err());
    }
    assert_eq!(fs::read_to_string(repo.base().join("secret")).expect("the target"), "keep\n");
    // A link in the index is no baseline, and is not followed.
    repo.git(&["add", FILE]);
    repo.keysweep(&["staged"]).expect_code(1);
    fs::remove_file(&path).expect("remove");
    fs::create_dir(&path).expect("a folder");
    repo.keysweep(&["files", "a.py"]).expect_code(2);
    repo.keysweep(&["baseline"]).expect_code(2);
}

#[test]
fn a_huge_file_is_refused() {
    let repo = Repo::new();
    repo.stage("a.py", client(&Maker::new(9313).sk_live(24)));
    let file = fs::File::create(repo.path(FILE)).expect("create");
    file.set_len(1 << 40).expect("a sparse file");
    let run = repo.keysweep(&["files", "a.py"]).expect_code(2);
    assert!(run.err().contains("it has more than 64 MB, the limit"), "{}", run.err());
}
