//! Snapshots of whole outputs. `tests/expected/NAME.txt` contains the output that a user sees, so that a change of
//! wording appears as a diff. `BLESS=1 cargo test --test reports` updates the files.

use std::fmt::Write as _;
use std::fs;

use super::runner::ours;
use super::{Repo, Run};

/// The content of one snapshot file: scenes, each with a title.
#[derive(Default)]
pub struct Snapshot {
    text: String,
}

impl Snapshot {
    /// Adds the command that a reader would type, the output of `run` and its exit code.
    pub fn add(&mut self, title: &str, command: &str, repo: &Repo, run: &Run) {
        let (out, err) = (normalize(&run.out(), repo), normalize(&run.err(), repo));
        let code = run.code.expect("the process exited by itself");
        let text = &mut self.text;
        writeln!(text, "=== {title}\n$ {command}\n{out}").expect("writing to memory");
        if !err.is_empty() {
            writeln!(text, "--- stderr\n{err}").expect("writing to memory");
        }
        writeln!(text, "--- exit {code}\n").expect("writing to memory");
    }

    /// Compares the scenes with the file.
    #[track_caller]
    pub fn check(&self, name: &str) {
        let path = ours(&format!("tests/expected/{name}.txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &self.text).expect("write");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = self.text.lines().zip(expected.lines());
        let differs = lines.position(|(is, should)| is != should).map_or(1, |at| at + 1);
        assert!(
            self.text == expected,
            "line {differs} of {} differs; `BLESS=1 cargo test --test reports` writes it anew. The output is\n{}",
            path.display(),
            self.text
        );
    }
}

/// Replaces paths that differ between machines.
fn normalize(text: &str, repo: &Repo) -> String {
    let text = text.replace(&*repo.base().to_string_lossy(), "/home/ada");
    text.replace(env!("CARGO_BIN_EXE_keysweep"), "/usr/local/bin/keysweep")
}
