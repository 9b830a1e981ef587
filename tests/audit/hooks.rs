//! `hook-live`, by reading and by running.

use crate::support::{Repo, executable};
use crate::{audit, expect};

#[test]
fn hooks_are_judged_by_reading() {
    let repo = Repo::new();
    expect(&repo, "hook-live", "fail", &[]);
    repo.keysweep(&["install", "pre-commit"]).expect_code(0);
    expect(&repo, "hook-live", "suspect", &[]);
    repo.keysweep(&["install"]).expect_code(0);
    expect(&repo, "hook-live", "pass", &[]);
    repo.git(&["config", "alias.ci", "commit --no-verify"]);
    expect(&repo, "hook-live", "suspect", &[]);
}

#[test]
fn a_foreign_hook_is_not_run() {
    let repo = Repo::new();
    executable(&repo.path(".git/hooks/pre-commit"), "#!/bin/sh\ntouch it-ran\n");
    expect(&repo, "hook-live", "unknown", &[]);
    assert!(!repo.path("it-ran").exists());
    audit(&repo, &["hook-live", "--run-hooks"]).expect_code(1);
}

#[test]
fn husky_and_lefthook_are_read() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", ".husky/_"]);
    for name in ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"] {
        executable(
            &{
                std::fs::create_dir_all(repo.path(".husky/_")).expect("mkdir");
                repo.path(format!(".husky/_/{name}"))
            },
            "#!/bin/sh\n. \"$(dirname \"$0\")/h\"\n",
        );
        repo.write(format!(".husky/{name}"), format!("keysweep hook {name} \"$@\"\n"));
    }
    expect(&repo, "hook-live", "pass", &[]);
    repo.write(".husky/pre-commit", "npm test\n");
    expect(&repo, "hook-live", "unknown", &[]);
}

#[test]
fn installed_hooks_pass_when_they_are_run() {
    let repo = Repo::new();
    repo.keysweep(&["install"]).expect_code(0);
    audit(&repo, &["hook-live", "--run-hooks"]).expect_code(0).expect_has("all hooks block a made-up token");
}
