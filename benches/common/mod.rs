//! What several benchmarks need: repositories in a temporary folder, and programs that see no settings of the user.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Whether the program was started with this argument.
pub fn has(wanted: &str) -> bool {
    env::args().skip(1).any(|word| word == wanted)
}

/// Runs a benchmark that returns whether all targets were met. The exit code is 1 if a target is missed and `--check` is given, and
/// 2 after an error.
pub fn bench_main(name: &str, measure: impl FnOnce() -> Outcome<bool>) -> ExitCode {
    if !has("--bench") {
        // `cargo test --all-targets` runs this. Print on stderr, since nextest reads test names from stdout.
        eprintln!("{name}: nothing to test; cargo bench --bench {name} measures");
        return ExitCode::SUCCESS;
    }
    match measure() {
        Ok(false) if has("--check") => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{name}: {why}");
            ExitCode::from(2)
        }
    }
}

/// Removed at the end. An interrupted run leaves it.
pub struct TempFolder(pub PathBuf);

impl TempFolder {
    pub fn new() -> Outcome<Self> {
        let path = env::temp_dir().join(format!("keysweep-bench-{}", std::process::id()));
        fs::create_dir(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.0) {
            eprintln!("cannot remove {}: {e}", self.0.display());
        }
    }
}

pub type Name = fn(usize) -> String;

/// A repository with one packed commit, like a fresh clone.
pub fn committed(repo: &Path, files: usize, name: Name, bytes: usize) -> Outcome<PathBuf> {
    fs::create_dir(repo)?;
    git(repo, &["init", "-q", "--template="])?;
    git(repo, &["config", "gc.auto", "0"])?;
    write_sources(repo, files, name, bytes)?;
    git(repo, &["add", "."])?;
    git(repo, &["commit", "-q", "-m", "fixture"])?;
    git(repo, &["repack", "-a", "-d", "-q"])?;
    Ok(repo.to_owned())
}

pub fn write_sources(repo: &Path, files: usize, name: Name, bytes: usize) -> Outcome<()> {
    for n in 0..files {
        let file = repo.join(name(n));
        fs::create_dir_all(file.parent().expect("a joined path has a parent"))?;
        fs::write(&file, source_text(n, bytes))?;
    }
    Ok(())
}

/// Returns about this many bytes of lines that look like source code, the same in every run. Some words end with `sk`,
/// since a search for `sk_` most often meets `task_`.
fn source_text(n: usize, bytes: usize) -> String {
    const WORDS: [&str; 7] = ["task", "disk", "buffer", "index", "offset", "cursor", "branch"];
    let mut text = format!("// source {n}\n");
    for line in (n..).take(bytes / 70) {
        let [a, b, c] = [line, line / 7, line / 3].map(|i| WORDS[i % 7]);
        let _ = writeln!(text, "    let {a}_{b} = {c}.get({line}, {n}); // the {b} of the {c}");
    }
    text
}

/// A command without the user's git settings and without the variables of an outer git.
pub fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "bench").env(format!("GIT_{role}_EMAIL"), "bench@example.com");
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    // Git reads the user's attributes and ignore rules from this folder.
    command.env("XDG_CONFIG_HOME", folder.join(".git/none"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs git to create or inspect a fixture and returns its stdout.
pub fn git(folder: &Path, arguments: &[&str]) -> Outcome<Vec<u8>> {
    let output = command(Path::new("git"), folder).args(arguments).output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("git {}: {}", arguments.join(" "), stderr.trim()).into())
}

/// The path of a program. Starting programs by path avoids the cost of a search in PATH.
pub fn on_path(name: &str) -> Outcome<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&path).map(|folder| folder.join(name));
    let found = files.find(|file| file.is_file());
    found.ok_or_else(|| format!("{name} is not on PATH").into())
}

/// The arguments: `git --staged` for betterleaks and for gitleaks since 8.19, `protect --staged` for older gitleaks.
pub fn staged_words(program: &Path) -> &'static [&'static str] {
    let help = command(program, &env::temp_dir()).args(["git", "--help"]).output();
    if help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--staged")) {
        &["git", "--staged", "--no-banner", "."]
    } else {
        &["protect", "--staged", "--no-banner"]
    }
}
