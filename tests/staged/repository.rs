//! Every kind of repository that git creates, with each storage of HEAD and of objects.

use std::fs;

use crate::support::deep::{DEEP, change, expect_found_in_both_states, populate};
use crate::support::token::Maker;
use crate::support::{Repo, client, os};

#[test]
fn every_kind_of_repository_yields_the_same_finding() {
    for options in [
        &["--object-format=sha1"][..],
        &["--object-format=sha256"],
        &["--ref-format=reftable"],
        &["--object-format=sha256", "--ref-format=reftable"],
        &["--shared=group"],
        &["--separate-git-dir=../elsewhere"],
    ] {
        let mut make = Maker::new(304);
        let repo = Repo::none();
        let init = repo.git_call(&["init", "-q", "-b", "main"]).args(options).run();
        if init.code != Some(0) {
            eprintln!("skipped: this git does not support {options:?}: {}", init.err());
            continue;
        }
        let token = make.sk_live(24);
        repo.stage(DEEP, change(&token));
        eprintln!("unborn, {options:?}");
        repo.staged().expect_found(&[(DEEP, 2, &token)]);
        repo.git(&["rm", "-q", "-f", "--cached", DEEP]);
        populate(&repo, &mut make);
        repo.stage(DEEP, change(&token));
        expect_found_in_both_states(&format!("{options:?}"), &repo, &token);

        eprintln!("linked worktree, {options:?}");
        repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
        let linked = repo.view("linked");
        linked.staged().expect_silent();
        linked.stage(DEEP, change(&token));
        linked.staged().expect_found(&[(DEEP, 2, &token)]);
    }
}

#[test]
fn head_is_found_wherever_git_keeps_it() {
    type Form = (&'static str, &'static [&'static [&'static str]]);
    let forms: &[Form] = &[
        ("packed refs", &[&["pack-refs", "--all", "--prune"]]),
        ("detached", &[&["checkout", "-q", "--detach"]]),
        (
            "symbolic twice",
            &[&["symbolic-ref", "refs/heads/alias", "refs/heads/main"], &["symbolic-ref", "HEAD", "refs/heads/alias"]],
        ),
        ("a branch with slashes", &[&["checkout", "-q", "-b", "feature/x/y"]]),
        ("a tag of the branch's name", &[&["tag", "main"]]),
        ("a branch named HEAD", &[&["update-ref", "refs/heads/HEAD", "HEAD"]]),
    ];
    for (form, commands) in forms {
        let mut make = Maker::new(305);
        let repo = Repo::new();
        populate(&repo, &mut make);
        for command in *commands {
            repo.git(command);
        }
        let token = make.sk_live(24);
        repo.stage(DEEP, change(&token));
        expect_found_in_both_states(form, &repo, &token);
    }
}

#[test]
fn objects_are_found_wherever_git_keeps_them() {
    type Form = (&'static str, &'static [&'static [&'static str]]);
    let forms: &[Form] = &[
        ("one pack with deltas", &[&["repack", "-q", "-a", "-d", "-f", "--depth=50"]]),
        ("multi-pack index", &[&["repack", "-q", "-d"], &["multi-pack-index", "write"]]),
        ("commit graph", &[&["commit-graph", "write", "--reachable"]]),
        ("everything collected", &[&["gc", "-q", "--prune=now"]]),
        ("staged blob packed", &[&["write-tree"], &["repack", "-q", "-a", "-d", "--keep-unreachable"]]),
    ];
    for (form, commands) in forms {
        let mut make = Maker::new(306);
        let repo = Repo::new();
        populate(&repo, &mut make);
        let token = make.sk_live(24);
        repo.stage(DEEP, change(&token));
        for command in *commands {
            repo.git(command);
        }
        expect_found_in_both_states(form, &repo, &token);
    }
}

#[test]
fn objects_of_alternates_are_found() {
    let mut make = Maker::new(307);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let token = make.sk_live(24);
    repo.git(&["clone", "-q", "--shared", ".", "../borrower"]);
    let borrower = repo.view("borrower");
    borrower.staged().expect_silent();
    borrower.stage(DEEP, change(&token));
    borrower.staged().expect_found(&[(DEEP, 2, &token)]);
}

#[test]
fn a_staged_blob_in_an_alternate_is_found() {
    let mut make = Maker::new(308);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let token = make.sk_live(24);
    repo.git(&["clone", "-q", "--shared", ".", "../borrower"]);
    let id = repo.blob(change(&token));
    let borrower = repo.view("borrower");
    borrower.git(&["update-index", "--cacheinfo", &format!("100644,{id},{DEEP}")]);
    borrower.staged().expect_found(&[(DEEP, 2, &token)]);
}

#[test]
fn object_directories_of_the_environment_are_read() {
    let mut make = Maker::new(309);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let token = make.sk_live(24);
    repo.write(DEEP, change(&token));
    let (quarantine, own) = (repo.base().join("quarantine"), repo.path(".git/objects"));
    fs::create_dir(&quarantine).expect("create");
    let with_both = |call: crate::support::Call| {
        call.env("GIT_OBJECT_DIRECTORY", &quarantine).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &own)
    };
    with_both(repo.git_call(&["add", DEEP])).run().expect_code(0);
    with_both(repo.staged_call()).run().expect_found(&[(DEEP, 2, &token)]);
    repo.staged().expect_code(2);
}

#[test]
fn a_shallow_clone_is_scanned_like_a_full_one() {
    let mut make = Maker::new(313);
    let repo = Repo::new();
    populate(&repo, &mut make);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "second"]);
    let token = make.sk_live(24);
    let url = format!("file://{}", repo.top().display());
    repo.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let shallow = repo.view("shallow");
    shallow.staged().expect_silent();
    shallow.stage(DEEP, change(&token));
    shallow.staged().expect_found(&[(DEEP, 2, &token)]);
}

#[test]
fn missing_objects_of_a_partial_clone_make_no_token_old() {
    for filter in ["blob:none", "tree:0"] {
        let mut make = Maker::new(314);
        let repo = Repo::new();
        populate(&repo, &mut make);
        repo.git(&["config", "uploadpack.allowFilter", "true"]);
        let token = make.sk_live(24);
        let url = format!("file://{}", repo.top().display());
        let clone = ["clone", "-q", "--no-checkout", "--filter", filter, &url, "../partial"];
        repo.git(&clone);
        let partial = repo.view("partial");
        partial.git(&["read-tree", "HEAD"]);
        // From here on, missing objects cannot be fetched.
        partial.git(&["remote", "set-url", "origin", "/nowhere"]);
        partial.stage(DEEP, change(&token));
        let run = partial.staged();
        if !matches!(run.code, Some(1 | 2)) || run.err().contains("panicked") {
            run.fail(&format!("{filter}: a token passed because the old file is missing"));
        }
    }
}

#[test]
fn absolute_and_relative_alternates_of_alternates_are_read() {
    let mut make = Maker::new(316);
    let repo = Repo::new();
    populate(&repo, &mut make);
    let token = make.sk_live(24);
    repo.git(&["clone", "-q", "--shared", ".", "../first"]);
    repo.git(&["clone", "-q", "--shared", "../first", "../second"]);
    fs::write(repo.base().join("first/.git/objects/info/alternates"), "../../../repo/.git/objects\n").expect("write");
    let second = repo.view("second");
    second.staged().expect_silent();
    second.stage(DEEP, change(&token));
    second.staged().expect_found(&[(DEEP, 2, &token)]);
}

#[test]
fn a_sparse_partial_clone_needs_no_missing_object() {
    for filter in ["blob:none", "tree:0"] {
        eprintln!("{filter}");
        let mut make = Maker::new(317);
        let repo = Repo::new();
        populate(&repo, &mut make);
        repo.git(&["config", "uploadpack.allowFilter", "true"]);
        let token = make.sk_live(24);
        let url = format!("file://{}", repo.top().display());
        repo.git(&["clone", "-q", "--no-checkout", "--filter", filter, &url, "../partial"]);
        let partial = repo.view("partial");
        partial.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "m"]);
        partial.git(&["checkout", "-q", "main"]);
        partial.git(&["remote", "set-url", "origin", "/nowhere"]);
        let absent = partial.git(&["rev-list", "--objects", "--missing=print", "HEAD"]).out();
        assert!(absent.lines().any(|line| line.starts_with('?')), "the clone must lack objects");

        partial.staged().expect_silent();
        partial.stage("m/innocent.txt", "innocent\n");
        partial.staged().expect_silent();
        partial.stage(DEEP, change(&token));
        partial.staged().expect_found(&[(DEEP, 2, &token)]);
        partial.git(&["write-tree", "--missing-ok"]);
        partial.staged().expect_found(&[(DEEP, 2, &token)]);
    }
}

#[test]
fn a_missing_cached_tree_hides_nothing() {
    // The index still contains every entry of the trees.
    for name in ["", "m", "m/n"] {
        eprintln!("{name:?}");
        let mut make = Maker::new(318);
        let repo = Repo::new();
        populate(&repo, &mut make);
        let token = make.sk_live(24);
        repo.stage(DEEP, change(&token));
        let root = repo.git(&["write-tree"]).line();
        let id = repo.git(&["rev-parse", &format!("{root}:{name}")]).line();
        fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("a loose tree");
        repo.staged().expect_found(&[(DEEP, 2, &token)]);
    }
}

#[test]
fn legacy_modes_are_not_a_change() {
    let mut make = Maker::new(319);
    let repo = Repo::new();
    let (old, new) = (make.sk_live(24), make.sk_live(24));
    let id = repo.stage_blob("a.txt", client(&old));
    let raw: Vec<u8> = (0..id.len()).step_by(2).map(|n| u8::from_str_radix(&id[n..n + 2], 16).expect("hex")).collect();
    // Git once wrote this mode, with write permission for the group, and still reads it.
    let tree = [b"100664 a.txt\0", &raw[..]].concat();
    let args = ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"];
    let tree = repo.git_call(&args).stdin(tree).run().expect_code(0).line();
    let commit = repo.git(&["commit-tree", &tree, "-m", "old"]).line();
    repo.git(&["update-ref", "refs/heads/main", &commit]);
    repo.staged().expect_silent();
    repo.stage_blob("a.txt", format!("{}{}", client(&old), client(&new)));
    repo.staged().expect_found(&[("a.txt", 2, &new)]);
}

#[test]
fn a_repository_is_read_in_a_folder_of_any_name() {
    let mut make = Maker::new(320);
    let repo = Repo::new();
    populate(&repo, &mut make);
    for name in [&b"with space"[..], "ünï".as_bytes(), b"new\nline", b"quo\"te'", b"-dash", b"\xff\xfe", b"[a]*?"] {
        let token = make.sk_live(24);
        let folder = repo.base().join(os(name));
        if fs::create_dir(&folder).is_err() {
            eprintln!("skipped: this file system refuses {}", name.escape_ascii());
            continue;
        }
        repo.git_call(&["clone", "-q", "--shared"]).args(&[repo.top(), &folder]).run().expect_code(0);
        fs::write(folder.join(DEEP), change(&token)).expect("write");
        repo.git_call(&["add", DEEP]).cwd(&folder).run().expect_code(0);
        eprintln!("{}", name.escape_ascii());
        repo.staged_call().cwd(folder.join("m/n")).run().expect_found(&[(DEEP, 2, &token)]);
        let index = repo.staged_call().cwd(repo.top()).env("GIT_INDEX_FILE", folder.join(".git/index"));
        let index = index.env("GIT_OBJECT_DIRECTORY", folder.join(".git/objects"));
        index.run().expect_found(&[(DEEP, 2, &token)]);
    }
}
