//! Leftovers and borrowed objects: unfinished packs, unreadable reflogs, and alternates in a cycle.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::history::history_call;
use crate::support::token::Maker;
use crate::support::{Repo, client, note, text};

fn set_age(path: &Path, age: Duration) {
    let file = fs::File::options().write(true).open(path).expect("open");
    file.set_modified(SystemTime::now() - age).expect("set the time");
}

#[test]
fn an_unfinished_pack_is_reported() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    for name in ["tmp_pack_Ab12", "tmp_idx_Ab12", ".tmp-99-pack-1234.pack"] {
        let path = repo.path(".git/objects/pack").join(name);
        fs::write(&path, "PACK").expect("write");
        // Git is still writing the pack.
        let run = history_call(&repo).run().expect_code(0);
        let summary = run.summary();
        let skipped = summary["skipped"].as_array().expect("a list");
        assert!(skipped.iter().any(|one| text(&one["what"]).ends_with(name)), "{}", run.all());
        set_age(&path, Duration::from_secs(3600));
        let run = history_call(&repo).run().expect_code(2).expect_has(name).expect_has("git gc --prune=now");
        assert_eq!(run.err().lines().count(), 1, "{}", run.all());
        repo.staged().expect_code(0);
        fs::remove_file(path).expect("remove");
    }
    history_call(&repo).run().expect_code(0);
}

#[test]
fn unreadable_reflogs_are_reported() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    for name in [".git/logs/HEAD", ".git/logs/refs/heads", ".git/logs"] {
        note(name);
        let path = repo.path(name);
        let away = repo.base().join("away");
        fs::rename(&path, &away).expect("rename");
        // No user can read a symlink to itself, not even root.
        std::os::unix::fs::symlink(&path, &path).expect("link");
        history_call(&repo).run().expect_code(2).expect_has("cannot read the reflog").expect_has(name);
        fs::remove_file(&path).expect("remove");
        fs::rename(&away, &path).expect("rename");
    }
    history_call(&repo).run().expect_code(0);
}

/// Git reads each alternate once and resolves a relative path against the directory that names it.
#[test]
fn every_command_reads_alternates_that_form_a_cycle() {
    for packed in [false, true] {
        let mut make = Maker::new(4430);
        let (old, staged) = (make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        repo.stage("old.txt", client(&old));
        repo.stage("a.txt", "innocent\n");
        repo.commit("base");
        if packed {
            repo.git(&["repack", "-adq"]);
        }
        let third = repo.base().join("third");
        fs::create_dir_all(repo.base().join("other/info")).expect("create");
        fs::rename(repo.path(".git/objects"), &third).expect("rename");
        fs::create_dir_all(repo.path(".git/objects/info")).expect("create");
        fs::create_dir_all(third.join("info")).expect("create");
        fs::write(repo.path(".git/objects/info/alternates"), "../../../other\n").expect("write");
        fs::write(repo.base().join("other/info/alternates"), "../third\n../other\n").expect("write");
        let back = format!("{}\n../other\n", repo.path(".git/objects").display());
        fs::write(third.join("info/alternates"), back).expect("write");
        repo.git(&["cat-file", "-e", "HEAD:old.txt"]);

        repo.stage("a.txt", client(&staged));
        repo.staged().expect_found(&[("a.txt", 1, &staged)]);
        let run = repo.keysweep(&["hook", "--format", "jsonl", "pre-commit"]);
        run.expect_found(&[("a.txt", 1, &staged)]);
        for args in [&[][..], &["HEAD"]] {
            history_call(&repo).args(args).run().expect_code(1).expect_has(&old.fingerprint());
        }
        let head = repo.git(&["rev-parse", "HEAD"]).line();
        let line = format!("refs/heads/main {head} refs/heads/main {}\n", "0".repeat(40));
        let run = repo.keysweep_call(&["hook", "--format", "jsonl", "pre-push", "origin", "x"]).stdin(line).run();
        run.expect_code(1).expect_has(&old.fingerprint());
    }
}
