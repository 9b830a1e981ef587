//! The plan on random histories with pushed and unpushed refs, several remotes, pushes of another developer, linked
//! worktrees, stashes, reflogs and uncommitted changes. `KEYSWEEP_HISTORIES=5000 cargo test --test history
//! clean_random::` runs more histories.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::support::clean::{commands, expect_without, file, shell, sweep};
use crate::support::random_repo::RandomRepo;

/// The number of histories in each of the eight tests.
fn histories() -> u64 {
    let all = std::env::var("KEYSWEEP_HISTORIES").ok().and_then(|number| number.parse().ok());
    all.unwrap_or(200_u64).div_ceil(8)
}

fn run_part(part: u64) {
    for number in 0..histories() {
        let seed = 10_000 + number * 8 + part;
        if let Err(why) = catch_unwind(AssertUnwindSafe(|| check_history(seed))) {
            crate::support::note(format!("seed {seed}"));
            resume_unwind(why);
        }
    }
}

fn check_history(seed: u64) {
    let remotes = [0, 1, 1, 2][usize::try_from(seed % 4).expect("small")];
    let mut random = RandomRepo::new(seed, remotes);
    // The plan runs in the user's clone, and once in eight histories on the server.
    let server = remotes > 0 && random.below(8) == 0;
    let git_dir = if server { random.remotes[0].clone() } else { random.git_dir() };
    let folder = if server { git_dir.clone() } else { random.repo.top().to_owned() };
    let places: Vec<_> = if server { vec![git_dir] } else { [vec![git_dir], random.remotes.clone()].concat() };
    let before: Vec<_> = places.iter().map(|place| random.state(place)).collect();
    let found = sweep(&random.repo, &folder);
    if server && found.code == Some(0) {
        return;
    }
    let [_, apply] = commands(&found.expect_code(1));
    let done = shell(&random.repo, random.repo.base(), &apply).expect_code(0).expect_has("Proved: ");
    for token in &random.tokens {
        if done.all().contains(token.body()) {
            done.fail("a token was printed");
        }
    }
    assert!(!file(&random.repo).exists(), "the replacements must be deleted");
    for (place, before) in places.iter().zip(&before) {
        expect_without(&random.repo, place, &random.tokens);
        random.expect_unchanged(place, before);
    }
    for remote in places.iter().filter(|place| **place != random.git_dir()) {
        let mirror = random.repo.base().join("mirror.git");
        random.git(&["clone", "-q", "--mirror", remote.to_str().expect("UTF-8"), mirror.to_str().expect("UTF-8")]);
        expect_without(&random.repo, &mirror, &random.tokens);
        std::fs::remove_dir_all(mirror).expect("remove the mirror");
    }
}

macro_rules! parts {
    ($($name:ident: $part:literal),*) => { $(#[test] fn $name() { run_part($part); })* };
}
parts!(first: 0, second: 1, third: 2, fourth: 3, fifth: 4, sixth: 5, seventh: 6, eighth: 7);
