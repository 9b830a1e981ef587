//! A signal ends commands that wait, and nothing is left behind.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::support::token::Maker;
use crate::support::{Call, Repo, client, executable};

/// The signals that a person or a system sends, with the exit codes.
const SIGNALS: [(&str, i32); 4] = [("HUP", 129), ("INT", 130), ("QUIT", 131), ("TERM", 143)];

/// The command, which gets the signal after two seconds. Programs that it started do not get it.
fn stopped(repo: &Repo, signal: &str, args: &[&str]) -> Call {
    let temporary = repo.base().join("tmp");
    fs::create_dir_all(&temporary).expect("create");
    let timeout = ["--foreground", "--preserve-status", "-s", signal, "2", env!("CARGO_BIN_EXE_keysweep")];
    repo.call("timeout", &[&timeout, args].concat()).env("TMPDIR", temporary)
}

/// Every path below the folder.
fn paths(folder: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(folder).expect("list").flatten();
    let below = entries.flat_map(|entry| {
        let inner = if entry.path().is_dir() { paths(&entry.path()) } else { BTreeSet::new() };
        inner.into_iter().chain([entry.path().into_os_string()])
    });
    below.collect()
}

/// A git that does not end, and writes its process id.
fn slow_git(repo: &Repo) -> OsString {
    let folder = repo.base().join("slow");
    fs::create_dir_all(&folder).expect("create");
    let pid = repo.base().join("pid");
    executable(&folder.join("git"), &format!("#!/bin/sh\necho $$ > '{}'\nexec sleep 60\n", pid.display()));
    let mut path = folder.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// Whether the process runs. One that has ended and that nobody waited for is a zombie.
fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|state| !state.is_empty() && !state.starts_with('Z'))
}

#[test]
fn a_signal_ends_the_git_that_a_command_waits_for() {
    let repo = Repo::new();
    repo.stage("a.txt", "text\n");
    let path = slow_git(&repo);
    fs::create_dir_all(repo.base().join("tmp")).expect("create");
    fs::write(repo.base().join("pid"), "").expect("write");
    let before = paths(repo.base());
    for (signal, code) in SIGNALS {
        for args in [&["audit"][..], &["install"]] {
            stopped(&repo, signal, args).env("PATH", &path).run().expect_code(code);
            let pid = fs::read_to_string(repo.base().join("pid")).expect("the slow git was started");
            assert!(!is_running(pid.trim()), "{signal} {args:?}: git still runs");
            assert_eq!(paths(repo.base()), before, "{signal} {args:?}");
        }
    }
}

#[test]
fn a_signal_ends_the_wait_for_a_lock_and_keeps_the_lock_of_the_other() {
    let repo = Repo::new();
    repo.stage("a.txt", client(&Maker::new(4730).sk_live(24)));
    repo.write(".keysweep-baseline.lock", "");
    repo.write(".claude/settings.json.lock", "");
    fs::create_dir_all(repo.base().join("tmp")).expect("create");
    let before = paths(repo.base());
    for (signal, code) in SIGNALS {
        for args in [&["baseline", "--reason", "x"][..], &["install", "--agent", "claude-code"]] {
            stopped(&repo, signal, args).run().expect_code(code);
            assert_eq!(paths(repo.base()), before, "{signal} {args:?}");
        }
    }
}
