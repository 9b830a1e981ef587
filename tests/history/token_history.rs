//! The history of each token in a report: introduction, places, removal, and whether HEAD contains it.

use serde_json::{Value, json};

use crate::support::client;
use crate::support::history::{expect_tokens, finding_of, history, history_call};
use crate::support::history_fixture::{CommitRecord, HistoryFixture, place, places};
use crate::support::token::Token;

/// Expects these first and last commits, and the commit that removed the token.
#[track_caller]
fn expect_span(finding: &Value, first: &CommitRecord, last: &CommitRecord, removed: Option<&CommitRecord>) {
    for key in ["commit", "author", "date"] {
        assert_eq!(finding["first"][key], first.json()[key], "first");
        assert_eq!(finding[key], first.json()[key], "a finding has the attributes of its first place");
    }
    assert_eq!(finding["last"], last.json(), "last");
    assert_eq!(finding["removed"], removed.map_or(Value::Null, CommitRecord::json), "removed");
    assert_eq!(finding["at_head"], removed.is_none() && finding["standing"] == "head");
}

#[test]
fn a_token_that_was_introduced_kept_and_removed() {
    let mut fixture = HistoryFixture::new(7600);
    let token = fixture.token();
    fixture.repo.stage("src/a.txt", format!("one\n{}", client(&token)));
    let introduced = fixture.commit_by("Bea", &["commit", "-q", "-m", "bad"]);
    fixture.add("src/a.txt", format!("one\ntwo\n{}", client(&token)));
    let longer = fixture.add("b.txt", "innocent\n");
    fixture.git(&["rm", "-q", "src/a.txt"]);
    let removed = fixture.commit_by("Cleo", &["commit", "-q", "-m", "mended"]);
    fixture.add("b.txt", "more\n");
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &introduced, &longer, Some(&removed));
    assert_eq!(places(&finding), [place("src/a.txt:2", &introduced)]);
    assert_eq!((&finding["path"], &finding["line"], &finding["column"]), (&json!("src/a.txt"), &json!(2), &json!(18)));
    assert_eq!((&finding["copies"], &finding["refs"]), (&json!(2), &json!(["refs/heads/main"])));
    assert_eq!((&finding["standing"], &finding["reachable"]), (&json!("branch"), &json!(true)));
}

#[test]
fn a_token_that_head_contains() {
    let mut fixture = HistoryFixture::new(7601);
    let token = fixture.token();
    let introduced = fixture.add("a.txt", client(&token));
    let tip = fixture.add("b.txt", "innocent\n");
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &introduced, &tip, None);
    assert_eq!((&finding["at_head"], &finding["standing"]), (&json!(true), &json!("head")));
}

#[test]
fn a_token_of_a_root_commit() {
    let mut fixture = HistoryFixture::without_root(7602);
    let token = fixture.token();
    let root = fixture.add("a.txt", client(&token));
    let removed = fixture.add("a.txt", "mended\n");
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &root, &root, Some(&removed));
    assert_eq!(places(&finding), [place("a.txt:1", &root)]);
}

#[test]
fn a_token_that_was_removed_and_restored() {
    let mut fixture = HistoryFixture::new(7603);
    let token = fixture.token();
    let first = fixture.add("a.txt", client(&token));
    fixture.add("a.txt", "mended\n");
    let again = fixture.add("a.txt", format!("top\n{}", client(&token)));
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &first, &again, None);
    assert_eq!(places(&finding), [place("a.txt:1", &first), place("a.txt:2", &again)]);
    let last = fixture.remove("a.txt");
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &first, &again, Some(&last));
}

#[test]
fn a_token_that_moves_inside_its_file_is_introduced_once() {
    let mut fixture = HistoryFixture::new(7604);
    let (token, other) = (fixture.token(), fixture.token());
    let first = fixture.add("a.txt", client(&token));
    fixture.add("a.txt", format!("\n\n{}", client(&token)));
    let tip = fixture.add("a.txt", format!("{}x\n{}{}", client(&token), client(&token), client(&other)));
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token, &other]);
    let finding = finding_of(&run, &token);
    expect_span(&finding, &first, &tip, None);
    assert_eq!((places(&finding), &finding["copies"]), (vec![place("a.txt:1", &first)], &json!(3)));
    assert_eq!(places(&finding_of(&run, &other)), [place("a.txt:4", &tip)]);
}

#[test]
fn a_file_that_is_renamed_and_copied() {
    let mut fixture = HistoryFixture::new(7605);
    let token = fixture.token();
    let first = fixture.add("a/deep/er.txt", client(&token));
    fixture.git(&["mv", "a", "b"]);
    let moved = fixture.commit("moved");
    let copied = fixture.add("c.txt", client(&token));
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &first, &copied, None);
    let wanted = [place("a/deep/er.txt:1", &first), place("b/deep/er.txt:1", &moved), place("c.txt:1", &copied)];
    assert_eq!(places(&finding), wanted);
    assert_eq!(finding["copies"], 1, "one object with several names is one copy");
    fixture.remove("c.txt");
    assert_eq!(fixture.only_finding(&token)["removed"], Value::Null, "b/deep/er.txt still contains the token");
    let removed = fixture.remove("b/deep/er.txt");
    assert_eq!(fixture.only_finding(&token)["removed"], removed.json());
}

#[test]
fn a_clean_merge_introduces_nothing() {
    let mut fixture = HistoryFixture::new(7606);
    let token = fixture.token();
    fixture.branch("side", "main");
    let first = fixture.add("a.txt", client(&token));
    fixture.git(&["checkout", "-q", "main"]);
    fixture.add("b.txt", "innocent\n");
    let merge = fixture.merge(&[], &["side"]);
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &first, &merge, None);
    assert_eq!(places(&finding), [place("a.txt:1", &first)]);
    assert_eq!(finding["refs"], json!(["refs/heads/main", "refs/heads/side", "index"]));
}

#[test]
fn an_evil_merge_introduces_a_token_that_no_parent_has() {
    let mut fixture = HistoryFixture::new(7607);
    let token = fixture.token();
    fixture.branch("side", "main");
    fixture.add("a.txt", "side\n");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.add("b.txt", "main\n");
    fixture.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let merge = fixture.add("a.txt", format!("side\n{}", client(&token)));
    assert_eq!(fixture.git(&["rev-list", "--parents", "-1", "HEAD"]).line().split(' ').count(), 3);
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &merge, &merge, None);
    assert_eq!(places(&finding), [place("a.txt:2", &merge)]);
    assert_eq!(finding["refs"], json!(["refs/heads/main", "index"]));
}

#[test]
fn a_merge_that_drops_a_token() {
    let mut fixture = HistoryFixture::new(7608);
    let token = fixture.token();
    fixture.branch("side", "main");
    let first = fixture.add("a.txt", client(&token));
    fixture.git(&["checkout", "-q", "main"]);
    fixture.add("b.txt", "innocent\n");
    let merge = fixture.merge(&["-s", "ours"], &["side"]);
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &first, &first, Some(&merge));
    // The merge makes the commits of the side branch reachable from main.
    assert_eq!(finding["refs"], json!(["refs/heads/main", "refs/heads/side"]));
}

#[test]
fn the_same_token_on_two_sides() {
    let mut fixture = HistoryFixture::new(7609);
    let token = fixture.token();
    fixture.branch("side", "main");
    let one = fixture.add("a.txt", client(&token));
    fixture.git(&["checkout", "-q", "main"]);
    let two = fixture.add("a.txt", client(&token));
    let merge = fixture.merge(&[], &["side"]);
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &one, &merge, None);
    assert_eq!(places(&finding), [place("a.txt:1", &one), place("a.txt:1", &two)]);
}

#[test]
fn an_octopus_merge() {
    let mut fixture = HistoryFixture::new(7610);
    let (theirs, evil) = (fixture.token(), fixture.token());
    let mut first = None;
    for name in ["one", "two", "three"] {
        fixture.branch(name, "main");
        let text = if name == "two" { client(&theirs) } else { "innocent\n".to_owned() };
        let commit = fixture.add(&format!("{name}.txt"), text);
        first = if name == "two" { Some(commit) } else { first };
    }
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git(&["merge", "-q", "--no-commit", "one", "two", "three"]);
    fixture.repo.stage("three.txt", client(&evil));
    let merge = fixture.commit("octopus");
    assert_eq!(fixture.git(&["rev-list", "--parents", "-1", "HEAD"]).line().split(' ').count(), 4);
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&theirs, &evil]);
    assert_eq!(places(&finding_of(&run, &theirs)), [place("two.txt:1", &first.expect("a commit"))]);
    assert_eq!(places(&finding_of(&run, &evil)), [place("three.txt:1", &merge)]);
}

#[test]
fn commits_with_wrong_dates() {
    let mut fixture = HistoryFixture::new(7611);
    let token = fixture.token();
    fixture.on_day(25);
    let first = fixture.add("a.txt", client(&token));
    fixture.on_day(3);
    fixture.add("b.txt", "innocent\n");
    fixture.on_day(9);
    fixture.remove("a.txt");
    fixture.on_day(2);
    let again = fixture.add("c.txt", client(&token));
    let finding = fixture.only_finding(&token);
    expect_span(&finding, &first, &again, None);
    assert_eq!(places(&finding), [place("a.txt:1", &first), place("c.txt:1", &again)]);
    let last = fixture.remove("c.txt");
    expect_span(&fixture.only_finding(&token), &first, &again, Some(&last));
}

#[test]
fn a_long_history_does_not_overflow_the_stack() {
    let mut fixture = HistoryFixture::new(7612);
    let token: Token = fixture.token();
    let commit = |n: usize| {
        let content = if n == 1500 { client(&token) } else { format!("{n}\n") };
        let (time, len) = (1_700_000_000 + n, content.len());
        let head = format!("commit refs/heads/long\ncommitter Ada <ada@example.org> {time} +0000\ndata 1\nx\n");
        head + &format!("M 100644 inline a.txt\ndata {len}\n{content}\n")
    };
    let stream: String = (0..3000).map(commit).collect();
    fixture.repo.git_call(&["fast-import", "--quiet"]).stdin(stream).run().expect_code(0);
    let finding = fixture.only_finding(&token);
    let id = |name: &str| json!(fixture.git(&["rev-parse", name]).line());
    assert_eq!(finding["first"]["commit"], id("long~1499"));
    assert_eq!((&finding["last"]["commit"], &finding["removed"]["commit"]), (&id("long~1499"), &id("long~1498")));
    assert_eq!((&finding["standing"], &finding["refs"]), (&json!("branch"), &json!(["refs/heads/long"])));
}

#[test]
fn merging_an_older_branch_removes_nothing() {
    let mut fixture = HistoryFixture::new(7630);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    fixture.branch("topic", "main");
    fixture.add("b.txt", "innocent\n");
    fixture.git(&["checkout", "-q", "main"]);
    let removed = fixture.remove("a.txt");
    fixture.merge(&[], &["topic"]);
    assert_eq!(fixture.only_finding(&token)["removed"], removed.json());

    // Removing a file on a branch that HEAD never had does not count either.
    fixture.git(&["checkout", "-q", "--detach", "HEAD^2~1"]);
    fixture.remove("a.txt");
    fixture.git(&["checkout", "-q", "main"]);
    assert_eq!(fixture.only_finding(&token)["removed"], removed.json());
}

#[test]
fn a_stash_that_also_introduces_the_token_is_reported_beside_the_branch() {
    let mut fixture = HistoryFixture::new(7631);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    fixture.remove("a.txt");
    fixture.add("b.txt", "innocent\n");
    fixture.repo.write("b.txt", client(&token));
    fixture.git(&["stash", "-q"]);
    assert_eq!(fixture.only_finding(&token)["refs"], json!(["refs/heads/main", "refs/stash"]));
    fixture.git(&["init", "-q", "--bare", "-b", "main", "../origin.git"]);
    fixture.git(&["remote", "add", "origin", "../origin.git"]);
    let plan = fixture.repo.keysweep(&["history", "--replacements", "../r.txt"]).expect_code(1);
    plan.expect_has("reachable from: refs/heads/main, refs/stash\n");
}

#[test]
fn a_stash_based_on_the_commit_is_among_the_refs() {
    let mut fixture = HistoryFixture::new(7640);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    for text in ["stashed\n", "stashed later\n"] {
        fixture.repo.write("base.txt", text);
        fixture.git(&["stash", "-q"]);
    }
    fixture.remove("a.txt");
    assert_eq!(fixture.only_finding(&token)["refs"], json!(["refs/heads/main", "refs/stash"]));
    // Now only an older stash reaches the token.
    fixture.git(&["stash", "drop", "-q"]);
    assert_eq!(fixture.only_finding(&token)["refs"], json!(["refs/heads/main", "refs/stash"]));
    fixture.git(&["stash", "drop", "-q"]);
    assert_eq!(fixture.only_finding(&token)["refs"], json!(["refs/heads/main"]));
}

#[test]
fn the_head_of_another_worktree_reaches_the_commit_also_with_reftable() {
    for format in ["files", "reftable"] {
        let repo = crate::support::Repo::init(&[&format!("--ref-format={format}")]);
        let token = crate::support::token::Maker::new(7632).sk_live(24);
        repo.stage("a.txt", "innocent\n");
        repo.commit("one");
        repo.git(&["worktree", "add", "-q", "--detach", "../linked"]);
        let linked = repo.view("linked");
        linked.stage("b.txt", client(&token));
        linked.git(&["commit", "-q", "-m", "came"]);
        linked.git(&["rm", "-q", "b.txt"]);
        linked.git(&["commit", "-q", "-m", "went"]);
        let finding = finding_of(&history(&repo).expect_code(1), &token);
        assert_eq!((&finding["standing"], &finding["refs"][0]), (&json!("ref"), &json!("HEAD")), "{format}: {finding}");
    }
}

#[test]
fn the_head_of_the_main_worktree_counts_in_a_linked_worktree() {
    for format in ["files", "reftable"] {
        let repo = crate::support::Repo::init(&[&format!("--ref-format={format}")]);
        let token = crate::support::token::Maker::new(7633).sk_live(24);
        repo.git(&["config", "core.logAllRefUpdates", "false"]);
        repo.stage("a.txt", "innocent\n");
        repo.commit("one");
        repo.git(&["worktree", "add", "-q", "-b", "side", "../linked"]);
        repo.git(&["checkout", "-q", "--detach"]);
        repo.stage("b.txt", client(&token));
        repo.commit("came");
        repo.git(&["rm", "-q", "b.txt"]);
        repo.commit("went");
        for folder in ["repo", "linked"] {
            let run = history_call(&repo).cwd(repo.base().join(folder)).run().expect_code(1);
            let finding = finding_of(&run, &token);
            assert_eq!(
                (&finding["standing"], &finding["refs"][0]),
                (&json!("ref"), &json!("HEAD")),
                "{format}: {finding}"
            );
        }
    }
}

#[test]
fn a_token_restored_after_its_removal_is_not_removed() {
    let mut fixture = HistoryFixture::new(7633);
    let token = fixture.token();
    fixture.branch("side", "main");
    fixture.add("a.txt", client(&token));
    let removed = fixture.remove("a.txt");
    fixture.git(&["checkout", "-q", "main"]);
    assert_eq!(fixture.only_finding(&token)["removed"], removed.json(), "removed on a branch that HEAD does not reach");
    fixture.git(&["checkout", "-q", "side"]);
    fixture.add("b.txt", client(&token));
    fixture.add("c.txt", "innocent\n");
    fixture.git(&["checkout", "-q", "main"]);
    let finding = fixture.only_finding(&token);
    assert_eq!((&finding["removed"], &finding["standing"]), (&Value::Null, &json!("branch")));

    // A merge that leaves out the restored file removes it.
    fixture.git(&["checkout", "-q", "-b", "clean", &removed.id]);
    fixture.add("d.txt", "innocent\n");
    let merge = fixture.merge(&["-s", "ours"], &["side"]);
    assert_eq!(fixture.only_finding(&token)["removed"], merge.json());
}

#[test]
fn a_token_that_is_twice_in_an_object_has_one_place() {
    let mut fixture = HistoryFixture::new(7634);
    let token = fixture.token();
    let id = fixture.repo.blob(format!("{0}x\n{0}", client(&token)));
    assert_eq!(
        fixture.only_finding(&token)["places"].as_array().map(Vec::len),
        Some(1),
        "of an object that nothing leads to"
    );
    fixture.repo.stage("a.txt", format!("{0}x\n{0}", client(&token)));
    let introduced = fixture.commit("came");
    assert_eq!(fixture.git(&["rev-parse", "HEAD:a.txt"]).line(), id);
    assert_eq!(places(&fixture.only_finding(&token)), [place("a.txt:1", &introduced)]);
}
