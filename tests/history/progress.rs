//! The output for a user who waits for a scan or interrupts it.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::history::history;
use crate::support::history_fixture::HistoryFixture;
use crate::support::push::BINARY;
use crate::support::token::Maker;
use crate::support::{Repo, client, text};

/// A repository that takes a long time to scan.
fn slow_to_read() -> Repo {
    let fixture = HistoryFixture::new(8300);
    add_slow(&fixture.repo, 60_000_000);
    fixture.repo
}

/// Adds a loose object of this many zeros, which is read first. This build searches about four million bytes a second.
/// The name of the object is not its id, so the scan reports it at the end. Returns the path of the object.
fn add_slow(repo: &Repo, zeros: usize) -> PathBuf {
    let path = repo.base().join("zeros");
    std::fs::write(&path, vec![0; zeros]).expect("write");
    let id = repo.git(&["hash-object", "-w", "--no-filters", &path.display().to_string()]).out();
    let (folder, name) = id.trim_end().split_at(2);
    let slow = repo.path(".git/objects/00").join("0".repeat(name.len()));
    std::fs::create_dir_all(slow.parent().expect("a folder")).expect("create");
    std::fs::rename(repo.path(".git/objects").join(folder).join(name), &slow).expect("rename");
    slow
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_interrupted_scan_reports_its_progress() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let repo = slow_to_read();
        let mut command = Command::new(BINARY);
        command.args(["history", "--since-last"]).current_dir(repo.top()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("start");
        // The test cannot see whether the scan has started, so it waits and checks the output.
        sleep(Duration::from_millis(1500));
        assert!(child.try_wait().expect("wait").is_none(), "the scan ended too early");
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().expect("kill");
        let mut ended = None;
        wait_until("it goes on", || {
            ended = child.try_wait().expect("wait");
            ended.is_some()
        });
        let (mut out, mut err) = (String::new(), String::new());
        child.stdout.take().expect("piped").read_to_string(&mut out).expect("read");
        child.stderr.take().expect("piped").read_to_string(&mut err).expect("read");
        assert_eq!(ended.and_then(|status| status.code()), Some(code), "{err}");
        assert!(out.is_empty(), "{out}");
        assert!(err.contains("keysweep: stopped after ") && err.contains(" of 4 objects"), "{err}");
        assert!(!repo.path(".git/keysweep").exists());
    }
}

#[test]
fn progress_is_not_printed_to_a_pipe() {
    history(&HistoryFixture::new(8301).repo).expect_silent();
}

/// Runs a scan with a terminal as stderr and returns the terminal's content after two seconds.
fn terminal_output(repo: &Repo, more: &str) -> String {
    let program = format!(
        "import os, pty, sys, time, subprocess\n\
         master, slave = pty.openpty()\n\
         child = subprocess.Popen([{BINARY:?}, 'history'{more}], stdout=subprocess.DEVNULL, stderr=slave)\n\
         time.sleep(2)\n\
         child.kill()\n\
         os.close(slave)\n\
         os.set_blocking(master, False)\n\
         try:\n    sys.stdout.buffer.write(os.read(master, 65536))\n\
         except OSError:\n    pass\n"
    );
    repo.call("python3", &["-c", &program]).env("TERM", "xterm").run().expect_code(0).out()
}

#[test]
fn progress_is_printed_on_a_terminal() {
    let repo = slow_to_read();
    let shown = terminal_output(&repo, "");
    assert!(shown.contains("reading objects") && shown.contains(" of 4"), "{shown:?}");
    for more in [", '--no-progress'", ", '--quiet'"] {
        assert_eq!(terminal_output(&repo, more), "", "{more}");
    }
}

#[test]
fn a_concurrent_repack_loses_no_object() {
    let mut fixture = HistoryFixture::new(8302);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    fixture.add("a.txt", "mended\n");
    // This object is read first and keeps the scan busy.
    let slow = add_slow(&fixture.repo, 20_000_000);
    let mut command = Command::new(BINARY);
    command.args(["history", "--threads", "1", "--format", "jsonl"]).current_dir(fixture.repo.top());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    sleep(Duration::from_millis(1500));
    fixture.git(&["repack", "-adq"]);
    fixture.git(&["prune-packed"]);
    // The second pass searches for the value of the token and need not read the slow object again.
    let damaged = fixture.repo.path("damaged");
    std::fs::write(&damaged, "no object").expect("write");
    std::fs::rename(&damaged, &slow).expect("rename");
    let ended = child.wait_with_output().expect("wait");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(out.contains(&token.fingerprint()) && !err.contains("is gone"), "{out}{err}");
    // Both passes report the slow object and no other error.
    assert!(err.lines().all(|line| line.contains("object (0000000000000000)")), "{err}");
}

#[test]
fn a_finding_is_printed_as_soon_as_it_is_found() {
    let token = Maker::new(8301).sk_live(24);
    let repo = Repo::new();
    repo.stage("a.py", client(&token));
    repo.commit("leak");
    repo.git(&["repack", "-adq"]).expect_code(0);
    add_slow(&repo, 60_000_000);
    let mut command = Command::new(BINARY);
    command.args(["history", "--format", "jsonl"]).current_dir(repo.top()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("start");
    let out = child.stdout.take().expect("piped");
    let (send, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(send.send(line)));
    });
    let met = lines.recv_timeout(Duration::from_secs(60));
    assert!(child.try_wait().expect("wait").is_none(), "the scan ended too early");
    child.kill().expect("kill");
    child.wait().expect("wait");

    let met: serde_json::Value = serde_json::from_str(&met.expect("a line while it reads")).expect("JSON");
    assert_eq!(met["type"], "sighting", "{met}");
    assert_eq!((text(&met["redacted"]), text(&met["part"])), (&token.redacted()[..], "content"), "{met}");
    assert_eq!(text(&met["object"]), repo.blob(client(&token)), "{met}");
    assert!(met["commit"].is_null(), "{met}");
}

#[test]
fn each_token_is_sighted_once_and_reported_at_the_end() {
    let mut make = Maker::new(8302);
    let (one, other, allowed) = (make.sk_live(24), make.whsec_hex(64), make.sk_test(24));
    let repo = Repo::new();
    for (path, token) in [("a.py", &one), ("b.py", &one), ("c.py", &other), ("docs/d.py", &allowed)] {
        repo.stage(path, format!("# {path}\n{}", client(token)));
        repo.commit(path);
    }
    for revisions in [&[][..], &["HEAD"]] {
        let args = [&["history", "--format", "jsonl", "--allow", "docs/**"], revisions].concat();
        let types: Vec<String> = repo.keysweep(&args).expect_code(1).objects().iter().map(describe).collect();
        let (met, behind): (Vec<String>, Vec<String>) =
            types.into_iter().partition(|line| line.starts_with("sighting"));
        assert_eq!(met.iter().filter(|line| line.ends_with(&one.fingerprint())).count(), 1, "{met:?}");
        assert_eq!(met.iter().filter(|line| line.ends_with(&other.fingerprint())).count(), 1, "{met:?}");
        assert!(behind.iter().all(|line| !line.ends_with(&allowed.fingerprint())), "{behind:?}");
        assert!(behind.last().is_some_and(|line| line.starts_with("summary")), "{behind:?}");
    }
    // A JSON document, a file and a human-readable report have no early findings.
    for args in [&["--format", "json"][..], &["--format", "jsonl", "--output", "out"], &[]] {
        repo.keysweep(&[&["history"], args].concat()).expect_code(1).expect_lacks("sighting");
    }
    let written = std::fs::read_to_string(repo.path("out")).expect("read");
    assert!(!written.contains("sighting") && written.contains("finding"), "{written}");
}

fn describe(line: &serde_json::Value) -> String {
    format!("{} {}", text(&line["type"]), line["fingerprint"].as_str().unwrap_or_default())
}

#[test]
fn a_closed_terminal_and_a_quit_end_a_scan_and_nohup_does_not() {
    for (signal, code) in [("HUP", 129), ("QUIT", 131)] {
        let repo = slow_to_read();
        let mut command = Command::new(BINARY);
        command.args(["history", "--format", "json", "--output", "report.json"]).current_dir(repo.top());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
        sleep(Duration::from_millis(1500));
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().expect("kill");
        let ended = child.wait().expect("wait");
        assert_eq!(ended.code(), Some(code), "{signal}");
        let names = std::fs::read_dir(repo.top()).expect("list").flatten().map(|entry| entry.file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".tmp")).collect();
        assert!(left.is_empty(), "{left:?}");
        let report = std::fs::read_to_string(repo.path("report.json")).expect("a report of the interruption");
        assert!(report.contains("cannot finish the scan"), "{report}");
    }
    let repo = slow_to_read();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" history", BINARY]).current_dir(repo.top());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("start");
    sleep(Duration::from_millis(1500));
    Command::new("kill").args(["-HUP", &child.id().to_string()]).status().expect("kill");
    sleep(Duration::from_millis(500));
    assert!(child.try_wait().expect("wait").is_none(), "the signal was ignored");
    child.kill().expect("kill");
    child.wait().expect("wait");
}
