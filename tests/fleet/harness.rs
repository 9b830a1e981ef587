//! Several repositories, and expectations on the lines about each of them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, Run, View, client, executable, text};

/// A folder with repositories, and a cache.
pub struct Fleet {
    pub repo: Repo,
    make: Maker,
}

impl Fleet {
    pub fn new(seed: u64) -> Self {
        Self { repo: Repo::none(), make: Maker::new(seed) }
    }

    pub fn token(&mut self) -> Token {
        self.make.sk_live(24)
    }

    /// Creates a repository with a commit that contains the token, if there is one.
    pub fn add(&self, name: &str, token: Option<&Token>) -> View<'_> {
        let view = self.repo.view(name);
        fs::create_dir_all(&view.top).expect("create the folder");
        view.git(&["init", "-q", "-b", "trunk"]);
        self.commit(name, "a.txt", &token.map_or("plain\n".to_owned(), client));
        view
    }

    /// Commits a file, and returns the id.
    pub fn commit(&self, name: &str, path: &str, content: &str) -> String {
        let view = self.repo.view(name);
        view.stage(path, content);
        view.git(&["commit", "-q", "-m", "change"]);
        view.git(&["rev-parse", "HEAD"]).line()
    }

    pub fn folder(&self, name: &str) -> String {
        self.repo.base().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// The address with which git fetches the repository.
    pub fn url(&self, name: &str) -> String {
        format!("file://{}", self.folder(name))
    }

    pub fn cache(&self) -> PathBuf {
        self.repo.base().join("cache")
    }

    pub fn call<A: AsRef<OsStr>>(&self, options: &[A], lines: &[&str]) -> Call {
        let call = self.repo.keysweep_call(&["fleet", "--cache"]).args(&[self.cache()]).args(options);
        call.stdin(lines.join("\n"))
    }

    pub fn run(&self, options: &[&str], lines: &[&str]) -> Run {
        self.call(options, lines).run()
    }

    /// The mirrors in the cache.
    pub fn mirrors(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.cache()).expect("the cache");
        let mirrors = entries.map(|entry| entry.expect("an entry").path().join("mirror.git"));
        mirrors.filter(|mirror| mirror.is_dir()).collect()
    }

    /// Puts a program that plays ssh first in PATH: it runs the command on this machine. Its arguments are in the file `ssh-args`.
    pub fn fake_ssh(&self) -> String {
        let folder = self.repo.base().join("bin");
        fs::create_dir_all(&folder).expect("create the folder");
        let log = self.repo.base().join("ssh-args");
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\nfor last; do :; done\nexec sh -c \"$last\"\n",
            log.display()
        );
        executable(&folder.join("ssh"), &script);
        format!("{}:{}", folder.display(), std::env::var("PATH").expect("PATH"))
    }
}

/// The lines of the types about the repository.
pub fn lines(run: &Run, repository: &str) -> Vec<Value> {
    run.objects().into_iter().filter(|line| line["repository"] == repository).collect()
}

fn of_type(run: &Run, repository: &str, kind: &str) -> Vec<Value> {
    lines(run, repository).into_iter().filter(|line| line["type"] == kind).collect()
}

/// Expects exactly these tokens in the repository, and a summary, and no error.
#[track_caller]
pub fn expect_found(run: &Run, repository: &str, tokens: &[&Token]) {
    let mut found: Vec<String> =
        of_type(run, repository, "finding").iter().map(|one| text(&one["fingerprint"]).to_owned()).collect();
    let mut wanted: Vec<String> = tokens.iter().map(|token| token.fingerprint()).collect();
    found.sort();
    wanted.sort();
    if found != wanted || !of_type(run, repository, "error").is_empty() {
        run.fail(&format!("expected {wanted:?} in {repository}"));
    }
    summary(run, repository);
}

/// The one summary of the repository.
#[track_caller]
pub fn summary(run: &Run, repository: &str) -> Value {
    let mut summaries = of_type(run, repository, "summary");
    if summaries.len() != 1 {
        run.fail(&format!("expected one summary of {repository}"));
    }
    summaries.remove(0)
}

/// The number of objects that were read in the repository.
#[track_caller]
pub fn read(run: &Run, repository: &str) -> u64 {
    summary(run, repository)["scanned"]["objects"].as_u64().expect("a number")
}

/// Expects one error about the repository, whose cause has `why`, and nothing else.
#[track_caller]
pub fn expect_error(run: &Run, repository: &str, why: &str) {
    let lines = lines(run, repository);
    let is_it = |line: &Value| line["type"] == "error" && text(&line["why"]).contains(why);
    if lines.len() != 1 || !is_it(&lines[0]) {
        run.fail(&format!("expected an error about {repository} with {why:?}, got {lines:?}"));
    }
}

/// All files below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.symlink_metadata().expect("it is there").is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}
