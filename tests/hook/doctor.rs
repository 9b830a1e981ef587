//! `keysweep doctor` verifies with the real git that the hooks of a clone block tokens, and changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::support::token::SK_LIVE;
use crate::support::{Call, Repo, Run, copy_program, executable, note};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keysweep");

/// The content and modification time of every file below a folder.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let met = fs::symlink_metadata(&path).expect("the file exists");
            if met.is_dir() {
                folders.push(path.clone());
                found.insert(path, (SystemTime::UNIX_EPOCH, Vec::new()));
            } else {
                let bytes = fs::read(&path).unwrap_or_default();
                // Git updates the times of these files whenever it reads a split or sparse index.
                let marked = path.to_string_lossy().contains("/.git/objects/")
                    || path.to_string_lossy().contains("/sharedindex.");
                let time = if marked { SystemTime::UNIX_EPOCH } else { met.modified().expect("a time") };
                found.insert(path, (time, bytes));
            }
        }
    }
    found
}

/// Runs the doctor. Expects no change, no temporary file and no token in the output.
#[track_caller]
fn doctor_with(repo: &Repo, set: impl FnOnce(Call) -> Call) -> Run {
    let temporary = repo.base().join("temporary");
    fs::create_dir_all(&temporary).expect("create");
    let before = snapshot(repo.base());
    let run = set(repo.keysweep_call(&["doctor"]).env("TMPDIR", &temporary)).run();
    let after = snapshot(repo.base());
    let changed: Vec<&PathBuf> =
        before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
    if !changed.is_empty() {
        run.fail(&format!("changed: {changed:?}"));
    }
    let shown = run.all();
    let printed = shown.split(SK_LIVE).skip(1).any(|rest| rest.chars().take(8).all(|c| c.is_ascii_alphanumeric()));
    if printed {
        run.fail("the output contains a token");
    }
    run
}

#[track_caller]
fn doctor(repo: &Repo) -> Run {
    doctor_with(repo, |call| call)
}

/// A repository with one commit, and with staged, unstaged and untracked changes.
fn repo_with_changes() -> Repo {
    let repo = Repo::new();
    add_changes_at(&repo);
    repo
}

fn add_changes_at(repo: &Repo) {
    for path in ["a.txt", "b.txt", "sub/c.txt"] {
        repo.stage(path, format!("{path}\n"));
    }
    repo.commit("base");
    repo.stage("a.txt", "staged\n");
    repo.write("a.txt", "staged, and more that is not\n");
    repo.write("b.txt", "not staged\n");
    repo.write("new.txt", "not tracked\n");
    fs::remove_file(repo.path("sub/c.txt")).expect("remove");
}

fn hook(repo: &Repo, name: &str, script: &str) {
    executable(&repo.path(".git/hooks").join(name), &format!("#!/bin/sh\n{script}\n"));
}

#[test]
fn each_hook_of_a_clone_is_verified() {
    let repo = repo_with_changes();
    repo.keysweep(&["install"]).expect_code(0);
    let run = doctor(&repo).expect_code(0);
    assert_eq!(run.out().matches("active: blocks a planted token (keysweep's script: ").count(), 4, "{}", run.out());
    run.expect_has("keysweep: all hooks block tokens").expect_lacks("warning: ").expect_lacks("note: ");
}

#[test]
fn it_works_in_every_kind_of_repository() {
    for options in [&["--object-format=sha256"][..], &["--ref-format=reftable"], &["--separate-git-dir=../else:where"]]
    {
        note(format!("git init {options:?}"));
        let repo = Repo::init(options);
        repo.keysweep(&["install"]).expect_code(0);
        doctor(&repo).expect_code(0);
        add_changes_at(&repo);
        doctor(&repo).expect_code(0);
        doctor_with(&repo, |call| call.cwd(repo.path("sub"))).expect_code(0);
    }
    for setting in [["core.splitIndex", "true"], ["core.untrackedCache", "true"], ["index.version", "4"]] {
        note(setting.join(" "));
        let repo = repo_with_changes();
        repo.git(&["config", setting[0], setting[1]]);
        repo.git(&["update-index", "--split-index"]);
        repo.keysweep(&["install"]).expect_code(0);
        doctor(&repo).expect_code(0);
    }
}

#[test]
fn it_works_in_a_linked_worktree_and_in_a_sparse_checkout() {
    let repo = repo_with_changes();
    repo.keysweep(&["install"]).expect_code(0);
    repo.git(&["worktree", "add", "-q", "../linked"]);
    doctor_with(&repo, |call| call.cwd(repo.base().join("linked"))).expect_code(0);

    let sparse = repo_with_changes();
    sparse.git(&["add", "-A"]);
    sparse.commit("all");
    sparse.stage("sub/d.txt", "d\n");
    sparse.commit("a folder");
    sparse.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "none"]);
    sparse.write("a.txt", "not staged\n");
    sparse.keysweep(&["install"]).expect_code(0);
    hook(&sparse, "pre-merge-commit", &format!("{LOOK_FOR_UNSTAGED}\n'{PROGRAM}' hook pre-merge-commit"));
    doctor(&sparse).expect_code(0);
}

#[test]
fn staged_files_are_not_passed_to_a_formatter() {
    let repo = repo_with_changes();
    let format =
        "for file in $(git diff --cached --name-only); do [ ! -e \"$file\" ] || echo formatted >>\"$file\"; done";
    repo.keysweep(&["install"]).expect_code(0);
    hook(&repo, "pre-commit", &format!("{format}\n'{PROGRAM}' hook pre-commit"));
    doctor(&repo).expect_code(0);
}

/// A hook that fails if a runner would have to stash unstaged changes.
const LOOK_FOR_UNSTAGED: &str = "git diff --quiet --no-ext-diff || { echo 'would touch files' >&2; exit 9; }";

#[test]
fn a_runner_finds_no_unstaged_changes() {
    let repo = repo_with_changes();
    repo.keysweep(&["install"]).expect_code(0);
    hook(&repo, "pre-commit", &format!("{LOOK_FOR_UNSTAGED}\n'{PROGRAM}' hook pre-commit"));
    doctor(&repo).expect_code(0);
}

#[test]
fn hooks_cannot_change_refs_or_the_index() {
    let repo = repo_with_changes();
    let script =
        "git update-ref refs/heads/other HEAD; git stash store -m x HEAD; git rm -q --cached b.txt; git add -A";
    repo.keysweep(&["install"]).expect_code(0);
    hook(&repo, "pre-commit", &format!("{script}\n'{PROGRAM}' hook pre-commit"));
    doctor(&repo).expect_code(0);
}

#[test]
fn an_index_with_conflicts_is_left_alone() {
    let repo = Repo::new();
    repo.stage("a.txt", "base\n");
    repo.commit("base");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("a.txt", "side\n");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("a.txt", "main\n");
    repo.commit("main");
    repo.git_call(&["merge", "side"]).run().expect_code(1);
    repo.keysweep(&["install"]).expect_code(0);
    doctor(&repo).expect_code(0);
}

#[test]
fn a_clone_without_hooks_is_reported() {
    let repo = repo_with_changes();
    let run = doctor(&repo).expect_code(1);
    run.expect_has("pre-commit        not installed: commits are not scanned")
        .expect_has("run: keysweep install pre-commit pre-merge-commit commit-msg pre-push")
        .expect_has("keysweep: NOT PROTECTED");
}

#[test]
fn missing_hooks_are_reported_with_their_effect() {
    let repo = repo_with_changes();
    repo.keysweep(&["install", "pre-commit"]).expect_code(0);
    let run = doctor(&repo).expect_code(0);
    run.expect_has("merge commits of git merge are not scanned")
        .expect_has("commit messages are not scanned")
        .expect_has("rebase, cherry-pick")
        .expect_has("run: keysweep install pre-merge-commit commit-msg pre-push")
        .expect_has("keysweep: commits with a token are blocked; a line above says what is not scanned");
    for name in ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"] {
        repo.keysweep(&["install"]).expect_code(0);
        doctor(&repo).expect_code(0).expect_has("keysweep: all hooks block tokens");
        repo.keysweep(&["uninstall", name]).expect_code(0);
        let (code, ending) =
            if name == "pre-commit" { (1, "NOT PROTECTED: ") } else { (0, "commits with a token are blocked; ") };
        doctor(&repo).expect_code(code).expect_has(&format!("keysweep: {ending}"));
    }
}

#[test]
fn commands_without_a_report_refuse_format() {
    let repo = repo_with_changes();
    for command in ["doctor", "install", "uninstall"] {
        for format in ["json", "jsonl"] {
            let run = repo.keysweep(&[command, "--format", format]).expect_code(2);
            assert!(run.out().contains("\"what\"") && !run.out().contains("\"type\":\"summary\""), "{}", run.all());
            run.expect_has("cannot use --format").expect_has("leave it out");
        }
    }
    assert!(!repo.path(".git/hooks/pre-commit").exists(), "nothing may be installed");
}

#[test]
fn a_hook_that_allows_the_token_is_reported() {
    for script in ["exit 0", "keysweep --version || true", "true # keysweep hook pre-commit"] {
        let repo = repo_with_changes();
        hook(&repo, "pre-commit", script);
        doctor(&repo).expect_code(1).expect_has("let a planted token through");
    }
    for (name, script) in [("pre-push", "true || keysweep"), ("commit-msg", "true || keysweep")] {
        let repo = repo_with_changes();
        repo.keysweep(&["install"]).expect_code(0);
        hook(&repo, name, script);
        doctor(&repo).expect_code(1).expect_has("DOES NOT BLOCK: it let a planted token through");
    }
    // A hook that does not call keysweep is not run, and does not count.
    let repo = repo_with_changes();
    repo.keysweep(&["install"]).expect_code(0);
    hook(&repo, "pre-push", "touch ran; exit 1");
    let run = doctor(&repo).expect_code(0).expect_has("pre-push          does not call keysweep: ");
    run.expect_has("keysweep: commits with a token are blocked").expect_lacks("note: ");
    assert!(!repo.path("ran").exists());
}

#[test]
fn a_failure_for_another_reason_does_not_count() {
    for (script, words) in [
        ("echo 'line 3: missing semicolon' >&2; exit 1", "exit 1: line 3: missing semicolon"),
        ("no-such-program-keysweep", "exit 127: "),
        ("keysweep-is-gone hook pre-commit \"$@\" || exit $?", "exit 127: "),
        ("exit 3", "exit 3: it said nothing"),
        // A hook that prints the planted token and fails for another reason.
        ("git show :$(git diff --cached --name-only | grep doctor) >&2; exit 1", "exit 1: client = Client("),
    ] {
        let repo = repo_with_changes();
        hook(&repo, "pre-commit", script);
        let run = doctor(&repo).expect_code(2);
        run.expect_has("cannot check that pre-commit blocks a token").expect_has(words).expect_has("keysweep: UNKNOWN");
    }
}

#[test]
fn a_hook_that_git_ignores_is_reported() {
    let repo = repo_with_changes();
    repo.keysweep(&["install"]).expect_code(0);
    let file = repo.path(".git/hooks/pre-commit");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("chmod");
    doctor(&repo).expect_code(1).expect_has("not executable, so git does not run it: chmod +x ");

    let gone = repo_with_changes();
    gone.git(&["config", "core.hooksPath", "no/such/folder"]);
    doctor(&gone).expect_code(1).expect_has("warning: core.hooksPath is no/such/folder, which does not exist");
}

#[test]
fn husky_is_verified_through_its_generated_hooks() {
    let repo = repo_with_changes();
    repo.git(&["config", "core.hooksPath", ".husky/_"]);
    for name in ["pre-commit", "pre-merge-commit", "commit-msg"] {
        repo.write(format!(".husky/{name}"), format!("'{PROGRAM}' hook {name} \"$@\"\n"));
    }
    let run = doctor(&repo).expect_code(1);
    run.expect_has("warning: core.hooksPath is .husky/_, which does not exist").expect_has("npx husky makes it");

    let h = "n=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n[ ! -f \"$s\" ] && exit 0\n[ \"${HUSKY-}\" = \"0\" ] && exit 0\nsh -e \"$s\" \"$@\"\n";
    repo.write(".husky/_/h", h);
    for name in ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"] {
        executable(&repo.path(".husky/_").join(name), "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"\n");
    }
    let run = doctor(&repo).expect_code(0).expect_has("(a script, run by husky: ");
    run.expect_has("pre-push          not installed: ").expect_has("keysweep: commits with a token are blocked; ");
    repo.write(".husky/pre-push", format!("'{PROGRAM}' hook pre-push \"$@\"\n"));
    doctor(&repo).expect_code(0).expect_has("keysweep: all hooks block tokens");
    let off = doctor_with(&repo, |call| call.env("HUSKY", "0")).expect_code(1);
    off.expect_has("warning: HUSKY=0 is set in this environment");
}

#[test]
fn settings_that_disable_hooks_are_reported() {
    let repo = repo_with_changes();
    repo.keysweep(&["install"]).expect_code(0);
    repo.git(&["config", "alias.yolo", "commit --no-verify"]);
    repo.git(&["config", "alias.wip", "!git add -A && git commit -nm wip"]);
    repo.git(&["config", "alias.fine", "commit -m new"]);
    let set =
        |call: Call| call.env("LEFTHOOK", "0").env("SKIP", "lint,keysweep").env("PRE_COMMIT_ALLOW_NO_CONFIG", "1");
    let run = doctor_with(&repo, set).expect_code(0);
    run.expect_has("warning: alias.yolo skips the hooks")
        .expect_has("warning: alias.wip skips the hooks")
        .expect_lacks("alias.fine")
        .expect_has("warning: LEFTHOOK=0 is set")
        .expect_has("warning: SKIP names keysweep")
        .expect_has("warning: PRE_COMMIT_ALLOW_NO_CONFIG is set");

    for file in [".pre-commit-config.yaml", "lefthook.yml", ".github/workflows/ci.yml"] {
        let ci = repo_with_changes();
        ci.write(file, "keysweep\n");
        doctor(&ci).expect_code(1).expect_has(&format!("warning: {file} names keysweep, but no hook"));
    }
}

#[test]
fn a_program_outside_the_path_of_desktop_clients_is_reported() {
    const WARNING: &str = "warning: with PATH=/usr/bin:/bin, which desktop clients use, pre-commit does not find keysweep and blocks every commit: ";
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks/pre-commit");
    // Hooks copied by hand, symlinks to one script, and a shared folder. Only in the first case, installing again
    // helps.
    for (folder, linked) in [(".git/hooks", false), (".git/hooks", true), (".githooks", false)] {
        let repo = repo_with_changes();
        if folder == ".githooks" {
            fs::create_dir(repo.path(folder)).expect("create");
            repo.git(&["config", "core.hooksPath", folder]);
        }
        for name in ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"] {
            let file = repo.path(folder).join(name);
            if linked { symlink(&script, &file).expect("link") } else { copy_program(&script, &file) }
        }
        let bin = repo.base().join("bin");
        fs::create_dir(&bin).expect("create");
        symlink(PROGRAM, bin.join("keysweep")).expect("link");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let found = |call: Call| call.env("PATH", &path);
        let output = doctor_with(&repo, found).expect_code(0).out();
        let (_, advice) = output.split_once(WARNING).unwrap_or_else(|| panic!("{WARNING} in:\n{output}"));
        let advice = advice.lines().next().and_then(|line| line.split(", ").next()).unwrap_or_default();
        note(advice);
        found(repo.call("sh", &["-c", advice])).run().expect_code(0);
        doctor_with(&repo, found).expect_code(0).expect_lacks("warning: ");
    }
}

#[test]
fn a_bare_repository_is_verified_by_a_push() {
    let repo = Repo::none();
    repo.git(&["init", "-q", "--bare"]);
    doctor(&repo).expect_code(1).expect_has("pre-receive       not installed: pushes are not scanned");
    repo.keysweep(&["install"]).expect_code(0);
    doctor(&repo).expect_code(0).expect_has("pre-receive       active: blocks a planted token");
}

#[test]
fn an_update_hook_also_protects_a_server() {
    let repo = Repo::none();
    repo.git(&["init", "-q", "--bare"]);
    repo.keysweep(&["install", "update"]).expect_code(0);
    let run = doctor(&repo).expect_code(0).expect_has("update            active: blocks a planted token");
    run.expect_lacks("pre-receive").expect_has("keysweep: all hooks block tokens");
    executable(&repo.path("hooks/update"), "#!/bin/sh\nkeysweep hook update \"$@\" || true\n");
    doctor(&repo).expect_code(1).expect_has("update            DOES NOT BLOCK: it let a planted token through");
    // A hook of another tool changes nothing.
    executable(&repo.path("hooks/update"), "#!/bin/sh\ntouch ran\n");
    doctor(&repo)
        .expect_code(1)
        .expect_has("pre-receive       not installed: pushes are not scanned")
        .expect_lacks("update  ");
    repo.keysweep(&["install"]).expect_code(0);
    doctor(&repo).expect_code(0).expect_lacks("update  ");
    assert!(!repo.path("ran").exists());
}

#[test]
fn errors_of_the_verification_are_reported() {
    let none = Repo::none();
    doctor(&none).expect_code(2).expect_has("not a git repository");

    let old = repo_with_changes();
    old.keysweep(&["install"]).expect_code(0);
    // A git without `git hook run`.
    let git = "for word; do case $word in --version) echo 'git version 2.30.2'; exit ;; hook) exit 9 ;; esac; done\nPATH=${PATH#*:} exec git \"$@\"";
    fs::create_dir(old.base().join("old")).expect("create");
    executable(&old.base().join("old/git"), &format!("#!/bin/sh\n{git}\n"));
    let path = format!("{}:{}", old.base().join("old").display(), std::env::var("PATH").unwrap_or_default());
    doctor_with(&old, |call| call.env("PATH", path)).expect_code(0).expect_has("keysweep: all hooks block tokens");

    let full = repo_with_changes();
    full.keysweep(&["install"]).expect_code(0);
    let nowhere = full.path("a.txt");
    doctor_with(&full, |call| call.env("TMPDIR", nowhere)).expect_code(2).expect_has("set TMPDIR to another folder");

    let damaged = repo_with_changes();
    damaged.keysweep(&["install"]).expect_code(0);
    fs::remove_dir_all(damaged.path(".git/objects")).expect("remove");
    fs::create_dir(damaged.path(".git/objects")).expect("create");
    doctor(&damaged)
        .expect_code(2)
        .expect_has("cannot check that pre-commit blocks a token: ")
        .expect_has("for HEAD: ");
}
