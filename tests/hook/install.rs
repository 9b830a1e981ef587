//! Installs hooks with the real git: where git looks for them, which hooks exist already, and what must not be touched.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::support::token::Maker;
use crate::support::{Call, Repo, client, executable};

const OF_A_CLONE: &[&str] = &["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];

/// Sets a PATH in which the hook cannot find the program.
fn short_path(call: Call) -> Call {
    call.env("PATH", "/usr/bin:/bin").env("CARGO_HOME", "/nonexistent")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|err| panic!("read {}: {err}", path.display()))
}

#[track_caller]
fn expect_installed(folder: &Path, names: &[&str]) {
    for name in names {
        let file = folder.join(name);
        let mode = fs::metadata(&file).unwrap_or_else(|err| panic!("{}: {err}", file.display())).permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "{}", file.display());
        assert!(read(&file).contains("\n# seal: "), "{}", file.display());
    }
    let mut found: Vec<String> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".sample"))
        .collect();
    found.sort();
    let mut wanted: Vec<&str> = names.to_vec();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{} must contain no other file", folder.display());
}

#[test]
fn a_commit_is_blocked_with_the_path_of_a_desktop_client() {
    let token = Maker::new(3000).sk_live(24);
    let repo = Repo::new();
    repo.keysweep(&["install"]).expect_code(0).expect_has("installed pre-commit: ").expect_has("installed pre-push: ");
    expect_installed(&repo.path(".git/hooks"), OF_A_CLONE);

    repo.stage("a.txt", client(&token));
    let stopped = short_path(repo.git_call(&["commit", "-m", "leak"])).run();
    stopped.expect_has(&token.redacted()).expect_lacks(token.body());
    repo.call("git", &["rev-parse", "-q", "--verify", "HEAD"]).run().expect_code(1);
    repo.stage("a.txt", "mended\n");
    short_path(repo.git_call(&["commit", "-m", "mended"])).run().expect_code(0);
}

#[test]
fn a_commit_is_refused_if_keysweep_is_missing() {
    let repo = Repo::new();
    let program = repo.base().join("bin dir/keysweep");
    let folder = program.parent().expect("a folder");
    fs::create_dir_all(folder).expect("create");
    symlink(env!("CARGO_BIN_EXE_keysweep"), &program).expect("link");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    repo.call("keysweep", &["install"]).env("PATH", path).run().expect_code(0);
    repo.stage("a.txt", "clean\n");
    short_path(repo.git_call(&["commit", "-m", "clean"])).run().expect_code(0);
    fs::remove_file(program).expect("remove");
    repo.stage("a.txt", "clean too\n");
    let run = short_path(repo.git_call(&["commit", "-m", "clean"])).run().expect_code(1);
    run.expect_has("keysweep: cannot run the hook pre-commit: there is no keysweep in PATH");
}

#[test]
fn the_script_contains_the_path_from_path() {
    let repo = Repo::new();
    let bin = repo.base().join("bin");
    fs::create_dir_all(&bin).expect("create");
    symlink(env!("CARGO_BIN_EXE_keysweep"), bin.join("keysweep")).expect("link");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    repo.call("keysweep", &["install", "pre-commit"]).env("PATH", path).run().expect_code(0);
    let link = format!("installed='{}/keysweep'", bin.display());
    assert!(read(&repo.path(".git/hooks/pre-commit")).contains(&link));
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    let absolute = Repo::new();
    let elsewhere = absolute.base().join("else where");
    absolute.git(&["config", "core.hooksPath", &elsewhere.to_string_lossy()]);
    absolute.keysweep(&["install"]).expect_code(0);
    expect_installed(&elsewhere, OF_A_CLONE);

    let home = Repo::new();
    home.git(&["config", "core.hooksPath", "~/hooks"]);
    home.keysweep(&["install"]).expect_code(0);
    expect_installed(&home.base().join("hooks"), OF_A_CLONE);

    let subfolder = Repo::new();
    fs::create_dir_all(subfolder.path("a/b")).expect("create");
    subfolder.keysweep_call(&["install"]).cwd(subfolder.path("a/b")).run().expect_code(0);
    expect_installed(&subfolder.path(".git/hooks"), OF_A_CLONE);

    let named = Repo::new();
    named.keysweep_call(&["install"]).cwd(named.base()).env("GIT_DIR", "repo/.git").run().expect_code(0);
    expect_installed(&named.path(".git/hooks"), OF_A_CLONE);
}

#[test]
fn scripts_in_a_relative_folder_contain_no_absolute_path() {
    let token = Maker::new(3001).sk_live(24);
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", "tools/hooks"]);
    fs::create_dir_all(repo.path("a/b")).expect("create");
    let run = repo.keysweep_call(&["install"]).cwd(repo.path("a/b")).run().expect_code(0);
    run.expect_has("is part of the worktree: commit the scripts");
    expect_installed(&repo.path("tools/hooks"), OF_A_CLONE);
    assert!(read(&repo.path("tools/hooks/pre-commit")).contains("\ninstalled=''\n"));

    repo.stage("a.txt", client(&token));
    let program = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder");
    let commit = repo.git_call(&["commit", "-m", "leak"]).env("PATH", format!("{}:/usr/bin:/bin", program.display()));
    commit.run().expect_has(&token.redacted());

    // An ignored folder is not shared with others.
    let ignored = Repo::new();
    ignored.write(".gitignore", "/hooks/\n");
    ignored.git(&["config", "core.hooksPath", "hooks"]);
    ignored.keysweep(&["install", "pre-commit"]).expect_code(0).expect_lacks("part of the worktree");
    assert!(read(&ignored.path("hooks/pre-commit")).contains(env!("CARGO_BIN_EXE_keysweep")));
}

/// The files that husky 9 generates, as far as keysweep reads them.
fn generate_husky_hooks(repo: &Repo) {
    repo.write(".husky/_/.gitignore", "*");
    let h = "#!/usr/bin/env sh\nn=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n[ ! -f \"$s\" ] && exit 0\n[ \"${HUSKY-}\" = \"0\" ] && exit 0\nsh -e \"$s\" \"$@\"\n";
    repo.write(".husky/_/h", h);
    for name in OF_A_CLONE {
        executable(&repo.path(".husky/_").join(name), "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"\n");
    }
    repo.git(&["config", "core.hooksPath", ".husky/_"]);
}

#[test]
fn husky_gets_the_script_beside_its_generated_files() {
    let token = Maker::new(3002).sk_live(24);
    let repo = Repo::new();
    generate_husky_hooks(&repo);
    repo.write(".husky/commit-msg", "npx commitlint --edit $1\n");
    let before = read(&repo.path(".husky/_/pre-commit"));
    let run = repo.keysweep(&["install"]).expect_code(2);
    run.expect_has("keysweep hook commit-msg \"$@\" || exit $?");
    assert_eq!(read(&repo.path(".husky/_/pre-commit")), before);
    assert_eq!(read(&repo.path(".husky/commit-msg")), "npx commitlint --edit $1\n");
    for name in ["pre-commit", "pre-merge-commit", "pre-push"] {
        assert!(read(&repo.path(".husky").join(name)).contains("\ninstalled=''\n"));
    }
    repo.stage("a.txt", client(&token));
    let program = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder");
    let commit = repo.git_call(&["commit", "-m", "leak"]).env("PATH", format!("{}:/usr/bin:/bin", program.display()));
    commit.run().expect_has(&token.redacted());

    fs::remove_dir_all(repo.path(".husky/_")).expect("remove the folder, as in a new worktree");
    repo.keysweep(&["install", "pre-commit"]).expect_code(0).expect_has("husky runs no hook in this worktree");
}

#[test]
fn worktrees_share_their_hooks_by_default() {
    let repo = Repo::new();
    repo.git(&["commit", "-q", "--allow-empty", "-m", "base"]);
    let linked = repo.view("linked");
    repo.git(&["worktree", "add", "-q", "../linked"]);
    repo.keysweep_call(&["install", "pre-commit"]).cwd(&linked.top).run().expect_code(0);
    expect_installed(&repo.path(".git/hooks"), &["pre-commit"]);

    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    let own = repo.base().join("own");
    linked.git(&["config", "--worktree", "core.hooksPath", &own.to_string_lossy()]);
    repo.keysweep_call(&["install", "pre-push"]).cwd(&linked.top).run().expect_code(0);
    expect_installed(&own, &["pre-push"]);
    expect_installed(&repo.path(".git/hooks"), &["pre-commit"]);
}

#[test]
fn a_bare_repository_gets_pre_receive() {
    let repo = Repo::none();
    repo.git(&["init", "-q", "--bare"]);
    repo.keysweep(&["install"]).expect_code(0);
    expect_installed(&repo.path("hooks"), &["pre-receive"]);
    repo.keysweep_call(&["install", "update"]).cwd(repo.path("refs/heads")).run().expect_code(0);
    expect_installed(&repo.path("hooks"), &["pre-receive", "update"]);
}

#[test]
fn hooks_of_other_tools_are_not_changed() {
    let generated = |by: &str| format!("#!/usr/bin/env bash\n# File generated by {by}\n");
    let push = "keysweep hook pre-push \"$@\" <\"$refs\"";
    for (name, script, line) in [
        ("pre-commit", "#!/bin/sh\nmake lint\n".to_owned(), "keysweep hook pre-commit \"$@\" || exit $?"),
        ("pre-push", "#!/bin/sh\ngit lfs pre-push \"$@\"\n".to_owned(), push),
        ("pre-commit", "#!/usr/bin/env python3\nprint()\n".to_owned(), "call keysweep hook pre-commit"),
        ("pre-commit", generated("pre-commit: https://pre-commit.com"), "the line - id: keysweep"),
        ("pre-push", generated("prek: https://github.com/j178/prek"), "the line - id: keysweep-pre-push"),
        ("commit-msg", "call_lefthook run\n".to_owned(), "keysweep: { run: \"keysweep hook commit-msg {0}\" }"),
        ("pre-push", "call_lefthook run\n".to_owned(), "use_stdin: true }"),
        // An edited script of keysweep belongs to the user.
        ("pre-commit", edited_script(), "that calls keysweep"),
    ] {
        let repo = Repo::new();
        let file = repo.path(".git/hooks").join(name);
        executable(&file, &script);
        let run = repo.keysweep(&["install"]);
        assert_eq!(run.code, Some(if script == edited_script() { 0 } else { 2 }), "{}", run.all());
        run.expect_has(line);
        assert_eq!(read(&file), script);
        expect_untouched_by_uninstall(&repo, &file, &script);
    }
}

fn expect_untouched_by_uninstall(repo: &Repo, file: &Path, script: &str) {
    repo.keysweep(&["uninstall"]).expect_code(0).expect_has("left alone, ").expect_has("removed ");
    assert_eq!(read(file), script);
    fs::remove_file(file).expect("remove");
    expect_installed(&repo.path(".git/hooks"), &[]);
}

fn edited_script() -> String {
    let repo = Repo::new();
    repo.keysweep(&["install", "pre-commit"]).expect_code(0);
    read(&repo.path(".git/hooks/pre-commit")).replace("\ninstalled=", "\nmake lint\ninstalled=")
}

#[test]
fn a_hook_that_already_calls_keysweep_is_accepted() {
    let framed = "repos:\n- repo: https://example.org/keysweep\n  rev: v1\n  hooks:\n  - id: keysweep\n  - id: keysweep-pre-push\n";
    let lefthook = "pre-push:\n  commands:\n    keysweep: { run: \"keysweep hook pre-push {0}\", use_stdin: true }\n";
    for (name, script, config, text) in [
        ("pre-commit", "#!/bin/sh\nkeysweep hook pre-commit \"$@\" || exit $?\n", "none", ""),
        ("pre-merge-commit", "# File generated by pre-commit: x\n", ".pre-commit-config.yaml", framed),
        ("pre-push", "# File generated by prek: x\n", ".pre-commit-config.yaml", framed),
        ("pre-push", "call_lefthook run\n", "lefthook.yml", lefthook),
    ] {
        let repo = Repo::new();
        repo.write(config, text);
        let file = repo.path(".git/hooks").join(name);
        executable(&file, script);
        repo.keysweep(&["install"]).expect_code(0).expect_has(&format!("already there, {name}: "));
        assert_eq!(read(&file), script);
    }
    let repo = Repo::new();
    repo.write(".pre-commit-config.yaml", framed);
    executable(&repo.path(".git/hooks/commit-msg"), "# File generated by pre-commit: x\n");
    repo.keysweep(&["install"]).expect_code(2).expect_has("the line - id: keysweep-commit-msg");
}

#[test]
fn installing_twice_changes_nothing_and_an_older_script_is_upgraded() {
    let repo = Repo::new();
    repo.keysweep(&["install"]).expect_code(0);
    let file = repo.path(".git/hooks/pre-commit");
    let script = read(&file);
    let when = fs::metadata(&file).expect("the script").modified().expect("a time");
    repo.keysweep(&["install"]).expect_code(0).expect_has("already there, pre-commit: ").expect_lacks("installed ");
    assert_eq!(fs::metadata(&file).expect("the script").modified().expect("a time"), when);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("chmod");
    repo.keysweep(&["install"]).expect_code(0).expect_has("upgraded pre-commit: ");
    expect_installed(&repo.path(".git/hooks"), OF_A_CLONE);

    let older: String = script.split_inclusive('\n').filter(|line| !line.contains("/opt/")).collect();
    executable(&file, &reseal(&repo, &older));
    repo.keysweep(&["install"])
        .expect_code(0)
        .expect_has("upgraded pre-commit: ")
        .expect_has("already there, pre-push");
    assert_eq!(read(&file), script);

    // The user copies the script by hand.
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks/pre-commit"), &file).expect("copy");
    repo.keysweep(&["install"]).expect_code(0).expect_has("upgraded pre-commit: ");
    assert_eq!(read(&file), script);
}

/// Updates the seal of a script, as the version that wrote the script did. The seal is the digest of all other lines.
fn reseal(repo: &Repo, script: &str) -> String {
    let rest: String = script.split_inclusive('\n').filter(|line| !line.starts_with("# seal: ")).collect();
    let digest = repo.call("sha256sum", &[""; 0]).stdin(rest).run().expect_code(0).line();
    let seal = |line: &str| {
        if line.starts_with("# seal: ") { format!("# seal: {}\n", &digest[..16]) } else { line.to_owned() }
    };
    script.split_inclusive('\n').map(seal).collect()
}

#[test]
fn symlinks_and_folders_in_place_of_hooks_are_kept() {
    let repo = Repo::new();
    let hooks = repo.path(".git/hooks");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks/pre-push");
    symlink(&script, hooks.join("pre-push")).expect("link");
    symlink("/nonexistent", hooks.join("commit-msg")).expect("link");
    fs::create_dir(hooks.join("pre-commit")).expect("create");
    let run = repo.keysweep(&["install"]).expect_code(2);
    run.expect_has("hooks/commit-msg: it is a link to something").expect_has("hooks/pre-commit: it cannot be read");
    repo.keysweep(&["install", "pre-push"]).expect_code(0).expect_has("a link to keysweep's script");
    repo.keysweep(&["uninstall"])
        .expect_code(0)
        .expect_has("removed pre-merge-commit")
        .expect_has("left alone, pre-push");
    assert_eq!(fs::read_link(hooks.join("pre-push")).expect("a link"), script);
    assert!(hooks.join("pre-commit").is_dir() && hooks.join("commit-msg").is_symlink());
}

#[test]
fn write_errors_are_one_sentence() {
    let file = Repo::new();
    file.write("hooks", "no folder\n");
    file.git(&["config", "core.hooksPath", "hooks"]);
    expect_one_sentence(file.keysweep_call(&["install"]), "cannot install ");

    let nowhere = Repo::new();
    nowhere.git(&["config", "core.hooksPath", "/dev/null"]);
    expect_one_sentence(nowhere.keysweep_call(&["install"]), "cannot install hooks: core.hooksPath is /dev/null, ");

    let read_only = Repo::new();
    let hooks = read_only.path(".git/hooks");
    fs::set_permissions(&hooks, fs::Permissions::from_mode(0o555)).expect("chmod");
    // Root can write to every folder.
    if fs::write(hooks.join("probe"), "").is_err() {
        expect_one_sentence(read_only.keysweep_call(&["install"]), "cannot install ");
    }
    fs::set_permissions(&hooks, fs::Permissions::from_mode(0o755)).expect("chmod");

    let unknown = Repo::new();
    expect_one_sentence(unknown.keysweep_call(&["install", "pre-commit", "prepush"]), "did you mean pre-push?");
    expect_one_sentence(unknown.keysweep_call(&["uninstall", "precommit"]), "did you mean pre-commit?");
    expect_installed(&unknown.path(".git/hooks"), &[]);

    let none = Repo::none();
    expect_one_sentence(none.keysweep_call(&["install"]), "not a git repository");
    expect_one_sentence(Repo::new().keysweep_call(&["install"]).env("PATH", "/nonexistent"), "cannot run git");
}

#[track_caller]
fn expect_one_sentence(call: Call, what: &str) {
    let run = call.run().expect_code(2);
    assert_eq!((run.out().as_str(), run.err().lines().count()), ("", 1), "{}", run.all());
    run.expect_has(what);
}

#[test]
fn uninstall_removes_only_scripts_of_install() {
    let repo = Repo::new();
    repo.keysweep(&["uninstall"]).expect_code(0).expect_has("nothing to remove");
    repo.keysweep(&["install"]).expect_code(0);
    repo.keysweep(&["uninstall", "pre-push"]).expect_code(0).expect_has("removed pre-push: ");
    expect_installed(&repo.path(".git/hooks"), &["pre-commit", "pre-merge-commit", "commit-msg"]);

    // The pre-commit framework renames an existing hook like this.
    let hook = repo.path(".git/hooks/pre-commit");
    fs::rename(&hook, hook.with_extension("legacy")).expect("rename");
    executable(&hook, "# File generated by pre-commit: https://pre-commit.com\n");
    repo.keysweep(&["install", "pre-commit"]).expect_code(0).expect_has("a hook of pre-commit that calls keysweep");
    repo.keysweep(&["uninstall", "--quiet"]).expect_code(0);
    expect_hooks_are(&repo, "pre-commit");
}

fn expect_hooks_are(repo: &Repo, only: &str) {
    fs::remove_file(repo.path(".git/hooks").join(only)).expect("remove the hook");
    expect_installed(&repo.path(".git/hooks"), &[]);
}

/// Runs with the home folder and the git settings of a user.
fn with_home(call: Call, home: &Path) -> Call {
    call.env("HOME", home).env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"))
}

#[test]
fn new_clones_get_the_hooks_from_the_template() {
    let token = Maker::new(3003).sk_live(24);
    let repo = Repo::new();
    let home: PathBuf = repo.base().to_owned();
    let template = home.join(".config/git/template");
    let keysweep = |args: &[&str]| with_home(repo.keysweep_call(args), &home).run().expect_code(0);
    let set = || with_home(repo.git_call(&["config", "--global", "--get", "init.templateDir"]), &home).run().line();

    keysweep(&["install", "--global"])
        .expect_has("git clone and git init")
        .expect_has("keysweep does not set core.hooksPath");
    expect_installed(&template.join("hooks"), OF_A_CLONE);
    assert_eq!(Path::new(&set()), template);
    keysweep(&["install", "--global"]).expect_has("already there, pre-commit: ");
    expect_installed(&repo.path(".git/hooks"), &[]);

    with_home(repo.git_call(&["clone", "-q", ".", "../clone"]), &home).run().expect_code(0);
    let clone = repo.view("clone");
    expect_installed(&clone.top.join(".git/hooks"), OF_A_CLONE);
    clone.stage("a.txt", client(&token));
    short_path(clone.git_call(&["commit", "-m", "leak"])).run().expect_has(&token.redacted());
    with_home(repo.git_call(&["init", "-q"]), &home).run().expect_code(0);
    expect_installed(&repo.path(".git/hooks"), OF_A_CLONE);

    keysweep(&["uninstall", "--global", "pre-push"]);
    assert_eq!(Path::new(&set()), template);
    keysweep(&["uninstall", "--global"]).expect_has("unset init.templateDir");
    assert_eq!(set(), "");
    assert!(!template.exists());
    keysweep(&["uninstall", "--global"]).expect_has("nothing to remove");
}

#[test]
fn a_template_that_git_cannot_be_given_is_removed() {
    let repo = Repo::new();
    let home: PathBuf = repo.base().to_owned();
    fs::write(home.join(".gitconfig.lock"), "").expect("lock the settings");
    with_home(repo.keysweep_call(&["install", "--global"]), &home).run().expect_code(2);
    assert!(!home.join(".config").exists());
}

#[test]
fn an_existing_template_or_hooks_path_is_used() {
    let repo = Repo::new();
    let home: PathBuf = repo.base().to_owned();
    let keysweep = |args: &[&str]| with_home(repo.keysweep_call(args), &home).run();
    let git = |args: &[&str]| with_home(repo.git_call(args), &home).run().expect_code(0);
    git(&["config", "--global", "init.templateDir", "~/mine"]);
    keysweep(&["install", "--global", "pre-commit"]).expect_code(0);
    expect_installed(&home.join("mine/hooks"), &["pre-commit"]);
    keysweep(&["uninstall", "--global"]).expect_code(0);
    expect_installed(&home.join("mine/hooks"), &[]);
    assert_eq!(git(&["config", "--global", "init.templateDir"]).line(), "~/mine");

    git(&["config", "--global", "core.hooksPath", "~/every"]);
    keysweep(&["install", "pre-push"]).expect_code(0).expect_has("core.hooksPath is set for all repositories");
    git(&["config", "core.hooksPath", "here"]);
    let run = keysweep(&["install", "--global"]).expect_code(0);
    run.expect_has("this repository has a hooks path of its own, here");
    expect_installed(&home.join("every"), OF_A_CLONE);
    keysweep(&["uninstall", "--global"]).expect_code(0);
    expect_installed(&home.join("every"), &[]);
    git(&["config", "--global", "core.hooksPath", "every"]);
    keysweep(&["install", "--global"]).expect_code(2).expect_has("a different folder in each");
}

#[test]
fn messages_and_pushes_run_their_hooks() {
    let token = Maker::new(3004).sk_live(24);
    let repo = Repo::new();
    repo.git(&["init", "-q", "--bare", "../remote"]);
    repo.git(&["remote", "add", "origin", "../remote"]);
    repo.keysweep(&["install"]).expect_code(0);
    let stopped = |args: &[&str]| {
        let run = repo.git_call(args).run();
        assert_ne!(run.code, Some(0), "{args:?}: {}", run.all());
        run.expect_has(&token.redacted()).expect_lacks(token.body());
    };
    repo.git(&["commit", "-q", "--allow-empty", "-m", "base"]);
    stopped(&["commit", "--allow-empty", "-m", &format!("use {token}")]);
    repo.git(&["push", "-q", "origin", "main"]);

    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("a.txt", client(&token));
    repo.commit("leak");
    stopped(&["push", "origin", "side"]);
    repo.git(&["rm", "-q", "a.txt"]);
    repo.commit("token removed");
    stopped(&["push", "origin", "side"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "clean"]);
    repo.git(&["push", "-q", "origin", "main"]);
}

#[test]
fn the_pre_push_line_keeps_stdin_for_the_rest_of_the_script() {
    let token = Maker::new(3005).sk_live(24);
    let repo = Repo::new();
    repo.git(&["init", "-q", "--bare", "../remote"]);
    let file = repo.path(".git/hooks/pre-push");
    executable(&file, "#!/bin/sh\ncat >seen\n");
    let refused = repo.keysweep(&["install", "pre-push"]).expect_code(2).err();
    let line = refused.trim_end().rsplit_once("the line ").expect("a line to add").1;
    executable(&file, &format!("#!/bin/sh -e\n{line}\ncat >seen\n"));
    let program = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder");
    let temporary = repo.base().join("temporary");
    fs::create_dir(&temporary).expect("create");
    let push = || {
        repo.git_call(&["push", "-q", "../remote", "main"])
            .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
            .env("TMPDIR", &temporary)
    };
    repo.git(&["commit", "-q", "--allow-empty", "-m", "base"]);
    push().run().expect_code(0);
    assert!(read(&repo.path("seen")).starts_with("refs/heads/main "));
    fs::remove_file(repo.path("seen")).expect("remove");
    repo.stage("a.txt", client(&token));
    repo.commit("leak");
    push().run().expect_code(1).expect_has(&token.redacted());
    assert!(!repo.path("seen").exists());
    assert_eq!(fs::read_dir(temporary).expect("list the folder").count(), 0);
    repo.keysweep(&["install", "pre-push"]).expect_code(0).expect_has("already there, pre-push");
}
