//! Allowlists, markers and baselines in a history scan, and the order of the findings that remain.

use serde_json::{Value, json};

use crate::support::history::{GitEnvironment, expect_tokens, finding_of, fingerprint, history, history_call};
use crate::support::history_fixture::{HistoryFixture, place, places};
use crate::support::token::Token;
use crate::support::{Run, client, text};

const CONFIG: &str = ".keysweep.toml";

/// Expects exit 0 and `count` allowed findings in the summary.
#[track_caller]
fn expect_allowed(run: Run, count: usize) -> Run {
    let run = run.expect_code(0);
    let summary = run.summary();
    if summary["allowed"] != count || summary["findings"] != 0 || summary["tokens"] != 0 {
        run.fail(&format!("expected {count} allowed findings and no other"));
    }
    run
}

#[track_caller]
fn expect_notes(run: &Run, words: &[&str]) {
    let notes = run.summary()["notes"].clone();
    let notes = notes.as_array().expect("notes");
    if notes.len() != words.len() || !notes.iter().zip(words).all(|(note, word)| text(note).contains(word)) {
        run.fail(&format!("expected notes with {words:?}"));
    }
}

fn paths(globs: &[&str]) -> String {
    format!("[allow]\npaths = {globs:?}\n")
}

fn by_fingerprint(token: &Token) -> String {
    format!("[allow]\nfingerprints = [{{ id = \"{}\", reason = \"made up\" }}]\n", fingerprint(token))
}

#[test]
fn a_token_is_allowed_if_all_its_paths_are_allowed() {
    let mut fixture = HistoryFixture::new(7700);
    let token = fixture.token();
    fixture.add("fixtures/a.txt", client(&token));
    fixture.add("fixtures/deep/b.txt", format!("x\n{}", client(&token)));
    fixture.remove("fixtures/a.txt");
    fixture.add(CONFIG, paths(&["fixtures/**"]));
    let run = expect_allowed(history(&fixture.repo), 1);
    expect_notes(&run, &[]);
    let run = history_call(&fixture.repo).args(&["--allow", "fixtures/**"]).run();
    expect_allowed(run, 1);
}

#[test]
fn a_token_is_reported_if_one_path_is_not_allowed() {
    let mut fixture = HistoryFixture::new(7701);
    let token = fixture.token();
    fixture.add("fixtures/a.txt", client(&token));
    let second = fixture.add("src/a.txt", client(&token));
    fixture.remove("src/a.txt");
    fixture.add(CONFIG, paths(&["fixtures/**"]));
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    let found = places(&finding_of(&run, &token));
    assert!(found.contains(&place("src/a.txt:1", &second)), "{found:?}");
}

#[test]
fn path_globs_do_not_allow_messages_and_dangling_objects() {
    let mut fixture = HistoryFixture::new(7702);
    let (in_message, dangling, both) = (fixture.token(), fixture.token(), fixture.token());
    fixture.commit(&client(&in_message));
    fixture.repo.blob(client(&dangling));
    fixture.repo.stage("fixtures/a.txt", client(&both));
    fixture.commit(&client(&both));
    fixture.add(CONFIG, paths(&["fixtures/**", "**/*.txt"]));
    expect_tokens(&history(&fixture.repo), [&in_message, &dangling, &both]);
}

#[test]
fn a_staged_file_in_an_allowed_folder() {
    let mut fixture = HistoryFixture::new(7703);
    let token = fixture.token();
    fixture.add(CONFIG, paths(&["fixtures/**"]));
    fixture.repo.stage("fixtures/a.txt", client(&token));
    expect_allowed(history(&fixture.repo), 1);
}

#[test]
fn a_fingerprint_allows_every_copy() {
    let mut fixture = HistoryFixture::new(7704);
    let (token, other) = (fixture.token(), fixture.token());
    fixture.add("a.txt", client(&token));
    fixture.add("b.txt", format!("x\n{}", client(&token)));
    fixture.commit(&client(&token));
    fixture.repo.blob(format!("y\n{}", client(&token)));
    fixture.add(CONFIG, by_fingerprint(&token));
    let run = history(&fixture.repo).expect_code(0);
    assert_eq!((&run.summary()["findings"], &run.summary()["notes"]), (&json!(0), &json!([])), "{}", run.all());
    assert!(run.summary()["allowed"].as_u64() > Some(0));
    fixture.add("a.txt", client(&other));
    expect_tokens(&history(&fixture.repo), [&other]);
}

#[test]
fn a_marker_allows_only_its_own_line() {
    let mut fixture = HistoryFixture::new(7705);
    let token = fixture.token();
    let marked = format!("client = \"{token}\" # keysweep:allow\n");
    fixture.add("a.txt", &marked);
    fixture.add("b.txt", format!("x\n{marked}"));
    let run = history(&fixture.repo).expect_code(0);
    assert!(run.summary()["allowed"].as_u64() > Some(0), "{}", run.all());
    let bad = fixture.add("c.txt", client(&token));
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert!(places(&finding_of(&run, &token)).contains(&place("c.txt:1", &bad)));
}

#[test]
fn unused_allow_entries_are_reported() {
    let mut fixture = HistoryFixture::new(7706);
    let (token, gone) = (fixture.token(), fixture.token());
    fixture.add("fixtures/a.txt", client(&token));
    let config = paths(&["fixtures/**", "never/**"]) + &by_fingerprint(&gone).replace("[allow]\n", "");
    fixture.add(CONFIG, config);
    let run = expect_allowed(history(&fixture.repo), 1);
    expect_notes(&run, &["never/**", &fingerprint(&gone)]);
    assert!(!run.all().contains(gone.body()));
    let human = fixture.repo.keysweep(&["history"]).expect_code(0).expect_has("never/**");
    human.expect_has("allows nothing").expect_lacks("fixtures/** allows");
}

#[test]
fn the_configuration_comes_from_the_index_or_from_head_in_a_bare_repository() {
    let mut fixture = HistoryFixture::new(7707);
    let token = fixture.token();
    fixture.add("fixtures/a.txt", client(&token));
    fixture.repo.write(CONFIG, paths(&["fixtures/**"]));
    let run = history(&fixture.repo).expect_code(1);
    expect_notes(&run, &["not staged"]);
    fixture.git(&["add", CONFIG]);
    expect_allowed(history(&fixture.repo), 1);
    fixture.commit("with a configuration");
    fixture.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    expect_allowed(GitEnvironment::at(&fixture.repo, fixture.repo.base().join("bare.git")).history(), 1);
    fixture.git(&["rm", "-q", "--cached", CONFIG]);
    history(&fixture.repo).expect_code(1);
}

/// Commits this token on a new branch that starts at the first commit.
fn branch_with(fixture: &HistoryFixture, name: &str, token: &Token) {
    fixture.branch(name, "main");
    fixture.add("a.txt", client(token));
}

#[test]
fn findings_are_sorted_by_reachability() {
    let mut fixture = HistoryFixture::new(7708);
    let tokens: Vec<Token> = (0..10).map(|_| fixture.token()).collect();
    let [both, head, remote, branch, tag, other, stash, index, reflog, dangling] = &tokens[..] else { unreachable!() };
    let (repo, base) = (&fixture.repo, fixture.git(&["rev-parse", "HEAD"]).line());
    repo.blob(client(dangling));
    branch_with(&fixture, "forgotten", reflog);
    fixture.git(&["reset", "-q", "--hard", &base]);
    branch_with(&fixture, "hidden", other);
    fixture.git(&["update-ref", "refs/pull/1/head", "HEAD"]);
    branch_with(&fixture, "tagged", tag);
    fixture.git(&["tag", "v1"]);
    branch_with(&fixture, "kept", branch);
    branch_with(&fixture, "far", remote);
    fixture.git(&["update-ref", "refs/remotes/origin/far", "HEAD"]);
    fixture.git(&["checkout", "-q", "main"]);
    fixture.add("both.txt", client(both));
    fixture.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    fixture.add("head.txt", client(head));
    repo.write("base.txt", client(stash));
    fixture.git(&["stash", "-q"]);
    repo.stage("staged.txt", client(index));
    fixture.git(&["branch", "-q", "-D", "hidden", "tagged", "far", "forgotten"]);
    let run = history(repo).expect_code(1);
    let findings = run.findings();
    let values = |key: &str| findings.iter().map(|finding| text(&finding[key]).to_owned()).collect::<Vec<_>>();
    let standings = ["head", "head", "remote", "branch", "tag", "ref", "stash", "index", "reflog", "dangling"];
    assert_eq!(values("standing"), standings);
    assert_eq!(values("fingerprint"), tokens.iter().map(fingerprint).collect::<Vec<_>>());
    let document: Value = serde_json::from_str(&repo.keysweep(&["history", "--format", "json"]).out()).expect("JSON");
    assert_eq!(document["findings"], Value::Array(findings));
}

#[test]
fn findings_of_equal_reachability_are_sorted_by_severity() {
    let mut fixture = HistoryFixture::new(7709);
    let live = fixture.token();
    let test = crate::support::token::Maker::new(7709).sk_test(24);
    fixture.add("a.txt", format!("{}{}", client(&test), client(&live)));
    let findings = history(&fixture.repo).expect_code(1).findings();
    let order: Vec<_> = findings.iter().map(|finding| text(&finding["fingerprint"]).to_owned()).collect();
    assert_eq!(order, [fingerprint(&live), fingerprint(&test)]);
    assert!(findings[0]["severity"] != findings[1]["severity"]);
}

#[test]
fn an_allowed_path_does_not_cover_tag_messages_refs_or_other_names() {
    for at in 0..3 {
        let mut fixture = HistoryFixture::new(7711);
        let token = fixture.token();
        fixture.add(CONFIG, paths(&["fixtures/**", "*.fixture"]));
        fixture.add("fixtures/a.txt", client(&token));
        expect_allowed(history(&fixture.repo), 1);
        match at {
            0 => _ = fixture.git(&["tag", "-a", "v1", "-m", &client(&token)]),
            1 => _ = fixture.git(&["branch", &format!("with-{token}")]),
            _ => {
                fixture.repo.stage_blob(format!("a-{token}.fixture"), "x\n");
                fixture.repo.stage_blob(format!("z-{token}.txt"), "y\n");
                fixture.commit("two names in one tree");
            }
        }
        expect_tokens(&history(&fixture.repo), [&token]);
    }
}

#[test]
fn a_glob_is_used_if_it_allows_one_place_and_a_partial_history_reports_no_unused_globs() {
    let mut fixture = HistoryFixture::new(7712);
    let (token, known) = (fixture.token(), fixture.token());
    fixture.add("old.txt", client(&known));
    fixture.remove("old.txt");
    fixture.add("tests/a.txt", client(&token));
    let config = paths(&["tests/**"]) + &by_fingerprint(&known).replace("[allow]\n", "");
    fixture.add(CONFIG, config);
    expect_notes(&history(&fixture.repo).expect_code(0), &[]);
    fixture.add("src/a.txt", client(&token));
    expect_notes(&history(&fixture.repo).expect_code(1), &[]);

    let url = format!("file://{}", fixture.repo.top().display());
    fixture.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let shallow = GitEnvironment::at(&fixture.repo, fixture.repo.base().join("shallow"));
    expect_notes(&shallow.history().expect_code(2), &[]);
}
