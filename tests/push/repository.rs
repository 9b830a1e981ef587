//! Pushes from every kind of repository that git creates.

use std::fs;
use std::path::Path;

use crate::support::push::{JSONL, Pair, ZERO, expect_report, write_hook};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, note};

/// Creates a commit in this folder without running hooks and returns its id.
fn commit(repo: &Repo, folder: &Path, path: &str, text: &str) -> String {
    fs::write(folder.join(path), text).expect("write");
    let at = |args: &[&str]| repo.git_call(args).cwd(folder).run().expect_code(0);
    at(&["add", "--sparse", "-f", path]);
    at(&["commit", "-q", "--no-verify", "-m", "x"]);
    at(&["rev-parse", "HEAD"]).line()
}

fn push(repo: &Repo, folder: &Path, args: &[&str]) -> Run {
    repo.git_call(&["push", "-q"]).args(args).cwd(folder).run()
}

/// Expects that a clean commit passes, that a commit with a token is blocked, and that its fixed version passes.
fn expect_hook_scans(pair: &mut Pair, folder: &Path) {
    let token = pair.token();
    let repo = &pair.repo;
    write_hook(repo, folder, "pre-push", JSONL);
    let clean = token.fingerprint();
    commit(repo, folder, "clean.txt", &clean);
    expect_report(&push(repo, folder, &["origin", "HEAD:refs/heads/x"]).expect_code(0), &[]);
    commit(repo, folder, "clean.txt", &format!("{clean} again"));
    let bad = commit(repo, folder, "a.txt", &format!("x\n{}", client(&token)));
    commit(repo, folder, "a.txt", "x\n");
    let run = push(repo, folder, &["origin", "HEAD:refs/heads/x"]).expect_code(1);
    expect_report(&run, &[(&bad, "a.txt:2", &token)]);
    repo.git_call(&["reset", "-q", "--soft", "HEAD~2"]).cwd(folder).run().expect_code(0);
    commit(repo, folder, "b.txt", &clean);
    expect_report(&push(repo, folder, &["origin", "HEAD:refs/heads/x"]).expect_code(0), &[]);
}

/// Clones `origin` with these options as `name`.
fn cloned(pair: &Pair, name: &str, options: &[&str]) -> std::path::PathBuf {
    let url = format!("file://{}", pair.origin().display());
    pair.repo.git_call(&["clone", "-q"]).args(options).args(&[&url, &format!("../{name}")]).run().expect_code(0);
    pair.repo.base().join(name)
}

#[test]
fn every_format_of_repository_is_scanned() {
    for options in [
        &[][..],
        &["--object-format=sha256"],
        &["--ref-format=reftable"],
        &["--ref-format=reftable", "--object-format=sha256"],
    ] {
        note(format!("{options:?}"));
        let mut pair = Pair::init(3500, options);
        let top = pair.repo.top().to_owned();
        if options.len() != 1 {
            pair.repo.git(&["pack-refs", "--all"]);
            pair.repo.git(&["repack", "-q", "-a", "-d"]);
        }
        expect_hook_scans(&mut pair, &top);
    }
}

#[test]
fn a_linked_worktree_is_scanned() {
    for options in [&[][..], &["--ref-format=reftable"]] {
        let mut pair = Pair::init(3501, options);
        pair.repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
        let linked = pair.repo.base().join("linked");
        expect_hook_scans(&mut pair, &linked);
    }
}

#[test]
fn a_push_from_a_bare_repository_is_scanned() {
    let mut pair = Pair::new(3502);
    let token = pair.token();
    let bad = pair.add("a.txt", client(&token));
    let repo = &pair.repo;
    repo.git(&["clone", "-q", "--bare", ".", "../middle.git"]);
    let middle = repo.base().join("middle.git");
    write_hook(repo, &middle, "pre-push", JSONL);
    let url = pair.origin();
    let url = url.to_str().expect("UTF-8");
    // The middle repository has no refs/remotes, so every commit is new on a new branch.
    let run = push(repo, &middle, &[url, "main:new"]).expect_code(1);
    expect_report(&run, &[(&pair.oid("HEAD~1"), "old.txt:2", &pair.old), (&bad, "a.txt:1", &token)]);
    let run = push(repo, &middle, &[url, "main"]).expect_code(1);
    expect_report(&run, &[(&bad, "a.txt:1", &token)]);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    pair.add("a.txt", "innocent\n");
    repo.git_call(&["fetch", "-q", "../repo", "+main:main"]).cwd(&middle).run().expect_code(0);
    expect_report(&push(repo, &middle, &[url, "main"]).expect_code(0), &[]);
}

#[test]
fn objects_in_alternates_are_read() {
    for (name, options) in [("shared", &["--shared"][..]), ("referring", &["--reference", "."])] {
        note(name);
        let mut pair = Pair::new(3503);
        // The commit is in the alternate and on no remote.
        let token = pair.token();
        let bad = pair.add("far.txt", client(&token));
        pair.repo
            .git_call(&["clone", "-q"])
            .args(options)
            .args(&[&pair.origin(), &format!("../{name}").into()])
            .run()
            .expect_code(0);
        let folder = pair.repo.base().join(name);
        if name == "shared" {
            fs::write(
                folder.join(".git/objects/info/alternates"),
                format!("{}\n{}\n", pair.origin().join("objects").display(), pair.repo.path(".git/objects").display()),
            )
            .expect("write");
        }
        write_hook(&pair.repo, &folder, "pre-push", JSONL);
        let run = push(&pair.repo, &folder, &["origin", &format!("{bad}:refs/heads/far")]).expect_code(1);
        expect_report(&run, &[(&bad, "far.txt:1", &token)]);
        expect_hook_scans(&mut pair, &folder);
    }
}

#[test]
fn a_shallow_clone_is_scanned_exactly() {
    for depth in ["--depth=1", "--depth=2"] {
        note(depth);
        let mut pair = Pair::new(3504);
        for n in 0..4 {
            pair.add("other.txt", format!("{n}\n"));
        }
        pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
        let folder = cloned(&pair, "shallow", &[depth]);
        assert!(folder.join(".git/shallow").is_file());
        // The new token is in the same file as the old token.
        let repo = &pair.repo;
        write_hook(repo, &folder, "pre-push", JSONL);
        commit(repo, &folder, "old.txt", &format!("first\n{}last\nmore\n", client(&pair.old)));
        expect_report(&push(repo, &folder, &["origin", "main"]).expect_code(0), &[]);
        expect_hook_scans(&mut pair, &folder);
    }
}

#[test]
fn a_shallow_clone_behind_its_remote_is_scanned_exactly() {
    let mut pair = Pair::new(3505);
    let token = pair.token();
    pair.add("other.txt", "x\n");
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    let folder = cloned(&pair, "shallow", &["--depth=1"]);
    pair.add("other.txt", "y\n");
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    let repo = &pair.repo;
    write_hook(repo, &folder, "pre-push", JSONL);
    commit(repo, &folder, "clean.txt", "innocent\n");
    expect_report(&push(repo, &folder, &["--force", "origin", "HEAD:refs/heads/main"]).expect_code(0), &[]);
    let bad = commit(repo, &folder, "a.txt", &client(&token));
    expect_report(&push(repo, &folder, &["origin", "HEAD:refs/heads/y"]).expect_code(1), &[(&bad, "a.txt:1", &token)]);
    // A later fetch creates two shallow boundaries, one of them within the history that the remote has.
    repo.git_call(&["fetch", "-q", "--depth=3"]).cwd(&folder).run().expect_code(0);
    expect_report(&push(repo, &folder, &["origin", "HEAD:refs/heads/y"]).expect_code(1), &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn a_shallow_boundary_that_the_remote_lacks_is_scanned_fully() {
    let pair = Pair::new(3510);
    let end = pair.add("other.txt", "x\n");
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    let folder = cloned(&pair, "shallow", &["--depth=1"]);
    let target = pair.bare("target", &[]);
    write_hook(&pair.repo, &folder, "pre-push", JSONL);
    let run = push(&pair.repo, &folder, &[target.to_str().expect("UTF-8"), "main"]).expect_code(1);
    expect_report(&run, &[(&end, "old.txt:2", &pair.old)]);
    assert!(run.summary()["notes"].to_string().contains("shallow"), "{}", run.all());
}

#[test]
fn a_partial_clone_needs_only_the_new_blobs() {
    let mut pair = Pair::new(3506);
    let token = pair.token();
    pair.add("old.txt", "first\nlast\n");
    pair.add("more.txt", client(&pair.old));
    pair.add("more.txt", "gone\n");
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    pair.repo.git_call(&["config", "uploadpack.allowFilter", "true"]).cwd(pair.origin()).run().expect_code(0);
    let folder = cloned(&pair, "partial", &["--filter=blob:none"]);
    let repo = &pair.repo;
    let missing = repo.git_call(&["rev-list", "--objects", "--all", "--missing=print"]).cwd(&folder).run();
    assert!(missing.out().contains("\n?"), "no object is missing: {}", missing.out());
    expect_hook_scans(&mut pair, &folder);

    // An old file whose blob is missing, moved and edited. Its old content cannot be read.
    let folder = cloned(&pair, "bare-bones", &["--filter=blob:none", "--no-checkout"]);
    let repo = &pair.repo;
    let at = |args: &[&str]| repo.git_call(args).cwd(&folder).run().expect_code(0);
    write_hook(repo, &folder, "pre-push", JSONL);
    at(&["read-tree", "HEAD"]);
    let missing = repo.git_call(&["config", "remote.origin.promisor", "false"]).cwd(&folder).run();
    drop(missing.expect_code(0));
    let oid = at_stdin(repo, &folder, "innocent\n");
    at(&["update-index", "--add", "--cacheinfo", &format!("100644,{oid},more.txt")]);
    at(&["commit", "-q", "--no-verify", "-m", "x"]);
    expect_direct(repo, &folder, 0, &[]);
    let oid = at_stdin(repo, &folder, &client(&token));
    at(&["update-index", "--add", "--cacheinfo", &format!("100644,{oid},new.txt")]);
    at(&["commit", "-q", "--no-verify", "-m", "x"]);
    let bad = at(&["rev-parse", "HEAD"]).line();
    expect_direct(repo, &folder, 1, &[(&bad, "new.txt:1", &token)]);
    // A missing new object cannot be scanned.
    fs::remove_file(folder.join(format!(".git/objects/{}/{}", &oid[..2], &oid[2..]))).expect("a loose object");
    let run = direct(repo, &folder).expect_code(2);
    assert!(run.err().contains("new.txt") || run.err().contains(&oid[..7]), "{}", run.all());
    assert_ne!(run.summary()["unread"], 0);
}

fn at_stdin(repo: &Repo, folder: &Path, text: &str) -> String {
    repo.git_call(&["hash-object", "-w", "--stdin"]).cwd(folder).stdin(text).run().expect_code(0).line()
}

/// Runs the hook for a new branch at HEAD.
fn direct(repo: &Repo, folder: &Path) -> Run {
    let oid = repo.git_call(&["rev-parse", "HEAD"]).cwd(folder).run().line();
    let line = format!("refs/heads/x {oid} refs/heads/x {}\n", &ZERO.repeat(2)[..oid.len()]);
    let args = ["hook", "--format", "jsonl", "pre-push", "origin", "../origin.git"];
    repo.keysweep_call(&args).cwd(folder).stdin(line).run()
}

#[track_caller]
fn expect_direct(repo: &Repo, folder: &Path, code: i32, wanted: &[(&str, &str, &Token)]) {
    expect_report(&direct(repo, folder).expect_code(code), wanted);
}

#[test]
fn replacements_and_grafts_hide_no_commit() {
    type Hiding = (&'static str, fn(&Repo, &str, &str));
    let hidings: &[Hiding] = &[
        ("commit replaced", |r, bad, clean| drop(r.git(&["replace", bad, clean]))),
        ("tree replaced", |r, bad, clean| {
            drop(r.git(&["replace", &format!("{bad}^{{tree}}"), &format!("{clean}^{{tree}}")]));
        }),
        ("blob replaced", |r, bad, clean| {
            drop(r.git(&["replace", &format!("{bad}:a.txt"), &format!("{clean}:a.txt")]));
        }),
        ("grafted by replacement", |r, _, clean| drop(r.git(&["replace", "--graft", "HEAD", clean]))),
        ("grafted by file", |r, _, clean| {
            let head = r.git(&["rev-parse", "HEAD"]).line();
            r.write(".git/info/grafts", format!("{head} {clean}\n"));
        }),
        ("an older commit-graph", |r, _, _| drop(r.git(&["commit-graph", "write", "--reachable"]))),
    ];
    for (name, hide) in hidings {
        note(name);
        let mut pair = Pair::new(3507);
        let token = pair.token();
        let clean = pair.add("a.txt", "innocent\n");
        pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
        let bad = pair.add("a.txt", client(&token));
        pair.add("a.txt", "innocent again\n");
        hide(&pair.repo, &bad, &clean);
        let run = pair.direct(pair.new_ref("refs/heads/main")).expect_code(1);
        expect_report(&run, &[(&bad, "a.txt:1", &token)]);
        pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:1", &token)]);
    }
}

#[test]
fn folders_and_remotes_of_any_name_are_scanned() {
    let mut make = Maker::new(3508);
    let token = make.sk_live(24);
    for name in [&b"sp ace"[..], b"quo'te\"$HOME`x`", b"new\nline", b"caf\xe9", "\u{f6}".as_bytes()] {
        note(name.escape_ascii());
        let repo = Repo::none();
        let folder = repo.path(crate::support::os(name));
        let at = |args: &[&str]| repo.git_call(args).cwd(&folder);
        fs::create_dir(&folder).expect("create");
        at(&["init", "-q", "-b", "main"]).run().expect_code(0);
        at(&["init", "-q", "--bare", "remote.git"]).run().expect_code(0);
        at(&["remote", "add", "origin"]).args(&[folder.join("remote.git")]).run().expect_code(0);
        write_hook(&repo, &folder, "pre-push", JSONL);
        let bad = commit(&repo, &folder, "a.txt", &client(&token));
        let run = push(&repo, &folder, &["origin", "main"]).expect_code(1);
        expect_report(&run, &[(&bad, "a.txt:1", &token)]);
        let call = at(&["push", "-q"]).args(&[folder.join("remote.git").as_os_str(), "main".as_ref()]);
        expect_report(&call.run().expect_code(1), &[(&bad, "a.txt:1", &token)]);
    }
}

#[test]
fn packs_and_loose_objects_are_read_alike() {
    for command in
        [&["repack", "-q", "-a", "-d", "-f", "--depth=50"][..], &["gc", "-q"], &["multi-pack-index", "write"]]
    {
        note(format!("{command:?}"));
        let mut pair = Pair::new(3509);
        let token = pair.token();
        let long = "a line\n".repeat(200);
        for n in 0..5 {
            pair.add("long.txt", format!("{n}\n{long}"));
        }
        let bad = pair.add("long.txt", format!("{long}{}", client(&token)));
        pair.add("long.txt", format!("{long}end\n"));
        pair.repo.git(&["repack", "-q", "-d"]);
        pair.repo.git(command);
        pair.push_finds(&["origin", "main"], &[(&bad, "long.txt:201", &token)]);
    }
}
