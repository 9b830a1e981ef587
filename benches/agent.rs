//! Compares the time of an agent's hook with the start of the program.
//!
//! ```text
//! cargo bench --bench agent              # prints Markdown; takes some seconds
//! cargo bench --bench agent -- --check   # the same; exits with 1 if a target is missed
//! ```
//!
//! An agent runs `keysweep hook agent claude-code` before and after every tool, so the hook may take little more than the start of
//! the program, which is `keysweep --version`. Both alternate (A B A B …), and each pair yields one ratio of user and system time. On
//! a busy machine, wall-clock time would mostly be the wait for a processor. Each event is about 10 kB of JSON without a token.
//!
//! An exit code other than 0, or an answer, ends the run, since a blocked event may not be scanned to its end. So does a hook
//! that lets a token pass.
//!
//! Variables, all optional: `KEYSWEEP_BENCH_RUNS=N`, the number of pairs for each row, 200 by default; `KEYSWEEP_BENCH_BIN=FILE`,
//! another binary than the new build.

#[allow(dead_code)] // this benchmark uses only a part of them
mod common;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use common::{Outcome, TempFolder, bench_main, command, committed};

const WARM_UPS: usize = 5;
/// The size of an event in bytes.
const SIZE: usize = 10_000;
/// The accepted time of a hook, as a multiple of the start of the program.
const TARGET: f64 = 1.5;
/// The same for 10 kB of git commands, which is 324 of them. The grammar alone takes 8 million instructions of the crate
/// brush-parser for them, and the start of the program takes 1 million.
const TARGET_OF_COMMANDS: f64 = 3.5;

fn main() -> ExitCode {
    bench_main("agent", measure)
}

/// Measures and prints everything. Returns whether all targets were met.
fn measure() -> Outcome<bool> {
    let root = TempFolder::new()?;
    let repo = committed(&root.0.join("repo"), 200, |n| format!("d{}/f{n}.rs", n % 20), 2000)?;
    let runs: usize = env::var("KEYSWEEP_BENCH_RUNS").map_or(Ok(200), |runs| runs.parse())?;
    let built = || env!("CARGO_BIN_EXE_keysweep").into();
    let bench = Bench { program: absolute(env::var_os("KEYSWEEP_BENCH_BIN").unwrap_or_else(built))?, repo, runs };
    bench.blocks_a_token(&root.0)?;
    println!("| event of 10 kB | ratio to `--version` | 10 % to 90 % | start | target | |\n|---|--:|--:|--:|--:|---|");
    let mut is_met = true;
    for (name, target, event) in events(&bench.repo)? {
        let file = root.0.join("event.json");
        fs::write(&file, event)?;
        is_met &= bench.row(name, target, &file)?;
    }
    Ok(is_met)
}

/// The names, the targets and the JSON of the events.
fn events(repo: &Path) -> Outcome<Vec<(&'static str, f64, String)>> {
    let folder = repo.to_str().ok_or("the temporary folder is not UTF-8")?;
    let event = |moment: &str, tool: &str, input: &str| {
        format!(
            r#"{{"session_id":"bench","cwd":"{folder}","hook_event_name":"{moment}","tool_name":"{tool}","tool_input":{input}}}"#
        )
    };
    let lines = |line: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        for n in 0.. {
            let next = line(n);
            if text.len() + next.len() > SIZE - 300 {
                break;
            }
            text += &next;
        }
        text
    };
    let message = lines(&|n| format!("Line {n} says which task the cursor of branch {} has.\\n", n / 3));
    let commands = lines(&|n| format!("git add src/task{n}.rs && git diff --stat -- src/task{n}.rs\\n"));
    let source = lines(&|n| format!("    let task_{n} = cursor.get({n}); // the offset of the task\\n"));
    let commit = format!(r#"{{"command":"git add -A && git commit -F - <<'EOF'\n{message}EOF\ngit status"}}"#);
    let write = format!(r#"{{"file_path":"{folder}/src/task.rs","content":"{source}"}}"#);
    Ok(vec![
        ("a commit with a long message", TARGET, event("PreToolUse", "Bash", &commit)),
        (
            "a list of git commands",
            TARGET_OF_COMMANDS,
            event("PreToolUse", "Bash", &format!(r#"{{"command":"{commands}"}}"#)),
        ),
        ("a new file", TARGET, event("PreToolUse", "Write", &write)),
    ])
}

struct Bench {
    program: PathBuf,
    repo: PathBuf,
    /// The number of pairs for each row.
    runs: usize,
}

impl Bench {
    fn version(&self) -> Command {
        let mut command = command(&self.program, &self.repo);
        command.arg("--version");
        command
    }

    fn hook(&self, event: &Path) -> Outcome<Command> {
        let mut command = command(&self.program, &self.repo);
        command.args(["hook", "agent", "claude-code"]).stdin(File::open(event)?);
        Ok(command)
    }

    /// A hook that scans nothing is fast. The token is built at run time, since this file must not contain it.
    fn blocks_a_token(&self, root: &Path) -> Outcome<()> {
        let token = ["sk", "_live", "_Qz7Kd2Xw9Lb4Tm6Rv1Ny8Hc3"].concat();
        let file = root.join("token.json");
        let input = format!(r#"{{"command":"echo {token}"}}"#);
        fs::write(&file, format!(r#"{{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{input}}}"#))?;
        let output = self.hook(&file)?.output()?;
        if output.status.success() && output.stdout.is_empty() {
            return Err("the hook does not block a token".into());
        }
        Ok(())
    }

    /// Measures and prints a row. Returns whether the target was met.
    fn row(&self, name: &str, target: f64, event: &Path) -> Outcome<bool> {
        let output = self.hook(event)?.output()?;
        if !output.status.success() || !output.stdout.is_empty() {
            return Err(format!("{name}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
        }
        let (mut ratios, mut starts) = (Vec::new(), Vec::new());
        for round in 0..WARM_UPS + self.runs {
            let start = seconds(self.version())?;
            let ratio = seconds(self.hook(event)?)? / start;
            if round >= WARM_UPS {
                starts.push(start);
                ratios.push(ratio);
            }
        }
        let [low, median, high] = [1, 5, 9].map(|tenth| quantile(&mut ratios, tenth));
        let start = quantile(&mut starts, 5) * 1000.0;
        let verdict = if median <= target { "met" } else { "missed" };
        println!("| {name} | {median:.2} | {low:.2}–{high:.2} | {start:.1} ms | ≤ {target} | {verdict} |");
        Ok(median <= target)
    }
}

/// The user and system time of a process, including its start.
fn seconds(mut command: Command) -> Outcome<f64> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let before = seconds_of_children();
    let status = command.status()?;
    let seconds = seconds_of_children() - before;
    if status.success() { Ok(seconds) } else { Err(format!("{status}").into()) }
}

/// The user and system time of all processes that have ended and were waited for.
#[allow(unsafe_code)] // The standard library has no function for it.
fn seconds_of_children() -> f64 {
    // SAFETY: `rusage` has only integers, so zeros are valid, and `getrusage` writes to nothing else.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let sum = |time: libc::timeval| {
        let [seconds, micros] =
            [u64::try_from(time.tv_sec), u64::try_from(time.tv_usec)].map(Result::unwrap_or_default);
        (Duration::from_secs(seconds) + Duration::from_micros(micros)).as_secs_f64()
    };
    sum(usage.ru_utime) + sum(usage.ru_stime)
}

/// The value below which this many tenths of the sample are.
fn quantile(sample: &mut [f64], tenth: usize) -> f64 {
    sample.sort_by(f64::total_cmp);
    sample[(tenth * (sample.len() - 1) + 5) / 10]
}
