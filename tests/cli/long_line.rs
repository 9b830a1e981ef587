//! Thousands of tokens on one line take about as long as on separate lines, and the time is linear in their number.

use std::time::{Duration, Instant};

use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, note};

const FEW: usize = 300;
const MANY: usize = 4 * FEW;

/// The accepted factor. Two or three are usual, and a busy machine adds some. An excerpt for each token took 34 times
/// as long for one line.
const MOST: u32 = 10;

/// The number of measurements, since the machine may be busy in one of them.
const ATTEMPTS: usize = 4;

/// A repository with a committed file of these tokens, separated by `between`, and a staged copy of the file.
fn repo_of(tokens: &[Token], between: &str) -> Repo {
    let repo = Repo::new();
    let bytes = tokens.iter().map(Token::text).collect::<Vec<_>>().join(between);
    repo.stage("a.txt", &bytes);
    repo.commit("bad");
    repo.stage("b.txt", bytes + between);
    repo
}

/// The time to find all tokens. Also expects that none is printed.
#[track_caller]
fn time(repo: &Repo, words: &[&str], tokens: &[Token]) -> Duration {
    let started = Instant::now();
    let run = repo.keysweep(words);
    let took = started.elapsed();
    let run = run.expect_code(1);
    expect_no_leak(&run, tokens.iter().step_by(40));
    let human = words.contains(&"human");
    let count = keysweep::error::counted(tokens.len(), "token");
    let expected = if human { format!("{count} in ") } else { tokens[tokens.len() - 1].fingerprint() };
    run.expect_has(&expected);
    took
}

#[test]
fn many_tokens_on_one_line() {
    let mut make = Maker::new(1250);
    let tokens: Vec<Token> = (0..MANY).map(|_| make.sk_live(24)).collect();
    let (many, few, apart) = (repo_of(&tokens, " "), repo_of(&tokens[..FEW], " "), repo_of(&tokens, "\n"));
    for (command, format) in [
        (&["files", "a.txt"][..], "human"),
        (&["files", "a.txt"], "json"),
        (&["staged"], "human"),
        (&["staged"], "jsonl"),
        (&["history"], "human"),
        (&["history"], "jsonl"),
        (&["history", "main"], "human"),
        (&["history", "main"], "json"),
    ] {
        let words = [command, &["--format", format]].concat();
        let is_linear = || {
            let (line, part) = (time(&many, &words, &tokens), time(&few, &words, &tokens[..FEW]));
            let apart = time(&apart, &words, &tokens);
            note(format!("{words:?}: {line:?}, a quarter {part:?}, on separate lines {apart:?}"));
            line < MOST * apart && line < MOST * part
        };
        assert!((0..ATTEMPTS).any(|_| is_linear()), "{words:?} takes too long");
    }
}
