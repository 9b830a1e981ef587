//! Measures the share of random tokens that are found, and the share of those with the exact span.
//!
//! ```text
//! cargo bench --bench recall              # prints Markdown; some seconds after the build, minutes with peers
//! cargo bench --bench recall -- --check   # the same; exits with 1 if a target is missed
//! ```
//!
//! Random tokens of each shape in `shapes` are put into the `contexts` in turn. A token is found if a hit overlaps it,
//! and exact if the hit has its span. The bound is Wilson's lower bound at 95 %. A target is met if the bound reaches
//! it.
//!
//! Variables, all optional:
//! - `KEYSWEEP_BENCH_TOKENS=N`: the number of tokens for each shape, 100,000 by default.
//! - `KEYSWEEP_BENCH_GITLEAKS`, `_BETTERLEAKS`, `_KINGFISHER`, `_RIPSECRETS`, `_DETECT_SECRETS=FILE`: other scanners to
//!   measure, with `KEYSWEEP_BENCH_PEER_ROUNDS` tokens for each shape and context, 1 by default.
//! - `KEYSWEEP_BENCH_MISSES=1` prints the contexts with the most misses, without tokens.

mod contexts;
mod packs;
mod peers;
mod shapes;

use std::collections::BTreeMap;
use std::env;
use std::process::ExitCode;

use keysweep::detect::Detector;
use keysweep::rules::example::{Dice, expand};
use keysweep::rules::{ALL, with_all_packs};

use contexts::{ADJACENT, CONTEXTS, Context, LENGTH_PREFIXED, NEAR_ATTIO, REQUESTS, fill};
use shapes::{ATTIO_NAMES, GENERIC_NAMES, NAMES, SHAPES, Setting, Shape};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    if !has("--bench") {
        // `cargo test --all-targets` runs this. Print on stderr, since nextest reads test names from stdout.
        eprintln!("recall: nothing to test; cargo bench --bench recall measures");
        return ExitCode::SUCCESS;
    }
    if words.len() != 1 + usize::from(has("--check")) {
        eprintln!("recall: the only argument is --check");
        return ExitCode::from(2);
    }
    match measure_all() {
        Ok(missed) if missed > 0 && has("--check") => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("recall: {why}");
            ExitCode::from(2)
        }
    }
}

/// Measures and prints everything and returns the number of missed targets.
fn measure_all() -> Result<usize, String> {
    let tokens = number("KEYSWEEP_BENCH_TOKENS", 100_000)?;
    let rounds = number("KEYSWEEP_BENCH_PEER_ROUNDS", 1)?;
    let detector = Detector::new(ALL);
    let tallies: Vec<Tally> = SHAPES.iter().map(|shape| measure(&detector, shape, tokens)).collect();
    let missed = print_own("keysweep", SHAPES, &tallies);
    let all = with_all_packs();
    let with_packs = Detector::new(&all);
    let of_packs: Vec<Tally> = packs::SHAPES.iter().map(|shape| measure(&with_packs, shape, tokens)).collect();
    let missed = missed + print_own("keysweep with all packs", packs::SHAPES, &of_packs);
    if env::var_os("KEYSWEEP_BENCH_MISSES").is_some() {
        print_misses(SHAPES, &tallies);
        print_misses(packs::SHAPES, &of_packs);
    }
    peers::measure_all(rounds)?;
    Ok(missed)
}

fn number(variable: &str, default: usize) -> Result<usize, String> {
    env::var(variable).map_or(Ok(default), |text| text.parse().map_err(|e| format!("{variable}={text}: {e}")))
}

/// A token in its context.
pub struct Sample {
    pub context: &'static Context,
    pub text: Vec<u8>,
    pub token: String,
    pub at: usize,
}

impl Sample {
    /// The `n`th sample of a shape, the same in every run.
    pub fn draw(shape: &Shape, n: usize) -> Self {
        let contexts = shape.contexts();
        let context = contexts[n % contexts.len()];
        let seed = shape.label().bytes().fold(0, mix);
        let mut dice = Dice::new(mix(seed, 0) ^ u64::try_from(n).expect("counts are small"));
        let token = expand(shape.template, &mut dice);
        let other = expand(shape.template, &mut dice);
        let names = shape.names();
        let name = names[n / contexts.len() % names.len()];
        let (at, text) = fill(context, name, &token, &other);
        Self { context, text, token, at }
    }
}

/// FNV-1a, so that each shape has its own seed.
fn mix(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17)
}

impl Shape {
    pub fn contexts(&self) -> Vec<&'static Context> {
        match self.setting {
            Setting::Any => CONTEXTS.iter().collect(),
            Setting::AttioName => CONTEXTS.iter().filter(|context| context.text.contains("NAME")).collect(),
            Setting::NearAttio => NEAR_ATTIO.iter().collect(),
            Setting::AttioRequest(_) => REQUESTS.iter().collect(),
            Setting::Adjacent => ADJACENT.iter().collect(),
            Setting::LengthPrefixed => LENGTH_PREFIXED.iter().collect(),
        }
    }

    fn names(&self) -> &[&'static str] {
        match &self.setting {
            Setting::Any | Setting::Adjacent | Setting::LengthPrefixed => NAMES,
            Setting::AttioName => ATTIO_NAMES,
            Setting::NearAttio => GENERIC_NAMES,
            Setting::AttioRequest(scheme) => std::slice::from_ref(scheme),
        }
    }

    pub fn label(&self) -> String {
        match self.setting {
            Setting::Any => format!("`{}`", self.template),
            Setting::AttioName => format!("`{}` under an Attio name", self.template),
            Setting::NearAttio => format!("`{}` under any name near Attio's address", self.template),
            Setting::Adjacent => format!("`{}` beside `_` and legacy text", self.template),
            Setting::LengthPrefixed => format!("`{}` behind its length", self.template),
            Setting::AttioRequest(scheme) => format!("`{scheme} {}` sent to Attio", self.template),
        }
    }
}

#[derive(Default)]
pub struct Tally {
    pub tokens: usize,
    pub found: usize,
    pub exact: usize,
    /// Found by a rule for the tokens of the vendor. Measured only for other scanners.
    pub named: usize,
    /// Misses and wrong spans, by context.
    faults: BTreeMap<&'static str, (usize, usize)>,
}

fn measure(detector: &Detector, shape: &Shape, tokens: usize) -> Tally {
    let mut tally = Tally { tokens, ..Tally::default() };
    for n in 0..tokens {
        let sample = Sample::draw(shape, n);
        let span = sample.at..sample.at + sample.token.len();
        let hits = detector.find(&sample.text);
        let touching = hits.iter().find(|hit| hit.span.start < span.end && span.start < hit.span.end);
        let exact = touching.is_some_and(|hit| hit.span == span);
        tally.found += usize::from(touching.is_some());
        tally.exact += usize::from(exact);
        if !exact {
            let faults = tally.faults.entry(sample.context.text).or_default();
            faults.0 += usize::from(touching.is_none());
            faults.1 += usize::from(touching.is_some());
        }
    }
    tally
}

#[allow(clippy::cast_precision_loss)] // counts are far below 2^52
pub fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Wilson's lower bound of a share, at 95 % (two-sided).
#[allow(clippy::cast_precision_loss)]
pub fn at_least(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let (n, p, z) = (whole as f64, share(part, whole), 1.96_f64);
    let middle = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    (middle - spread) / (1.0 + z * z / n)
}

fn print_own(by: &str, shapes: &[Shape], tallies: &[Tally]) -> usize {
    println!("Found by {by}, {} tokens a shape in {} contexts:\n", tallies[0].tokens, CONTEXTS.len());
    println!("| shape | found | at least (95 %) | target | | exact span of those |");
    println!("|---|--:|--:|--:|---|--:|");
    let mut missed = 0;
    for (shape, tally) in shapes.iter().zip(tallies) {
        let (found, exact) = (share(tally.found, tally.tokens), share(tally.exact, tally.found));
        let bound = at_least(tally.found, tally.tokens);
        let met = shape.target.is_none_or(|target| bound >= target && exact >= shape.exact);
        missed += usize::from(!met);
        let verdict = if met { "met" } else { "missed" };
        let promise = |target| (format!("{:.1} %", target * 100.0), verdict);
        let (target, verdict) = shape.target.map_or(("–".to_owned(), "–"), promise);
        let (label, found, exact) = (shape.label(), percent(found), percent(exact));
        println!("| {label} | {found} | {} | {target} | {verdict} | {exact} |", percent(bound));
    }
    println!();
    missed
}

/// Truncated and not rounded, so that 100 % means all.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", (share * 10_000.0 + 1e-9).floor() / 100.0)
}

/// Prints the contexts that lose many times the average of their shape, since there the context is the cause.
fn print_misses(shapes: &[Shape], tallies: &[Tally]) {
    for (shape, tally) in shapes.iter().zip(tallies) {
        let usual = (tally.tokens - tally.exact) / shape.contexts().len();
        for (context, (missed, inexact)) in &tally.faults {
            if missed + inexact > 5 * usual + 5 {
                println!("{}: {missed} missed, {inexact} inexact in {context:?}", shape.label());
            }
        }
    }
}
