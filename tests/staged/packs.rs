//! Packed objects are read as git reads them, and damaged packs are never reported as clean.

use std::fs;
use std::path::PathBuf;

use crate::support::token::Maker;
use crate::support::{Repo, client};

/// A version of a long file. All versions are similar, so git packs all but one of them as deltas.
fn version(n: usize) -> String {
    let lines = (0..300).map(|line| format!("line {line} of {}", if line == n { n } else { 0 }));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Commits several versions of one file, with a token in the first. All objects stay loose.
fn versions(repo: &Repo, known: &str) {
    for n in 0..8 {
        repo.stage("old.txt", format!("{known}{}", version(n)));
        for file in 0..40 {
            repo.write(format!("deep/er/f{file}.txt"), format!("{file} {}\n", if file == n { n } else { 0 }));
        }
        repo.git(&["add", "."]);
        repo.commit("another version");
    }
}

/// Expects a finding for a new token and none for a token of HEAD. So the trees and blob of HEAD were read.
#[track_caller]
fn expect_scanned(repo: &Repo, make: &mut Maker, known: &str) {
    let token = make.sk_live(24);
    let before = fs::read_to_string(repo.path("old.txt")).expect("read");
    repo.stage("old.txt", format!("{before}{}", client(&token)));
    let line = u64::try_from(before.lines().count() + 1).expect("few");
    assert!(before.starts_with(known));
    repo.staged().expect_found(&[("old.txt", line, &token)]);
    repo.git(&["reset", "-q", "--hard"]);
}

fn files(repo: &Repo, ending: &str) -> Vec<PathBuf> {
    let folder = fs::read_dir(repo.path(".git/objects/pack")).expect("packs");
    folder.map(|file| file.expect("an entry").path()).filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

/// Replaces a file, since git makes packs read-only.
fn replace(path: &PathBuf, bytes: &[u8]) {
    fs::remove_file(path).expect("remove");
    fs::write(path, bytes).expect("write");
}

#[test]
fn deltas_of_both_kinds_are_read() {
    for (format, by_place) in [("sha1", true), ("sha1", false), ("sha256", true), ("sha256", false)] {
        eprintln!("{format}, bases by place: {by_place}");
        let mut make = Maker::new(330);
        let repo = Repo::init(&[&format!("--object-format={format}")]);
        let known = client(&make.sk_live(24));
        versions(&repo, &known);
        repo.git(&["config", "repack.useDeltaBaseOffset", &by_place.to_string()]);
        repo.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
        // Make sure that the pack contains deltas.
        let deltas = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(deltabase)"]).out();
        assert!(deltas.lines().any(|base| base.bytes().any(|b| b != b'0')), "{deltas}");
        expect_scanned(&repo, &mut make, &known);
    }
}

#[test]
fn an_object_in_several_packs_is_read_from_an_intact_pack() {
    let mut make = Maker::new(331);
    let repo = Repo::new();
    let known = client(&make.sk_live(24));
    versions(&repo, &known);
    repo.git(&["repack", "-aq"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
    repo.git(&["repack", "-aq"]);
    repo.git(&["prune-packed"]);
    let packs = files(&repo, ".pack");
    assert_eq!(packs.len(), 2);
    expect_scanned(&repo, &mut make, &known);
    let smaller = packs.iter().min_by_key(|pack| fs::metadata(pack).expect("a pack").len()).expect("two");
    let bytes = fs::read(smaller).expect("read");
    replace(smaller, &bytes[..40]);
    expect_scanned(&repo, &mut make, &known);
}

#[test]
fn a_multi_pack_index_alone_is_enough() {
    let mut make = Maker::new(332);
    let repo = Repo::new();
    let known = client(&make.sk_live(24));
    versions(&repo, &known);
    repo.git(&["repack", "-adq"]);
    repo.git(&["multi-pack-index", "write"]);
    expect_scanned(&repo, &mut make, &known);
    for index in files(&repo, ".idx") {
        fs::remove_file(index).expect("remove");
    }
    let token = make.sk_live(24);
    repo.stage("new.txt", client(&token));
    repo.staged().expect_found(&[("new.txt", 1, &token)]);
}

#[test]
fn an_index_of_version_1_is_read() {
    let mut make = Maker::new(333);
    let repo = Repo::new();
    let known = client(&make.sk_live(24));
    versions(&repo, &known);
    repo.git(&["-c", "pack.indexVersion=1", "repack", "-adq"]);
    expect_scanned(&repo, &mut make, &known);
}

#[test]
fn long_offsets_are_read() {
    let mut make = Maker::new(336);
    let repo = Repo::new();
    let known = client(&make.sk_live(24));
    versions(&repo, &known);
    repo.git(&["repack", "-adq"]);
    let (pack, index) = (&files(&repo, ".pack")[0], &files(&repo, ".idx")[0]);
    let short = fs::metadata(index).expect("an index").len();
    fs::remove_file(index).expect("remove");
    // Use long offsets for everything after the first 16 bytes, as git does after the first 2 GB.
    repo.git(&["index-pack", "--index-version=2,16", pack.to_str().expect("a plain path")]);
    assert!(fs::metadata(index).expect("an index").len() > short);
    expect_scanned(&repo, &mut make, &known);
}

#[test]
fn a_damaged_loose_object_is_read_from_a_pack() {
    let mut make = Maker::new(334);
    let repo = Repo::new();
    let token = make.sk_live(24);
    repo.stage("kept.txt", client(&token));
    repo.commit("packed");
    repo.git(&["repack", "-aq"]);
    repo.git(&["rm", "-q", "--cached", "kept.txt"]);
    repo.commit("gone");
    repo.git(&["add", "kept.txt"]);
    repo.staged().expect_found(&[("kept.txt", 1, &token)]);
    for name in [":kept.txt", "HEAD~", "HEAD~^{tree}"] {
        let id = repo.git(&["rev-parse", name]).line();
        replace(&repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..])), b"garbage");
    }
    repo.staged().expect_found(&[("kept.txt", 1, &token)]);
    // Now the damaged objects are the commit and tree of HEAD.
    repo.git(&["reset", "-q", "--soft", "HEAD~"]);
    repo.staged().expect_silent();
}

type Damage = fn(&mut Vec<u8>);

/// Expects an error for each kind of damage in the only pack or its index, and no statement that the change is clean.
#[track_caller]
fn expect_never_clean(ending: &str, damages: &[(&str, Damage)]) {
    for (name, damage) in damages {
        eprintln!("{name}");
        let mut make = Maker::new(335);
        let repo = Repo::new();
        versions(&repo, "");
        repo.git(&["repack", "-adfq"]);
        let token = make.sk_live(24);
        repo.stage("new.txt", client(&token));
        repo.stage("deep/er/f1.txt", "another\n");
        let path = files(&repo, ending).pop().expect("a pack");
        let mut bytes = fs::read(&path).expect("read");
        damage(&mut bytes);
        replace(&path, &bytes);
        let run = repo.staged().expect_code(2);
        run.expect_lacks("panicked").expect_lacks("no token");
    }
}

#[test]
fn a_damaged_index_of_a_pack_is_never_clean() {
    expect_never_clean(
        ".idx",
        &[
            ("empty", Vec::clear),
            ("half", |bytes| bytes.truncate(bytes.len() / 2)),
            ("no signature", |bytes| bytes[..8].fill(0)),
            ("version 3", |bytes| bytes[7] = 3),
            ("zeros in the fan-out", |bytes| bytes[8..1032].fill(0)),
            ("too large numbers in the fan-out", |bytes| bytes[8..1032].fill(0x7f)),
            ("a decreasing fan-out", |bytes| bytes[8..1028].fill(0xff)),
            ("other ids", |bytes| {
                let count = objects(bytes);
                bytes[1032..1032 + count * 20].fill(0);
            }),
            ("offsets beyond the pack", |bytes| shift_offsets(bytes, 0x7f)),
            ("missing long offsets", |bytes| shift_offsets(bytes, 0xff)),
        ],
    );
}

/// The number of objects in an index, which has ids of 20 bytes, checksums of 4 bytes and offsets of 4 bytes.
fn objects(index: &[u8]) -> usize {
    u32::from_be_bytes(index[1028..1032].try_into().expect("four bytes")) as usize
}

/// Changes the first byte of every offset.
fn shift_offsets(index: &mut [u8], first: u8) {
    let count = objects(index);
    index[1032 + count * 24..1032 + count * 28].iter_mut().step_by(4).for_each(|byte| *byte = first);
}

#[test]
fn a_damaged_pack_is_never_clean() {
    expect_never_clean(
        ".pack",
        &[
            ("empty", Vec::clear),
            ("only the header", |bytes| bytes.truncate(12)),
            ("half", |bytes| bytes.truncate(40)),
            ("no signature", |bytes| bytes[..4].fill(0)),
            ("zeros", |bytes| bytes[12..].fill(0)),
            ("ones", |bytes| bytes[12..].fill(0xff)),
            ("every second byte inverted", |bytes| bytes[12..].iter_mut().step_by(2).for_each(|b| *b = !*b)),
        ],
    );
}
