//! Compares the time of a whole `git commit` with different hooks.
//!
//! ```text
//! cargo bench --bench commit              # prints Markdown; takes a minute
//! cargo bench --bench commit -- --check   # the same; exits with 1 if a target is missed
//! ```
//!
//! Each round commits the same change once with each set of hooks, so a busy machine affects all of them: without hooks, with two
//! shell scripts that do nothing, with the two scripts of `keysweep install` that a commit runs, with the one line of grep from
//! which keysweep began, and with other scanners that are installed. A commit that fails ends the run.
//!
//! The added time is the median with hooks minus the median without. The targets are ratios of added times, and hold for a static
//! binary. Variables, all optional: `KEYSWEEP_BENCH_RUNS=N`, the number of rounds, 40 by default; `KEYSWEEP_BENCH_BIN=FILE`, another
//! binary than the new build.

mod common;

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use common::{Outcome, TempFolder, bench_main, command, committed, git, on_path, staged_words};

const WARM_UPS: usize = 3;
/// The accepted time that keysweep's hooks add, as a multiple of what hooks add that do nothing.
const OF_IDLE: f64 = 2.0;
/// The same, as a multiple of what the line of grep adds.
const OF_GREP: f64 = 0.75;
const GREP: &str = "#!/bin/bash
if git diff --cached --diff-filter=ACMR | grep -qE 'sk_[a-zA-Z0-9_]{20,}'; then
    exit 1
fi
";

fn main() -> ExitCode {
    bench_main("commit", measure)
}

/// A folder of hooks, and the times of the commits with them.
struct Hooks {
    name: String,
    folder: PathBuf,
    seconds: Vec<f64>,
}

impl Hooks {
    fn new(root: &Path, name: &str, scripts: &[(&str, String)]) -> Outcome<Self> {
        let folder = root.join(name.replace(' ', "-"));
        fs::create_dir(&folder)?;
        for (hook, text) in scripts {
            let file = folder.join(hook);
            fs::write(&file, text)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self { name: name.to_owned(), folder, seconds: Vec::new() })
    }

    fn median(&self) -> f64 {
        median(self.seconds.clone())
    }
}

/// Measures and prints everything. Returns whether all targets were met.
fn measure() -> Outcome<bool> {
    let root = TempFolder::new()?;
    let repo = committed(&root.0.join("repo"), 200, |n| format!("d{}/f{n}.rs", n % 20), 2000)?;
    let runs: usize = env::var("KEYSWEEP_BENCH_RUNS").map_or(Ok(40), |runs| runs.parse())?;
    let programs = programs(&root.0)?;
    let mut all = all_hooks(&root.0, &repo, &programs)?;
    for round in 0..WARM_UPS + runs {
        for hooks in &mut all {
            let seconds = commit(&repo, hooks, &programs)?;
            if round >= WARM_UPS {
                hooks.seconds.push(seconds);
            }
        }
    }
    Ok(print(&all, runs))
}

/// A folder for PATH, in which the measured binary has its name.
fn programs(root: &Path) -> Outcome<PathBuf> {
    let folder = root.join("programs");
    fs::create_dir(&folder)?;
    let built = || env!("CARGO_BIN_EXE_keysweep").into();
    symlink(absolute(env::var_os("KEYSWEEP_BENCH_BIN").unwrap_or_else(built))?, folder.join("keysweep"))?;
    Ok(folder)
}

fn all_hooks(root: &Path, repo: &Path, programs: &Path) -> Outcome<Vec<Hooks>> {
    let idle = || "#!/bin/sh\nexit 0\n".to_owned();
    let mut all = vec![
        Hooks::new(root, "no hooks", &[])?,
        Hooks::new(root, "two idle hooks", &[("pre-commit", idle()), ("commit-msg", idle())])?,
        Hooks::new(root, "keysweep", &[])?,
        Hooks::new(root, "git diff and grep", &[("pre-commit", GREP.to_owned())])?,
    ];
    let folder = all[2].folder.to_str().ok_or("the temporary folder is not UTF-8")?;
    git(repo, &["config", "core.hooksPath", folder])?;
    run(command(&programs.join("keysweep"), repo).arg("install"))?;
    for name in ["gitleaks", "betterleaks", "ripsecrets"] {
        let Ok(path) = on_path(name) else {
            println!("- {name}: not installed");
            continue;
        };
        let words = match name {
            "ripsecrets" => "--strict-ignore $(git diff --cached --name-only)".to_owned(),
            _ => staged_words(&path).join(" "),
        };
        let script = format!("#!/bin/sh\nexec {} {words}\n", path.display());
        all.push(Hooks::new(root, name, &[("pre-commit", script)])?);
    }
    Ok(all)
}

/// Commits a change with these hooks, and returns the time of `git commit`. The commit is removed again.
fn commit(repo: &Path, hooks: &Hooks, programs: &Path) -> Outcome<f64> {
    let file = repo.join("d7/f7.rs");
    fs::write(&file, fs::read_to_string(&file)? + "an innocent line\n")?;
    git(repo, &["add", "d7/f7.rs"])?;
    let mut commit = command(&on_path("git")?, repo);
    commit.arg("-c").arg(format!("core.hooksPath={}", hooks.folder.display())).args(["commit", "-q", "-m", "change"]);
    let path = env::var_os("PATH").unwrap_or_default();
    commit.env("PATH", env::join_paths([programs.to_owned()].into_iter().chain(env::split_paths(&path)))?);
    commit.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    run(&mut commit)?;
    let seconds = start.elapsed().as_secs_f64();
    git(repo, &["reset", "-q", "--hard", "HEAD~1"])?;
    Ok(seconds)
}

fn run(command: &mut Command) -> Outcome<()> {
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}

/// Prints a row for each set of hooks. Returns whether all targets were met.
fn print(all: &[Hooks], runs: usize) -> bool {
    let added = |at: usize| all[at].median() - all[0].median();
    let (idle, keysweep, grep) = (added(1), added(2), added(3));
    println!("\nThe whole `git commit`, median of {runs} rounds:\n");
    println!("| hooks | time, without hooks = 1 | added time, two idle hooks = 1 |\n|---|--:|--:|");
    for (at, hooks) in all.iter().enumerate() {
        let ratios = hooks.seconds.iter().zip(&all[0].seconds).map(|(with, without)| with / without);
        println!("| {} | {:.2} | {:.2} |", hooks.name, median(ratios.collect()), added(at) / idle);
    }
    let mut is_met = true;
    for (name, ratio, target) in
        [("two idle hooks", keysweep / idle, OF_IDLE), ("git diff and grep", keysweep / grep, OF_GREP)]
    {
        let verdict = if ratio <= target { "met" } else { "missed" };
        println!(
            "\nAdded by keysweep, as a multiple of what is added by {name}: {ratio:.2}, target ≤ {target:.2}: {verdict}"
        );
        is_met &= ratio <= target;
    }
    is_met
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
