//! Every form of index and repository that git creates yields the same finding.

use std::fs;

use crate::support::deep::{DEEP, change, expect_found_in_both_states, populate};
use crate::support::token::Maker;
use crate::support::{Repo, client};

fn index_bytes(repo: &Repo) -> Vec<u8> {
    fs::read(repo.path(".git/index")).expect("an index")
}

fn index_holds(repo: &Repo, signature: &[u8]) -> bool {
    index_bytes(repo).windows(signature.len()).any(|w| w == signature)
}

#[allow(clippy::too_many_lines)] // a table
#[test]
fn every_form_of_index_yields_the_same_finding() {
    type Form = (&'static str, fn(&Repo), fn(&Repo) -> bool);
    let forms: &[Form] = &[
        ("version 2", |_| {}, |r| index_bytes(r)[7] == 2),
        (
            "version 3, by an extended flag",
            |r| {
                r.stage("later.txt", "x\n");
                r.git(&["rm", "-q", "--cached", "later.txt"]);
                r.git(&["add", "-N", "later.txt"]);
            },
            |r| index_bytes(r)[7] == 3,
        ),
        (
            "version 4, names compressed",
            |r| drop(r.git(&["update-index", "--index-version", "4"])),
            |r| index_bytes(r)[7] == 4,
        ),
        ("split", |r| drop(r.git(&["update-index", "--split-index"])), |r| index_holds(r, b"link")),
        (
            "split and version 4",
            |r| {
                r.git(&["update-index", "--index-version", "4"]);
                r.git(&["update-index", "--split-index"]);
            },
            |r| index_holds(r, b"link"),
        ),
        (
            "split by setting",
            |r| {
                r.git(&["config", "core.splitIndex", "true"]);
                r.git(&["config", "splitIndex.maxPercentChange", "100"]);
                r.git(&["update-index", "--force-write-index"]);
            },
            |r| index_holds(r, b"link"),
        ),
        (
            "no checksum",
            |r| {
                r.git(&["config", "index.skipHash", "true"]);
                r.git(&["update-index", "--force-write-index"]);
            },
            |r| index_bytes(r).ends_with(&[0; 20]),
        ),
        (
            "many files",
            |r| {
                r.git(&["config", "feature.manyFiles", "true"]);
                fs::remove_file(r.path(".git/index")).expect("remove the index");
                r.git(&["reset", "-q"]);
            },
            |r| index_bytes(r)[7] == 4,
        ),
        (
            "untracked cache",
            |r| {
                r.git(&["update-index", "--force-untracked-cache"]);
                r.git(&["status"]);
            },
            |r| index_holds(r, b"UNTR"),
        ),
        (
            "offset table",
            |r| {
                r.git(&["config", "index.threads", "4"]);
                r.git(&["config", "index.recordEndOfIndexEntries", "true"]);
                r.git(&["config", "index.recordOffsetTable", "true"]);
                r.git(&["update-index", "--force-write-index"]);
            },
            |r| index_holds(r, b"EOIE"),
        ),
        (
            "resolve-undo",
            |r| {
                conflict(r);
                r.stage("clash.txt", "resolved\n");
                r.git(&["commit", "-q", "-m", "resolved"]);
                conflict(r);
                r.stage("clash.txt", "ours\n");
                fs::remove_file(r.path(".git/MERGE_HEAD")).expect("end the merge");
            },
            |r| index_holds(r, b"REUC"),
        ),
        (
            "no cache tree",
            |r| {
                fs::remove_file(r.path(".git/index")).expect("remove the index");
                r.git(&["add", "."]);
            },
            |r| !index_holds(r, b"TREE"),
        ),
    ];
    for (form, arrange, holds) in forms {
        let mut make = Maker::new(300);
        let repo = Repo::new();
        populate(&repo, &mut make);
        let token = make.sk_live(24);
        arrange(&repo);
        assert!(holds(&repo), "git did not create the form {form:?}");
        repo.stage(DEEP, change(&token));
        expect_found_in_both_states(form, &repo, &token);

        // For a message, the configuration is looked up without a comparison.
        repo.write("message", client(&token));
        repo.keysweep(&["message", "message"]).expect_code(1);
        let id = token.fingerprint();
        repo.stage(".keysweep.toml", format!("[allow]\nfingerprints = [{{ id = \"{id}\", reason = \"a test\" }}]\n"));
        repo.keysweep(&["message", "message"]).expect_code(0).expect_lacks("is not staged");
    }
}

fn conflict(repo: &Repo) {
    repo.git(&["checkout", "-q", "-B", "other", "HEAD"]);
    repo.stage("clash.txt", "theirs\n");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "theirs"]);
    repo.git(&["checkout", "-q", "-B", "main", "HEAD~1"]);
    repo.stage("clash.txt", "ours\n");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "ours"]);
    repo.git_call(&["merge", "other"]).run().expect_code(1);
}

#[test]
fn a_split_index_with_deletions_and_replacements_is_merged() {
    let mut make = Maker::new(301);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let (changed, added) = (make.sk_live(24), make.sk_live(24));
    repo.git(&["config", "splitIndex.maxPercentChange", "100"]);
    repo.git(&["update-index", "--split-index"]);
    repo.git(&["rm", "-q", "--cached", "a/file0.txt", "z/file4.txt"]);
    repo.stage(DEEP, change(&changed));
    repo.stage("m/added.txt", client(&added));
    assert!(index_holds(&repo, b"link"), "the index must be split");
    repo.staged().expect_found(&[(DEEP, 2, &changed), ("m/added.txt", 1, &added)]);
}

#[test]
fn a_sparse_index_is_expanded_where_needed() {
    let mut make = Maker::new(302);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let (inside, outside) = (make.sk_live(24), make.sk_live(24));
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "m"]);
    let listed = repo.git(&["ls-files", "--sparse"]).out();
    assert!(listed.lines().any(|l| l == "a/"), "the index must be sparse: {listed}");
    repo.staged().expect_silent();

    repo.stage(DEEP, change(&inside));
    repo.staged().expect_found(&[(DEEP, 2, &inside)]);

    repo.stage_blob("z/new.txt", client(&outside));
    repo.staged().expect_found(&[(DEEP, 2, &inside), ("z/new.txt", 1, &outside)]);
}

#[test]
fn a_changed_folder_entry_of_a_sparse_index_is_expanded() {
    let mut make = Maker::new(303);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let token = make.sk_live(24);
    repo.stage("a/b/new.txt", client(&token));
    repo.commit("a token");
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "m"]);
    repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    let listed = repo.git(&["ls-files", "--sparse"]).out();
    assert!(listed.lines().any(|l| l == "a/"), "the index must be sparse: {listed}");
    repo.staged().expect_found(&[("a/b/new.txt", 1, &token)]);
}

#[test]
fn a_relative_index_file_is_relative_to_the_top() {
    let mut make = Maker::new(310);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let token = make.sk_live(24);
    // A clean file of the same name, at a place where a wrong base folder would find it.
    fs::copy(repo.path(".git/index"), repo.path("m/n/second-index")).expect("copy");
    fs::copy(repo.path(".git/index"), repo.path("second-index")).expect("copy");
    repo.write(DEEP, change(&token));
    repo.git_call(&["add", DEEP]).env("GIT_INDEX_FILE", "second-index").run().expect_code(0);

    repo.staged().expect_silent();
    for folder in ["", "m", "m/n", "m/n/o"] {
        let call = repo.staged_call().env("GIT_INDEX_FILE", "second-index");
        call.cwd(repo.path(folder)).run().expect_found(&[(DEEP, 2, &token)]);
    }
    let own = repo.staged_call().env("GIT_INDEX_FILE", ".git/index");
    own.cwd(repo.path("m/n")).run().expect_silent();
}

#[test]
fn an_absolute_index_file_replaces_the_default() {
    let mut make = Maker::new(311);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let (staged, elsewhere) = (make.sk_live(24), make.sk_live(24));
    let second = repo.base().join("second index");
    repo.write(DEEP, change(&elsewhere));
    let add = |arg: &str| repo.git_call(&[arg, "HEAD"]).env("GIT_INDEX_FILE", &second).run().expect_code(0);
    add("read-tree");
    repo.git_call(&["add", DEEP]).env("GIT_INDEX_FILE", &second).run().expect_code(0);
    repo.stage(DEEP, change(&staged));

    let call = repo.staged_call().env("GIT_INDEX_FILE", &second);
    call.cwd(repo.path("a/b")).run().expect_found(&[(DEEP, 2, &elsewhere)]);
    repo.staged().expect_found(&[(DEEP, 2, &staged)]);
}

#[test]
fn a_missing_index_is_an_empty_index() {
    let token = Maker::new(312).sk_live(24);
    let repo = Repo::new();
    repo.stage("a.txt", client(&token));
    repo.staged().expect_code(1);
    let missing = repo.staged_call().env("GIT_INDEX_FILE", repo.base().join("none"));
    missing.run().expect_silent();
    fs::remove_file(repo.path(".git/index")).expect("remove");
    repo.staged().expect_silent();
}

#[test]
fn a_split_index_file_elsewhere_uses_the_shared_index_of_the_git_directory() {
    let mut make = Maker::new(315);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let token = make.sk_live(24);
    let second = repo.base().join("second-index");
    let with_second = |args: &[&str]| repo.git_call(args).env("GIT_INDEX_FILE", &second).run().expect_code(0);
    with_second(&["read-tree", "HEAD"]);
    with_second(&["update-index", "--split-index"]);
    repo.write(DEEP, change(&token));
    with_second(&["add", DEEP]);
    let bytes = fs::read(&second).expect("an index");
    assert!(bytes.windows(4).any(|w| w == b"link"), "the index must be split");
    repo.staged_call().env("GIT_INDEX_FILE", &second).run().expect_found(&[(DEEP, 2, &token)]);
    repo.staged().expect_silent();
}

/// Small indexes are read entry by entry. Only a large index is compared tree by tree.
#[test]
fn a_large_index_is_compared_by_its_trees() {
    for format in ["sha1", "sha256"] {
        let mut make = Maker::new(425);
        let repo = Repo::init(&[&format!("--object-format={format}")]);
        populate(&repo, &mut make);
        let blob = repo.blob("one of many\n");
        let many: Vec<_> = (0..5000).map(|n| format!("100644 {blob}\tmany/{}/{n}\n", n / 100)).collect();
        repo.git_call(&["update-index", "--index-info"]).stdin(many.concat()).run().expect_code(0);
        repo.commit("many");
        let token = make.sk_live(24);
        repo.stage(DEEP, change(&token));
        expect_found_in_both_states(format, &repo, &token);
    }
}
