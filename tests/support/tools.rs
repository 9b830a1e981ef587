//! The runners themselves, from their registries, in a folder below the build folder where the next run finds them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::executable;

const PRE_COMMIT: &str = "4.7.0";
const PREK: &str = "0.5.11";
const HUSKY: &str = "9.1.7";
const LEFTHOOK: &str = "2.2.2";
const FILTER_REPO: &str = "2.47.0";

/// What is installed, and what the runners keep for themselves.
pub fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools")
}

/// A folder with `pre-commit` and `prek`.
pub fn python() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("pre-commit-{PRE_COMMIT}-prek-{PREK}");
        let home = once(&name, |draft, home| {
            run(Command::new("python3").args(["-m", "venv"]).arg(draft));
            let wanted = [format!("pre-commit=={PRE_COMMIT}"), format!("prek=={PREK}")];
            run(Command::new(draft.join("bin/python")).args(["-m", "pip", "install", "--quiet"]).args(wanted));
            // What pip writes knows the draft's path only.
            let python = home.join("bin/python");
            let start = format!("#!/bin/sh\nexec '{}' -m pre_commit \"$@\"\n", python.display());
            executable(&draft.join("bin/pre-commit"), &start);
        });
        home.join("bin")
    })
}

/// A folder with `husky` and `lefthook`.
pub fn node() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("husky-{HUSKY}-lefthook-{LEFTHOOK}");
        let home = once(&name, |draft, _| {
            let wanted = [format!("husky@{HUSKY}"), format!("lefthook@{LEFTHOOK}")];
            let quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
            let mut npm = Command::new("npm");
            npm.arg("install").args(quiet).arg("--cache").arg(tools().join("npm-cache"));
            run(npm.arg("--prefix").arg(draft).args(wanted));
        });
        home.join("node_modules/.bin")
    })
}

/// A folder with `git-filter-repo`.
pub fn filter_repo() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let home = once(&format!("filter-repo-{FILTER_REPO}"), |draft, home| {
            run(Command::new("python3").args(["-m", "venv"]).arg(draft));
            let wanted = format!("git-filter-repo=={FILTER_REPO}");
            run(Command::new(draft.join("bin/python")).args(["-m", "pip", "install", "--quiet", &wanted]));
            // What pip writes knows the draft's path only. In a folder of its own, so that PATH gets no other Python.
            let start = format!("#!/bin/sh\nexec '{}' -m git_filter_repo \"$@\"\n", home.join("bin/python").display());
            fs::create_dir_all(draft.join("only")).expect("create the folder of a tool");
            executable(&draft.join("only/git-filter-repo"), &start);
        });
        home.join("only")
    })
}

/// The folder `name`, filled if it is not there yet. It is filled under another name: a run that is cut short leaves no half of
/// a tool, and of two test processes that start at once the first to end wins.
fn once(name: &str, fill: impl FnOnce(&Path, &Path)) -> PathBuf {
    let home = tools().join(name);
    if !home.exists() {
        let draft = tools().join(format!("{name}.{}", std::process::id()));
        fs::create_dir_all(&draft).expect("create the folder of a tool");
        fill(&draft, &home);
        if let Err(err) = fs::rename(&draft, &home) {
            assert!(home.exists(), "rename {}: {err}", draft.display());
            let _ = fs::remove_dir_all(draft);
        }
    }
    home
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|err| panic!("start {command:?}, which the tests need: {err}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
