//! Compares the time of `keysweep staged` with git and with other scanners.
//!
//! ```text
//! cargo bench --bench staged              # prints Markdown; takes some minutes and 1 GB of temporary files
//! cargo bench --bench staged -- --check   # the same; exits with 1 if a target is missed
//! ```
//!
//! Each figure is a ratio of process times. git and keysweep alternate (A B A B …), and each pair yields one ratio, so
//! a slow or busy machine affects both. A small change is compared with `git diff --cached --quiet`, which compares
//! only names and ids. Such a row has two targets, for a static binary, as packages have it and a source build on most Linux
//! systems, and for any other. Ten thousand new files are compared with `git diff --cached`. A wrong exit code of git or
//! keysweep ends the run, since the time of a failing program means nothing.
//!
//! The index has one of two states. "As a hook sees it": `git commit` completes the cache tree of the index before it
//! runs the hook, like `git write-tree`, which writes the same bytes. "After a bare git add": the cache tree is invalid
//! for each changed folder and its parents.
//!
//! Variables, all optional:
//! - `KEYSWEEP_BENCH_CLONE=DIR` adds the case `clone`: run `git clone https://github.com/git/git`, then set
//!   `KEYSWEEP_BENCH_CLONE=git`. DIR is only read, since the case uses a `--shared` clone of it.
//! - `KEYSWEEP_BENCH_RUNS=N`: the number of pairs for each row, 40 by default.
//! - `KEYSWEEP_BENCH_BIN=FILE` measures an installed binary instead of the new build.
//! - `KEYSWEEP_BENCH_GITLEAKS`, `_BETTERLEAKS`, `_RIPSECRETS=FILE`: scanners that are not in PATH, or that PATH
//!   contains only as a script that starts the real program.
//!
//! The fixtures are created in the temporary folder and removed at the end. An interrupted run leaves them there.

mod common;

use std::collections::HashSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use common::{Outcome, TempFolder, bench_main, command, committed, git, has, on_path, staged_words, write_sources};

const WARM_UPS: usize = 3;
const PEER_ROUNDS: usize = 7;
const PEERS: [&str; 4] = ["gitleaks", "betterleaks", "ripsecrets", "diff and grep"];
const SEED: &str = "git diff --cached --diff-filter=ACMR | grep -qE 'sk_[a-zA-Z0-9_]{20,}'";

fn main() -> ExitCode {
    bench_main("staged", || {
        if env::args().len() != 2 + usize::from(has("--check")) {
            return Err("the only argument is --check".into());
        }
        Ok(measure_all()? == 0)
    })
}

/// Measures and prints everything and returns the number of missed targets.
fn measure_all() -> Outcome<usize> {
    let root = TempFolder::new()?;
    let mut bench = Bench::new(&root.0)?;
    bench.print_programs(&root.0)?;
    for fixture in &make_fixtures(&root.0, is_static(&bench.keysweep.path))? {
        for &staged in fixture.staged {
            bench.measure(fixture, staged)?;
        }
    }
    bench.print();
    Ok(bench.missed)
}

// Fixtures.

struct Fixture {
    name: &'static str,
    repo: PathBuf,
    /// The numbers of files to stage. Each is a table row for each index state.
    staged: &'static [usize],
    reference: Program,
    target: f64,
}

/// The accepted ratios of a static and of any other binary.
type Targets = [f64; 2];

fn make_fixtures(root: &Path, is_static: bool) -> Outcome<Vec<Fixture>> {
    eprintln!("staged: making the fixtures; the largest has 100,000 files");
    let git = on_path("git")?;
    let quiet = Program::new(&git, &["diff", "--cached", "--quiet"], 1);
    let fixture = |name, repo, targets: Targets| {
        let (reference, target) = (quiet.clone(), targets[usize::from(!is_static)]);
        Fixture { name, repo, staged: &[1, 20], reference, target }
    };
    let small = committed(&root.join("small"), 30, |n| format!("d{n}/f.rs"), 2000)?;
    let large = committed(&root.join("large"), 100_000, large_name, 100)?;
    let mut fixtures = vec![fixture("small", small, [0.6, 1.0]), fixture("large", large, [0.12, 0.3])];
    match env::var_os("KEYSWEEP_BENCH_CLONE") {
        Some(source) => fixtures.push(fixture("clone", cloned(source.as_ref(), root)?, [0.45, 0.8])),
        None => println!("The case `clone` is skipped: KEYSWEEP_BENCH_CLONE is not set.\n"),
    }
    let new = committed(&root.join("new"), 1, |_| "f.rs".to_owned(), 2000)?;
    let reference = Program::new(&git, &["diff", "--cached"], 0);
    let staged = &[10_000];
    fixtures.push(Fixture { staged, reference, ..fixture("ten thousand", new, [1.0, 1.0]) });
    Ok(fixtures)
}

/// Names of 100 files in each of the folders d000/e0 … d099/e9.
fn large_name(n: usize) -> String {
    format!("d{:03}/e{}/f{:02}.rs", n / 1000, n / 100 % 10, n % 100)
}

/// A shared clone takes a second for any size and adds no hard links to the source.
fn cloned(source: &Path, root: &Path) -> Outcome<PathBuf> {
    let repo = root.join("clone");
    let source = absolute(source)?;
    let from = source.to_str().ok_or("KEYSWEEP_BENCH_CLONE is not UTF-8")?;
    git(root, &["clone", "-q", "--shared", "--template=", from, "clone"])?;
    git(&repo, &["config", "gc.auto", "0"])?;
    Ok(repo)
}

/// The token is built at run time, since this file must not contain it.
fn planted_token() -> String {
    let alphabet = concat!("Qz7Kd2Xw9L", "b4Tm6Rv1Ny", "8Hc3Gs5Jf").as_bytes();
    let body = (1..25).map(|n| char::from(alphabet[n * n * n % alphabet.len()]));
    ["sk", "_live", "_"].concat() + &body.collect::<String>()
}

/// Stages the change of a row and returns the staged names.
fn stage(fixture: &Fixture, count: usize) -> Outcome<Vec<String>> {
    let repo = &fixture.repo;
    git(repo, &["reset", "-q", "--hard"])?;
    if count == 10_000 {
        write_sources(repo, count, |n| format!("d{:02}/f{n}.rs", n / 100), 2000)?;
        git(repo, &["add", "."])?;
    } else {
        for name in pick_files(repo, count)? {
            let text = fs::read_to_string(repo.join(&name))?;
            fs::write(repo.join(&name), text + "an innocent line\n")?;
            git(repo, &["add", "--", &name])?;
        }
    }
    let names = records(&git(repo, &["diff", "--cached", "--name-only", "-z"])?);
    if names.len() != count {
        return Err(format!("{} files staged, not {count}", names.len()).into());
    }
    Ok(names)
}

/// Text files in different folders, evenly distributed over the tree.
fn pick_files(repo: &Path, count: usize) -> Outcome<Vec<String>> {
    let is_text = |path: &str| fs::read_to_string(repo.join(path)).is_ok_and(|text| text.ends_with('\n'));
    let (mut folders, mut texts) = (HashSet::new(), Vec::new());
    for line in records(&git(repo, &["ls-files", "-s", "-z"])?) {
        let (about, path) = line.split_once('\t').expect("mode, id and stage, then a tab");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if about.starts_with("100644 ") && !folders.contains(folder) && is_text(path) {
            folders.insert(folder.to_owned());
            texts.push(path.to_owned());
        }
    }
    if texts.len() < count {
        return Err("too few folders with text files".into());
    }
    Ok((0..count).map(|i| texts[(2 * i + 1) * texts.len() / (2 * count)].clone()).collect())
}

/// The records of a `-z` listing. Names that are not UTF-8 are left out.
fn records(listing: &[u8]) -> Vec<String> {
    let records = listing.split(|&byte| byte == 0).filter(|record| !record.is_empty());
    records.filter_map(|record| String::from_utf8(record.to_vec()).ok()).collect()
}

// Programs.

/// Whether this is an ELF file without a dynamic loader, whose path would be near its start.
fn is_static(program: &Path) -> bool {
    let names_loader = |bytes: &[u8]| bytes.windows(4).any(|word| word == b"/ld-");
    fs::read(program).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF") && !names_loader(&bytes[..bytes.len().min(4096)]))
}

/// The circumstances of a start: the repository, whether a hook runs, and the staged names for programs that need them.
#[derive(Clone, Copy)]
struct Invocation<'a> {
    repo: &'a Path,
    in_hook: bool,
    names: &'a [String],
}

#[derive(Clone)]
struct Program {
    path: PathBuf,
    arguments: Vec<String>,
    wants_names: bool,
    /// The exit code for a complete scan without findings. For the reference: the exit code of success.
    exit: i32,
}

impl Program {
    fn new(path: &Path, arguments: &[&str], exit: i32) -> Self {
        let (path, wants_names) = (path.to_owned(), arguments.contains(&"--strict-ignore"));
        let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
        Self { path, arguments, wants_names, exit }
    }

    fn command(&self, invocation: Invocation) -> Command {
        let mut command = command(&self.path, invocation.repo);
        command.args(&self.arguments);
        if self.wants_names {
            command.args(invocation.names);
        }
        if invocation.in_hook {
            // Git sets this variable for the hooks of a plain commit.
            command.env("GIT_INDEX_FILE", ".git/index");
        }
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The wall-clock time of the process in seconds, including its start.
    fn seconds(&self, invocation: Invocation) -> Outcome<f64> {
        let (mut command, name) = (self.command(invocation), self.path.display());
        let start = Instant::now();
        let status = command.status();
        let seconds = start.elapsed().as_secs_f64();
        let status = status.map_err(|e| format!("{name}: {e}"))?;
        if status.code() == Some(self.exit) {
            return Ok(seconds);
        }
        let again = command.stderr(Stdio::piped()).output()?;
        let stderr = String::from_utf8_lossy(&again.stderr);
        Err(format!("{name}: {status} instead of {}: {}", self.exit, stderr.trim()).into())
    }

    /// The version of the program, and whether it finds a staged token.
    fn describe(&self, invocation: Invocation) -> String {
        let output = command(&self.path, invocation.repo).arg("--version").output();
        let text = output.map_or_else(|_| Vec::new(), |output| output.stdout);
        let text = String::from_utf8_lossy(&text);
        let version = if self.exit == 0 { text.lines().next() } else { Some(SEED) };
        let found = self.command(invocation).status().is_ok_and(|status| status.code() == Some(1 - self.exit));
        let finds = if found { "finds" } else { "does NOT find" };
        let script = fs::read(&self.path).is_ok_and(|bytes| bytes.starts_with(b"#!"));
        let slow = if script { "; started by a script, which costs time" } else { "" };
        format!("{}; {finds} a planted token{slow}", version.unwrap_or("version unknown"))
    }

    fn size(&self) -> String {
        fs::metadata(&self.path).map_or("?".to_owned(), |data| megabytes(data.len() / 1000))
    }
}

/// The scanner of this name, if it is installed: from its variable or from PATH.
fn find_peer(name: &str) -> Option<Program> {
    let variable = format!("KEYSWEEP_BENCH_{}", name.to_uppercase());
    let given = env::var_os(variable).and_then(|path| absolute(path).ok());
    let path = given.or_else(|| on_path(name).ok());
    match name {
        // grep exits with 1 for "no match".
        "diff and grep" => Some(Program::new(&on_path("sh").ok()?, &["-c", SEED], 1)),
        "ripsecrets" => Some(Program::new(&path?, &["--strict-ignore", "--"], 0)),
        _ => path.map(|path| Program::new(&path, staged_words(&path), 0)),
    }
}

// Memory.

/// A program that measures the peak memory of a child: GNU time, BSD time or Python.
struct Meter {
    words: &'static [&'static str],
    /// The measurement for `true`, in kB. A child counts from the fork on, as a copy of its parent.
    floor: u64,
}

const PYTHON_METER: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:])
unit = 1024 if sys.platform == 'darwin' else 1
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // unit
print('Maximum resident set size (kbytes):', peak, file=sys.stderr)";

impl Meter {
    fn find(folder: &Path) -> Option<Self> {
        let (gnu, bsd) = (&["/usr/bin/time", "-v"], &["/usr/bin/time", "-l"]);
        let meters: [&[&str]; 3] = [gnu, bsd, &["python3", "-c", PYTHON_METER]];
        let invocation = Invocation { repo: folder, in_hook: false, names: &[] };
        let nothing = Program::new(&on_path("true").ok()?, &[], 0);
        meters.into_iter().find_map(|words| {
            let floor = Self { words, floor: 0 }.kilobytes(&nothing, invocation)?;
            Some(Self { words, floor })
        })
    }

    fn kilobytes(&self, program: &Program, invocation: Invocation) -> Option<u64> {
        let mut meter = Program::new(Path::new(self.words[0]), &self.words[1..], 0);
        meter.arguments.push(program.path.to_str()?.to_owned());
        meter.arguments.extend_from_slice(&program.arguments);
        let output = meter.command(invocation).stderr(Stdio::piped()).output().ok()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let line = stderr.lines().find(|line| line.contains("aximum resident set size"))?;
        let size: u64 = line.split_whitespace().find_map(|word| word.parse().ok())?;
        Some(if line.contains("kbytes") { size } else { size / 1024 })
    }

    fn peak(&self, program: &Program, invocation: Invocation) -> Option<String> {
        let size = self.kilobytes(program, invocation)?;
        let least = self.floor + self.floor / 20;
        let sign = if size > least { "" } else { "≤ " };
        Some(format!("{sign}{}", megabytes(size.max(least))))
    }
}

fn megabytes(kilobytes: u64) -> String {
    format!("{}.{} MB", kilobytes / 1000, kilobytes % 1000 / 100)
}

// Measuring.

/// Sorted in ascending order and never empty.
struct Sample(Vec<f64>);

impl Sample {
    fn tenth(&self, tenth: usize) -> f64 {
        self.0[(tenth * (self.0.len() - 1) + 5) / 10]
    }

    fn median(&self) -> f64 {
        let n = self.0.len();
        f64::midpoint(self.0[(n - 1) / 2], self.0[n / 2])
    }
}

/// Runs all programs alternately, `rounds` times. Returns the ratios of their times to the time of the first program in
/// the same round. The first sample is the time of the first program in seconds.
fn alternate(programs: &[&Program], invocation: Invocation, rounds: usize) -> Outcome<Vec<Sample>> {
    let mut samples = vec![Vec::with_capacity(rounds); programs.len()];
    for _ in 0..rounds {
        let base = programs[0].seconds(invocation)?;
        samples[0].push(base);
        for (program, sample) in programs.iter().zip(&mut samples).skip(1) {
            sample.push(program.seconds(invocation)? / base);
        }
    }
    for sample in &mut samples {
        sample.sort_by(f64::total_cmp);
    }
    Ok(samples.into_iter().map(Sample).collect())
}

struct Bench {
    keysweep: Program,
    /// The cost of starting any program. It is most of a short run where instructions such as `cpuid` end in a hypervisor.
    nothing: Program,
    /// The scanners in the order of `PEERS`.
    peers: [Option<Program>; 4],
    meter: Option<Meter>,
    runs: usize,
    rows: String,
    peer_rows: String,
    missed: usize,
}

impl Bench {
    fn new(root: &Path) -> Outcome<Self> {
        let given = env::var("KEYSWEEP_BENCH_RUNS");
        let runs = given.map_or(Ok(40), |runs| runs.parse().map_err(|e| format!("KEYSWEEP_BENCH_RUNS={runs}: {e}")))?;
        let built = || env!("CARGO_BIN_EXE_keysweep").into();
        let binary = env::var_os("KEYSWEEP_BENCH_BIN").unwrap_or_else(built);
        Ok(Self {
            keysweep: Program::new(&absolute(binary)?, &["staged"], 0),
            nothing: Program::new(&on_path("true")?, &[], 0),
            peers: PEERS.map(find_peer),
            meter: Meter::find(root),
            runs: std::cmp::max(1, runs),
            rows: String::new(),
            peer_rows: String::new(),
            missed: 0,
        })
    }

    /// Prints the programs and checks that each finds a token, since a program that scans nothing is fast.
    fn print_programs(&self, root: &Path) -> Outcome<()> {
        let repo = &committed(&root.join("planted"), 1, |_| "f.rs".to_owned(), 100)?;
        fs::write(repo.join("pay.py"), format!("stripe = \"{}\"\n", planted_token()))?;
        git(repo, &["add", "."])?;
        let invocation = Invocation { repo, in_hook: false, names: &["pay.py".to_owned()] };
        let finding = Program { exit: 1, ..self.keysweep.clone() }.seconds(invocation);
        finding.map_err(|e| format!("with a token staged, {e}"))?;
        print!("- {}", String::from_utf8_lossy(&git(root, &["--version"])?));
        println!("- keysweep: {}", self.keysweep.describe(invocation));
        for (name, peer) in PEERS.iter().zip(&self.peers) {
            let about = peer.as_ref().map(|program| program.describe(invocation));
            println!("- {name}: {}", about.as_deref().unwrap_or("not installed"));
        }
        println!();
        Ok(())
    }

    /// Measures a staged change in both index states. Other scanners run only as in a hook, once for each fixture.
    fn measure(&mut self, fixture: &Fixture, staged: usize) -> Outcome<()> {
        eprintln!("staged: measuring {}, {staged} staged", fixture.name);
        let names = &stage(fixture, staged)?;
        let repo = &fixture.repo;
        let index = || fs::read(repo.join(".git/index"));
        for in_hook in [false, true] {
            let added = index()?;
            if in_hook {
                git(repo, &["write-tree"])?;
            }
            let before = index()?;
            if in_hook && before == added {
                return Err("the cache tree was complete before git write-tree".into());
            }
            let invocation = Invocation { repo, in_hook, names };
            self.add_row(fixture, invocation)?;
            if in_hook && staged == fixture.staged[0] {
                self.add_peers(fixture, invocation)?;
            }
            if index()? != before {
                return Err("a program rewrote the index while it was measured".into());
            }
        }
        Ok(())
    }

    fn add_row(&mut self, fixture: &Fixture, invocation: Invocation) -> Outcome<()> {
        let programs = [&fixture.reference, &self.keysweep, &self.nothing];
        alternate(&programs, invocation, WARM_UPS)?;
        let samples = alternate(&programs, invocation, self.runs)?;
        let (ratios, nothing) = (&samples[1], samples[2].median());
        let (median, low, high) = (ratios.median(), ratios.tenth(1), ratios.tenth(9));
        let peaks = [programs[0], programs[1]].map(|program| self.meter.as_ref()?.peak(program, invocation));
        let [git, own] = peaks.map(|peak| peak.unwrap_or_else(|| "not measured".to_owned()));
        let (name, staged, target) = (fixture.name, invocation.names.len(), fixture.target);
        let state = if invocation.in_hook { "as a hook sees it" } else { "after a bare git add" };
        let verdict = if median <= target { "met" } else { "missed" };
        self.missed += usize::from(median > target);
        write!(self.rows, "| {name} | {state} | {staged} | {median:.3} | {low:.3}–{high:.3} | {nothing:.3} ")?;
        writeln!(self.rows, "| ≤ {target:.2} | {verdict} | {own} | {git} |")?;
        Ok(())
    }

    /// A scanner that fails is reported and left out.
    fn add_peers(&mut self, fixture: &Fixture, invocation: Invocation) -> Outcome<()> {
        let mut programs = vec![&fixture.reference, &self.keysweep];
        let mut cells = PEERS.map(|_| "not installed".to_owned());
        let mut columns = Vec::new();
        for (column, peer) in self.peers.iter().enumerate() {
            let Some(program) = peer else { continue };
            if let Err(why) = program.seconds(invocation) {
                eprintln!("staged: {why}");
                "failed".clone_into(&mut cells[column]);
            } else {
                programs.push(program);
                columns.push(column);
            }
        }
        let samples = alternate(&programs, invocation, PEER_ROUNDS)?;
        for (column, sample) in columns.into_iter().zip(&samples[2..]) {
            cells[column] = format!("{:.2}", sample.median());
        }
        let (name, staged, cells) = (fixture.name, invocation.names.len(), cells.join(" | "));
        let (git, own) = (samples[0].median() * 1000.0, samples[1].median());
        writeln!(self.peer_rows, "| {name}, {staged} staged | {own:.2} | {cells} | {git:.1} ms |")?;
        Ok(())
    }

    fn print(&self) {
        println!(
            "Keysweep's time as a ratio to git's, median of {} rounds, and that of a program that does nothing:\n",
            self.runs
        );
        println!("| case | index | staged | ratio | 10–90 % | `true` | target | | peak memory | git's |");
        println!("|---|---|--:|--:|--:|--:|--:|---|--:|--:|\n{}", self.rows);
        println!("Ratios to the same reference as in a hook, median of {PEER_ROUNDS} rounds:\n");
        println!("| case | keysweep | {} | git, to orient |", PEERS.join(" | "));
        println!("|---|--:|--:|--:|--:|--:|--:|\n{}", self.peer_rows.trim_end());
        let binaries = self.peers.each_ref().map(|peer| peer.as_ref().filter(|p| p.exit == 0));
        let sizes = binaries.map(|binary| binary.map_or("–".to_owned(), Program::size));
        let (own, sizes) = (self.keysweep.size(), sizes.join(" | "));
        println!("| size of the binary | {own} | {sizes} | – |");
    }
}
