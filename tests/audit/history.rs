//! `history-swept`.

use crate::expect;
use crate::support::token::Maker;
use crate::support::{Repo, client};

#[test]
fn the_last_sweep_is_compared_with_what_is_there() {
    let mut make = Maker::new(50);
    let repo = Repo::new();
    repo.stage("a.txt", "x\n");
    repo.commit("one");
    expect(&repo, "history-swept", "unknown", &[]);
    repo.keysweep(&["history", "--since-last"]).expect_code(0);
    expect(&repo, "history-swept", "pass", &[]);
    repo.stage("b.txt", "y\n");
    repo.commit("two");
    let check = expect(&repo, "history-swept", "unknown", &[]);
    assert!(check["why"].as_str().is_some_and(|why| why.starts_with("3 objects came since")), "{check:#}");
    repo.write(".keysweep.toml", crate::support::token::CUSTOM_RULE);
    expect(&repo, "history-swept", "unknown", &[]);
    std::fs::remove_file(repo.path(".keysweep.toml")).expect("remove");
    repo.stage("c.py", client(&make.sk_live(24)));
    repo.commit("three");
    repo.keysweep(&["history", "--since-last"]).expect_code(1);
    expect(&repo, "history-swept", "suspect", &[]);
}
