//! Gaps of husky and lefthook and their workarounds, as docs/hooks.md describes them.

use std::fs;

use crate::support::runner::{HookedRepo, Runner, path};
use crate::support::token::Maker;
use crate::support::tools::node;
use crate::support::{client, copy_program};

/// Commits `text` as `path` without running hooks.
fn configure(at: &HookedRepo, path: &str, text: &str) {
    at.repo.stage(path, text);
    at.repo.commit("another configuration");
}

fn lefthook_config(at: &HookedRepo) -> String {
    fs::read_to_string(at.repo.path("lefthook.yml")).expect("read")
}

#[test]
fn a_push_is_scanned_although_stdin_was_consumed() {
    let token = Maker::new(1700).sk_live(24);
    let (husky, lefthook) = (HookedRepo::new(Runner::Husky), HookedRepo::new(Runner::Lefthook));
    configure(&husky, ".husky/pre-push", "cat > /dev/null\nkeysweep hook pre-push \"$@\"\n");
    configure(&lefthook, "lefthook.yml", &lefthook_config(&lefthook).replace("use_stdin: true", "use_stdin: false"));
    for at in [husky, lefthook] {
        at.expect_passes(at.git(&["push", "origin", "main"]));
        at.repo.git(&["checkout", "-q", "-b", "side"]);
        at.repo.stage("side.txt", client(&token));
        at.repo.commit("a leak");
        at.repo.git(&["checkout", "-q", "main"]);
        at.expect_stopped(at.git(&["push", "origin", "side"]), &token);
    }
}

#[test]
fn lefthook_on_all_files_scans_only_staged_changes() {
    let token = Maker::new(1701).sk_live(24);
    let at = HookedRepo::new(Runner::Lefthook);
    configure(&at, "old.txt", &client(&token));
    let run = || at.call("lefthook", &["run", "pre-commit", "--all-files"]).run();
    run().expect_code(0).expect_has("nothing was scanned");
    at.repo.stage("new.txt", client(&token));
    run().expect_code(1).expect_has("new.txt:1:").expect_lacks("old.txt:1:");

    let all = at.call("sh", &["-c", "git ls-files -z | xargs -0 keysweep files --"]).run();
    assert_ne!(all.code, Some(0), "{}", all.all());
    all.expect_has("old.txt:1:");
}

#[test]
fn lefthook_without_its_configuration_fails() {
    let at = HookedRepo::new(Runner::Lefthook);
    at.repo.git(&["mv", "lefthook.yml", ".lefthook.yml"]);
    at.repo.commit("moved");
    at.repo.stage("a.txt", "innocent\n");
    at.expect_refused(at.git(&["commit", "-m", "x"])).expect_has("error replacing {files}");
    at.expect_refused(at.git(&["push", "origin", "main"])).expect_has("error replacing {files}");
}

/// The hook scripts of lefthook contain the path of the program that wrote them, so a copy writes them and is removed.
#[test]
fn missing_lefthook_fails() {
    let at = HookedRepo::new(Runner::Lefthook);
    let modules = node().parent().expect("node_modules");
    let mut found = fs::read_dir(modules).expect("list").filter_map(Result::ok).map(|entry| entry.path());
    let program = found.find_map(|path| Some(path.join("bin/lefthook")).filter(|program| program.is_file()));
    let copy = at.repo.base().join("lefthook");
    copy_program(&program.expect("a program for this system"), &copy);
    at.call(copy.to_str().expect("UTF-8"), &["install", "--force"]).run().expect_code(0);
    fs::remove_file(copy).expect("remove");
    at.repo.stage("a.txt", "innocent\n");
    let plain = at.repo.git_call(&["commit", "-m", "x"]).env("PATH", path(vec![], "lefthook"));
    at.expect_refused(plain).expect_has("Can't find lefthook");
}
