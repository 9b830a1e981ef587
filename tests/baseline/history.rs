//! Scans of the history and of files with a baseline.

use crate::command::{FILE, entries};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, client};

/// A repository with a token in `a.py`, which the staged baseline covers.
fn covered(seed: u64) -> (Repo, Token, Maker) {
    let repo = Repo::new();
    let mut make = Maker::new(seed);
    let token = make.sk_live(24);
    repo.stage("a.py", client(&token));
    repo.commit("one");
    repo.keysweep(&["baseline"]).expect_code(0);
    repo.git(&["add", FILE]);
    (repo, token, make)
}

#[test]
fn the_summary_says_what_is_covered() {
    let (repo, _, _) = covered(9321);
    let run = repo.keysweep(&["history"]).expect_code(0);
    assert!(run.out().contains("no token in") && run.out().contains("1 in the baseline"), "{}", run.out());
    let run = repo.keysweep(&["history", "--format", "json"]).expect_code(0);
    let summary = &run.json()["summary"];
    assert_eq!((&summary["baselined"], &summary["allowed"], &summary["findings"]), (&1.into(), &0.into(), &0.into()));
    let run = repo.keysweep(&["files", "--format", "json"]).expect_code(0);
    assert_eq!(run.json()["summary"]["baselined"], 1);
    repo.keysweep(&["worktree", "--all"]).expect_code(0);
    let run = repo.keysweep(&["history", "HEAD", "--format", "json"]).expect_code(0);
    assert_eq!(run.json()["summary"]["baselined"], 1);
    let run = repo.keysweep(&["history", "--format", "sarif"]).expect_code(0);
    assert_eq!(run.json()["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn these_scans_ignore_it() {
    let (repo, token, _) = covered(9322);
    repo.keysweep(&["history", "--no-baseline"]).expect_code(1);
    repo.keysweep(&["history", "--no-baseline", "HEAD"]).expect_code(1);
    repo.keysweep_call(&["find"]).stdin(token.text()).run().expect_code(1);
    repo.keysweep(&["history", "--replacements", "../leak.txt"]).expect_code(1);
    let script = std::fs::read_to_string(repo.base().join("leak.txt.sh")).expect("the script");
    assert!(script.contains("sweep() { keysweep history --no-baseline"), "the proof must see every token");
    repo.write("message", format!("Use {token}\n"));
    repo.keysweep(&["message", "message"]).expect_code(1);
}

#[test]
fn a_known_token_in_a_new_place_is_a_finding_that_says_so() {
    let (repo, token, _) = covered(9323);
    repo.stage("b.py", client(&token));
    repo.commit("spread");
    let run = repo.keysweep(&["history"]).expect_code(1);
    assert!(run.out().contains("baseline: it has this token, but not at all of these places"), "{}", run.out());
    assert!(run.out().contains(", in the baseline"), "{}", run.out());
    let run = repo.keysweep(&["history", "--format", "json"]).expect_code(1);
    let finding = &run.json()["findings"][0];
    assert_eq!(finding["baseline"], "elsewhere");
    let baselined: Vec<_> =
        finding["places"].as_array().expect("places").iter().map(|p| (&p["path"], &p["baselined"])).collect();
    assert_eq!(baselined, [(&"a.py".into(), &true.into()), (&"b.py".into(), &serde_json::Value::Null)]);
    let run = repo.keysweep(&["files", "--format", "json"]).expect_code(1);
    let finding = &run.json()["findings"][0];
    assert_eq!((&finding["path"], &finding["baseline"]), (&"b.py".into(), &"elsewhere".into()));
    let run = repo.keysweep(&["files"]).expect_code(1);
    assert!(run.out().contains("the baseline has this token at other places, but not here"), "{}", run.out());
}

#[test]
fn a_renamed_file_is_a_new_place_for_the_history_only() {
    let (repo, _, _) = covered(9324);
    repo.git(&["mv", "a.py", "b.py"]);
    repo.keysweep(&["staged"]).expect_code(0);
    repo.commit("rename");
    repo.keysweep(&["history"]).expect_code(1);
    repo.keysweep(&["baseline"]).expect_code(0);
    assert_eq!(entries(&repo).len(), 2);
    repo.git(&["add", FILE]);
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn another_token_at_the_same_path_is_a_finding() {
    let (repo, _, mut make) = covered(9325);
    repo.stage("a.py", client(&make.sk_live(24)));
    let run = repo.keysweep(&["staged", "--format", "jsonl"]).expect_code(1);
    assert!(run.only_finding()["baseline"].is_null());
    repo.keysweep(&["history"]).expect_code(1);
}

#[test]
fn an_expired_entry_is_a_finding_and_a_stale_one_a_note() {
    let (repo, token, mut make) = covered(9326);
    let text = std::fs::read_to_string(repo.path(FILE)).expect("the baseline");
    let expired = text.replace("\"}\n", "\",\"until\":\"2020-01-01\"}\n");
    repo.stage(FILE, &expired);
    for (args, key) in
        [(&["history", "--format", "json"][..], "baseline"), (&["files", "--format", "json"], "baseline")]
    {
        let run = repo.keysweep(args).expect_code(1);
        let finding = &run.json()["findings"][0];
        assert_eq!((&finding[key], &finding["baseline_until"]), (&"expired".into(), &"2020-01-01".into()));
    }
    let run = repo.keysweep(&["history"]).expect_code(1);
    assert!(run.out().contains("baseline: it had accepted this token until 2020-01-01"), "{}", run.out());
    let line = text.lines().find(|line| line.starts_with('{')).expect("an entry");
    let stale = line.replace(&token.fingerprint(), &make.sk_live(24).fingerprint());
    repo.stage(FILE, format!("{text}{stale}\n"));
    let run = repo.keysweep(&["history"]).expect_code(0);
    let note = "1 entry of .keysweep-baseline covers nothing (line 4); keysweep baseline --prune removes such entries";
    assert!(run.out().split_whitespace().collect::<Vec<_>>().join(" ").contains(note), "{}", run.out());
}

#[test]
fn a_baseline_that_is_not_staged_is_named_and_not_used() {
    let (repo, _, _) = covered(9327);
    repo.git(&["rm", "-q", "--cached", FILE]);
    let run = repo.keysweep(&["history"]).expect_code(1);
    assert!(run.out().contains(".keysweep-baseline is not staged, so it was not used"), "{}", run.out());
}

#[test]
fn a_bare_repository_uses_that_of_head() {
    let (repo, _, _) = covered(9328);
    repo.commit("baseline");
    repo.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    repo.keysweep_call(&["history"]).cwd(repo.base().join("bare.git")).run().expect_code(0);
}

#[test]
fn config_from_takes_both_files_of_a_revision_and_names_what_it_leaves_out() {
    let (repo, token, mut make) = covered(9329);
    repo.commit("baseline");
    repo.git(&["tag", "base"]);
    let other = make.sk_live(24);
    repo.stage("b.py", client(&other));
    repo.stage("c.py", client(&make.sk_live(24)));
    repo.stage(".keysweep.toml", "[allow]\npaths = ['c.py']\n");
    repo.keysweep(&["baseline"]).expect_code(0);
    repo.git(&["add", FILE]);
    repo.commit("A change that allows itself");
    repo.keysweep(&["history", "base..HEAD"]).expect_code(0);
    let run = repo.keysweep(&["history", "base..HEAD", "--config-from", "base", "--format", "json"]).expect_code(1);
    assert_eq!(run.json()["summary"]["findings"], 2);
    let notes = run.json()["summary"]["notes"].to_string();
    let added = format!("HEAD adds 1 entry to .keysweep-baseline, not used in this scan: {} b.py", other.fingerprint());
    assert!(notes.contains("HEAD changes .keysweep.toml, which was used as base has it"), "{notes}");
    assert!(notes.contains(&added), "{notes}");
    // The entries of the revision itself are in force.
    let run = repo.keysweep(&["history", "--config-from", "base", "--format", "json"]).expect_code(1);
    assert_eq!(run.json()["summary"]["baselined"], 1);
    assert!(!run.json()["findings"].to_string().contains(&token.fingerprint()));
    repo.keysweep(&["history", "--config-from", "nonsense"]).expect_code(2);
    repo.keysweep(&["history", "--config-from", "base", "--config", "x"]).expect_code(2);
}
