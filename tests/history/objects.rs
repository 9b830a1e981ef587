//! A scan reads every object that git lists, once, however the object is stored. Each object contains its own token.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::history::{
    GitEnvironment, Stream, expect_tokens, findings_by_fingerprint, fingerprint, history_call,
};
use crate::support::{Repo, client, note};

/// A repository of loose objects, and the tokens of its stream.
fn loose_repo(seed: u64, options: &[&str]) -> (Repo, Stream) {
    let (repo, stream) = (Repo::init(options), Stream::small(seed));
    stream.import(&repo);
    repo.git(&["reset", "-q", "--hard"]);
    (repo, stream)
}

fn packs(repo: &Repo, ending: &str) -> Vec<PathBuf> {
    let folder = fs::read_dir(repo.path(".git/objects/pack")).expect("packs");
    folder.map(|file| file.expect("an entry").path()).filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

/// Writes the objects that a revision reaches to a new pack and leaves the others where they are.
fn pack(repo: &Repo, args: &[&str], options: &[&str]) {
    let listed = repo.git_call(&["rev-list", "--objects"]).args(args).run().expect_code(0).out();
    let call = repo.git_call(&["pack-objects", "-q"]).args(options).args(&[".git/objects/pack/pack"]);
    call.stdin(listed).run().expect_code(0);
}

#[test]
fn loose_objects_only() {
    let (repo, stream) = loose_repo(7000, &[]);
    assert!(packs(&repo, ".pack").is_empty());
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
}

#[test]
fn one_pack_with_deltas_of_either_kind() {
    let (repo, stream) = loose_repo(7001, &[]);
    for by_offset in ["true", "false"] {
        note(format!("repack.useDeltaBaseOffset={by_offset}"));
        repo.git(&["config", "repack.useDeltaBaseOffset", by_offset]);
        repo.git(&["repack", "-adfq", "--window=50", "--depth=50"]);
        let deltas = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(deltabase)"]).out();
        assert!(deltas.lines().any(|base| base.bytes().any(|b| b != b'0')), "no delta");
        assert_eq!(packs(&repo, ".pack").len(), 1);
        GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
    }
}

#[test]
fn a_pack_without_deltas_and_one_with_an_index_of_version_1() {
    let (repo, stream) = loose_repo(7002, &[]);
    repo.git(&["repack", "-adfq", "--window=0"]);
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
    repo.git(&["-c", "pack.indexVersion=1", "repack", "-adfq"]);
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
}

#[test]
fn several_packs_with_the_same_objects_and_loose_copies() {
    let (repo, stream) = loose_repo(7003, &[]);
    pack(&repo, &["main~2"], &[]);
    pack(&repo, &["side"], &["--delta-base-offset"]);
    pack(&repo, &["side", "main~1"], &["--window=50"]);
    assert_eq!(packs(&repo, ".pack").len(), 3);
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
    repo.git(&["prune-packed"]);
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
    pack(&repo, &["--all"], &[]);
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
}

#[test]
fn cruft_kept_and_bitmapped_packs_and_a_commit_graph() {
    let (repo, stream) = loose_repo(7004, &[]);
    let mut tokens = stream.tokens.clone();
    repo.git(&["repack", "-adq", "--write-bitmap-index"]);
    repo.git(&["commit-graph", "write", "--reachable", "--changed-paths"]);
    let mut more = Stream::new(7104);
    more.commit("refs/heads/gone", &[]);
    more.import(&repo);
    tokens.extend(more.tokens);
    GitEnvironment::of(&repo).expect_each_object(&tokens);
    repo.git(&["update-ref", "-d", "refs/heads/gone"]);
    repo.git(&["repack", "-dq", "--cruft"]);
    assert_eq!(packs(&repo, ".mtimes").len(), 1);
    fs::write(packs(&repo, ".pack")[0].with_extension("keep"), "").expect("write");
    GitEnvironment::of(&repo).expect_each_object(&tokens);
}

#[test]
fn a_deep_delta_chain() {
    const VERSIONS: usize = 120;
    let (repo, mut stream) = (Repo::new(), Stream::new(7005));
    let mut text = String::new();
    for _ in 0..VERSIONS {
        text += &client(&stream.token());
        stream.version("a.txt", &text);
    }
    stream.import_as_pack(&repo, "4095");
    let idx = packs(&repo, ".idx").remove(0);
    let verified = repo.git(&["verify-pack", "-v", &idx.to_string_lossy()]);
    let depth = format!("chain length = {}:", VERSIONS - 1);
    verified.expect_has(&depth);
    let run = GitEnvironment::of(&repo).expect_complete(&stream.tokens);
    let answers = findings_by_fingerprint(&run);
    for (n, token) in stream.tokens.iter().enumerate() {
        assert_eq!(answers[&fingerprint(token)]["copies"], VERSIONS - n);
    }
}

#[test]
fn a_thin_pack_that_git_completed() {
    let (repo, stream) = loose_repo(7006, &[]);
    repo.git(&["init", "-q", "--bare", "../thin.git"]);
    let thin = repo.base().join("thin.git");
    repo.git_call(&["config", "receive.unpackLimit", "1"]).cwd(&thin).run().expect_code(0);
    for name in ["main~4", "main~2", "side", "main"] {
        repo.git(&["push", "-q", "--thin", "../thin.git", &format!("{name}:refs/heads/x"), "--force"]);
    }
    repo.git(&["push", "-q", "../thin.git", "v1"]);
    assert!(fs::read_dir(thin.join("objects/pack")).expect("packs").count() > 4);
    GitEnvironment::at(&repo, &thin).expect_each_object(&stream.tokens);
}

#[test]
fn packs_under_a_multi_pack_index() {
    let (repo, stream) = loose_repo(7007, &[]);
    pack(&repo, &["main~2"], &[]);
    pack(&repo, &["main", "side"], &[]);
    pack(&repo, &["--all"], &[]);
    repo.git(&["prune-packed"]);
    repo.git(&["multi-pack-index", "write"]);
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
    repo.git(&["multi-pack-index", "repack"]);
    repo.git(&["multi-pack-index", "expire"]);
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
}

#[test]
fn a_multi_pack_index_without_pack_indexes_is_an_error() {
    let (repo, _) = loose_repo(7013, &[]);
    repo.git(&["repack", "-adq"]);
    repo.git(&["multi-pack-index", "write"]);
    for index in packs(&repo, ".idx") {
        fs::remove_file(index).expect("remove");
    }
    GitEnvironment::of(&repo).history().expect_code(2).expect_has("it has no index; git index-pack creates one");
}

#[test]
fn sha256_and_reftable() {
    for options in [&["--object-format=sha256"][..], &["--ref-format=reftable"]] {
        note(format!("{options:?}"));
        let (repo, stream) = loose_repo(7008, options);
        GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
        repo.git(&["repack", "-adfq", "--window=50"]);
        GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
        repo.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--window=50"]);
        GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
    }
}

#[test]
fn objects_borrowed_from_another_repository() {
    let (repo, stream) = loose_repo(7009, &[]);
    repo.git(&["repack", "-adq"]);
    repo.git(&["clone", "-q", "--shared", ".", "../shared"]);
    repo.git(&["clone", "-q", "--reference", ".", &format!("file://{}", repo.top().display()), "../reference"]);
    for name in ["shared", "reference"] {
        note(name);
        GitEnvironment::at(&repo, repo.base().join(name)).expect_each_object(&stream.tokens);
    }
}

/// Writes the alternates file of `objects`.
fn write_alternates(objects: &Path, from: &str) {
    fs::write(objects.join("info/alternates"), format!("# a comment\n\n{from}\n")).expect("write");
}

/// A second repository beside the first, with the objects of `stream`.
fn second_repo(repo: &Repo, name: &str, stream: &Stream) -> PathBuf {
    let folder = repo.base().join(name);
    repo.git(&["init", "-q", &folder.to_string_lossy()]);
    stream.import_at(repo, &folder);
    folder.join(".git/objects")
}

#[test]
fn an_alternate_of_an_alternate_by_a_relative_path() {
    let (repo, stream) = loose_repo(7014, &[]);
    let (mut more, mut far) = (Stream::new(7114), Stream::new(7214));
    more.commit("refs/heads/more", &[]);
    far.commit("refs/heads/far", &[]);
    let more_objects = second_repo(&repo, "more", &more);
    let far_objects = second_repo(&repo, "so/far", &far);
    write_alternates(&more_objects, "../../../repo/.git/objects");
    write_alternates(&far_objects, &more_objects.to_string_lossy());
    let tokens = [stream.tokens, more.tokens, far.tokens].concat();
    GitEnvironment::at(&repo, repo.base().join("so/far")).expect_each_object(&tokens);
}

#[test]
fn alternates_that_form_a_cycle() {
    let (repo, stream) = loose_repo(7015, &[]);
    let mut more = Stream::new(7115);
    more.commit("refs/heads/more", &[]);
    let more_objects = second_repo(&repo, "more", &more);
    write_alternates(&more_objects, &repo.path(".git/objects").to_string_lossy());
    write_alternates(&repo.path(".git/objects"), &more_objects.to_string_lossy());
    GitEnvironment::of(&repo).expect_each_object(&[stream.tokens, more.tokens].concat());
}

#[test]
fn loose_objects_that_an_alternate_also_has() {
    let (repo, stream) = loose_repo(7016, &[]);
    let other = second_repo(&repo, "other", &stream);
    write_alternates(&repo.path(".git/objects"), &other.to_string_lossy());
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
    repo.git_call(&["repack", "-adq"]).cwd(other.join("../..")).run().expect_code(0);
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
}

#[test]
fn an_alternate_that_is_the_repository_itself() {
    let (repo, stream) = loose_repo(7017, &[]);
    let own = repo.path(".git/objects");
    GitEnvironment::of(&repo).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &own).expect_each_object(&stream.tokens);
    write_alternates(&own, &own.to_string_lossy());
    GitEnvironment::of(&repo).expect_each_object(&stream.tokens);
}

#[test]
fn object_directories_from_the_environment() {
    let (repo, stream) = loose_repo(7010, &[]);
    let moved = repo.base().join("moved");
    fs::create_dir(repo.path("sub")).expect("create");
    fs::rename(repo.path(".git/objects"), &moved).expect("move");
    fs::create_dir_all(repo.path(".git/objects/info")).expect("create");
    GitEnvironment::of(&repo).env("GIT_OBJECT_DIRECTORY", &moved).expect_each_object(&stream.tokens);
    GitEnvironment::at(&repo, repo.path("sub")).env("GIT_OBJECT_DIRECTORY", &moved).expect_each_object(&stream.tokens);
    GitEnvironment::of(&repo).env("GIT_OBJECT_DIRECTORY", "../moved").expect_each_object(&stream.tokens);
}

#[test]
fn bare_from_a_subfolder_from_inside_and_by_git_dir() {
    let (repo, stream) = loose_repo(7011, &[]);
    repo.git(&["clone", "-q", "--mirror", ".", "../bare.git"]);
    let bare = repo.base().join("bare.git");
    fs::create_dir_all(repo.path("a/b")).expect("create");
    GitEnvironment::at(&repo, &bare).expect_each_object(&stream.tokens);
    GitEnvironment::at(&repo, repo.path("a/b")).expect_each_object(&stream.tokens);
    GitEnvironment::at(&repo, repo.base()).env("GIT_DIR", &bare).expect_each_object(&stream.tokens);
    GitEnvironment::at(&repo, repo.base()).env("GIT_DIR", repo.path(".git")).expect_each_object(&stream.tokens);
}

#[test]
fn a_scan_from_inside_a_bare_repository() {
    let (repo, stream) = loose_repo(7018, &[]);
    repo.git(&["clone", "-q", "--mirror", ".", "../bare.git"]);
    GitEnvironment::at(&repo, repo.base().join("bare.git/refs")).expect_each_object(&stream.tokens);
}

#[test]
fn an_empty_repository() {
    for options in [&[][..], &["--bare"], &["--object-format=sha256"], &["--ref-format=reftable"]] {
        note(format!("{options:?}"));
        let repo = Repo::init(options);
        let run = GitEnvironment::of(&repo).history().expect_silent();
        assert_eq!(run.summary()["scanned"]["objects"], 0);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (repo, stream) = loose_repo(7012, &[]);
    pack(&repo, &["main~2"], &[]);
    let mut finding = Vec::new();
    for threads in ["1", "2", "7"] {
        let run = history_call(&repo).args(&["--threads", threads]).run().expect_code(1);
        expect_tokens(&run, &stream.tokens);
        finding.push(run.out().lines().filter(|line| line.contains("\"finding\"")).collect::<Vec<_>>().join("\n"));
    }
    assert!(finding.iter().all(|one| *one == finding[0]));
}
