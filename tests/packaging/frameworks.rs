//! pre-commit and prek with the tree that a release tags. There is no Rust, and the package index is switched off.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::built::{VERSION, release, wheels};
use crate::support::runner::{ours, path};
use crate::support::token::Maker;
use crate::support::tools::{installers, python};
use crate::support::{Call, Repo, client, note};

const FRAMEWORKS: [&str; 2] = ["pre-commit", "prek"];

/// The time of the processor from `git commit` to a blocked token, on a machine that has nothing of keysweep. The time of
/// the clock is longer on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// The configuration of the README for the release.
fn config() -> String {
    let text = fs::read_to_string(ours("docs/pre-commit.yaml")).expect("read the configuration");
    text.replace("repo: URL", &format!("repo: {}", release().display()))
        .replace("rev: COMMIT", &format!("rev: v{VERSION}"))
}

/// A machine with git, Python, both frameworks and uv. Its package index is a folder with the wheel.
fn equip(repo: &Repo, call: Call) -> Call {
    call.env("PATH", path(vec![python().to_owned(), installers().to_owned()], "cargo"))
        .env("PRE_COMMIT_HOME", repo.base().join("pre-commit-home"))
        .env("PREK_HOME", repo.base().join("prek-home"))
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", wheels())
        .env("UV_NO_INDEX", "1")
        .env("UV_FIND_LINKS", wheels())
        .env("UV_CACHE_DIR", repo.base().join("uv-cache"))
        .env("UV_PYTHON_DOWNLOADS", "never")
}

/// Whether a folder below `folder` contains the program.
fn has_program(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.map(|entry| entry.expect("an entry").path()).any(|path| {
        path.ends_with("bin/keysweep") && path.is_file() || path.is_dir() && !path.is_symlink() && has_program(&path)
    })
}

/// The processor time of the children in the output of the shell's `times`, such as `0m1.50s 0m0.25s` in the last line.
fn children(times: &str) -> Duration {
    let one = |time: &str| {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').expect("minutes and seconds");
        minutes.parse::<f64>().expect("minutes") * 60.0 + seconds.parse::<f64>().expect("seconds")
    };
    Duration::from_secs_f64(times.lines().last().expect("a line").split_whitespace().map(one).sum())
}

#[test]
fn a_framework_installs_the_wheel() {
    for program in FRAMEWORKS {
        note(program);
        let mut make = Maker::new(2710);
        let (token, other) = (make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        repo.stage(".pre-commit-config.yaml", config());
        repo.commit("base");
        repo.git(&["init", "-q", "--bare", "../remote"]);
        let call = |program: &str, args: &[&str]| equip(&repo, repo.call(program, args));
        call("sh", &["-c", "command -v keysweep || command -v cargo || command -v cc1"]).run().expect_code(127);
        call(program, &["install"]).run().expect_code(0);

        repo.stage("a file.txt", client(&token));
        let stopped = call("sh", &["-c", "git commit -m leak; times; exit 1"]).run().expect_code(1);
        let took = children(&stopped.out());
        note(format!("{program}: {took:?}"));
        stopped.expect_has("1 token in").expect_has(&token.redacted()).expect_lacks(token.body());
        assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]).line(), "1", "the commit must be blocked");
        assert!(took < LIMIT, "{program} took {took:?} from the commit to the blocked token");
        let home = repo.base().join(format!("{program}-home"));
        assert!(has_program(&home), "{program} must install the program below {}", home.display());

        repo.stage("a file.txt", "read it from the environment\n");
        let stopped = call("git", &["commit", "-m", &format!("with {other}")]).run().expect_code(1);
        stopped.expect_has(&other.redacted()).expect_lacks(other.body());
        call("git", &["commit", "-m", "clean"]).run().expect_code(0);
        repo.stage("b.txt", client(&token));
        repo.commit("committed with --no-verify");
        let stopped = call("git", &["push", "../remote", "main"]).run().expect_code(1);
        stopped.expect_has(&token.redacted()).expect_lacks(token.body());
        let files = ["run", "--hook-stage", "manual", "--all-files", "keysweep-files"];
        let config = config() + "      - id: keysweep-files\n";
        repo.stage(".pre-commit-config.yaml", config);
        call(program, &files).run().expect_code(1).expect_has("b.txt:1:").expect_lacks(token.body());
    }
}

/// The main branch goes on from its own tree, and a merge makes the tag part of its history. That is where pre-commit
/// looks for tags.
#[test]
fn autoupdate_finds_the_tag() {
    let repo = Repo::new();
    let hooks = repo.view("hooks");
    repo.git(&["clone", "-q", &release().display().to_string(), "../hooks"]);
    hooks.git(&["checkout", "-q", "-b", "work", "HEAD"]);
    hooks.git(&["commit", "-q", "--allow-empty", "-m", "work"]);
    hooks.git(&["merge", "-q", "-s", "ours", "-m", "Merge the release", &format!("v{VERSION}")]);
    let text = config().replace(&release().display().to_string(), &hooks.top.display().to_string());
    repo.stage(".pre-commit-config.yaml", text.replace(&format!("v{VERSION}"), "work"));
    let call = |program: &str, args: &[&str]| equip(&repo, repo.call(program, args));
    call("pre-commit", &["autoupdate"]).run().expect_code(0);
    let text = fs::read_to_string(repo.path(".pre-commit-config.yaml")).expect("read");
    assert!(text.contains(&format!("rev: v{VERSION}")), "{text}");
}

/// The language of each hook in a tree.
fn languages(tree: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(tree.join(".pre-commit-hooks.yaml")).expect("read the hooks");
    let mut hooks = BTreeMap::new();
    let mut id = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("- id: ") {
            name.clone_into(&mut id);
        } else if let Some(language) = line.strip_prefix("  language: ") {
            hooks.insert(id.clone(), language.to_owned());
        }
    }
    hooks
}

/// A hook that installs a package by name would run a stranger's program until the release owns the name.
#[test]
fn only_a_release_installs_a_package_by_name() {
    let wanted = |default: &str| {
        let groups = [("keysweep", default), ("keysweep-src", "rust"), ("keysweep-system", "system")];
        let hooks = |(group, language): (&str, &str)| {
            ["", "-commit-msg", "-pre-push", "-files"].map(|hook| (format!("{group}{hook}"), language.to_owned()))
        };
        groups.into_iter().flat_map(hooks).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(languages(&ours("")), wanted("rust"));
    assert_eq!(languages(release()), wanted("python"));
    assert!(!ours("pyproject.toml").exists(), "pip must not install anything from the main branch");
}
