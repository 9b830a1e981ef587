//! The refs of a push, the names of remotes, and the configuration that applies.

use crate::support::client;
use crate::support::push::{Pair, expect_refused, expect_report, refs};

#[test]
fn all_branches_at_once_are_scanned() {
    let mut pair = Pair::new(3600);
    let (one, two) = (pair.token(), pair.token());
    pair.branch("one", "main");
    let one_at = pair.add("one.txt", client(&one));
    pair.branch("two", "main");
    let two_at = pair.add("two.txt", client(&two));
    pair.branch("three", "main");
    pair.add("three.txt", "innocent\n");
    let wanted = [(one_at.as_str(), "one.txt:1", &one), (two_at.as_str(), "two.txt:1", &two)];
    pair.push_finds(&["--all", "origin"], &wanted);
    pair.push_finds(&["origin", "refs/heads/*:refs/heads/*"], &wanted);
    pair.repo.git(&["branch", "-q", "-D", "one", "two"]);
    pair.push_passes(&["--all", "origin"]);
}

#[test]
fn a_mirror_push_scans_notes_and_other_refs() {
    let mut pair = Pair::new(3601);
    let (hidden, noted, new) = (pair.token(), pair.token(), pair.token());
    let root = pair.oid("HEAD");
    let mirror = pair.bare("mirror", &[]);
    let new_at = pair.add("a.txt", client(&new));
    pair.repo.git(&["notes", "add", "-m", &format!("{noted}"), "HEAD"]);
    let notes_at = pair.oid("refs/notes/commits");
    pair.repo.git(&["checkout", "-q", "--detach"]);
    let hidden_at = pair.add("b.txt", client(&hidden));
    pair.repo.git(&["update-ref", "refs/changes/1/head", "HEAD"]);
    pair.repo.git(&["checkout", "-q", "main"]);
    let run = pair.push(&["--mirror", "mirror"]).expect_code(1);
    let note_path = format!("{}:1", pair.repo.git(&["ls-tree", "-r", "--name-only", "refs/notes/commits"]).line());
    let wanted = [
        (root.as_str(), "old.txt:2", &pair.old),
        (new_at.as_str(), "a.txt:1", &new),
        (hidden_at.as_str(), "b.txt:1", &hidden),
        (notes_at.as_str(), note_path.as_str(), &noted),
    ];
    expect_report(&run, &wanted);
    assert_eq!(refs(&pair.repo, &mirror), "");

    // The deletions in a mirror push are skipped.
    pair.repo.git(&["push", "-q", "--no-verify", "--mirror", "mirror"]);
    pair.repo.git(&["update-ref", "-d", "refs/changes/1/head"]);
    expect_report(&pair.push(&["--mirror", "mirror"]).expect_code(0), &[]);
    assert!(!refs(&pair.repo, &mirror).contains("refs/changes"));
}

#[test]
fn a_pushed_stash_and_reflog_entry_are_scanned() {
    let mut pair = Pair::new(3611);
    let (stashed, undone) = (pair.token(), pair.token());
    pair.repo.write("old.txt", format!("first\n{}{}last\n", client(&pair.old), client(&stashed)));
    pair.repo.git(&["stash", "-q"]);
    let stash_at = pair.oid("refs/stash");
    pair.push_finds(&["origin", "refs/stash:refs/heads/x"], &[(&stash_at, "old.txt:3", &stashed)]);
    let undone_at = pair.add("a.txt", client(&undone));
    pair.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    for spec in ["HEAD@{1}:refs/heads/x", "main@{1}:refs/heads/x"] {
        pair.push_finds(&["origin", spec], &[(&undone_at, "a.txt:1", &undone)]);
    }
    let line = format!("HEAD@{{1 day ago}} {undone_at} refs/heads/x {}\n", "0".repeat(40));
    expect_report(&pair.direct(line).expect_code(1), &[(&undone_at, "a.txt:1", &undone)]);
}

#[test]
fn followed_tags_are_scanned() {
    let mut pair = Pair::new(3602);
    let token = pair.token();
    pair.add("a.txt", "innocent\n");
    pair.repo.git(&["tag", "-a", "-m", &format!("{token}"), "v1"]);
    pair.add("b.txt", "innocent\n");
    pair.push_passes(&["origin", "HEAD~2:refs/heads/x"]);
    pair.push_finds(&["--follow-tags", "origin", "main"], &[("*", "message", &token)]);
    pair.repo.git(&["config", "push.followTags", "true"]);
    pair.push_finds(&["origin", "main"], &[("*", "message", &token)]);
    pair.push_passes(&["--no-follow-tags", "origin", "main"]);
}

#[test]
fn a_push_by_url_is_scanned_against_that_repository() {
    let mut pair = Pair::new(3603);
    let token = pair.token();
    let bad = pair.add("a.txt", client(&token));
    let path = pair.origin().display().to_string();
    for url in [path.clone(), format!("file://{path}"), "../origin.git".to_owned()] {
        pair.push_finds(&[&url, "main"], &[(&bad, "a.txt:1", &token)]);
        pair.push_finds(&[&url, "main:new"], &[(&bad, "a.txt:1", &token)]);
    }
    pair.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    pair.add("a.txt", "innocent\n");
    pair.push_passes(&[&path, "main"]);
}

#[test]
fn remotes_with_slashes_and_urls_for_pushing_are_known_by_their_names() {
    let mut pair = Pair::new(3604);
    let token = pair.token();
    let repo = &pair.repo;
    repo.git(&["remote", "add", "team/origin", "../nowhere.git"]);
    repo.git(&["remote", "set-url", "--push", "team/origin", pair.origin().to_str().expect("UTF-8")]);
    repo.git(&["update-ref", "refs/remotes/team/origin/main", "HEAD"]);
    let bad = pair.add("a.txt", client(&token));
    pair.push_finds(&["team/origin", "main:new"], &[(&bad, "a.txt:1", &token)]);
    // A tracking ref of remote `team` does not belong to `team/origin`.
    repo.git(&["update-ref", "refs/remotes/team/other/main", "HEAD"]);
    pair.push_finds(&["team/origin", "main:new"], &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn stale_tracking_refs_hide_nothing() {
    let mut pair = Pair::new(3605);
    let token = pair.token();
    // The remote has more commits than the tracking ref, or fewer.
    let ahead = pair.add("ahead.txt", client(&pair.old));
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    pair.repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
    pair.add("a.txt", "innocent\n");
    pair.push_passes(&["origin", "main"]);
    pair.repo.git(&["update-ref", "refs/remotes/origin/main", &format!("{ahead}~1")]);
    pair.repo.git(&["update-ref", "refs/remotes/origin/gone", "main"]);
    let bad = pair.add("b.txt", client(&token));
    pair.push_finds(&["origin", "main"], &[(&bad, "b.txt:1", &token)]);
    // A tracking ref to a missing object excludes no commits.
    pair.repo.write(".git/refs/remotes/origin/broken", format!("{}\n", "1".repeat(40)));
    pair.push_finds(&["origin", "main"], &[(&bad, "b.txt:1", &token)]);
    // An unreadable tracking ref is an error.
    pair.repo.write(".git/refs/remotes/origin/broken", "");
    expect_refused(pair.direct(pair.new_ref("refs/heads/main")), &["refs/remotes/origin/broken"]);
}

#[test]
fn the_configuration_comes_from_the_pushed_tip() {
    let mut pair = Pair::new(3606);
    let (token, other) = (pair.token(), pair.token());
    let allow = |token: &crate::support::token::Token| {
        format!("[allow]\nfingerprints = [{{ id = '{}', reason = 'revoked' }}]\n", token.fingerprint())
    };
    let repo = &pair.repo;
    let edited =
        "\"notes\":[\".keysweep.toml was used as the pushed commit has it, not as it is on disk: commit it too\"]";
    let bad = pair.add("a.txt", client(&token));
    pair.direct(pair.new_ref("refs/heads/main")).expect_code(1).expect_has("\"notes\":[]");
    repo.write(".keysweep.toml", allow(&token));
    pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:1", &token)]);
    repo.git(&["add", ".keysweep.toml"]);
    pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:1", &token)]);
    pair.direct(pair.new_ref("refs/heads/main")).expect_code(1).expect_has(edited);
    repo.git(&["commit", "-q", "--no-verify", "-m", "allow"]);
    repo.write(".keysweep.toml", "broken");
    let run = pair.push_passes(&["origin", "main"]);
    assert_eq!(run.summary()["allowed"], 1, "{}", run.all());
    // The same push adds the allow entry, which the report mentions.
    assert_eq!(run.summary()["newly_allowed"].as_array().map(Vec::len), Some(1), "{}", run.all());

    // Each tip is scanned with its own configuration, whatever the others allow.
    pair.repo.git(&["reset", "-q", "--hard"]);
    pair.branch("allowing", "main");
    pair.add(".keysweep.toml", allow(&other));
    pair.add("b.txt", client(&other));
    pair.branch("plain", "main");
    let plain = pair.add("c.txt", client(&other));
    pair.push_finds(&["origin", "allowing", "plain"], &[(&plain, "c.txt:1", &other)]);
    pair.push_finds(&["origin", "plain", "allowing"], &[(&plain, "c.txt:1", &other)]);
    pair.push_passes(&["origin", "allowing"]);
}

#[test]
fn the_order_of_the_refs_changes_nothing() {
    // Both refs reach the commit, and one of them allows its token.
    let mut pair = Pair::new(3616);
    let token = pair.token();
    pair.branch("plain", "main");
    pair.add("a.txt", client(&token));
    pair.branch("allowing", "plain");
    let id = token.fingerprint();
    pair.add(".keysweep.toml", format!("[allow]\nfingerprints = [{{ id = '{id}', reason = 'revoked' }}]\n"));
    let output = |refs: [&str; 2]| {
        let lines = refs.map(|name| pair.new_ref(&format!("refs/heads/{name}"))).concat();
        let run = pair.direct(lines);
        (run.code, run.summary()["findings"].clone(), run.summary()["allowed"].clone())
    };
    assert_eq!(output(["plain", "allowing"]), output(["allowing", "plain"]));
}

#[test]
fn an_invalid_configuration_in_a_pushed_tip_is_refused() {
    let pair = Pair::new(3607);
    pair.add(".keysweep.toml", "[allow]\npathes = []\n");
    expect_refused(pair.direct(pair.new_ref("refs/heads/main")), &[".keysweep.toml", "pathes", "paths"]);
}

#[test]
fn a_tag_uses_the_configuration_of_its_commit() {
    let mut pair = Pair::new(3612);
    let token = pair.token();
    let (id, text) = (token.fingerprint(), client(&token));
    pair.add("a.txt", &text);
    pair.add(".keysweep.toml", format!("[allow]\nfingerprints = [{{ id = '{id}', reason = 'revoked' }}]\n"));
    pair.repo.git(&["tag", "-a", "-m", "x", "v1"]);
    pair.repo.git(&["tag", "light"]);
    for tag in ["v1", "light"] {
        let run = pair.push_passes(&["origin", tag]);
        assert!(run.summary()["allowed"] == 1 || tag == "light", "{}", run.all());
    }
    // An entry that the remote already has is not newly allowed.
    pair.add("b.txt", text);
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "HEAD~1:refs/heads/main"]);
    let run = pair.push_passes(&["origin", "main"]);
    assert_eq!(run.summary()["allowed"], 1, "{}", run.all());
    assert_eq!(run.summary()["newly_allowed"], serde_json::json!([]), "{}", run.all());
}

#[test]
fn thousands_of_refs_are_read() {
    let mut pair = Pair::new(3613);
    let token = pair.token();
    let bad = pair.add("a.txt", client(&token));
    let lines: Vec<String> =
        (0..3000).map(|n| format!("refs/tags/t{n} {bad} refs/tags/t{n} {}\n", "0".repeat(40))).collect();
    expect_report(&pair.direct(lines.concat()).expect_code(1), &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn a_remote_that_became_another_repository_has_no_known_commits() {
    let mut pair = Pair::new(3610);
    let token = pair.token();
    let bad = pair.add("a.txt", client(&token));
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main", "main:topic"]);
    pair.add("a.txt", "innocent\n");
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    pair.bare("public.git", &[]);
    let root = pair.oid("main~2");
    pair.repo.git(&["remote", "set-url", "origin", "../public.git"]);
    pair.push_finds(&["origin", "main"], &[(&root, "old.txt:2", &pair.old), (&bad, "a.txt:1", &token)]);
}

#[test]
fn a_branch_deleted_on_the_remote_is_scanned_without_known_commits() {
    let mut pair = Pair::new(3611);
    let token = pair.token();
    pair.branch("topic", "main");
    pair.repo.git(&["push", "-q", "origin", "topic"]);
    pair.repo.git_call(&["update-ref", "-d", "refs/heads/topic"]).cwd(pair.origin()).run().expect_code(0);
    pair.push_passes(&["origin", "topic"]);
    pair.repo.git_call(&["update-ref", "-d", "refs/heads/topic"]).cwd(pair.origin()).run().expect_code(0);
    let bad = pair.add("a.txt", client(&token));
    pair.push_finds(&["origin", "topic"], &[(&bad, "a.txt:1", &token)]);
}
