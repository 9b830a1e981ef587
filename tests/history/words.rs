//! Tokens in what is no file: messages, people, names, refs. And that none is ever printed.

use serde_json::{Value, json};

use crate::support::client;
use crate::support::history::{GitEnvironment, expect_tokens, finding_of, history};
use crate::support::history_fixture::{CommitRecord, HistoryFixture, place, places};
use crate::support::leak::{FORMATS, expect_no_leak};
use crate::support::token::Token;

/// In the words of this commit, at this part and line.
#[track_caller]
fn expect_in_words(said: &Value, commit: &CommitRecord, part: &str, line: Option<u64>) {
    let first = &said["first"];
    assert_eq!((&first["commit"], &first["object"]), (&json!(commit.id), &json!(commit.id)), "{said:#}");
    assert_eq!((&first["part"], &first["line"]), (&json!(part), &json!(line)), "{said:#}");
    assert_eq!((&first["path"], &said["removed"]), (&Value::Null, &Value::Null), "{said:#}");
    assert_eq!((&said["last"]["commit"], &said["copies"]), (&json!(commit.id), &json!(1)), "{said:#}");
    assert_eq!((&said["standing"] != "dangling", &said["reachable"]), (true, &json!(true)), "{said:#}");
    assert_eq!(said["refs"], json!(["refs/heads/main"]), "{said:#}");
}

#[test]
fn the_message_of_a_commit() {
    let mut fixture = HistoryFixture::new(7800);
    let token = fixture.token();
    let bad = fixture.commit(&format!("subject\n\nbody\n{}", client(&token)));
    fixture.add("b.txt", "innocent\n");
    expect_in_words(&fixture.only_finding(&token), &bad, "message", Some(4));
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
        expect_in_words(&finding_of(&run, token), &bad, "person", None);
    }
    assert_eq!(finding_of(&run, &committer)["first"]["part"], "person");
}

#[test]
fn a_header_that_git_does_not_know_and_a_signature() {
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
        let said = finding_of(&run, token);
        assert_eq!((&said["first"]["commit"], &said["first"]["part"]), (&json!(id), &json!("header")), "{said:#}");
        assert_eq!(said["refs"], json!(["refs/heads/odd"]), "{said:#}");
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
        let said = finding_of(&run, token);
        assert_eq!((&said["object"], &said["part"]), (&json!(id), &json!(part)), "{said:#}");
        assert_eq!((&said["standing"], &said["refs"]), (&json!("tag"), &json!(["refs/tags/v1"])), "{said:#}");
    }
    expect_no_leak(&run, [&message, &tagger]);
}

#[test]
fn the_name_of_a_file_and_of_a_folder() {
    let mut fixture = HistoryFixture::new(7804);
    let (file, folder) = (fixture.token(), fixture.token());
    let path = format!("sub/{folder}/deep/{file}.txt");
    let came = fixture.add(&path, "innocent\n");
    let gone = fixture.remove(&path);
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&file, &folder]);
    let shown =
        [format!("sub/{}", folder.redacted()), format!("sub/{}/deep/{}.txt", folder.redacted(), file.redacted())];
    for (token, path) in [&folder, &file].into_iter().zip(&shown) {
        let said = finding_of(&run, token);
        assert_eq!((&said["path"], &said["part"], &said["line"]), (&json!(path), &json!("name"), &Value::Null));
        assert_eq!(places(&said), [place(path, &came)]);
        assert_eq!((&said["removed"], &said["last"]), (&gone.json(), &came.json()), "{said:#}");
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
    let came = fixture.add(&format!("sub/{token}.txt"), "one\n");
    for n in 0..4 {
        fixture.add("sub/other.txt", format!("{n}\n"));
    }
    let said = fixture.only_finding(&token);
    assert_eq!(places(&said), [place(&format!("sub/{}.txt", token.redacted()), &came)]);
    assert_eq!((&said["removed"], &said["at_head"]), (&Value::Null, &json!(true)));
}

#[test]
fn the_text_of_a_link() {
    let mut fixture = HistoryFixture::new(7806);
    let token = fixture.token();
    fixture.repo.stage_entry("120000", "a/link", format!("../{token}"));
    let came = fixture.commit("link");
    let said = fixture.only_finding(&token);
    assert_eq!((&said["path"], &said["first"]["commit"]), (&json!("a/link"), &json!(came.id)), "{said:#}");
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
        let said = finding_of(&run, token);
        assert_eq!((&said["part"], &said["standing"]), (&json!("ref"), &json!(standing)), "{said:#}");
        assert_eq!((&said["reachable"], &said["first"]["commit"]), (&json!(true), &Value::Null), "{said:#}");
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
        let said = finding_of(&run, token);
        assert_eq!((&said["part"], &said["standing"]), (&json!("name"), &json!("index")), "{said:#}");
    }
}

#[test]
fn a_name_that_is_only_intended_to_be_added() {
    let mut fixture = HistoryFixture::new(7809);
    let tokens = [fixture.token(), fixture.token()];
    let repo = &fixture.repo;
    // Few files, and so many that the entries are not walked one by one.
    for (many, token) in [0, 6000].into_iter().zip(&tokens) {
        for n in 0..many {
            repo.write(format!("many/{n}.txt"), "innocent\n");
        }
        fixture.git(&["add", "."]);
        let name = format!("sub/{token}.txt");
        repo.write(&name, "not yet\n");
        fixture.git(&["add", "--intent-to-add", &name]);
        // Once without the file, too.
        for _ in 0..2 {
            let run = history(repo).expect_code(1);
            expect_tokens(&run, [token]);
            let said = finding_of(&run, token);
            assert_eq!((&said["part"], &said["standing"]), (&json!("name"), &json!("index")), "{said:#}");
            // The next commit does not have it.
            assert!(repo.staged().expect_code(0).findings().is_empty());
            let _ = std::fs::remove_file(repo.path(&name));
        }
        fixture.git(&["commit", "-q", "--allow-empty", "-m", "next"]);
        assert!(!fixture.git(&["ls-tree", "-r", "--name-only", "HEAD"]).out().contains(token.text()));
        fixture.git(&["rm", "-q", "--cached", &name]);
        history(repo).expect_code(0);
    }
}

/// The end of the report for people, without how much was read.
fn closing(fixture: &HistoryFixture) -> String {
    let said = fixture.repo.keysweep(&["history"]).expect_code(1).out();
    let said = said.lines().find(|line| line.starts_with("keysweep: ")).expect("a summary").to_owned();
    said.split(" (").next().expect("a sentence").to_owned()
}

#[test]
fn a_name_in_no_object_is_no_object() {
    let mut fixture = HistoryFixture::new(7831);
    let (name, content, staged) = (fixture.token(), fixture.token(), fixture.token());
    fixture.git(&["branch", name.text()]);
    assert_eq!(closing(&fixture), "keysweep: 1 token in 1 ref name beside 3 objects");
    fixture.git(&["tag", name.text()]);
    assert_eq!(closing(&fixture), "keysweep: 1 token in 2 ref names beside 3 objects");
    fixture.add("a.txt", client(&content));
    assert_eq!(closing(&fixture), "keysweep: 2 tokens in 1 of 6 objects and 2 ref names");
    fixture.repo.stage(format!("{staged}.txt"), "innocent\n");
    assert_eq!(closing(&fixture), "keysweep: 3 tokens in 1 of 6 objects, 2 ref names and 1 staged name");
    fixture.git(&["branch", "-D", name.text()]);
    fixture.git(&["tag", "-d", name.text()]);
    assert_eq!(closing(&fixture), "keysweep: 2 tokens in 1 of 6 objects and 1 staged name");
    // What is committed is told of the tree.
    fixture.commit("staged");
    assert_eq!(closing(&fixture), "keysweep: 2 tokens in 2 of 8 objects");
}

#[test]
fn a_staged_name_alone_and_a_token_in_an_object_and_a_name() {
    let mut fixture = HistoryFixture::new(7832);
    let token = fixture.token();
    fixture.repo.stage(format!("{token}.txt"), "innocent\n");
    assert_eq!(closing(&fixture), "keysweep: 1 token in 1 staged name beside 3 objects");
    fixture.git(&["rm", "-q", "--cached", &format!("{token}.txt")]);
    fixture.git(&["branch", token.text()]);
    fixture.add("a.txt", client(&token));
    assert_eq!(closing(&fixture), "keysweep: 1 token in 1 of 6 objects and 1 ref name");
}

/// Tokens wherever a report repeats something: all names round one token.
fn everywhere(seed: u64) -> (HistoryFixture, Vec<Token>) {
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
    let (fixture, tokens) = everywhere(7809);
    for format in FORMATS {
        let run = fixture.repo.keysweep_call(&["history"]).args(format).run().expect_code(1);
        expect_no_leak(&run, &tokens);
    }
    fixture.git(&["repack", "-adq"]);
    expect_no_leak(&GitEnvironment::of(&fixture.repo).history(), &tokens);
}

#[test]
fn no_token_is_printed_with_what_cannot_be_read() {
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
fn people_are_told_all_of_it_once() {
    let mut fixture = HistoryFixture::new(7811);
    let token = fixture.token();
    let came = fixture.add("src/billing.py", format!("import os\n{}", client(&token)));
    let copied = fixture.add("copy.py", client(&token));
    let kept = fixture.add("b.txt", "innocent\n");
    fixture.git(&["rm", "-q", "-r", "src", "copy.py"]);
    let gone = fixture.commit("mended");
    fixture.git(&["tag", "v1"]);
    let said = fixture.repo.keysweep_call(&["history", "--color", "never"]).run().expect_code(1).out();
    let commits = [(&came, "CAME"), (&copied, "COPIED"), (&kept, "KEPT"), (&gone, "GONE")];
    let said = commits.iter().fold(said, |said, (commit, word)| said.replace(&commit.id[..12], word));
    let said = said.replace(&token.redacted(), "TOKEN").replace(&token.fingerprint(), "FINGERPRINT");
    let (answer, last) = said.split_once("     rotate: ").expect("how to rotate it");
    assert_eq!(answer, ANSWER);
    assert!(last.contains("keysweep rules stripe-secret-key tells how\n"), "{last}");
    assert!(last.contains("\nkeysweep: 1 token in 2 of 14 objects (1."), "{last}");
    assert!(last.contains(" scanned, nothing skipped)\n\nWhat to do, in this order:\n"), "{last}");
}

const ANSWER: &str = "\
error[stripe-secret-key]: a live Stripe or Clerk secret key is on a branch
      token: TOKEN, severity high, fingerprint FINGERPRINT
      since: src/billing.py:2:18 in CAME of 2024-03-02, Ada <Ada@example.org>
      again: copy.py:1:18 in COPIED of 2024-03-03, Ada <Ada@example.org>
    last in: KEPT of 2024-03-04, Ada <Ada@example.org>
  gone from: GONE of 2024-03-05, Ada <Ada@example.org>
     copies: 2 objects
      under: refs/heads/main, refs/tags/v1
";

#[test]
fn names_that_lead_to_other_names_are_read() {
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
