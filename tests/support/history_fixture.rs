//! Builds a history commit by commit. Each commit has its own author and is dated one day after the previous commit.

use std::cell::Cell;

use serde_json::{Value, json};

use super::history::{finding_of, history};
use super::token::{Maker, Token};
use super::{Call, Repo, Run, note};

/// A repository and the day of its newest commit.
pub struct HistoryFixture {
    pub repo: Repo,
    make: Maker,
    day: Cell<u32>,
}

/// The attributes of a commit that a report prints.
#[derive(Clone)]
pub struct CommitRecord {
    pub id: String,
    by: &'static str,
    day: u32,
}

impl CommitRecord {
    pub fn json(&self) -> Value {
        let author = format!("{0} <{0}@example.org>", self.by);
        json!({ "commit": self.id, "author": author, "date": format!("2024-03-{:02}T12:00:00+00:00", self.day) })
    }
}

impl HistoryFixture {
    /// Starts with a commit that contains no token.
    pub fn new(seed: u64) -> Self {
        let fixture = Self::without_root(seed);
        fixture.add("base.txt", "innocent\n");
        fixture
    }

    pub fn without_root(seed: u64) -> Self {
        Self { repo: Repo::new(), make: Maker::new(seed), day: Cell::new(0) }
    }

    pub fn token(&mut self) -> Token {
        self.make.sk_live(24)
    }

    pub fn git(&self, args: &[&str]) -> Run {
        self.repo.git(args)
    }

    /// Sets the day of the next commit.
    pub fn on_day(&self, day: u32) {
        self.day.set(day - 1);
    }

    /// Runs a git command that creates a commit by this author.
    pub fn commit_by(&self, by: &'static str, args: &[&str]) -> CommitRecord {
        let day = self.day.get() + 1;
        self.day.set(day);
        dated(self.repo.git_call(args), by, day).run().expect_code(0);
        CommitRecord { id: self.git(&["rev-parse", "HEAD"]).line(), by, day }
    }

    pub fn commit(&self, message: &str) -> CommitRecord {
        self.commit_by("Ada", &["commit", "-q", "--allow-empty", "-m", message])
    }

    /// Commits this file.
    pub fn add(&self, path: &str, bytes: impl AsRef<[u8]>) -> CommitRecord {
        self.repo.stage(path, bytes);
        self.commit("a file")
    }

    pub fn remove(&self, path: &str) -> CommitRecord {
        self.git(&["rm", "-q", path]);
        self.commit("without a file")
    }

    pub fn branch(&self, name: &str, at: &str) {
        self.git(&["checkout", "-q", "-b", name, at]);
    }

    /// Merges these branches with the given options of `git merge`.
    pub fn merge(&self, options: &[&str], names: &[&str]) -> CommitRecord {
        self.commit_by("Ada", &[&["merge", "-q", "--no-ff", "-m", "merge"], options, names].concat())
    }

    /// Returns the finding of a history that contains only this token.
    #[track_caller]
    pub fn only_finding(&self, token: &Token) -> Value {
        let run = history(&self.repo).expect_code(1);
        assert_eq!(run.summary()["tokens"], 1, "{}", run.all());
        let finding = finding_of(&run, token);
        note(format!("{finding:#}"));
        finding
    }
}

fn dated(call: Call, by: &str, day: u32) -> Call {
    let date = format!("2024-03-{day:02}T12:00:00+00:00");
    let call = call.env("GIT_AUTHOR_NAME", by).env("GIT_AUTHOR_EMAIL", format!("{by}@example.org"));
    call.env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", &date)
}

/// Lists every place of a finding in order, as `a.txt:3 in <commit>`.
pub fn places(finding: &Value) -> Vec<String> {
    let places = finding["places"].as_array().expect("places");
    let describe = |place: &Value| {
        let line = place["line"].as_u64().map_or(String::new(), |line| format!(":{line}"));
        format!("{}{line} in {}", place["path"].as_str().unwrap_or("-"), place["commit"].as_str().unwrap_or("none"))
    };
    places.iter().map(describe).collect()
}

pub fn place(at: &str, commit: &CommitRecord) -> String {
    format!("{at} in {}", commit.id)
}
