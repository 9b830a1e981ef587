//! Repositories in which every object contains its own token, and expectations on the report of a history scan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::token::{Maker, Token};
use super::{Call, Repo, Run, client, text};

/// Computes a fingerprint in this process. Starting a shell for each of hundreds of tokens would be slow.
pub fn fingerprint(token: &Token) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(token.text().as_bytes())[..8])
}

/// A stream for `git fast-import`. Each of its blobs, trees, commits and tags contains a token of its own.
pub struct Stream {
    bytes: Vec<u8>,
    make: Maker,
    pub tokens: Vec<Token>,
    marks: usize,
}

impl Stream {
    pub fn new(seed: u64) -> Self {
        Self { bytes: Vec::new(), make: Maker::new(seed), tokens: Vec::new(), marks: 0 }
    }

    /// Several commits on `main`, two on `side`, a merge, and a tag of the merge.
    pub fn small(seed: u64) -> Self {
        let mut stream = Self::new(seed);
        stream.commit("refs/heads/main", &[]);
        for parent in 1..6 {
            stream.commit("refs/heads/main", &[parent]);
        }
        stream.commit("refs/heads/side", &[3]);
        stream.commit("refs/heads/side", &[7]);
        stream.commit("refs/heads/main", &[6, 8]);
        stream.tag("v1", 9);
        stream
    }

    pub fn token(&mut self) -> Token {
        let token = self.make.sk_live(24);
        self.tokens.push(token.clone());
        token
    }

    /// Adds a commit with the parents at these marks and returns its own mark.
    pub fn commit(&mut self, name: &str, parents: &[usize]) -> usize {
        self.marks += 1;
        let mark = self.marks;
        self.line(&format!(
            "commit {name}\nmark :{mark}\ncommitter Ada <ada@example.org> {} +0000",
            1_700_000_000 + mark
        ));
        let message = client(&self.token());
        self.data(&message);
        for (at, parent) in parents.iter().enumerate() {
            self.line(&format!("{} :{parent}", if at == 0 { "from" } else { "merge" }));
        }
        self.line("deleteall");
        let folder = self.token();
        for _ in 0..3 {
            let (name, content) = (self.token(), self.token());
            self.line(&format!("M 100644 inline {folder}/{name}.txt"));
            let body = self.body(&content);
            self.data(&body);
        }
        mark
    }

    /// Adds a commit on `main` that changes this file. Only `bytes` can contain a token.
    pub fn version(&mut self, path: &str, bytes: impl AsRef<[u8]>) {
        self.marks += 1;
        let (mark, date) = (self.marks, 1_700_000_000 + self.marks);
        self.line(&format!("commit refs/heads/main\nmark :{mark}\ncommitter Ada <ada@example.org> {date} +0000"));
        self.data("another version");
        self.line(&format!("M 100644 inline {path}"));
        self.data(bytes);
    }

    pub fn tag(&mut self, name: &str, mark: usize) {
        self.line(&format!("tag {name}\nfrom :{mark}\ntagger Ada <ada@example.org> 1700000000 +0000"));
        let message = client(&self.token());
        self.data(&message);
    }

    /// Returns a file that is long enough, and similar enough to the others, for git to pack it as a delta.
    fn body(&mut self, token: &Token) -> String {
        let at = self.make.below(60);
        let lines = (0..60).map(|line| if line == at { client(token) } else { format!("line {line} of sixty\n") });
        lines.collect()
    }

    fn line(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
    }

    fn data(&mut self, data: impl AsRef<[u8]>) {
        let data = data.as_ref();
        self.line(&format!("data {}", data.len()));
        self.bytes.extend_from_slice(data);
        self.bytes.push(b'\n');
    }

    /// Imports the stream as loose objects.
    pub fn import(&self, repo: &Repo) {
        self.import_at(repo, repo.top());
    }

    /// Imports the stream as one pack in which each version of a file is a delta against the previous version.
    pub fn import_as_pack(&self, repo: &Repo, depth: &str) {
        let args = ["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", &format!("--depth={depth}")];
        repo.git_call(&args).stdin(&self.bytes).run().expect_code(0);
    }

    pub fn import_at(&self, repo: &Repo, folder: &Path) {
        let args = ["-c", "fastimport.unpackLimit=1000000", "fast-import", "--quiet"];
        repo.git_call(&args).cwd(folder).stdin(&self.bytes).run().expect_code(0);
    }
}

/// A working directory and environment variables in which both git and keysweep run.
pub struct GitEnvironment<'r> {
    repo: &'r Repo,
    folder: PathBuf,
    env: Vec<(&'static str, PathBuf)>,
}

impl<'r> GitEnvironment<'r> {
    pub fn of(repo: &'r Repo) -> Self {
        Self::at(repo, repo.top())
    }

    pub fn at(repo: &'r Repo, folder: impl AsRef<Path>) -> Self {
        Self { repo, folder: folder.as_ref().to_owned(), env: Vec::new() }
    }

    pub fn env(mut self, name: &'static str, value: impl AsRef<Path>) -> Self {
        self.env.push((name, value.as_ref().to_owned()));
        self
    }

    fn set(&self, call: Call) -> Call {
        let call = call.cwd(&self.folder);
        self.env.iter().fold(call, |call, (name, value)| call.env(name, value))
    }

    pub fn git(&self, args: &[&str]) -> Run {
        self.set(self.repo.git_call(args)).run().expect_code(0)
    }

    pub fn history(&self) -> Run {
        self.set(history_call(self.repo)).run()
    }

    /// The ids of all objects that git lists.
    pub fn ids(&self) -> BTreeSet<String> {
        let args = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"];
        self.git(&args).out().lines().map(str::to_owned).collect()
    }

    /// Expects that the scan covers every object once and reports exactly these tokens.
    #[track_caller]
    pub fn expect_complete(&self, tokens: &[Token]) -> Run {
        let run = self.history().expect_code(i32::from(!tokens.is_empty()));
        self.expect_counted(&run);
        expect_tokens(&run, tokens);
        run
    }

    /// Like `expect_complete`. Also expects that each object contains a token and is reported by its own id.
    #[track_caller]
    pub fn expect_each_object(&self, tokens: &[Token]) -> Run {
        let run = self.expect_complete(tokens);
        let scanned: BTreeSet<String> = run.findings().iter().map(|f| text(&f["object"]).to_owned()).collect();
        if scanned != self.ids() {
            run.fail("the scanned objects differ from the objects that git lists");
        }
        if let Some(twice) = run.findings().iter().find(|finding| finding["copies"] != 1) {
            run.fail(&format!("a token of a single object must have one copy: {twice}"));
        }
        run
    }

    #[track_caller]
    pub fn expect_counted(&self, run: &Run) {
        let (summary, ids) = (run.summary(), self.ids());
        if summary["scanned"]["objects"] != ids.len() {
            run.fail(&format!("git lists {} objects", ids.len()));
        }
    }
}

pub fn history_call(repo: &Repo) -> Call {
    repo.keysweep_call(&["history", "--format", "jsonl"])
}

pub fn history(repo: &Repo) -> Run {
    history_call(repo).run()
}

/// Expects exactly these tokens, one finding each, and no unread object.
#[track_caller]
pub fn expect_tokens<'t>(run: &Run, tokens: impl IntoIterator<Item = &'t Token>) {
    let mut got: Vec<String> = run.findings().iter().map(|f| text(&f["fingerprint"]).to_owned()).collect();
    let mut want: Vec<String> = tokens.into_iter().map(fingerprint).collect();
    got.sort();
    want.sort();
    if got != want || run.summary()["unread"] != 0 {
        let missing: Vec<_> = want.iter().filter(|fingerprint| !got.contains(fingerprint)).collect();
        let unexpected: Vec<_> = got.iter().filter(|fingerprint| !want.contains(fingerprint)).collect();
        run.fail(&format!("{} of {} tokens; missing {missing:?}, unexpected {unexpected:?}", got.len(), want.len()));
    }
}

/// Returns the finding for this token.
#[track_caller]
pub fn finding_of(run: &Run, token: &Token) -> Value {
    let wanted = fingerprint(token);
    let found = run.findings().into_iter().find(|finding| finding["fingerprint"] == *wanted);
    found.unwrap_or_else(|| run.fail(&format!("no finding for {token}")))
}

/// Returns all findings by fingerprint.
pub fn findings_by_fingerprint(run: &Run) -> BTreeMap<String, Value> {
    run.findings().into_iter().map(|finding| (text(&finding["fingerprint"]).to_owned(), finding)).collect()
}
