//! Starts processes and checks their results.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use super::text;
use super::token::Token;

/// The timeout of a process, so that a scan that hangs fails its own test and not the whole run.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A process to start.
pub struct Call {
    pub command: Command,
    stdin: Vec<u8>,
    timeout: Duration,
}

impl Call {
    pub fn new(command: Command) -> Self {
        Self { command, stdin: Vec::new(), timeout: TIMEOUT }
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: &[A]) -> Self {
        self.command.args(args);
        self
    }

    pub fn cwd(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets another timeout, for programs that build something first.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    pub fn run(mut self) -> Run {
        self.command.stdout(Stdio::piped());
        self.run_with_own_stdout()
    }

    /// Runs with the stdout that the test has set up, which need not be a pipe to this process.
    pub fn run_with_own_stdout(mut self) -> Run {
        let command = &self.command;
        let (program, folder) = (command.get_program(), command.get_current_dir());
        let args: Vec<_> = command.get_args().collect();
        let what = format!("{} {args:?} in {folder:?}", program.display());
        self.command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|e| panic!("start {what}: {e}"));
        // Drop the parent's copy of the write end, which would keep the pipe open.
        drop(self.command);
        let mut stdin = child.stdin.take().expect("piped");
        let input = self.stdin;
        std::thread::spawn(move || stdin.write_all(&input));
        let timeout = self.timeout;
        let stdout = child.stdout.take().map(drain);
        let stderr = drain(child.stderr.take().expect("piped"));
        let stdout = stdout.map(|r| receive_within(&r, timeout, &mut child, &what)).unwrap_or_default();
        let stderr = receive_within(&stderr, timeout, &mut child, &what);
        let code = child.wait().expect("wait").code();
        Run { what, code, stdout, stderr }
    }
}

fn drain(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

fn receive_within(from: &Receiver<Vec<u8>>, timeout: Duration, child: &mut Child, what: &str) -> Vec<u8> {
    from.recv_timeout(timeout).unwrap_or_else(|_| {
        let _ = child.kill();
        panic!("timed out after {timeout:?}: {what}")
    })
}

/// The result of a process.
pub struct Run {
    what: String,
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Run {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    pub fn all(&self) -> String {
        self.out() + &self.err()
    }

    /// The first line of stdout. Git commands print an id there.
    pub fn line(&self) -> String {
        self.out().lines().next().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub fn fail(&self, why: &str) -> ! {
        let mut text = format!("{why}\n{}\nexit {:?}\n", self.what, self.code);
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let shown = &bytes[..bytes.len().min(20_000)];
            let _ = writeln!(text, "--- {name}, {} bytes\n{}", bytes.len(), String::from_utf8_lossy(shown));
        }
        panic!("{text}")
    }

    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        if self.code != Some(code) {
            self.fail(&format!("expected exit {code}"));
        }
        self
    }

    #[track_caller]
    pub fn expect_has(self, needle: &str) -> Self {
        if !self.all().contains(needle) {
            self.fail(&format!("expected {needle:?} in the output"));
        }
        self
    }

    #[track_caller]
    pub fn expect_lacks(self, needle: &str) -> Self {
        if self.all().contains(needle) {
            self.fail(&format!("expected no {needle:?} in the output"));
        }
        self
    }

    /// The objects that `--format jsonl` prints.
    #[track_caller]
    pub fn objects(&self) -> Vec<Value> {
        self.out()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| self.fail(&format!("not JSON: {e}: {line}"))))
            .collect()
    }

    /// The document that `--format json` prints.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|_| self.fail("expected one JSON document"))
    }

    #[track_caller]
    pub fn findings(&self) -> Vec<Value> {
        self.objects().into_iter().filter(|o| o["type"] == "finding").collect()
    }

    #[track_caller]
    pub fn summary(&self) -> Value {
        match self.objects().pop() {
            Some(last) if last["type"] == "summary" => last,
            _ => self.fail("expected a summary as the last line"),
        }
    }

    /// Expects exit 1 and exactly these findings (path, line, token) in any order.
    #[track_caller]
    pub fn expect_found(self, wanted: &[(&str, u64, &Token)]) -> Self {
        let run = self.expect_code(1);
        let mut got: Vec<String> = run
            .findings()
            .iter()
            .map(|f| format!("{}:{} {}", f["path"].as_str().unwrap_or("?"), f["line"], text(&f["fingerprint"])))
            .collect();
        let mut want: Vec<String> =
            wanted.iter().map(|(path, line, token)| format!("{path}:{line} {}", token.fingerprint())).collect();
        got.sort();
        want.sort();
        if got != want {
            run.fail(&format!("expected {want:#?}, got {got:#?}"));
        }
        run
    }

    #[track_caller]
    pub fn only_finding(&self) -> Value {
        match <[Value; 1]>::try_from(self.findings()) {
            Ok([finding]) => finding,
            Err(all) => self.fail(&format!("expected one finding, got {}", all.len())),
        }
    }

    /// Expects exit 0, no finding and nothing skipped.
    #[track_caller]
    pub fn expect_silent(self) -> Self {
        let run = self.expect_code(0);
        let summary = run.summary();
        if !run.findings().is_empty() || summary["findings"] != 0 || summary["skipped"] != serde_json::json!([]) {
            run.fail("expected no finding and nothing skipped");
        }
        run
    }
}
