//! Files that another process truncates during the scan.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::token::Maker;
use crate::support::{Repo, client};

/// Reading a removed page of a mapped file raises a signal. The scan reads all other files and reports this one.
#[test]
fn a_file_truncated_during_the_scan_is_reported() {
    let mut make = Maker::new(4440);
    let (first, other) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::none();
    repo.write("big.txt", client(&first));
    repo.write("other.txt", client(&other));
    let big = fs::File::options().write(true).open(repo.path("big.txt")).expect("open");
    // The file is sparse and takes no space on the disk.
    big.set_len(400 << 20).expect("set the length");
    let mut call = repo.keysweep_call(&["files", "--format", "jsonl", "--threads", "1", "."]);
    let mut child =
        call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let maps = format!("/proc/{}/maps", child.id());
    let started = Instant::now();
    while !fs::read_to_string(&maps).unwrap_or_default().contains("big.txt") {
        assert!(started.elapsed() < Duration::from_secs(60), "the scan did not map the file");
        assert!(child.try_wait().expect("wait").is_none(), "the scan ended before the file was truncated");
        sleep(Duration::from_millis(1));
    }
    big.set_len(4096).expect("set the length");
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("UTF-8");
    child.stderr.take().expect("piped").read_to_string(&mut err).expect("UTF-8");
    let code = child.wait().expect("wait").code();
    assert_eq!(code, Some(2), "{out}{err}");
    assert!(err.contains("cannot read ./big.txt: another process truncated it"), "{err}");
    for token in [&first, &other] {
        assert!(out.contains(&token.fingerprint()), "{out}");
    }
}
