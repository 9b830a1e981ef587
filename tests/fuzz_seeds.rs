//! Runs the seeds of the fuzz targets without a fuzzer, so that fixed faults stay fixed.
#![cfg(unix)]

#[allow(dead_code)] // this file uses only a part of the targets
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;
use std::process::Command;

use targets::index::IndexTarget;
use targets::{config, decode, detect, shell};

/// The files in the corpus of `target`, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(folder).expect("a corpus").map(|entry| entry.expect("a seed"));
    let seeds: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("read a seed")))
        .collect();
    assert!(seeds.len() >= 10, "the corpus of {target} has {} seeds", seeds.len());
    seeds
}

#[allow(clippy::print_stderr)]
fn each(target: &str, check: impl Fn(&[u8])) {
    for (name, bytes) in seeds(target) {
        // The test runner prints this only if the test fails.
        eprintln!("{name}");
        check(&bytes);
    }
}

#[test]
fn detect() {
    each("detect", detect::check);
}

#[test]
fn decode() {
    each("decode", decode::check);
}

#[test]
fn config() {
    each("config", config::check);
}

#[test]
fn shell() {
    each("shell", shell::check);
}

#[test]
fn index() {
    let target = IndexTarget::new(&format!("keysweep-seeds-{}", std::process::id()));
    for (name, bytes) in seeds("index") {
        // Git wrote the seeds of `seeds.sh`, whose names start with the object format. Other seeds may be unreadable.
        assert!(target.check(&bytes) || !name.starts_with("sha"), "git wrote {name}");
    }
}

/// The same bytes with `GIT_INDEX_FILE` set to another folder. Then a shared index must be in the git directory.
#[test]
fn index_elsewhere() {
    let target = IndexTarget::new(&format!("keysweep-seeds-elsewhere-{}", std::process::id()));
    each("index", |bytes| {
        let Some((top, index)) = target.elsewhere(bytes) else { return };
        let mut command = Command::new(env!("CARGO_BIN_EXE_keysweep"));
        let run = command.arg("staged").current_dir(top).env("GIT_INDEX_FILE", index).output().expect("start keysweep");
        assert!(matches!(run.status.code(), Some(0 | 2)), "{:?}: {}", run.status, String::from_utf8_lossy(&run.stderr));
    });
}
