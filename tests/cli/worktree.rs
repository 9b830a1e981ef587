//! `worktree` scans what `git add -A` would stage.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, executable, text};

/// A repository with a committed token, which no scan of a change reports.
fn repo_with_old_token(seed: u64, options: &[&str]) -> (Repo, Maker, Token) {
    let (repo, mut make) = (Repo::init(options), Maker::new(seed));
    let old = make.sk_live(24);
    repo.stage("old.txt", client(&old));
    repo.commit("an old token");
    (repo, make, old)
}

fn worktree(repo: &Repo) -> Run {
    repo.keysweep(&["worktree", "--format", "jsonl"])
}

/// Expects exactly these tokens at these paths, in any order.
#[track_caller]
fn expect(run: &Run, wanted: &[(&str, &Token)]) {
    let findings = run.findings();
    let found: BTreeSet<(&str, &str)> =
        findings.iter().map(|finding| (text(&finding["path"]), text(&finding["fingerprint"]))).collect();
    let fingerprints: Vec<String> = wanted.iter().map(|(_, token)| token.fingerprint()).collect();
    let wanted: BTreeSet<(&str, &str)> =
        wanted.iter().zip(&fingerprints).map(|((path, _), fingerprint)| (*path, fingerprint.as_str())).collect();
    if found != wanted || findings.len() != wanted.len() {
        run.fail(&format!("expected {wanted:?}"));
    }
}

#[test]
fn every_change_is_scanned_once() {
    for (seed, options) in [(8700, &[][..]), (8701, &["--object-format=sha256"])] {
        let (repo, mut make, old) = repo_with_old_token(seed, options);
        repo.stage(".gitignore", "*.log\n.env\n");
        repo.stage("edited.txt", "one\ntwo\n");
        repo.stage("tracked.log", "innocent\n");
        repo.stage("both.txt", "innocent\n");
        repo.commit("files");
        expect(&worktree(&repo).expect_code(0), &[]);
        let t: Vec<Token> = (0..7).map(|_| make.sk_live(24)).collect();
        repo.stage("staged.txt", client(&t[0]));
        repo.write("edited.txt", format!("one\n{}two\n", client(&t[1])));
        repo.write("new/untracked.txt", client(&t[2]));
        repo.write("tracked.log", client(&t[3]));
        repo.write("ignored.log", client(&t[4]));
        repo.stage("both.txt", client(&t[5]));
        repo.write("both.txt", format!("{}{}", client(&t[5]), client(&t[6])));
        // Lines that HEAD has are not new, even in a changed file.
        repo.write("old.txt", format!("{}another line\n", client(&old)));
        let changed = [
            ("staged.txt", &t[0]),
            ("edited.txt", &t[1]),
            ("new/untracked.txt", &t[2]),
            ("tracked.log", &t[3]),
            ("both.txt", &t[5]),
            ("both.txt", &t[6]),
        ];
        let run = worktree(&repo).expect_code(1);
        expect(&run, &changed);
        assert_eq!(run.findings()[0]["source"], "worktree");
        let below = repo.call(env!("CARGO_BIN_EXE_keysweep"), &["worktree", "--format", "jsonl"]);
        expect(&below.cwd(repo.path("new")).run().expect_code(1), &changed);
        let all = repo.keysweep(&["worktree", "--all", "--format", "jsonl"]).expect_code(1);
        expect(&all, &[&changed[..], &[("old.txt", &old)]].concat());
    }
}

#[test]
fn no_flag_of_the_index_and_no_time_hides_an_edit() {
    let (repo, mut make, _) = repo_with_old_token(8702, &[]);
    for name in ["assumed.txt", "skipped.txt", "same-time.txt"] {
        repo.stage(name, format!("{}\n", "x".repeat(client(&make.sk_live(24)).len() - 1)));
    }
    repo.commit("files");
    repo.git(&["update-index", "--assume-unchanged", "assumed.txt"]);
    repo.git(&["update-index", "--skip-worktree", "skipped.txt"]);
    repo.git(&["config", "core.ignoreStat", "true"]);
    repo.git(&["config", "core.checkStat", "minimal"]);
    let tokens: Vec<Token> = (0..3).map(|_| make.sk_live(24)).collect();
    repo.write("assumed.txt", client(&tokens[0]));
    repo.write("skipped.txt", client(&tokens[1]));
    // The same size and the same time of modification as git has recorded.
    let path = repo.path("same-time.txt");
    let modified = fs::metadata(&path).expect("a file").modified().expect("a time");
    fs::write(&path, client(&tokens[2])).expect("write");
    fs::File::options().write(true).open(&path).expect("open").set_modified(modified).expect("set the time");
    let wanted = [("assumed.txt", &tokens[0]), ("skipped.txt", &tokens[1]), ("same-time.txt", &tokens[2])];
    expect(&worktree(&repo).expect_code(1), &wanted);
}

#[test]
fn formats_of_the_index() {
    for (seed, setup) in [
        (8703, &[&["update-index", "--index-version=4"][..]][..]),
        (8704, &[&["update-index", "--split-index"]]),
        (8705, &[&["sparse-checkout", "set", "--cone", "--sparse-index", "kept"]]),
    ] {
        let (repo, mut make, _) = repo_with_old_token(seed, &[]);
        repo.stage("kept/a.txt", "innocent\n");
        repo.stage("left/b.txt", "innocent\n");
        repo.commit("files");
        for command in setup {
            repo.git(command);
        }
        repo.stage("kept/c.txt", "innocent\n");
        expect(&worktree(&repo).expect_code(0), &[]);
        let (edited, untracked) = (make.sk_live(24), make.sk_live(24));
        repo.write("kept/a.txt", client(&edited));
        repo.write("kept/new.txt", client(&untracked));
        expect(&worktree(&repo).expect_code(1), &[("kept/a.txt", &edited), ("kept/new.txt", &untracked)]);
    }
}

#[test]
fn line_ends_and_renames_make_no_old_token_new() {
    let (repo, mut make, old) = repo_with_old_token(8706, &[]);
    let new = make.sk_live(24);
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.write("old.txt", format!("{}{}", client(&old), client(&new)).replace('\n', "\r\n"));
    expect(&worktree(&repo).expect_code(1), &[("old.txt", &new)]);
    fs::rename(repo.path("old.txt"), repo.path("crlf.txt")).expect("rename");
    repo.write("moved/old.txt", client(&old));
    fs::remove_file(repo.path("crlf.txt")).expect("remove");
    expect(&worktree(&repo).expect_code(0), &[]);
}

#[test]
fn a_conflict_has_the_lines_of_both_sides() {
    let (repo, mut make, _) = repo_with_old_token(8707, &[]);
    let (ours, theirs, new) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
    repo.stage("a.txt", "base\n");
    repo.commit("base");
    repo.git(&["checkout", "-q", "-b", "other"]);
    repo.stage("a.txt", client(&theirs));
    repo.commit("theirs");
    repo.git(&["checkout", "-q", "-"]);
    repo.stage("a.txt", client(&ours));
    repo.commit("ours");
    repo.git_call(&["merge", "-q", "other"]).run().expect_code(1);
    expect(&worktree(&repo).expect_code(0), &[]);
    let text = fs::read_to_string(repo.path("a.txt")).expect("the conflict");
    repo.write("a.txt", format!("{text}{}", client(&new)));
    expect(&worktree(&repo).expect_code(1), &[("a.txt", &new)]);
}

#[test]
fn no_filter_runs_and_filtered_files_are_named() {
    let (repo, mut make, _) = repo_with_old_token(8708, &[]);
    let marker = repo.base().join("ran");
    let script = repo.base().join("filter");
    executable(&script, &format!("#!/bin/sh\ntouch '{}'\ncat\n", marker.display()));
    repo.stage(".gitattributes", "*.bin filter=planted\n");
    repo.stage("a.bin", "innocent\n");
    repo.commit("a filtered file");
    repo.git(&["config", "filter.planted.clean", &script.display().to_string()]);
    repo.git(&["config", "filter.planted.process", &script.display().to_string()]);
    let (edited, untracked) = (make.sk_live(24), make.sk_live(24));
    repo.write("a.bin", client(&edited));
    repo.write("b.bin", client(&untracked));
    let run = worktree(&repo).expect_code(1);
    expect(&run, &[("a.bin", &edited), ("b.bin", &untracked)]);
    let note = "git filters what it stages of a.bin, b.bin; the bytes on disk were scanned";
    assert!(run.summary()["notes"].to_string().contains(note), "{}", run.all());
    assert!(!marker.exists(), "the filter ran");
}

#[test]
fn names_links_and_what_is_no_file() {
    let (repo, mut make, _) = repo_with_old_token(8709, &[]);
    repo.stage("dir/a.txt", "innocent\n");
    repo.stage("pipe", "innocent\n");
    repo.commit("a folder");
    fs::remove_file(repo.path("pipe")).expect("remove");
    let (folder, file, target, outside) = (make.sk_live(24), make.sk_live(24), make.sk_live(24), make.sk_live(24));
    repo.write(format!("{folder}/x/y.txt"), "innocent\n");
    repo.write(format!("dir/{file}.txt"), "innocent\n");
    symlink(target.text(), repo.path("link")).expect("a link");
    repo.call("mkfifo", &["pipe"]).run().expect_code(0);
    // A tracked folder is now a link to a folder elsewhere, which git does not follow.
    let elsewhere = repo.base().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    fs::rename(repo.path("dir"), repo.path("kept")).expect("rename");
    fs::write(elsewhere.join("a.txt"), client(&outside)).expect("write");
    symlink(&elsewhere, repo.path("dir")).expect("a link");
    let run = worktree(&repo).expect_code(1);
    let found: BTreeSet<String> =
        run.findings().iter().map(|finding| text(&finding["fingerprint"]).to_owned()).collect();
    assert_eq!(found, [&folder, &file, &target].map(Token::fingerprint).into(), "{}", run.all());
    assert!(run.summary()["skipped"].to_string().contains(r#""what":"pipe""#), "{}", run.all());
}

#[test]
fn repositories_in_the_worktree_are_named() {
    let (repo, mut make, _) = repo_with_old_token(8710, &[]);
    repo.git(&["init", "-q", "inner"]);
    repo.write("inner/a.txt", client(&make.sk_live(24)));
    let run = worktree(&repo).expect_code(0);
    assert!(run.summary()["skipped"].to_string().contains("inner"), "{}", run.all());
}

#[test]
fn a_bare_repository_has_no_worktree() {
    let repo = Repo::init(&["--bare"]);
    let run = worktree(&repo).expect_code(2);
    assert!(run.all().contains("it is a bare repository"), "{}", run.all());
}

#[test]
fn a_damaged_index_is_an_error() {
    let (repo, ..) = repo_with_old_token(8711, &[]);
    fs::write(repo.path(".git/index"), "no index").expect("write");
    worktree(&repo).expect_code(2);
}

#[test]
fn a_folder_that_cannot_be_read_is_an_error() {
    for (command, tracked) in [("worktree", false), ("worktree", true), ("audit", false), ("audit", true)] {
        let (repo, mut make, _) = repo_with_old_token(8712, &[]);
        if tracked {
            repo.stage("closed/a.txt", "innocent\n");
            repo.commit("a folder");
        }
        repo.write("closed/a.txt", client(&make.sk_live(24)));
        repo.call("chmod", &[Path::new("-R"), Path::new("a+rX"), repo.base()]).run().expect_code(0);
        fs::set_permissions(repo.path("closed"), fs::Permissions::from_mode(0o000)).expect("chmod");
        let call = repo.unprivileged_call(&[command]);
        let run = call
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "safe.directory")
            .env("GIT_CONFIG_VALUE_0", "*")
            .run();
        fs::set_permissions(repo.path("closed"), fs::Permissions::from_mode(0o755)).expect("chmod");
        run.expect_code(2).expect_has("closed");
    }
}

/// The commands that read the files of the worktree, or write to it.
const READERS: [&[&str]; 6] = [
    &["audit"],
    &["worktree"],
    &["rotate", "attio"],
    &["scopes"],
    &["baseline", "--reason", "x"],
    &["install", "--agent", "claude-code"],
];

/// A repository that somebody else made comes with its settings.
#[test]
fn a_setting_of_the_repository_leads_to_no_other_folder() {
    let repo = Repo::new();
    repo.stage("a.txt", "text\n");
    let outside = repo.base().join("outside");
    fs::create_dir(&outside).expect("create");
    fs::write(outside.join("private-name.ts"), "process.env.ATTIO_API_KEY\n").expect("write");
    for target in [outside.as_path(), repo.base(), Path::new("/")] {
        repo.git(&["config", "core.worktree", target.to_str().expect("UTF-8")]).expect_code(0);
        for args in READERS {
            let run = repo.keysweep_call(args).timeout(Duration::from_secs(20)).run().expect_code(2);
            run.expect_has("cannot read the files of the worktree").expect_lacks("private-name");
        }
        let find = repo.keysweep_call(&["find"]).stdin("process.env.ATTIO_API_KEY\n").run().expect_code(2);
        find.expect_lacks("private-name");
        // The index is the repository's own.
        repo.staged().expect_code(0);
    }
    assert_eq!(fs::read_dir(&outside).expect("list").count(), 1);
    // A person may name the folder.
    repo.git(&["config", "core.worktree", outside.to_str().expect("UTF-8")]).expect_code(0);
    repo.keysweep_call(&["scopes"]).env("GIT_WORK_TREE", &outside).run().expect_code(0);
    // The own folder is no other one.
    repo.git(&["config", "core.worktree", repo.top().to_str().expect("UTF-8")]).expect_code(0);
    repo.keysweep(&["worktree"]).expect_code(0);
}

#[test]
fn the_root_folder_is_no_worktree_to_read() {
    let repo = Repo::new();
    repo.stage("a.txt", "text\n");
    for args in READERS {
        let call = repo.keysweep_call(args).env("GIT_WORK_TREE", "/").env("GIT_DIR", repo.path(".git"));
        call.timeout(Duration::from_secs(20)).run().expect_code(2).expect_has("it is the root folder");
    }
}

#[test]
fn the_worktree_of_a_submodule_is_its_own() {
    let (repo, inner) = (Repo::new(), Repo::new());
    inner.stage("a.txt", "text\n");
    inner.commit("one");
    let url = inner.top().to_str().expect("UTF-8");
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", url, "sub"]).expect_code(0);
    let setting = repo.git_call(&["config", "core.worktree"]).cwd(repo.path("sub")).run().expect_code(0);
    assert_eq!(setting.out(), "../../../sub\n");
    repo.keysweep_call(&["worktree"]).cwd(repo.path("sub")).run().expect_code(0);
    repo.keysweep_call(&["scopes"]).cwd(repo.path("sub")).run().expect_code(0);
    repo.git(&["worktree", "add", "-q", "--orphan", "../linked"]).expect_code(0);
    repo.keysweep_call(&["worktree"]).cwd(repo.base().join("linked")).run().expect_code(0);
}
