//! The npm packages, installed by the real npm without a registry and run by the real husky and lefthook.

use std::fs;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::built::{VERSION, run, tarballs};
use crate::support::runner::{ours, path};
use crate::support::token::Maker;
use crate::support::tools::node;
use crate::support::{Call, Repo, client};

const LAUNCHER: &str = "node_modules/.bin/keysweep";

fn cpu() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" }
}

/// A repository in which npm has installed these packages.
fn with_packages(names: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.write("package.json", "{\"private\": true}\n");
    repo.write(".gitignore", "node_modules\n");
    repo.git(&["add", "--all"]);
    repo.commit("base");
    let files = names.iter().map(|name| tarballs().join(name));
    let install = repo.call("npm", &["install", "--offline", "--no-audit", "--no-fund", "--silent"]);
    let install = install.args(&files.collect::<Vec<_>>()).env("npm_config_cache", repo.base().join("npm-cache"));
    install.run().expect_code(0);
    repo
}

fn installed() -> Repo {
    with_packages(&[&format!("keysweep-{VERSION}.tgz"), &format!("keysweep-linux-{}-{VERSION}.tgz", cpu())])
}

/// Puts husky and lefthook in PATH, and no installed keysweep.
fn equip(call: Call) -> Call {
    call.env("PATH", path(vec![node().to_owned()], "keysweep"))
}

#[track_caller]
fn expect_guarded(repo: &Repo) {
    let mut make = Maker::new(2720);
    let (token, other) = (make.sk_live(24), make.sk_live(24));
    let git = |args: &[&str]| equip(repo.git_call(args));
    repo.git(&["init", "-q", "--bare", "../remote"]);
    repo.stage("a.txt", client(&token));
    let stopped = git(&["commit", "-m", "x"]).run().expect_code(1);
    stopped.expect_has(&token.redacted()).expect_lacks(token.body());
    repo.stage("a.txt", "innocent\n");
    let stopped = git(&["commit", "-m", &format!("with {other}")]).run().expect_code(1);
    stopped.expect_has(&other.redacted()).expect_lacks(other.body());
    git(&["commit", "-m", "x"]).run().expect_code(0);
    git(&["push", "-q", "../remote", "main"]).run().expect_code(0);
    repo.stage("a.txt", client(&token));
    repo.commit("committed with --no-verify");
    let stopped = git(&["push", "../remote", "main"]).run().expect_code(1);
    stopped.expect_has(&token.redacted()).expect_lacks(token.body());
}

#[test]
fn husky_runs_the_package() {
    let repo = installed();
    for hook in ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"] {
        repo.write(format!(".husky/{hook}"), fs::read(ours("docs/husky").join(hook)).expect("read the hook"));
    }
    equip(repo.call("husky", &[] as &[&str])).run().expect_code(0);
    expect_guarded(&repo);
}

#[test]
fn lefthook_runs_the_package() {
    let repo = installed();
    let text = fs::read_to_string(ours("docs/lefthook.yml")).expect("read the configuration");
    // lefthook does not put the programs of npm packages in PATH.
    repo.stage("lefthook.yml", text.replace("keysweep hook", &format!("{LAUNCHER} hook")));
    repo.commit("lefthook");
    equip(repo.call("lefthook", &["install"])).run().expect_code(0);
    expect_guarded(&repo);
}

#[test]
fn exit_codes_and_signals_are_passed_on() {
    let repo = installed();
    let call = |args: &[&str]| repo.call(LAUNCHER, args);
    call(&["--version"]).run().expect_code(0).expect_has(VERSION);
    call(&["files", "not-here"]).run().expect_code(2);
    let token = Maker::new(2721).sk_live(24);
    call(&["files", "-"]).stdin(client(&token)).run().expect_code(1).expect_has(&token.redacted());

    // The program waits for input. If it outlived the launcher, it would keep the output open.
    let mut launcher = Command::new(repo.path(LAUNCHER));
    let mut launcher =
        launcher.args(["files", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start");
    let children = format!("/proc/{0}/task/{0}/children", launcher.id());
    while fs::read_to_string(&children).expect("the launcher runs").is_empty() {
        std::thread::yield_now();
    }
    run(Command::new("kill").args(["-TERM", &launcher.id().to_string()]));
    launcher.stdout.take().expect("piped").read_to_end(&mut Vec::new()).expect("read to the end");
    assert_eq!(launcher.wait().expect("wait").signal(), Some(15));
}

#[test]
fn a_missing_program_is_an_error() {
    let repo = with_packages(&[&format!("keysweep-{VERSION}.tgz")]);
    let run = repo.call(LAUNCHER, &["hook", "pre-commit"]).run().expect_code(2);
    run.expect_has(&format!("cannot find @keysweep/linux-{}", cpu())).expect_has("--omit=optional");
}

#[test]
fn no_package_has_a_script_to_run_at_installation() {
    let repo = installed();
    for name in ["keysweep".to_owned(), format!("@keysweep/linux-{}", cpu())] {
        let folder = repo.path("node_modules").join(&name);
        let manifest = fs::read_to_string(folder.join("package.json")).expect("read the manifest");
        let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
        assert_eq!(manifest["scripts"], Value::Null, "{name}");
        assert_eq!(manifest["version"], VERSION, "{name}");
        assert!(folder.join("LICENSE-MIT").exists(), "{name}");
        if name == "keysweep" {
            let wanted = serde_json::json!({ format!("@keysweep/linux-{}", cpu()): VERSION });
            assert_eq!(manifest["optionalDependencies"], wanted);
        } else {
            assert_eq!((&manifest["os"][0], &manifest["cpu"][0]), (&"linux".into(), &cpu().into()));
        }
    }
}
