//! Compares the time of `keysweep history` with the time in which git prints the same objects.
//!
//! ```text
//! git clone https://github.com/git/git && git clone https://github.com/redis/redis
//! KEYSWEEP_BENCH_CLONES=git:redis cargo bench --bench history              # prints the ratios
//! KEYSWEEP_BENCH_CLONES=git:redis cargo bench --bench history -- --check   # the same; exits with 1 above a target
//! ```
//!
//! The programs alternate (A B A B …), and each pair yields one ratio, so a busy machine affects both. The clones are
//! only read. Histories with tokens and generated histories are created in a temporary folder.
//!
//! Variables, all optional:
//! - `KEYSWEEP_BENCH_RUNS=N`: the number of pairs, 3 by default.
//! - `KEYSWEEP_BENCH_BIN=FILE`: another binary.
//! - `KEYSWEEP_BENCH_BETTERLEAKS=FILE`: also compares with betterleaks, with rules for the same prefixes only. The
//!   clones must be complete, since betterleaks stops at the first missing blob.
//! - `KEYSWEEP_BENCH_OBJECTS=N`: the size of the largest generated history, a million by default.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

const THREADS: &str = "2";
const CLEAN: f64 = 0.18;
/// The accepted time of a scan with 1,000 tokens, and of one with a single token among many small commits, without the search
/// for the tokens by value.
const WITH_HITS: f64 = 0.3;
const MANY_COMMITS: f64 = 0.5;
/// The accepted time of a search for 1,000 known tokens, as a multiple of a clean scan.
const BY_VALUE: f64 = 1.3;
/// The required time of betterleaks, as a multiple of a scan.
const BETTERLEAKS: f64 = 7.0;
/// The accepted amount of anonymous memory, in MiB.
const MEMORY: f64 = 300.0;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    if !has("--bench") {
        eprintln!("history: nothing to test; cargo bench --bench history measures");
        return ExitCode::SUCCESS;
    }
    match Bench::new().and_then(Bench::run) {
        Ok(false) if has("--check") => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("history: {why}");
            ExitCode::from(2)
        }
    }
}

struct Bench {
    keysweep: PathBuf,
    betterleaks: Option<String>,
    runs: usize,
    largest: u64,
    folder: PathBuf,
}

/// The time and memory of one process.
struct Measurement {
    seconds: f64,
    /// The peak of anonymous memory, in MiB.
    memory: f64,
}

impl Bench {
    fn new() -> Outcome<Self> {
        let number = |name: &str, otherwise| env::var(name).map_or(Ok(otherwise), |text| text.parse::<u64>());
        let folder = env::temp_dir().join(format!("keysweep-history-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            keysweep: env::var_os("KEYSWEEP_BENCH_BIN").map_or(env!("CARGO_BIN_EXE_keysweep").into(), PathBuf::from),
            betterleaks: env::var("KEYSWEEP_BENCH_BETTERLEAKS").ok(),
            runs: usize::try_from(number("KEYSWEEP_BENCH_RUNS", 3)?)?,
            largest: number("KEYSWEEP_BENCH_OBJECTS", 1_000_000)?,
            folder,
        })
    }

    fn run(self) -> Outcome<bool> {
        let clones = env::var("KEYSWEEP_BENCH_CLONES").unwrap_or_default();
        let mut met = true;
        println!("| history | keysweep / git cat-file | target | | memory |\n|---|--:|--:|---|--:|");
        for clone in env::split_paths(&clones).filter(|clone| !clone.as_os_str().is_empty()) {
            let name = clone.file_name().unwrap_or_default().to_string_lossy().into_owned();
            met &= self.compare_with_git(&format!("clone of {name}, no token"), &clone, CLEAN)?;
            let with_tokens = self.with_tokens(&clone)?;
            met &= self.provenance("the same, 1,000 commits with a token", &with_tokens, WITH_HITS)?;
            met &= self.by_value(&clone)?;
            fs::remove_dir_all(&with_tokens)?;
            met &= self.compare_with_betterleaks(&clone)?;
        }
        let many_commits = self.generated(self.largest, true)?;
        let name = format!("{} generated objects, one token", self.largest);
        met &= self.provenance(&name, &many_commits, MANY_COMMITS)?;
        fs::remove_dir_all(&many_commits)?;
        self.scale()?;
        fs::remove_dir_all(&self.folder)?;
        Ok(met)
    }

    fn compare_with_git(&self, name: &str, repository: &Path, target: f64) -> Outcome<bool> {
        let (mut ratios, mut memory) = (Vec::new(), 0.0_f64);
        for round in 0..=self.runs {
            let git = cat_file(repository)?;
            let own = self.sweep(repository)?;
            // The first round reads the packs into memory.
            if round > 0 {
                ratios.push(own.seconds / git.seconds);
                memory = memory.max(own.memory);
            }
        }
        let (median, range) = summarize(&mut ratios);
        let met = median <= target && memory <= MEMORY;
        let verdict = if met { "met" } else { "missed" };
        println!("| {name} | {range} | {target:.2} | {verdict} | {memory:.0} MiB |");
        Ok(met)
    }

    /// Measures the second pass of `history` separately, with `find` in a clone that borrows the objects and has no
    /// files.
    fn by_value(&self, clone: &Path) -> Outcome<bool> {
        let repository = self.folder.join("sought");
        let from = fs::canonicalize(clone)?;
        git(&self.folder, &["clone", "-q", "--shared", "--no-checkout", &from.to_string_lossy(), "sought"], None)?;
        let tokens = self.folder.join("tokens");
        let mut dice = Dice(43);
        let mut lines = String::new();
        for _ in 0..1000 {
            let body: String = (0..24).map(|_| dice.letter()).collect();
            let prefix = "sk";
            writeln!(lines, "literal:{prefix}_live_{body}==>x")?;
        }
        fs::write(&tokens, lines)?;
        fs::set_permissions(&tokens, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let tokens = tokens.to_string_lossy();
        let words = ["find", "--allow-incomplete", "--threads", THREADS, "--format", "jsonl", "--tokens-from", &tokens];
        let mut ratios = Vec::new();
        for round in 0..=self.runs {
            let clean = self.sweep(&repository)?;
            let searched = time(&self.keysweep, &repository, &words, &[0])?;
            if round > 0 {
                ratios.push(searched.seconds / clean.seconds);
            }
        }
        fs::remove_dir_all(&repository)?;
        let (median, range) = summarize(&mut ratios);
        let verdict = if median <= BY_VALUE { "met" } else { "missed" };
        println!("| 1,000 known tokens sought by value / keysweep | {range} | {BY_VALUE:.1} | {verdict} | |");
        Ok(median <= BY_VALUE)
    }

    fn compare_with_betterleaks(&self, repository: &Path) -> Outcome<bool> {
        let Some(betterleaks) = &self.betterleaks else { return Ok(true) };
        let config = self.folder.join("rules.toml");
        let rule = |id: &str, regex: &str, word: &str| {
            format!("[[rules]]\nid = '{id}'\nregex = '''{regex}'''\nkeywords = ['{word}']\n")
        };
        fs::write(
            &config,
            rule("sk", r"\b[sr]k_[0-9A-Za-z_]{20,}", "k_") + &rule("whsec", r"\bwhsec_[0-9A-Za-z+/=_-]{20,}", "whsec_"),
        )?;
        let config = config.to_string_lossy();
        let words = ["git", "--no-banner", "--exit-code=0", "--config", &config, "."];
        let mut ratios = Vec::new();
        for round in 0..=self.runs {
            // If it cannot read every object, betterleaks exits with 1 despite the option.
            let other = time(betterleaks.as_ref(), repository, &words, &[0])?;
            let own = self.sweep(repository)?;
            if round > 0 {
                ratios.push(other.seconds / own.seconds);
            }
        }
        let (median, range) = summarize(&mut ratios);
        let verdict = if median >= BETTERLEAKS { "met" } else { "missed" };
        println!(
            "| betterleaks with rules for the same prefixes / keysweep | {range} | {BETTERLEAKS:.1} | {verdict} | |"
        );
        Ok(median >= BETTERLEAKS)
    }

    /// Measures the time of finding tokens and of their provenance, and prints the time with the search by value in a second row.
    /// The time of a search by value is that of `find` for a token that is nowhere. It includes the time to open the packs.
    fn provenance(&self, name: &str, repository: &Path, target: f64) -> Outcome<bool> {
        let absent = self.folder.join("absent");
        let (prefix, mut dice) = ("sk", Dice(47));
        let body: String = (0..24).map(|_| dice.letter()).collect();
        fs::write(&absent, format!("literal:{prefix}_live_{body}==>x\n"))?;
        fs::set_permissions(&absent, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let absent = absent.to_string_lossy();
        let words = ["find", "--allow-incomplete", "--threads", THREADS, "--format", "jsonl", "--tokens-from", &absent];
        let (mut alone, mut whole, mut memory) = (Vec::new(), Vec::new(), 0.0_f64);
        for round in 0..=self.runs {
            let git = cat_file(repository)?;
            let own = self.sweep(repository)?;
            let by_value = time(&self.keysweep, repository, &words, &[0])?;
            if round > 0 {
                alone.push((own.seconds - by_value.seconds) / git.seconds);
                whole.push(own.seconds / git.seconds);
                memory = memory.max(own.memory);
            }
        }
        let (median, range) = summarize(&mut alone);
        let met = median <= target && memory <= MEMORY;
        let verdict = if met { "met" } else { "missed" };
        println!("| {name} | {range} | {target:.2} | {verdict} | {memory:.0} MiB |");
        println!("| with the search by value | {} | | | |", summarize(&mut whole).1);
        Ok(met)
    }

    /// Expects that ten times the objects take ten times as long.
    fn scale(&self) -> Outcome<()> {
        let mut before: Option<f64> = None;
        let mut count = 10_000;
        while count <= self.largest {
            let repository = self.generated(count, false)?;
            self.sweep(&repository)?;
            let measured = self.sweep(&repository)?;
            let times = before
                .map_or("–".to_owned(), |before| format!("{:.1} times the one before", measured.seconds / before));
            println!("| {count} generated objects | {times} | | | {:.0} MiB |", measured.memory);
            before = Some(measured.seconds);
            fs::remove_dir_all(&repository)?;
            count *= 10;
        }
        Ok(())
    }

    fn sweep(&self, repository: &Path) -> Outcome<Measurement> {
        let words = ["history", "--allow-incomplete", "--threads", THREADS, "--format", "jsonl"];
        time(&self.keysweep, repository, &words, &[0, 1])
    }

    /// A clone that borrows the objects and has a thousand additional commits, each with a new token.
    fn with_tokens(&self, clone: &Path) -> Outcome<PathBuf> {
        let path = self.folder.join("tainted");
        let from = fs::canonicalize(clone)?;
        git(&self.folder, &["clone", "-q", "--shared", "--no-checkout", &from.to_string_lossy(), "tainted"], None)?;
        let mut stream = String::new();
        let mut dice = Dice(41);
        for n in 0..1000_u32 {
            let body: String = (0..24).map(|_| dice.letter()).collect();
            let content = format!("token = \"{}_live_{body}\"\n", "sk");
            let time = 1_700_000_000 + n;
            writeln!(stream, "commit refs/heads/leaks\ncommitter A <a@example.org> {time} +0000\ndata 1\nx")?;
            if n == 0 {
                writeln!(stream, "from refs/remotes/origin/HEAD^0")?;
            }
            writeln!(stream, "M 100644 inline d{}/e{}/f{n}.py\ndata {}\n{content}", n % 50, n % 7, content.len())?;
        }
        git(&path, &["fast-import", "--quiet"], Some(&stream))?;
        Ok(path)
    }

    /// Commits of one file each, in folders, with four objects per commit. If `has_token`, the commit in the middle adds a token.
    fn generated(&self, objects: u64, has_token: bool) -> Outcome<PathBuf> {
        let path = self.folder.join("generated");
        git(&self.folder, &["init", "-q", "generated"], None)?;
        let mut stream = String::new();
        let mut dice = Dice(objects);
        for n in 0..objects / 4 {
            let words: Vec<String> = (0..40).map(|_| (0..6).map(|_| dice.letter()).collect()).collect();
            let mut content = words.join(" ").replace(" A", "\n") + "\n";
            if has_token && n == objects / 8 {
                let (prefix, body) = ("sk", (0..24).map(|_| dice.letter()).collect::<String>());
                writeln!(content, "token = \"{prefix}_live_{body}\"")?;
            }
            let time = 1_700_000_000 + n;
            writeln!(stream, "commit refs/heads/main\ncommitter A <a@example.org> {time} +0000\ndata 1\nx")?;
            // Every size has the same thousand files, so the trees do not grow with the history.
            writeln!(stream, "M 100644 inline d{}/f{}.txt\ndata {}\n{content}", n % 50, n / 50 % 20, content.len())?;
        }
        git(&path, &["fast-import", "--quiet"], Some(&stream))?;
        Ok(path)
    }
}

fn cat_file(repository: &Path) -> Outcome<Measurement> {
    let words = ["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"];
    time("git".as_ref(), repository, &words, &[0])
}

fn time(program: &Path, folder: &Path, words: &[&str], fine: &[i32]) -> Outcome<Measurement> {
    let start = Instant::now();
    let null = Stdio::null;
    let mut child =
        Command::new(program).args(words).current_dir(folder).stdin(null()).stdout(null()).stderr(null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0.0_f64;
    loop {
        if let Some(ended) = child.try_wait()? {
            return match ended.code() {
                Some(code) if fine.contains(&code) => {
                    Ok(Measurement { seconds: start.elapsed().as_secs_f64(), memory })
                }
                _ => Err(format!("{} {words:?} in {} failed: {ended}", program.display(), folder.display()).into()),
            };
        }
        memory = memory.max(anonymous(&status));
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn git(folder: &Path, words: &[&str], stdin: Option<&str>) -> Outcome<()> {
    use std::io::Write as _;
    let input = if stdin.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = Command::new("git").args(words).current_dir(folder).stdin(input).spawn()?;
    if let (Some(text), Some(mut pipe)) = (stdin, child.stdin.take()) {
        pipe.write_all(text.as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err(format!("git {words:?} failed").into()) }
}

/// Anonymous memory in MiB. Zero if the system has no such file; memory is not measured then.
fn anonymous(status: &str) -> f64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

fn summarize(ratios: &mut [f64]) -> (f64, String) {
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    (median, format!("{median:.2} ({:.2}-{:.2})", ratios[0], ratios[ratios.len() - 1]))
}

/// A generator that returns the same letters in every run.
struct Dice(u64);

impl Dice {
    fn letter(&mut self) -> char {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[usize::try_from(self.0 >> 33).expect("31 bits") % LETTERS.len()])
    }
}
