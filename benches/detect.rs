//! Measures the speed of the detector, and whether its time is linear in the length of the input.
//!
//! ```text
//! cargo bench --bench detect              # prints Markdown; takes a minute or two and one core
//! cargo bench --bench detect -- --check   # the same; exits with 1 if a target is missed
//! ```
//!
//! The first table contains the speed on source text: the files of this repository, repeated. The second table contains
//! difficult inputs, each at a length and at twice that length. A ratio of 2 is linear. Each figure is the best of
//! several runs. The lengths alternate, so a busy machine affects both.
//!
//! `KEYSWEEP_BENCH_TEXT=DIR` adds all files below DIR to the first table.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use keysweep::detect::Detector;
use keysweep::rules::example::Dice;
use keysweep::rules::{ALL, with_all_packs};

use data_encoding::{BASE64, HEXLOWER};

const MEGABYTE: usize = 1_000_000;

/// The target speed on text, in bytes per nanosecond.
const FAST_ENOUGH: f64 = 1.0;

/// The target speed with the rules of all packs.
const FAST_ENOUGH_WITH_PACKS: f64 = 0.7;

/// The accepted factor for twice the input: 2, plus an allowance for caches and a busy machine.
const LINEAR: f64 = 2.6;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        eprintln!("detect: nothing to test; cargo bench --bench detect measures");
        return ExitCode::SUCCESS;
    }
    let detector = Detector::new(ALL);
    let all = with_all_packs();
    let with_packs = Detector::new(&all);
    let missed = speed(&detector, &with_packs) + growth(&detector, hard()) + growth(&with_packs, hard_for_packs());
    if missed > 0 && words.iter().any(|word| word == "--check") { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints the speed on source text and returns the number of missed targets.
fn speed(detector: &Detector, with_packs: &Detector) -> usize {
    println!("| text | MB | GB/s, one core | tokens |\n|---|--:|--:|--:|");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = repeated(&read(&root.join("src")), 32 * MEGABYTE);
    let lock = repeated(&fs::read(root.join("Cargo.lock")).expect("a lock file"), 32 * MEGABYTE);
    let own = std::env::var_os("KEYSWEEP_BENCH_TEXT").map(|folder| read(Path::new(&folder)));
    let own = own.iter().flat_map(|text| {
        [("KEYSWEEP_BENCH_TEXT", text, detector, None), ("KEYSWEEP_BENCH_TEXT, all packs", text, with_packs, None)]
    });
    let rows = [
        ("source (src/)", &source, detector, Some(FAST_ENOUGH)),
        ("source (src/), all packs", &source, with_packs, Some(FAST_ENOUGH_WITH_PACKS)),
        ("hashes (Cargo.lock)", &lock, detector, None),
        ("hashes (Cargo.lock), all packs", &lock, with_packs, None),
    ];
    let mut missed = 0;
    for (name, text, detector, target) in rows.into_iter().chain(own) {
        let [best] = best_of(9, detector, [text]);
        let rate = rate(text.len(), best);
        missed += usize::from(target.is_some_and(|target| rate < target));
        println!("| {name} | {} | {rate:.2} | {} |", text.len() / MEGABYTE, detector.find(text).len());
    }
    missed
}

/// Prints the growth of the time on difficult inputs and returns the number of inputs with more than linear growth.
fn growth(detector: &Detector, inputs: Vec<(&'static str, Vec<u8>)>) -> usize {
    println!("\n| hard input | GB/s | 4 MB / 2 MB | 8 MB / 4 MB |\n|---|--:|--:|--:|");
    let mut missed = 0;
    for (name, piece) in inputs {
        let texts = [2, 4, 8].map(|megabytes| repeated(&piece, megabytes * MEGABYTE));
        let [one, two, four] = best_of(5, detector, [&texts[0], &texts[1], &texts[2]]);
        let (first, second) = (two.as_secs_f64() / one.as_secs_f64(), four.as_secs_f64() / two.as_secs_f64());
        missed += usize::from(first > LINEAR || second > LINEAR);
        println!("| {name} | {:.3} | {first:.2} | {second:.2} |", rate(texts[2].len(), four));
    }
    missed
}

/// The names of difficult inputs, and the pieces that are repeated to build them.
fn hard() -> Vec<(&'static str, Vec<u8>)> {
    let sk = concat!("sk", "_").repeat(300);
    let mut dice = Dice::new(1);
    let random: Vec<u8> = (0..3 * 20_000).map(|_| dice.roll().to_le_bytes()[3]).collect();
    let prose = "It was the best of times, it was the worst of times. ".repeat(30);
    let base64 = |text: &[u8]| BASE64.encode(text).into_bytes();
    let base64_of_random = base64(&random);
    let every = |escape: &dyn Fn(u8) -> String| sk.bytes().flat_map(|b| escape(b).into_bytes()).collect::<Vec<u8>>();
    let wide: Vec<u8> = sk.bytes().flat_map(|b| [b, 0]).collect();
    let lines = |text: &[u8]| text.chunks(76).collect::<Vec<_>>().join(&b'\n');
    let calls = |text: &[u8]| {
        let call = |line: &[u8]| format!("text.append(\"{}\");\n", line.escape_ascii()).into_bytes();
        text.chunks(76).flat_map(call).collect::<Vec<u8>>()
    };
    // 8 MB of these lines once took 16 s.
    let key = |part: &[u8]| format!("attio_key={}\n", HEXLOWER.encode(part));
    let lines_of_keys: String = random.chunks_exact(32).map(key).collect();
    vec![
        ("one letter", b"A".to_vec()),
        ("one NUL", b"\0".to_vec()),
        ("prefixes", sk.clone().into_bytes()),
        ("prefixes of webhooks", concat!("whsec", "_").into()),
        ("names", b"attio ".to_vec()),
        ("names and hex", b"ATTIO_TOKEN 0123456789abcdef".to_vec()),
        ("names with hex values in lines", lines_of_keys.into_bytes()),
        (
            "addresses and digests",
            b"attio.com 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef ".to_vec(),
        ),
        (
            "addresses, names and digests",
            b"api_key attio.com a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a ".to_vec(),
        ),
        ("base64 of prefixes", base64(sk.as_bytes())),
        ("base64 of prose", base64(prose.as_bytes())),
        ("base64 of prose in lines", lines(&base64(prose.repeat(40).as_bytes()))),
        ("base64 of prose in calls", calls(&base64(prose.repeat(40).as_bytes()))),
        ("base64 of prose in short calls", calls(&base64(&prose.as_bytes()[..21]))),
        ("base64 of random bytes", base64_of_random.clone()),
        ("base64 of random bytes in lines", lines(&base64_of_random)),
        ("short texts of base64", [&base64(&sk.as_bytes()[..21])[..], b" "].concat()),
        ("base64 in base64 in base64", base64(&base64(&base64(sk.as_bytes())))),
        ("hex of prefixes", HEXLOWER.encode(sk.as_bytes()).into_bytes()),
        ("digits of hex", b"a73".to_vec()),
        ("percents", b"%".to_vec()),
        ("percent-encoded prefixes", every(&|b| format!("%{b:02x}"))),
        ("percent-encoded percents", b"%2525".to_vec()),
        ("backslashes", b"\\".to_vec()),
        ("string escapes", every(&|b| format!("\\u{b:04x}"))),
        ("ampersands", b"&".to_vec()),
        ("entities", every(&|b| format!("&#{b};"))),
        ("entities in entities", b"&amp;amp;#95;".to_vec()),
        ("all escapes", b"%73\\x6b&lowbar;".to_vec()),
        ("UTF-16 of prefixes", wide.clone()),
        ("base64 of UTF-16", base64(&wide)),
    ]
}

/// Inputs that are difficult for the rules of packs.
fn hard_for_packs() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("prefixes with a dash", concat!("sk", "-").into()),
        ("prefixes of projects", concat!("sk", "-proj-").into()),
        ("prefixes behind prefixes", concat!("test", "_sk_").into()),
        ("prefixes of two letters", concat!("re", "_hf", "_r8_").into()),
        ("prefixes and letters", concat!("sk", "-aB3dE5gH7jK9mN1pQ3sT5vX7zA2 ").into()),
        ("base64 of prefixes with a dash", BASE64.encode(concat!("sk", "-").repeat(300).as_bytes()).into_bytes()),
    ]
}

/// The best time for each text. The texts alternate.
fn best_of<const N: usize>(rounds: usize, detector: &Detector, texts: [&Vec<u8>; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..rounds {
        for (best, text) in best.iter_mut().zip(texts) {
            let start = Instant::now();
            std::hint::black_box(detector.find(std::hint::black_box(text)));
            *best = start.elapsed().min(*best);
        }
    }
    best
}

#[allow(clippy::cast_precision_loss)] // lengths and times are far below 2^52
fn rate(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / time.as_nanos() as f64
}

fn repeated(piece: &[u8], len: usize) -> Vec<u8> {
    piece.iter().copied().cycle().take(len).collect()
}

/// The concatenated content of all files below `folder`, in the order of their names.
fn read(folder: &Path) -> Vec<u8> {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder of sources").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    let read_one = |path: &PathBuf| if path.is_dir() { read(path) } else { fs::read(path).unwrap_or_default() };
    entries.iter().map(read_one).collect::<Vec<_>>().concat()
}
