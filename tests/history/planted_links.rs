//! Keysweep never writes through a symlink that an attacker has placed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::support::history::{expect_tokens, history_call};
use crate::support::history_fixture::HistoryFixture;
use crate::support::{Run, client};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keysweep");

#[track_caller]
fn expect_mode(path: &Path, mode: u32) {
    let met = fs::symlink_metadata(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    assert!(met.is_file(), "{}", path.display());
    assert_eq!(met.permissions().mode() & 0o7777, mode, "{}", path.display());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn since_last(fixture: &HistoryFixture) -> Run {
    history_call(&fixture.repo).args(&["--since-last"]).run()
}

#[test]
fn the_cache_is_written_under_an_unpredictable_name() {
    let fixture = HistoryFixture::new(8300);
    fixture.add("a.txt", "plain\n");
    let victim = fixture.repo.base().join("victim");
    fs::write(&victim, "keep").expect("write");
    // `exec` keeps the process id, so the script can predict it.
    let script = "mkdir -p .git/keysweep; ln -s \"$1\" .git/keysweep/clean-objects.$$; ln -s \"$1\" .git/keysweep/clean-objects; exec \"$2\" history --since-last";
    let args = ["-c".as_ref(), script.as_ref(), "sh".as_ref(), victim.as_os_str(), PROGRAM.as_ref()];
    fixture.repo.call("sh", &args).run().expect_code(0);
    assert_eq!(fs::read(&victim).expect("read"), b"keep");
    expect_mode(&fixture.repo.path(".git/keysweep/clean-objects"), 0o600);
    let left = names(&fixture.repo.path(".git/keysweep"));
    assert!(left.iter().all(|name| name.starts_with("clean-objects")) && left.len() == 2, "{left:?}");
    let again = since_last(&fixture).expect_code(0);
    assert_eq!(again.summary()["scanned"]["objects"], 0, "the second run must use the cache");
}

#[test]
fn a_cache_folder_that_is_a_symlink_is_not_used() {
    let fixture = HistoryFixture::new(8301);
    fixture.add("a.txt", "plain\n");
    since_last(&fixture).expect_code(0);
    let elsewhere = fixture.repo.base().join("elsewhere");
    fs::rename(fixture.repo.path(".git/keysweep"), &elsewhere).expect("rename");
    symlink(&elsewhere, fixture.repo.path(".git/keysweep")).expect("link");
    let before = fs::metadata(elsewhere.join("clean-objects")).and_then(|met| met.modified()).expect("a time");
    let run = since_last(&fixture).expect_code(0);
    assert_ne!(run.summary()["scanned"]["objects"], 0, "the scan read the cache through the symlink");
    let notes = run.summary()["notes"].to_string();
    assert!(notes.contains("could not be remembered") && notes.contains("is a symbolic link"), "{notes}");
    let after = fs::metadata(elsewhere.join("clean-objects")).and_then(|met| met.modified()).expect("a time");
    assert_eq!(before, after, "the scan wrote the cache through the symlink");
}

#[test]
fn a_cache_that_is_a_pipe_does_not_block_the_scan() {
    let mut fixture = HistoryFixture::new(8302);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    fs::create_dir_all(fixture.repo.path(".git/keysweep")).expect("create");
    fixture.repo.call("mkfifo", &[".git/keysweep/clean-objects"]).run().expect_code(0);
    expect_tokens(&since_last(&fixture).expect_code(1), [&token]);
}

#[test]
fn the_report_replaces_no_symlink_and_is_private() {
    let mut fixture = HistoryFixture::new(8303);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    let victim = fixture.repo.base().join("victim");
    fs::write(&victim, "keep").expect("write");
    for format in ["human", "json", "jsonl"] {
        let write = |name: &str| {
            let args = ["history", "--format", format, "--output", name];
            fixture.repo.keysweep_call(&args).run()
        };
        let target = fixture.repo.path("link");
        symlink(&victim, &target).expect("link");
        let run = write("link").expect_code(2);
        run.expect_has("cannot write the report to link: it is a symbolic link;").expect_lacks(token.body());
        assert_eq!(fs::read(&victim).expect("read"), b"keep");
        fs::remove_file(&target).expect("remove");
        symlink(fixture.repo.base().join("nothing"), &target).expect("link");
        write("link").expect_code(2);
        assert!(!fixture.repo.base().join("nothing").exists());
        fs::remove_file(&target).expect("remove");

        // An older report that other users can read.
        fixture.repo.write("report", "yesterday's");
        fs::set_permissions(fixture.repo.path("report"), fs::Permissions::from_mode(0o644)).expect("chmod");
        write("report").expect_code(1);
        expect_mode(&fixture.repo.path("report"), 0o600);
        let text = fs::read_to_string(fixture.repo.path("report")).expect("read");
        assert!(text.contains(&token.redacted()) && !text.contains("yesterday"), "{text}");
        let left = names(fixture.repo.top());
        assert!(!left.iter().any(|name| name.starts_with(".keysweep")), "{left:?}");
    }
}

#[test]
fn a_report_can_go_to_a_device_or_a_pipe() {
    let mut fixture = HistoryFixture::new(8304);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    for device in ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/1"] {
        let run = fixture.repo.keysweep(&["history", "--output", device]).expect_code(1);
        run.expect_has(&token.redacted());
    }
    fixture.repo.keysweep(&["history", "--output", "/dev/null"]).expect_code(1);
    assert!(!fs::symlink_metadata("/dev/null").expect("a device").is_file());
    let script = "mkfifo p; cat p >got & \"$1\" history --output p; code=$?; wait; exit $code";
    fixture.repo.call("sh", &["-c", script, "sh", PROGRAM]).run().expect_code(1);
    assert!(fs::read_to_string(fixture.repo.path("got")).expect("read").contains(&token.redacted()));
    // /dev/stdout can be a regular file, but it is not a file of that name.
    let script = "\"$1\" history --output /dev/stdout >got";
    fixture.repo.call("sh", &["-c", script, "sh", PROGRAM]).run().expect_code(1);
    assert!(fs::read_to_string(fixture.repo.path("got")).expect("read").contains(&token.redacted()));
}
