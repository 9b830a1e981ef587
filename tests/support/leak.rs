//! Looking for tokens in whatever a process printed.

use std::collections::HashSet;

use super::token::{Token, base64, unbase64};
use super::{Repo, Run};

const WINDOW: usize = 12;

/// Every way of printing what `staged` finds.
pub const FORMATS: &[&[&str]] = &[
    &["--format", "human", "--color", "never"],
    &["--format", "human", "--color", "always"],
    &["--format", "human", "--quiet"],
    &["--format", "json"],
    &["--format", "jsonl"],
];

#[track_caller]
pub fn expect_no_leak<'a>(run: &Run, tokens: impl IntoIterator<Item = &'a Token>) {
    let mut shown: Vec<Vec<u8>> = vec![run.stdout.clone(), run.stderr.clone()];
    // Encodings that a report may use itself are looked through.
    if run.out().starts_with('{') {
        let objects = run.out();
        let encoded = objects.split("\"path_bytes\":").skip(1).filter_map(|rest| rest.split('"').nth(1));
        shown.extend(encoded.map(unbase64));
    }
    let windows: HashSet<&[u8]> = shown.iter().flat_map(|bytes| bytes.windows(WINDOW)).collect();
    for token in tokens {
        let body = token.body().as_bytes();
        let encoded = base64(body, *b"+/", false);
        for leaked in body.windows(WINDOW).chain(encoded.as_bytes().windows(WINDOW)) {
            if windows.contains(leaked) {
                let part = String::from_utf8_lossy(leaked);
                run.fail(&format!("{}: {part:?} of {token} was printed", token.family));
            }
        }
    }
}

#[track_caller]
pub fn expect_no_leak_in_any_format(repo: &Repo, tokens: &[Token]) {
    for format in FORMATS {
        let run = repo.keysweep_call(&["staged"]).args(format).run().expect_code(1);
        expect_no_leak(&run, tokens);
    }
}
