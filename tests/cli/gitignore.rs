//! `files --respect-gitignore` skips and reports ignored files. Tracked files are never ignored.

use std::fs;

use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, text};

/// Creates a file with its own token at each path.
fn repo_with_tokens(seed: u64, paths: &[&str]) -> (Repo, Vec<Token>) {
    let mut make = Maker::new(seed);
    let repo = Repo::new();
    let tokens: Vec<Token> = paths.iter().map(|_| make.sk_live(24)).collect();
    for (path, token) in paths.iter().zip(&tokens) {
        repo.write(path, client(token));
    }
    (repo, tokens)
}

/// Expects that a scan with `args` finds exactly these tokens and reports exactly these ignored paths.
#[track_caller]
fn expect(repo: &Repo, args: &[&str], found: &[(&str, &Token)], ignored: &[&str]) {
    let call = repo.keysweep_call(&["files", "--format", "jsonl", "--respect-gitignore"]);
    let run = call.args(args).run();
    let wanted: Vec<(&str, u64, &Token)> = found.iter().map(|(path, token)| (*path, 1, *token)).collect();
    let run = if wanted.is_empty() { run.expect_code(0) } else { run.expect_found(&wanted) };
    let summary = run.summary();
    let skipped = summary["skipped"].as_array().expect("a list");
    let skipped = skipped.iter().filter(|one| text(&one["why"]) == "git ignores it and does not track it");
    let mut skipped: Vec<&str> = skipped.map(|one| text(&one["what"])).collect();
    skipped.sort_unstable();
    if skipped != ignored {
        run.fail(&format!("expected {ignored:?} to be reported, got {skipped:?}"));
    }
}

#[test]
fn a_tracked_file_is_scanned_for_any_gitignore() {
    let paths = [".env", "build/kept.c", "build/out.o", "build/deep/b.o", "logs/x.log", "link/a.txt"];
    let (repo, t) = repo_with_tokens(4410, &paths);
    repo.write(".gitignore", ".env\nbuild/\n*.log\n");
    repo.git(&["add", "--force", ".gitignore", ".env", "build/kept.c"]);
    let found = [(".env", &t[0]), ("build/kept.c", &t[1]), ("link/a.txt", &t[5])];
    let ignored = ["build/deep", "build/out.o", "logs"];
    expect(&repo, &["."], &found, &ignored);
    repo.commit("committed all the same");
    expect(&repo, &["."], &found, &ignored);
    // Every form of index lists the tracked files.
    for form in [&["--index-version", "4"][..], &["--split-index"]] {
        repo.git(&[&["update-index"], form].concat());
        expect(&repo, &["."], &found, &ignored);
    }
    // From a subfolder, and with an absolute path.
    expect(&repo, &["link", "build"], &found[1..], &["build/deep", "build/out.o"]);
    let call = repo.keysweep_call(&["files", "--format", "jsonl", "--respect-gitignore", ".."]).cwd(repo.path("build"));
    call.run().expect_found(&found.map(|(path, token)| (path, 1, token)));
    expect(&repo, &[&repo.top().display().to_string()], &found, &ignored);
}

#[test]
fn a_named_path_is_scanned_although_git_ignores_it() {
    let paths = ["out.log", "target/debug/a.txt", "target/b.txt", "kept.txt"];
    let (repo, t) = repo_with_tokens(4411, &paths);
    repo.write(".gitignore", "*.log\ntarget/\n");
    expect(&repo, &["."], &[("kept.txt", &t[3])], &["out.log", "target"]);
    expect(&repo, &["out.log"], &[("out.log", &t[0])], &[]);
    expect(&repo, &[".", "out.log"], &[("out.log", &t[0]), ("kept.txt", &t[3])], &["target"]);
    let below = [("target/debug/a.txt", &t[1]), ("target/b.txt", &t[2])];
    expect(&repo, &["target"], &below, &[]);
    expect(&repo, &["target/debug"], &below[..1], &[]);
}

#[test]
fn every_source_of_excludes_applies() {
    let paths = ["by.exclude", "by.global", "by.nested", "sub/by.nested", "sub/kept.log", "a.log"];
    let (repo, t) = repo_with_tokens(4412, &paths);
    repo.write(".gitignore", "*.log\n");
    repo.write("sub/.gitignore", "by.nested\n!kept.log\n");
    repo.write(".git/info/exclude", "*.exclude\n");
    fs::write(repo.base().join("excludes"), "*.global\n").expect("write");
    let file = repo.base().join("excludes").display().to_string();
    repo.git(&["config", "core.excludesFile", &file]);
    let found = [("by.nested", &t[2]), ("sub/kept.log", &t[4])];
    expect(&repo, &["."], &found, &["a.log", "by.exclude", "by.global", "sub/by.nested"]);
    // Tracked files that each of the exclude files matches.
    repo.git(&["add", "--force", "."]);
    let all: Vec<_> = paths.iter().zip(&t).map(|(path, token)| (*path, token)).collect();
    expect(&repo, &["."], &all, &[]);
}

#[test]
fn a_nested_repository_has_its_own_excludes_and_tracked_files() {
    let paths = ["nested/.env", "nested/a.out", "nested/b.txt", "gone/c.txt", "module/d.txt", "module/e.out", "f.out"];
    let (repo, t) = repo_with_tokens(4413, &paths);
    for folder in ["nested", "gone", "module"] {
        repo.call("git", &["init", "-q", folder]).run().expect_code(0);
    }
    repo.write(".gitignore", ".env\n*.txt\n/gone/\n/module/\n");
    repo.write("nested/.gitignore", "*.out\n.env\n");
    repo.write("module/.gitignore", "*.out\n");
    for args in [&["-C", "nested", "add", "-f", ".env"][..], &["-C", "module", "add", "."]] {
        repo.git(args);
    }
    repo.git(&["-C", "module", "commit", "-q", "-m", "x"]);
    // A pattern matches the submodule, but it is tracked.
    repo.git(&["add", "--force", ".gitignore", "module"]);
    let found = [("nested/.env", &t[0]), ("nested/b.txt", &t[2]), ("module/d.txt", &t[4]), ("f.out", &t[6])];
    expect(&repo, &["."], &found, &["gone", "module/e.out", "nested/a.out"]);
    // The nested repository as the root of the scan, and as a path given from another repository.
    expect(&repo, &["nested"], &found[..2], &["nested/a.out"]);
    expect(&repo, &["gone"], &[("gone/c.txt", &t[3])], &[]);
    let worktree = repo.view("linked");
    repo.commit("base");
    repo.git(&["worktree", "add", "-q", "../linked"]);
    let token = Maker::new(4414).sk_live(24);
    fs::write(worktree.top.join("x.txt"), client(&token)).expect("write");
    fs::write(worktree.top.join("x.env"), client(&token)).expect("write");
    let call = repo.keysweep_call(&["files", "--format", "jsonl", "--respect-gitignore", "."]).cwd(&worktree.top);
    call.run().expect_found(&[("x.env", 1, &token)]);
}

#[test]
fn excludes_outside_of_a_repository_and_with_git_dir() {
    let token = Maker::new(4415).sk_live(24);
    let none = Repo::none();
    none.write("sub/a.log", client(&token));
    none.write("sub/.gitignore", "*.log\n");
    expect(&none, &["sub"], &[("sub/a.log", &token)], &[]);

    let repo = Repo::init(&["--separate-git-dir=../else where"]);
    repo.write("a.log", client(&token));
    repo.write("b.log", client(&token));
    repo.write(".gitignore", "*.log\n");
    repo.git(&["add", "--force", "b.log"]);
    expect(&repo, &["."], &[("b.log", &token)], &["a.log"]);
    fs::remove_file(repo.path(".git")).expect("remove");
    let call = repo.keysweep_call(&["files", "--format", "jsonl", "--respect-gitignore", "."]);
    let call = call.env("GIT_DIR", "../else where").env("GIT_WORK_TREE", ".");
    call.run().expect_found(&[("b.log", 1, &token)]);
}

#[test]
fn everything_is_scanned_if_git_cannot_list_excludes() {
    let (repo, t) = repo_with_tokens(4416, &["a.log"]);
    repo.write(".gitignore", "*.log\n");
    repo.write(".git/index", "no index\n");
    let run = repo.keysweep(&["files", "--format", "jsonl", "--respect-gitignore", "."]).expect_code(2);
    run.expect_has("cannot list the files that git ignores").expect_has(&t[0].fingerprint());
}
