//! Hooks in git's configuration: what each git does with them, and how install, uninstall, doctor and audit treat them.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::support::runner::{HookedRepo, Runner, path};
use crate::support::token::Maker;
use crate::support::tools::{gits, newest_git};
use crate::support::{Call, Repo, Run, client, executable, note, os};

const EVENTS: [&str; 4] = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];
const PROGRAM: &str = env!("CARGO_BIN_EXE_keysweep");

/// A repository, used with Debian's newest git and with a configuration of the user.
struct Place {
    repo: Repo,
    git: PathBuf,
}

impl Place {
    fn new() -> Self {
        Self { repo: Repo::new(), git: newest_git().to_owned() }
    }

    fn with(&self, call: Call) -> Call {
        call.env("PATH", path(vec![self.git.clone()], "keysweep")).env("GIT_CONFIG_GLOBAL", self.user_config())
    }

    fn user_config(&self) -> PathBuf {
        self.repo.base().join("gitconfig")
    }

    fn config(&self) -> PathBuf {
        self.repo.path(".git/config")
    }

    fn git(&self, args: &[&str]) -> Run {
        self.with(self.repo.git_call(args)).run()
    }

    fn keysweep(&self, args: &[&str]) -> Run {
        self.with(self.repo.keysweep_call(args)).run()
    }

    fn set(&self, settings: &[(&str, &str)]) {
        for (name, value) in settings {
            self.git(&["config", "--add", name, value]).expect_code(0);
        }
    }

    /// Writes scripts of another tool, which call nothing.
    fn take_hooks_folder(&self) {
        for event in EVENTS {
            executable(&self.repo.path(".git/hooks").join(event), "#!/bin/sh\ncat >/dev/null\nexit 0\n");
        }
    }

    fn stage_token(&self, path: &str) -> Run {
        self.repo.stage(path, client(&Maker::new(9700).sk_live(24)));
        self.git(&["commit", "-q", "-m", "leak"])
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_else(|err| panic!("read {}: {err}", path.display()))).into_owned()
}

#[track_caller]
fn expect_blocked(run: Run) -> Run {
    run.expect_code(1).expect_has("error[stripe-secret-key]")
}

/// The facts that the documentation of hooks in the configuration rests on, as each git has them.
#[test]
fn each_git_runs_or_ignores_them() {
    for (version, folder) in gits() {
        note(version);
        let place = Place { repo: Repo::new(), git: folder.clone() };
        let runs = version.ends_with("2.");
        place.set(&[("hook.one.command", "echo one; cat; echo arguments"), ("hook.two.command", "echo two")]);
        for event in EVENTS {
            place.set(&[("hook.one.event", event), ("hook.two.event", event)]);
        }
        place.take_hooks_folder();
        executable(&place.repo.path(".git/hooks/pre-commit"), "#!/bin/sh\necho script\n");
        place.git(&["init", "-q", "--bare", "../server"]).expect_code(0);
        place.git(&["worktree", "list"]).expect_code(0);

        let commit = |folder: &Path| {
            place.with(place.repo.git_call(&["commit", "-q", "--allow-empty", "-m", "x"])).cwd(folder).run()
        };
        let shown = commit(place.repo.top()).expect_code(0).err();
        // They run before the script, in the order of the settings, and get its arguments.
        let expected = if runs {
            "one\narguments\ntwo\nscript\none\narguments .git/COMMIT_EDITMSG\ntwo .git/COMMIT_EDITMSG\n"
        } else {
            "script\n"
        };
        assert_eq!(shown, expected, "{version}");
        let pushed = place.git(&["push", "-q", "../server", "main"]).expect_code(0).all();
        assert_eq!(
            pushed.contains("one\nrefs/heads/main ") && pushed.contains("arguments ../server "),
            runs,
            "{pushed}"
        );

        place.git(&["worktree", "add", "-q", "../linked"]).expect_code(0);
        let linked = commit(&place.repo.base().join("linked")).expect_code(0);
        assert_eq!(linked.err().contains("one\n"), runs, "{}", linked.all());
        for folder in ["/dev/null", "no/such/folder", ""] {
            place.git(&["config", "core.hooksPath", folder]).expect_code(0);
            assert_eq!(
                commit(place.repo.top()).err(),
                if runs { expected.replace("script\n", "") } else { String::new() }
            );
        }
        place.git(&["config", "--unset", "core.hooksPath"]).expect_code(0);
        // Any failure stops the commit.
        for command in ["exit 7", "no-such-program", "kill -9 $$"] {
            place.git(&["config", "hook.two.command", command]).expect_code(0);
            assert_eq!(commit(place.repo.top()).code, Some(i32::from(runs)), "{command}");
        }
        place.git(&["config", "hook.two.enabled", "false"]).expect_code(0);
        commit(place.repo.top()).expect_code(0);
        // A configuration that is included for this repository only.
        let included = place.repo.base().join("included");
        fs::write(&included, "[hook \"three\"]\n\tcommand = echo three\n\tevent = pre-commit\n").expect("write");
        let condition = format!("includeIf.gitdir:{}/.path", place.repo.top().display());
        place.git(&["config", "--global", &condition, &included.display().to_string()]).expect_code(0);
        assert_eq!(commit(place.repo.top()).err().contains("three\n"), runs);
    }
}

#[test]
fn the_script_of_another_tool_is_left_and_the_configuration_used() {
    let place = Place::new();
    place.take_hooks_folder();
    let before = read(&place.config());
    place.stage_token("through.txt").expect_code(0);
    place.git(&["reset", "-q", "--soft", "HEAD"]).expect_code(0);

    let run = place.keysweep(&["install"]).expect_code(0);
    run.expect_has("installed pre-commit: hook.keysweep-pre-commit in ")
        .expect_has("note: git older than 2.54, which desktop clients may bring, ignores hooks in the configuration");
    let installed = read(&place.config());
    assert!(installed.starts_with(&before), "{installed}");
    for event in EVENTS {
        assert!(!read(&place.repo.path(".git/hooks").join(event)).contains("keysweep"));
    }
    place.keysweep(&["install"]).expect_code(0).expect_has("already there, pre-push: ").expect_lacks("installed ");
    assert_eq!(read(&place.config()), installed);
    let run = place.keysweep(&["doctor"]).expect_code(0);
    run.expect_has("active: blocks a planted token (hook.keysweep-pre-commit in the local configuration)")
        .expect_has("keysweep: all hooks block tokens");

    expect_blocked(place.stage_token("a.txt"));
    place.git(&["reset", "-q", "--hard"]).expect_code(0);
    let token = Maker::new(9701).sk_live(24);
    let message = format!("use {token}");
    expect_blocked(place.git(&["commit", "-q", "--allow-empty", "-m", &message])).expect_lacks(token.body());
    place.git(&["init", "-q", "--bare", "../server"]).expect_code(0);
    expect_blocked(place.git(&["push", "-q", "../server", "HEAD:refs/heads/main"]));
    place.git(&["worktree", "add", "-q", "--orphan", "../linked"]).expect_code(0);
    let linked = place.repo.view("linked");
    fs::write(linked.top.join("a.txt"), client(&token)).expect("write");
    linked.git(&["add", "a.txt"]);
    expect_blocked(place.with(linked.git_call(&["commit", "-q", "-m", "x"])).run());

    let from_linked = place.with(place.repo.keysweep_call(&["uninstall"])).cwd(&linked.top).run().expect_code(2);
    from_linked.expect_has("all worktrees of this repository share them");
    let run = place.keysweep(&["uninstall"]).expect_code(0);
    run.expect_has("removed pre-commit: hook.keysweep-pre-commit in ").expect_has("nothing else was changed");
    assert_eq!(read(&place.config()), before);
    place.keysweep(&["doctor"]).expect_code(1).expect_has("keysweep: NOT PROTECTED");
}

/// A folder that a manager of hooks owns stays as it is, also where it has no script for an event.
#[test]
fn folders_of_managers_are_left_alone() {
    for runner in [Runner::Husky, Runner::Lefthook, Runner::PreCommit, Runner::Prek] {
        note(format!("{runner:?}"));
        let at = HookedRepo::new(runner);
        let with = |call: Call| {
            let own = call.command.get_envs().find_map(|(name, value)| (name == "PATH").then_some(value).flatten());
            let mut folders = vec![newest_git().to_owned()];
            folders.extend(std::env::split_paths(own.expect("the programs of the runner")));
            call.env("PATH", std::env::join_paths(folders).expect("no colon in a name"))
        };
        // The manager no longer calls keysweep, and does not know pre-push.
        for (file, text) in [
            (".pre-commit-config.yaml", "repos: []\n"),
            ("lefthook.yml", "pre-commit: {}\n"),
            (".husky/commit-msg", ":\n"),
        ] {
            if at.repo.path(file).exists() {
                at.repo.write(file, text);
            }
        }
        for event in EVENTS {
            let file = at.repo.path(".husky").join(event);
            if file.exists() {
                fs::write(file, ":\n").expect("write");
            }
        }
        let folder = if runner == Runner::Husky { ".husky" } else { ".git/hooks" };
        fs::remove_file(at.repo.path(folder).join("pre-push")).expect("remove");
        at.repo.git(&["add", "-A"]);
        at.repo.commit("other hooks");
        let scripts = || at.repo.call("sh", &["-c", &format!("sha1sum {folder}/*")]).run().out();
        // lefthook updates its scripts whenever it runs, so compare them before it does.
        let (before, config) = (scripts(), read(&at.repo.path(".git/config")));

        let run = with(at.call("keysweep", &["install"])).run().expect_code(0);
        run.expect_has("installed pre-push: hook.keysweep-pre-push in ").expect_lacks(&format!("{folder}/pre-push"));
        assert_eq!(scripts(), before);
        with(at.call("keysweep", &["doctor"])).run().expect_code(0).expect_has("keysweep: all hooks block tokens");
        let token = Maker::new(9706).sk_live(24);
        at.repo.stage("a.txt", client(&token));
        at.expect_stopped(with(at.git(&["commit", "-m", "x"])), &token);
        at.repo.commit("around the hooks");
        at.expect_stopped(with(at.git(&["push", "origin", "main"])), &token);
        with(at.call("keysweep", &["uninstall"])).run().expect_code(0);
        assert_eq!(read(&at.repo.path(".git/config")), config);
    }
}

#[test]
fn merges_are_scanned_by_a_hook_of_the_configuration() {
    let place = Place::new();
    let token = Maker::new(9702).sk_live(24);
    let git = |args: &[&str]| place.git(args).expect_code(0);
    place.repo.stage("a.txt", "base\n");
    git(&["commit", "-q", "-m", "base"]);
    git(&["checkout", "-q", "-b", "side"]);
    place.repo.stage("a.txt", "side\n");
    git(&["commit", "-q", "-m", "side"]);
    git(&["checkout", "-q", "main"]);
    place.repo.stage("a.txt", "ours\n");
    place.repo.stage(".gitattributes", "a.txt merge=evil\n");
    git(&["commit", "-q", "-m", "ours"]);
    place.repo.write("../evil", client(&token));
    git(&["config", "merge.evil.driver", "cp ../evil %A"]);
    place.take_hooks_folder();
    place.keysweep(&["install"]).expect_code(0);
    expect_blocked(place.git(&["merge", "-q", "--no-edit", "side"])).expect_lacks(token.body());
}

/// The configuration is restored, whatever it contained and whoever changed it in between.
#[test]
fn uninstall_restores_the_bytes_of_the_configuration() {
    let place = Place::new();
    place.take_hooks_folder();
    let plain = read(&place.config());
    for ending in [
        "",
        "# a comment\n",
        "[user]\n\tname = Ada",
        "[a]\r\n\tb = c\r\n",
        "; \u{e9}\n\n\n",
        "[hook \"x\"]\n\tcommand = y\n",
    ] {
        let before = format!("{plain}{ending}");
        fs::write(place.config(), &before).expect("write");
        fs::set_permissions(place.config(), fs::Permissions::from_mode(0o640)).expect("chmod");
        place.keysweep(&["install"]).expect_code(0);
        place.keysweep(&["uninstall", "pre-push"]).expect_code(0);
        place.keysweep(&["install"]).expect_code(0).expect_has("installed pre-push: ");
        place.keysweep(&["uninstall"]).expect_code(0);
        assert_eq!(read(&place.config()), before);
        assert_eq!(fs::metadata(place.config()).expect("metadata").permissions().mode() & 0o777, 0o640);
        // Git and a person append to it.
        place.keysweep(&["install"]).expect_code(0);
        let appended = "# mine\n[alias]\n\tx = status\n";
        let end = if before.ends_with('\n') { "" } else { "\n" };
        let now = read(&place.config());
        fs::write(place.config(), format!("{now}{end}{appended}")).expect("write");
        place.git(&["config", "alias.y", "log"]).expect_code(0);
        place.keysweep(&["uninstall"]).expect_code(0);
        assert_eq!(read(&place.config()), format!("{before}{end}{appended}\ty = log\n"));
    }
}

#[test]
fn an_edited_section_is_left_alone() {
    let place = Place::new();
    place.take_hooks_folder();
    let before = read(&place.config());
    place.keysweep(&["install", "pre-commit"]).expect_code(0);
    place.git(&["config", "hook.keysweep-pre-commit.command", "true"]).expect_code(0);
    let edited = read(&place.config());
    place.keysweep(&["uninstall"]).expect_code(0).expect_has("/.git/config was edited");
    place
        .keysweep(&["install", "pre-commit"])
        .expect_code(2)
        .expect_has("run git config --local --remove-section hook.keysweep-pre-commit");
    assert_eq!(read(&place.config()), edited);
    place.git(&["config", "--local", "--remove-section", "hook.keysweep-pre-commit"]).expect_code(0);
    place.keysweep(&["install", "pre-commit"]).expect_code(0);

    // A setting that a person added to the section stays.
    place.git(&["config", "hook.keysweep-pre-commit.parallel", "true"]).expect_code(0);
    place.keysweep(&["uninstall"]).expect_code(0);
    assert_eq!(read(&place.config()), format!("{before}[hook \"keysweep-pre-commit\"]\n\tparallel = true\n"));
    place.git(&["commit", "-q", "--allow-empty", "-m", "x"]).expect_code(0);
}

#[test]
fn an_older_section_is_upgraded() {
    let place = Place::new();
    place.take_hooks_folder();
    let moved = place.repo.base().join("moved/keysweep");
    fs::create_dir(moved.parent().expect("a folder")).expect("create");
    symlink(PROGRAM, &moved).expect("link");
    let first = place.repo.call("keysweep", &["install", "pre-commit"]);
    let folders = vec![moved.parent().expect("a folder").to_owned(), place.git.clone()];
    place.with(first).env("PATH", path(folders, "keysweep")).run().expect_code(0);
    assert!(read(&place.config()).contains("/moved/keysweep"));
    expect_blocked(place.stage_token("a.txt"));

    // The program is gone: the commit is stopped, and the message says why.
    fs::remove_file(&moved).expect("remove");
    let run = place.git(&["commit", "-q", "-m", "x"]).expect_code(1);
    run.expect_has("keysweep: cannot run the hook pre-commit: there is no ").expect_has("/moved/keysweep; install it");
    place.keysweep(&["install", "pre-commit"]).expect_code(0).expect_has("upgraded pre-commit: ");
    assert!(!read(&place.config()).contains("/moved/keysweep"));
    expect_blocked(place.git(&["commit", "-q", "-m", "x"]));
}

/// A hooks folder that git does not use, so no script could run.
#[test]
fn an_unusable_hooks_folder_is_no_obstacle() {
    for folder in ["/dev/null", ""] {
        let place = Place::new();
        place.git(&["config", "core.hooksPath", folder]).expect_code(0);
        let before = read(&place.config());
        place.keysweep(&["install"]).expect_code(0).expect_has("installed pre-commit: hook.keysweep-pre-commit in ");
        let run = place.keysweep(&["doctor"]).expect_code(0);
        run.expect_has("keysweep: all hooks block tokens").expect_lacks("warning: ");
        expect_blocked(place.stage_token("a.txt"));
        place.keysweep(&["uninstall", "pre-commit"]).expect_code(0);
        place.keysweep(&["doctor"]).expect_code(1).expect_has("warning: core.hooksPath is ");
        place.keysweep(&["uninstall"]).expect_code(0);
        assert_eq!(read(&place.config()), before);
    }
}

#[test]
fn global_hooks_guard_every_repository() {
    let place = Place::new();
    place.take_hooks_folder();
    let run = place.keysweep(&["install", "--global"]).expect_code(0);
    run.expect_has("installed pre-push: hook.keysweep-pre-push in ").expect_lacks("init.templateDir");
    for event in EVENTS {
        let sections = read(&place.user_config()).matches(&format!("[hook \"keysweep-{event}\"]\n")).count();
        assert_eq!(sections, 1, "{event}");
    }
    let run = place.keysweep(&["doctor"]).expect_code(0);
    assert_eq!(run.out().matches(" in the global configuration)").count(), 4, "{}", run.out());
    run.expect_has("keysweep: all hooks block tokens").expect_has("note: git older than 2.54, ");
    place.keysweep(&["audit", "hook-live"]).expect_code(0).expect_has("all hooks call keysweep");
    expect_blocked(place.stage_token("a.txt"));
    place
        .keysweep(&["install"])
        .expect_code(0)
        .expect_has("already there, commit-msg: hook.keysweep-commit-msg in the global");
    place.keysweep(&["uninstall"]).expect_code(0).expect_has("keysweep uninstall --global removes it");

    // A new repository, and one whose hooks folder does not exist.
    place.git(&["init", "-q", "-b", "main", "../new"]).expect_code(0);
    let new = place.repo.view("new");
    new.git(&["config", "core.hooksPath", "/dev/null"]);
    fs::write(new.top.join("a.txt"), client(&Maker::new(9703).sk_live(24))).expect("write");
    new.git(&["add", "a.txt"]);
    expect_blocked(place.with(new.git_call(&["commit", "-q", "-m", "x"])).run());
    for args in [&["doctor"][..], &["audit", "hook-live"]] {
        let run = place.with(place.repo.keysweep_call(args)).cwd(&new.top).run().expect_code(0);
        run.expect_lacks("core.hooksPath").expect_lacks("suspect");
    }

    place.keysweep(&["uninstall", "--global", "pre-push"]).expect_code(0);
    place.keysweep(&["doctor"]).expect_code(0).expect_has("pre-push          does not call keysweep: ");
    place
        .keysweep(&["uninstall", "--global"])
        .expect_code(0)
        .expect_has("removed pre-commit: hook.keysweep-pre-commit in ");
    assert!(!place.user_config().exists(), "install created the file");
    place.keysweep(&["uninstall", "--global"]).expect_code(0).expect_has("nothing to remove");
    place.git(&["commit", "-q", "-m", "x"]).expect_code(0);
}

#[test]
fn the_configuration_of_the_user_is_found_and_restored() {
    let place = Place::new();
    let home = place.repo.base().to_owned();
    let without_variable = |args: &[&str]| {
        let mut call = place.with(place.repo.keysweep_call(args));
        call.command.env_remove("GIT_CONFIG_GLOBAL");
        call.run().expect_code(0)
    };
    let in_xdg = home.join(".config/git/config");
    fs::create_dir_all(in_xdg.parent().expect("a folder")).expect("create");
    let text = "[user]\n\tname = Ada";
    for (file, link) in [(in_xdg, None), (home.join(".gitconfig"), Some(home.join("dotfiles")))] {
        note(file.display());
        let real = link.clone().unwrap_or_else(|| file.clone());
        fs::write(&real, text).expect("write");
        if let Some(target) = &link {
            symlink(target, &file).expect("link");
        }
        without_variable(&["install", "--global"]);
        assert!(read(&real).contains("[hook \"keysweep-pre-push\"]"));
        without_variable(&["uninstall", "--global"]);
        assert_eq!(read(&real), text);
        assert_eq!(file.is_symlink(), link.is_some());
    }
}

/// What the three gits of one machine make of the same configuration.
#[test]
fn an_older_git_ignores_them_and_that_is_reported() {
    let newest = Place::new();
    newest.take_hooks_folder();
    newest.keysweep(&["install"]).expect_code(0);
    newest.keysweep(&["install", "--global"]).expect_code(0);
    for (version, folder) in gits() {
        note(version);
        let runs = version.ends_with("2.");
        let place = Place { git: folder.clone(), repo: Repo::none() };
        let with = |call: Call| place.with(call).env("GIT_CONFIG_GLOBAL", newest.user_config());
        let doctor = with(newest.repo.keysweep_call(&["doctor"])).run();
        let audit = with(newest.repo.keysweep_call(&["audit", "hook-live"])).run();
        if runs {
            doctor.expect_code(0).expect_has("keysweep: all hooks block tokens");
            audit.expect_code(0);
        } else {
            let number = version.trim_start_matches("git version ");
            let warning = format!("git {number} ignores hook.keysweep-pre-commit in the global configuration");
            doctor.expect_code(1).expect_has(&warning).expect_has("keysweep: NOT PROTECTED");
            audit.expect_code(0).expect_has(&warning).expect_has("unknown");
            let install = with(newest.repo.keysweep_call(&["install"])).run().expect_code(2);
            install.expect_has("it is a hook of another program").expect_has("the line ");
        }
        newest.repo.stage("a.txt", client(&Maker::new(9704).sk_live(24)));
        let code = with(newest.repo.git_call(&["commit", "-q", "-m", "x"])).run().code;
        assert_eq!(code, Some(i32::from(runs)), "{version}");
        newest.repo.git(&["update-ref", "-d", "HEAD"]);
    }
    // Scripts make up for that, so nothing is wrong then.
    let scripted = Place { git: gits()[1].1.clone(), repo: Repo::new() };
    let with = |args: &[&str]| {
        let call = scripted.with(scripted.repo.keysweep_call(args));
        call.env("GIT_CONFIG_GLOBAL", newest.user_config()).run().expect_code(0)
    };
    with(&["install"]);
    with(&["doctor"]).expect_has("keysweep: all hooks block tokens").expect_lacks("warning: ");
    with(&["audit", "hook-live"]).expect_has("all hooks call keysweep");
    // Such a git installs a template, and says that newer ones need none. Its uninstall removes the sections too.
    let (_, oldest) = &gits()[0];
    let old = Place { git: oldest.clone(), repo: Repo::new() };
    old.keysweep(&["install", "--global"]).expect_code(0).expect_has("with git 2.54 or later, install again");
    old.keysweep(&["uninstall", "--global"]).expect_code(0).expect_has("unset init.templateDir");
    let run =
        old.with(newest.repo.keysweep_call(&["uninstall", "--global"])).env("GIT_CONFIG_GLOBAL", newest.user_config());
    run.run().expect_code(0).expect_has("removed pre-commit: hook.keysweep-pre-commit in ");
    assert!(!newest.user_config().exists());
}

#[test]
fn a_hook_that_is_switched_off_is_reported() {
    let place = Place::new();
    place.keysweep(&["install", "--global"]).expect_code(0);
    for (setting, value) in [("hook.keysweep-pre-commit.enabled", "false"), ("hook.pre-commit.enabled", "off")] {
        note(setting);
        place.git(&["config", setting, value]).expect_code(0);
        let why = format!("{setting} is false in the local configuration");
        let run = place.keysweep(&["doctor"]).expect_code(1);
        run.expect_has(&format!("switched off: commits are not scanned ({why})")).expect_has("keysweep: NOT PROTECTED");
        place.keysweep(&["audit", "hook-live"]).expect_code(1).expect_has(&why);
        place.keysweep(&["install", "--global"]).expect_code(0).expect_has(&format!("warning: {why}"));
        place.stage_token("a.txt").expect_code(0);
        place.git(&["update-ref", "-d", "HEAD"]).expect_code(0);

        // A script that blocks is enough.
        place.keysweep(&["install", "pre-commit"]).expect_code(0);
        place.keysweep(&["doctor"]).expect_code(0).expect_has("keysweep: all hooks block tokens");
        expect_blocked(place.git(&["commit", "-q", "-m", "x"]));
        place.keysweep(&["uninstall", "pre-commit"]).expect_code(0);
        place.git(&["config", "--unset", setting]).expect_code(0);
    }
    // An empty value, in a place that git reads later, resets the events.
    let taken = Place::new();
    taken.take_hooks_folder();
    let install = taken.with(taken.repo.keysweep_call(&["install", "pre-commit"])).env("GIT_CONFIG_COUNT", "1");
    let install = install.env("GIT_CONFIG_KEY_0", "hook.keysweep-pre-commit.event").env("GIT_CONFIG_VALUE_0", "");
    install.run().expect_code(2).expect_has("another setting of hook.keysweep-pre-commit overrides the event");
    // Another command under the name of keysweep's hook.
    place.git(&["config", "hook.keysweep-pre-commit.command", "true"]).expect_code(0);
    place.keysweep(&["doctor"]).expect_code(1).expect_has("does not call keysweep, and let a planted token through");
    place.git(&["config", "hook.keysweep-pre-commit.command", "true # keysweep"]).expect_code(0);
    place.keysweep(&["doctor"]).expect_code(1).expect_has("DOES NOT BLOCK: it let a planted token through");

    let taken = Place::new();
    taken.take_hooks_folder();
    taken.keysweep(&["install", "pre-commit"]).expect_code(0);
    taken.git(&["config", "hook.pre-commit.enabled", "false"]).expect_code(0);
    let run = taken.keysweep(&["install", "pre-commit"]).expect_code(2);
    run.expect_has("cannot guard pre-commit: hook.pre-commit.enabled is false in the local configuration");
}

/// Commands of the configuration that do not name keysweep are not started, except at a commit that nothing else guards.
#[test]
fn commands_of_others_are_not_started() {
    let place = Place::new();
    let ran = place.repo.base().join("ran");
    place.set(&[("hook.theirs.command", &format!("echo >> '{}'; exit 1", ran.display()))]);
    for event in ["pre-receive", "update", "post-commit", "post-index-change", "reference-transaction"] {
        place.set(&[("hook.theirs.event", event)]);
    }
    for event in EVENTS {
        place.set(&[("hook.theirs.event", event)]);
    }
    place.take_hooks_folder();
    for args in
        [&["install"][..], &["doctor"], &["audit", "hook-live"], &["install", "--global"], &["staged"], &["uninstall"]]
    {
        place.keysweep(args).expect_code(0);
        assert!(!ran.exists(), "{args:?} started the command");
    }
    place.keysweep(&["uninstall", "--global"]).expect_code(0);
    // doctor runs it for a commit as it runs a script of others, since it may call keysweep indirectly.
    place
        .keysweep(&["doctor"])
        .expect_code(2)
        .expect_has("hook.theirs in the local configuration failed without reporting it");
    assert_eq!(read(&ran), "\n\n", "once for each hook that reads the index");
    let indirect = place.repo.base().join("lint");
    executable(&indirect, &format!("#!/bin/sh\nexec '{PROGRAM}' staged\n"));
    place.git(&["config", "hook.theirs.command", &indirect.display().to_string()]).expect_code(0);
    place
        .keysweep(&["doctor"])
        .expect_code(0)
        .expect_has("active: blocks a planted token (hook.theirs in the local configuration)");
}

/// A script in the hooks folder runs after the hooks of the configuration. What it stages is committed without a scan.
#[test]
fn a_formatter_that_stages_more_is_stopped_by_pre_push() {
    let place = Place::new();
    let token = Maker::new(9705).sk_live(24);
    let stage = format!("#!/bin/sh\nprintf '%s' '{}' > made.txt\ngit add made.txt\n", client(&token));
    executable(&place.repo.path(".git/hooks/pre-commit"), &stage);
    place.keysweep(&["install"]).expect_code(0).expect_has("installed pre-commit: hook.keysweep-pre-commit in ");
    let run = place.keysweep(&["doctor"]).expect_code(0);
    run.expect_has("only pre-push scans what it adds to the commit");
    place.repo.stage("a.txt", "innocent\n");
    place.git(&["commit", "-q", "-m", "formatted"]).expect_code(0);
    place.git(&["init", "-q", "--bare", "../server"]).expect_code(0);
    expect_blocked(place.git(&["push", "-q", "../server", "main"]))
        .expect_has(&token.redacted())
        .expect_lacks(token.body());
}

#[test]
fn a_server_with_a_hook_of_its_own_is_guarded() {
    let place = Place::new();
    let server = place.repo.base().join("server.git");
    place.git(&["init", "-q", "--bare", "../server.git"]).expect_code(0);
    for name in ["pre-receive", "update"] {
        executable(&server.join("hooks").join(name), "#!/bin/sh\nexit 0\n");
    }
    let at_server = |args: &[&str]| place.with(place.repo.keysweep_call(args)).cwd(&server).run();
    let before = read(&server.join("config"));
    place.stage_token("a.txt").expect_code(0);
    for (name, ending) in [("pre-receive", "pre-receive hook declined"), ("update", "hook declined")] {
        at_server(&["install", name]).expect_code(0).expect_has(&format!("installed {name}: hook.keysweep-{name} in "));
        at_server(&["doctor"]).expect_code(0).expect_has(&format!("(hook.keysweep-{name} in the local configuration)"));
        let push = place.git(&["push", "-q", "../server.git", "main"]).expect_code(1);
        push.expect_has("error[stripe-secret-key]").expect_has(ending);
        at_server(&["uninstall"]).expect_code(0);
        assert_eq!(read(&server.join("config")), before);
    }
    at_server(&["doctor"]).expect_code(1);
}

#[test]
fn names_of_every_kind_are_told_apart() {
    let place = Place::new();
    let command = format!("'{PROGRAM}' hook pre-commit");
    let names: [&[u8]; 7] =
        [b"a=b", b"disabled\tx", b"hook from hookdir", b"a.b", b"\"quoted\\", "\u{e9}\u{1f511}".as_bytes(), b"\xff"];
    for name in names {
        let key = |key: &str| os(&[b"hook.", name, b".", key.as_bytes()].concat());
        let set = |name: &str, value: &str| {
            place.with(place.repo.git_call(&["config"]).args(&[key(name)]).args(&[value])).run().expect_code(0)
        };
        set("command", &command);
        set("event", "pre-commit");
        set("event", "pre-commit");
        let shown = format!("(hook.{} in the local configuration)", String::from_utf8_lossy(name));
        let run = place.keysweep(&["doctor"]).expect_code(0);
        assert!(run.out().contains("active: blocks a planted token"), "{shown}: {}", run.out());
        place.keysweep(&["audit", "hook-live"]).expect_code(0);
        let section = os(&[b"hook.".as_slice(), name].concat());
        assert!(!section.as_bytes().is_empty());
        place.with(place.repo.git_call(&["config", "--remove-section"]).args(&[section])).run().expect_code(0);
    }
}

#[test]
fn what_cannot_be_read_or_written_is_an_error() {
    let place = Place::new();
    place.take_hooks_folder();
    place.set(&[("hook.bad.event", "pre-push")]);
    for args in [&["doctor"][..], &["install"], &["audit", "hook-live"]] {
        place.keysweep(args).expect_code(2).expect_has("'hook.bad.command' must be configured");
    }
    place.git(&["config", "--remove-section", "hook.bad"]).expect_code(0);

    let before = read(&place.config());
    fs::write(place.repo.path(".git/config.lock"), "").expect("write");
    place.keysweep(&["install"]).expect_code(2).expect_has(".git/config.lock exists");
    assert_eq!(read(&place.config()), before);
    fs::remove_file(place.repo.path(".git/config.lock")).expect("remove");

    let without_home = |name: &str| {
        let mut call = place.with(place.repo.keysweep_call(&["install", "--global"]));
        call.command.env_remove("GIT_CONFIG_GLOBAL").env_remove("HOME").env_remove("XDG_CONFIG_HOME");
        if name.is_empty() { call } else { call.env("GIT_CONFIG_GLOBAL", name) }
    };
    without_home("").run().expect_code(2).expect_has("HOME is not set");
    without_home("a/relative/path").run().expect_code(2).expect_has("to full paths");
    assert!(!place.repo.path("a").exists());

    let script = format!("trap '' XFSZ; ulimit -f 0; exec '{PROGRAM}' install --global");
    let full = place.with(place.repo.call("sh", &["-c", &script]));
    full.env("GIT_CONFIG_GLOBAL", place.repo.base().join("new/er/gitconfig")).run().expect_code(2);
    assert!(!place.repo.base().join("new").exists());

    fs::create_dir(place.user_config()).expect("create");
    place.with(place.repo.keysweep_call(&["install", "--global"])).run().expect_code(2);
    fs::remove_dir(place.user_config()).expect("remove");
    let to_device =
        place.with(place.repo.keysweep_call(&["install", "--global"])).env("GIT_CONFIG_GLOBAL", "/dev/null");
    to_device.run().expect_code(2).expect_has("not a file");
    symlink("/nonexistent/gitconfig", place.user_config()).expect("link");
    place.keysweep(&["install", "--global"]).expect_code(2).expect_has("cannot ");
    assert!(place.user_config().is_symlink());
}
