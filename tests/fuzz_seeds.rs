//! The seeds of the fuzz targets, asked what the targets ask: what was mended once stays so, without a fuzzer.
#![cfg(unix)]

#[allow(dead_code)] // the targets use what this does not
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;
use std::process::Command;

use targets::index::Place;
use targets::{config, decode, detect};

/// The files of the corpus of `target`, by name.
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
        // The test runner shows it with a failing test only.
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
fn index() {
    let place = Place::new(&format!("keysweep-seeds-{}", std::process::id()));
    for (name, bytes) in seeds("index") {
        // Those of `seeds.sh` are called by the kind of their ids; the others may be read or not.
        assert!(place.check(&bytes) || !name.starts_with("sha"), "git wrote {name}");
    }
}

/// The same bytes where `GIT_INDEX_FILE` points elsewhere, so that a shared index is found in the git directory only.
#[test]
fn index_elsewhere() {
    let place = Place::new(&format!("keysweep-seeds-elsewhere-{}", std::process::id()));
    each("index", |bytes| {
        let Some((top, index)) = place.elsewhere(bytes) else { return };
        let mut command = Command::new(env!("CARGO_BIN_EXE_keysweep"));
        let run = command.arg("staged").current_dir(top).env("GIT_INDEX_FILE", index).output().expect("start keysweep");
        assert!(matches!(run.status.code(), Some(0 | 2)), "{:?}: {}", run.status, String::from_utf8_lossy(&run.stderr));
    });
}
