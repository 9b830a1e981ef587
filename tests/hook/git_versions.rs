//! Install, doctor and the hooks with the oldest supported git, with 2.47 and with Debian's newest git.

use std::fs;
use std::path::Path;

use crate::support::history::{expect_tokens, history_call};
use crate::support::token::Maker;
use crate::support::tools::gits;
use crate::support::{Call, Repo, client, note};

fn each(test: impl Fn(&dyn Fn(Call) -> Call)) {
    for (version, folder) in gits() {
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
        let with = |call: Call| call.env("PATH", &path);
        let reported = with(Repo::none().git_call(&["--version"])).run().expect_code(0).line();
        note(&reported);
        assert!(reported.starts_with(version), "expected {version}, got {reported}");
        test(&with);
    }
}

#[test]
fn a_clone_is_protected_and_verified() {
    each(|with| {
        let mut make = Maker::new(9600);
        let repo = Repo::new();
        let git = |args: &[&str]| with(repo.git_call(args)).run();
        let keysweep = |args: &[&str], folder: &Path| with(repo.keysweep_call(args)).cwd(folder).run();
        let server = repo.base().join("server.git");
        git(&["init", "-q", "--bare", "../server.git"]).expect_code(0);
        git(&["remote", "add", "origin", &server.display().to_string()]).expect_code(0);
        repo.write("a.txt", "innocent\n");
        git(&["add", "a.txt"]).expect_code(0);
        keysweep(&["install"], repo.top()).expect_code(0);
        git(&["commit", "-q", "-m", "clean"]).expect_code(0);
        git(&["push", "-q", "origin", "main"]).expect_code(0);
        let run = keysweep(&["doctor"], repo.top()).expect_code(0).expect_has("keysweep: all hooks block tokens");
        assert_eq!(run.out().matches("active: blocks a planted token").count(), 4, "{}", run.out());

        let token = make.sk_live(24);
        repo.write("a.txt", client(&token));
        git(&["add", "a.txt"]).expect_code(0);
        git(&["commit", "-q", "-m", "leak"]).expect_code(1).expect_has(&token.redacted());
        git(&["commit", "-q", "--no-verify", "-m", "leak"]).expect_code(0);
        git(&["push", "-q", "origin", "main"]).expect_code(1).expect_has(&token.redacted());
        expect_tokens(&with(history_call(&repo)).run().expect_code(1), [&token]);

        keysweep(&["install"], &server).expect_code(0);
        keysweep(&["doctor"], &server).expect_code(0).expect_has("pre-receive       active");
        git(&["push", "-q", "--no-verify", "origin", "main"]).expect_code(1).expect_has(&token.redacted());
    });
}

#[test]
fn worktrees_of_a_bare_repository_are_protected() {
    each(|with| {
        let repo = Repo::new();
        let git = |args: &[&str], folder: &Path| with(repo.git_call(args)).cwd(folder).run();
        git(&["commit", "-q", "--allow-empty", "-m", "base"], repo.top()).expect_code(0);
        git(&["clone", "-q", "--bare", ".", "../bare.git"], repo.top()).expect_code(0);
        let (bare, tree) = (repo.base().join("bare.git"), repo.base().join("tree"));
        git(&["worktree", "add", "-q", "../tree", "main"], &bare).expect_code(0);
        with(repo.keysweep_call(&["install"])).cwd(&bare).run().expect_code(0);
        for folder in [&bare, &tree] {
            let run = with(repo.keysweep_call(&["doctor"])).cwd(folder).run().expect_code(0);
            run.expect_has("keysweep: all hooks block tokens");
        }
        let token = Maker::new(9601).sk_live(24);
        fs::write(tree.join("a.txt"), client(&token)).expect("write");
        git(&["add", "a.txt"], &tree).expect_code(0);
        git(&["commit", "-q", "-m", "leak"], &tree).expect_code(1).expect_has(&token.redacted());
    });
}
