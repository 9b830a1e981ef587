//! What silences a token in a sweep of the history, what does not, and in which order the rest is told.

use serde_json::{Value, json};

use crate::support::history::{Place, answer, expect_tokens, fingerprint, history, history_call};
use crate::support::story::{Story, place, places};
use crate::support::token::Token;
use crate::support::{Run, client, text};

const CONFIG: &str = ".keysweep.toml";

/// All that was found is allowed: exit 0, counted.
#[track_caller]
fn expect_allowed(run: Run, count: usize) -> Run {
    let run = run.expect_code(0);
    let summary = run.summary();
    if summary["allowed"] != count || summary["findings"] != 0 || summary["tokens"] != 0 {
        run.fail(&format!("expected {count} allowed and none found"));
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
fn a_token_all_of_whose_paths_are_allowed() {
    let mut story = Story::new(7700);
    let token = story.token();
    story.add("fixtures/a.txt", client(&token));
    story.add("fixtures/deep/b.txt", format!("x\n{}", client(&token)));
    story.remove("fixtures/a.txt");
    story.add(CONFIG, paths(&["fixtures/**"]));
    let run = expect_allowed(history(&story.repo), 1);
    expect_notes(&run, &[]);
    let run = history_call(&story.repo).args(&["--allow", "fixtures/**"]).run();
    expect_allowed(run, 1);
}

#[test]
fn a_token_one_of_whose_paths_is_not_allowed() {
    let mut story = Story::new(7701);
    let token = story.token();
    story.add("fixtures/a.txt", client(&token));
    let second = story.add("src/a.txt", client(&token));
    story.remove("src/a.txt");
    story.add(CONFIG, paths(&["fixtures/**"]));
    let run = history(&story.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    let told = places(&answer(&run, &token));
    assert!(told.contains(&place("src/a.txt:1", &second)), "{told:?}");
}

#[test]
fn a_message_and_a_dangling_object_have_no_path_that_could_be_allowed() {
    let mut story = Story::new(7702);
    let (in_message, dangling, both) = (story.token(), story.token(), story.token());
    story.commit(&client(&in_message));
    story.repo.blob(client(&dangling));
    story.repo.stage("fixtures/a.txt", client(&both));
    story.commit(&client(&both));
    story.add(CONFIG, paths(&["fixtures/**", "**/*.txt"]));
    expect_tokens(&history(&story.repo), [&in_message, &dangling, &both]);
}

#[test]
fn what_is_staged_below_an_allowed_path() {
    let mut story = Story::new(7703);
    let token = story.token();
    story.add(CONFIG, paths(&["fixtures/**"]));
    story.repo.stage("fixtures/a.txt", client(&token));
    expect_allowed(history(&story.repo), 1);
}

#[test]
fn a_fingerprint_allows_every_copy() {
    let mut story = Story::new(7704);
    let (token, other) = (story.token(), story.token());
    story.add("a.txt", client(&token));
    story.add("b.txt", format!("x\n{}", client(&token)));
    story.commit(&client(&token));
    story.repo.blob(format!("y\n{}", client(&token)));
    story.add(CONFIG, by_fingerprint(&token));
    let run = history(&story.repo).expect_code(0);
    assert_eq!((&run.summary()["findings"], &run.summary()["notes"]), (&json!(0), &json!([])), "{}", run.all());
    assert!(run.summary()["allowed"].as_u64() > Some(0));
    story.add("a.txt", client(&other));
    expect_tokens(&history(&story.repo), [&other]);
}

#[test]
fn a_marker_allows_its_own_line_only() {
    let mut story = Story::new(7705);
    let token = story.token();
    let marked = format!("client = \"{token}\" # keysweep:allow\n");
    story.add("a.txt", &marked);
    story.add("b.txt", format!("x\n{marked}"));
    let run = history(&story.repo).expect_code(0);
    assert!(run.summary()["allowed"].as_u64() > Some(0), "{}", run.all());
    let bad = story.add("c.txt", client(&token));
    let run = history(&story.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert!(places(&answer(&run, &token)).contains(&place("c.txt:1", &bad)));
}

#[test]
fn entries_that_allow_nothing_are_named() {
    let mut story = Story::new(7706);
    let (token, gone) = (story.token(), story.token());
    story.add("fixtures/a.txt", client(&token));
    let config = paths(&["fixtures/**", "never/**"]) + &by_fingerprint(&gone).replace("[allow]\n", "");
    story.add(CONFIG, config);
    let run = expect_allowed(history(&story.repo), 1);
    expect_notes(&run, &["never/**", &fingerprint(&gone)]);
    assert!(!run.all().contains(gone.body()));
    let human = story.repo.keysweep(&["history"]).expect_code(0).expect_has("never/**");
    human.expect_has("allows nothing").expect_lacks("fixtures/** allows");
}

#[test]
fn the_configuration_is_that_of_the_index_and_in_a_bare_repository_that_of_head() {
    let mut story = Story::new(7707);
    let token = story.token();
    story.add("fixtures/a.txt", client(&token));
    story.repo.write(CONFIG, paths(&["fixtures/**"]));
    let run = history(&story.repo).expect_code(1);
    expect_notes(&run, &["not staged"]);
    story.git(&["add", CONFIG]);
    expect_allowed(history(&story.repo), 1);
    story.commit("with a configuration");
    story.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    expect_allowed(Place::at(&story.repo, story.repo.base().join("bare.git")).history(), 1);
    story.git(&["rm", "-q", "--cached", CONFIG]);
    history(&story.repo).expect_code(1);
}

/// A new branch at the first commit, with this in it.
fn branch_with(story: &Story, name: &str, token: &Token) {
    story.branch(name, "main");
    story.add("a.txt", client(token));
}

#[test]
fn the_worst_comes_first() {
    let mut story = Story::new(7708);
    let tokens: Vec<Token> = (0..10).map(|_| story.token()).collect();
    let [both, head, remote, branch, tag, other, stash, index, reflog, dangling] = &tokens[..] else { unreachable!() };
    let (repo, base) = (&story.repo, story.git(&["rev-parse", "HEAD"]).line());
    repo.blob(client(dangling));
    branch_with(&story, "forgotten", reflog);
    story.git(&["reset", "-q", "--hard", &base]);
    branch_with(&story, "hidden", other);
    story.git(&["update-ref", "refs/pull/1/head", "HEAD"]);
    branch_with(&story, "tagged", tag);
    story.git(&["tag", "v1"]);
    branch_with(&story, "kept", branch);
    branch_with(&story, "far", remote);
    story.git(&["update-ref", "refs/remotes/origin/far", "HEAD"]);
    story.git(&["checkout", "-q", "main"]);
    story.add("both.txt", client(both));
    story.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    story.add("head.txt", client(head));
    repo.write("base.txt", client(stash));
    story.git(&["stash", "-q"]);
    repo.stage("staged.txt", client(index));
    story.git(&["branch", "-q", "-D", "hidden", "tagged", "far", "forgotten"]);
    let run = history(repo).expect_code(1);
    let said = run.findings();
    let told = |key: &str| said.iter().map(|one| text(&one[key]).to_owned()).collect::<Vec<_>>();
    let standings = ["head", "head", "remote", "branch", "tag", "ref", "stash", "index", "reflog", "dangling"];
    assert_eq!(told("standing"), standings);
    assert_eq!(told("fingerprint"), tokens.iter().map(fingerprint).collect::<Vec<_>>());
    let document: Value = serde_json::from_str(&repo.keysweep(&["history", "--format", "json"]).out()).expect("JSON");
    assert_eq!(document["findings"], Value::Array(said));
}

#[test]
fn of_two_that_stand_alike_the_more_severe_comes_first() {
    let mut story = Story::new(7709);
    let live = story.token();
    let test = crate::support::token::Maker::new(7709).sk_test(24);
    story.add("a.txt", format!("{}{}", client(&test), client(&live)));
    let said = history(&story.repo).expect_code(1).findings();
    let order: Vec<_> = said.iter().map(|one| text(&one["fingerprint"]).to_owned()).collect();
    assert_eq!(order, [fingerprint(&live), fingerprint(&test)]);
    assert!(said[0]["severity"] != said[1]["severity"]);
}

#[test]
fn an_allowed_path_says_nothing_of_a_tag_s_words_a_ref_or_another_name() {
    for at in 0..3 {
        let mut story = Story::new(7711);
        let token = story.token();
        story.add(CONFIG, paths(&["fixtures/**", "*.fixture"]));
        story.add("fixtures/a.txt", client(&token));
        expect_allowed(history(&story.repo), 1);
        match at {
            0 => _ = story.git(&["tag", "-a", "v1", "-m", &client(&token)]),
            1 => _ = story.git(&["branch", &format!("with-{token}")]),
            _ => {
                story.repo.stage_blob(format!("a-{token}.fixture"), "x\n");
                story.repo.stage_blob(format!("z-{token}.txt"), "y\n");
                story.commit("two names in one tree");
            }
        }
        expect_tokens(&history(&story.repo), [&token]);
    }
}

#[test]
fn a_glob_that_allows_one_of_two_places_is_of_use_and_a_part_of_a_history_tells_nothing() {
    let mut story = Story::new(7712);
    let (token, known) = (story.token(), story.token());
    story.add("old.txt", client(&known));
    story.remove("old.txt");
    story.add("tests/a.txt", client(&token));
    let config = paths(&["tests/**"]) + &by_fingerprint(&known).replace("[allow]\n", "");
    story.add(CONFIG, config);
    expect_notes(&history(&story.repo).expect_code(0), &[]);
    story.add("src/a.txt", client(&token));
    expect_notes(&history(&story.repo).expect_code(1), &[]);

    let url = format!("file://{}", story.repo.top().display());
    story.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let shallow = Place::at(&story.repo, story.repo.base().join("shallow"));
    expect_notes(&shallow.history().expect_code(2), &[]);
}
