//! Time limits, interruptions, and a reader that goes away.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::harness::{Fleet, expect_error, expect_found};
use crate::support::executable;

/// Puts a program in place of ssh that never answers, first in PATH. It writes its id to the file `ssh-id`.
fn silent_ssh(fleet: &Fleet) -> String {
    let folder = fleet.repo.base().join("bin");
    fs::create_dir_all(&folder).expect("create");
    let id = fleet.repo.base().join("ssh-id");
    executable(&folder.join("ssh"), &format!("#!/bin/sh\necho $$ > '{}'\nexec sleep 600\n", id.display()));
    format!("{}:{}", folder.display(), std::env::var("PATH").expect("PATH"))
}

fn is_running(fleet: &Fleet) -> bool {
    let id = fs::read_to_string(fleet.repo.base().join("ssh-id")).expect("ssh was started");
    let state = fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

#[test]
fn a_repository_that_hangs_is_given_up() {
    let mut fleet = Fleet::new(2601);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    let (one, began) = (fleet.folder("one"), Instant::now());
    let call = fleet.call(&["--timeout", "3"], &["git@host:hangs", &one]);
    let run = call.env("PATH", silent_ssh(&fleet)).run().expect_code(2);
    expect_error(&run, "git@host:hangs", "--timeout");
    expect_found(&run, &one, &[&token]);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert!(!is_running(&fleet));
}

#[test]
fn a_scan_that_takes_too_long_is_stopped() {
    let fleet = Fleet::new(2602);
    let view = fleet.add("one", None);
    // Reading 60 MB in a debug build takes longer than a second.
    let line = "abcdefghijklmnopqrstuvwxyz sk_ whsec_ 0123456789\n";
    for name in ["a", "b", "c"] {
        view.stage(name, line.repeat(400_000) + name);
    }
    let one = fleet.folder("one");
    let run = fleet.run(&["--timeout", "1", "--threads", "1"], &[&one]).expect_code(2);
    expect_error(&run, &one, "--timeout");
}

#[test]
fn an_interruption_ends_what_was_started() {
    for (signal, code) in [("TERM", 15), ("HUP", 1), ("INT", 2), ("QUIT", 3)] {
        expect_end(signal, code);
    }
}

fn expect_end(signal: &str, code: i32) {
    let fleet = Fleet::new(2603);
    let mut call = fleet.call(&[] as &[&str], &[]).env("PATH", silent_ssh(&fleet)).command;
    let mut child = call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), b"git@host:hangs\n").expect("write");
    let began = Instant::now();
    while !fleet.repo.base().join("ssh-id").exists() {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(50));
    }
    fleet.repo.call("kill", &[&format!("-{signal}"), &child.id().to_string()]).run().expect_code(0);
    assert_eq!(child.wait().expect("wait").code(), Some(128 + code));
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    assert!(said.contains("no summary yet"), "{said}");
    let began = Instant::now();
    while is_running(&fleet) {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn results_come_as_soon_as_they_are_known() {
    let mut fleet = Fleet::new(2604);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    let mut call = fleet.call(&[] as &[&str], &[]).command;
    let mut child = call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("start");
    let mut stdin = child.stdin.take().expect("piped");
    std::io::Write::write_all(&mut stdin, format!("{}\n", fleet.folder("one")).as_bytes()).expect("write");
    let mut line = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().expect("piped"));
    // The list is not at its end yet.
    std::io::BufRead::read_line(&mut out, &mut line).expect("a line");
    assert!(line.contains("\"finding\""), "{line}");
    drop(out);
    std::io::Write::write_all(&mut stdin, format!("{}/\n", fleet.folder("one")).as_bytes()).expect("write");
    drop(stdin);
    // The rest of the list was not scanned, so the result is not that of the whole list.
    assert_eq!(child.wait().expect("wait").code(), Some(2));
}

#[test]
fn a_scan_that_is_killed_is_an_error() {
    let fleet = Fleet::new(2605);
    let view = fleet.add("one", None);
    let line = "abcdefghijklmnopqrstuvwxyz sk_ whsec_ 0123456789\n";
    view.stage("a", line.repeat(1_500_000));
    let one = fleet.folder("one");
    let mut call = fleet.call(&["--threads", "1"], &[]).command;
    let mut child = call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), format!("{one}\n").as_bytes()).expect("write");
    let began = Instant::now();
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let scan = loop {
        assert!(began.elapsed() < Duration::from_secs(60));
        if let Some(id) =
            fs::read_to_string(&children).unwrap_or_default().split(' ').next().filter(|id| !id.is_empty())
        {
            break id.to_owned();
        }
    };
    fleet.repo.call("kill", &["-KILL", &scan]).run().expect_code(0);
    let mut out = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("text");
    assert_eq!(child.wait().expect("wait").code(), Some(2));
    assert!(out.contains("a signal ended the scan") && !out.contains("summary"), "{out}");
}
