//! Mirrors: what is fetched, and that a second run costs what is new.

use std::fs;

use crate::harness::{Fleet, expect_error, expect_found, files, lines, read};
use crate::support::client;

#[test]
fn a_second_run_reads_what_is_new() {
    let mut fleet = Fleet::new(2301);
    fleet.add("one", None);
    let (path, url) = (fleet.folder("one"), fleet.url("one"));
    for repository in [&path, &url] {
        let run = fleet.run(&["--since-last"], &[repository]).expect_code(0);
        assert_eq!(read(&run, repository), 3);
        let run = fleet.run(&["--since-last"], &[repository]).expect_code(0);
        assert_eq!(read(&run, repository), 0, "{}", run.out());
        assert_eq!(read(&fleet.run(&[], &[repository]).expect_code(0), repository), 3);
    }
    let token = fleet.token();
    fleet.commit("one", "b.txt", &client(&token));
    for repository in [&path, &url] {
        let run = fleet.run(&["--since-last"], &[repository]).expect_code(1);
        expect_found(&run, repository, &[&token]);
        assert_eq!(read(&run, repository), 3, "a commit, a tree, a blob");
        // A token is reported as long as it is there.
        expect_found(&fleet.run(&["--since-last"], &[repository]).expect_code(1), repository, &[&token]);
    }
    assert!(!fs::exists(format!("{path}/.git/keysweep")).expect("check"), "nothing is written to the repository");
}

#[test]
fn a_mirror_has_every_ref_and_the_head_of_the_server() {
    let mut fleet = Fleet::new(2302);
    let (trunk, side, noted) = (fleet.token(), fleet.token(), fleet.token());
    let view = fleet.add("one", Some(&trunk));
    view.git(&["checkout", "-q", "-b", "side"]);
    fleet.commit("one", "b.txt", &client(&side));
    view.git(&["update-ref", "refs/pull/1/head", "side"]);
    view.git(&["checkout", "-q", "trunk"]);
    view.git(&["branch", "-q", "-D", "side"]);
    view.git(&["notes", "add", "-m", &client(&noted)]);
    let url = fleet.url("one");
    let at_head = |run: &crate::support::Run, token: &crate::support::token::Token| {
        let id = token.fingerprint();
        let found = lines(run, &url).into_iter().find(|line| line["fingerprint"] == id.as_str());
        found.expect("the finding")["at_head"].as_bool().expect("a bool")
    };
    let run = fleet.run(&[], &[&url]).expect_code(1);
    expect_found(&run, &url, &[&trunk, &side, &noted]);
    assert!(at_head(&run, &trunk) && !at_head(&run, &side), "{}", run.out());
    // The server's HEAD moves to another branch.
    view.git(&["checkout", "-q", "-b", "next", "refs/pull/1/head"]);
    view.git(&["rm", "-q", "a.txt"]);
    view.git(&["commit", "-q", "-m", "without"]);
    let run = fleet.run(&["--since-last"], &[&url]).expect_code(1);
    assert!(!at_head(&run, &trunk) && at_head(&run, &side), "{}", run.out());
    // A detached HEAD.
    view.git(&["checkout", "-q", "--detach", "trunk"]);
    view.git(&["branch", "-q", "-D", "next"]);
    let run = fleet.run(&["--since-last"], &[&url]).expect_code(1);
    assert!(at_head(&run, &trunk) && !at_head(&run, &side), "{}", run.out());
    // What was there once was public: a ref that the server removed leaves its objects in the mirror.
    view.git(&["update-ref", "-d", "refs/pull/1/head"]);
    expect_found(&fleet.run(&["--since-last"], &[&url]).expect_code(1), &url, &[&trunk, &side, &noted]);
}

#[test]
fn empty_repositories_and_other_formats_are_mirrored() {
    let mut fleet = Fleet::new(2303);
    let token = fleet.token();
    let view = fleet.repo.view("one");
    fs::create_dir(&view.top).expect("create");
    view.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    let url = fleet.url("one");
    expect_found(&fleet.run(&["--since-last"], &[&url]).expect_code(0), &url, &[]);
    fleet.commit("one", "a.txt", &client(&token));
    expect_found(&fleet.run(&["--since-last"], &[&url]).expect_code(1), &url, &[&token]);
    fs::remove_dir_all(&view.top).expect("remove");
    fleet.add("one", Some(&token));
    expect_found(&fleet.run(&["--since-last"], &[&url]).expect_code(1), &url, &[&token]);
}

#[test]
fn a_shallow_or_partial_server_is_not_clean() {
    let fleet = Fleet::new(2304);
    fleet.add("one", None);
    fleet.commit("one", "b.txt", "more\n");
    let shallow = fleet.folder("shallow");
    fleet.repo.git(&["clone", "-q", "--depth", "1", &fleet.url("one"), &shallow]);
    for repository in [shallow.clone(), format!("file://{shallow}")] {
        let run = fleet.run(&[], &[&repository]).expect_code(2);
        assert!(lines(&run, &repository).iter().any(|line| line["type"] == "error"), "{}", run.out());
        fleet.run(&["--allow-incomplete"], &[&repository]).expect_code(0);
    }
}

#[test]
fn leftovers_of_a_stopped_run_do_not_stop_the_next() {
    let mut fleet = Fleet::new(2305);
    fleet.add("one", None);
    let url = fleet.url("one");
    fleet.run(&[], &[&url]).expect_code(0);
    let mirror = fleet.mirrors().remove(0);
    for name in ["HEAD.lock", "packed-refs.lock", "refs/heads/trunk.lock", "objects/pack/tmp_pack_x"] {
        fs::write(mirror.join(name), "x").expect("write");
    }
    let token = fleet.token();
    fleet.commit("one", "b.txt", &client(&token));
    expect_found(&fleet.run(&[], &[&url]).expect_code(1), &url, &[&token]);
    // A mirror that was not finished is made anew.
    fs::remove_file(mirror.join("HEAD")).expect("remove");
    expect_found(&fleet.run(&[], &[&url]).expect_code(1), &url, &[&token]);
}

#[test]
fn many_fetches_leave_few_files() {
    let fleet = Fleet::new(2306);
    fleet.add("one", None);
    let url = fleet.url("one");
    let mirror = {
        fleet.run(&[], &[&url]).expect_code(0);
        fleet.mirrors().remove(0)
    };
    let packs = || {
        files(&mirror.join("objects")).iter().filter(|path| path.extension().is_some_and(|kind| kind == "pack")).count()
    };
    for n in 0..55 {
        fleet.commit("one", "b.txt", &format!("{n}\n"));
        let git = fleet.repo.git_call(&[
            "-C",
            mirror.to_str().expect("UTF-8"),
            "-c",
            "fetch.unpackLimit=1",
            "-c",
            "gc.auto=0",
            "fetch",
            "-q",
            &url,
            "+refs/*:refs/*",
        ]);
        git.run().expect_code(0);
    }
    assert!(packs() > 50);
    fleet.commit("one", "b.txt", "last\n");
    fleet.run(&["--since-last"], &[&url]).expect_code(0);
    assert_eq!(packs(), 1);
}

#[test]
fn a_damaged_mirror_is_an_error() {
    let fleet = Fleet::new(2307);
    fleet.add("one", None);
    let url = fleet.url("one");
    fleet.run(&[], &[&url]).expect_code(0);
    let pack = files(&fleet.mirrors()[0]).into_iter().find(|path| path.extension().is_some_and(|kind| kind == "pack"));
    let pack = pack.expect("a pack");
    fs::remove_file(&pack).expect("remove");
    fs::write(&pack, "no pack").expect("write");
    let run = fleet.run(&[], &[&url]).expect_code(2);
    assert!(lines(&run, &url).iter().any(|line| line["type"] == "error"), "{}", run.out());
    fs::write(fleet.cache().join("x"), "").expect("write");
    let url = fleet.url("nosuch");
    expect_error(&fleet.run(&[], &[&url]).expect_code(2), &url, "not appear to be a git repository");
}
