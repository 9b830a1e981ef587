//! Missing objects are counted and reported, and never clean. Objects that need not exist are not reported.

use std::fs;
use std::path::PathBuf;

use crate::support::history::{GitEnvironment, expect_tokens, fingerprint, history, history_call};
use crate::support::history_fixture::HistoryFixture;
use crate::support::token::Token;
use crate::support::{Repo, Run, client, note, text};

/// Expects exit 2, these words in the skipped part of the summary, and findings for exactly these tokens.
#[track_caller]
fn expect_incomplete(run: Run, words: &[&str], tokens: &[&Token]) -> Run {
    let run = run.expect_code(2);
    let named = run.summary()["skipped"].to_string().to_lowercase();
    for word in words {
        if !named.contains(&word.to_lowercase()) {
            run.fail(&format!("expected {word:?} in the skipped part"));
        }
    }
    if run.err().is_empty() {
        run.fail("expected an error on stderr");
    }
    let mut got: Vec<String> = run.findings().iter().map(|one| text(&one["fingerprint"]).to_owned()).collect();
    let mut want: Vec<String> = tokens.iter().map(|token| fingerprint(token)).collect();
    got.sort();
    want.sort();
    if got != want {
        run.fail(&format!("expected the tokens {want:?} of the readable objects, got {got:?}"));
    }
    run
}

/// The id and the path of the loose object that a revision names.
fn loose(repo: &Repo, name: &str) -> (String, PathBuf) {
    let id = repo.git(&["rev-parse", name]).line();
    let path = repo.path(".git/objects").join(&id[..2]).join(&id[2..]);
    assert!(path.is_file());
    (id, path)
}

/// Three commits: the second introduces a token, and the third removes it.
fn origin(seed: u64) -> (HistoryFixture, Token) {
    let mut fixture = HistoryFixture::new(seed);
    let token = fixture.token();
    fixture.add("deep/a.txt", client(&token));
    fixture.add("deep/a.txt", "mended\n");
    fixture.git(&["config", "uploadpack.allowFilter", "true"]);
    (fixture, token)
}

/// Clones over git's protocol and returns the folder.
fn clone(fixture: &HistoryFixture, name: &str, options: &[&str]) -> PathBuf {
    let folder = fixture.repo.base().join(name);
    let url = format!("file://{}", fixture.repo.top().display());
    let call = fixture.repo.git_call(&["clone", "-q"]).args(options);
    call.args(&[&url, &folder.to_string_lossy().into_owned()]).run().expect_code(0);
    folder
}

#[test]
fn a_shallow_clone_is_reported() {
    let (mut fixture, token) = origin(7900);
    let late = fixture.token();
    fixture.add("late.txt", client(&late));
    let folder = clone(&fixture, "shallow", &["--depth=1"]);
    let shallow = GitEnvironment::at(&fixture.repo, &folder);
    let run = expect_incomplete(shallow.history(), &["shallow"], &[&late]);
    shallow.expect_counted(&run);
    let human =
        fixture.repo.keysweep_call(&["history"]).cwd(&folder).run().expect_code(2).expect_lacks("nothing skipped");
    human.expect_has("shallow");
    // Follow the advice.
    shallow.git(&["fetch", "-q", "--unshallow"]);
    expect_tokens(&shallow.history().expect_code(1), [&token, &late]);
}

#[test]
fn a_shallow_clone_without_a_token_is_not_clean() {
    let (fixture, _) = origin(7901);
    let folder = clone(&fixture, "shallow", &["--depth=1"]);
    expect_incomplete(GitEnvironment::at(&fixture.repo, folder).history(), &["shallow"], &[]);
}

#[test]
fn a_partial_clone_counts_missing_objects_and_fetches_none() {
    for filter in ["--filter=blob:none", "--filter=tree:0", "--filter=blob:limit=20"] {
        note(filter);
        let (fixture, token) = origin(7902);
        let folder = clone(&fixture, "partial", &["--no-checkout", filter]);
        let partial = GitEnvironment::at(&fixture.repo, &folder);
        let before = partial.ids();
        let run = expect_incomplete(partial.history(), &["partial"], &[]);
        partial.expect_counted(&run);
        assert_eq!(partial.ids(), before, "a scan must not fetch objects");
        // Follow the advice: fetch all objects.
        partial.git(&["fetch", "-q", "--refetch", "--no-filter"]);
        expect_tokens(&partial.history().expect_code(1), [&token]);
    }
}

#[test]
fn missing_objects_of_trees_commits_and_tags() {
    for name in ["HEAD~1:deep/a.txt", "HEAD~1:deep", "HEAD~1^{tree}", "HEAD~1", "v1^{}"] {
        note(name);
        let (fixture, token) = origin(7903);
        fixture.git(&["tag", "-a", "-m", "v1", "v1", &fixture.repo.blob("tagged\n")]);
        let (id, path) = loose(&fixture.repo, name);
        fs::remove_file(path).expect("remove");
        let there: &[&Token] = if name == "HEAD~1:deep/a.txt" { &[] } else { &[&token] };
        expect_incomplete(history(&fixture.repo), &[&id[..12]], there);
    }
}

#[test]
fn many_missing_objects_are_counted_and_not_listed() {
    let fixture = HistoryFixture::new(7904);
    for n in 0..60 {
        fixture.repo.write(format!("f/{n}.txt"), format!("{n}\n"));
    }
    fixture.git(&["add", "."]);
    fixture.commit("many");
    for n in 0..60 {
        fs::remove_file(loose(&fixture.repo, &format!("HEAD:f/{n}.txt")).1).expect("remove");
    }
    let run = expect_incomplete(history(&fixture.repo), &["60"], &[]);
    assert!(run.err().lines().count() <= 20, "{}", run.err());
}

#[test]
fn missing_objects_of_refs_and_the_index() {
    let fixture = HistoryFixture::new(7905);
    let absent = "1234567890123456789012345678901234567890";
    fs::write(fixture.repo.path(".git/refs/heads/broken"), format!("{absent}\n")).expect("write");
    expect_incomplete(history(&fixture.repo), &["refs/heads/broken"], &[]);
    fs::remove_file(fixture.repo.path(".git/refs/heads/broken")).expect("remove");
    history(&fixture.repo).expect_silent();
    fixture.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{absent},a.txt")]);
    expect_incomplete(history(&fixture.repo), &[&absent[..12]], &[]);
}

#[test]
fn a_missing_alternate() {
    let fixture = HistoryFixture::new(7906);
    fs::write(fixture.repo.path(".git/objects/info/alternates"), "/nowhere/at/all/objects\n").expect("write");
    expect_incomplete(history(&fixture.repo), &["/nowhere/at/all"], &[]);
}

#[test]
fn objects_that_need_not_exist_are_not_reported() {
    let repo = Repo::new();
    // Git knows the empty tree without an object, and writes no blob for an intent-to-add entry.
    let tree = repo.git_call(&["hash-object", "-t", "tree", "--stdin"]).run().line();
    let commit = repo.git(&["commit-tree", "-m", "empty", &tree]).line();
    repo.git(&["update-ref", "refs/heads/main", &commit]);
    repo.write("a.txt", "not yet\n");
    repo.git(&["add", "--intent-to-add", "a.txt"]);
    history(&repo).expect_silent();
    // Git may prune the objects of an expired reflog entry and of a dangling tree.
    let dangling = repo.git_call(&["mktree", "--missing"]).stdin(format!("100644 blob {}\tx\n", "12".repeat(20)));
    dangling.run().expect_code(0);
    let line = format!("{} {commit} Ada <a@b.c> 0 +0000\tgone\n", "34".repeat(20));
    fs::create_dir_all(repo.path(".git/logs")).expect("create");
    fs::write(repo.path(".git/logs/HEAD"), line).expect("write");
    history(&repo).expect_silent();
}

#[test]
fn a_submodule_is_reported_and_not_a_missing_object() {
    let (fixture, other) = (HistoryFixture::new(7907), HistoryFixture::new(7908));
    let url = other.repo.top().to_string_lossy().into_owned();
    fixture.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "libs/sub"]);
    fixture.commit("with a submodule");
    let run = history(&fixture.repo).expect_code(0);
    assert_eq!(run.summary()["unread"], 0);
    assert!(run.summary().to_string().contains("libs/sub"), "{}", run.all());
}

#[test]
fn a_pointer_of_lfs_is_counted() {
    let fixture = HistoryFixture::new(7909);
    let id = "ab".repeat(32);
    fixture.add("a.bin", format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 12345\n"));
    let run = history(&fixture.repo);
    assert!(run.summary().to_string().to_lowercase().contains("lfs"), "{}", run.all());
}

#[test]
fn replacements_and_grafts_are_ignored() {
    let (fixture, token) = origin(7910);
    let bad = fixture.git(&["rev-parse", "HEAD~1"]).line();
    let root = fixture.git(&["rev-parse", "HEAD~2"]).line();
    fixture.git(&["replace", &bad, &root]);
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert_eq!(run.only_finding()["first"]["commit"], *bad);
    assert!(run.summary().to_string().to_lowercase().contains("replace"), "named: {}", run.all());
    fixture.git(&["replace", "-d", &bad]);
    let tip = fixture.git(&["rev-parse", "HEAD"]).line();
    fs::write(fixture.repo.path(".git/info/grafts"), format!("{tip}\n")).expect("write");
    let run = history(&fixture.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert_eq!(run.only_finding()["first"]["commit"], *bad);
    assert!(run.summary().to_string().to_lowercase().contains("graft"), "named: {}", run.all());
}

#[test]
fn a_wrong_commit_graph_changes_nothing() {
    let (fixture, token) = origin(7911);
    fixture.git(&["commit-graph", "write", "--reachable"]);
    let path = fixture.repo.path(".git/objects/info/commit-graph");
    let mut bytes = fs::read(&path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x11);
    fs::remove_file(&path).expect("remove");
    fs::write(&path, bytes).expect("write");
    expect_tokens(&history(&fixture.repo).expect_code(1), [&token]);
}

#[test]
fn missing_objects_of_older_stashes_and_other_worktrees() {
    let fixture = HistoryFixture::new(7930);
    let repo = &fixture.repo;
    repo.stage("a.txt", "a\n");
    fixture.commit("one");
    for text in ["first\n", "second\n"] {
        repo.write("a.txt", text);
        fixture.git(&["stash", "-q"]);
    }
    let (stashed, path) = loose(repo, "stash@{1}:a.txt");
    fs::remove_file(path).expect("remove");
    expect_incomplete(history(repo), &[&stashed[..12]], &[]);

    let fixture = HistoryFixture::new(7931);
    let repo = &fixture.repo;
    fixture.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    let linked = repo.view("linked");
    linked.stage("b.txt", "b\n");
    linked.git(&["commit", "-q", "-m", "came"]);
    let (lost, path) = loose(repo, &linked.git(&["rev-parse", "HEAD:b.txt"]).line());
    linked.git(&["rm", "-q", "b.txt"]);
    linked.git(&["commit", "-q", "-m", "went"]);
    fs::remove_file(path).expect("remove");
    expect_incomplete(history(repo), &[&lost[..12]], &[]);
}

#[test]
fn a_submodule_outside_the_index_is_reported() {
    let fixture = HistoryFixture::new(7932);
    let repo = &fixture.repo;
    let head = fixture.git(&["rev-parse", "HEAD"]).line();
    fixture.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},libs/inner")]);
    fixture.commit("with a submodule");
    let named = |run: Run, path: &str| {
        let skipped = run.expect_code(0).summary()["skipped"].clone();
        assert_eq!(skipped.as_array().map(Vec::len), Some(1), "{skipped}");
        assert_eq!(text(&skipped[0]["what"]), path);
    };
    named(history(repo), "libs/inner");
    named(GitEnvironment::at(repo, clone(&fixture, "mirror.git", &["--mirror"])).history(), "inner");
    fixture.git(&["rm", "-q", "--cached", "libs/inner"]);
    fixture.commit("without");
    named(history(repo), "inner");
}

#[test]
fn worktrees_that_cannot_be_listed_are_an_error() {
    let fixture = HistoryFixture::new(7933);
    fixture.repo.write(".git/worktrees", "no folder\n");
    let run = history(&fixture.repo).expect_code(2);
    assert!(run.err().contains("cannot list the worktrees"), "{}", run.all());
}

/// Each way to select the commits of [`origin`].
const SELECTIONS: &[&[&str]] =
    &[&["HEAD"], &["--since", "2024-01-01"], &["--branch", "main"], &["--author", "Ada"], &["HEAD", "--", "deep"]];

#[test]
fn selected_commits_of_a_partial_clone_report_missing_objects() {
    for (filter, left_out) in [("--filter=blob:none", "1 object"), ("--filter=tree:0", "3 objects")] {
        let (mut fixture, _) = origin(7936);
        let lost = fixture.git(&["rev-parse", "HEAD~1:deep/a.txt"]).line();
        let (late, message) = (fixture.token(), fixture.token());
        fixture.repo.stage("deep/late.txt", client(&late));
        fixture.commit(&client(&message));
        let folder = clone(&fixture, "partial", &[filter]);
        let partial = GitEnvironment::at(&fixture.repo, &folder);
        let before = partial.ids();
        for words in SELECTIONS {
            note(format!("{filter} {words:?}"));
            let ask = |more: &[&str]| history_call(&fixture.repo).args(more).args(words).cwd(&folder).run();
            let run = expect_incomplete(ask(&[]), &["partial clone", left_out], &[&late, &message]);
            if filter == "--filter=blob:none" {
                run.expect_has(&lost[..16]);
            }
            expect_tokens(&ask(&["--allow-incomplete"]).expect_code(1), [&late, &message]);
        }
        assert_eq!(partial.ids(), before, "a scan must not fetch objects");
        // An unreadable pack is real damage, not an object that a partial clone left out.
        fs::write(folder.join(".git/objects/pack/pack-00.pack"), "").expect("write");
        let run = history_call(&fixture.repo).args(&["HEAD", "--allow-incomplete"]).cwd(&folder).run();
        run.expect_code(2).expect_has("pack-00.pack");
    }
}

#[test]
fn missing_objects_of_a_partial_clone_can_be_accepted() {
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let (fixture, _) = origin(7937);
        let folder = clone(&fixture, "partial", &[filter]);
        for words in SELECTIONS {
            note(format!("{filter} {words:?}"));
            history_call(&fixture.repo).args(&["--allow-incomplete"]).args(words).cwd(&folder).run().expect_code(0);
        }
        let wrong = &["--allow-incomplete", "HEAD", "--", ":(nonsense)deep"];
        history_call(&fixture.repo).args(wrong).cwd(&folder).run().expect_code(2).expect_has("nonsense");
    }
}

#[test]
fn folder_names_are_scanned_without_their_trees() {
    let mut fixture = HistoryFixture::new(7940);
    let (early, below) = (fixture.token(), fixture.token());
    fixture.add(&format!("{early}/a.txt"), "a\n");
    fixture.add(&format!("{early}/a.txt"), "b\n");
    fixture.add(&format!("innocent/{below}/a.txt"), "a\n");
    fixture.git(&["config", "uploadpack.allowFilter", "true"]);
    let folder = clone(&fixture, "partial", &["--filter=tree:1", "--no-checkout"]);
    let ask = |words: &[&str]| history_call(&fixture.repo).args(words).cwd(&folder).run();
    for words in [&[][..], &["HEAD"]] {
        expect_incomplete(ask(words), &["partial clone", "4 objects"], &[&early]);
    }
}

#[test]
fn lost_objects_can_be_accepted() {
    for name in ["HEAD~2:deep/a.txt", "HEAD~2:deep"] {
        let (mut fixture, token) = origin(7938);
        let late = fixture.token();
        fixture.add("late.txt", client(&late));
        let (id, path) = loose(&fixture.repo, name);
        fs::remove_file(path).expect("remove");
        for words in [&["--allow-incomplete"][..], &["--allow-incomplete", "HEAD"]] {
            note(format!("{name} {words:?}"));
            let run = history_call(&fixture.repo).args(words).run().expect_code(1);
            run.expect_has(&id[..16]);
        }
        let there: &[&Token] = if name == "HEAD~2:deep" { &[&token, &late] } else { &[&late] };
        expect_incomplete(history(&fixture.repo), &[&id[..16]], there);
        expect_incomplete(history_call(&fixture.repo).args(&["HEAD"]).run(), &[&id[..16]], &[&late]);
    }
    let fixture = HistoryFixture::new(7939);
    fs::write(fixture.repo.path(".git/refs/heads/broken"), format!("{}\n", "12".repeat(20))).expect("write");
    history(&fixture.repo).expect_code(2).expect_has("refs/heads/broken");
    history_call(&fixture.repo).args(&["--allow-incomplete"]).run().expect_code(0).expect_has("refs/heads/broken");
}

#[test]
fn selected_commits_report_skipped_content() {
    let fixture = HistoryFixture::new(7934);
    fixture
        .add("a.bin", format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 1\n", "0".repeat(64)));
    let ask = |words: &[&str]| history_call(&fixture.repo).args(words).run();
    expect_incomplete(ask(&["HEAD"]), &["Git LFS"], &[]);
    ask(&["HEAD", "--allow-incomplete"]).expect_code(0);

    // To find the commits that change a path, git would fetch missing trees.
    let (fixture, _) = origin(7935);
    let folder = clone(&fixture, "treeless", &["--filter=tree:0", "--no-checkout"]);
    let treeless = GitEnvironment::at(&fixture.repo, &folder);
    let before = treeless.ids();
    let run = history_call(&fixture.repo).args(&["HEAD", "--", "deep/a.txt"]).cwd(&folder).run();
    assert_eq!(treeless.ids(), before, "a scan must not fetch objects");
    run.expect_code(2);
}
