//! `keysweep history --since-last` reads what is new, and says all the same what a whole sweep says.

use std::fs;

use crate::support::history::{expect_tokens, history, history_call};
use crate::support::history_fixture::HistoryFixture;
use crate::support::token::Maker;
use crate::support::{Repo, Run, client, note};

const FILE: &str = ".git/keysweep/clean-objects";

fn sweep(repo: &Repo) -> Run {
    history_call(repo).args(&["--since-last"]).run()
}

/// How many objects were read.
fn read(run: &Run) -> u64 {
    run.summary()["scanned"]["objects"].as_u64().expect("a number")
}

fn notes(run: &Run) -> String {
    run.summary()["notes"].to_string()
}

#[test]
fn what_was_clean_is_not_read_again() {
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
    // Found once is found again, with all that a whole sweep says of it.
    let (again, whole) = (sweep(&fixture.repo).expect_code(1), history(&fixture.repo).expect_code(1));
    assert_eq!(again.findings(), whole.findings());
    assert_eq!(read(&again), 1, "the blob with the token");
}

#[test]
fn a_new_pack_of_old_objects_brings_nothing_new() {
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
fn other_rules_read_everything_again() {
    let fixture = HistoryFixture::new(8202);
    let body = Maker::new(8202).alnum(32);
    fixture.add("a.txt", format!("token = 'acme_{body}'\n"));
    sweep(&fixture.repo).expect_code(0);
    fixture.add(".keysweep.toml", "[[rule]]\nid = 'acme-token'\nprefix = 'acme_'\nlength = 32\n");
    assert_eq!(sweep(&fixture.repo).expect_code(1).only_finding()["rule"], "acme-token");
}

#[test]
fn a_damaged_memory_is_none() {
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
fn what_could_not_be_read_is_not_remembered() {
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
fn what_is_allowed_is_asked_each_time() {
    let mut fixture = HistoryFixture::new(8205);
    let token = fixture.token();
    fixture.add("fixtures/a.txt", client(&token));
    let allowed = history_call(&fixture.repo).args(&["--since-last", "--allow", "fixtures/**"]).run().expect_code(0);
    assert_eq!(allowed.summary()["allowed"], 1);
    expect_tokens(&sweep(&fixture.repo).expect_code(1), [&token]);
}

#[test]
fn where_nothing_can_be_written_the_sweep_is_as_good() {
    let mut fixture = HistoryFixture::new(8206);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    fs::write(fixture.repo.path(".git/keysweep"), "a file in the way").expect("write");
    let run = sweep(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert!(notes(&run).contains("could not be remembered"), "{}", run.all());
}

#[test]
fn what_is_remembered_holds_no_token_and_no_id_of_one() {
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

/// What both say of what was not scanned.
#[track_caller]
fn expect_as_a_whole_sweep(repo: &Repo, code: i32) -> Run {
    let (whole, again) = (history(repo).expect_code(code), sweep(repo).expect_code(code));
    for key in ["skipped", "unread", "findings"] {
        if again.summary()[key] != whole.summary()[key] {
            again.fail(&format!("a whole sweep has {key} {}", whole.summary()[key]));
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
fn what_is_lost_since_is_missed() {
    for name in ["HEAD~1:d/a.txt", "HEAD~1:d", "HEAD~1^{tree}", "HEAD:d/token.txt"] {
        note(name);
        let mut fixture = HistoryFixture::new(8208);
        let token = fixture.token();
        fixture.add("d/a.txt", "a\n");
        fixture.add("d/token.txt", client(&token));
        sweep(&fixture.repo).expect_code(1);
        let id = remove(&fixture.repo, name);
        let run = expect_as_a_whole_sweep(&fixture.repo, 2);
        assert!(run.summary()["skipped"].to_string().contains(&id[..16]), "{}", run.all());
    }
}

#[test]
fn a_pack_that_is_lost_since_is_missed() {
    let fixture = HistoryFixture::new(8209);
    fixture.git(&["repack", "-adq"]);
    fixture.add("a.txt", "a\n");
    sweep(&fixture.repo).expect_code(0);
    let pack = fixture.repo.path(".git/objects/pack");
    fs::remove_dir_all(pack).expect("remove");
    expect_as_a_whole_sweep(&fixture.repo, 2);
}

#[test]
fn what_git_prunes_is_not_missed() {
    let fixture = HistoryFixture::new(8210);
    let (dangling, all) = (fixture.repo.blob("nobody leads here\n"), read(&history(&fixture.repo).expect_code(0)));
    sweep(&fixture.repo).expect_code(0);
    remove(&fixture.repo, &dangling);
    assert_eq!(read(&expect_as_a_whole_sweep(&fixture.repo, 0)), all - 1, "the others are read again");
    assert_eq!(read(&sweep(&fixture.repo).expect_code(0)), 0);
}

#[test]
fn what_was_forgotten_when_something_was_missing_may_be_found_again() {
    let fixture = HistoryFixture::new(8211);
    let lost = "12".repeat(20);
    let call = fixture.repo.git_call(&["mktree", "--missing"]).stdin(format!("100644 blob {lost}\tx\n"));
    let tree = call.run().expect_code(0).line();
    sweep(&fixture.repo).expect_code(0);
    assert_eq!(read(&expect_as_a_whole_sweep(&fixture.repo, 0)), 0);
    fixture.git(&["tag", "found", &tree]);
    let run = expect_as_a_whole_sweep(&fixture.repo, 2);
    assert!(run.summary()["skipped"].to_string().contains(&lost[..16]), "{}", run.all());
}

#[test]
fn submodules_are_named_each_time() {
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
        let run = expect_as_a_whole_sweep(&fixture.repo, 1);
        assert!(run.summary()["skipped"].to_string().contains("inner"), "{}", run.all());
    }
    let bytes = fs::read(fixture.repo.path(FILE)).expect("read");
    assert!(!bytes.windows(token.text().len()).any(|window| window == token.text().as_bytes()));
}

#[test]
fn nothing_new_is_said_to_be_so() {
    let fixture = HistoryFixture::new(8213);
    let ask = || fixture.repo.keysweep_call(&["history", "--since-last"]).run().expect_code(0);
    ask().expect_has("no token in 3 objects");
    ask().expect_has("no object is new since the last sweep").expect_lacks("there is no object");
}
