//! `keysweep history REV…` and its filters scan only the changes that the selected commits introduce.

use std::fs;

use crate::support::history::{expect_tokens, history_call};
use crate::support::history_fixture::HistoryFixture;
use crate::support::token::Token;
use crate::support::{Run, client, note};

/// Three tokens, each in its own commit: by Ada on the first day, by Ben on the second, and by Cleo on a side branch.
struct Three {
    fixture: HistoryFixture,
    ada: Token,
    ben: Token,
    cleo: Token,
}

impl Three {
    fn new(seed: u64) -> Self {
        let mut fixture = HistoryFixture::new(seed);
        let (ada, ben, cleo) = (fixture.token(), fixture.token(), fixture.token());
        fixture.add("a.txt", client(&ada));
        fixture.repo.stage("src/b.txt", client(&ben));
        fixture.commit_by("Ben", &["commit", "-q", "-m", "second"]);
        fixture.branch("side", "HEAD");
        fixture.repo.stage("c.txt", client(&cleo));
        fixture.commit_by("Cleo", &["commit", "-q", "-m", "third"]);
        Self { fixture, ada, ben, cleo }
    }

    fn ask(&self, words: &[&str]) -> Run {
        note(format!("{words:?}"));
        history_call(&self.fixture.repo).args(words).run()
    }

    #[track_caller]
    fn expect(&self, words: &[&str], tokens: &[&Token]) {
        let run = self.ask(words).expect_code(i32::from(!tokens.is_empty()));
        expect_tokens(&run, tokens.iter().copied());
    }
}

#[test]
fn revisions_mean_the_same_as_in_git_log() {
    let three = Three::new(8100);
    let Three { ada, ben, cleo, .. } = &three;
    three.expect(&["main"], &[ada, ben]);
    three.expect(&["side"], &[ada, ben, cleo]);
    three.expect(&["main..side"], &[cleo]);
    three.expect(&["side", "^main~1"], &[ben, cleo]);
    three.expect(&["main~1..main", "--allow", "src/**"], &[]);
    three.expect(&["HEAD~1..HEAD"], &[cleo]);
    three.expect(&["HEAD..HEAD"], &[]);
}

#[test]
fn filters_apply_to_all_branches() {
    let three = Three::new(8101);
    let Three { ada, ben, cleo, .. } = &three;
    three.expect(&["--since", "2024-03-03T00:00:00Z"], &[ben, cleo]);
    three.expect(&["--until", "2024-03-03T00:00:00Z"], &[ada]);
    three.expect(&["--since", "2024-03-03T00:00:00Z", "--until", "2024-03-04T00:00:00Z"], &[ben]);
    three.expect(&["--author", "^Ben "], &[ben]);
    three.expect(&["--author", "C.*leo@example"], &[cleo]);
    three.expect(&["--branch", "ma*"], &[ada, ben]);
    three.expect(&["--branch", "ma*", "--branch", "side"], &[ada, ben, cleo]);
    three.expect(&["--", "src"], &[ben]);
    three.expect(&["main", "--", "a.txt", "c.txt"], &[ada]);
}

#[test]
fn a_finding_has_its_commit_and_author() {
    let three = Three::new(8102);
    let finding = three.ask(&["main~1..main"]).expect_code(1).only_finding();
    let id = three.fixture.git(&["rev-parse", "main"]).line();
    let values = ["source", "path", "commit", "author", "date"].map(|key| finding[key].as_str().unwrap_or_default());
    assert_eq!(values, ["history", "src/b.txt", &id, "Ben <Ben@example.org>", "2024-03-03T12:00:00+00:00"]);
    let human = three.fixture.repo.keysweep_call(&["history", "main~1..main"]).run().expect_code(1);
    human.expect_has("src/b.txt:1:").expect_has(&id[..12]).expect_lacks(three.ben.text());
}

#[test]
fn a_merge_is_scanned_only_for_its_own_changes() {
    let three = Three::new(8103);
    let mut fixture = three.fixture;
    let evil = fixture.token();
    fixture.git(&["checkout", "-q", "main"]);
    fixture.add("d.txt", "innocent\n");
    fixture.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    fixture.repo.stage("evil.txt", client(&evil));
    fixture.commit("merge");
    let run = history_call(&fixture.repo).args(&["HEAD", "^main~1", "^side"]).run().expect_code(1);
    expect_tokens(&run, [&evil]);
}

#[test]
fn messages_and_identities_belong_to_a_commit() {
    let mut fixture = HistoryFixture::new(8104);
    let (message, name) = (fixture.token(), fixture.token());
    fixture.commit(&client(&message));
    fixture.add(&format!("{name}.txt"), "innocent\n");
    let run = history_call(&fixture.repo).args(&["HEAD~2..HEAD"]).run().expect_code(1);
    expect_tokens(&run, [&message, &name]);
}

#[test]
fn an_unknown_revision_is_an_error() {
    let three = Three::new(8105);
    for words in [&["nonsense"][..], &["main..nonsense"], &["--author", "\\("]] {
        let run = three.ask(words).expect_code(2);
        assert!(run.objects()[0]["type"] == "error" && run.err().lines().count() == 1, "{}", run.all());
    }
}

#[test]
fn usage_errors_give_the_reason() {
    let three = Three::new(8112);
    three.fixture.git(&["tag", "both", "main~1"]);
    three.fixture.git(&["branch", "both", "main"]);
    let zero = "0123456789012345678901234567890123456789";
    for (words, why) in [
        (&["--author", "["][..], "'[': Invalid regular expression"),
        (&["main^{tag}"], "bad revision 'main^{tag}'"),
        (&[":/["], "bad revision ':/['"),
        (&["both..nonsense"], "bad revision 'both..nonsense'"),
        (&[zero], "bad object"),
        (&["HEAD@{99}"], "only has"),
        (&["main", "main:a.txt"], "main:a.txt: it is no commit"),
        (&["main^{tree}"], "it is no commit"),
        (&["main@{u}"], "no upstream"),
        (&["main", "--", "../../outside"], "is outside repository"),
        (&["main", "--", ":(nonsense)a"], "Invalid pathspec magic 'nonsense'"),
        (&["main", "--", ""], "empty string is not a valid pathspec"),
        (&["--branch", "nonsense"], "refs/heads/nonsense"),
        (&["--branch", "ma["], "no branch has such a name"),
        (&["--branch", "nonsense*"], "no branch has such a name"),
    ] {
        let run = three.ask(words).expect_code(2);
        assert!(run.err().contains(why) && run.err().lines().count() == 1, "{why}: {}", run.all());
        run.expect_lacks("hint").expect_lacks("warning");
    }
}

#[test]
fn author_matches_both_mailmap_names() {
    let three = Three::new(8113);
    let Three { ada, ben, cleo, fixture } = &three;
    three.ask(&["--author", "Benjamin"]).expect_code(2).expect_has("no commit has such an author");
    let mapped = "Benjamin <benjamin@example.net> <ben@example.org>\n";
    fs::write(fixture.repo.path(".mailmap"), mapped).expect("write");
    for use_it in ["true", "false"] {
        fixture.git(&["config", "log.mailmap", use_it]);
        three.expect(&["--author", "Benjamin"], &[ben]);
        three.expect(&["--author", "^Ben "], &[ben]);
        three.expect(&["--author", "^Ben"], &[ben]);
        three.expect(&["--author", "a"], &[ada, ben, cleo]);
        three.expect(&["main", "--author", "Benjamin", "--", "a.txt"], &[]);
    }
    // A mailmap in the settings of the user does not apply to the repository.
    fs::write(fixture.repo.base().join("mine"), "Zoe <zoe@example.net> <cleo@example.org>\n").expect("write");
    fixture.git(&["config", "mailmap.file", &fixture.repo.base().join("mine").to_string_lossy()]);
    for (name, value) in [("log.follow", "true"), ("log.showSignature", "true"), ("color.ui", "always")] {
        fixture.git(&["config", name, value]);
    }
    assert!(!fixture.git(&["log", "--all", "--use-mailmap", "--author=Zoe"]).out().is_empty());
    three.ask(&["--author", "Zoe"]).expect_code(2).expect_has("no commit has such an author");
    three.expect(&["--author", "Benjamin", "--", "src/b.txt"], &[ben]);
    fixture.add(".mailmap", mapped);
    let bare = fixture.repo.base().join("bare.git");
    fixture.git(&["clone", "-q", "--bare", ".", &bare.to_string_lossy()]);
    let run = history_call(&fixture.repo).args(&["--author", "Benjamin"]).cwd(&bare).run().expect_code(1);
    expect_tokens(&run, [ben]);
}

#[test]
fn no_setting_for_encodings_hides_an_author() {
    let mut three = Three::new(8114);
    let token = three.fixture.token();
    three.fixture.repo.stage("d.txt", client(&token));
    three.fixture.commit_by("Bj\u{f6}rn", &["commit", "-q", "-m", "fourth"]);
    for setting in ["i18n.logOutputEncoding", "i18n.commitEncoding"] {
        three.fixture.git(&["config", setting, "ISO-8859-1"]);
        three.expect(&["--author", "Bj\u{f6}rn"], &[&token]);
    }
}

#[test]
fn an_empty_selection_is_reported() {
    let three = Three::new(8106);
    let run = three.fixture.repo.keysweep_call(&["history", "main..main"]).run().expect_code(0);
    run.expect_has("no commit matches, so nothing was scanned");
}

#[test]
fn no_setting_graft_or_replacement_hides_a_commit() {
    let three = Three::new(8107);
    let Three { ada, ben, .. } = &three;
    let fixture = &three.fixture;
    fixture.git(&["config", "grep.patternType", "fixed"]);
    fixture.git(&["config", "log.follow", "true"]);
    three.expect(&["--author", "^Ben "], &[ben]);
    let (tip, root) = (fixture.git(&["rev-parse", "main"]).line(), fixture.git(&["rev-parse", "main~2"]).line());
    fixture.git(&["replace", "--graft", &tip, &root]);
    three.expect(&["main"], &[ada, ben]);
    fixture.git(&["replace", "-d", &tip]);
    fs::write(fixture.repo.path(".git/info/grafts"), format!("{tip} {root}\n")).expect("write");
    three.expect(&["main"], &[ada, ben]);
}

#[test]
fn a_range_beyond_a_shallow_clone_is_incomplete() {
    let three = Three::new(8108);
    let fixture = &three.fixture;
    let folder = fixture.repo.base().join("shallow");
    let url = format!("file://{}", fixture.repo.top().display());
    fixture.git(&["clone", "-q", "--depth=1", "--branch", "main", &url, &folder.to_string_lossy()]);
    let ask = |words: &[&str]| history_call(&fixture.repo).args(words).cwd(&folder).run();
    let run = ask(&["main"]).expect_code(2);
    assert!(run.summary()["skipped"].to_string().contains("shallow"), "{}", run.all());
    ask(&["main", "--allow-incomplete"]).expect_code(1);
}

#[test]
fn paths_are_relative_to_the_working_directory() {
    let three = Three::new(8109);
    let repo = &three.fixture.repo;
    let ask = |words: &[&str]| history_call(repo).args(words).cwd(repo.path("src")).run();
    expect_tokens(&ask(&["--", "b.txt"]).expect_code(1), [&three.ben]);
    expect_tokens(&ask(&["--", ":/src"]).expect_code(1), [&three.ben]);
    ask(&["--", "src/b.txt"]).expect_code(2).expect_has("no commit changes such a path");
}

#[test]
fn an_invalid_date_is_not_parsed_as_now() {
    let three = Three::new(8110);
    for words in [&["--since", "yestreday"][..], &["--until", "foo"], &["main", "--since", "once"]] {
        let run = three.ask(words).expect_code(2);
        assert!(run.err().contains(words[words.len() - 1]), "{}", run.all());
    }
    for words in [&["--since", "now"][..], &["--since", "yesterday"], &["--since", "2.weeks.ago"]] {
        three.ask(words).expect_code(0);
    }
}

#[test]
fn trace_output_of_git_is_not_an_error() {
    let three = Three::new(8111);
    let repo = &three.fixture.repo;
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    for name in ["GIT_TRACE", "GIT_TRACE2", "GIT_TRACE_SETUP"] {
        history_call(repo).env(name, "1").run().expect_code(1);
    }
}

#[test]
fn an_author_who_is_also_the_committer_is_reported_once() {
    let mut fixture = HistoryFixture::new(8150);
    let token = fixture.token();
    let call =
        fixture.repo.git_call(&["commit", "-q", "--allow-empty", "-m", "x", "--author", &format!("{token} <a@b>")]);
    call.env("GIT_COMMITTER_NAME", token.text()).run().expect_code(0);
    let run = history_call(&fixture.repo).args(&["main"]).run().expect_code(1);
    assert_eq!((&run.only_finding()["part"], &run.summary()["findings"]), (&"person".into(), &1.into()));
    let human = fixture.repo.keysweep(&["history", "main"]).expect_code(1);
    human.expect_has("keysweep: 1 token in 1 of 2 commits").expect_lacks(":::");
}

#[test]
fn a_filter_that_no_commit_matches_is_refused() {
    let three = Three::new(8115);
    let author = "no commit has such an author";
    let path = "no commit changes such a path";
    for (words, why) in [
        (&["--author", "nobody"][..], author),
        (&["main", "--author", "nobody"], author),
        (&["--since", "2024-03-03", "--author", "nobody"], author),
        (&["--", "nosuch"], path),
        (&["--author", "Ben", "--", "nosuch"], path),
        (&["main", "--", "src", "nosuch"], path),
        (&["main..side", "--", "nosuch/*.txt"], path),
    ] {
        let run = three.ask(words).expect_code(2).expect_has(why);
        assert!(run.objects()[0]["type"] == "error" && run.err().lines().count() == 1, "{}", run.all());
    }
    // If each filter matches some commit but no commit matches them all, the result is empty and not an error.
    let Three { ada, ben, cleo, .. } = &three;
    three.expect(&["--author", "Ben", "--", "a.txt"], &[]);
    three.expect(&["main..side", "--", "a.txt"], &[]);
    three.expect(&["main", "--author", "Cleo"], &[]);
    three.expect(&["--author", "Cleo", "--since", "2100-01-01"], &[]);
    three.expect(&["side", "--", ".", ":!src"], &[ada, cleo]);
    three.expect(&["--", "s*/b.txt"], &[ben]);
    // A commit that no branch reaches.
    let fixture = &three.fixture;
    let lone = fixture.git(&["rev-parse", "side"]).line();
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git(&["branch", "-q", "-D", "side"]);
    three.expect(&[&lone, "--author", "Cleo", "--", "c.txt"], &[cleo]);
}

#[test]
fn a_revision_beyond_a_shallow_clone_is_reported() {
    let three = Three::new(8116);
    let fixture = &three.fixture;
    let folder = fixture.repo.base().join("shallow");
    let url = format!("file://{}", fixture.repo.top().display());
    fixture.git(&["clone", "-q", "--depth=1", "--branch", "main", &url, &folder.to_string_lossy()]);
    let call = |args: &[&str]| fixture.repo.keysweep_call(args).cwd(&folder);
    let range = |call: crate::support::Call| {
        let call = call.env("PRE_COMMIT", "1").env("PRE_COMMIT_FROM_REF", "HEAD~1").env("PRE_COMMIT_TO_REF", "HEAD");
        call.env("PRE_COMMIT_REMOTE_NAME", "origin").run()
    };
    for run in [
        call(&["history", "HEAD~1..HEAD"]).run(),
        range(call(&["hook", "pre-commit"])),
        range(call(&["hook", "pre-push"])),
    ] {
        let run = run.expect_code(2).expect_has("shallow clone").expect_has("git fetch --unshallow");
        assert_eq!(run.err().lines().count(), 1, "{}", run.all());
    }
    three.ask(&["HEAD~99"]).expect_code(2).expect_lacks("shallow");
}

#[test]
fn git_shallow_file_is_respected() {
    let three = Three::new(8117);
    let fixture = &three.fixture;
    let Three { ada, ben, .. } = &three;
    fixture.git(&["checkout", "-q", "main"]);
    let tip = fixture.git(&["rev-parse", "main"]).line();
    fixture.repo.write("cut", format!("{tip}\n"));
    fixture.repo.write("sub/x", "");
    for (folder, revision) in [("", "main"), ("sub", "main"), ("", "--branch=ma*")] {
        let cut =
            history_call(&fixture.repo).args(&[revision]).cwd(fixture.repo.path(folder)).env("GIT_SHALLOW_FILE", "cut");
        let run = cut.run().expect_code(2).expect_has("shallow");
        run.expect_has(&ada.fingerprint()).expect_has(&ben.fingerprint());
    }
    history_call(&fixture.repo).env("GIT_SHALLOW_FILE", "cut").run().expect_code(2).expect_has("shallow");
    for nothing in ["", "no-such-file"] {
        let run = history_call(&fixture.repo).args(&["main"]).env("GIT_SHALLOW_FILE", nothing).run().expect_code(1);
        expect_tokens(&run, [ada, ben]);
    }
}

#[test]
fn a_missing_git_shallow_file_is_reported() {
    let fixture = Three::new(3022).fixture;
    let (from, to) = (format!("file://{}", fixture.repo.top().display()), fixture.repo.base().join("shallow"));
    fixture.repo.git_call(&["clone", "-q", "--depth", "1", &from]).args(&[&to]).run().expect_code(0);
    fs::write(to.join("words"), "no ids\n").expect("write");
    for file in ["/dev/null", ".", "words"] {
        for args in [&[][..], &["HEAD"]] {
            note(format!("{file} {args:?}"));
            let call = history_call(&fixture.repo).args(args).cwd(&to).env("GIT_SHALLOW_FILE", file);
            let run = call.run().expect_code(2).expect_has("of GIT_SHALLOW_FILE");
            run.expect_has("unset GIT_SHALLOW_FILE");
        }
    }
}
