//! A server with a hook, and a client that pushes to it.

use std::fs;
use std::path::PathBuf;

use super::leak::expect_no_leak;
use super::push::{ExpectedFinding, expect_report, refs, write_hook};
use super::token::{Maker, Token};
use super::{Repo, Run, client};

/// A client, and a server with a first commit that contains an old token in `old.txt`. The hook writes its report to a
/// file.
pub struct ServerFixture {
    pub client: Repo,
    pub server: PathBuf,
    pub old: Token,
    hook: &'static str,
    make: Maker,
}

impl ServerFixture {
    pub fn new(seed: u64, hook: &'static str) -> Self {
        Self::init(seed, hook, &[])
    }

    pub fn init(seed: u64, hook: &'static str, options: &[&str]) -> Self {
        let mut make = Maker::new(seed);
        let repo = Repo::init(options);
        let server = repo.base().join("server.git");
        let old = make.sk_live(24);
        let init = repo.git_call(&["init", "-q", "--bare", "-b", "main"]).args(options).args(&[&server]);
        init.run().expect_code(0);
        let fixture = Self { client: repo, server, old, hook, make };
        let repo = &fixture.client;
        repo.git(&["remote", "add", "origin", fixture.server.to_str().expect("UTF-8")]);
        repo.stage("old.txt", format!("first\n{}last\n", client(&fixture.old)));
        repo.commit("base");
        repo.git(&["push", "-q", "origin", "main"]);
        let report = fixture.report_path();
        write_hook(repo, &fixture.server, hook, &format!("--format jsonl --output '{}'", report.display()));
        fixture
    }

    pub fn report_path(&self) -> PathBuf {
        self.client.base().join("report.jsonl")
    }

    pub fn token(&mut self) -> Token {
        self.make.sk_live(24)
    }

    pub fn add(&self, path: &str, text: impl AsRef<[u8]>) -> String {
        self.client.stage(path, text);
        self.client.commit("x");
        self.client.git(&["rev-parse", "HEAD"]).line()
    }

    pub fn git_on_server(&self, args: &[&str]) -> Run {
        self.client.git_call(args).cwd(&self.server).run()
    }

    /// The refs, the objects, and the quarantine folders of unfinished pushes.
    pub fn state(&self) -> (String, String, Vec<PathBuf>) {
        let objects = self.git_on_server(&["cat-file", "--batch-all-objects", "--batch-check"]).expect_code(0).out();
        let mut folders: Vec<_> =
            fs::read_dir(self.server.join("objects")).expect("list").flatten().map(|e| e.path()).collect();
        folders.retain(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"tmp")));
        (refs(&self.client, &self.server), objects, folders)
    }

    /// Expects that the server rejects every ref and that its hook reports these findings. After a rejection by
    /// `pre-receive`, git keeps no object. `update` runs after git has moved the objects out of quarantine.
    #[track_caller]
    pub fn expect_rejected(&self, args: &[&str], wanted: &[ExpectedFinding]) {
        let before = self.state();
        let run = self.client.git_call(&["push", "-q", "origin"]).args(args).run().expect_code(1);
        let after = self.state();
        if after.0 != before.0 || (self.hook == "pre-receive" && after != before) {
            run.fail("the server has changed");
        }
        expect_no_leak(&run, wanted.iter().map(|(_, _, token)| *token));
        self.git_on_server(&["fsck", "--strict", "--connectivity-only"]).expect_code(0);
        expect_report(&self.report(run), wanted);
    }

    #[track_caller]
    pub fn expect_accepted(&self, args: &[&str]) {
        let run = self.client.git_call(&["push", "-q", "origin"]).args(args).run().expect_code(0);
        expect_report(&self.report(run), &[]);
    }

    /// Replaces the stdout of the push by the report of the hook.
    pub fn report(&self, mut run: Run) -> Run {
        run.stdout = fs::read(self.report_path()).unwrap_or_default();
        let _ = fs::remove_file(self.report_path());
        run
    }

    /// Runs the hook on the server without a push.
    pub fn direct(&self, args: &[&str], stdin: &str) -> Run {
        let call = self.client.keysweep_call(&["hook", "--format", "jsonl"]).args(args);
        call.cwd(&self.server).env("GIT_DIR", ".").stdin(stdin).run()
    }
}
