//! Clean scans, hooks, errors and the help.

use crate::support::snapshot::Snapshot;
use crate::support::token::Maker;
use crate::support::{Repo, client};

fn add(shots: &mut Snapshot, title: &str, repo: &Repo, args: &[&str]) {
    shots.add(title, format!("keysweep {}", args.join(" ")).trim_end(), repo, &repo.keysweep(args));
}

#[test]
fn clean() {
    let mut shots = Snapshot::default();
    let repo = Repo::new();
    add(&mut shots, "nothing is staged", &repo, &["staged"]);
    repo.stage("a.txt", "x");
    add(&mut shots, "one byte", &repo, &["staged"]);
    repo.stage("b.txt", "innocent\n");
    add(&mut shots, "two files", &repo, &["staged"]);
    add(&mut shots, "the same, quiet", &repo, &["staged", "--quiet"]);
    repo.commit("innocent");
    add(&mut shots, "a history", &repo, &["history"]);
    add(&mut shots, "files", &repo, &["files", "."]);
    repo.write("message", "Say nothing\n");
    add(&mut shots, "a message", &repo, &["message", "message"]);
    shots.check("clean");
}

#[test]
fn hooks() {
    let mut shots = Snapshot::default();
    let repo = Repo::new();
    add(&mut shots, "without hooks", &repo, &["doctor"]);
    add(&mut shots, "install", &repo, &["install"]);
    add(&mut shots, "install again", &repo, &["install"]);
    add(&mut shots, "with hooks", &repo, &["doctor"]);
    let mut make = Maker::new(9100);
    repo.stage("a.txt", "innocent\n");
    let commit = |message: &str| repo.git_call(&["commit", "-q", "-m", message]).run();
    let message = format!("Use {}", make.sk_live(24));
    shots.add("a token in a message", "git commit -q -m MESSAGE", &repo, &commit(&message));
    repo.stage("a.py", client(&make.sk_live(24)));
    repo.commit("around the hook");
    repo.stage("a.py", "mended\n");
    repo.commit("mended");
    repo.git(&["init", "-q", "--bare", "-b", "main", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    let push = repo.git_call(&["push", "-q", "origin", "main"]).run();
    shots.add("a push", "git push -q origin main", &repo, &push);
    add(&mut shots, "uninstall", &repo, &["uninstall"]);
    shots.check("hooks");
}

#[test]
fn errors() {
    let mut shots = Snapshot::default();
    let none = Repo::none();
    add(&mut shots, "no repository", &none, &["staged"]);
    let repo = Repo::new();
    for args in [
        &["stagd"][..],
        &["staged", "--formt", "json"],
        &["staged", "--format", "yaml"],
        &["staged", "--allow", "**"],
        &["hook", "pre-comit"],
        &["rules", "strype-secret-key"],
        &["files", "missing.txt"],
        &["history", "nonsense"],
        &["find", "typed"],
        &["find", "--tokens-form", "tokens.txt"],
        &["ledger"],
        &["install", "--format", "json"],
        &["staged", "--no-progress"],
        &["--threads", "2", "doctor"],
        &["message"],
        &["history", "--threads", "0"],
    ] {
        add(&mut shots, "an error", &repo, args);
    }
    repo.stage(".keysweep.toml", "[alow]\npaths = ['a']\n");
    add(&mut shots, "a wrong configuration", &repo, &["staged"]);
    shots.check("errors");
}

#[test]
fn help() {
    let mut shots = Snapshot::default();
    let repo = Repo::none();
    add(&mut shots, "no command", &repo, &[]);
    for command in [
        "",
        "staged",
        "files",
        "message",
        "hook",
        "history",
        "find",
        "install",
        "uninstall",
        "doctor",
        "audit",
        "ledger",
        "rotate",
        "scopes",
        "rules",
        "baseline",
        "completions",
        "man",
    ] {
        let help = |flag| {
            let words: Vec<&str> = [command, flag].into_iter().filter(|word| !word.is_empty()).collect();
            repo.keysweep(&words)
        };
        shots.add("help", format!("keysweep {command} -h").replace("  ", " ").as_str(), &repo, &help("-h"));
        assert_eq!(help("-h").out(), help("--help").out(), "both are short");
    }
    shots.check("help");
}
