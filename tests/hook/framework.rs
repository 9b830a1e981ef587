//! Behavior that is specific to pre-commit and prek, which reads the same files: builds from source, runs without a
//! commit, and refs of a push that they do not pass to hooks.

use std::fs;
use std::time::Duration;

use crate::support::runner::{HookedRepo, Runner, equip, framework_config};
use crate::support::token::Maker;
use crate::support::tools::tools;
use crate::support::{Call, Repo, client, note};

const FRAMEWORKS: [(Runner, &str); 2] = [(Runner::PreCommit, "pre-commit"), (Runner::Prek, "prek")];

/// Uses the user's Rust, the crates of earlier runs, and a profile that compiles three times as fast, since the test
/// only checks that keysweep builds. prek uses its own cache of crates. With that cache for both, the second build
/// reuses the first.
fn with_build_settings(call: Call) -> Call {
    let home = std::env::var("HOME").unwrap_or_default();
    let rustup = std::env::var("RUSTUP_HOME").unwrap_or(format!("{home}/.rustup"));
    call.env("RUSTUP_HOME", rustup)
        .env("CARGO_HOME", tools().join("prek-home/cache/cargo"))
        .env("CARGO_TARGET_DIR", tools().join("framework-target"))
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .timeout(Duration::from_secs(900))
}

/// The frameworks build one after the other, since a build uses all cores.
#[test]
fn a_framework_builds_keysweep_from_source() {
    for (runner, program) in FRAMEWORKS {
        note(program);
        let mut make = Maker::new(1500);
        let (token, other) = (make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        repo.stage(".pre-commit-config.yaml", framework_config("pre-commit.yaml"));
        repo.commit("base");
        let call = |what: &str, args: &[&str]| with_build_settings(equip(repo.call(what, args), runner));
        call(program, &["install"]).run().expect_code(0);

        repo.stage("a file.txt", client(&token));
        let stopped = call("git", &["commit", "-m", "leak"]).run().expect_code(1);
        stopped.expect_has(&token.redacted()).expect_lacks(token.body());
        repo.stage("a file.txt", "read it from the environment\n");
        let stopped = call("git", &["commit", "-m", &format!("with {other}")]).run().expect_code(1);
        stopped.expect_has(&other.redacted()).expect_lacks(other.body());
        call("git", &["commit", "-m", "mended"]).run().expect_code(0);
    }
}

#[test]
fn a_run_without_a_commit_scans_every_file_whole() {
    for (runner, program) in FRAMEWORKS {
        note(program);
        let token = Maker::new(1501).sk_live(24);
        let at = HookedRepo::new(runner);
        at.repo.stage("old.txt", client(&token));
        at.repo.commit("an old leak");
        at.repo.stage("new.txt", "innocent\n");
        let runs: [&[&str]; 3] = [&["run"], &["run", "--all-files"], &["run", "--files", "new.txt"]];
        for args in runs {
            let found = at.call(program, args).run().expect_code(1);
            found.expect_has("old.txt:1:").expect_has(&token.redacted()).expect_lacks(token.body());
        }
        at.repo.git(&["rm", "-q", "old.txt"]);
        for args in runs {
            at.call(program, args).run().expect_code(0);
        }
    }
}

#[test]
fn a_run_over_a_range_scans_its_commits() {
    for (runner, program) in FRAMEWORKS {
        note(program);
        let token = Maker::new(1502).sk_live(24);
        let at = HookedRepo::new(runner);
        at.repo.stage("old.txt", client(&token));
        at.repo.commit("a leak");
        at.repo.git(&["rm", "-q", "old.txt"]);
        at.repo.commit("token removed");
        for stage in ["pre-commit", "pre-push"] {
            let run = |from: &str, to: &str| {
                at.call(program, &["run", "--hook-stage", stage, "--from-ref", from, "--to-ref", to]).run()
            };
            let found = run("HEAD~2", "HEAD").expect_code(1);
            found.expect_has(&token.redacted()).expect_lacks(token.body());
            at.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
            run("HEAD~1", "HEAD").expect_code(0);
            run("HEAD~2", "HEAD").expect_code(1);
            at.repo.git(&["push", "-q", "--no-verify", "origin", ":main"]);
        }
    }
}

#[test]
fn given_files_are_scanned_whole() {
    for (runner, program) in FRAMEWORKS {
        note(program);
        let token = Maker::new(1503).sk_live(24);
        let at = HookedRepo::new(runner);
        let files = "      - id: keysweep-files\n        language: system\n";
        at.repo.stage(".pre-commit-config.yaml", framework_config("pre-commit-installed.yaml") + files);
        at.repo.stage("--help", client(&token));
        at.repo.commit("an old leak");
        let all = ["run", "--hook-stage", "manual", "--all-files", "keysweep-files"];
        let found = at.call(program, &all).run().expect_code(1);
        found.expect_has("--help:1:").expect_has(&token.redacted()).expect_lacks(token.body());
        at.repo.git(&["rm", "-q", "--", "--help"]);
        at.call(program, &all).run().expect_code(0);
    }
}

/// A framework runs no hook for a tag of a commit that the remote has, and passes only one ref of a push. It still runs
/// a script that was installed before it, with all lines on stdin.
#[test]
fn a_legacy_hook_gets_the_lines_that_the_framework_hides() {
    for (runner, program) in FRAMEWORKS {
        note(program);
        let token = Maker::new(1504).sk_live(24);
        let at = HookedRepo::new(runner);
        at.expect_passes(at.git(&["push", "origin", "main"]));
        at.repo.git(&["tag", "-a", "one", "-m", &format!("with {token}")]);
        at.repo.stage("a.txt", "innocent\n");
        at.repo.commit("clean");
        let second = at.repo.git(&["commit-tree", "-m", &format!("with {token}"), "HEAD^{tree}"]).line();
        let second = format!("{second}:refs/heads/on-no-branch-here");
        for args in [&["push", "origin", "one"][..], &["push", "origin", "main", &second]] {
            at.expect_passes(at.git(args));
        }
        at.repo.git(&["push", "-q", "--no-verify", "-f", "origin", "main~1:main", ":one", ":on-no-branch-here"]);

        fs::remove_file(at.repo.path(".git/hooks/pre-push")).expect("remove");
        at.call("keysweep", &["install", "pre-push"]).run().expect_code(0);
        at.install(at.repo.top());
        assert!(at.repo.path(".git/hooks/pre-push.legacy").exists(), "the framework must keep the hook");
        at.expect_stopped(at.git(&["push", "origin", "one"]), &token);
        at.expect_stopped(at.git(&["push", "origin", "main", &second]), &token);
        at.repo.git(&["tag", "-f", "-a", "one", "-m", "clean"]);
        at.expect_passes(at.git(&["push", "origin", "one"]));
    }
}

/// The advice of docs/hooks.md: an unpushed branch blocks nothing, and a tag alone is scanned.
#[test]
fn a_pre_push_hook_of_git_beside_a_framework_gets_all_lines() {
    for (runner, program) in FRAMEWORKS {
        note(program);
        let token = Maker::new(1505).sk_live(24);
        let at = HookedRepo::new(runner);
        at.repo.git(&["branch", "-q", "wip"]);
        at.repo.git(&["checkout", "-q", "wip"]);
        at.repo.stage("wip.txt", client(&token));
        at.repo.commit("not to be pushed");
        at.repo.git(&["checkout", "-q", "main"]);
        at.expect_stopped(at.git(&["push", "origin", "main"]), &token);

        let config = framework_config("pre-commit-installed.yaml").replace(", pre-push]", "]");
        let config = config.replace("      - id: keysweep-pre-push\n        language: system\n", "");
        assert!(!config.contains("pre-push"), "{config}");
        at.repo.stage(".pre-commit-config.yaml", config);
        at.repo.commit("another configuration");
        at.call(program, &["uninstall"]).run().expect_code(0);
        fs::remove_file(at.repo.path(".git/hooks/pre-push")).unwrap_or_default();
        at.install(at.repo.top());
        at.call("keysweep", &["install", "pre-push"]).run().expect_code(0);
        at.expect_passes(at.git(&["push", "origin", "main"]));
        at.repo.git(&["tag", "-a", "one", "-m", &format!("with {token}")]);
        at.expect_stopped(at.git(&["push", "origin", "one"]), &token);
        at.expect_stopped(at.git(&["push", "origin", "wip"]), &token);
        at.repo.stage("a.txt", client(&token));
        at.expect_stopped(at.git(&["commit", "-m", "x"]), &token);
    }
}
