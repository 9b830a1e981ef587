//! If an object cannot be read, the scan reports it and exits with 2. It never reports an unread object as clean.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::history::{
    GitEnvironment, Stream, expect_tokens, finding_of, findings_by_fingerprint, history, history_call,
};
use crate::support::token::Maker;
use crate::support::{Repo, Run, client, note};
use data_encoding::HEXLOWER;

/// A small history, since each test scans it up to a few hundred times.
fn stream(seed: u64) -> Stream {
    let mut stream = Stream::new(seed);
    stream.commit("refs/heads/main", &[]);
    stream.commit("refs/heads/main", &[1]);
    stream.tag("v1", 2);
    stream
}

/// A repository with one pack that contains deltas, and the tokens of its stream.
fn packed_repo(seed: u64) -> (Repo, Stream) {
    let (repo, stream) = (Repo::new(), stream(seed));
    stream.import(&repo);
    repo.git(&["repack", "-adfq", "--window=50"]);
    (repo, stream)
}

fn pack_file(repo: &Repo, ending: &str) -> PathBuf {
    let mut folder = fs::read_dir(repo.path(".git/objects/pack")).expect("packs").flatten().map(|entry| entry.path());
    folder.find(|path| path.extension().is_some_and(|end| end == ending)).expect("one pack")
}

/// The offsets of the pack entries.
fn offsets(repo: &Repo) -> Vec<usize> {
    let index = fs::read(pack_file(repo, "idx")).expect("read");
    let listed = repo.git_call(&["show-index"]).stdin(index).run().expect_code(0).out();
    listed.lines().filter_map(|line| line.split(' ').next()?.parse().ok()).collect()
}

/// Replaces a file, since git makes packs read-only.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).expect("remove");
    fs::write(path, bytes).expect("write");
}

/// Expects that the scan finds every token, or reports an unread object and never claims that the history is clean.
#[track_caller]
fn expect_complete_or_error(run: &Run, before: &Run) -> bool {
    if run.code == Some(2) {
        let stderr = run.err();
        for word in ["panicked", "a fault in keysweep", "nothing found"] {
            if stderr.is_empty() || stderr.contains(word) {
                run.fail(&format!("{word:?}, or no error on stderr"));
            }
        }
        if !run.out().is_empty() && (run.summary()["unread"] == 0 || run.summary()["skipped"] == serde_json::json!([]))
        {
            run.fail("exit 2, but the summary lists no unread object");
        }
        return true;
    }
    let (got, wanted) = (findings_by_fingerprint(run), findings_by_fingerprint(before));
    let missing: Vec<_> = wanted.keys().filter(|token| !got.contains_key(*token)).collect();
    if run.code != before.code || !missing.is_empty() {
        run.fail(&format!("no error, but these tokens are missing: {missing:?}"));
    }
    false
}

/// Flips a bit at each of these offsets, one at a time. Returns the number of flips that the scan reported.
fn flip_each(repo: &Repo, path: &Path, places: impl IntoIterator<Item = usize>, make: &mut Maker) -> usize {
    let before = history(repo).expect_code(1);
    let bytes = fs::read(path).expect("read");
    let mut reported = 0;
    for at in places {
        let bit = make.below(8);
        note(format!("bit {bit} of byte {at} of {}", bytes.len()));
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << bit;
        replace(path, &damaged);
        reported += usize::from(expect_complete_or_error(&history(repo), &before));
    }
    replace(path, &bytes);
    expect_complete_or_error(&history(repo), &before);
    reported
}

#[test]
fn a_bit_flipped_anywhere_in_a_pack() {
    let (repo, _) = packed_repo(7500);
    let pack = pack_file(&repo, "pack");
    let len = usize::try_from(fs::metadata(&pack).expect("a pack").len()).expect("small");
    let mut make = Maker::new(7500);
    let places: Vec<usize> = (0..60).map(|_| make.below(len - 20)).collect();
    let reported = flip_each(&repo, &pack, places, &mut make);
    assert!(reported > 50, "{reported} of 60");
}

#[test]
fn a_bit_flipped_in_the_header_of_a_pack() {
    let (repo, _) = packed_repo(7501);
    flip_each(&repo, &pack_file(&repo, "pack"), 0..12, &mut Maker::new(7501));
}

#[test]
fn a_bit_flipped_in_the_header_of_each_entry() {
    for by_offset in ["true", "false"] {
        note(by_offset);
        let (repo, _) = packed_repo(7502);
        repo.git(&["-c", &format!("repack.useDeltaBaseOffset={by_offset}"), "repack", "-adfq", "--window=50"]);
        let places: Vec<usize> = offsets(&repo).into_iter().flat_map(|at| [at, at + 1]).collect();
        flip_each(&repo, &pack_file(&repo, "pack"), places, &mut Maker::new(7502));
    }
}

#[test]
fn a_bit_flipped_in_the_offsets_of_an_index() {
    let (repo, _) = packed_repo(7503);
    let index = pack_file(&repo, "idx");
    let len = usize::try_from(fs::metadata(&index).expect("an index").len()).expect("small");
    let count = (len - 8 - 1024 - 40) / 28;
    let offsets = 8 + 1024 + count * 24;
    flip_each(&repo, &index, (offsets..offsets + count * 4).step_by(3), &mut Maker::new(7503));
}

#[test]
fn a_bit_flipped_in_the_header_and_the_counts_of_an_index() {
    let (repo, _) = packed_repo(7504);
    flip_each(&repo, &pack_file(&repo, "idx"), (0..1032).step_by(11), &mut Maker::new(7504));
}

#[test]
fn an_index_that_swaps_two_objects() {
    let (repo, _) = packed_repo(7505);
    let before = history(&repo).expect_code(1);
    let index = pack_file(&repo, "idx");
    let bytes = fs::read(&index).expect("read");
    let count = (bytes.len() - 8 - 1024 - 40) / 28;
    let offsets = 8 + 1024 + count * 24;
    for at in (0..count - 1).step_by(4) {
        note(at);
        let mut damaged = bytes.clone();
        damaged.copy_within(offsets + 4 * at..offsets + 4 * at + 4, offsets + 4 * (at + 1));
        replace(&index, &damaged);
        assert!(
            expect_complete_or_error(&history(&repo), &before),
            "the scan read one object twice and skipped another"
        );
    }
}

#[test]
fn a_truncated_pack_or_index() {
    let (repo, _) = packed_repo(7506);
    let before = history(&repo).expect_code(1);
    for ending in ["pack", "idx"] {
        let path = pack_file(&repo, ending);
        let bytes = fs::read(&path).expect("read");
        for len in [0, 1, 11, 12, 31, 32, 40, 1032, bytes.len() / 2, bytes.len() - 21, bytes.len() - 1] {
            note(format!("{len} bytes of {ending}"));
            replace(&path, &bytes[..len]);
            expect_complete_or_error(&history(&repo), &before);
        }
        replace(&path, &bytes);
    }
}

#[test]
fn a_pack_without_its_index_and_an_index_without_its_pack() {
    for ending in ["pack", "idx"] {
        note(format!("without {ending}"));
        let (repo, _) = packed_repo(7507);
        let path = pack_file(&repo, ending);
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        // The commit of HEAD is a loose object.
        repo.git(&["checkout", "-q", "--orphan", "other"]);
        repo.git(&["rm", "-rfq", "."]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "empty"]);
        fs::remove_file(path).expect("remove");
        expect_refused_with_report(history(&repo), &name);
    }
}

/// Expects exit 2 and this name on stderr and in the summary.
#[track_caller]
fn expect_refused_with_report(run: Run, name: &str) {
    let run = run.expect_code(2);
    if !run.err().contains(name) || !run.summary()["skipped"].to_string().contains(name) {
        run.fail(&format!("the report does not name {name}"));
    }
}

#[test]
fn a_pack_entry_of_the_wrong_kind() {
    let (repo, _) = packed_repo(7513);
    let before = history(&repo).expect_code(1);
    let path = pack_file(&repo, "pack");
    let bytes = fs::read(&path).expect("read");
    for at in offsets(&repo).into_iter().filter(|at| (1..5).contains(&(bytes[*at] >> 4 & 7))) {
        for kind in 1..5 {
            note(format!("kind {} at {at} as {kind}", bytes[at] >> 4 & 7));
            let mut damaged = bytes.clone();
            damaged[at] = bytes[at] & 0x8f | kind << 4;
            replace(&path, &damaged);
            expect_complete_or_error(&history(&repo), &before);
        }
    }
}

#[test]
fn deltas_that_form_a_cycle() {
    let (repo, _) = packed_repo(7514);
    repo.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--window=50"]);
    let path = pack_file(&repo, "pack");
    let listed = repo.git_call(&["verify-pack", "-v", &path.to_string_lossy()]).run().expect_code(0).out();
    // For a delta, git prints: id, kind, size, size in the pack, offset, depth, id of the base.
    let deltas: Vec<Vec<&str>> =
        listed.lines().map(|line| line.split_whitespace().collect()).filter(|line: &Vec<_>| line.len() == 7).collect();
    let above = deltas.iter().find(|delta| delta[5] == "2").expect("a delta against a delta");
    let below = deltas.iter().find(|delta| delta[0] == above[6]).expect("its base");
    let mut bytes = fs::read(&path).expect("read");
    let base = |delta: &[&str]| HEXLOWER.decode(delta[6].as_bytes()).expect("an id");
    let start: usize = below[4].parse().expect("an offset");
    let place = bytes[start..].windows(20).position(|window| window == base(below)).expect("it names its base");
    let id = HEXLOWER.decode(above[0].as_bytes()).expect("an id");
    bytes[start + place..start + place + 20].copy_from_slice(&id);
    replace(&path, &bytes);
    history(&repo).expect_code(2).expect_has("form a cycle");
}

#[test]
fn a_pack_that_cannot_be_opened() {
    let (repo, _) = packed_repo(7508);
    let path = pack_file(&repo, "pack");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("chmod");
    // Root, as in most containers, can read the file, so there is nothing to report.
    if fs::read(&path).is_err() {
        history(&repo).expect_code(2).expect_has("pack");
    }
}

#[test]
fn folders_and_other_files_in_the_pack_folder() {
    let (repo, stream) = packed_repo(7509);
    let folder = repo.path(".git/objects/pack");
    fs::create_dir(folder.join("pack-x.pack")).expect("create");
    fs::create_dir(folder.join("pack-x.idx")).expect("create");
    expect_refused_with_report(history(&repo), "pack-x");
    fs::remove_dir(folder.join("pack-x.pack")).expect("remove");
    fs::remove_dir(folder.join("pack-x.idx")).expect("remove");
    // Files that an interrupted git leaves behind are not packs.
    fs::write(folder.join("tmp_pack_abc"), "PACK").expect("write");
    fs::write(folder.join("pack-y.rev"), "").expect("write");
    fs::write(repo.path(".git/objects/12"), "a file").expect("write");
    GitEnvironment::of(&repo).expect_complete(&stream.tokens);
}

#[test]
fn a_damaged_object_does_not_hide_an_intact_copy() {
    let (repo, stream) = packed_repo(7510);
    let (loose, whole) = (Repo::new(), pack_file(&repo, "pack"));
    stream.import(&loose);
    repo.git(&["fetch", "-q", &loose.top().to_string_lossy(), "main:x"]);
    let bytes = fs::read(&whole).expect("read");
    let source = loose.path(".git/objects");
    fs::write(repo.path(".git/objects/info/alternates"), format!("{}\n", source.display())).expect("write");
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2..bytes.len() / 2 + 200].fill(0x55);
    replace(&whole, &damaged);
    // The scan may report the damage or not, but it must find the tokens of the other copy.
    let run = history(&repo);
    let found = findings_by_fingerprint(&run);
    for token in &stream.tokens {
        if !found.contains_key(&crate::support::history::fingerprint(token)) {
            run.fail(&format!("{token} is in a readable copy and must be found"));
        }
    }
}

/// The path of the loose object that a revision names.
fn loose_object(repo: &Repo, name: &str) -> PathBuf {
    let id = repo.git(&["rev-parse", name]).line();
    repo.path(".git/objects").join(&id[..2]).join(&id[2..])
}

#[test]
fn a_damaged_loose_object() {
    let (repo, stream) = (Repo::new(), stream(7511));
    stream.import(&repo);
    let before = history(&repo).expect_code(1);
    for name in ["main", "main^{tree}", "v1", "main~1"] {
        let path = loose_object(&repo, name);
        let bytes = fs::read(&path).expect("read");
        for len in [0, 1, 2, 10, bytes.len() / 2, bytes.len() - 4, bytes.len() - 1] {
            note(format!("{len} of {} bytes of {name}", bytes.len()));
            replace(&path, &bytes[..len]);
            assert!(expect_complete_or_error(&history(&repo), &before));
        }
        let mut make = Maker::new(7511);
        let places: Vec<usize> = (0..12).map(|_| make.below(bytes.len())).collect();
        replace(&path, &bytes);
        flip_each(&repo, &path, places, &mut make);
        replace(&path, &[&bytes[..], b"more"].concat());
        expect_complete_or_error(&history(&repo), &before);
        fs::remove_file(&path).expect("remove");
        fs::create_dir(&path).expect("create");
        assert!(expect_complete_or_error(&history(&repo), &before));
        fs::remove_dir(&path).expect("remove");
        fs::write(&path, &bytes).expect("write");
    }
    expect_tokens(&history(&repo), &stream.tokens);
}

#[test]
fn a_loose_object_with_the_wrong_name() {
    let (repo, stream) = (Repo::new(), stream(7512));
    stream.import(&repo);
    let before = history(&repo).expect_code(1);
    let (one, other) = (loose_object(&repo, "main"), loose_object(&repo, "main~1"));
    replace(&one, &fs::read(other).expect("read"));
    assert!(expect_complete_or_error(&history(&repo), &before));
}

#[test]
fn a_truncated_ref_does_not_hide_other_refs() {
    let (repo, token) = (Repo::new(), Maker::new(7430).sk_live(24));
    repo.stage("a.txt", "innocent\n");
    repo.commit("one");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("a.txt", client(&token));
    repo.commit("two");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "zero"]);
    let whole = finding_of(&history(&repo).expect_code(1), &token);
    for (name, text) in [("aaa", ""), ("zzz", "garbage\n"), ("sub/x", "1234\n"), ("main", "")] {
        note(format!("{name} {text:?}"));
        let path = repo.path(".git/refs/heads").join(name);
        fs::create_dir_all(path.parent().expect("below")).expect("create");
        let before = fs::read(&path).ok();
        fs::write(&path, text).expect("write");
        let run = history(&repo).expect_code(2);
        assert!(run.err().contains(&format!("refs/heads/{name}")), "{}", run.all());
        let finding = finding_of(&run, &token);
        for key in ["standing", "refs", "reachable"] {
            assert_eq!(finding[key], whole[key], "{key}: {}", run.all());
        }
        history_call(&repo).args(&["--allow-incomplete"]).run().expect_code(2);
        match before {
            Some(before) => fs::write(&path, before).expect("write"),
            None => fs::remove_file(&path).expect("remove"),
        }
    }
}

/// Git follows links in the place of a folder of loose objects.
#[test]
fn objects_in_a_linked_folder_are_read() {
    let (repo, token) = (Repo::new(), Maker::new(8401).sk_live(24));
    repo.stage("a", "innocent\n");
    repo.commit("one");
    let id = repo.blob(format!("key = {token}\n"));
    let (folder, elsewhere) = (repo.path(format!(".git/objects/{}", &id[..2])), repo.path("fan"));
    fs::rename(&folder, &elsewhere).expect("rename");
    std::os::unix::fs::symlink(&elsewhere, &folder).expect("link");
    expect_tokens(&history(&repo).expect_code(1), [&token]);
    fs::remove_dir_all(&elsewhere).expect("remove");
    history(&repo).expect_code(2).expect_has(&format!("objects/{}", &id[..2]));
}

#[test]
fn a_link_among_the_refs_is_an_error() {
    let (repo, token) = (Repo::new(), Maker::new(8402).sk_live(24));
    repo.stage("a", "innocent\n");
    repo.commit("one");
    std::os::unix::fs::symlink("main", repo.path(format!(".git/refs/heads/{token}"))).expect("link");
    let run = history(&repo).expect_code(2);
    let run = run.expect_has("it is a symbolic link");
    assert!(!(run.out() + &run.err()).contains(token.text()));
}
