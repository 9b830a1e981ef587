//! An object that is in several packs, twice in one pack, or also in an alternate counts as one object.

use std::fs;

use serde_json::{Value, json};

use crate::support::history::{finding_of, history};
use crate::support::pack::BaseReference::Offset;
use crate::support::pack::DeltaStep::{Copy, Insert};
use crate::support::pack::PackBuilder;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, note};

/// Expects that every command and every format report the only token once. It is in the object `id`.
#[track_caller]
fn expect_reported_once(repo: &Repo, token: &Token, id: &str, objects: usize) {
    let find = |format: &str| repo.keysweep_call(&["find", "--format", format]).stdin(token.text());
    let sweep = |format: &str| repo.keysweep_call(&["history", "--format", format]);
    for (lines, human) in [(sweep("jsonl"), sweep("human")), (find("jsonl"), find("human"))] {
        let (lines, human) = (lines.run().expect_code(1), human.run().expect_code(1).out());
        note(&human);
        expect_one_place(&lines, token, id);
        assert_eq!(human.matches(&id[..12]).count(), 1, "each place must be reported once");
        assert!(human.contains(" copies: 1 object\n") && !human.contains(" again: "));
        assert!(human.contains(&format!("keysweep: 1 token in 1 of {objects} object")));
    }
}

#[track_caller]
fn expect_one_place(run: &Run, token: &Token, id: &str) {
    let finding = finding_of(run, token);
    let places: Vec<&Value> =
        finding["places"].as_array().expect("places").iter().map(|place| &place["object"]).collect();
    assert_eq!((places, &finding["copies"]), (vec![&json!(id)], &json!(1)), "{finding:#}");
    let sightings = run.objects().iter().filter(|object| object["type"] == "sighting").count();
    assert!(sightings <= 1 && run.summary()["findings"] == 1, "{}", run.out());
}

#[test]
fn a_blob_twice_in_a_pack_in_another_one_and_in_an_alternate() {
    let (repo, token) = (Repo::new(), Maker::new(7850).sk_live(24));
    let bytes = client(&token);
    let mut pack = PackBuilder::default();
    let base = pack.blob(&bytes);
    let other = pack.delta(base, Offset, &[Copy(0, 9)]);
    pack.delta(other, Offset, &[Insert(bytes.as_bytes())]);
    pack.index_into(&repo);
    let id = repo.git_call(&["hash-object", "--stdin"]).stdin(&bytes).run().expect_code(0).line();
    expect_reported_once(&repo, &token, &id, 2);

    repo.git_call(&["pack-objects", "-q", ".git/objects/pack/pack"]).stdin(&id).run().expect_code(0);
    expect_reported_once(&repo, &token, &id, 2);

    repo.git(&["clone", "-q", "--mirror", ".", "../other.git"]);
    let other = repo.base().join("other.git/objects");
    assert!(fs::read_dir(other.join("pack")).expect("packs").count() >= 4, "a clone of all packs");
    fs::write(repo.path(".git/objects/info/alternates"), format!("{}\n", other.display())).expect("write");
    expect_reported_once(&repo, &token, &id, 2);
}

#[test]
fn an_unreachable_tag_in_two_packs() {
    let (repo, token) = (Repo::new(), Maker::new(7851).sk_live(24));
    repo.stage("a.txt", "innocent\n");
    repo.commit("one");
    repo.git(&["tag", "-a", "-m", &client(&token), "v1"]);
    let id = repo.git(&["rev-parse", "refs/tags/v1"]).line();
    let commit = repo.git(&["rev-parse", "HEAD"]).line();
    for ids in [id.clone(), format!("{id}\n{commit}\n")] {
        repo.git_call(&["pack-objects", "-q", ".git/objects/pack/pack"]).stdin(ids).run().expect_code(0);
    }
    repo.git(&["tag", "-d", "v1"]);
    expect_reported_once(&repo, &token, &id, 4);
}

#[test]
fn a_copy_with_different_bytes_is_also_scanned() {
    let (repo, mut make) = (Repo::new(), Maker::new(7852));
    let (real, forged) = (make.sk_live(24), make.sk_live(24));
    let pack_of = |token: &Token| {
        let mut pack = PackBuilder::default();
        pack.blob(client(token));
        let repo = Repo::new();
        pack.index_into(&repo);
        repo
    };
    let (one, other) = (pack_of(&real), pack_of(&forged));
    let packed = |repo: &Repo, ending: &str| {
        let files = fs::read_dir(repo.path(".git/objects/pack")).expect("packs");
        files
            .map(|file| file.expect("an entry").path())
            .find(|path| path.extension().is_some_and(|end| end == ending))
            .expect("one")
    };
    let target = repo.path(".git/objects/pack");
    for (name, pack) in [("pack-1", &one), ("pack-2", &other)] {
        fs::copy(packed(pack, "pack"), target.join(format!("{name}.pack"))).expect("copy");
        // Both packs get the same index, but the second pack has another object at that offset.
        fs::copy(packed(&one, "idx"), target.join(format!("{name}.idx"))).expect("copy");
    }
    let run = history(&repo).expect_code(1);
    assert_eq!(run.summary()["tokens"], 2, "{}", run.out());
}
