//! Real commits through a real hook, for every form of index that git passes to a hook.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, Run, client};

/// A repository with one commit and keysweep as its pre-commit hook.
fn hooked_repo() -> Repo {
    let repo = Repo::new();
    for path in ["a.txt", "b.txt", "sub/c.txt"] {
        repo.stage(path, format!("{path}\n"));
    }
    repo.commit("base");
    repo.hook("pre-commit");
    repo
}

fn head(repo: &Repo, folder: &Path) -> String {
    let asked = repo.git_call(&["rev-parse", "-q", "--verify", "HEAD"]).cwd(folder).run();
    asked.line()
}

/// A form of `git commit` that commits the given content.
struct CommitForm {
    name: &'static str,
    commit: fn(&Repo, &str) -> (Call, PathBuf),
}

fn form(name: &'static str, commit: fn(&Repo, &str) -> (Call, PathBuf)) -> CommitForm {
    CommitForm { name, commit }
}

fn at_top(repo: &Repo, args: &[&str]) -> (Call, PathBuf) {
    (repo.git_call(args), repo.top().to_owned())
}

fn expect_blocked(repo: &Repo, call: Call, folder: &Path, token: &Token) -> Run {
    let before = head(repo, folder);
    let run = call.run();
    if run.code == Some(0) || head(repo, folder) != before {
        run.fail("the hook did not block the commit");
    }
    // With `-p`, git prints hunks on stdout. The hook prints only on stderr.
    let stderr = run.err();
    if !stderr.contains(&token.redacted()) || stderr.contains(token.body()) {
        run.fail("expected the redacted token");
    }
    run
}

fn expect_passes(repo: &Repo, call: Call, folder: &Path) {
    let before = head(repo, folder);
    let run = call.run().expect_code(0);
    if head(repo, folder) == before {
        run.fail("the hook blocked the commit");
    }
}

#[allow(clippy::too_many_lines)] // a table
fn commit_forms() -> Vec<CommitForm> {
    vec![
        form("plain", |r, text| {
            r.stage("a.txt", text);
            at_top(r, &["commit", "-m", "x"])
        }),
        form("--all", |r, text| {
            r.write("a.txt", text);
            at_top(r, &["commit", "-a", "-m", "x"])
        }),
        form("--all with an intent to add", |r, text| {
            r.write("new.txt", text);
            r.git(&["add", "-N", "new.txt"]);
            at_top(r, &["commit", "-a", "-m", "x"])
        }),
        form("only a file", |r, text| {
            r.write("a.txt", text);
            at_top(r, &["commit", "-m", "x", "a.txt"])
        }),
        form("only a file, another staged", |r, text| {
            r.write("a.txt", text);
            r.stage("b.txt", "other\n");
            at_top(r, &["commit", "-m", "x", "--only", "--", "a.txt"])
        }),
        form("a file included", |r, text| {
            r.write("a.txt", text);
            r.stage("b.txt", "other\n");
            at_top(r, &["commit", "-m", "x", "-i", "a.txt"])
        }),
        form("a staged file, another included", |r, text| {
            r.stage("a.txt", text);
            r.write("b.txt", "other\n");
            at_top(r, &["commit", "-m", "x", "-i", "b.txt"])
        }),
        form("patch", |r, text| {
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-p", "-m", "x"]);
            (call.stdin("y\n"), folder)
        }),
        form("paths from a file", |r, text| {
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-m", "x", "--pathspec-from-file=-"]);
            (call.stdin("a.txt\n"), folder)
        }),
        form("amend", |r, text| {
            r.stage("a.txt", text);
            at_top(r, &["commit", "--amend", "-m", "amended"])
        }),
        form("amend only a file", |r, text| {
            r.write("a.txt", text);
            at_top(r, &["commit", "--amend", "-m", "amended", "a.txt"])
        }),
        form("detached", |r, text| {
            r.git(&["checkout", "-q", "--detach"]);
            r.stage("a.txt", text);
            at_top(r, &["commit", "-m", "x"])
        }),
        form("unborn branch", |r, text| {
            r.git(&["checkout", "-q", "--orphan", "fresh"]);
            r.stage("a.txt", text);
            at_top(r, &["commit", "-m", "x"])
        }),
        form("from a subfolder", |r, text| {
            r.stage("sub/c.txt", text);
            let (call, folder) = at_top(r, &["commit", "-m", "x"]);
            (call.cwd(r.path("sub")), folder)
        }),
        form("--all from a subfolder", |r, text| {
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-a", "-m", "x"]);
            (call.cwd(r.path("sub")), folder)
        }),
        form("only a file from a subfolder", |r, text| {
            r.write("sub/c.txt", text);
            let (call, folder) = at_top(r, &["commit", "-m", "x", "c.txt"]);
            (call.cwd(r.path("sub")), folder)
        }),
        form("from outside with -C", |r, text| {
            r.stage("a.txt", text);
            let (call, folder) = at_top(r, &["-C", "repo/sub", "commit", "-m", "x"]);
            (call.cwd(r.base()), folder)
        }),
        form("from outside with variables", |r, text| {
            r.stage("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-m", "x"]);
            let call = call.env("GIT_DIR", r.path(".git")).env("GIT_WORK_TREE", r.top());
            (call.cwd(r.base()), folder)
        }),
        form("from outside with relative variables", |r, text| {
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-a", "-m", "x"]);
            let call = call.env("GIT_DIR", "repo/.git").env("GIT_WORK_TREE", "repo");
            (call.cwd(r.base()), folder)
        }),
        form("from outside with options", |r, text| {
            r.write("a.txt", text);
            let args = ["--git-dir=repo/.git", "--work-tree=repo", "commit", "-a", "-m", "x"];
            let (call, folder) = at_top(r, &args);
            (call.cwd(r.base()), folder)
        }),
        form("with a custom relative index file", |r, text| {
            fs::copy(r.path(".git/index"), r.path("mine")).expect("copy");
            r.write("a.txt", text);
            r.git_call(&["add", "a.txt"]).env("GIT_INDEX_FILE", "mine").run().expect_code(0);
            let (call, folder) = at_top(r, &["commit", "-m", "x"]);
            (call.env("GIT_INDEX_FILE", "mine").cwd(r.path("sub")), folder)
        }),
        form("colors forced", |r, text| {
            r.stage("a.txt", text);
            at_top(r, &["-c", "color.ui=always", "-c", "diff.external=true", "commit", "-m", "x"])
        }),
        form("linked worktree", |r, text| {
            r.git(&["worktree", "add", "-q", "../linked"]);
            let linked = r.view("linked");
            linked.stage("a.txt", text);
            (linked.git_call(&["commit", "-m", "x"]), linked.top)
        }),
        form("only a file in a linked worktree's subfolder", |r, text| {
            r.git(&["worktree", "add", "-q", "../linked"]);
            let linked = r.view("linked");
            fs::write(linked.top.join("sub/c.txt"), text).expect("write");
            let call = linked.git_call(&["commit", "-m", "x", "c.txt"]);
            (call.cwd(linked.top.join("sub")), linked.top)
        }),
        form("--all in a linked worktree", |r, text| {
            r.git(&["worktree", "add", "-q", "../linked"]);
            let linked = r.view("linked");
            fs::write(linked.top.join("a.txt"), text).expect("write");
            (linked.git_call(&["commit", "-a", "-m", "x"]), linked.top)
        }),
        form("git folder moved away", |r, text| {
            r.git(&["init", "-q", "--separate-git-dir=../moved"]);
            r.write("a.txt", text);
            at_top(r, &["commit", "-a", "-m", "x"])
        }),
        form("core.worktree", |r, text| {
            r.git(&["config", "core.worktree", r.top().to_str().expect("UTF-8")]);
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["--git-dir=repo/.git", "commit", "-a", "-m", "x"]);
            (call.cwd(r.base()), folder)
        }),
        form("worktree of a bare repository", |r, text| {
            r.git(&["clone", "-q", "--bare", ".", "../bare"]);
            fs::create_dir_all(r.base().join("bare/hooks")).expect("create");
            fs::copy(r.path(".git/hooks/pre-commit"), r.base().join("bare/hooks/pre-commit")).expect("copy");
            r.git(&["--git-dir=../bare", "worktree", "add", "-q", "-b", "linked", "../linked"]);
            let linked = r.view("linked");
            linked.stage("sub/c.txt", text);
            (linked.git_call(&["commit", "-m", "x"]).cwd(linked.top.join("sub")), linked.top)
        }),
        form("a bare repository over a home folder", |r, text| {
            r.git(&["config", "core.bare", "true"]);
            fs::rename(r.path(".git"), r.base().join("dotfiles")).expect("move");
            r.write("a.txt", text);
            let args = ["--git-dir=../dotfiles", "--work-tree=.", "commit", "-a", "-m", "x"];
            let call = r.git_call(&args);
            fs::write(r.path(".git"), "gitdir: ../dotfiles\n").expect("write");
            r.git(&["--git-dir=../dotfiles", "config", "core.bare", "true"]);
            (call, r.base().join("dotfiles"))
        }),
        form("a git folder that is a symlink", |r, text| {
            fs::rename(r.path(".git"), r.base().join("moved")).expect("move");
            std::os::unix::fs::symlink("../moved", r.path(".git")).expect("symlink");
            r.stage("a.txt", text);
            at_top(r, &["commit", "-m", "x"])
        }),
        form("through a symlink to the top", |r, text| {
            std::os::unix::fs::symlink(r.top(), r.base().join("alias")).expect("symlink");
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-a", "-m", "x"]);
            (call.cwd(r.base().join("alias/sub")), folder)
        }),
        form("cherry-picked without a commit", |r, text| {
            r.git(&["checkout", "-q", "-b", "side"]);
            r.stage("a.txt", text);
            r.commit("side");
            r.git(&["checkout", "-q", "main"]);
            r.git(&["cherry-pick", "-n", "side"]);
            at_top(r, &["commit", "-m", "x"])
        }),
        form("squashed", |r, text| {
            r.git(&["checkout", "-q", "-b", "side"]);
            r.stage("a.txt", text);
            r.commit("side");
            r.git(&["checkout", "-q", "main"]);
            r.git(&["merge", "-q", "--squash", "side"]);
            at_top(r, &["commit", "-m", "x"])
        }),
        form("stash popped into the index", |r, text| {
            r.stage("a.txt", text);
            r.git(&["stash", "-q"]);
            r.git(&["stash", "pop", "-q", "--index"]);
            at_top(r, &["commit", "-m", "x"])
        }),
    ]
}

#[test]
fn a_token_blocks_every_kind_of_commit() {
    for CommitForm { name, commit } in commit_forms() {
        eprintln!("form: {name}");
        let token = Maker::new(400).sk_live(24);
        let repo = hooked_repo();
        let (call, folder) = commit(&repo, &format!("top\n{}", client(&token)));
        expect_blocked(&repo, call, &folder, &token);
    }
}

#[test]
fn a_clean_change_passes_every_kind_of_commit() {
    for CommitForm { name, commit } in commit_forms() {
        eprintln!("form: {name}");
        let repo = hooked_repo();
        let (call, folder) = commit(&repo, "top\ninnocent\n");
        expect_passes(&repo, call, &folder);
    }
}

#[test]
fn every_form_of_index_is_scanned_in_every_kind_of_commit() {
    // `feature.manyFiles` sets version 4, no checksum and the untracked cache.
    for (key, value) in [("core.splitIndex", "true"), ("feature.manyFiles", "true")] {
        for CommitForm { name, commit } in commit_forms() {
            eprintln!("{key} = {value}, form: {name}");
            let token = Maker::new(406).sk_live(24);
            let repo = hooked_repo();
            repo.git(&["config", key, value]);
            fs::remove_file(repo.path(".git/index")).expect("remove");
            repo.git(&["reset", "-q"]);
            let (call, folder) = commit(&repo, &format!("top\n{}", client(&token)));
            expect_blocked(&repo, call, &folder, &token);
        }
    }
}

#[test]
fn a_first_commit_is_scanned() {
    let token = Maker::new(401).sk_live(24);
    let repo = Repo::new();
    repo.hook("pre-commit");
    repo.stage("a.txt", client(&token));
    expect_blocked(&repo, repo.git_call(&["commit", "-m", "x"]), repo.top(), &token);
    repo.stage("a.txt", "innocent\n");
    expect_passes(&repo, repo.git_call(&["commit", "-m", "x"]), repo.top());
}

#[test]
fn a_commit_of_one_file_ignores_staged_tokens_in_others() {
    let token = Maker::new(402).sk_live(24);
    let repo = hooked_repo();
    repo.stage("b.txt", client(&token));
    repo.write("a.txt", "innocent\n");
    expect_passes(&repo, repo.git_call(&["commit", "-m", "x", "a.txt"]), repo.top());
    expect_blocked(&repo, repo.git_call(&["commit", "-m", "x"]), repo.top(), &token);
}

#[test]
fn a_partial_commit_without_the_token_passes() {
    let token = Maker::new(403).sk_live(24);
    let repo = hooked_repo();
    let lines: String = (0..30).map(|n| format!("{n}\n")).collect::<Vec<_>>().concat();
    repo.stage("a.txt", &lines);
    repo.commit("lines");
    repo.write("a.txt", format!("innocent\n{lines}{}", client(&token)));
    let patch = |answers: &str| repo.git_call(&["commit", "-p", "-m", "x"]).stdin(answers);
    expect_passes(&repo, patch("y\nn\n"), repo.top());
    expect_blocked(&repo, patch("y\n"), repo.top(), &token);
}

#[test]
fn a_commit_in_a_submodule_is_scanned() {
    let token = Maker::new(404).sk_live(24);
    let repo = hooked_repo();
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./.", "module"]);
    let module = repo.view("repo/module");
    fs::copy(repo.path(".git/hooks/pre-commit"), repo.path(".git/modules/module/hooks/pre-commit"))
        .expect("copy the hook");
    module.stage("a.txt", client(&token));
    let commit = || repo.git_call(&["commit", "-m", "x"]).cwd(&module.top);
    expect_blocked(&repo, commit(), &module.top, &token);
    module.stage("a.txt", "innocent\n");
    expect_passes(&repo, commit(), &module.top);
}

#[test]
fn an_editor_and_a_verbose_template_do_not_disturb_the_hook() {
    let token = Maker::new(405).sk_live(24);
    let repo = hooked_repo();
    repo.write("a.txt", client(&token));
    let commit = repo.git_call(&["commit", "-a", "-v", "-e", "-m", "x"]).env("GIT_EDITOR", "true");
    expect_blocked(&repo, commit, repo.top(), &token);
}
