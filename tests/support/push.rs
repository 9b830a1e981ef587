//! A repository with a bare remote, hook scripts, and expectations on the reports of pushed commits.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::leak::expect_no_leak;
use super::token::{Maker, Token};
use super::{Call, Repo, Run, client, executable, text};

pub const BINARY: &str = env!("CARGO_BIN_EXE_keysweep");
pub const ZERO: &str = "0000000000000000000000000000000000000000";
pub const JSONL: &str = "--format jsonl";

/// An expected finding: commit (`*` if the contract leaves it open), place and token.
pub type ExpectedFinding<'a> = (&'a str, &'a str, &'a Token);

/// Writes a script that runs the program as the hook `name` of the repository at `folder`.
pub fn write_hook(repo: &Repo, folder: impl AsRef<Path>, name: &str, options: &str) {
    let folder = folder.as_ref();
    let asked = repo.git_call(&["rev-parse", "--git-path", "hooks"]).cwd(folder).run().expect_code(0);
    let hooks = folder.join(asked.line());
    fs::create_dir_all(&hooks).expect("create the hooks folder");
    executable(&hooks.join(name), &format!("#!/bin/sh\nexec '{BINARY}' hook {options} {name} \"$@\"\n"));
}

/// Runs the program as a hook with `/dev/null` as its stdin.
pub fn from_dev_null(repo: &Repo, args: &[&str]) -> Call {
    let script = format!("exec '{BINARY}' hook {JSONL} \"$@\" </dev/null");
    repo.call("sh", &["-c", &script, "sh"]).args(args)
}

/// Makes refs/remotes/origin look like a fresh clone of `url`: refs are packed, and only HEAD has a reflog.
pub fn look_like_a_clone(repo: &Repo, url: &str) {
    repo.git(&["config", "remote.origin.url", url]);
    repo.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    repo.git(&["pack-refs", "--all"]);
    let _ = fs::remove_dir_all(repo.path(".git/logs/refs/remotes/origin"));
    let _ = fs::remove_file(repo.path(".git/FETCH_HEAD"));
    let line = format!("{ZERO} {} A <a@b> 1 +0000\tclone: from {url}\n", "1".repeat(40));
    repo.write(".git/logs/refs/remotes/origin/HEAD", line);
}

/// A repository with one commit, which `origin` also has. The commit contains an old token in `old.txt`. The pre-push
/// hook prints JSON lines.
pub struct Pair {
    pub repo: Repo,
    pub old: Token,
    make: Maker,
}

impl Pair {
    pub fn new(seed: u64) -> Self {
        Self::init(seed, &[])
    }

    pub fn init(seed: u64, options: &[&str]) -> Self {
        let mut make = Maker::new(seed);
        let old = make.sk_live(24);
        let pair = Self { repo: Repo::init(options), old, make };
        let repo = &pair.repo;
        pair.bare("origin", options);
        repo.stage("old.txt", format!("first\n{}last\n", client(&pair.old)));
        repo.commit("base");
        repo.git(&["push", "-q", "origin", "main"]);
        repo.git(&["fetch", "-q", "origin"]);
        write_hook(repo, repo.top(), "pre-push", JSONL);
        pair
    }

    /// Adds an empty remote.
    pub fn bare(&self, name: &str, options: &[&str]) -> PathBuf {
        let folder = self.repo.base().join(format!("{name}.git"));
        let path = folder.to_str().expect("UTF-8");
        self.repo.git_call(&["init", "-q", "--bare", "-b", "main"]).args(options).args(&[path]).run().expect_code(0);
        self.repo.git(&["remote", "add", name, path]);
        folder
    }

    pub fn origin(&self) -> PathBuf {
        self.repo.base().join("origin.git")
    }

    pub fn token(&mut self) -> Token {
        self.make.sk_live(24)
    }

    pub fn every_family(&mut self) -> Vec<Token> {
        self.make.every_family()
    }

    pub fn oid(&self, name: &str) -> String {
        self.repo.git(&["rev-parse", name]).line()
    }

    /// Commits this file and returns the id of the commit.
    pub fn add(&self, path: &str, bytes: impl AsRef<[u8]>) -> String {
        self.repo.stage(path, bytes);
        self.repo.commit(path);
        self.oid("HEAD")
    }

    pub fn branch(&self, name: &str, at: &str) {
        self.repo.git(&["checkout", "-q", "-b", name, at]);
    }

    /// Runs the hook with these lines on stdin, as git would.
    pub fn direct(&self, lines: impl AsRef<[u8]>) -> Run {
        self.direct_call().stdin(lines).run()
    }

    pub fn direct_call(&self) -> Call {
        let origin = self.origin();
        let args = ["hook", "--format", "jsonl", "pre-push", "origin", origin.to_str().expect("UTF-8")];
        self.repo.keysweep_call(&args)
    }

    /// Returns a stdin line for a ref that is new on the remote. The remote has `main`, so `main` gets another name.
    pub fn new_ref(&self, name: &str) -> String {
        let oid = self.oid(name);
        let zero = "0".repeat(oid.len());
        let there = if name == "refs/heads/main" { "refs/heads/new" } else { name };
        format!("{name} {oid} {there} {zero}\n")
    }

    pub fn push(&self, args: &[&str]) -> Run {
        self.repo.git_call(&["push", "-q"]).args(args).run()
    }

    /// Expects that the hook blocks the push, that the remote is unchanged, and that the report has these findings.
    #[track_caller]
    pub fn push_finds(&self, args: &[&str], wanted: &[ExpectedFinding]) {
        let before = refs(&self.repo, &self.origin());
        let run = self.push(args);
        if run.code == Some(0) || refs(&self.repo, &self.origin()) != before {
            run.fail("the hook did not block the push");
        }
        expect_report(&run, wanted);
    }

    /// Expects that the hook scans the push, finds nothing and allows it.
    #[track_caller]
    pub fn push_passes(&self, args: &[&str]) -> Run {
        let run = self.push(args).expect_code(0);
        expect_report(&run, &[]);
        run
    }
}

pub fn refs(repo: &Repo, folder: &Path) -> String {
    repo.git_call(&["for-each-ref"]).cwd(folder).run().expect_code(0).out()
}

/// `a.txt:3`, `symlink a`, or the name of a part without a line.
fn place(finding: &Value) -> String {
    let path = finding["path"].as_str().unwrap_or("(no path)");
    match text(&finding["part"]) {
        "content" => format!("{path}:{}", finding["line"]),
        "symlink" => format!("symlink {path}"),
        other => other.to_owned(),
    }
}

/// Expects exactly these findings, nothing unread, and no token in the output.
#[track_caller]
pub fn expect_report(run: &Run, wanted: &[ExpectedFinding]) {
    let summary = run.summary();
    if summary["unread"] != 0 || summary["findings"] != wanted.len() {
        run.fail(&format!("expected {} findings and nothing unread", wanted.len()));
    }
    let mut got: Vec<_> = run
        .findings()
        .iter()
        .map(|f| (place(f), text(&f["fingerprint"]).to_owned(), f["commit"].as_str().unwrap_or("null").to_owned()))
        .collect();
    let mut want: Vec<_> = wanted
        .iter()
        .map(|(commit, place, token)| ((*place).to_owned(), token.fingerprint(), (*commit).to_owned()))
        .collect();
    got.sort();
    want.sort();
    for (got, want) in got.iter_mut().zip(&want) {
        if want.2 == "*" {
            "*".clone_into(&mut got.2);
        }
    }
    if got != want {
        run.fail(&format!("expected {want:#?}, got {got:#?}"));
    }
    expect_no_leak(run, wanted.iter().map(|(_, _, token)| *token));
}

/// Expects exit 2, one sentence on stderr with these words, and no statement that the scan is clean.
#[track_caller]
pub fn expect_refused(run: Run, words: &[&str]) -> Run {
    let run = run.expect_code(2);
    let stderr = run.err();
    // The messages of clap have several lines.
    let is_usage = stderr.ends_with("For more information, try '--help'.\n");
    if !is_usage && stderr.lines().filter(|line| !line.trim().is_empty()).count() != 1 {
        run.fail("expected one sentence on stderr");
    }
    for word in words {
        if !stderr.contains(word) {
            run.fail(&format!("expected {word:?} on stderr"));
        }
    }
    let all = run.all().to_lowercase();
    for word in ["clean", "no token", "0 tokens", "nothing found", "panicked", "backtrace"] {
        if all.contains(word) {
            run.fail(&format!("an incomplete scan must not print {word:?}"));
        }
    }
    run
}

/// Exit 2 and the message of clap, each of its lines on a line of its own.
#[track_caller]
pub fn expect_usage_error(run: &Run, words: &[&str]) {
    let err = run.err();
    assert_eq!(run.code, Some(2), "{err}");
    assert!(err.starts_with("keysweep: ") && err.ends_with("For more information, try '--help'.\n"), "{err}");
    assert!(words.iter().all(|word| err.contains(word)), "{err}");
}
