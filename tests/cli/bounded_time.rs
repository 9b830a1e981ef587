//! The scan time is linear in the size of pushed content, and a configuration has size limits.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use keysweep::config::{Allow, AllowQuery, Config};
use keysweep::detect::Detector;
use keysweep::finding::Fingerprint;
use keysweep::rules::ALL;

use crate::support::token::Maker;
use crate::support::{Repo, client, note};

/// The accepted factor for twice the input. Linear time gives 2, quadratic time gives 4. The rest allows for caches and
/// a busy machine.
const LINEAR: f64 = 3.0;

/// The least processor time that is measured: 25 of the system's steps.
const LONG_ENOUGH: Duration = Duration::from_millis(100);

/// Compares the times of `work` for `n` and for `2 n`. The best of several runs counts.
#[track_caller]
fn expect_linear(what: &str, n: usize, work: impl Fn(usize) -> Duration) {
    let mut best = [Duration::MAX; 2];
    for _ in 0..8 {
        for (best, n) in best.iter_mut().zip([n, 2 * n]) {
            *best = work(n).min(*best);
        }
        let ratio = best[1].as_secs_f64() / best[0].as_secs_f64().max(1e-9);
        note(format!("{what}: {best:?}, ratio {ratio:.2}"));
        if ratio < LINEAR {
            return;
        }
    }
    panic!("{what}: twice the input takes {best:?}");
}

/// The processor time of one run where the system reports it, since other processes compete for the processor. The
/// system may count it in steps of 4 ms. The runs are repeated until they take [`LONG_ENOUGH`], so that a step is a
/// small part of the result.
fn timed<T>(work: impl Fn() -> T) -> Duration {
    let (start, before) = (Instant::now(), processor_time());
    let mut runs = 0;
    loop {
        std::hint::black_box(work());
        runs += 1;
        let elapsed = start.elapsed();
        let taken = before.zip(processor_time()).map_or(elapsed, |(before, after)| after.saturating_sub(before));
        if taken >= LONG_ENOUGH {
            return taken / runs;
        }
    }
}

fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn repeated(n: usize, before: &str, line: impl Fn(usize) -> String, behind: &str) -> String {
    let mut text = before.to_owned();
    (0..n).for_each(|at| writeln!(text, "{}", line(at)).expect("a string"));
    text + behind
}

fn fingerprints(n: usize) -> String {
    repeated(n, "[allow]\nfingerprints = [\n", |at| format!("{{ id = '{at:016x}', reason = 'a test' }},"), "]\n")
}

fn paths(n: usize) -> String {
    repeated(n, "[allow]\npaths = [\n", |at| format!("'folder-{at}/*/file?.t[xy]t',"), "]\n")
}

fn parse(text: &str) -> Config {
    Config::parse(text.as_bytes()).expect("a good configuration")
}

#[test]
fn a_configuration_is_read_in_linear_time() {
    expect_linear("fingerprints", 4_000, |n| {
        let text = fingerprints(n);
        timed(|| Allow::new(&parse(&text), &[]).expect("an allowlist"))
    });
    expect_linear("paths", 250, |n| {
        let text = paths(n);
        timed(|| Allow::new(&parse(&text), &[]).expect("an allowlist"))
    });
    expect_linear("white space", 200_000, |n| {
        let text = repeated(n, "", |_| String::new(), "");
        timed(|| parse(&text))
    });
}

/// The texts of each rule are compared with every rule, so the time grows with the square of their number. The limit of
/// 100 rules bounds it: they take about 20 ms without optimizations.
#[test]
fn the_most_rules_are_read_in_bounded_time() {
    let rule = |at: usize| {
        format!("[[rule]]\nid = 'rule-{at}'\nprefix = 'acme{at}_'\ntitle = 'a title'\ncontext = ['a', 'b']")
    };
    let text = repeated(100, "", rule, "");
    let taken = timed(|| parse(&text));
    assert!(taken < Duration::from_millis(200), "{taken:?}");
    let beyond = repeated(101, "", rule, "");
    assert!(Config::parse(beyond.as_bytes()).is_err());
}

#[test]
fn findings_are_allowed_in_linear_time() {
    // The configuration has more entries than the text has tokens, and each token is looked up.
    let all = parse(&fingerprints(16_000));
    expect_linear("allowed fingerprints", 8_000, |n| {
        let config = Config { fingerprints: all.fingerprints[..n].to_vec(), ..Config::default() };
        let allow = Allow::new(&config, &[]).expect("an allowlist");
        let entries: Vec<Fingerprint> = config.fingerprints.iter().map(|entry| entry.fingerprint).collect();
        timed(|| {
            for &fingerprint in &entries {
                let asked = AllowQuery { by_path: None, fingerprint, bytes: b"", line: &(0..0), token: &(0..0) };
                assert!(allow.reason(&asked).is_some());
            }
            let allowed: Vec<(&[u8], Fingerprint)> = entries.iter().map(|&entry| (&b"a"[..], entry)).collect();
            assert_eq!(allow.unused(&allowed, true).count(), 0);
        })
    });
}

#[test]
fn tokens_on_one_line_are_found_in_linear_time() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(9400);
    let token = make.sk_live(24);
    let hex = make.hex(64);
    for (what, piece) in [
        ("marked tokens", format!("'{token}' keysweep:allow ")),
        ("tokens of Attio in lines", format!("attio_{}={hex}\n", "key")),
        ("tokens of Attio on one line", format!("attio_{}={hex} ", "key")),
    ] {
        expect_linear(what, 200, |n| {
            let text = piece.repeat(n);
            timed(|| detector.find(text.as_bytes()))
        });
    }
}

#[track_caller]
fn expect_refused(config: &str, words: &[&str]) {
    let token = Maker::new(9401).sk_live(24);
    let repo = Repo::new();
    repo.stage_blob(".keysweep.toml", config);
    repo.stage("a.txt", client(&token));
    let run = repo.staged().expect_code(2);
    let err = run.err();
    assert!(err.len() < 2_000, "{} bytes on standard error", err.len());
    for word in words {
        assert!(err.contains(word), "expected {word:?} in {err}");
    }
}

#[test]
fn a_configuration_beyond_its_limits_is_refused() {
    expect_refused(&fingerprints(100_000), &[".keysweep.toml", "more than 4 MB", "the limit"]);
    expect_refused(&"\n".repeat(5_000_000), &["more than 4 MB"]);
    let endless = Repo::new().keysweep(&["files", "--config", "/dev/zero", "."]).expect_code(2);
    endless.expect_has("cannot use the configuration /dev/zero:1: it has more than 4 MB");
    expect_refused(&paths(1_001), &[".keysweep.toml:1003", "more than 1000 globs"]);
    let rule = |at: usize| format!("[[rule]]\nid = 'rule-{at}'\nprefix = 'acme{at}_'");
    expect_refused(&repeated(101, "", rule, ""), &["more than 100 rules"]);
    let context = |at: usize| format!("'name{at}',");
    let rule = "[[rule]]\nid = 'a-rule'\nprefix = 'acme_'\ncontext = [\n";
    expect_refused(&repeated(33, rule, context, "]\n"), &["context has more than 32 words"]);
}

#[test]
fn a_glob_too_large_for_the_matcher_is_refused() {
    let deep = format!("{}a{}", "{".repeat(1_000), "}".repeat(1_000));
    let long = "a*?".repeat(5_000);
    let many = "{a,b}".repeat(800);
    for (glob, word) in [(&deep, "braces are nested"), (&long, "longer than"), (&"{".repeat(20_000), "longer than")] {
        expect_refused(&format!("[allow]\npaths = ['src/**', '{glob}']\n"), &[".keysweep.toml:2", word]);
        let repo = Repo::new();
        let run = repo.keysweep(&["files", "--allow", glob, "."]).expect_code(2);
        assert!(run.err().contains(word) && run.err().len() < 2_000, "{}", run.err());
    }
    // Unusual but valid.
    let repo = Repo::new();
    repo.stage_blob(".keysweep.toml", format!("[allow]\npaths = ['{many}', '{{a,{{b,{{c,d}}}}}}']\n"));
    repo.stage("a.txt", "innocent\n");
    repo.staged().expect_code(0);
}

#[test]
fn a_deeply_nested_or_huge_document_is_refused() {
    for config in [
        format!("a = {}{}\n", "[".repeat(100_000), "]".repeat(100_000)),
        format!("a = {}\n", "{a=".repeat(100_000)),
        format!("{}a = 1\n", "a.".repeat(100_000)),
        format!("[{}a]\n", "a.".repeat(100_000)),
        format!("[[{}a]]\n", "a.".repeat(100_000)),
        format!("{} = 1\n", "k".repeat(1_000_000)),
        format!("[[rule]]\nid = 'a'\nprefix = 'acme_'\nlength = {}\n", "9".repeat(100_000)),
        format!("[[rule]]\nid = 'a'\nprefix = 'acme_'\nlength = [16, {}]\n", "9".repeat(100_000)),
        format!("[[rule]]\nid = '{}'\nprefix = 'acme_'\n", "a".repeat(1_000_000)),
        format!("[[rule]]\nid = 'a'\nprefix = 'acme_'\nalphabet = '{}'\n", "a".repeat(1_000_000)),
        format!("[[rule]]\nid = 'a'\nprefix = 'acme_'\nalphabet = '[{}'\n", "a".repeat(1_000_000)),
        format!("[[rule]]\nid = 'a'\nprefix = 'acme_'\ntitle = '{}'\n", "a b".repeat(500_000)),
        format!("[[rule]]\nid = 'a'\nprefix = '{}'\n", "a".repeat(1_000_000)),
    ] {
        note(&config[..40.min(config.len())]);
        expect_refused(&config, &[".keysweep.toml"]);
    }
}
