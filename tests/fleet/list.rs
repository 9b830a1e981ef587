//! The list, the exit codes, and what each line says.

use std::fs;

use crate::harness::{Fleet, expect_error, expect_found, lines, summary};
use crate::support::client;

#[test]
fn each_line_names_its_repository() {
    let mut fleet = Fleet::new(2201);
    let (one, two) = (fleet.token(), fleet.token());
    fleet.add("one", Some(&one));
    fleet.add("two", Some(&two));
    fleet.add("clean", None);
    let (a, b, c) = (fleet.folder("one"), fleet.url("two"), fleet.folder("clean"));
    let run = fleet.run(&[], &[&a, &b, &c]).expect_code(1);
    expect_found(&run, &a, &[&one]);
    expect_found(&run, &b, &[&two]);
    expect_found(&run, &c, &[]);
    assert!(run.objects().iter().all(|line| line["repository"].is_string()), "{}", run.out());
    assert!(run.objects().iter().all(|line| line["type"] != "sighting" && line["plan"].is_null()), "{}", run.out());
    assert!(run.err().contains("3 repositories: 2 with tokens, 0 with errors"), "{}", run.err());
    assert!(!run.all().contains(one.text()) && !run.all().contains(two.text()));
}

#[test]
fn the_exit_code_says_the_worst() {
    let mut fleet = Fleet::new(2202);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    fleet.add("clean", None);
    let (one, clean, missing) = (fleet.folder("one"), fleet.folder("clean"), fleet.folder("missing"));
    fleet.run(&[], &[]).expect_code(0);
    fleet.run(&[], &[&clean]).expect_code(0);
    fleet.run(&[], &[&clean, &one]).expect_code(1);
    let run = fleet.run(&[], &[&missing, &one, &fleet.url("missing"), &clean]).expect_code(2);
    expect_error(&run, &missing, "No such file");
    expect_error(&run, &fleet.url("missing"), "not appear to be a git repository");
    expect_found(&run, &one, &[&token]);
    expect_found(&run, &clean, &[]);
}

#[test]
fn the_list_may_be_a_file_with_repeated_lines() {
    let mut fleet = Fleet::new(2203);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    let one = fleet.folder("one");
    let list = fleet.repo.base().join("list");
    fs::write(&list, format!("{one}\r\n\n{one}\n{one}/\n")).expect("write");
    let list = list.to_str().expect("UTF-8");
    let run = fleet.run(&[list], &[]).expect_code(1);
    expect_found(&run, &one, &[&token]);
    expect_found(&run, &format!("{one}/"), &[&token]);
    assert!(run.err().contains("2 repositories") && run.err().contains("1 repeated line left out"), "{}", run.err());
    let run = fleet.run(&["/nosuch"], &[]).expect_code(2);
    assert!(run.objects()[0]["what"].as_str().is_some_and(|what| what.contains("/nosuch")), "{}", run.out());
}

#[test]
fn a_folder_inside_a_repository_is_not_that_repository() {
    let mut fleet = Fleet::new(2204);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    let inner = fleet.folder("one/inner");
    fs::create_dir_all(format!("{inner}/.git")).expect("create");
    let plain = fleet.folder("one/plain");
    fs::create_dir(&plain).expect("create");
    let view = fleet.repo.view("one");
    let (linked, wrong) = (fleet.folder("one/linked"), fleet.folder("one/wrong"));
    view.git(&["worktree", "add", "-q", &linked]);
    fs::create_dir(&wrong).expect("create");
    fs::write(format!("{wrong}/.git"), "gitdir: nosuch\n").expect("write");
    expect_found(&fleet.run(&[], &[&linked]).expect_code(1), &linked, &[&token]);
    let run = fleet.run(&[], &[&inner, &plain, &wrong]).expect_code(2);
    assert!(lines(&run, &wrong).iter().all(|line| line["type"] == "error"), "{}", run.out());
    assert!(lines(&run, &inner).iter().all(|line| line["type"] == "error"), "{}", run.out());
    expect_error(&run, &plain, "no git repository");
    assert!(!run.out().contains("\"finding\""), "{}", run.out());
}

/// In place, everything is scanned that a clone would lack.
#[test]
fn a_path_is_scanned_in_place() {
    let mut fleet = Fleet::new(2205);
    let (staged, lost) = (fleet.token(), fleet.token());
    let view = fleet.add("one", None);
    view.stage("b.txt", client(&staged));
    let mut blob = view.git_call(&["hash-object", "-w", "--stdin"]).stdin(client(&lost)).run().expect_code(0);
    blob.stdout.clear();
    let (path, url) = (fleet.folder("one"), fleet.url("one"));
    let run = fleet.run(&[], &[&path, &url]).expect_code(1);
    expect_found(&run, &path, &[&staged, &lost]);
    expect_found(&run, &url, &[]);
    let bare = fleet.folder("one/.git");
    expect_found(&fleet.run(&[], &[&bare]).expect_code(1), &bare, &[&staged, &lost]);
}

#[test]
fn options_hold_for_each_repository() {
    let mut fleet = Fleet::new(2206);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    let one = fleet.folder("one");
    let run = fleet.run(&["--allow", "a.txt", "--threads", "1"], &[&one]).expect_code(0);
    assert_eq!(summary(&run, &one)["allowed"], 1, "{}", run.out());
    fs::write(
        fleet.repo.path("k.toml"),
        format!("[allow]\nfingerprints = [{{ id = \"{}\", reason = \"x\" }}]\n", token.fingerprint()),
    )
    .expect("write");
    fleet.run(&["--config", "k.toml"], &[&one]).expect_code(0);
    fleet.call(&[] as &[&str], &[&one]).env("KEYSWEEP_CONFIG", "k.toml").run().expect_code(0);
    let run = fleet.run(&["--config", "nosuch.toml"], &[&one]).expect_code(2);
    assert_eq!(run.objects().len(), 1, "{}", run.out());
    let file = fleet.repo.path("out.jsonl");
    let run = fleet.call(&["--output".as_ref(), file.as_os_str()], &[&one]).run().expect_code(1);
    assert!(run.stdout.is_empty());
    assert!(fs::read_to_string(file).expect("the report").contains(&token.fingerprint()));
}
