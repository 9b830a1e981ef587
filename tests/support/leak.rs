//! Searches the output of a process for tokens.

use std::collections::HashSet;

use super::encode::Encoding;
use super::token::{Token, base64, unbase64};
use super::{Repo, Run};

const WINDOW: usize = 12;

/// Every output format of `staged`.
pub const FORMATS: &[&[&str]] = &[
    &["--format", "human", "--color", "never"],
    &["--format", "human", "--color", "always"],
    &["--format", "human", "--quiet"],
    &["--format", "json"],
    &["--format", "jsonl"],
    &["--format", "sarif"],
    &["--format", "github"],
    &["--format", "gitlab"],
];

#[track_caller]
pub fn expect_no_leak<'a>(run: &Run, tokens: impl IntoIterator<Item = &'a Token>) {
    let mut shown: Vec<Vec<u8>> = vec![run.stdout.clone(), run.stderr.clone()];
    // A report encodes some fields, so also search the decoded bytes.
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

/// A report that prints this many letters of a body in a row leaks the token.
const LETTERS: usize = 12;

/// A token and the pieces that a report must not print: each piece of its body, in each encoding that a test uses.
pub struct GuardedToken {
    pub token: Token,
    pub pieces: HashSet<Vec<u8>>,
}

impl GuardedToken {
    pub fn new(token: Token) -> Self {
        let bodies = token.body().as_bytes().windows(LETTERS).map(<[u8]>::to_vec);
        Self { pieces: bodies.collect(), token }
    }

    /// Writes the token in these encodings, the first one innermost, and adds their pieces.
    pub fn written(&mut self, encodings: &[&Encoding]) -> Vec<u8> {
        let plain = self.token.text().as_bytes().to_vec();
        let text = encodings.iter().fold(plain, |text, encoding| (encoding.write)(&text));
        // A piece has the length of four encoded letters, and at least 16 bytes so that it does not match by chance.
        let letters = (text.len() * 4 / self.token.text().len()).max(16);
        self.pieces.extend(text.windows(letters).map(<[u8]>::to_vec));
        text
    }

    #[track_caller]
    pub fn expect_hidden(&self, run: &Run) {
        expect_no_leak(run, [&self.token]);
        for printed in [&run.stdout, &run.stderr] {
            if let Some(leaked) = self.leaked_in(printed) {
                run.fail(&format!("{leaked:?} of {} was printed", self.token));
            }
        }
    }

    /// Returns a piece of the token, plain or encoded, that `printed` contains.
    pub fn leaked_in(&self, printed: &[u8]) -> Option<String> {
        // A report escapes some bytes, so also search the unescaped text.
        let text = String::from_utf8_lossy(printed);
        let bare: Vec<u8> = text.replace("\\u{0}", "\0").replace("\\\\", "\\").into();
        let lengths: HashSet<usize> = self.pieces.iter().map(Vec::len).collect();
        [printed, &bare].into_iter().find_map(|text| {
            let piece = |len: &usize| text.windows(*len).find(|window| self.pieces.contains(*window));
            lengths.iter().find_map(piece).map(|leaked| leaked.escape_ascii().to_string())
        })
    }
}
