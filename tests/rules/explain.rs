//! `keysweep rules` lists and explains every rule.

use crate::support::token::Maker;
use crate::support::{Repo, text};

#[test]
fn every_matching_rule_is_listed_and_explained() {
    let repo = Repo::new();
    for (n, token) in Maker::new(1000).every_family().iter().enumerate() {
        repo.write(format!("{n}.txt"), format!("x = \"{token}\"\n"));
    }
    repo.git(&["add", "."]);
    let listed = repo.keysweep(&["rules"]).expect_code(0).out();
    let mut rules: Vec<String> =
        repo.staged().expect_code(1).findings().iter().map(|f| text(&f["rule"]).to_owned()).collect();
    rules.sort();
    rules.dedup();
    assert!(rules.len() > 5, "{rules:?}");
    for rule in rules {
        assert!(listed.contains(&rule), "{rule} is not in the list:\n{listed}");
        let explained = repo.keysweep(&["rules", &rule]).expect_code(0).expect_has(&rule).out();
        assert!(explained.lines().count() >= 3, "the explanation of {rule} is too short:\n{explained}");
    }
}

#[test]
fn rules_are_listed_outside_of_a_repository() {
    Repo::none().keysweep(&["rules"]).expect_code(0).expect_has("stripe-secret-key");
}

#[test]
fn the_remedy_for_attio_creates_deploys_verifies_and_deletes() {
    let explained = Repo::none().keysweep(&["rules", "attio-access-token"]).expect_code(0).out().to_lowercase();
    for word in ["scope", "deploy", "verify", "delete"] {
        assert!(explained.contains(word), "{word} in:\n{explained}");
    }
}

#[test]
fn an_unknown_rule_is_refused_with_a_suggestion() {
    Repo::none()
        .keysweep(&["rules", "stripe-secret-kay"])
        .expect_code(2)
        .expect_has("stripe-secret-kay")
        .expect_has("stripe-secret-key");
}

#[test]
fn no_rule_prints_a_whole_token() {
    let repo = Repo::new();
    let listed = repo.keysweep(&["rules"]).expect_code(0).out();
    let ids: Vec<&str> = listed.split_whitespace().filter(|word| word.contains('-')).collect();
    let mut explained = listed.clone();
    for id in ids {
        explained += &repo.keysweep(&["rules", id]).out();
    }
    repo.stage("rules.txt", explained);
    repo.staged().expect_silent();
}

#[test]
fn an_explanation_has_all_parts() {
    let explained = Repo::none().keysweep(&["rules", "paystack-secret-key"]).expect_code(0);
    let words = [
        "`sk_live_` (high) or `sk_test_` (low)",
        "What it opens: it collects payments",
        "Looks the same as: another",
        "1. Settings > API Keys",
        "https://paystack.com",
    ];
    words.into_iter().fold(explained, crate::support::Run::expect_has);
}

#[test]
fn every_rule_of_the_table_has_a_full_explanation() {
    let repo = Repo::none();
    for rule in keysweep::rules::ALL {
        let run = repo.keysweep(&["rules", rule.id]).expect_code(0).expect_has(rule.opens).expect_has(rule.docs);
        rule.remedy.iter().fold(run.expect_has(rule.mistaken_for), |run, step| run.expect_has(step));
    }
}
