//! What is not there to be scanned is counted and named, and is never clean; what need not be there is not missed.

use std::fs;
use std::path::PathBuf;

use crate::support::history::{Place, expect_tokens, fingerprint, history, history_call};
use crate::support::story::Story;
use crate::support::token::Token;
use crate::support::{Repo, Run, client, note, text};

/// Exit 2, these words in what the summary says was not scanned, and all the same these tokens.
#[track_caller]
fn expect_incomplete(run: Run, words: &[&str], tokens: &[&Token]) -> Run {
    let run = run.expect_code(2);
    let named = run.summary()["skipped"].to_string().to_lowercase();
    for word in words {
        if !named.contains(&word.to_lowercase()) {
            run.fail(&format!("expected {word:?} in what was skipped"));
        }
    }
    if run.err().is_empty() {
        run.fail("not a word on stderr");
    }
    let mut got: Vec<String> = run.findings().iter().map(|one| text(&one["fingerprint"]).to_owned()).collect();
    let mut want: Vec<String> = tokens.iter().map(|token| fingerprint(token)).collect();
    got.sort();
    want.sort();
    if got != want {
        run.fail(&format!("expected {want:?} of what is there, got {got:?}"));
    }
    run
}

/// Where the loose object is that this name stands for.
fn loose(repo: &Repo, name: &str) -> (String, PathBuf) {
    let id = repo.git(&["rev-parse", name]).line();
    let path = repo.path(".git/objects").join(&id[..2]).join(&id[2..]);
    assert!(path.is_file());
    (id, path)
}

/// A token that came and went, and three commits.
fn origin(seed: u64) -> (Story, Token) {
    let mut story = Story::new(seed);
    let token = story.token();
    story.add("deep/a.txt", client(&token));
    story.add("deep/a.txt", "mended\n");
    story.git(&["config", "uploadpack.allowFilter", "true"]);
    (story, token)
}

/// Clones over git's protocol.
fn clone(story: &Story, name: &str, options: &[&str]) -> PathBuf {
    let folder = story.repo.base().join(name);
    let url = format!("file://{}", story.repo.top().display());
    let call = story.repo.git_call(&["clone", "-q"]).args(options);
    call.args(&[&url, &folder.to_string_lossy().into_owned()]).run().expect_code(0);
    folder
}

#[test]
fn a_shallow_clone_says_that_it_is_one() {
    let (mut story, token) = origin(7900);
    let late = story.token();
    story.add("late.txt", client(&late));
    let folder = clone(&story, "shallow", &["--depth=1"]);
    let shallow = Place::at(&story.repo, &folder);
    let run = expect_incomplete(shallow.history(), &["shallow"], &[&late]);
    shallow.expect_counted(&run);
    let human =
        story.repo.keysweep_call(&["history"]).cwd(&folder).run().expect_code(2).expect_lacks("nothing skipped");
    human.expect_has("shallow");
    // The way out.
    shallow.git(&["fetch", "-q", "--unshallow"]);
    expect_tokens(&shallow.history().expect_code(1), [&token, &late]);
}

#[test]
fn a_shallow_clone_without_a_token_is_not_clean() {
    let (story, _) = origin(7901);
    let folder = clone(&story, "shallow", &["--depth=1"]);
    expect_incomplete(Place::at(&story.repo, folder).history(), &["shallow"], &[]);
}

#[test]
fn a_partial_clone_says_how_much_is_not_there_and_fetches_none_of_it() {
    for filter in ["--filter=blob:none", "--filter=tree:0", "--filter=blob:limit=20"] {
        note(filter);
        let (story, token) = origin(7902);
        let folder = clone(&story, "partial", &["--no-checkout", filter]);
        let partial = Place::at(&story.repo, &folder);
        let before = partial.ids();
        let run = expect_incomplete(partial.history(), &["partial"], &[]);
        partial.expect_counted(&run);
        assert_eq!(partial.ids(), before, "a sweep fetches nothing");
        // The way out: all of it is fetched.
        partial.git(&["fetch", "-q", "--refetch", "--no-filter"]);
        expect_tokens(&partial.history().expect_code(1), [&token]);
    }
}

#[test]
fn an_object_that_a_tree_a_commit_or_a_tag_names_and_that_is_gone() {
    for name in ["HEAD~1:deep/a.txt", "HEAD~1:deep", "HEAD~1^{tree}", "HEAD~1", "v1^{}"] {
        note(name);
        let (story, token) = origin(7903);
        story.git(&["tag", "-a", "-m", "v1", "v1", &story.repo.blob("tagged\n")]);
        let (id, path) = loose(&story.repo, name);
        fs::remove_file(path).expect("remove");
        let there: &[&Token] = if name == "HEAD~1:deep/a.txt" { &[] } else { &[&token] };
        expect_incomplete(history(&story.repo), &[&id[..12]], there);
    }
}

#[test]
fn many_missing_objects_are_counted_and_not_listed() {
    let story = Story::new(7904);
    for n in 0..60 {
        story.repo.write(format!("f/{n}.txt"), format!("{n}\n"));
    }
    story.git(&["add", "."]);
    story.commit("many");
    for n in 0..60 {
        fs::remove_file(loose(&story.repo, &format!("HEAD:f/{n}.txt")).1).expect("remove");
    }
    let run = expect_incomplete(history(&story.repo), &["60"], &[]);
    assert!(run.err().lines().count() <= 20, "{}", run.err());
}

#[test]
fn a_ref_and_an_index_that_name_what_is_not_there() {
    let story = Story::new(7905);
    let absent = "1234567890123456789012345678901234567890";
    fs::write(story.repo.path(".git/refs/heads/broken"), format!("{absent}\n")).expect("write");
    expect_incomplete(history(&story.repo), &["refs/heads/broken"], &[]);
    fs::remove_file(story.repo.path(".git/refs/heads/broken")).expect("remove");
    history(&story.repo).expect_silent();
    story.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{absent},a.txt")]);
    expect_incomplete(history(&story.repo), &[&absent[..12]], &[]);
}

#[test]
fn an_alternate_that_is_not_there() {
    let story = Story::new(7906);
    fs::write(story.repo.path(".git/objects/info/alternates"), "/nowhere/at/all/objects\n").expect("write");
    expect_incomplete(history(&story.repo), &["/nowhere/at/all"], &[]);
}

#[test]
fn what_need_not_be_there_is_not_missed() {
    let repo = Repo::new();
    // Git knows the empty tree by heart, and writes no blob for what is only intended to be added.
    let tree = repo.git_call(&["hash-object", "-t", "tree", "--stdin"]).run().line();
    let commit = repo.git(&["commit-tree", "-m", "empty", &tree]).line();
    repo.git(&["update-ref", "refs/heads/main", &commit]);
    repo.write("a.txt", "not yet\n");
    repo.git(&["add", "--intent-to-add", "a.txt"]);
    history(&repo).expect_silent();
    // What an expired reflog entry and a dangling tree name is git's to prune.
    let dangling = repo.git_call(&["mktree", "--missing"]).stdin(format!("100644 blob {}\tx\n", "12".repeat(20)));
    dangling.run().expect_code(0);
    let line = format!("{} {commit} Ada <a@b.c> 0 +0000\tgone\n", "34".repeat(20));
    fs::create_dir_all(repo.path(".git/logs")).expect("create");
    fs::write(repo.path(".git/logs/HEAD"), line).expect("write");
    history(&repo).expect_silent();
}

#[test]
fn a_submodule_is_named_and_no_missing_object() {
    let (story, other) = (Story::new(7907), Story::new(7908));
    let url = other.repo.top().to_string_lossy().into_owned();
    story.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "libs/sub"]);
    story.commit("with a submodule");
    let run = history(&story.repo).expect_code(0);
    assert_eq!(run.summary()["unread"], 0);
    assert!(run.summary().to_string().contains("libs/sub"), "{}", run.all());
}

#[test]
fn a_pointer_of_lfs_is_counted() {
    let story = Story::new(7909);
    let id = "ab".repeat(32);
    story.add("a.bin", format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 12345\n"));
    let run = history(&story.repo);
    assert!(run.summary().to_string().to_lowercase().contains("lfs"), "{}", run.all());
}

#[test]
fn replaced_and_grafted_history_is_followed_as_it_is() {
    let (story, token) = origin(7910);
    let bad = story.git(&["rev-parse", "HEAD~1"]).line();
    let root = story.git(&["rev-parse", "HEAD~2"]).line();
    story.git(&["replace", &bad, &root]);
    let run = history(&story.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert_eq!(run.only_finding()["first"]["commit"], *bad);
    assert!(run.summary().to_string().to_lowercase().contains("replace"), "named: {}", run.all());
    story.git(&["replace", "-d", &bad]);
    let tip = story.git(&["rev-parse", "HEAD"]).line();
    fs::write(story.repo.path(".git/info/grafts"), format!("{tip}\n")).expect("write");
    let run = history(&story.repo).expect_code(1);
    expect_tokens(&run, [&token]);
    assert_eq!(run.only_finding()["first"]["commit"], *bad);
    assert!(run.summary().to_string().to_lowercase().contains("graft"), "named: {}", run.all());
}

#[test]
fn a_commit_graph_that_lies_decides_nothing() {
    let (story, token) = origin(7911);
    story.git(&["commit-graph", "write", "--reachable"]);
    let path = story.repo.path(".git/objects/info/commit-graph");
    let mut bytes = fs::read(&path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x11);
    fs::remove_file(&path).expect("remove");
    fs::write(&path, bytes).expect("write");
    expect_tokens(&history(&story.repo).expect_code(1), [&token]);
}

#[test]
fn what_only_an_older_stash_or_another_worktree_leads_to_is_missed() {
    let story = Story::new(7930);
    let repo = &story.repo;
    repo.stage("a.txt", "a\n");
    story.commit("one");
    for text in ["first\n", "second\n"] {
        repo.write("a.txt", text);
        story.git(&["stash", "-q"]);
    }
    let (stashed, path) = loose(repo, "stash@{1}:a.txt");
    fs::remove_file(path).expect("remove");
    expect_incomplete(history(repo), &[&stashed[..12]], &[]);

    let story = Story::new(7931);
    let repo = &story.repo;
    story.git(&["worktree", "add", "-q", "--detach", "../linked"]);
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
fn a_submodule_is_named_where_no_index_has_it() {
    let story = Story::new(7932);
    let repo = &story.repo;
    let head = story.git(&["rev-parse", "HEAD"]).line();
    story.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},libs/inner")]);
    story.commit("with a submodule");
    let named = |run: Run, path: &str| {
        let skipped = run.expect_code(0).summary()["skipped"].clone();
        assert_eq!(skipped.as_array().map(Vec::len), Some(1), "{skipped}");
        assert_eq!(text(&skipped[0]["what"]), path);
    };
    named(history(repo), "libs/inner");
    named(Place::at(repo, clone(&story, "mirror.git", &["--mirror"])).history(), "inner");
    story.git(&["rm", "-q", "--cached", "libs/inner"]);
    story.commit("without");
    named(history(repo), "inner");
}

#[test]
fn worktrees_that_cannot_be_listed_are_not_passed_over() {
    let story = Story::new(7933);
    story.repo.write(".git/worktrees", "no folder\n");
    let run = history(&story.repo).expect_code(2);
    assert!(run.err().contains("cannot list the worktrees"), "{}", run.all());
}

/// All that some commits bring, asked for in each way.
const SELECTIONS: &[&[&str]] =
    &[&["HEAD"], &["--since", "2024-01-01"], &["--branch", "main"], &["--author", "Ada"], &["HEAD", "--", "deep"]];

#[test]
fn of_what_a_partial_clone_left_out_commits_that_are_asked_for_say_the_same() {
    for (filter, left_out) in [("--filter=blob:none", "1 object"), ("--filter=tree:0", "3 objects")] {
        let (mut story, _) = origin(7936);
        let lost = story.git(&["rev-parse", "HEAD~1:deep/a.txt"]).line();
        let (late, message) = (story.token(), story.token());
        story.repo.stage("deep/late.txt", client(&late));
        story.commit(&client(&message));
        let folder = clone(&story, "partial", &[filter]);
        let partial = Place::at(&story.repo, &folder);
        let before = partial.ids();
        for words in SELECTIONS {
            note(format!("{filter} {words:?}"));
            let ask = |more: &[&str]| history_call(&story.repo).args(more).args(words).cwd(&folder).run();
            let run = expect_incomplete(ask(&[]), &["partial clone", left_out], &[&late, &message]);
            if filter == "--filter=blob:none" {
                run.expect_has(&lost[..16]);
            }
            expect_tokens(&ask(&["--allow-incomplete"]).expect_code(1), [&late, &message]);
        }
        assert_eq!(partial.ids(), before, "nothing was fetched");
        // A pack that cannot be read is nothing that a clone leaves out.
        fs::write(folder.join(".git/objects/pack/pack-00.pack"), "").expect("write");
        let run = history_call(&story.repo).args(&["HEAD", "--allow-incomplete"]).cwd(&folder).run();
        run.expect_code(2).expect_has("pack-00.pack");
    }
}

#[test]
fn where_only_what_a_partial_clone_left_out_could_hold_a_token_that_can_be_accepted() {
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let (story, _) = origin(7937);
        let folder = clone(&story, "partial", &[filter]);
        for words in SELECTIONS {
            note(format!("{filter} {words:?}"));
            history_call(&story.repo).args(&["--allow-incomplete"]).args(words).cwd(&folder).run().expect_code(0);
        }
        let wrong = &["--allow-incomplete", "HEAD", "--", ":(nonsense)deep"];
        history_call(&story.repo).args(wrong).cwd(&folder).run().expect_code(2).expect_has("nonsense");
    }
}

#[test]
fn names_of_folders_that_a_partial_clone_left_out_are_scanned() {
    let mut story = Story::new(7940);
    let (early, below) = (story.token(), story.token());
    story.add(&format!("{early}/a.txt"), "a\n");
    story.add(&format!("{early}/a.txt"), "b\n");
    story.add(&format!("innocent/{below}/a.txt"), "a\n");
    story.git(&["config", "uploadpack.allowFilter", "true"]);
    let folder = clone(&story, "partial", &["--filter=tree:1", "--no-checkout"]);
    let ask = |words: &[&str]| history_call(&story.repo).args(words).cwd(&folder).run();
    for words in [&[][..], &["HEAD"]] {
        expect_incomplete(ask(words), &["partial clone", "4 objects"], &[&early]);
    }
}

#[test]
fn what_is_lost_may_be_accepted() {
    for name in ["HEAD~2:deep/a.txt", "HEAD~2:deep"] {
        let (mut story, token) = origin(7938);
        let late = story.token();
        story.add("late.txt", client(&late));
        let (id, path) = loose(&story.repo, name);
        fs::remove_file(path).expect("remove");
        for words in [&["--allow-incomplete"][..], &["--allow-incomplete", "HEAD"]] {
            note(format!("{name} {words:?}"));
            let run = history_call(&story.repo).args(words).run().expect_code(1);
            run.expect_has(&id[..16]);
        }
        let there: &[&Token] = if name == "HEAD~2:deep" { &[&token, &late] } else { &[&late] };
        expect_incomplete(history(&story.repo), &[&id[..16]], there);
        expect_incomplete(history_call(&story.repo).args(&["HEAD"]).run(), &[&id[..16]], &[&late]);
    }
    let story = Story::new(7939);
    fs::write(story.repo.path(".git/refs/heads/broken"), format!("{}\n", "12".repeat(20))).expect("write");
    history(&story.repo).expect_code(2).expect_has("refs/heads/broken");
    history_call(&story.repo).args(&["--allow-incomplete"]).run().expect_code(0).expect_has("refs/heads/broken");
}

#[test]
fn what_commits_are_asked_for_is_no_less_honest() {
    let story = Story::new(7934);
    story.add("a.bin", format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 1\n", "0".repeat(64)));
    let ask = |words: &[&str]| history_call(&story.repo).args(words).run();
    expect_incomplete(ask(&["HEAD"]), &["Git LFS"], &[]);
    ask(&["HEAD", "--allow-incomplete"]).expect_code(0);

    // Git would fetch the trees that it lacks to tell which commits change a path.
    let (story, _) = origin(7935);
    let folder = clone(&story, "treeless", &["--filter=tree:0", "--no-checkout"]);
    let treeless = Place::at(&story.repo, &folder);
    let before = treeless.ids();
    let run = history_call(&story.repo).args(&["HEAD", "--", "deep/a.txt"]).cwd(&folder).run();
    assert_eq!(treeless.ids(), before, "nothing was fetched");
    run.expect_code(2);
}
