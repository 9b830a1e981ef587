//! `find` reads every file of the git directory, or reports the file as skipped.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;

use crate::support::leak::FORMATS;
use crate::support::token::Maker;
use crate::support::{Call, Repo, Run, note, text};

/// A token of a shape that no rule matches.
fn token(seed: u64) -> String {
    Maker::new(seed).alnum(32)[..20].to_owned()
}

fn repo_with_commit() -> Repo {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    repo
}

fn find_call(repo: &Repo, token: &str) -> Call {
    repo.keysweep_call(&["find", "--format", "jsonl"]).stdin(token)
}

fn find(repo: &Repo, token: &str) -> Run {
    find_call(repo, token).run()
}

/// Each place on disk.
fn places(run: &Run) -> Vec<String> {
    let all = run.findings().into_iter().flat_map(|finding| finding["places"].as_array().cloned().unwrap_or_default());
    all.filter(|place| place["on_disk"] == true).map(|place| text(&place["path"]).to_owned()).collect()
}

#[track_caller]
fn expect_only_in(run: &Run, path: &str) {
    let mut places = places(run);
    places.dedup();
    if places != [path] {
        run.fail(&format!("expected the token only in {path}, found it in {places:?}"));
    }
}

/// The reason that the report gives for skipping `what`.
#[track_caller]
fn why_skipped(run: &Run, what: &str) -> String {
    let summary = run.summary();
    let all: &Vec<Value> = summary["skipped"].as_array().expect("a list");
    let Some(one) = all.iter().find(|one| text(&one["what"]).ends_with(what)) else {
        run.fail(&format!("the report does not list {what} as skipped"))
    };
    text(&one["why"]).to_owned()
}

/// Adds a submodule and removes it again. Its git directory stays.
fn removed_submodule(repo: &Repo, name: &str) {
    let from = repo.base().join("library");
    let made = ["init", "-q", "-b", "main", &from.display().to_string()].map(str::to_owned);
    repo.git(&made);
    repo.git_call(&["commit", "-q", "--allow-empty", "-m", "library"]).cwd(&from).run().expect_code(0);
    let from = from.display().to_string();
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--name", name, &from, "module"]);
    repo.git(&["reset", "-q", "--hard"]);
    fs::remove_dir_all(repo.path("module")).expect("remove the checkout");
}

#[test]
fn a_token_in_any_file_is_found() {
    let ends = [
        ".git/objects/info/alternates",
        ".git/objects/info/packs",
        ".git/objects/info/other",
        ".git/objects/pack/pack-1.keep",
        ".git/objects/pack/pack-1.promisor",
        ".git/objects/pack/notes.txt",
        ".git/objects/pack/pack-1.rev",
        ".git/objects/ab/notes.txt",
        // A name of the length that object names have in a repository with SHA-256.
        ".git/objects/ab/abababababababababababababababababababababababababababababababab",
        ".git/objects/notes.txt",
        ".git/objects/folder/deep/er/notes.txt",
        ".git/keysweep/notes.txt",
        ".git/rr-cache/ab/preimage",
        ".git/modules/one/deep/er/notes.txt",
        ".git/modules/pack/notes.txt",
        ".git/lfs/tmp/notes.txt",
    ];
    let repo = repo_with_commit();
    let token = token(8600);
    for path in ends {
        note(path);
        repo.write(path, format!("# key {token}\n"));
        let run = find(&repo, &token).expect_code(1).expect_lacks(&token);
        expect_only_in(&run, path);
        fs::remove_file(repo.path(path)).expect("remove");
    }
    find(&repo, &token).expect_silent();
}

#[test]
fn symbolic_refs_with_a_token_in_the_target() {
    let repo = repo_with_commit();
    let token = token(8601);
    // The target does not exist, so the history contains no ref with this name.
    repo.git(&["symbolic-ref", "refs/heads/alias", &format!("refs/heads/{token}")]);
    let run = find(&repo, &token).expect_code(1).expect_lacks(&token);
    expect_only_in(&run, ".git/refs/heads/alias");
    fs::remove_file(repo.path(".git/refs/heads/alias")).expect("remove");
    // Old versions of git wrote symbolic refs as symlinks.
    symlink(format!("refs/heads/{token}"), repo.path(".git/refs/heads/alias")).expect("link");
    expect_only_in(&find(&repo, &token).expect_lacks(&token), ".git/refs/heads/alias");
}

#[test]
fn names_of_empty_folders_are_searched() {
    let repo = repo_with_commit();
    let token = token(8602);
    for folder in ["refs/heads", "objects", "modules/a", "objects/pack"] {
        let path = repo.path(format!(".git/{folder}/x-{token}"));
        fs::create_dir_all(&path).expect("create");
        let shown = format!(".git/{folder}/x-…{}", &token[16..]);
        expect_only_in(&find(&repo, &token).expect_code(1).expect_lacks(&token), &shown);
        fs::remove_dir(path).expect("remove");
    }
}

/// Git stores its list of untracked folders in an extension of the index, with names that were never staged.
#[test]
fn index_extensions_are_searched() {
    let repo = repo_with_commit();
    let token = token(8603);
    repo.write(format!("x-{token}/file.txt"), "innocent\n");
    repo.git(&["-c", "core.untrackedCache=true", "update-index", "--force-untracked-cache"]);
    repo.git(&["-c", "core.untrackedCache=true", "status", "--porcelain"]);
    fs::remove_dir_all(repo.path(format!("x-{token}"))).expect("remove");
    let index = fs::read(repo.path(".git/index")).expect("read");
    assert!(
        index.windows(token.len()).any(|window| window == token.as_bytes()),
        "git must store the name in the index"
    );
    expect_only_in(&find(&repo, &token).expect_code(1).expect_lacks(&token), ".git/index");
}

#[test]
fn a_removed_submodule_keeps_its_url() {
    let repo = repo_with_commit();
    let token = token(8604);
    for name in ["one", "group/two"] {
        note(name);
        let repo = repo_with_commit();
        removed_submodule(&repo, name);
        let git_dir = repo.path(".git/modules").join(name);
        let url = format!("https://ada:{token}@example.org/a.git");
        repo.git_call(&["--git-dir", ".", "config", "remote.origin.url", &url])
            .cwd(&git_dir)
            .env("GIT_WORK_TREE", repo.base())
            .run()
            .expect_code(0);
        let run = find(&repo, &token).expect_code(1).expect_lacks(&token);
        expect_only_in(&run, &format!(".git/modules/{name}/config"));
        let objects = format!(".git/modules/{name}/objects");
        assert!(why_skipped(&run, &objects).contains("run keysweep find in the folder above"));
        // Follow the advice.
        let there = find_call(&repo, &token).cwd(&git_dir).run().expect_code(1);
        assert!(there.summary()["scanned"]["objects"].as_u64() > Some(0), "{}", there.all());
    }
    // The object directory of the repository itself is not listed as skipped.
    assert_eq!(find(&repo, &token).expect_code(0).summary()["skipped"], serde_json::json!([]));
}

/// A compressed file must not count as read, whatever files are beside it.
#[test]
fn unread_objects_are_reported() {
    let token = token(8605);
    for (place, head) in [("modules/one", true), ("modules/one", false), ("objects/tmp_objdir-incoming-x", false)] {
        for packed in [false, true] {
            note(format!("{place} {head} {packed}"));
            let (repo, other) = (repo_with_commit(), repo_with_commit());
            other.stage("bad.txt", &token);
            other.commit("bad");
            if packed {
                other.git(&["repack", "-adq"]);
            }
            let place = format!(".git/{place}");
            fs::create_dir_all(repo.path(&place).parent().expect("a parent")).expect("create");
            let (from, to) = if place.contains("objdir") { (".git/objects", &place[..]) } else { (".git", &place[..]) };
            fs::rename(other.path(from), repo.path(to)).expect("rename");
            if !head {
                fs::remove_file(repo.path(&place).join("HEAD")).unwrap_or_default();
            }
            let run = find(&repo, &token);
            let objects = if place.contains("objdir") { place.clone() } else { format!("{place}/objects") };
            assert!(why_skipped(&run, &objects).contains("not of this repository"));
        }
    }
}

/// This variable makes the history read another object directory than that of the git directory.
#[test]
fn a_replaced_object_directory_is_reported() {
    let repo = repo_with_commit();
    let token = token(8606);
    let copy = repo.base().join("objects");
    repo.call("cp", &[Path::new("-r"), &repo.path(".git/objects"), &copy]).run().expect_code(0);
    let run = find_call(&repo, &token).env("GIT_OBJECT_DIRECTORY", &copy).run().expect_code(0);
    assert!(why_skipped(&run, ".git/objects").contains("not of this repository"));
}

#[test]
fn an_unfinished_object_is_reported() {
    let repo = repo_with_commit();
    repo.write(".git/objects/ab/tmp_obj_Xy12Zw", b"x\x01compressed");
    let run = find(&repo, &token(8607)).expect_code(0);
    assert!(why_skipped(&run, "tmp_obj_Xy12Zw").contains("git gc --prune=now"));
    repo.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(find(&repo, &token(8607)).expect_code(0).summary()["skipped"], serde_json::json!([]));
}

#[test]
fn other_worktrees_are_reported() {
    let repo = repo_with_commit();
    repo.git(&["worktree", "add", "-q", "../linked"]);
    let token = token(8608);
    fs::write(repo.base().join("linked/.env"), &token).expect("write");
    let run = find(&repo, &token).expect_code(0);
    assert!(why_skipped(&run, "/linked").contains("run keysweep find in it"));
    let there = find_call(&repo, &token).cwd(repo.base().join("linked")).run();
    expect_only_in(&there, ".env");
    assert!(why_skipped(&there, "/repo").contains("another worktree"));
    let inside = find_call(&repo, &token).cwd(repo.path(".git")).run();
    assert!(why_skipped(&inside, "/repo").contains("another worktree"));
    fs::remove_dir_all(repo.base().join("linked")).expect("remove");
    assert_eq!(find(&repo, &token).expect_code(0).summary()["skipped"], serde_json::json!([]));
}

/// A bare repository has no main worktree, and neither has a repository with a separate git directory.
#[test]
fn repositories_without_a_main_worktree() {
    for options in [&["--bare"][..], &["--separate-git-dir", "../elsewhere"]] {
        note(options.join(" "));
        let repo = Repo::init(options);
        let run = find(&repo, &token(8609)).expect_code(0);
        assert_eq!(run.summary()["skipped"], serde_json::json!([]), "{}", run.all());
    }
}

/// Git refuses packed-refs with some comments. `find` still finds the token in the file.
#[test]
fn a_comment_in_packed_refs() {
    let repo = repo_with_commit();
    let token = token(8610);
    repo.git(&["pack-refs", "--all"]);
    let path = repo.path(".git/packed-refs");
    let good = fs::read_to_string(&path).expect("read");
    for (bytes, is_read) in [
        (good.replacen('\n', &format!(" {token}\n"), 1), true),
        (format!("# {token}\n{good}"), false),
        (format!("{good}# {token}\n"), false),
    ] {
        fs::write(&path, &bytes).expect("write");
        let git = repo.git_call(&["for-each-ref"]).run();
        assert_eq!(git.code == Some(0), is_read, "{}", git.all());
        let run = find(&repo, &token).expect_code(if is_read { 1 } else { 2 }).expect_lacks(&token);
        expect_only_in(&run, ".git/packed-refs");
    }
}

#[test]
fn links_in_the_git_directory() {
    let repo = repo_with_commit();
    let token = token(8611);
    let outside = repo.base().join("outside");
    fs::create_dir_all(outside.join("folder")).expect("create");
    fs::write(outside.join("file"), &token).expect("write");
    fs::write(outside.join("folder/file"), &token).expect("write");
    // `git new-workdir` creates such links.
    symlink(outside.join("folder"), repo.path(".git/rr-cache")).expect("link");
    expect_only_in(&find(&repo, &token).expect_code(1), ".git/rr-cache/file");
    fs::remove_file(repo.path(".git/rr-cache")).expect("remove");
    symlink(outside.join("file"), repo.path(".git/info/attributes")).expect("link");
    expect_only_in(&find(&repo, &token).expect_code(1), ".git/info/attributes");
    fs::remove_file(repo.path(".git/info/attributes")).expect("remove");
    symlink(outside.join("folder"), repo.path(".git/info/folder")).expect("link");
    let run = find(&repo, &token).expect_code(0);
    assert!(why_skipped(&run, ".git/info/folder").contains("a link to a folder"));
    // Symlinks that form a loop.
    symlink(".", repo.path(".git/loop")).expect("link");
    symlink("..", repo.path(".git/info/up")).expect("link");
    find(&repo, &token).expect_code(0);
    // No user can read a symlink to itself, not even root.
    symlink("itself", repo.path(".git/info/itself")).expect("link");
    find(&repo, &token).expect_code(2).expect_has(".git/info/itself");
}

#[test]
fn a_pipe_in_the_git_directory_is_reported() {
    let repo = repo_with_commit();
    for path in [".git/pipe", ".git/objects/info/pipe", ".git/modules/one/config"] {
        fs::create_dir_all(repo.path(path).parent().expect("a parent")).expect("create");
        repo.call("mkfifo", &[repo.path(path)]).run().expect_code(0);
        assert!(why_skipped(&find(&repo, &token(8612)), path).contains("a pipe"));
    }
}

fn find_unprivileged(repo: &Repo, token: &str, format: &[&str]) -> Run {
    repo.unprivileged_call(&["find"]).args(format).stdin(token).run()
}

#[test]
fn a_folder_that_cannot_be_listed_is_reported() {
    let token = token(8613);
    for mode in [0o711, 0o000] {
        for path in [".git", ".git/modules/one", ".git/info", ".git/objects/info", ".git/refs/heads", ".git/lfs"] {
            // Without access to the git directory, git does not recognize the repository.
            if path == ".git" && mode == 0 {
                continue;
            }
            note(format!("{path} {mode:o}"));
            let repo = repo_with_commit();
            fs::create_dir_all(repo.path(path)).expect("create");
            fs::write(repo.path(path).join("notes"), &token).expect("write");
            repo.call("chmod", &[Path::new("-R"), Path::new("a+rX"), repo.base()]).run().expect_code(0);
            fs::set_permissions(repo.path(path), fs::Permissions::from_mode(mode)).expect("chmod");
            let run = find_unprivileged(&repo, &token, &[]);
            fs::set_permissions(repo.path(path), fs::Permissions::from_mode(0o755)).expect("chmod");
            run.expect_code(2).expect_has(&format!("cannot list the folder ./{path}")).expect_lacks("in none");
        }
    }
}

#[test]
fn file_names_with_the_token_are_not_printed() {
    let token = token(8614);
    let repo = repo_with_commit();
    let closed = format!(".git/modules/x-{token}");
    fs::create_dir_all(repo.path(&closed)).expect("create");
    repo.write(format!(".git/modules/y-{token}/objects/pack/pack-{token}.pack"), "PACK");
    repo.call("mkfifo", &[repo.path(format!(".git/pipe-{token}"))]).run().expect_code(0);
    symlink("..", repo.path(format!(".git/info/link-{token}"))).expect("link");
    symlink("itself", repo.path(format!(".git/info/{token}"))).expect("link");
    repo.call("chmod", &[Path::new("-R"), Path::new("a+rX"), repo.base()]).run();
    fs::set_permissions(repo.path(&closed), fs::Permissions::from_mode(0o000)).expect("chmod");
    let runs: Vec<Run> = FORMATS.iter().map(|format| find_unprivileged(&repo, &token, format)).collect();
    fs::set_permissions(repo.path(&closed), fs::Permissions::from_mode(0o755)).expect("chmod");
    for run in runs {
        let run = run.expect_code(2).expect_lacks(&token).expect_lacks(&token[4..16]);
        assert!(!run.all().contains("not valid") && run.all().contains("info/"), "{}", run.all());
    }
}

/// Reflogs are compressed in a reftable. Many refs make tables with several blocks and an index.
#[test]
fn a_token_in_a_reftable_is_found() {
    for (seed, options) in
        [(7310, &["--ref-format=reftable"][..]), (7311, &["--ref-format=reftable", "--object-format=sha256"])]
    {
        note(format!("{options:?}"));
        let (message, absent) = (token(seed), token(seed + 10));
        let repo = Repo::init(options);
        repo.stage("a.txt", "innocent\n");
        repo.commit("base");
        let id = repo.git(&["rev-parse", "HEAD"]).line();
        let create: Vec<String> = (0..600).map(|at| format!("create refs/heads/topic/{at:05} {id}\n")).collect();
        repo.git_call(&["update-ref", "--create-reflog", "-m", "many", "--stdin"])
            .stdin(create.concat())
            .run()
            .expect_code(0);
        repo.git(&["update-ref", "--create-reflog", "-m", &format!("x {message}"), "refs/heads/other", "HEAD"]);
        for pack in [false, true] {
            if pack {
                repo.git(&["pack-refs", "--all"]);
            }
            let run = find(&repo, &message).expect_code(1);
            let places = places(&run);
            if places.is_empty() || !places.iter().all(|place| place.starts_with(".git/reftable/")) {
                run.fail(&format!("expected it in a reftable alone, found it in {places:?}"));
            }
            find(&repo, &absent).expect_code(0);
        }
        repo.write(".git/reftable/damaged.ref", "REFT and no more");
        find(&repo, &absent).expect_code(2).expect_has("damaged.ref: it is a damaged or unknown reftable");
    }
}
