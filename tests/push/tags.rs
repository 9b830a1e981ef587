//! Pushed content outside of files: messages, identities, tags of every kind, and ref names.

use crate::support::push::{Pair, ZERO, expect_report};
use crate::support::{client, note};

#[test]
fn a_token_is_found_anywhere_in_a_commit_message() {
    let mut pair = Pair::new(3200);
    let token = pair.token();
    for message in [
        format!("{token}"),
        format!("subject\n\nbody with {token}.\n\nSigned-off-by: Ada\n"),
        format!("subject\n\n# {token}\n"),
        format!("subject\r\n\r\n{token}\r\n"),
        format!("subject\n\n# ------------------------ >8 ------------------------\n{token}\n"),
    ] {
        note(message.replace(token.text(), "TOKEN"));
        let repo = &pair.repo;
        let args = ["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", &message];
        repo.git(&args);
        let bad = pair.oid("HEAD");
        pair.push_finds(&["origin", "main"], &[(&bad, "message", &token)]);
        repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    }
}

#[test]
fn a_finding_in_a_message_has_a_commit_and_no_path() {
    let mut pair = Pair::new(3201);
    let token = pair.token();
    pair.repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("subject\n\n{token}\n")]);
    let run = pair.direct(pair.new_ref("refs/heads/main")).expect_code(1);
    let finding = run.only_finding();
    for (key, value) in [("part", "message"), ("source", "push"), ("commit", &pair.oid("HEAD"))] {
        assert_eq!(finding[key], value, "{}", run.all());
    }
    assert!(finding["path"].is_null(), "{}", run.all());
}

#[test]
fn a_token_in_any_field_of_an_identity_is_found() {
    let mut pair = Pair::new(3202);
    let token = pair.token();
    for (variable, value) in [
        ("GIT_AUTHOR_NAME", format!("{token}")),
        ("GIT_AUTHOR_EMAIL", format!("ada+{token}@example.org")),
        ("GIT_COMMITTER_NAME", format!("Ada {token}")),
        ("GIT_COMMITTER_EMAIL", format!("{token}@example.org")),
    ] {
        note(variable);
        let repo = &pair.repo;
        let args = ["commit", "-q", "--allow-empty", "-m", "x"];
        repo.git_call(&args).env(variable, value).run().expect_code(0);
        let bad = pair.oid("HEAD");
        pair.push_finds(&["origin", "main"], &[(&bad, "person", &token)]);
        let run = pair.direct(pair.new_ref("refs/heads/main"));
        assert!(run.only_finding()["path"].is_null(), "{}", run.all());
        repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    }
}

#[test]
fn a_non_utf8_message_is_read() {
    let mut pair = Pair::new(3203);
    let token = pair.token();
    let message = [b"caf\xe9 \xff\n\n".as_slice(), token.text().as_bytes(), b" \xe9\n"].concat();
    let repo = &pair.repo;
    let args = ["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--allow-empty", "-F", "-"];
    repo.git_call(&args).stdin(message).run().expect_code(0);
    let bad = pair.oid("HEAD");
    pair.push_finds(&["origin", "main"], &[(&bad, "message", &token)]);
}

#[test]
fn a_commit_that_git_itself_would_not_write_is_read_to_its_end() {
    let mut pair = Pair::new(3212);
    let token = pair.token();
    let (tree, parent) = (pair.oid("HEAD^{tree}"), pair.oid("HEAD"));
    let head = format!("tree {tree}\nparent {parent}\n");
    let person = "A <a@b> 1700000000 +0000";
    let by = format!("author {person}\ncommitter {person}\n");
    for body in [
        format!("{by}\nsubject\n\0\n{token}\n"),
        format!("{by}\n\n\n{token}"),
        format!("{by}gpgsig -----BEGIN\n {token}\n -----END\n\nx\n"),
        format!("{by}mergetag object {parent}\n type commit\n tag v1\n tagger {person}\n \n {token}\n\nx\n"),
        format!("{by}x-note {token}\n\nx\n"),
        format!("{by}encoding {token}\n\nx\n"),
        format!("author {token}\ncommitter {person}\n\nx\n"),
        format!("author {person}\ncommitter <{token}> 0 +0000\n\nx\n"),
        format!("{by}{token}\n"),
    ] {
        note(body.replace(token.text(), "TOKEN").escape_debug());
        let args = ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"];
        let bad = pair.repo.git_call(&args).stdin(format!("{head}{body}")).run().expect_code(0).line();
        let run = pair.direct(format!("{bad} {bad} refs/heads/x {ZERO}\n")).expect_code(1);
        let finding = run.only_finding();
        assert_eq!(finding["commit"], bad, "{}", run.all());
        assert_eq!(finding["fingerprint"], token.fingerprint());
        crate::support::leak::expect_no_leak(&run, [&token]);
    }
}

#[test]
fn a_lightweight_tag_includes_its_commits() {
    let mut pair = Pair::new(3204);
    let token = pair.token();
    pair.repo.git(&["tag", "old"]);
    pair.push_passes(&["origin", "old"]);
    pair.repo.git(&["checkout", "-q", "--detach"]);
    let bad = pair.add("a.txt", client(&token));
    pair.add("a.txt", "innocent\n");
    pair.repo.git(&["tag", "new"]);
    pair.push_finds(&["origin", "new"], &[(&bad, "a.txt:1", &token)]);
    pair.push_finds(&["--tags", "origin"], &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn an_annotated_tag_is_read_with_its_tagger_and_target() {
    let mut pair = Pair::new(3205);
    let (token, within) = (pair.token(), pair.token());
    let repo = &pair.repo;
    repo.git(&["tag", "-a", "-m", "innocent", "clean"]);
    pair.push_passes(&["origin", "clean"]);
    repo.git(&["tag", "-a", "-m", &format!("release\n\n{token}\n"), "message"]);
    pair.push_finds(&["origin", "message"], &[("*", "message", &token)]);
    let tag = ["tag", "-a", "-m", "x", "tagger"];
    repo.git_call(&tag).env("GIT_COMMITTER_NAME", token.text()).run().expect_code(0);
    pair.push_finds(&["origin", "tagger"], &[("*", "person", &token)]);
    let tag = ["tag", "-a", "-m", "x", "email"];
    repo.git_call(&tag).env("GIT_COMMITTER_EMAIL", format!("{token}@x.org")).run().expect_code(0);
    pair.push_finds(&["origin", "email"], &[("*", "person", &token)]);

    repo.git(&["checkout", "-q", "--detach"]);
    let bad = pair.add("a.txt", client(&within));
    repo.git(&["tag", "-a", "-m", &format!("{token}"), "both"]);
    pair.push_finds(&["origin", "both"], &[(&bad, "a.txt:1", &within), ("*", "message", &token)]);
    pair.push_finds(&["origin", "both:refs/heads-up/both"], &[(&bad, "a.txt:1", &within), ("*", "message", &token)]);
}

#[test]
fn nested_tags_are_read() {
    let mut pair = Pair::new(3206);
    let (inner, outer, within) = (pair.token(), pair.token(), pair.token());
    let repo = &pair.repo;
    repo.git(&["checkout", "-q", "--detach"]);
    let bad = pair.add("a.txt", client(&within));
    repo.git(&["tag", "-a", "-m", &format!("inner {inner}"), "inner"]);
    repo.git(&["tag", "-a", "-m", "between", "between", "inner"]);
    repo.git(&["tag", "-a", "-m", &format!("outer {outer}"), "outer", "between"]);
    let wanted = [(bad.as_str(), "a.txt:1", &within), ("*", "message", &inner), ("*", "message", &outer)];
    pair.push_finds(&["origin", "outer"], &wanted);
    pair.push_finds(&["--tags", "origin"], &wanted);
}

#[test]
fn a_tag_of_a_blob_or_a_tree_includes_its_content() {
    let mut pair = Pair::new(3207);
    let (token, named) = (pair.token(), pair.token());
    let repo = &pair.repo;
    let blob = repo.blob(format!("x\n{}", client(&token)));
    repo.stage_blob("sub/a.txt", client(&token));
    repo.stage_blob(format!("sub/{named}.txt"), "innocent\n");
    let tree = repo.git(&["write-tree"]).line();
    repo.git(&["reset", "-q", "--hard"]);
    let clean = repo.blob("innocent\n");
    repo.git(&["tag", "clean", &clean]);
    repo.git(&["tag", "-a", "-m", "x", "clean-annotated", &clean]);
    pair.push_passes(&["origin", "clean", "clean-annotated"]);
    for (object, number) in [(&blob, 1), (&tree, 2)] {
        repo.git(&["tag", "-f", "light", object]);
        repo.git(&["tag", "-f", "-a", "-m", "x", "heavy", object]);
        for name in ["light", "heavy"] {
            note(format!("{name} {number}"));
            let run = pair.push(&["origin", name]);
            if run.code == Some(0) {
                run.fail("the hook did not block the push");
            }
            let found = run.findings();
            let has =
                |token: &crate::support::token::Token| found.iter().any(|f| f["fingerprint"] == token.fingerprint());
            assert!(has(&token), "{}", run.all());
            assert!(number == 1 || has(&named), "{}", run.all());
            crate::support::leak::expect_no_leak(&run, [&token, &named]);
        }
    }
}

#[test]
fn a_moved_tag_is_scanned_against_its_old_target() {
    let mut pair = Pair::new(3208);
    let token = pair.token();
    let repo = &pair.repo;
    repo.git(&["tag", "-a", "-m", "x", "v1"]);
    pair.push_passes(&["origin", "v1"]);
    let bad = pair.add("a.txt", client(&token));
    repo.git(&["tag", "-f", "-a", "-m", "y", "v1"]);
    pair.push_finds(&["--force", "origin", "v1"], &[(&bad, "a.txt:1", &token)]);

    // The old target of the tag excludes commits too, even if no other ref names them.
    let (old, new) = (pair.oid("v1"), pair.add("b.txt", "innocent\n"));
    repo.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    let run = pair.direct(format!("refs/tags/v1 {new} refs/tags/v1 {old}\n"));
    expect_report(&run.expect_code(0), &[]);
}

#[test]
fn notes_are_pushed_like_files() {
    let mut pair = Pair::new(3209);
    let token = pair.token();
    pair.repo.git(&["notes", "add", "-m", &format!("{token}"), "HEAD"]);
    let run = pair.push(&["origin", "refs/notes/commits"]).expect_code(1);
    assert_eq!(run.only_finding()["commit"], pair.oid("refs/notes/commits"), "{}", run.all());
    assert_eq!(run.only_finding()["fingerprint"], token.fingerprint());
}

#[test]
fn the_name_of_a_pushed_ref_is_read() {
    let mut pair = Pair::new(3210);
    let token = pair.token();
    for name in [format!("refs/heads/{token}"), format!("refs/tags/v/{token}/x"), format!("refs/for/main/{token}")] {
        let oid = pair.oid("HEAD");
        let run = pair.direct(format!("refs/heads/main {oid} {name} {ZERO}\n")).expect_code(1);
        expect_report(&run, &[("*", "ref", &token)]);
        assert!(run.only_finding()["path"].is_null(), "{}", run.all());
        assert!(run.only_finding()["line"].is_null(), "{}", run.all());
    }
    let spec = format!("main:refs/heads/x-{token}");
    let run = pair.push(&["origin", &spec]).expect_code(1);
    assert_eq!(run.only_finding()["part"], "ref");
}

#[test]
fn a_ref_of_any_name_can_be_deleted() {
    let mut pair = Pair::new(3211);
    let token = pair.token();
    let spec = format!("main:refs/heads/{token}");
    pair.repo.git(&["push", "-q", "--no-verify", "origin", &spec]);
    pair.repo.git(&["push", "-q", "origin", &format!(":refs/heads/{token}")]);
    let oid = pair.oid("HEAD");
    let run = pair.direct(format!("(delete) {ZERO} refs/heads/{token} {oid}\n")).expect_code(0);
    expect_report(&run, &[]);
    crate::support::leak::expect_no_leak(&run, [&token]);
}
