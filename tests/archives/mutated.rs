//! Compares damaged archives with common readers. If one of these readers extracts the token, the archive must not be
//! clean. `mutated.py` creates the archives and runs zipfile, tarfile, libarchive (the library of bsdtar), unzip and
//! GNU tar.
//!
//! The test needs Python 3 and GNU tar. It installs libarchive and unzip (`support::tools`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::support::token::Maker;
use crate::support::{Repo, Run, text, tools};

/// The number of archives in one scan. With more of them, the scan would reach its limit of 20,000 findings.
const COUNT: usize = 10_000;

/// The number of rounds. `KEYSWEEP_MUTATIONS=5` runs five times as many, with other seeds.
fn rounds() -> u32 {
    std::env::var("KEYSWEEP_MUTATIONS").map_or(1, |rounds| rounds.parse().expect("a number of rounds"))
}

/// The name of the archive that contains this path.
fn archive(path: &str) -> String {
    let inner = path.trim_start_matches("made/");
    inner.split(['!', ' ']).next().unwrap_or_default().to_owned()
}

fn scan(repo: &Repo, options: &[&str]) -> Run {
    let call = repo.keysweep_call(&["files", "--format", "jsonl"]).args(options).args(&["made"]);
    call.timeout(Duration::from_secs(300)).run()
}

/// The fingerprints of the findings in each archive.
fn found(run: &Run) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for finding in run.findings() {
        let tokens = found.entry(archive(text(&finding["path"]))).or_default();
        tokens.insert(text(&finding["fingerprint"]).to_owned());
    }
    found
}

fn unread(run: &Run) -> BTreeSet<String> {
    let summary = run.summary();
    let skipped = summary["skipped"].as_array().expect("a list").iter();
    skipped.filter_map(|one| text(&one["what"]).strip_prefix("cannot look into ")).map(archive).collect()
}

fn compare(seed: u32) {
    let token = Maker::new(6300).sk_live(24);
    let repo = Repo::none();
    std::fs::create_dir(repo.path("made")).expect("create a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/archives/mutated.py");
    let (made, seed, count) = (repo.path("made"), seed.to_string(), COUNT.to_string());
    let (libarchive, unzip) = (tools::libarchive(), tools::unzip());
    let args: [&dyn AsRef<OsStr>; 6] = [&script, &made, &seed, &count, &libarchive, &unzip];
    let args: Vec<_> = args.into_iter().map(AsRef::as_ref).collect();
    let run = repo.call("python3", &args).stdin(token.text()).timeout(Duration::from_secs(300));
    let read = run.run().expect_code(0).out();
    let read: Vec<(&str, &str)> = read.lines().filter_map(|line| line.split_once(' ')).collect();
    for reader in ["zipfile", "tarfile", "libarchive", "tar", "unzip", "Python"] {
        assert!(read.iter().any(|(_, by)| *by == reader), "{reader} reads none of the archives");
    }

    let run = scan(&repo, &["--archives"]).expect_code(2);
    let run = run.expect_lacks("panicked").expect_lacks("fault in keysweep");
    // After its limit, the scan would report all remaining archives as unread.
    let run = run.expect_lacks("all archives together").expect_lacks("archives hold more than");
    let (found_inside, unread) = (found(&run), unread(&run));
    let is_clean = |name: &str| !found_inside.contains_key(name) && !unread.contains(name);
    let missed: Vec<_> = read.iter().filter(|(name, _)| is_clean(name)).collect();
    assert!(missed.is_empty(), "seed {seed}: {} of {} are clean: {missed:?}", missed.len(), read.len());
    // A scan that reports every archive as unread would miss nothing either.
    let only_unread = read.iter().filter(|(name, _)| !found_inside.contains_key(*name)).count();
    assert!(
        only_unread * 20 < read.len(),
        "seed {seed}: other readers extract {only_unread} of {} tokens that are only unread here",
        read.len()
    );

    // The scan with the option also finds every token that the plain scan finds.
    let plain = found(&scan(&repo, &[]).expect_code(1));
    let is_lost = |(name, tokens): &(&String, &BTreeSet<String>)| {
        found_inside.get(*name).is_none_or(|inside| !tokens.is_subset(inside))
    };
    let lost: Vec<_> = plain.iter().filter(is_lost).collect();
    assert!(plain.len() > 100 && lost.is_empty(), "seed {seed}: {} of {} are lost: {lost:?}", lost.len(), plain.len());
}

#[test]
fn archives_that_other_readers_extract_are_never_clean() {
    (1..=rounds()).for_each(compare);
}
