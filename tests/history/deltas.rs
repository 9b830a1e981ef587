//! A scan searches the bytes that deltas insert and builds few objects, but finds the same as a scan of every object.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::{Range, RangeInclusive};

use serde_json::Value;

use crate::support::history::{GitEnvironment, Stream, findings_by_fingerprint, fingerprint, history};
use crate::support::pack::BaseReference::{Id, Offset};
use crate::support::pack::DeltaStep::{Copy, Insert};
use crate::support::pack::PackBuilder;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, note, text};

/// Expects the same findings as for loose objects, including at least these tokens.
#[track_caller]
fn expect_same_as_loose(pack: &PackBuilder, tokens: &[Token]) {
    let (packed, loose) = (Repo::new(), Repo::new());
    pack.index_into(&packed);
    pack.unpack_into(&loose);
    let run = GitEnvironment::of(&packed).history().expect_code(1);
    assert_eq!(run.summary()["scanned"]["objects"], pack.contents.len());
    let (got, wanted) = (findings_by_fingerprint(&run), findings_by_fingerprint(&history(&loose)));
    for token in tokens {
        if !got.contains_key(&fingerprint(token)) {
            run.fail(&format!("{}: {token} was not found", token.family));
        }
    }
    if got != wanted {
        let other = wanted.iter().find(|(id, one)| got.get(*id) != Some(one));
        run.fail(&format!("{} findings, but {} in loose objects, for example {other:?}", got.len(), wanted.len()));
    }
}

/// Text that no rule matches and that is longer than the context of an insertion that a delta scan searches.
fn filler(make: &mut Maker) -> String {
    let lines: [String; 6] =
        std::array::from_fn(|_| format!("nothing {} to be seen here at all\n", make.below(1_000_000)));
    lines.concat()
}

#[test]
fn a_token_split_between_a_copy_and_an_insertion() {
    let mut make = Maker::new(7300);
    let tokens = make.every_family();
    for by in [Offset, Id] {
        note(format!("{by:?}"));
        let mut pack = PackBuilder::default();
        for token in &tokens {
            let cuts = (1..token.text().len()).filter(|cut| *cut < 14 || cut % 7 == 0);
            cuts.for_each(|cut| split(&mut pack, token.text().split_at(cut), by, &mut make));
        }
        expect_same_as_loose(&pack, &tokens);
    }
}

/// Adds a base that contains both halves apart, and deltas that join them: copy and insertion, insertion and copy, two
/// copies, and single bytes.
fn split(
    pack: &mut PackBuilder,
    (head, tail): (&str, &str),
    by: crate::support::pack::BaseReference,
    make: &mut Maker,
) {
    let start = format!("{}key = \"{head}", filler(make));
    let end = format!("{tail}\"\n{}", filler(make));
    let base_bytes = format!("{start} {} {end}", filler(make));
    let end_at = base_bytes.len() - end.len();
    let base = pack.blob(&base_bytes);
    pack.delta(base, by, &[Copy(0, start.len()), Insert(end.as_bytes())]);
    pack.delta(base, by, &[Insert(start.as_bytes()), Copy(end_at, end.len()), Insert(b"second")]);
    pack.delta(base, by, &[Copy(0, start.len()), Copy(end_at, end.len()), Insert(b"third")]);
    let head_at = start.len() - head.len();
    let letters = (head_at..start.len()).chain(end_at..end_at + tail.len()).map(|at| Copy(at, 1));
    let pieces = [Insert(b"'")].into_iter().chain(letters).chain([Copy(end_at + tail.len(), end.len() - tail.len())]);
    pack.delta(base, by, &pieces.collect::<Vec<_>>());
}

#[test]
fn a_token_whose_middle_is_inserted_between_two_copies() {
    let mut make = Maker::new(7301);
    let tokens = make.every_family();
    let mut pack = PackBuilder::default();
    for token in &tokens {
        for (from, len) in (1..9).flat_map(|from| [1, 2, 5].map(|len| (from, len))) {
            let (head, rest) = token.text().split_at(from);
            let (middle, tail) = rest.split_at(len);
            let (start, end) = (format!("{}'{head}", filler(&mut make)), format!("{tail}'\n{}", filler(&mut make)));
            let base = pack.blob(format!("{start}{end}"));
            pack.delta(base, Offset, &[Copy(0, start.len()), Insert(middle.as_bytes()), Copy(start.len(), end.len())]);
        }
    }
    expect_same_as_loose(&pack, &tokens);
}

#[test]
fn a_token_joined_by_a_deletion() {
    let mut make = Maker::new(7302);
    let tokens = make.every_family();
    let mut pack = PackBuilder::default();
    for token in &tokens {
        for (cut, between) in (1..9).flat_map(|cut| ["-", "\n", "\0", "_____________________"].map(|b| (cut, b))) {
            let (head, tail) = token.text().split_at(cut);
            let start = format!("{}'{head}", filler(&mut make));
            let bytes = format!("{start}{between}{tail}'\n{}", filler(&mut make));
            let base = pack.blob(&bytes);
            let rest = start.len() + between.len();
            pack.delta(base, Id, &[Copy(0, start.len()), Copy(rest, bytes.len() - rest)]);
        }
    }
    expect_same_as_loose(&pack, &tokens);
}

#[test]
fn a_token_of_the_base_is_kept_removed_moved_or_doubled() {
    let mut make = Maker::new(7303);
    let (token, other) = (make.sk_live(24), make.whsec_base64(32));
    let (before, after) = (filler(&mut make), filler(&mut make));
    let line = client(&token);
    let bytes = format!("{before}{line}{after}");
    let (at, behind) = (before.len(), before.len() + line.len());
    let mut pack = PackBuilder::default();
    let base = pack.blob(&bytes);
    pack.delta(base, Offset, &[Copy(0, bytes.len()), Insert(b"more\n")]);
    let gone = pack.delta(base, Offset, &[Copy(0, at), Copy(behind, after.len())]);
    pack.delta(base, Offset, &[Copy(at, line.len()), Copy(0, at), Copy(behind, after.len())]);
    pack.delta(base, Offset, &[Copy(0, behind), Copy(0, bytes.len())]);
    // A delta that keeps only the first half, and a delta of that delta that has the whole token again.
    pack.delta(base, Offset, &[Copy(0, at + 24)]);
    let again = client(&other);
    let back = pack.delta(gone, Id, &[Copy(0, at), Insert(again.as_bytes()), Copy(at, after.len())]);
    pack.delta(back, Offset, &[Copy(0, at), Insert(line.as_bytes()), Copy(at, again.len())]);
    expect_same_as_loose(&pack, &[token, other]);
}

#[test]
fn a_literal_that_grows_from_child_to_child() {
    let mut make = Maker::new(7304);
    let tokens = make.every_family();
    let mut pack = PackBuilder::default();
    for token in &tokens {
        let start = format!("{}'", filler(&mut make));
        let end = format!("'\n{}", filler(&mut make));
        let mut last = pack.blob(format!("{start}{end}"));
        let letters = token.text().as_bytes();
        for (at, letter) in letters.iter().enumerate().take(letters.len() / 2) {
            let have = start.len() + at;
            last = pack.delta(last, Offset, &[Copy(0, have), Insert(&[*letter]), Copy(have, end.len())]);
        }
        let have = start.len() + letters.len() / 2;
        let rest = &letters[letters.len() / 2..];
        last = pack.delta(last, Id, &[Copy(0, have), Insert(rest), Copy(have, end.len())]);
        pack.delta(last, Offset, &[Copy(0, start.len()), Copy(have + rest.len(), end.len()), Insert(b"gone")]);
    }
    expect_same_as_loose(&pack, &tokens);
}

/// The name of the variable is in a copied part, before or after the inserted value.
#[test]
fn a_value_inserted_next_to_its_variable_name() {
    let mut make = Maker::new(7309);
    let mut pack = PackBuilder::default();
    let (before, after) = (filler(&mut make), filler(&mut make));
    let forms = [
        ("", "  name: ATTIO_API_KEY\n", "- value: ", "\n"),
        ("", "@api.attio.com/v2/self\n", "curl https://", ":"),
        ("", " \\\n  https://api.attio.com/v2/self\n", "curl -u ", ":"),
        ("variable \"attio_api_key\" {\n  type = string\n", "}\n", "  default = \"", "\"\n"),
    ];
    let mut wanted = BTreeSet::new();
    for (above, below, open, close) in forms {
        let hex = make.hex(64);
        let bytes = format!("{before}{above}{below}{after}");
        let at = before.len() + above.len();
        let base = pack.blob(&bytes);
        let inserted = format!("{open}{hex}{close}");
        pack.delta(base, Offset, &[Copy(0, at), Insert(inserted.as_bytes()), Copy(at, bytes.len() - at)]);
        wanted.insert(keysweep::finding::Secret::new(hex.as_bytes()).fingerprint().to_string());
    }
    let repo = Repo::new();
    pack.index_into(&repo);
    let found: BTreeSet<String> =
        findings_by_fingerprint(&GitEnvironment::of(&repo).history().expect_code(1)).into_keys().collect();
    assert_eq!(found, wanted);
    expect_same_as_loose(&pack, &[]);
}

#[test]
fn copies_of_all_sizes() {
    let mut make = Maker::new(7305);
    let tokens: Vec<Token> = (0..8).map(|_| make.sk_live(24)).collect();
    let bytes: String = std::iter::repeat_with(|| filler(&mut make)).take(700).collect();
    assert!(bytes.len() > 0x2_0000);
    let mut pack = PackBuilder::default();
    let base = pack.blob(&bytes);
    for (at, token) in tokens.iter().enumerate() {
        let len = [2, 0xff, 0x100, 0xffff, 0x1_0000, 0x1_0001, 0x1_ff00, 0x2_0000][at];
        let (head, tail) = token.text().split_at(1 + at % 5);
        let start = [&bytes.as_bytes()[..len], b"'", head.as_bytes()].concat();
        let middle = pack.blob([&start[..], b"\n", tail.as_bytes(), b"'\n"].concat());
        pack.delta(middle, Offset, &[Copy(0, start.len()), Copy(start.len() + 1, tail.len() + 2)]);
        pack.delta(base, Id, &[Copy(0, len), Insert(format!("'{token}'").as_bytes()), Copy(bytes.len() - len, len)]);
    }
    pack.delta(base, Offset, &[Copy(0, 0x1_0000), Copy(0x100, 0x1_0000), Copy(0x1_0000, 0x1_0000)]);
    expect_same_as_loose(&pack, &tokens);
}

#[test]
fn insertions_of_127_bytes_at_every_place_of_a_token() {
    let mut make = Maker::new(7306);
    let token = make.sk_live(24);
    let mut pack = PackBuilder::default();
    let bytes = filler(&mut make);
    let base = pack.blob(&bytes);
    for before in 90..130 {
        let long = format!("{}'{token}'\n{}", "-".repeat(before), "-".repeat(150));
        pack.delta(base, Offset, &[Copy(0, 9), Insert(long.as_bytes()), Copy(9, 90)]);
    }
    expect_same_as_loose(&pack, &[token]);
}

#[test]
fn empty_deltas_and_deltas_of_an_empty_base() {
    let mut make = Maker::new(7307);
    let token = make.sk_live(24);
    let mut pack = PackBuilder::default();
    let empty = pack.blob("");
    let from_nothing = pack.delta(empty, Offset, &[Insert(client(&token).as_bytes())]);
    let short = pack.delta(from_nothing, Offset, &[Insert(b"s"), Insert(b"k"), Insert(b"_")]);
    pack.delta(short, Offset, &[Copy(0, 3), Insert(&token.text().as_bytes()[3..])]);
    expect_same_as_loose(&pack, &[token]);
}

#[test]
fn a_pack_that_contains_an_object_twice() {
    let mut make = Maker::new(7308);
    let (repo, token) = (Repo::new(), make.sk_live(24));
    let mut pack = PackBuilder::default();
    let bytes = format!("{}{}", filler(&mut make), client(&token));
    let base = pack.blob(&bytes);
    let other = pack.delta(base, Offset, &[Copy(0, 20)]);
    pack.delta(other, Offset, &[Insert(bytes.as_bytes())]);
    pack.index_into(&repo);
    GitEnvironment::of(&repo).expect_complete(&[token]);
}

const PIECES: &[&str] =
    &["sk", "_", "sk_", "live_", "test", "whs", "ec_", "attio", "\n", "'", "\0", "x = ", "filling words\n"];

/// Versions of one file. Each is a random edit of the previous version.
fn versions(make: &mut Maker, count: usize) -> Vec<Vec<u8>> {
    let mut now: Vec<u8> = std::iter::repeat_with(|| filler(make)).take(12).collect::<String>().into_bytes();
    let mut all = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    let mut at = 0;
    for _ in 0..count {
        at = at.min(now.len());
        if make.below(3) > 0 {
            at = make.below(now.len() + 1);
        }
        let span = |make: &mut Maker, now: &[u8]| -> Range<usize> {
            let start = make.below(now.len());
            start..now.len().min(start + 1 + make.below(300))
        };
        match make.below(9) {
            // Insert the second half of a token whose first half is already in the file.
            0..3 if !open.is_empty() => {
                now.splice(at..at, std::mem::take(&mut open));
            }
            0..5 => {
                let token = format!("'{}'", if make.below(2) == 0 { make.sk_live(24) } else { make.whsec_hex(32) });
                let cut = make.below(token.len() + 1);
                now.splice(at..at, token.bytes().take(cut));
                open = token.into_bytes().split_off(cut);
                at += cut;
            }
            5 => {
                let piece = PIECES[make.below(PIECES.len())];
                now.splice(at..at, piece.bytes());
            }
            6 => drop(now.drain(span(make, &now))),
            _ => {
                let moved: Vec<u8> = now[span(make, &now)].to_vec();
                now.splice(at..at, moved);
            }
        }
        all.push(now.clone());
    }
    all
}

/// Maps each token that a scan of the versions as files finds to the range of copies that a history can have. Rules find the token in
/// the first number of versions. The second number of versions contain its bytes. A history is searched by value too, but not inside
/// of another token.
fn by_files(repo: &Repo, versions: &BTreeSet<Vec<u8>>) -> BTreeMap<String, RangeInclusive<u64>> {
    let names: Vec<String> = (0..versions.len()).map(|n| format!("../versions/{n}")).collect();
    for (name, bytes) in names.iter().zip(versions) {
        repo.write(name, bytes);
    }
    let mut found: BTreeMap<String, (BTreeSet<String>, Vec<u8>)> = BTreeMap::new();
    for finding in repo.keysweep(&["files", "--format", "jsonl", "../versions"]).expect_code(1).findings() {
        let path = text(&finding["path"]);
        let number = |key: &str| usize::try_from(finding[key].as_u64().expect("a number")).expect("small") - 1;
        let token = || {
            let bytes = fs::read(repo.path(path)).expect("a version");
            let line = bytes.split(|&b| b == b'\n').nth(number("line")).expect("a line");
            line[number("column")..number("end_column")].to_vec()
        };
        let entry = found.entry(text(&finding["fingerprint"]).to_owned());
        entry.or_insert_with(|| (BTreeSet::new(), token())).0.insert(path.to_owned());
    }
    let range = |(paths, token): (BTreeSet<String>, Vec<u8>)| {
        let holding = versions.iter().filter(|version| version.windows(token.len()).any(|part| part == token));
        paths.len() as u64..=holding.count() as u64
    };
    found.into_iter().map(|(fingerprint, places)| (fingerprint, range(places))).collect()
}

#[test]
fn random_edits_packed_by_git() {
    for seed in 0..8 {
        note(format!("seed {seed}"));
        let (loose, packed) = (Repo::new(), Repo::new());
        let versions = versions(&mut Maker::new(7400 + seed), 80);
        let mut stream = Stream::new(0);
        for bytes in &versions {
            stream.version("a.txt", bytes);
        }
        stream.import(&loose);
        stream.import_as_pack(&packed, "4095");
        let unpacked = findings_by_fingerprint(&history(&loose).expect_code(1));
        assert!(unpacked.len() >= 8, "only {} tokens", unpacked.len());
        let files = by_files(&loose, &versions.into_iter().collect());
        assert_eq!(unpacked.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
        let copies = |one: &Value| one["copies"].as_u64().expect("a number");
        assert!(unpacked.iter().all(|(token, one)| files[token].contains(&copies(one))));
        assert!(findings_by_fingerprint(&history(&packed)) == unpacked);
        for options in [["--window=50", "--depth=50"], ["--window=80", "--depth=4095"], ["--window=3", "--depth=2"]] {
            packed.git_call(&["repack", "-adfq"]).args(&options).run().expect_code(0);
            assert!(findings_by_fingerprint(&history(&packed)) == unpacked, "{options:?}");
        }
        packed.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--window=50"]);
        assert!(findings_by_fingerprint(&history(&packed)) == unpacked, "by id");
    }
}
