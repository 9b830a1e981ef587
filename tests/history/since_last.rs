//! `keysweep history --since-last` reads only new objects and still reports the same as a full scan.

use std::fs;

use crate::support::history::{expect_tokens, history, history_call};
use crate::support::history_fixture::HistoryFixture;
use crate::support::token::Maker;
use crate::support::{Repo, Run, client, note};

const FILE: &str = ".git/keysweep/clean-objects";

fn sweep(repo: &Repo) -> Run {
    history_call(repo).args(&["--since-last"]).run()
}

/// The number of objects that the scan read.
fn read(run: &Run) -> u64 {
    run.summary()["scanned"]["objects"].as_u64().expect("a number")
}

fn notes(run: &Run) -> String {
    run.summary()["notes"].to_string()
}

#[test]
fn clean_objects_are_not_read_again() {
    let mut fixture = HistoryFixture::new(8200);
    let all = read(&history(&fixture.repo).expect_code(0));
    assert_eq!(read(&sweep(&fixture.repo).expect_code(0)), all);
    let again = sweep(&fixture.repo).expect_code(0);
    assert_eq!(read(&again), 0);
    assert!(notes(&again).contains(&format!("{all} objects were clean")), "{}", again.all());
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    let run = sweep(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert_eq!(read(&run), 3, "a commit, a tree, a blob");
    // A later scan reports a finding again, with the same attributes as a full scan.
    let (again, whole) = (sweep(&fixture.repo).expect_code(1), history(&fixture.repo).expect_code(1));
    assert_eq!(again.findings(), whole.findings());
    assert_eq!(read(&again), 1, "it must read the blob with the token");
}

#[test]
fn a_repack_adds_no_new_objects() {
    let mut fixture = HistoryFixture::new(8201);
    for n in 0..20 {
        fixture.repo.stage("a.txt", format!("{}line {n}\n", "the same in every version\n".repeat(40)));
        fixture.commit("a version");
    }
    sweep(&fixture.repo).expect_code(0);
    fixture.git(&["gc", "-q"]);
    assert_eq!(read(&sweep(&fixture.repo).expect_code(0)), 0);
    let token = fixture.token();
    fixture.add("a.txt", format!("{}{}", "the same in every version\n".repeat(40), client(&token)));
    fixture.git(&["repack", "-adfq"]);
    expect_tokens(&sweep(&fixture.repo).expect_code(1), [&token]);
}

#[test]
fn changed_rules_invalidate_the_cache() {
    let fixture = HistoryFixture::new(8202);
    let body = Maker::new(8202).alnum(32);
    fixture.add("a.txt", format!("token = 'acme_{body}'\n"));
    sweep(&fixture.repo).expect_code(0);
    fixture.add(".keysweep.toml", "[[rule]]\nid = 'acme-token'\nprefix = 'acme_'\nlength = 32\n");
    assert_eq!(sweep(&fixture.repo).expect_code(1).only_finding()["rule"], "acme-token");
}

#[test]
fn a_damaged_cache_is_ignored() {
    let fixture = HistoryFixture::new(8203);
    let all = read(&sweep(&fixture.repo).expect_code(0));
    let path = fixture.repo.path(FILE);
    let whole = fs::read(&path).expect("read");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&whole[..whole.len() - 1], &flipped, b"", b"keysweep clean objects 2\n"] {
        fs::write(&path, damaged).expect("write");
        assert_eq!(read(&sweep(&fixture.repo).expect_code(0)), all);
    }
}

#[test]
fn unreadable_objects_are_not_cached() {
    let mut fixture = HistoryFixture::new(8204);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    fixture.add("a.txt", "mended\n");
    let id = fixture.git(&["rev-parse", "HEAD~1:a.txt"]).line();
    let object = fixture.repo.path(".git/objects").join(&id[..2]).join(&id[2..]);
    let bytes = fs::read(&object).expect("read");
    fs::remove_file(&object).expect("remove");
    let run = sweep(&fixture.repo).expect_code(2);
    assert!(notes(&run).contains("nothing was remembered"), "{}", run.all());
    sweep(&fixture.repo).expect_code(2);
    fs::write(&object, bytes).expect("write");
    expect_tokens(&sweep(&fixture.repo).expect_code(1), [&token]);
}

#[test]
fn allowed_tokens_are_checked_each_time() {
    let mut fixture = HistoryFixture::new(8205);
    let token = fixture.token();
    fixture.add("fixtures/a.txt", client(&token));
    let allowed = history_call(&fixture.repo).args(&["--since-last", "--allow", "fixtures/**"]).run().expect_code(0);
    assert_eq!(allowed.summary()["allowed"], 1);
    expect_tokens(&sweep(&fixture.repo).expect_code(1), [&token]);
}

#[test]
fn a_cache_that_cannot_be_written_changes_no_result() {
    let mut fixture = HistoryFixture::new(8206);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    fs::write(fixture.repo.path(".git/keysweep"), "a file in the way").expect("write");
    let run = sweep(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert!(notes(&run).contains("could not be remembered"), "{}", run.all());
}

#[test]
fn the_cache_contains_no_token_and_no_id_of_a_tainted_object() {
    let mut fixture = HistoryFixture::new(8207);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    let id = fixture.git(&["rev-parse", "HEAD:a.txt"]).line();
    sweep(&fixture.repo).expect_code(1);
    let bytes = fs::read(fixture.repo.path(FILE)).expect("read");
    let raw: Vec<u8> =
        (0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).expect("hex")).collect();
    for needle in [token.text().as_bytes(), &raw] {
        assert!(!bytes.windows(needle.len()).any(|window| window == needle));
    }
}

/// Expects that a scan with `--since-last` reports the same unread objects as a full scan.
#[track_caller]
fn expect_same_as_full_scan(repo: &Repo, code: i32) -> Run {
    let (whole, again) = (history(repo).expect_code(code), sweep(repo).expect_code(code));
    for key in ["skipped", "unread", "findings"] {
        if again.summary()[key] != whole.summary()[key] {
            again.fail(&format!("a full scan reports {key} {}", whole.summary()[key]));
        }
    }
    again
}

fn remove(repo: &Repo, name: &str) -> String {
    let id = repo.git(&["rev-parse", name]).line();
    fs::remove_file(repo.path(".git/objects").join(&id[..2]).join(&id[2..])).expect("remove");
    id
}

#[test]
fn objects_lost_since_the_last_scan_are_reported() {
    for name in ["HEAD~1:d/a.txt", "HEAD~1:d", "HEAD~1^{tree}", "HEAD:d/token.txt"] {
        note(name);
        let mut fixture = HistoryFixture::new(8208);
        let token = fixture.token();
        fixture.add("d/a.txt", "a\n");
        fixture.add("d/token.txt", client(&token));
        sweep(&fixture.repo).expect_code(1);
        let id = remove(&fixture.repo, name);
        let run = expect_same_as_full_scan(&fixture.repo, 2);
        assert!(run.summary()["skipped"].to_string().contains(&id[..16]), "{}", run.all());
    }
}

#[test]
fn a_pack_lost_since_the_last_scan_is_reported() {
    let fixture = HistoryFixture::new(8209);
    fixture.git(&["repack", "-adq"]);
    fixture.add("a.txt", "a\n");
    sweep(&fixture.repo).expect_code(0);
    let pack = fixture.repo.path(".git/objects/pack");
    fs::remove_dir_all(pack).expect("remove");
    expect_same_as_full_scan(&fixture.repo, 2);
}

#[test]
fn pruned_objects_are_not_reported() {
    let fixture = HistoryFixture::new(8210);
    let (dangling, all) = (fixture.repo.blob("nobody leads here\n"), read(&history(&fixture.repo).expect_code(0)));
    sweep(&fixture.repo).expect_code(0);
    remove(&fixture.repo, &dangling);
    assert_eq!(read(&expect_same_as_full_scan(&fixture.repo, 0)), all - 1, "it must read the remaining objects again");
    assert_eq!(read(&sweep(&fixture.repo).expect_code(0)), 0);
}

#[test]
fn a_missing_object_is_reported_once_it_is_reachable() {
    let fixture = HistoryFixture::new(8211);
    let lost = "12".repeat(20);
    let call = fixture.repo.git_call(&["mktree", "--missing"]).stdin(format!("100644 blob {lost}\tx\n"));
    let tree = call.run().expect_code(0).line();
    sweep(&fixture.repo).expect_code(0);
    assert_eq!(read(&expect_same_as_full_scan(&fixture.repo, 0)), 0);
    fixture.git(&["tag", "found", &tree]);
    let run = expect_same_as_full_scan(&fixture.repo, 2);
    assert!(run.summary()["skipped"].to_string().contains(&lost[..16]), "{}", run.all());
}

#[test]
fn submodules_are_reported_each_time() {
    let mut fixture = HistoryFixture::new(8212);
    let token = fixture.token();
    let head = fixture.git(&["rev-parse", "HEAD"]).line();
    for path in ["libs/inner", &format!("libs/{token}")] {
        fixture.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},{path}")]);
        fixture.commit("with a submodule");
        fixture.git(&["rm", "-q", "--cached", path]);
        fixture.commit("without");
    }
    for _ in 0..3 {
        let run = expect_same_as_full_scan(&fixture.repo, 1);
        assert!(run.summary()["skipped"].to_string().contains("inner"), "{}", run.all());
    }
    let bytes = fs::read(fixture.repo.path(FILE)).expect("read");
    assert!(!bytes.windows(token.text().len()).any(|window| window == token.text().as_bytes()));
}

#[test]
fn a_scan_without_new_objects_is_reported_as_such() {
    let fixture = HistoryFixture::new(8213);
    let ask = || fixture.repo.keysweep_call(&["history", "--since-last"]).run().expect_code(0);
    ask().expect_has("no token in 3 objects");
    ask().expect_has("no object is new since the last scan").expect_lacks("there are no objects");
}
