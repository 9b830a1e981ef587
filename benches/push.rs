//! How long a push of a thousand commits waits for `keysweep hook pre-push`, beside `git log -p` of the same commits.
//!
//! ```text
//! git clone https://github.com/git/git
//! KEYSWEEP_BENCH_CLONE=git cargo bench --bench push              # prints the ratio
//! KEYSWEEP_BENCH_CLONE=git cargo bench --bench push -- --check   # the same, and exit code 1 above one half
//! ```
//!
//! Whole processes in turn (A B A B …); each pair gives one ratio, so that a busy machine weighs on both alike. The clone
//! is only read. `KEYSWEEP_BENCH_RUNS=N`: pairs, 9 if not given; `KEYSWEEP_BENCH_BIN=FILE`: another binary.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

const COMMITS: usize = 1000;
const TARGET: f64 = 0.5;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    if !has("--bench") {
        eprintln!("push: nothing to test; cargo bench --bench push measures");
        return ExitCode::SUCCESS;
    }
    match measure() {
        Ok(ratio) if ratio > TARGET && has("--check") => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("push: {why}");
            ExitCode::from(2)
        }
    }
}

fn measure() -> Outcome<f64> {
    let clone = env::var("KEYSWEEP_BENCH_CLONE").map_err(|_| "set KEYSWEEP_BENCH_CLONE to a clone of git/git")?;
    let runs: usize = env::var("KEYSWEEP_BENCH_RUNS").map_or(Ok(9), |runs| runs.parse())?;
    let keysweep = env::var("KEYSWEEP_BENCH_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_keysweep").to_owned());
    let git = |args: &[&str]| -> Outcome<String> {
        let output = Command::new("git").current_dir(&clone).args(args).output()?;
        let text = String::from_utf8(output.stdout)?.trim().to_owned();
        if output.status.success() { Ok(text) } else { Err(format!("git {args:?} failed").into()) }
    };
    let tip = git(&["rev-parse", "HEAD"])?;
    let (base, count) = (1..10_000)
        .map(|back| {
            let base = git(&["rev-parse", &format!("HEAD~{}", back * 10)])?;
            let count: usize = git(&["rev-list", "--count", &format!("{base}..{tip}")])?.parse()?;
            Ok((base, count))
        })
        .find(|step: &Outcome<(String, usize)>| step.as_ref().map_or(true, |(_, count)| *count >= COMMITS))
        .ok_or("no history is so long")??;

    // No remote of this name is known, so all that the line says to be missing is scanned.
    let line = env::temp_dir().join(format!("keysweep-push-{}", std::process::id()));
    writeln!(File::create(&line)?, "refs/heads/main {tip} refs/heads/main {base}")?;
    let mut hook = Command::new(&keysweep);
    hook.args(["hook", "pre-push", "benchmark", "benchmark"]);
    let mut log = Command::new("git");
    log.args(["log", "-p", &format!("{base}..{tip}")]);
    let mut ratios = Vec::new();
    for round in 0..=runs {
        let git = seconds(log.current_dir(&clone).stdin(Stdio::null()))?;
        let own = seconds(hook.current_dir(&clone).stdin(File::open(&line)?))?;
        // The first round reads the pack into memory.
        if round > 0 {
            ratios.push(own / git);
        }
    }
    std::fs::remove_file(&line)?;
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    let (low, high) = (ratios[0], ratios[ratios.len() - 1]);
    let verdict = if median <= TARGET { "met" } else { "missed" };
    println!(
        "{count} commits, {runs} pairs: {median:.2} of git log -p ({low:.2}–{high:.2}); at most {TARGET}: {verdict}"
    );
    Ok(median)
}

fn seconds(command: &mut Command) -> Outcome<f64> {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let took = start.elapsed().as_secs_f64();
    if status.success() { Ok(took) } else { Err(format!("{command:?} ended with {status}").into()) }
}
