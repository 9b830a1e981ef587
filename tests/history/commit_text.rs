//! Tokens outside of files: messages, identities, file names and refs. No output contains such a token.

use serde_json::{Value, json};

use crate::support::client;
use crate::support::history::{GitEnvironment, expect_tokens, finding_of, history};
use crate::support::history_fixture::{CommitRecord, HistoryFixture, place, places};
use crate::support::leak::{FORMATS, expect_no_leak};
use crate::support::token::Token;

/// Expects a finding in this part and on this line of this commit.
#[track_caller]
fn expect_in_commit_text(finding: &Value, commit: &CommitRecord, part: &str, line: Option<u64>) {
    let first = &finding["first"];
    assert_eq!((&first["commit"], &first["object"]), (&json!(commit.id), &json!(commit.id)), "{finding:#}");
    assert_eq!((&first["part"], &first["line"]), (&json!(part), &json!(line)), "{finding:#}");
    assert_eq!((&first["path"], &finding["removed"]), (&Value::Null, &Value::Null), "{finding:#}");
    assert_eq!((&finding["last"]["commit"], &finding["copies"]), (&json!(commit.id), &json!(1)), "{finding:#}");
    assert_eq!((&finding["standing"] != "dangling", &finding["reachable"]), (true, &json!(true)), "{finding:#}");
    assert_eq!(finding["refs"], json!(["refs/heads/main"]), "{finding:#}");
}

#[test]
fn the_message_of_a_commit() {
    let mut fixture = HistoryFixture::new(7800);
    let token = fixture.token();
    let bad = fixture.commit(&format!("subject\n\nbody\n{}", client(&token)));
    fixture.add("b.txt", "innocent\n");
    expect_in_commit_text(&fixture.only_finding(&token), &bad, "message", Some(4));
}

#[test]
fn an_author_and_a_committer() {
    let mut fixture = HistoryFixture::new(7801);
    let (author, address, committer) = (fixture.token(), fixture.token(), fixture.token());
    let person = format!("--author={author} <{address}@example.org>");
    let bad = fixture.commit_by("Ada", &["commit", "-q", "--allow-empty", "-m", "x", &person]);
    let call = fixture.repo.git_call(&["commit", "-q", "--allow-empty", "-m", "x"]);
    call.env("GIT_COMMITTER_NAME", committer.text()).run().expect_code(0);
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&author, &address, &committer]);
    expect_no_leak(&run, [&author, &address, &committer]);
    for token in [&author, &address] {
        expect_in_commit_text(&finding_of(&run, token), &bad, "person", None);
    }
    assert_eq!(finding_of(&run, &committer)["first"]["part"], "person");
}

#[test]
fn an_unknown_header_and_a_signature() {
    let mut fixture = HistoryFixture::new(7802);
    let (header, signed) = (fixture.token(), fixture.token());
    let tip = fixture.git(&["cat-file", "commit", "HEAD"]).out();
    let more = format!("\nx-deploy {header}\ngpgsig -----BEGIN\n {signed}\n -----END\n\n");
    let commit = tip.replacen("\n\n", &more, 1);
    let id =
        fixture.repo.git_call(&["hash-object", "-w", "-t", "commit", "--literally", "--stdin"]).stdin(commit).run();
    let id = id.expect_code(0).line();
    fixture.git(&["update-ref", "refs/heads/odd", &id]);
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&header, &signed]);
    for token in [&header, &signed] {
        let finding = finding_of(&run, token);
        assert_eq!(
            (&finding["first"]["commit"], &finding["first"]["part"]),
            (&json!(id), &json!("header")),
            "{finding:#}"
        );
        assert_eq!(finding["refs"], json!(["refs/heads/odd"]), "{finding:#}");
    }
}

#[test]
fn the_message_and_the_tagger_of_a_tag() {
    let mut fixture = HistoryFixture::new(7803);
    let (message, tagger) = (fixture.token(), fixture.token());
    let call = fixture.repo.git_call(&["tag", "-a", "-m", &format!("subject\n\n{}", client(&message)), "v1"]);
    call.env("GIT_COMMITTER_NAME", tagger.text()).run().expect_code(0);
    let id = fixture.git(&["rev-parse", "refs/tags/v1"]).line();
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&message, &tagger]);
    for (token, part) in [(&message, "message"), (&tagger, "person")] {
        let finding = finding_of(&run, token);
        assert_eq!((&finding["object"], &finding["part"]), (&json!(id), &json!(part)), "{finding:#}");
        assert_eq!((&finding["standing"], &finding["refs"]), (&json!("tag"), &json!(["refs/tags/v1"])), "{finding:#}");
    }
    expect_no_leak(&run, [&message, &tagger]);
}

#[test]
fn the_name_of_a_file_and_of_a_folder() {
    let mut fixture = HistoryFixture::new(7804);
    let (file, folder) = (fixture.token(), fixture.token());
    let path = format!("sub/{folder}/deep/{file}.txt");
    let introduced = fixture.add(&path, "innocent\n");
    let removed = fixture.remove(&path);
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&file, &folder]);
    let shown =
        [format!("sub/{}", folder.redacted()), format!("sub/{}/deep/{}.txt", folder.redacted(), file.redacted())];
    for (token, path) in [&folder, &file].into_iter().zip(&shown) {
        let finding = finding_of(&run, token);
        assert_eq!(
            (&finding["path"], &finding["part"], &finding["line"]),
            (&json!(path), &json!("name"), &Value::Null)
        );
        assert_eq!(places(&finding), [place(path, &introduced)]);
        assert_eq!((&finding["removed"], &finding["last"]), (&removed.json(), &introduced.json()), "{finding:#}");
    }
    for format in FORMATS {
        let run = fixture.repo.keysweep_call(&["history"]).args(format).run().expect_code(1);
        expect_no_leak(&run, [&file, &folder]);
    }
}

#[test]
fn the_same_name_in_many_trees_is_introduced_once() {
    let mut fixture = HistoryFixture::new(7805);
    let token = fixture.token();
    let introduced = fixture.add(&format!("sub/{token}.txt"), "one\n");
    for n in 0..4 {
        fixture.add("sub/other.txt", format!("{n}\n"));
    }
    let finding = fixture.only_finding(&token);
    assert_eq!(places(&finding), [place(&format!("sub/{}.txt", token.redacted()), &introduced)]);
    assert_eq!((&finding["removed"], &finding["at_head"]), (&Value::Null, &json!(true)));
}

#[test]
fn the_target_of_a_symlink() {
    let mut fixture = HistoryFixture::new(7806);
    let token = fixture.token();
    fixture.repo.stage_entry("120000", "a/link", format!("../{token}"));
    let introduced = fixture.commit("link");
    let finding = fixture.only_finding(&token);
    assert_eq!(
        (&finding["path"], &finding["first"]["commit"]),
        (&json!("a/link"), &json!(introduced.id)),
        "{finding:#}"
    );
}

#[test]
fn the_name_of_a_ref() {
    let mut fixture = HistoryFixture::new(7807);
    let (branch, tag, packed) = (fixture.token(), fixture.token(), fixture.token());
    fixture.git(&["branch", &format!("fix/{packed}")]);
    fixture.git(&["pack-refs", "--all"]);
    fixture.git(&["branch", branch.text()]);
    fixture.git(&["tag", tag.text()]);
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&branch, &tag, &packed]);
    expect_no_leak(&run, [&branch, &tag, &packed]);
    for (token, standing) in [(&branch, "branch"), (&tag, "tag"), (&packed, "branch")] {
        let finding = finding_of(&run, token);
        assert_eq!((&finding["part"], &finding["standing"]), (&json!("ref"), &json!(standing)), "{finding:#}");
        assert_eq!((&finding["reachable"], &finding["first"]["commit"]), (&json!(true), &Value::Null), "{finding:#}");
    }
}

#[test]
fn a_name_that_only_an_index_has() {
    let mut fixture = HistoryFixture::new(7808);
    let (token, linked) = (fixture.token(), fixture.token());
    fixture.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    fixture.repo.stage(format!("sub/{token}.txt"), "innocent\n");
    fixture.repo.view("linked").stage(&format!("{linked}.txt"), "innocent\n");
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token, &linked]);
    for token in [&token, &linked] {
        let finding = finding_of(&run, token);
        assert_eq!((&finding["part"], &finding["standing"]), (&json!("name"), &json!("index")), "{finding:#}");
    }
}

#[test]
fn the_name_of_an_intent_to_add_entry() {
    let mut fixture = HistoryFixture::new(7809);
    let tokens = [fixture.token(), fixture.token()];
    let repo = &fixture.repo;
    // Test a few files, and so many that the index entries are not read one by one.
    for (many, token) in [0, 6000].into_iter().zip(&tokens) {
        for n in 0..many {
            repo.write(format!("many/{n}.txt"), "innocent\n");
        }
        fixture.git(&["add", "."]);
        let name = format!("sub/{token}.txt");
        repo.write(&name, "not yet\n");
        fixture.git(&["add", "--intent-to-add", &name]);
        // The second run has no file in the worktree.
        for _ in 0..2 {
            let run = history(repo).expect_code(1);
            expect_tokens(&run, [token]);
            let finding = finding_of(&run, token);
            assert_eq!((&finding["part"], &finding["standing"]), (&json!("name"), &json!("index")), "{finding:#}");
            // The next commit does not contain an intent-to-add entry.
            assert!(repo.staged().expect_code(0).findings().is_empty());
            let _ = std::fs::remove_file(repo.path(&name));
        }
        fixture.git(&["commit", "-q", "--allow-empty", "-m", "next"]);
        assert!(!fixture.git(&["ls-tree", "-r", "--name-only", "HEAD"]).out().contains(token.text()));
        fixture.git(&["rm", "-q", "--cached", &name]);
        history(repo).expect_code(0);
    }
}

/// The summary of the human-readable report, without the number of bytes.
fn summary_line(fixture: &HistoryFixture) -> String {
    let finding = fixture.repo.keysweep(&["history"]).expect_code(1).out();
    let finding = finding.lines().find(|line| line.starts_with("keysweep: ")).expect("a summary").to_owned();
    finding.split(" (").next().expect("a sentence").to_owned()
}

#[test]
fn names_outside_of_objects_are_counted_separately() {
    let mut fixture = HistoryFixture::new(7831);
    let (name, content, staged) = (fixture.token(), fixture.token(), fixture.token());
    fixture.git(&["branch", name.text()]);
    assert_eq!(summary_line(&fixture), "keysweep: 1 token in 1 ref name besides 3 objects");
    fixture.git(&["tag", name.text()]);
    assert_eq!(summary_line(&fixture), "keysweep: 1 token in 2 ref names besides 3 objects");
    fixture.add("a.txt", client(&content));
    assert_eq!(summary_line(&fixture), "keysweep: 2 tokens in 1 of 6 objects and 2 ref names");
    fixture.repo.stage(format!("{staged}.txt"), "innocent\n");
    assert_eq!(summary_line(&fixture), "keysweep: 3 tokens in 1 of 6 objects, 2 ref names and 1 staged name");
    fixture.git(&["branch", "-D", name.text()]);
    fixture.git(&["tag", "-d", name.text()]);
    assert_eq!(summary_line(&fixture), "keysweep: 2 tokens in 1 of 6 objects and 1 staged name");
    // After the commit, the name is reported for the tree.
    fixture.commit("staged");
    assert_eq!(summary_line(&fixture), "keysweep: 2 tokens in 2 of 8 objects");
}

#[test]
fn a_staged_name_alone_and_a_token_in_an_object_and_a_name() {
    let mut fixture = HistoryFixture::new(7832);
    let token = fixture.token();
    fixture.repo.stage(format!("{token}.txt"), "innocent\n");
    assert_eq!(summary_line(&fixture), "keysweep: 1 token in 1 staged name besides 3 objects");
    fixture.git(&["rm", "-q", "--cached", &format!("{token}.txt")]);
    fixture.git(&["branch", token.text()]);
    fixture.add("a.txt", client(&token));
    assert_eq!(summary_line(&fixture), "keysweep: 1 token in 1 of 6 objects and 1 ref name");
}

/// A history with tokens in every text that a report repeats, all around one token.
fn with_tokens_everywhere(seed: u64) -> (HistoryFixture, Vec<Token>) {
    let mut fixture = HistoryFixture::new(seed);
    let tokens: Vec<Token> = (0..9).map(|_| fixture.token()).collect();
    let [content, name, author, message, branch, tag, tagged, remote, dangling] = &tokens[..] else { unreachable!() };
    fixture.repo.stage(format!("{name}/x.txt"), format!("a = \"{content}\", \"{message}\"\n"));
    let person = format!("--author={author} <a@example.org>");
    fixture.commit_by("Ada", &["commit", "-q", "-m", &client(message), &person]);
    fixture.git(&["branch", branch.text()]);
    fixture.git(&["tag", "-a", "-m", &client(tagged), tag.text()]);
    fixture.git(&["update-ref", &format!("refs/remotes/origin/{remote}"), "HEAD"]);
    fixture.repo.blob(format!("{}{}", client(dangling), client(content)));
    (fixture, tokens)
}

#[test]
fn no_token_is_printed_in_any_format() {
    let (fixture, tokens) = with_tokens_everywhere(7809);
    for format in FORMATS {
        let run = fixture.repo.keysweep_call(&["history"]).args(format).run().expect_code(1);
        expect_no_leak(&run, &tokens);
    }
    fixture.git(&["repack", "-adq"]);
    expect_no_leak(&GitEnvironment::of(&fixture.repo).history(), &tokens);
}

#[test]
fn errors_about_unreadable_objects_print_no_token() {
    let mut fixture = HistoryFixture::new(7810);
    let (folder, token) = (fixture.token(), fixture.token());
    fixture.add("a.txt", client(&token));
    let moved = fixture.repo.base().join(folder.text());
    std::fs::rename(fixture.repo.top(), &moved).expect("move");
    let pack = moved.join(".git/objects/pack");
    std::fs::create_dir_all(&pack).expect("create");
    std::fs::write(pack.join("pack-1.pack"), "PACK").expect("write");
    std::fs::write(pack.join("pack-1.idx"), "no index").expect("write");
    for format in FORMATS {
        let call = fixture.repo.keysweep_call(&["history"]).args(format).cwd(&moved).env("GIT_DIR", moved.join(".git"));
        expect_no_leak(&call.run().expect_code(2), [&folder, &token]);
    }
}

#[test]
fn the_human_report_contains_each_fact_once() {
    let mut fixture = HistoryFixture::new(7811);
    let token = fixture.token();
    let introduced = fixture.add("src/billing.py", format!("import os\n{}", client(&token)));
    let copied = fixture.add("copy.py", client(&token));
    let kept = fixture.add("b.txt", "innocent\n");
    fixture.git(&["rm", "-q", "-r", "src", "copy.py"]);
    let removed = fixture.commit("mended");
    fixture.git(&["tag", "v1"]);
    let finding = fixture.repo.keysweep_call(&["history", "--color", "never"]).run().expect_code(1).out();
    let commits = [(&introduced, "CAME"), (&copied, "COPIED"), (&kept, "KEPT"), (&removed, "GONE")];
    let finding = commits.iter().fold(finding, |finding, (commit, word)| finding.replace(&commit.id[..12], word));
    let finding = finding.replace(&token.redacted(), "TOKEN").replace(&token.fingerprint(), "FINGERPRINT");
    let (body, last) = finding.split_once("          rotate: ").expect("how to rotate it");
    assert_eq!(body, BODY);
    assert!(last.contains("for the steps, run keysweep rules stripe-secret-key\n"), "{last}");
    assert!(last.contains("\nkeysweep: 1 token in 2 of 14 objects (1."), "{last}");
    assert!(last.contains(" scanned, nothing skipped)\n\nWhat to do, in this order:\n"), "{last}");
}

const BODY: &str = "\
error[stripe-secret-key]: a live Stripe or Clerk secret key is on a branch
           token: TOKEN, severity high, fingerprint FINGERPRINT
           added: src/billing.py:2:18 in CAME of 2024-03-02, Ada <Ada@example.org>
      also added: copy.py:1:18 in COPIED of 2024-03-03, Ada <Ada@example.org>
         last in: KEPT of 2024-03-04, Ada <Ada@example.org>
      removed in: GONE of 2024-03-05, Ada <Ada@example.org>
          copies: 2 objects
  reachable from: refs/heads/main, refs/tags/v1
";

#[test]
fn targets_of_symbolic_refs_are_scanned() {
    type Make = fn(&HistoryFixture, &str);
    let symbolic: Make =
        |fixture, name| _ = fixture.git(&["symbolic-ref", &format!("refs/heads/{name}"), "refs/heads/main"]);
    let unborn: Make = |fixture, name| _ = fixture.git(&["checkout", "-q", "--orphan", &format!("o-{name}")]);
    for make in [symbolic, unborn] {
        let mut fixture = HistoryFixture::new(7830);
        let token = fixture.token();
        make(&fixture, token.text());
        expect_tokens(&history(&fixture.repo).expect_code(1), [&token]);
    }
}
