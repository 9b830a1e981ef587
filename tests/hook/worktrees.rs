//! Hooks in repositories with several or unregistered worktrees, and with hooks paths that git ignores. Real commits
//! check the output of install and doctor.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::token::Maker;
use crate::support::{Call, Repo, client, note};

/// A bare repository in `container/.bare` or `container/bare.git`, with one commit and a linked worktree
/// `container/tree`.
struct Container {
    repo: Repo,
    bare: PathBuf,
    tree: PathBuf,
}

impl Container {
    fn new(name: &str) -> Self {
        let repo = Repo::new();
        repo.git(&["commit", "-q", "--allow-empty", "-m", "base"]);
        let folder = repo.base().join("container");
        fs::create_dir(&folder).expect("create");
        let (bare, tree) = (folder.join(name), folder.join("tree"));
        repo.git_call(&["clone", "-q", "--bare", "."]).args(&[&bare]).run().expect_code(0);
        if name == ".bare" {
            fs::write(folder.join(".git"), "gitdir: ./.bare\n").expect("write");
        }
        repo.git_call(&["worktree", "add", "-q"]).args(&[&tree]).args(&["main"]).cwd(&bare).run().expect_code(0);
        Self { repo, bare, tree }
    }

    fn keysweep(&self, command: &str, folder: &Path) -> crate::support::Run {
        self.repo.keysweep_call(&[command]).cwd(folder).run()
    }

    /// Commits a token in the linked worktree.
    fn commit_token(&self, name: &str) -> Call {
        let text = client(&Maker::new(9500).sk_live(24));
        fs::write(self.tree.join(name), text).expect("write");
        self.repo.git_call(&["add", name]).cwd(&self.tree).run().expect_code(0);
        self.repo.git_call(&["commit", "-q", "-m", "leak"]).cwd(&self.tree)
    }
}

#[test]
fn a_commit_in_a_worktree_of_a_bare_repository_is_scanned() {
    for name in [".bare", "bare.git"] {
        let at = Container::new(name);
        let container = at.bare.parent().expect("a folder").to_owned();
        let folder = if name == ".bare" { &container } else { &at.bare };
        note(folder.display());
        // Only the hook for pushes is installed, as before the worktree was added.
        let server = at.repo.keysweep_call(&["install", "pre-receive"]).cwd(folder).run().expect_code(0);
        server.expect_lacks("installed pre-commit");
        let run = at.keysweep("doctor", folder).expect_code(1);
        run.expect_has("pre-commit        not installed: commits are not scanned")
            .expect_has("keysweep: NOT PROTECTED");

        let run = at.keysweep("install", folder).expect_code(0);
        run.expect_has("installed pre-commit: ").expect_has("already there, pre-receive: ").expect_has("/tree");
        at.keysweep("doctor", folder).expect_code(0).expect_has("keysweep: all hooks block tokens");
        at.keysweep("doctor", &at.tree).expect_code(0).expect_has("keysweep: all hooks block tokens");
        at.commit_token("a.txt").run().expect_code(1).expect_has("error[stripe-secret-key]");
        // A hook that doctor cannot recognize does not count.
        fs::remove_file(at.bare.join("hooks/pre-receive")).expect("remove");
        let run = at.keysweep("doctor", folder).expect_code(0);
        run.expect_has("pre-receive       not installed: pushes are not scanned")
            .expect_has("keysweep: commits with a token are blocked");
        fs::write(at.bare.join("hooks/pre-commit"), "#!/bin/sh\nexit 0 # keysweep\n").expect("write");
        at.keysweep("doctor", folder).expect_code(1).expect_has("keysweep: NOT PROTECTED");
        at.commit_token("b.txt").run().expect_code(0);
    }
}

#[test]
fn each_worktree_can_have_its_own_hooks_folder() {
    let at = Container::new(".bare");
    at.repo.git_call(&["config", "core.hooksPath", "hk"]).cwd(&at.bare).run().expect_code(0);
    at.keysweep("install", &at.bare).expect_code(0);
    assert!(at.tree.join("hk/pre-commit").is_file() && at.bare.join("hk/pre-receive").is_file());
    assert!(!at.bare.join("hk/pre-commit").exists());
    // The scripts of a worktree folder contain no path of a program.
    let folder = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder").display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    at.commit_token("a.txt").env("PATH", path).run().expect_code(1).expect_has("error[stripe-secret-key]");
}

#[test]
fn dotfiles_in_a_bare_repository_are_protected() {
    let repo = Repo::none();
    let (git_dir, home) = (repo.base().join(".dotfiles"), repo.base().to_owned());
    repo.git_call(&["init", "-q", "--bare"]).args(&[&git_dir]).run().expect_code(0);
    let dotfiles = |args: &[&str]| {
        let places = [format!("--git-dir={}", git_dir.display()), format!("--work-tree={}", home.display())];
        repo.git_call(&places).args(args).cwd(&home)
    };
    fs::write(home.join(".vimrc"), "innocent\n").expect("write");
    dotfiles(&["add", ".vimrc"]).run().expect_code(0);
    let doctor = |code: i32| repo.keysweep_call(&["doctor"]).cwd(&git_dir).run().expect_code(code);
    repo.keysweep_call(&["install", "pre-receive"]).cwd(&git_dir).run().expect_code(0);
    doctor(1)
        .expect_has("pre-commit        not installed: commits are not scanned")
        .expect_has("keysweep: NOT PROTECTED");
    let run = repo.keysweep_call(&["install"]).cwd(&git_dir).run().expect_code(0);
    run.expect_has("installed pre-commit: ").expect_has("--work-tree");
    doctor(0).expect_has("keysweep: all hooks block tokens");
    dotfiles(&["commit", "-q", "-m", "clean"]).run().expect_code(0);
    doctor(0).expect_has("keysweep: all hooks block tokens");
    fs::write(home.join(".netrc"), client(&Maker::new(9501).sk_live(24))).expect("write");
    dotfiles(&["add", ".netrc"]).run().expect_code(0);
    dotfiles(&["commit", "-q", "-m", "leak"]).run().expect_code(1).expect_has("error[stripe-secret-key]");
    // The same with variables.
    let with_variables = repo.keysweep_call(&["doctor"]).env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", &home);
    with_variables.run().expect_code(0).expect_has("keysweep: all hooks block tokens");
    assert!(!repo.base().join(".dotfiles/worktree").exists());
}

#[test]
fn a_bare_repository_without_worktrees_is_a_server() {
    let repo = Repo::none();
    repo.git(&["init", "-q", "--bare"]);
    repo.keysweep(&["install"]).expect_code(0).expect_lacks("pre-commit");
    repo.keysweep(&["doctor"]).expect_code(0).expect_lacks("pre-commit");
}

#[test]
fn an_empty_hooks_path_is_refused() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", ""]);
    let run = repo.keysweep(&["install"]).expect_code(2);
    run.expect_has("cannot install hooks: core.hooksPath is empty, so git looks for hooks in /")
        .expect_has("git config --show-origin core.hooksPath");
    assert!(!repo.path("pre-commit").exists() && !Path::new("/pre-commit").exists());
    repo.keysweep(&["doctor"])
        .expect_code(1)
        .expect_has("warning: core.hooksPath is empty, so git looks for hooks in /");
    // Git runs neither hooks in the top folder nor hooks in .git/hooks.
    repo.write("x/keep", "");
    for folder in ["", ".git/hooks"] {
        crate::support::executable(&repo.path(folder).join("pre-commit"), "#!/bin/sh\nexit 1\n");
    }
    repo.git(&["commit", "-q", "--allow-empty", "-m", "no hook"]);

    let settings = repo.base().join("gitconfig");
    fs::write(&settings, "[core]\n\thooksPath =\n").expect("write");
    let call = repo.keysweep_call(&["install", "--global"]).env("GIT_CONFIG_GLOBAL", &settings);
    call.run().expect_code(2).expect_has("core.hooksPath is empty");
}

#[test]
fn a_hooks_path_that_is_not_a_folder_is_refused() {
    for value in ["/dev/null", "a-file"] {
        let repo = Repo::new();
        repo.write("a-file", "text\n");
        repo.git(&["config", "core.hooksPath", value]);
        let words = format!("core.hooksPath is {value}, which is not a folder, so git runs no hook");
        let run = repo.keysweep(&["install"]).expect_code(2);
        run.expect_has("cannot install hooks: ").expect_has(&words).expect_has("--show-origin core.hooksPath");
        repo.keysweep(&["doctor"]).expect_code(1).expect_has(&format!("warning: {words}"));
        crate::support::executable(&repo.path(".git/hooks/pre-commit"), "#!/bin/sh\nexit 1\n");
        repo.git(&["commit", "-q", "--allow-empty", "-m", "no hook"]);
        fs::remove_file(repo.path(".git/hooks/pre-commit")).expect("remove");

        let settings = repo.base().join("gitconfig");
        let path = if value.starts_with('/') { value.to_owned() } else { repo.path(value).display().to_string() };
        fs::write(&settings, format!("[core]\n\thooksPath = {path}\n")).expect("write");
        let call = repo.keysweep_call(&["install", "--global"]).env("GIT_CONFIG_GLOBAL", &settings);
        call.run().expect_code(2).expect_has("which is not a folder");
    }
}

#[test]
fn shared_hooks_are_not_removed_from_a_linked_worktree() {
    let repo = Repo::new();
    repo.git(&["commit", "-q", "--allow-empty", "-m", "base"]);
    repo.git(&["worktree", "add", "-q", "../linked"]);
    let linked = repo.base().join("linked");
    let run = repo.keysweep_call(&["install"]).cwd(&linked).run().expect_code(0);
    run.expect_has("note: all worktrees of this repository share these hooks: ")
        .expect_has(&repo.top().display().to_string());
    let run = repo.keysweep_call(&["uninstall"]).cwd(&linked).run().expect_code(2);
    run.expect_has("all worktrees of this repository share them").expect_has("keysweep uninstall in ");
    assert!(repo.path(".git/hooks/pre-commit").is_file());
    let run = repo.keysweep(&["uninstall"]).expect_code(0).expect_has("removed pre-commit: ");
    run.expect_has("note: all worktrees of this repository shared these hooks: ")
        .expect_has(&linked.display().to_string());

    // The hooks of the worktree itself can be removed.
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    let own = repo.base().join("own");
    repo.git_call(&["config", "--worktree", "core.hooksPath"]).args(&[&own]).cwd(&linked).run().expect_code(0);
    repo.keysweep_call(&["install"]).cwd(&linked).run().expect_code(0).expect_lacks("share");
    repo.keysweep_call(&["uninstall"]).cwd(&linked).run().expect_code(0).expect_has("removed pre-commit: ");

    let at = Container::new(".bare");
    at.keysweep("install", &at.bare).expect_code(0);
    at.keysweep("uninstall", &at.tree).expect_code(2).expect_has("all worktrees of this repository share them");
    let run = at.keysweep("uninstall", &at.bare).expect_code(0);
    run.expect_has("removed pre-commit: ").expect_has("removed pre-receive: ");
}

#[test]
fn hooks_of_all_repositories_are_not_removed_from_one() {
    let repo = Repo::new();
    let (settings, hooks) = (repo.base().join("gitconfig"), repo.base().join("hooks"));
    fs::write(&settings, format!("[core]\n\thooksPath = {}\n", hooks.display())).expect("write");
    let keysweep = |args: &[&str]| repo.keysweep_call(args).env("GIT_CONFIG_GLOBAL", &settings).run();
    keysweep(&["install"]).expect_code(0);
    keysweep(&["uninstall"]).expect_code(2).expect_has("core.hooksPath is set for all repositories");
    assert!(hooks.join("pre-commit").is_file());
    keysweep(&["uninstall", "--global"]).expect_code(0).expect_has("removed pre-commit: ");
}
