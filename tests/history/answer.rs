//! What a sweep says of each token: since when, where, until when, and whether HEAD has it.

use serde_json::{Value, json};

use crate::support::client;
use crate::support::history::{expect_tokens, finding_of, history, history_call};
use crate::support::history_fixture::{CommitRecord, HistoryFixture, place, places};
use crate::support::token::Token;

/// First, last and gone, as the commits that a report tells of.
#[track_caller]
fn expect_span(said: &Value, first: &CommitRecord, last: &CommitRecord, removed: Option<&CommitRecord>) {
    for key in ["commit", "author", "date"] {
        assert_eq!(said["first"][key], first.json()[key], "first");
        assert_eq!(said[key], first.json()[key], "what is told of a finding is what is told of the first place");
    }
    assert_eq!(said["last"], last.json(), "last");
    assert_eq!(said["removed"], removed.map_or(Value::Null, CommitRecord::json), "removed");
    assert_eq!(said["at_head"], removed.is_none() && said["standing"] == "head");
}

#[test]
fn a_token_that_came_stayed_and_went() {
    let mut fixture = HistoryFixture::new(7600);
    let token = fixture.token();
    fixture.repo.stage("src/a.txt", format!("one\n{}", client(&token)));
    let came = fixture.commit_by("Bea", &["commit", "-q", "-m", "bad"]);
    fixture.add("src/a.txt", format!("one\ntwo\n{}", client(&token)));
    let longer = fixture.add("b.txt", "innocent\n");
    fixture.git(&["rm", "-q", "src/a.txt"]);
    let gone = fixture.commit_by("Cleo", &["commit", "-q", "-m", "mended"]);
    fixture.add("b.txt", "more\n");
    let said = fixture.only_finding(&token);
    expect_span(&said, &came, &longer, Some(&gone));
    assert_eq!(places(&said), [place("src/a.txt:2", &came)]);
    assert_eq!((&said["path"], &said["line"], &said["column"]), (&json!("src/a.txt"), &json!(2), &json!(18)));
    assert_eq!((&said["copies"], &said["refs"]), (&json!(2), &json!(["refs/heads/main"])));
    assert_eq!((&said["standing"], &said["reachable"]), (&json!("branch"), &json!(true)));
}

#[test]
fn a_token_that_is_there() {
    let mut fixture = HistoryFixture::new(7601);
    let token = fixture.token();
    let came = fixture.add("a.txt", client(&token));
    let tip = fixture.add("b.txt", "innocent\n");
    let said = fixture.only_finding(&token);
    expect_span(&said, &came, &tip, None);
    assert_eq!((&said["at_head"], &said["standing"]), (&json!(true), &json!("head")));
}

#[test]
fn a_token_of_a_root_commit() {
    let mut fixture = HistoryFixture::without_root(7602);
    let token = fixture.token();
    let root = fixture.add("a.txt", client(&token));
    let gone = fixture.add("a.txt", "mended\n");
    let said = fixture.only_finding(&token);
    expect_span(&said, &root, &root, Some(&gone));
    assert_eq!(places(&said), [place("a.txt:1", &root)]);
}

#[test]
fn a_token_that_was_taken_out_and_put_back() {
    let mut fixture = HistoryFixture::new(7603);
    let token = fixture.token();
    let first = fixture.add("a.txt", client(&token));
    fixture.add("a.txt", "mended\n");
    let again = fixture.add("a.txt", format!("top\n{}", client(&token)));
    let said = fixture.only_finding(&token);
    expect_span(&said, &first, &again, None);
    assert_eq!(places(&said), [place("a.txt:1", &first), place("a.txt:2", &again)]);
    let last = fixture.remove("a.txt");
    let said = fixture.only_finding(&token);
    expect_span(&said, &first, &again, Some(&last));
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
    let said = finding_of(&run, &token);
    expect_span(&said, &first, &tip, None);
    assert_eq!((places(&said), &said["copies"]), (vec![place("a.txt:1", &first)], &json!(3)));
    assert_eq!(places(&finding_of(&run, &other)), [place("a.txt:4", &tip)]);
}

#[test]
fn a_file_that_is_moved_and_copied() {
    let mut fixture = HistoryFixture::new(7605);
    let token = fixture.token();
    let first = fixture.add("a/deep/er.txt", client(&token));
    fixture.git(&["mv", "a", "b"]);
    let moved = fixture.commit("moved");
    let copied = fixture.add("c.txt", client(&token));
    let said = fixture.only_finding(&token);
    expect_span(&said, &first, &copied, None);
    let wanted = [place("a/deep/er.txt:1", &first), place("b/deep/er.txt:1", &moved), place("c.txt:1", &copied)];
    assert_eq!(places(&said), wanted);
    assert_eq!(said["copies"], 1, "one object, whatever its names");
    fixture.remove("c.txt");
    assert_eq!(fixture.only_finding(&token)["removed"], Value::Null, "b/deep/er.txt has it");
    let gone = fixture.remove("b/deep/er.txt");
    assert_eq!(fixture.only_finding(&token)["removed"], gone.json());
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
    let said = fixture.only_finding(&token);
    expect_span(&said, &first, &merge, None);
    assert_eq!(places(&said), [place("a.txt:1", &first)]);
    assert_eq!(said["refs"], json!(["refs/heads/main", "refs/heads/side", "index"]));
}

#[test]
fn an_evil_merge_introduces_what_no_parent_has() {
    let mut fixture = HistoryFixture::new(7607);
    let token = fixture.token();
    fixture.branch("side", "main");
    fixture.add("a.txt", "side\n");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.add("b.txt", "main\n");
    fixture.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let merge = fixture.add("a.txt", format!("side\n{}", client(&token)));
    assert_eq!(fixture.git(&["rev-list", "--parents", "-1", "HEAD"]).line().split(' ').count(), 3);
    let said = fixture.only_finding(&token);
    expect_span(&said, &merge, &merge, None);
    assert_eq!(places(&said), [place("a.txt:2", &merge)]);
    assert_eq!(said["refs"], json!(["refs/heads/main", "index"]));
}

#[test]
fn a_merge_that_leaves_a_token_out() {
    let mut fixture = HistoryFixture::new(7608);
    let token = fixture.token();
    fixture.branch("side", "main");
    let first = fixture.add("a.txt", client(&token));
    fixture.git(&["checkout", "-q", "main"]);
    fixture.add("b.txt", "innocent\n");
    let merge = fixture.merge(&["-s", "ours"], &["side"]);
    let said = fixture.only_finding(&token);
    expect_span(&said, &first, &first, Some(&merge));
    // Whoever has main has the side's commits as well.
    assert_eq!(said["refs"], json!(["refs/heads/main", "refs/heads/side"]));
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
    let said = fixture.only_finding(&token);
    expect_span(&said, &one, &merge, None);
    assert_eq!(places(&said), [place("a.txt:1", &one), place("a.txt:1", &two)]);
}

#[test]
fn an_octopus() {
    let mut fixture = HistoryFixture::new(7610);
    let (theirs, evil) = (fixture.token(), fixture.token());
    let mut first = None;
    for name in ["one", "two", "three"] {
        fixture.branch(name, "main");
        let text = if name == "two" { client(&theirs) } else { "innocent\n".to_owned() };
        let told = fixture.add(&format!("{name}.txt"), text);
        first = if name == "two" { Some(told) } else { first };
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
fn clocks_that_are_wrong() {
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
    let said = fixture.only_finding(&token);
    expect_span(&said, &first, &again, None);
    assert_eq!(places(&said), [place("a.txt:1", &first), place("c.txt:1", &again)]);
    let last = fixture.remove("c.txt");
    expect_span(&fixture.only_finding(&token), &first, &again, Some(&last));
}

#[test]
fn a_long_history_is_followed_without_recursion() {
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
    let said = fixture.only_finding(&token);
    let id = |name: &str| json!(fixture.git(&["rev-parse", name]).line());
    assert_eq!(said["first"]["commit"], id("long~1499"));
    assert_eq!((&said["last"]["commit"], &said["removed"]["commit"]), (&id("long~1499"), &id("long~1498")));
    assert_eq!((&said["standing"], &said["refs"]), (&json!("branch"), &json!(["refs/heads/long"])));
}

#[test]
fn a_merge_with_a_branch_from_before_takes_nothing_out() {
    let mut fixture = HistoryFixture::new(7630);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    fixture.branch("topic", "main");
    fixture.add("b.txt", "innocent\n");
    fixture.git(&["checkout", "-q", "main"]);
    let removed = fixture.remove("a.txt");
    fixture.merge(&[], &["topic"]);
    assert_eq!(fixture.only_finding(&token)["removed"], removed.json());

    // Nor does what HEAD never had.
    fixture.git(&["checkout", "-q", "--detach", "HEAD^2~1"]);
    fixture.remove("a.txt");
    fixture.git(&["checkout", "-q", "main"]);
    assert_eq!(fixture.only_finding(&token)["removed"], removed.json());
}

#[test]
fn a_stash_that_brought_it_too_is_told_beside_the_branch() {
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
    plan.expect_has("under: refs/heads/main, refs/stash\n");
}

#[test]
fn a_stash_that_stands_on_it_is_among_the_refs() {
    let mut fixture = HistoryFixture::new(7640);
    let token = fixture.token();
    fixture.add("a.txt", client(&token));
    for text in ["stashed\n", "stashed later\n"] {
        fixture.repo.write("base.txt", text);
        fixture.git(&["stash", "-q"]);
    }
    fixture.remove("a.txt");
    assert_eq!(fixture.only_finding(&token)["refs"], json!(["refs/heads/main", "refs/stash"]));
    // Only an older one leads to it.
    fixture.git(&["stash", "drop", "-q"]);
    assert_eq!(fixture.only_finding(&token)["refs"], json!(["refs/heads/main", "refs/stash"]));
    fixture.git(&["stash", "drop", "-q"]);
    assert_eq!(fixture.only_finding(&token)["refs"], json!(["refs/heads/main"]));
}

#[test]
fn the_head_of_another_worktree_leads_there_in_a_reftable_too() {
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
        let said = finding_of(&history(&repo).expect_code(1), &token);
        assert_eq!((&said["standing"], &said["refs"][0]), (&json!("ref"), &json!("HEAD")), "{format}: {said}");
    }
}

#[test]
fn the_head_of_the_main_worktree_leads_there_from_a_linked_one() {
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
            let said = finding_of(&run, &token);
            assert_eq!((&said["standing"], &said["refs"][0]), (&json!("ref"), &json!("HEAD")), "{format}: {said}");
        }
    }
}

#[test]
fn what_comes_back_behind_a_removal_was_not_removed_there() {
    let mut fixture = HistoryFixture::new(7633);
    let token = fixture.token();
    fixture.branch("side", "main");
    fixture.add("a.txt", client(&token));
    let gone = fixture.remove("a.txt");
    fixture.git(&["checkout", "-q", "main"]);
    assert_eq!(fixture.only_finding(&token)["removed"], gone.json(), "on a branch that HEAD is not on");
    fixture.git(&["checkout", "-q", "side"]);
    fixture.add("b.txt", client(&token));
    fixture.add("c.txt", "innocent\n");
    fixture.git(&["checkout", "-q", "main"]);
    let said = fixture.only_finding(&token);
    assert_eq!((&said["removed"], &said["standing"]), (&Value::Null, &json!("branch")));

    // A merge that leaves out what came back took it out.
    fixture.git(&["checkout", "-q", "-b", "clean", &gone.id]);
    fixture.add("d.txt", "innocent\n");
    let merge = fixture.merge(&["-s", "ours"], &["side"]);
    assert_eq!(fixture.only_finding(&token)["removed"], merge.json());
}

#[test]
fn where_a_token_stands_twice_in_an_object_it_is_one_place() {
    let mut fixture = HistoryFixture::new(7634);
    let token = fixture.token();
    let id = fixture.repo.blob(format!("{0}x\n{0}", client(&token)));
    assert_eq!(
        fixture.only_finding(&token)["places"].as_array().map(Vec::len),
        Some(1),
        "of an object that nothing leads to"
    );
    fixture.repo.stage("a.txt", format!("{0}x\n{0}", client(&token)));
    let came = fixture.commit("came");
    assert_eq!(fixture.git(&["rev-parse", "HEAD:a.txt"]).line(), id);
    assert_eq!(places(&fixture.only_finding(&token)), [place("a.txt:1", &came)]);
}
