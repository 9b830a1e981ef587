//! Thousands of random faults in the files of a repository: the index, packs, loose objects, refs and settings. After
//! each fault, a command may report the token, exit with 2, or report nothing if git does not read the token either.
//!
//! `KEYSWEEP_FLIPS=20` makes twenty times as many faults as the default.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client};

/// The slowest command takes a tenth of a second, so a command that takes longer hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A repository with a token in its history, a staged token, and a token in a commit that no remote has.
struct Fixture {
    repo: Repo,
    make: Maker,
    removed: Token,
    unpushed: Token,
    staged: Token,
    /// The line that git passes to a pre-push hook on stdin.
    push_line: String,
}

impl Fixture {
    fn new(name: &str, init: &[&str]) -> Self {
        let mut make = Maker::new(seed(name));
        let (removed, unpushed, staged) = (make.sk_live(24), make.whsec_hex(64), make.sk_test(24));
        let repo = Repo::init(init);
        let lines = "an innocent line\n".repeat(40);
        repo.stage("src/long.txt", format!("{lines}{}", client(&removed)));
        repo.stage("b/c.txt", "innocent\n");
        repo.commit("one");
        repo.stage("src/long.txt", &lines);
        repo.commit("two");
        let old = repo.git(&["rev-parse", "HEAD"]).line();
        repo.git(&["config", "remote.origin.url", "https://example.org/team/project.git"]);
        repo.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
        repo.git(&["update-ref", "refs/remotes/origin/main", &old]);
        repo.stage("b/d.txt", client(&unpushed));
        repo.commit("three");
        let new = repo.git(&["rev-parse", "HEAD"]).line();
        repo.git(&["tag", "-a", "-m", "a tag", "v1"]);
        repo.stage("src/long.txt", format!("{lines}{}", client(&staged)));
        let push_line = format!("refs/heads/main {new} refs/heads/main {old}\n");
        Self { repo, make, removed, unpushed, staged, push_line }
    }

    fn tokens(&self) -> [&Token; 3] {
        [&self.removed, &self.unpushed, &self.staged]
    }

    fn run(&self, command: Command) -> Run {
        let call = match command {
            Command::Staged => self.repo.keysweep_call(&["staged"]),
            Command::History => self.repo.keysweep_call(&["history", "--no-progress"]),
            Command::Find => self.repo.keysweep_call(&["find", "--no-progress"]).stdin(self.removed.text()),
            Command::Push => self
                .repo
                .keysweep_call(&["hook", "pre-push", "origin", "https://example.org/team/project.git"])
                .stdin(&self.push_line),
        };
        call.timeout(TIMEOUT).run()
    }

    /// Reports whether git still reads a token that the command has to report.
    fn git_reads_a_token(&self, command: Command) -> bool {
        let shown = match command {
            Command::Staged => self.read_by_git(&["diff", "--cached", "--text", "--no-ext-diff", "--no-color"]),
            Command::History | Command::Find => self.read_by_git(&["cat-file", "--batch-all-objects", "--batch"]),
            Command::Push => {
                let ids: Vec<&str> = self.push_line.split_whitespace().collect();
                self.read_by_git(&["log", "-p", "--text", "--no-color", &format!("{}..{}", ids[3], ids[1])])
            }
        };
        let sought = match command {
            Command::Staged => &self.staged,
            Command::History | Command::Find => &self.removed,
            Command::Push => &self.unpushed,
        };
        shown.windows(sought.text().len()).any(|window| window == sought.text().as_bytes())
    }

    /// The output of git, if it did not fail.
    fn read_by_git(&self, args: &[&str]) -> Vec<u8> {
        let run = self.repo.git_call(args).timeout(TIMEOUT).run();
        if run.code == Some(0) { run.stdout } else { Vec::new() }
    }

    fn expect_correct(&self, command: Command, fault: &str) -> Verdict {
        let run = self.run(command);
        let text = run.all();
        for word in ["panicked", "a fault in keysweep"] {
            if text.contains(word) {
                run.fail(&format!("the command panicked after {fault}"));
            }
        }
        for token in self.tokens() {
            if text.contains(token.body()) {
                run.fail(&format!("the output contains a token after {fault}"));
            }
        }
        match run.code {
            Some(0) if self.git_reads_a_token(command) => {
                run.fail(&format!("the report is clean, but git reads the token after {fault}"))
            }
            Some(0) => Verdict::Gone,
            Some(1) => Verdict::Found,
            Some(2) if run.err().is_empty() => run.fail(&format!("exit 2 without an error message after {fault}")),
            Some(2) => Verdict::Refused,
            _ => run.fail(&format!("an exit code outside of the contract after {fault}")),
        }
    }

    /// Damages each file `rounds` times, one fault at a time, and runs each command. Returns how often a command found
    /// the token, exited with 2, or correctly found nothing.
    fn damage(&mut self, files: &[PathBuf], rounds: usize, commands: &[Command]) -> [usize; 3] {
        let mut counts = [0; 3];
        for command in commands {
            assert!(matches!(self.expect_correct(*command, "no fault"), Verdict::Found), "{command:?} finds nothing");
        }
        for file in files {
            let whole = fs::read(file).unwrap_or_else(|err| panic!("read {}: {err}", file.display()));
            for _ in 0..rounds * factor() {
                let (fault, damaged) = fault(&mut self.make, &whole);
                let fault = format!("{fault} of {} ({} bytes)", file.display(), whole.len());
                replace(file, &damaged);
                for command in commands {
                    counts[self.expect_correct(*command, &fault) as usize] += 1;
                }
            }
            replace(file, &whole);
        }
        counts
    }
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Staged,
    History,
    Find,
    Push,
}

#[derive(Clone, Copy)]
enum Verdict {
    Found,
    Refused,
    Gone,
}

fn factor() -> usize {
    std::env::var("KEYSWEEP_FLIPS").ok().map_or(1, |text| text.parse().expect("KEYSWEEP_FLIPS is a number"))
}

/// A hash of the name of the test (FNV-1a).
fn seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Returns the description of one fault, most often a flipped bit, and the damaged bytes.
fn fault(make: &mut Maker, whole: &[u8]) -> (String, Vec<u8>) {
    let mut bytes = whole.to_vec();
    if bytes.is_empty() {
        return ("a byte in an empty file".to_owned(), vec![b'x']);
    }
    let at = make.below(bytes.len());
    match make.below(16) {
        0 => {
            bytes.truncate(at);
            (format!("a cut at byte {at}"), bytes)
        }
        1 => {
            bytes.remove(at);
            (format!("the loss of byte {at}"), bytes)
        }
        2 => {
            bytes.insert(at, bytes[at]);
            (format!("a duplicate of byte {at}"), bytes)
        }
        3 => {
            let end = (at + 20).min(bytes.len());
            bytes[at..end].fill(0);
            (format!("zeros in bytes {at} to {end}"), bytes)
        }
        4 => {
            bytes[at] = [0, b'\n', b' ', 0xff][make.below(4)];
            (format!("a changed byte {at}"), bytes)
        }
        _ => {
            let bit = make.below(8);
            bytes[at] ^= 1 << bit;
            (format!("flip of bit {bit} of byte {at}"), bytes)
        }
    }
}

/// Replaces a file, since git makes objects and packs read-only.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).expect("remove");
    fs::write(path, bytes).expect("write");
}

/// All files below a folder, in an order that does not depend on the file system.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn with_ending(folder: &Path, ending: &str) -> Vec<PathBuf> {
    files_below(folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == ending)).collect()
}

/// Expects enough refusals. Otherwise most faults did not change any byte that a command reads.
#[track_caller]
fn expect_refusals([found, refused, clean]: [usize; 3], at_least_percent: usize) {
    let all = found + refused + clean;
    assert!(refused * 100 >= all * at_least_percent, "found {found}, refused {refused}, gone {clean}");
}

#[test]
fn faults_in_an_index() {
    for (form, commands) in [
        ("version 2", &[][..]),
        ("with a valid cache tree", &[&["write-tree"][..]]),
        ("version 4", &[&["update-index", "--index-version", "4"][..]]),
        ("split", &[&["update-index", "--split-index"][..]]),
        ("sparse", &[&["sparse-checkout", "set", "--cone", "--sparse-index", "src"][..]]),
    ] {
        let mut fixture = Fixture::new(form, &[]);
        for command in commands {
            fixture.repo.git(command);
        }
        let mut files = vec![fixture.repo.path(".git/index")];
        let git =
            fs::read_dir(fixture.repo.path(".git")).expect("the git directory").flatten().map(|entry| entry.path());
        files.extend(git.filter(|path| path.to_string_lossy().contains("sharedindex.")));
        fixture.damage(&files, 150, &[Command::Staged]);
        fixture.damage(&files, 30, &[Command::History]);
    }
}

#[test]
fn faults_in_packs() {
    let mut fixture = Fixture::new("packs", &[]);
    fixture.repo.git(&["repack", "-adfq", "--window=50"]);
    let folder = fixture.repo.path(".git/objects/pack");
    let all = [Command::Staged, Command::History, Command::Find, Command::Push];
    expect_refusals(fixture.damage(&with_ending(&folder, "pack"), 120, &all), 40);
    fixture.damage(&with_ending(&folder, "idx"), 120, &all);
}

#[test]
fn faults_in_a_pack_that_a_multi_pack_index_lists() {
    let mut fixture = Fixture::new("multi-pack index", &[]);
    fixture.repo.git(&["repack", "-adfq", "--window=50"]);
    fixture.repo.git(&["multi-pack-index", "write"]);
    let index = fixture.repo.path(".git/objects/pack/multi-pack-index");
    fixture.damage(&[index], 60, &[Command::Staged, Command::History, Command::Push]);
}

#[test]
fn faults_in_loose_objects() {
    let mut fixture = Fixture::new("loose", &[]);
    let files = files_below(&fixture.repo.path(".git/objects"));
    expect_refusals(fixture.damage(&files, 12, &[Command::Staged, Command::History, Command::Find, Command::Push]), 10);
}

#[test]
fn faults_in_a_commit_graph() {
    let mut fixture = Fixture::new("commit-graph", &[]);
    fixture.repo.git(&["commit-graph", "write", "--reachable", "--changed-paths"]);
    let file = fixture.repo.path(".git/objects/info/commit-graph");
    fixture.damage(&[file], 60, &[Command::History, Command::Push]);
}

#[test]
fn faults_in_refs() {
    let mut fixture = Fixture::new("refs", &[]);
    let all = [Command::Staged, Command::History, Command::Find, Command::Push];
    let mut files = files_below(&fixture.repo.path(".git/refs"));
    files.push(fixture.repo.path(".git/HEAD"));
    fixture.damage(&files, 40, &all);
    fixture.repo.git(&["pack-refs", "--all"]);
    fixture.damage(&[fixture.repo.path(".git/packed-refs")], 80, &all);
}

#[test]
fn faults_in_a_reftable() {
    let mut fixture = Fixture::new("reftable", &["--ref-format=reftable"]);
    let files = files_below(&fixture.repo.path(".git/reftable"));
    fixture.damage(&files, 60, &[Command::Staged, Command::History, Command::Push]);
}

#[test]
fn faults_in_settings() {
    let mut fixture = Fixture::new("settings", &[]);
    let all = [Command::Staged, Command::History, Command::Find, Command::Push];
    fixture.damage(&[fixture.repo.path(".git/config")], 120, &all);
    fixture.repo.stage(".keysweep.toml", "[allow]\npaths = [\"fixtures/**\"]\nfingerprints = []\n");
    fixture.repo.git(&["commit", "-q", "--no-verify", "-m", "settings", ".keysweep.toml"]);
    let id = fixture.repo.git(&["rev-parse", ":.keysweep.toml"]).line();
    let object = fixture.repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    fixture.damage(&[object], 60, &all);
}

#[test]
fn faults_in_a_repository_of_sha_256() {
    let mut fixture = Fixture::new("sha256", &["--object-format=sha256"]);
    let mut files = files_below(&fixture.repo.path(".git/objects"));
    files.push(fixture.repo.path(".git/index"));
    fixture.damage(&files, 8, &[Command::Staged, Command::History, Command::Push]);
}
