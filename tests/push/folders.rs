//! Unusual locations of the git directory, submodules, and clones that lack objects.

use std::fs;

use crate::support::push::{JSONL, Pair, expect_report, write_hook};
use crate::support::{client, note};

#[test]
fn a_git_directory_from_the_environment_is_found() {
    let mut pair = Pair::new(3520);
    let token = pair.token();
    let repo = &pair.repo;
    let bad = pair.add("sub/a.txt", client(&token));
    let top = repo.top().to_str().expect("UTF-8").to_owned();
    let git_dir = format!("{top}/.git");
    let wanted = [(bad.as_str(), "sub/a.txt:1", &token)];
    for (folder, args) in [
        (top.clone(), vec!["--git-dir=.git".to_owned()]),
        (top.clone(), vec!["--git-dir=.git".to_owned(), "--work-tree=.".to_owned()]),
        (format!("{top}/sub"), vec!["--git-dir=../.git".to_owned(), "--work-tree=..".to_owned()]),
        (format!("{top}/sub"), vec!["--git-dir=../.git".to_owned()]),
        ("/".to_owned(), vec![format!("--git-dir={git_dir}"), format!("--work-tree={top}")]),
        ("/".to_owned(), vec!["-C".to_owned(), top.clone()]),
        (git_dir.clone(), vec![]),
        (format!("{git_dir}/objects"), vec![]),
    ] {
        note(format!("{folder} {args:?}"));
        let call = repo.git_call(&args).args(&["push", "-q", "origin", "main"]).cwd(&folder);
        expect_report(&call.run().expect_code(1), &wanted);
    }
    for (folder, value) in [(&top, ".git"), (&git_dir, "."), (&format!("{top}/sub"), "../.git")] {
        note(format!("{folder}, GIT_DIR={value}"));
        let call = repo.git_call(&["push", "-q", "origin", "main"]).cwd(folder).env("GIT_DIR", value);
        expect_report(&call.run().expect_code(1), &wanted);
    }
}

#[test]
fn a_separate_git_directory_is_found() {
    let mut pair = Pair::new(3521);
    let token = pair.token();
    let repo = &pair.repo;
    let bad = pair.add("a.txt", client(&token));
    let wanted = [(bad.as_str(), "a.txt:1", &token)];
    let push = || repo.git_call(&["push", "-q", "origin", "main"]);
    // A moved git directory with a gitfile, a symlink to it, and a bare repository whose worktree is a home folder.
    repo.git(&["init", "-q", "--separate-git-dir=../moved"]);
    expect_report(&push().run().expect_code(1), &wanted);
    fs::remove_file(repo.path(".git")).expect("remove");
    std::os::unix::fs::symlink("../moved", repo.path(".git")).expect("symlink");
    expect_report(&push().run().expect_code(1), &wanted);
    std::os::unix::fs::symlink(repo.top(), repo.base().join("alias")).expect("symlink");
    expect_report(&push().cwd(repo.base().join("alias")).run().expect_code(1), &wanted);
    fs::remove_file(repo.path(".git")).expect("remove");
    let args = ["--git-dir=../moved", "--work-tree=.", "push", "-q", "origin", "main"];
    expect_report(&repo.git_call(&args).run().expect_code(1), &wanted);
    repo.git(&["--git-dir=../moved", "config", "core.bare", "true"]);
    expect_report(&repo.git_call(&args).run().expect_code(1), &wanted);
}

#[test]
fn a_submodule_is_pushed_through_its_own_hook() {
    let mut pair = Pair::new(3522);
    let token = pair.token();
    let repo = &pair.repo;
    let origin = pair.origin();
    let args = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
    repo.git_call(&args).args(&[origin.as_os_str(), "module".as_ref()]).run().expect_code(0);
    let module = repo.view("repo/module");
    write_hook(repo, &module.top, "pre-push", JSONL);
    module.stage("a.txt", client(&token));
    module.git(&["commit", "-q", "--no-verify", "-m", "x"]);
    let bad = module.git(&["rev-parse", "HEAD"]).line();
    let run = module.git_call(&["push", "-q", "origin", "HEAD:refs/heads/x"]).run().expect_code(1);
    expect_report(&run, &[(&bad, "a.txt:1", &token)]);
    // For a push from the superproject, git first runs the hook of the submodule.
    repo.git(&["commit", "-q", "--no-verify", "-a", "-m", "module"]);
    let above = repo.git_call(&["push", "-q", "--recurse-submodules=on-demand", "origin", "main:above"]).run();
    if above.code == Some(0) || !above.all().contains(&token.fingerprint()) {
        above.fail("the hook did not block the push of the submodule");
    }
}

#[test]
fn a_treeless_clone_is_scanned() {
    let mut pair = Pair::new(3523);
    let token = pair.token();
    for n in 0..3 {
        pair.add(&format!("deep/{n}/a.txt"), format!("{n}\n"));
    }
    pair.repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    pair.repo.git_call(&["config", "uploadpack.allowFilter", "true"]).cwd(pair.origin()).run().expect_code(0);
    let url = format!("file://{}", pair.origin().display());
    let filters = [&["--filter=tree:0"][..], &["--filter=blob:limit=10"], &["--filter=blob:none", "--sparse"]];
    for (number, options) in filters.iter().enumerate() {
        note(format!("{options:?}"));
        let repo = &pair.repo;
        let _ = fs::remove_dir_all(repo.base().join("clone"));
        repo.git_call(&["clone", "-q"]).args(options).args(&[&url, "../clone"]).run().expect_code(0);
        let clone = repo.view("clone");
        write_hook(repo, &clone.top, "pre-push", JSONL);
        clone.stage("clean.txt", format!("{options:?}\n"));
        clone.git(&["commit", "-q", "--no-verify", "-m", "x"]);
        let push = || clone.git_call(&["push", "-q", "origin", &format!("HEAD:refs/heads/x{number}")]).run();
        expect_report(&push().expect_code(0), &[]);
        clone.stage("a.txt", client(&token));
        clone.git(&["commit", "-q", "--no-verify", "-m", "x"]);
        let bad = clone.git(&["rev-parse", "HEAD"]).line();
        expect_report(&push().expect_code(1), &[(&bad, "a.txt:1", &token)]);
    }
}

#[test]
fn git_settings_do_not_change_what_is_scanned() {
    let mut pair = Pair::new(3524);
    let token = pair.token();
    let bad = pair.add("a.txt", format!("x\n{}", client(&token)));
    let settings = [
        ("color.ui", "always"),
        ("diff.external", "true"),
        ("diff.noprefix", "true"),
        ("diff.renames", "copies"),
        ("diff.algorithm", "patience"),
        ("core.attributesFile", "/dev/null"),
        ("core.quotePath", "false"),
        ("core.abbrev", "4"),
        ("core.commitGraph", "false"),
        ("core.useReplaceRefs", "true"),
        ("core.logAllRefUpdates", "false"),
        ("log.showSignature", "true"),
        ("log.excludeDecoration", "*"),
        ("push.default", "nothing"),
        ("remote.origin.fetch", "+refs/heads/*:refs/elsewhere/*"),
        ("remote.origin.mirror", "false"),
        ("transfer.hideRefs", "refs/remotes"),
        ("fetch.prune", "true"),
        ("extensions.worktreeConfig", "true"),
        ("feature.experimental", "true"),
    ];
    for (key, value) in settings {
        note(key);
        let repo = &pair.repo;
        repo.git(&["config", "--add", key, value]);
        pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:2", &token)]);
        repo.git(&["config", "--unset", key, &format!("^{}$", value.replace(['+', '*', '.'], "."))]);
        let variables = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", key), ("GIT_CONFIG_VALUE_0", value)];
        let call = variables.iter().fold(repo.git_call(&["push", "-q", "origin", "main"]), |c, (n, v)| c.env(n, v));
        expect_report(&call.run().expect_code(1), &[(&bad, "a.txt:2", &token)]);
    }
}
