//! Real commits through a real hook, in every form in which git hands over its index.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, Run, client};

/// A repository with the program as its pre-commit hook and a history of one commit.
fn guarded() -> Repo {
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

/// One way to commit what `content` makes of the file it writes.
struct Way {
    name: &'static str,
    commit: fn(&Repo, &str) -> (Call, PathBuf),
}

fn way(name: &'static str, commit: fn(&Repo, &str) -> (Call, PathBuf)) -> Way {
    Way { name, commit }
}

fn at_top(repo: &Repo, args: &[&str]) -> (Call, PathBuf) {
    (repo.git_call(args), repo.top().to_owned())
}

fn expect_blocked(repo: &Repo, call: Call, folder: &Path, token: &Token) -> Run {
    let before = head(repo, folder);
    let run = call.run();
    if run.code == Some(0) || head(repo, folder) != before {
        run.fail("the commit was not stopped");
    }
    // Git itself prints the hunks of a patch on stdout; the hook's words all go to stderr.
    let said = run.err();
    if !said.contains(&token.redacted()) || said.contains(token.body()) {
        run.fail("expected the token, redacted");
    }
    run
}

fn expect_passes(repo: &Repo, call: Call, folder: &Path) {
    let before = head(repo, folder);
    let run = call.run().expect_code(0);
    if head(repo, folder) == before {
        run.fail("no commit was made");
    }
}

#[allow(clippy::too_many_lines)] // a table
fn ways() -> Vec<Way> {
    vec![
        way("plain", |r, text| {
            r.stage("a.txt", text);
            at_top(r, &["commit", "-m", "x"])
        }),
        way("--all", |r, text| {
            r.write("a.txt", text);
            at_top(r, &["commit", "-a", "-m", "x"])
        }),
        way("--all with an intent to add", |r, text| {
            r.write("new.txt", text);
            r.git(&["add", "-N", "new.txt"]);
            at_top(r, &["commit", "-a", "-m", "x"])
        }),
        way("only a file", |r, text| {
            r.write("a.txt", text);
            at_top(r, &["commit", "-m", "x", "a.txt"])
        }),
        way("only a file, another staged", |r, text| {
            r.write("a.txt", text);
            r.stage("b.txt", "other\n");
            at_top(r, &["commit", "-m", "x", "--only", "--", "a.txt"])
        }),
        way("a file included", |r, text| {
            r.write("a.txt", text);
            r.stage("b.txt", "other\n");
            at_top(r, &["commit", "-m", "x", "-i", "a.txt"])
        }),
        way("a staged file, another included", |r, text| {
            r.stage("a.txt", text);
            r.write("b.txt", "other\n");
            at_top(r, &["commit", "-m", "x", "-i", "b.txt"])
        }),
        way("patch", |r, text| {
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-p", "-m", "x"]);
            (call.stdin("y\n"), folder)
        }),
        way("paths from a file", |r, text| {
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-m", "x", "--pathspec-from-file=-"]);
            (call.stdin("a.txt\n"), folder)
        }),
        way("amend", |r, text| {
            r.stage("a.txt", text);
            at_top(r, &["commit", "--amend", "-m", "amended"])
        }),
        way("amend only a file", |r, text| {
            r.write("a.txt", text);
            at_top(r, &["commit", "--amend", "-m", "amended", "a.txt"])
        }),
        way("detached", |r, text| {
            r.git(&["checkout", "-q", "--detach"]);
            r.stage("a.txt", text);
            at_top(r, &["commit", "-m", "x"])
        }),
        way("unborn branch", |r, text| {
            r.git(&["checkout", "-q", "--orphan", "fresh"]);
            r.stage("a.txt", text);
            at_top(r, &["commit", "-m", "x"])
        }),
        way("from a subfolder", |r, text| {
            r.stage("sub/c.txt", text);
            let (call, folder) = at_top(r, &["commit", "-m", "x"]);
            (call.cwd(r.path("sub")), folder)
        }),
        way("--all from a subfolder", |r, text| {
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-a", "-m", "x"]);
            (call.cwd(r.path("sub")), folder)
        }),
        way("only a file from a subfolder", |r, text| {
            r.write("sub/c.txt", text);
            let (call, folder) = at_top(r, &["commit", "-m", "x", "c.txt"]);
            (call.cwd(r.path("sub")), folder)
        }),
        way("from outside with -C", |r, text| {
            r.stage("a.txt", text);
            let (call, folder) = at_top(r, &["-C", "repo/sub", "commit", "-m", "x"]);
            (call.cwd(r.base()), folder)
        }),
        way("from outside with variables", |r, text| {
            r.stage("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-m", "x"]);
            let call = call.env("GIT_DIR", r.path(".git")).env("GIT_WORK_TREE", r.top());
            (call.cwd(r.base()), folder)
        }),
        way("from outside with relative variables", |r, text| {
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-a", "-m", "x"]);
            let call = call.env("GIT_DIR", "repo/.git").env("GIT_WORK_TREE", "repo");
            (call.cwd(r.base()), folder)
        }),
        way("from outside with options", |r, text| {
            r.write("a.txt", text);
            let args = ["--git-dir=repo/.git", "--work-tree=repo", "commit", "-a", "-m", "x"];
            let (call, folder) = at_top(r, &args);
            (call.cwd(r.base()), folder)
        }),
        way("with a relative index file of one's own", |r, text| {
            fs::copy(r.path(".git/index"), r.path("mine")).expect("copy");
            r.write("a.txt", text);
            r.git_call(&["add", "a.txt"]).env("GIT_INDEX_FILE", "mine").run().expect_code(0);
            let (call, folder) = at_top(r, &["commit", "-m", "x"]);
            (call.env("GIT_INDEX_FILE", "mine").cwd(r.path("sub")), folder)
        }),
        way("colours forced", |r, text| {
            r.stage("a.txt", text);
            at_top(r, &["-c", "color.ui=always", "-c", "diff.external=true", "commit", "-m", "x"])
        }),
        way("linked worktree", |r, text| {
            r.git(&["worktree", "add", "-q", "../linked"]);
            let linked = r.view("linked");
            linked.stage("a.txt", text);
            (linked.git_call(&["commit", "-m", "x"]), linked.top)
        }),
        way("only a file in a linked worktree's subfolder", |r, text| {
            r.git(&["worktree", "add", "-q", "../linked"]);
            let linked = r.view("linked");
            fs::write(linked.top.join("sub/c.txt"), text).expect("write");
            let call = linked.git_call(&["commit", "-m", "x", "c.txt"]);
            (call.cwd(linked.top.join("sub")), linked.top)
        }),
        way("--all in a linked worktree", |r, text| {
            r.git(&["worktree", "add", "-q", "../linked"]);
            let linked = r.view("linked");
            fs::write(linked.top.join("a.txt"), text).expect("write");
            (linked.git_call(&["commit", "-a", "-m", "x"]), linked.top)
        }),
        way("git folder moved away", |r, text| {
            r.git(&["init", "-q", "--separate-git-dir=../moved"]);
            r.write("a.txt", text);
            at_top(r, &["commit", "-a", "-m", "x"])
        }),
        way("core.worktree", |r, text| {
            r.git(&["config", "core.worktree", r.top().to_str().expect("UTF-8")]);
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["--git-dir=repo/.git", "commit", "-a", "-m", "x"]);
            (call.cwd(r.base()), folder)
        }),
        way("worktree of a bare repository", |r, text| {
            r.git(&["clone", "-q", "--bare", ".", "../bare"]);
            fs::create_dir_all(r.base().join("bare/hooks")).expect("create");
            fs::copy(r.path(".git/hooks/pre-commit"), r.base().join("bare/hooks/pre-commit")).expect("copy");
            r.git(&["--git-dir=../bare", "worktree", "add", "-q", "-b", "linked", "../linked"]);
            let linked = r.view("linked");
            linked.stage("sub/c.txt", text);
            (linked.git_call(&["commit", "-m", "x"]).cwd(linked.top.join("sub")), linked.top)
        }),
        way("a bare repository over a home folder", |r, text| {
            r.git(&["config", "core.bare", "true"]);
            fs::rename(r.path(".git"), r.base().join("dotfiles")).expect("move");
            r.write("a.txt", text);
            let args = ["--git-dir=../dotfiles", "--work-tree=.", "commit", "-a", "-m", "x"];
            let call = r.git_call(&args);
            fs::write(r.path(".git"), "gitdir: ../dotfiles\n").expect("write");
            r.git(&["--git-dir=../dotfiles", "config", "core.bare", "true"]);
            (call, r.base().join("dotfiles"))
        }),
        way("a git folder that is a symlink", |r, text| {
            fs::rename(r.path(".git"), r.base().join("moved")).expect("move");
            std::os::unix::fs::symlink("../moved", r.path(".git")).expect("symlink");
            r.stage("a.txt", text);
            at_top(r, &["commit", "-m", "x"])
        }),
        way("through a symlink to the top", |r, text| {
            std::os::unix::fs::symlink(r.top(), r.base().join("alias")).expect("symlink");
            r.write("a.txt", text);
            let (call, folder) = at_top(r, &["commit", "-a", "-m", "x"]);
            (call.cwd(r.base().join("alias/sub")), folder)
        }),
        way("cherry-picked without a commit", |r, text| {
            r.git(&["checkout", "-q", "-b", "side"]);
            r.stage("a.txt", text);
            r.commit("side");
            r.git(&["checkout", "-q", "main"]);
            r.git(&["cherry-pick", "-n", "side"]);
            at_top(r, &["commit", "-m", "x"])
        }),
        way("squashed", |r, text| {
            r.git(&["checkout", "-q", "-b", "side"]);
            r.stage("a.txt", text);
            r.commit("side");
            r.git(&["checkout", "-q", "main"]);
            r.git(&["merge", "-q", "--squash", "side"]);
            at_top(r, &["commit", "-m", "x"])
        }),
        way("stash popped into the index", |r, text| {
            r.stage("a.txt", text);
            r.git(&["stash", "-q"]);
            r.git(&["stash", "pop", "-q", "--index"]);
            at_top(r, &["commit", "-m", "x"])
        }),
    ]
}

#[test]
fn a_token_stops_every_kind_of_commit() {
    for Way { name, commit } in ways() {
        eprintln!("way: {name}");
        let token = Maker::new(400).sk_live(24);
        let repo = guarded();
        let (call, folder) = commit(&repo, &format!("top\n{}", client(&token)));
        expect_blocked(&repo, call, &folder, &token);
    }
}

#[test]
fn an_innocent_change_passes_every_kind_of_commit() {
    for Way { name, commit } in ways() {
        eprintln!("way: {name}");
        let repo = guarded();
        let (call, folder) = commit(&repo, "top\ninnocent\n");
        expect_passes(&repo, call, &folder);
    }
}

#[test]
fn every_form_of_index_is_guarded_in_every_kind_of_commit() {
    // `feature.manyFiles` is version 4, no checksum and an untracked cache at once.
    for (key, value) in [("core.splitIndex", "true"), ("feature.manyFiles", "true")] {
        for Way { name, commit } in ways() {
            eprintln!("{key} = {value}, way: {name}");
            let token = Maker::new(406).sk_live(24);
            let repo = guarded();
            repo.git(&["config", key, value]);
            fs::remove_file(repo.path(".git/index")).expect("remove");
            repo.git(&["reset", "-q"]);
            let (call, folder) = commit(&repo, &format!("top\n{}", client(&token)));
            expect_blocked(&repo, call, &folder, &token);
        }
    }
}

#[test]
fn a_first_commit_is_guarded() {
    let token = Maker::new(401).sk_live(24);
    let repo = Repo::new();
    repo.hook("pre-commit");
    repo.stage("a.txt", client(&token));
    expect_blocked(&repo, repo.git_call(&["commit", "-m", "x"]), repo.top(), &token);
    repo.stage("a.txt", "innocent\n");
    expect_passes(&repo, repo.git_call(&["commit", "-m", "x"]), repo.top());
}

#[test]
fn a_commit_of_one_file_passes_though_another_holds_a_staged_token() {
    let token = Maker::new(402).sk_live(24);
    let repo = guarded();
    repo.stage("b.txt", client(&token));
    repo.write("a.txt", "innocent\n");
    expect_passes(&repo, repo.git_call(&["commit", "-m", "x", "a.txt"]), repo.top());
    expect_blocked(&repo, repo.git_call(&["commit", "-m", "x"]), repo.top(), &token);
}

#[test]
fn a_patch_that_leaves_the_token_out_passes() {
    let token = Maker::new(403).sk_live(24);
    let repo = guarded();
    let lines: String = (0..30).map(|n| format!("{n}\n")).collect::<Vec<_>>().concat();
    repo.stage("a.txt", &lines);
    repo.commit("lines");
    repo.write("a.txt", format!("innocent\n{lines}{}", client(&token)));
    let patch = |answers: &str| repo.git_call(&["commit", "-p", "-m", "x"]).stdin(answers);
    expect_passes(&repo, patch("y\nn\n"), repo.top());
    expect_blocked(&repo, patch("y\n"), repo.top(), &token);
}

#[test]
fn a_commit_inside_a_submodule_is_guarded() {
    let token = Maker::new(404).sk_live(24);
    let repo = guarded();
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
    let repo = guarded();
    repo.write("a.txt", client(&token));
    let commit = repo.git_call(&["commit", "-a", "-v", "-e", "-m", "x"]).env("GIT_EDITOR", "true");
    expect_blocked(&repo, commit, repo.top(), &token);
}
