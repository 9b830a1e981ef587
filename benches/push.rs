//! Compares the time of `keysweep hook pre-push` for a thousand commits with `git log -p` of the same commits. Also
//! measures how the time of pre-receive grows with the number of pushed refs, each with its own configuration.
//!
//! ```text
//! git clone https://github.com/git/git
//! KEYSWEEP_BENCH_CLONE=git cargo bench --bench push              # prints the ratios; without a clone, only the second
//! KEYSWEEP_BENCH_CLONE=git cargo bench --bench push -- --check   # the same; exits with 1 above a target
//! ```
//!
//! The programs alternate (A B A B …), and each pair yields one ratio, so a busy machine affects both. The clone is
//! only read. `KEYSWEEP_BENCH_RUNS=N` sets the number of pairs, 9 by default. `KEYSWEEP_BENCH_BIN=FILE` selects another
//! binary.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

const COMMITS: usize = 1000;
const TARGET: f64 = 0.5;
/// The accepted factor for twice as many refs.
const DOUBLING: f64 = 2.5;
/// The number of refs on the server.
const SERVER_REFS: usize = 2000;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    if !has("--bench") {
        eprintln!("push: nothing to test; cargo bench --bench push measures");
        return ExitCode::SUCCESS;
    }
    let pushed = if env::var_os("KEYSWEEP_BENCH_CLONE").is_some() { measure() } else { Ok(0.0) };
    match pushed.and_then(|ratio| Ok(ratio <= TARGET && measure_receive()? <= DOUBLING)) {
        Ok(false) if has("--check") => ExitCode::FAILURE,
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
        .ok_or("the history is too short")??;

    // The remote is unknown, so the hook scans all commits of the line.
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

/// Pushes 250 and 500 refs to a server with 2,000 refs, alternately, and returns the ratio of the times.
fn measure_receive() -> Outcome<f64> {
    let keysweep = env::var("KEYSWEEP_BENCH_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_keysweep").to_owned());
    let folder = env::temp_dir().join(format!("keysweep-receive-{}", std::process::id()));
    let outcome = receive_ratio(&keysweep, &folder);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn receive_ratio(keysweep: &str, folder: &Path) -> Outcome<f64> {
    let git = |args: &[&str], stdin: &str| -> Outcome<String> {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = git.spawn()?;
        child.stdin.take().ok_or("no pipe")?.write_all(stdin.as_bytes())?;
        let output = child.wait_with_output()?;
        if output.status.success() {
            Ok(String::from_utf8(output.stdout)?)
        } else {
            Err(format!("git {args:?}").into())
        }
    };
    std::fs::create_dir(folder)?;
    git(&["init", "-q", "--bare"], "")?;
    let mut stream = String::new();
    let mut commit = |name: String, file: &str, text: &str| {
        let head = "committer A <a@b> 1 +0000\ndata 1\nx\n";
        let _ = write!(stream, "commit refs/{name}\n{head}M 100644 inline {file}\ndata {}\n{text}\n", text.len());
    };
    for number in 0..SERVER_REFS {
        commit(format!("heads/{number}"), "f", &format!("{number}"));
    }
    for number in 0..500 {
        commit(format!("pushed/{number}"), ".keysweep.toml", &format!("[allow]\npaths = [\"d{number}/*\"]\n"));
    }
    git(&["fast-import", "--quiet"], &stream)?;
    let ids = git(&["for-each-ref", "--format=%(objectname)", "refs/pushed"], "")?;
    let pushed: Vec<String> =
        ids.lines().enumerate().map(|(at, id)| format!("{} {id} refs/heads/n{at}\n", "0".repeat(id.len()))).collect();
    let unref = git(&["for-each-ref", "--format=delete %(refname)", "refs/pushed"], "")?;
    git(&["update-ref", "--stdin"], &unref)?;
    let lines = folder.join("lines");
    let receive = |count: usize| -> Outcome<f64> {
        std::fs::write(&lines, pushed[..count].concat())?;
        seconds(Command::new(keysweep).args(["hook", "pre-receive"]).current_dir(folder).stdin(File::open(&lines)?))
    };
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let (half, whole) = (receive(250)?, receive(500)?);
        ratios.push(whole / half);
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ratios.len() / 2];
    let verdict = if ratio <= DOUBLING { "met" } else { "missed" };
    println!("pre-receive of 500 refs: {ratio:.2} of 250 ({SERVER_REFS} there); at most {DOUBLING}: {verdict}");
    Ok(ratio)
}

fn seconds(command: &mut Command) -> Outcome<f64> {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let took = start.elapsed().as_secs_f64();
    if status.success() { Ok(took) } else { Err(format!("{command:?} ended with {status}").into()) }
}
