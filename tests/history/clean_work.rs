//! The plan and uncommitted or unpushed work: nothing is lost, and nothing is rewritten without need.

use std::fs;
use std::path::PathBuf;

use super::clean_places::{commit, leak, with_remote};
use crate::support::clean::{commands, expect_without, file, run_plan, shell, shell_call, sweep};
use crate::support::token::Maker;
use crate::support::{Repo, client};

#[test]
fn unpushed_commits_stashes_and_changes_stay() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8200));
    let token = leak(&repo, &mut make);
    repo.stage("mine.txt", "not pushed\n");
    repo.commit("mine");
    repo.git(&["branch", "kept"]);
    repo.write("a.txt", "stashed\n");
    repo.git(&["stash", "-q"]);
    repo.stage("staged.txt", "staged\n");
    repo.write("a.txt", "changed\n");
    repo.write("untracked.txt", "mine\n");
    let status = repo.git(&["status", "--porcelain"]).out();
    let run = sweep(&repo, repo.top()).expect_code(1);
    run_plan(&repo, repo.top(), &run);
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), status);
    assert_eq!(fs::read_to_string(repo.path("a.txt")).expect("text"), "changed\n");
    assert_eq!(repo.git(&["log", "--format=%s", "main"]).out(), "mine\nbad\ngood\n");
    assert_eq!(repo.git(&["rev-parse", "main"]).line(), repo.git(&["rev-parse", "kept"]).line());
    assert_eq!(
        repo.git(&["rev-list", "--count", "origin/main..main"]).line(),
        "1",
        "main must be ahead by the unpushed commit"
    );
    assert_eq!(repo.git(&["show", "stash@{0}:a.txt"]).out(), "stashed\n");
    assert_eq!(repo.git(&["reflog", "main"]).out().lines().count(), 3, "the reflog must stay");
    expect_without(&repo, &repo.path(".git"), &[token]);
    // The backup restores the old state.
    let backup = repo.base().join("replacements.txt.backup/1/before.bundle");
    let heads = repo.git(&["bundle", "list-heads", backup.to_str().expect("UTF-8")]).out();
    for name in ["refs/here/refs/heads/main", "refs/here/refs/stash", "refs/place1/heads/main", "refs/reflog/"] {
        assert!(heads.contains(name), "{name} in {heads}");
    }
}

#[test]
fn a_linked_worktree_does_not_restore_the_token() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8201));
    let token = leak(&repo, &mut make);
    repo.git(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    repo.git(&["worktree", "add", "-q", "--detach", "../gone"]);
    let linked = repo.view("linked");
    linked.stage("more.txt", client(&token));
    fs::write(linked.top.join("a.txt"), "not committed\n").expect("write");
    fs::remove_dir_all(repo.base().join("gone")).expect("remove the worktree, as if its disk were not mounted");
    let run = sweep(&repo, &linked.top).expect_code(1);
    run_plan(&repo, &linked.top, &run).expect_has("linked/more.txt was not rewritten");
    expect_without(&repo, &repo.path(".git"), std::slice::from_ref(&token));
    assert_eq!(linked.git(&["status", "--porcelain"]).out(), " M a.txt\nAM more.txt\n");
    fs::write(linked.top.join("more.txt"), "mended\n").expect("write");
    linked.git(&["commit", "-q", "-a", "-m", "more"]);
    expect_without(&repo, &repo.path(".git"), &[token]);
}

/// Creates a commit with a signature and a message that is not UTF-8.
fn signed(repo: &Repo) -> String {
    let [tree, parent] = ["HEAD^{tree}", "HEAD"].map(|name| repo.git(&["rev-parse", name]).line());
    let mut commit = format!(
        "tree {tree}\nparent {parent}\nauthor Ada <ada@example.org> 1700000000 -0730\ncommitter Ada <ada@example.org> \
         1700000000 +0000\nencoding ISO-8859-1\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP \
         SIGNATURE-----\n\ncaf"
    )
    .into_bytes();
    commit.extend(b"\xe9\n");
    let id = repo.git_call(&["hash-object", "-t", "commit", "-w", "--stdin"]).stdin(commit).run().line();
    repo.git(&["reset", "-q", "--hard", &id]);
    id
}

#[test]
fn commits_before_the_token_keep_their_ids_and_signatures() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8202));
    let early = signed(&repo);
    let token = leak(&repo, &mut make);
    let late = signed(&repo);
    repo.git(&["push", "-q", "origin", "main"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [look, _] = commands(&run);
    shell(&repo, repo.top(), &look).expect_has("new ids: 2 of 4 commits, 0 tags; lost signatures: 1");
    run_plan(&repo, repo.top(), &run);
    assert_eq!(repo.git(&["rev-parse", "main~2"]).line(), early);
    assert_ne!(repo.git(&["rev-parse", "main"]).line(), late);
    let raw = repo.git(&["cat-file", "commit", "main"]).stdout;
    let text = String::from_utf8_lossy(&raw).into_owned();
    assert!(raw.ends_with(b"\n\ncaf\xe9\n") && text.contains("encoding ISO-8859-1\n\n"), "{text}");
    assert!(text.contains("1700000000 -0730") && !text.contains("gpgsig"), "{text}");
    expect_without(&repo, &repo.base().join("origin.git"), &[token]);
}

#[test]
fn an_unfinished_operation_stops_the_plan() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8203));
    leak(&repo, &mut make);
    repo.git(&["checkout", "-q", "-b", "side", "HEAD^"]);
    repo.stage("key.txt", "other\n");
    repo.commit("other");
    assert_ne!(repo.git_call(&["merge", "-q", "main"]).run().code, Some(0));
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    let run = shell(&repo, repo.top(), &apply).expect_code(2);
    run.expect_has("an operation is unfinished in").expect_has("(MERGE_HEAD)");
    assert!(file(&repo).exists());
}

#[test]
fn missing_programs_stop_the_plan() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8204));
    leak(&repo, &mut make);
    let run = sweep(&repo, repo.top()).expect_code(1);
    let [_, apply] = commands(&run);
    let shell = "/bin/sh";
    let bin = repo.base().join("bin");
    fs::create_dir(&bin).expect("mkdir");
    let call = |script: &str| repo.call(shell, &["-c", script]).env("PATH", &bin).run();
    let absolute = |name: &str| -> PathBuf {
        std::env::split_paths(&std::env::var_os("PATH").expect("a path"))
            .map(|folder| folder.join(name))
            .find(|p| p.is_file())
            .expect("a tool")
    };
    let link = |name: &str, to: PathBuf| std::os::unix::fs::symlink(to, bin.join(name)).expect("link");
    link("sh", absolute("sh"));
    link("sed", absolute("sed"));
    call(&apply).expect_code(2).expect_has("git is missing");
    link("git", absolute("git"));
    call(&apply).expect_code(2).expect_has("keysweep is missing in PATH");
    link("keysweep", env!("CARGO_BIN_EXE_keysweep").into());
    call(&apply).expect_code(2).expect_has("Python 3.6 or later is missing");
    fs::remove_file(bin.join("git")).expect("the link");
    crate::support::executable(&bin.join("git"), "#!/bin/sh\necho git version 2.30.9\n");
    let python = repo.call("python3", &["-c", "import sys; print(sys.executable)"]).run().line();
    crate::support::executable(&bin.join("python3"), &format!("#!/bin/sh\nexec '{python}' \"$@\"\n"));
    call(&apply).expect_code(2).expect_has("git 2.30 is too old");
    fs::remove_file(file(&repo)).expect("the replacements");
    shell_call(&repo, repo.top(), &apply).run().expect_code(2).expect_has("replacements.txt is missing");
    shell_call(&repo, repo.top(), &format!("{apply} now")).run().expect_code(2);
}

#[test]
fn a_concurrent_commit_stops_the_plan() {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8205));
    let token = commit(&repo, &mut make);
    let run = sweep(&repo, repo.top()).expect_code(1);
    let bin = repo.base().join("bin");
    fs::create_dir(&bin).expect("mkdir");
    let (marker, program, top) = (repo.base().join("once"), env!("CARGO_BIN_EXE_keysweep"), repo.top());
    let script = format!(
        "#!/bin/sh\nif [ ! -e '{0}' ]; then\n: > '{0}'\ngit -C '{1}' commit -q --allow-empty -m meanwhile\nfi\nexec \
         '{program}' \"$@\"\n",
        marker.display(),
        top.display()
    );
    crate::support::executable(&bin.join("keysweep"), &script);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a path"));
    let [_, apply] = commands(&run);
    let call = || shell_call(&repo, repo.top(), &apply).env("PATH", &path).run();
    call().expect_code(2).expect_has("something was added to").expect_has("in the meantime: run this again");
    call().expect_code(0).expect_has("Proved");
    assert_eq!(repo.git(&["log", "--format=%s", "main"]).out(), "meanwhile\nbad\ngood\n");
    expect_without(&repo, &repo.path(".git"), &[token]);
}
