//! Commits and pushes through each runner, installed from its registry and configured as `docs/` shows.

use std::fs;

use crate::support::runner::{HookedRepo, Runner, equip_without_keysweep};
use crate::support::token::Maker;
use crate::support::{client, executable};

macro_rules! under {
    ($module:ident $runner:ident: $($scenario:ident)+) => {
        mod $module {
            $(
                #[test]
                fn $scenario() {
                    super::$scenario(super::Runner::$runner);
                }
            )+
        }
    };
}

macro_rules! under_every_runner {
    ($($scenario:ident)+) => {
        under!(git Git: $($scenario)+);
        under!(pre_commit PreCommit: $($scenario)+);
        under!(prek Prek: $($scenario)+);
        under!(husky Husky: $($scenario)+);
        under!(lefthook Lefthook: $($scenario)+);
    };
}

under_every_runner! {
    commits
    partly_staged_files
    merges
    commit_messages
    linked_worktrees
    pushes_of_several_refs
    first_pushes
    pushes_of_a_branch_that_is_not_checked_out
    doctor_verifies_the_hooks
    a_program_that_is_not_in_path
}

fn commits(runner: Runner) {
    let token = Maker::new(1600).sk_live(24);
    let at = HookedRepo::new(runner);
    let commit = |args: &[&str]| at.git(&[&["commit", "-m", "x"], args].concat());

    at.repo.stage("b.txt", client(&token));
    at.expect_stopped(commit(&[]), &token);
    at.repo.write("a.txt", "of one file, another with a token beside it\n");
    at.expect_passes(commit(&["a.txt"]));
    at.repo.stage("b.txt", "innocent\n");
    at.expect_passes(commit(&[]));

    at.repo.write("a.txt", client(&token));
    at.expect_stopped(commit(&["-a"]), &token);
    at.expect_stopped(commit(&["a.txt"]), &token);
    at.repo.write("a.txt", "innocent\n");
    at.expect_passes(commit(&["-a"]));

    // A type change to a symlink whose target is a token.
    fs::remove_file(at.repo.path("b.txt")).expect("remove");
    std::os::unix::fs::symlink(token.text(), at.repo.path("b.txt")).expect("symlink");
    at.repo.git(&["add", "b.txt"]);
    at.expect_stopped(commit(&[]), &token);
}

fn partly_staged_files(runner: Runner) {
    let token = Maker::new(1601).sk_live(24);
    let at = HookedRepo::new(runner);
    let commit = || at.git(&["commit", "-m", "x"]);

    at.repo.stage("a.txt", client(&token));
    at.repo.write("a.txt", "cleaned, but not staged\n");
    at.expect_stopped(commit(), &token);

    at.repo.stage("a.txt", "innocent\n");
    at.repo.write("a.txt", client(&token));
    at.expect_passes(commit());
    let left = fs::read_to_string(at.repo.path("a.txt")).expect("read");
    assert_eq!(left, client(&token), "the worktree must keep unstaged changes");
}

fn merges(runner: Runner) {
    let mut make = Maker::new(1602);
    let (old, new) = (make.sk_live(24), make.sk_live(24));
    let at = HookedRepo::new(runner);
    let merge = |args: &[&str]| at.git(&[&["merge", "--no-edit", "--no-ff"], args].concat());
    at.repo.git(&["checkout", "-q", "-b", "side"]);
    at.repo.stage("side.txt", client(&old));
    at.repo.stage("a.txt", "theirs\n");
    at.repo.commit("committed with --no-verify");
    at.repo.git(&["checkout", "-q", "main"]);
    at.repo.stage("b.txt", "ours\n");
    at.repo.commit("ours");

    // Changes that a parent has are not new.
    let base = at.repo.git(&["rev-parse", "HEAD"]).line();
    at.expect_passes(merge(&["side"])).expect_lacks(old.body());

    // The user adds changes to the merge.
    at.repo.git(&["reset", "-q", "--hard", &base]);
    merge(&["--no-commit", "side"]).run().expect_code(0);
    at.repo.stage("c.txt", client(&new));
    at.expect_stopped(at.git(&["commit", "-m", "x"]), &new).expect_lacks(old.body());
    at.repo.git(&["reset", "-q", "--hard", &base]);

    // A merge driver adds changes, and git commits the merge itself. Only pre-merge-commit runs.
    at.repo.stage("a.txt", "ours\n");
    at.repo.stage(".gitattributes", "a.txt merge=evil\n");
    at.repo.commit("both sides change a.txt");
    let base = at.repo.git(&["rev-parse", "HEAD"]).line();
    at.repo.write("../evil", client(&new));
    at.repo.git(&["config", "merge.evil.driver", "cp ../evil %A"]);
    at.expect_stopped(merge(&["side"]), &new).expect_lacks(old.body());
    at.repo.git(&["merge", "--abort"]);
    at.repo.write("../evil", "ours and theirs\n");
    at.expect_passes(merge(&["side"]));
    at.repo.git(&["reset", "-q", "--hard", &base]);

    // A conflict, resolved by hand.
    at.repo.git(&["config", "merge.evil.driver", "false"]);
    merge(&["side"]).run().expect_has("CONFLICT");
    at.repo.stage("a.txt", client(&new));
    at.expect_stopped(at.git(&["commit", "--no-edit"]), &new).expect_lacks(old.body());
    at.repo.stage("a.txt", "ours and theirs\n");
    at.expect_passes(at.git(&["commit", "--no-edit"]));
}

fn commit_messages(runner: Runner) {
    let token = Maker::new(1603).sk_live(24);
    let at = HookedRepo::new(runner);
    let leak = format!("Take payments\n\nwith {token}\n");
    at.repo.stage("a.txt", "innocent\n");
    at.expect_stopped(at.git(&["commit", "-m", &leak]), &token);

    let editor = at.repo.base().join("editor");
    executable(&editor, &format!("#!/bin/sh\necho 'with {token}' > \"$1\"\n"));
    let edited = || at.git(&["commit"]).env("GIT_EDITOR", &editor);
    at.expect_stopped(edited(), &token);
    // An option that hooks cannot see may make git keep this line.
    executable(&editor, &format!("#!/bin/sh\nprintf 'subject\\n# with {token}\\n' > \"$1\"\n"));
    at.expect_stopped(edited(), &token);
    executable(&editor, "#!/bin/sh\nprintf 'subject\\n# a comment\\n' > \"$1\"\n");
    at.expect_passes(edited());
}

fn linked_worktrees(runner: Runner) {
    let token = Maker::new(1604).sk_live(24);
    let at = HookedRepo::new(runner);
    at.repo.git(&["worktree", "add", "-q", "../linked"]);
    let linked = at.repo.view("linked");
    if runner == Runner::Husky {
        // husky runs no hook in a linked worktree and prints no warning (see docs/hooks.md).
        linked.stage("sub/c.txt", client(&token));
        at.expect_passes(at.git(&["commit", "-m", "x"]).cwd(&linked.top));
        linked.git(&["reset", "-q", "--hard", "HEAD~1"]);
        at.install(&linked.top);
    }
    linked.stage("sub/c.txt", client(&token));
    for folder in [linked.top.clone(), linked.top.join("sub")] {
        at.expect_stopped(at.git(&["commit", "-m", "x"]).cwd(folder), &token);
    }
    linked.stage("sub/c.txt", "innocent\n");
    at.expect_stopped(at.git(&["commit", "-m", &format!("with {token}")]).cwd(&linked.top), &token);
    at.expect_passes(at.git(&["commit", "-m", "x"]).cwd(&linked.top));
}

fn pushes_of_several_refs(runner: Runner) {
    let token = Maker::new(1605).sk_live(24);
    let at = HookedRepo::new(runner);
    at.expect_passes(at.git(&["push", "-u", "origin", "main"]));
    at.repo.git(&["checkout", "-q", "-b", "side"]);
    at.repo.stage("side.txt", client(&token));
    at.repo.commit("committed with --no-verify");
    at.repo.git(&["checkout", "-q", "main"]);
    at.repo.stage("a.txt", "innocent\n");
    at.repo.commit("clean");

    at.expect_stopped(at.git(&["push", "origin", "main", "side"]), &token);
    at.expect_stopped(at.git(&["push", "--all", "origin"]), &token);
    at.repo.git(&["branch", "-q", "-f", "side", "main~1"]);
    at.repo.git(&["branch", "other", "main"]);
    at.repo.git(&["tag", "-a", "v1", "-m", "first"]);
    at.expect_passes(at.git(&["push", "origin", "main", "side", "other", "v1"]));

    at.git(&["push", "origin", "main"]).run().expect_code(0).expect_has("Everything up-to-date");
    at.expect_passes(at.git(&["push", "origin", ":other"]));
}

fn first_pushes(runner: Runner) {
    let token = Maker::new(1606).sk_live(24);
    let at = HookedRepo::new(runner);
    at.repo.stage("a.txt", client(&token));
    at.repo.git(&["commit", "-q", "--no-verify", "--amend", "-m", "a root with a token"]);
    at.repo.stage("a.txt", "innocent\n");
    at.repo.commit("token removed");
    at.expect_stopped(at.git(&["push", "-u", "origin", "main"]), &token);

    at.repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    at.repo.git(&["commit", "-q", "--no-verify", "--amend", "-m", "a clean root"]);
    at.expect_passes(at.git(&["push", "-u", "origin", "main"]));
}

/// A branch that is not checked out, with a token that one commit adds and another removes. No worktree file differs.
fn pushes_of_a_branch_that_is_not_checked_out(runner: Runner) {
    let token = Maker::new(1607).sk_live(24);
    let at = HookedRepo::new(runner);
    at.expect_passes(at.git(&["push", "-u", "origin", "main"]));
    at.repo.git(&["checkout", "-q", "-b", "side"]);
    at.repo.stage("side.txt", client(&token));
    at.repo.commit("added");
    at.repo.git(&["rm", "-q", "side.txt"]);
    at.repo.commit("removed");
    at.repo.git(&["checkout", "-q", "main"]);
    at.expect_stopped(at.git(&["push", "origin", "side"]), &token);
    at.repo.git(&["merge", "-q", "side"]);
    at.expect_stopped(at.git(&["push", "origin", "main"]), &token);
}

fn doctor_verifies_the_hooks(runner: Runner) {
    let at = HookedRepo::new(runner);
    at.repo.stage("a.txt", "innocent\n");
    at.expect_passes(at.git(&["commit", "-m", "x"]));
    at.call("keysweep", &["doctor"]).run().expect_code(0).expect_lacks("missing");
}

fn a_program_that_is_not_in_path(runner: Runner) {
    let token = Maker::new(1608).sk_live(24);
    let at = HookedRepo::new(runner);
    let call = |args: &[&str]| equip_without_keysweep(at.repo.git_call(args), runner);
    if runner == Runner::Git {
        // The hooks that keysweep installs contain the path of the program.
        at.expect_passes(call(&["push", "origin", "main"]));
        at.repo.stage("a.txt", client(&token));
        at.expect_stopped(call(&["commit", "-m", "x"]), &token);
    } else {
        at.expect_refused(call(&["push", "origin", "main"]));
        at.repo.stage("a.txt", "innocent\n");
        at.expect_refused(call(&["commit", "-m", "x"]));
    }
}
