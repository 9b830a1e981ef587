//! Two branches that each add entries.

use crate::command::{FILE, entries};
use crate::support::token::Maker;
use crate::support::{Repo, client};

/// Commits `count` files with a token each, and their entries.
fn accept(repo: &Repo, make: &mut Maker, name: &str, count: usize) {
    for at in 0..count {
        repo.stage(format!("{name}{at}.py"), client(&make.sk_live(24)));
    }
    repo.keysweep(&["baseline"]).expect_code(0);
    repo.git(&["add", FILE]);
    repo.commit(name);
}

#[test]
fn git_merges_entries_of_two_branches() {
    let repo = Repo::new();
    let mut make = Maker::new(9361);
    accept(&repo, &mut make, "base", 60);
    repo.git(&["checkout", "-q", "-b", "topic"]);
    accept(&repo, &mut make, "topic", 2);
    repo.git(&["checkout", "-q", "main"]);
    accept(&repo, &mut make, "main", 2);
    repo.git(&["merge", "-q", "-m", "merge", "topic"]);
    assert_eq!(entries(&repo).len(), 64);
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn with_the_union_driver_even_two_new_files_merge() {
    let repo = Repo::new();
    let mut make = Maker::new(9362);
    repo.stage(".gitattributes", format!("{FILE} merge=union\n"));
    repo.commit("attributes");
    repo.git(&["checkout", "-q", "-b", "topic"]);
    accept(&repo, &mut make, "topic", 3);
    repo.git(&["checkout", "-q", "main"]);
    accept(&repo, &mut make, "main", 3);
    repo.git(&["merge", "-q", "-m", "merge", "topic"]);
    repo.keysweep(&["history"]).expect_code(0);
    // The next run sorts what the merge left in any order.
    repo.keysweep(&["baseline"]).expect_code(0);
    let ids: Vec<String> = entries(&repo).iter().map(|entry| entry["fingerprint"].to_string()).collect();
    assert!(ids.len() == 6 && ids.is_sorted(), "{ids:?}");
}
