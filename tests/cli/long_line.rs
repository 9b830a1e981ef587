//! Thousands of tokens on one line take about as long as on lines of their own, and their number alone decides how long.

use std::time::{Duration, Instant};

use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, note};

const FEW: usize = 150;
const MANY: usize = 4 * FEW;

/// On a busy machine, so many times as long at most. With an excerpt for each token one line took 25 times as long.
const NOISE: u32 = 5;

/// A repository with one commit of a file in which these are apart by `between`, and a copy of it staged.
fn repo_of(tokens: &[Token], between: &str) -> Repo {
    let repo = Repo::new();
    let bytes = tokens.iter().map(Token::text).collect::<Vec<_>>().join(between);
    repo.stage("a.txt", &bytes);
    repo.commit("bad");
    repo.stage("b.txt", bytes + between);
    repo
}

/// The better of two runs that find all of them and show none.
#[track_caller]
fn time(repo: &Repo, words: &[&str], tokens: &[Token]) -> Duration {
    let once = || {
        let started = Instant::now();
        let run = repo.keysweep(words);
        let took = started.elapsed();
        let run = run.expect_code(1);
        expect_no_leak(&run, tokens.iter().step_by(40));
        assert!(
            run.out().contains(&format!("{} tokens", tokens.len()))
                || run.out().contains(&tokens[tokens.len() - 1].fingerprint())
        );
        took
    };
    once().min(once())
}

#[test]
fn many_tokens_on_one_line() {
    let mut make = Maker::new(1250);
    let tokens: Vec<Token> = (0..MANY).map(|_| make.sk_live(24)).collect();
    let (many, few, lines) = (repo_of(&tokens, " "), repo_of(&tokens[..FEW], " "), repo_of(&tokens, "\n"));
    for command in [&["files", "a.txt"][..], &["staged"], &["history"], &["history", "main"]] {
        for format in ["human", "json", "jsonl"] {
            let words = [command, &["--format", format]].concat();
            let [line, part, apart] =
                [(&many, MANY), (&few, FEW), (&lines, MANY)].map(|(repo, count)| time(repo, &words, &tokens[..count]));
            note(format!("{words:?}: {line:?}, with a quarter of them {part:?}, on lines of their own {apart:?}"));
            assert!(line < NOISE * apart, "one line takes longer than many");
            assert!(line < 4 * NOISE * part, "the time grows faster than the number");
        }
    }
}
