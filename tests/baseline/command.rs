//! `keysweep baseline`: what it writes, keeps, renews and removes.

use std::time::Duration;

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, os};

pub const FILE: &str = ".keysweep-baseline";

/// The entries of the file, without the comments.
pub fn entries(repo: &Repo) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(repo.path(FILE)).expect("the baseline");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

#[test]
fn every_finding_of_the_history_becomes_an_entry_without_its_token() {
    let repo = Repo::new();
    let mut make = Maker::new(9301);
    let (old, twice, named, said, author) =
        (make.sk_live(24), make.sk_live(24), make.sk_live(24), make.sk_live(24), make.sk_live(24));
    repo.stage("gone.py", client(&old));
    repo.commit("one");
    repo.git(&["rm", "-q", "gone.py"]);
    repo.stage("a.py", client(&twice));
    repo.stage("b.py", client(&twice));
    repo.stage(format!("{named}.txt"), "innocent\n");
    repo.commit(&format!("Use {said}"));
    let args = ["commit", "-q", "--allow-empty", "-m", "x"];
    repo.git_call(&args).env("GIT_AUTHOR_NAME", author.text()).run().expect_code(0);
    let run = repo.keysweep(&["baseline", "--reason", "OPS-12", "--until", "2999-12-31"]).expect_code(0);
    assert!(run.out().contains(".keysweep-baseline has 6 entries, 6 added"), "{}", run.out());
    assert!(run.out().contains("git add .keysweep-baseline"), "{}", run.out());
    let text = std::fs::read_to_string(repo.path(FILE)).expect("the baseline");
    let entries = entries(&repo);
    for token in [&old, &twice, &named, &said, &author] {
        assert!(!text.contains(token.text()), "{text}");
        assert!(entries.iter().any(|entry| entry["fingerprint"] == token.fingerprint()), "{text}");
    }
    let places: Vec<String> = entries.iter().map(|e| format!("{}{}", e["path"], e["part"])).collect();
    for place in ["\"gone.py\"null", "\"a.py\"null", "\"b.py\"null", "null\"message\"", "null\"person\""] {
        assert!(places.iter().any(|other| other == place), "{place} in {places:?}");
    }
    for entry in &entries {
        assert_eq!(entry["reason"], "OPS-12");
        assert_eq!(entry["until"], "2999-12-31");
        assert!(entry["rule"].is_string() && entry["added"].as_str().is_some_and(|day| day.len() == 10), "{entry}");
    }
    let mut sorted = entries.clone();
    sorted.sort_by_key(|entry| entry["fingerprint"].to_string());
    assert_eq!(entries, sorted);
    repo.git(&["add", FILE]);
    let run = repo.keysweep(&["history", "--format", "json"]).expect_code(0);
    assert_eq!(run.json()["summary"]["baselined"], 5);
    assert_eq!(run.json()["summary"]["notes"], serde_json::json!([]));
}

#[test]
fn existing_entries_are_kept() {
    let repo = Repo::new();
    let mut make = Maker::new(9302);
    repo.stage("a.py", client(&make.sk_live(24)));
    repo.commit("one");
    repo.keysweep(&["baseline", "--reason", "first"]).expect_code(0);
    let before = std::fs::read_to_string(repo.path(FILE)).expect("the baseline");
    let run = repo.keysweep(&["baseline", "--reason", "second"]).expect_code(0);
    run.expect_has("has 1 entry, 0 added").expect_lacks("git add");
    assert_eq!(std::fs::read_to_string(repo.path(FILE)).expect("the baseline"), before);
    repo.stage("b.py", client(&make.sk_live(24)));
    let run = repo.keysweep(&["baseline", "--reason", "second"]).expect_code(0);
    assert!(run.out().contains("has 2 entries, 1 added"), "{}", run.out());
    let reasons: Vec<_> = entries(&repo).iter().map(|entry| entry["reason"].clone()).collect();
    assert!(reasons.contains(&"first".into()) && reasons.contains(&"second".into()), "{reasons:?}");
}

#[test]
fn an_expired_entry_is_renewed_and_pruning_removes_only_stale_ones() {
    let repo = Repo::new();
    let mut make = Maker::new(9303);
    let (kept, gone) = (make.sk_live(24), make.sk_live(24));
    repo.stage("a.py", client(&kept));
    repo.commit("one");
    repo.keysweep(&["baseline"]).expect_code(0);
    let text = std::fs::read_to_string(repo.path(FILE)).expect("the baseline");
    let expired = text.replace("\"}\n", "\",\"until\":\"2020-01-01\"}\n");
    let stale = text.replace(&kept.fingerprint(), &gone.fingerprint());
    let stale = stale.lines().find(|line| line.starts_with('{')).expect("an entry");
    repo.write(FILE, format!("{expired}{stale}\n"));
    let run = repo.keysweep(&["baseline", "--prune"]).expect_code(0);
    assert!(run.out().contains("has 1 entry, 1 entry removed"), "{}", run.out());
    assert_eq!(std::fs::read_to_string(repo.path(FILE)).expect("the baseline"), expired);
    let run = repo.keysweep(&["baseline"]).expect_code(0);
    assert!(run.out().contains("has 1 entry, 0 added, 1 renewed"), "{}", run.out());
    assert!(entries(&repo)[0]["until"].is_null());
}

#[test]
fn paths_that_are_not_utf8_are_covered() {
    let repo = Repo::new();
    repo.stage_blob(os(b"bad\xff.py"), client(&Maker::new(9304).sk_live(24)));
    repo.commit("one");
    repo.keysweep(&["baseline"]).expect_code(0);
    let entry = &entries(&repo)[0];
    assert_eq!(entry["path"], "bad\\xff.py");
    assert_eq!(entry["path_bytes"], "YmFk/y5weQ==");
    repo.git(&["add", FILE]);
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn what_the_allowlist_covers_gets_no_entry() {
    let repo = Repo::new();
    let mut make = Maker::new(9305);
    let both = make.sk_live(24);
    repo.stage("fixtures/a.py", client(&make.sk_live(24)));
    repo.stage("fixtures/b.py", client(&both));
    repo.stage("src/b.py", client(&both));
    repo.stage(".keysweep.toml", "[allow]\npaths = ['fixtures/**']\n");
    repo.commit("one");
    repo.keysweep(&["baseline"]).expect_code(0);
    let entries = entries(&repo);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0]["path"], "src/b.py");
    repo.git(&["add", FILE]);
    repo.keysweep(&["history"]).expect_code(0);
}

#[test]
fn wrong_options_are_errors_before_the_scan() {
    let repo = Repo::new();
    let token = Maker::new(9306).sk_live(24);
    repo.stage("a.py", client(&token));
    for (args, part) in [
        (&["baseline", "--until", "soon"][..], "cannot use the value of --until: it is not a date"),
        (&["baseline", "--until", "2020-01-01"], "it is in the past"),
        (&["baseline", "--prune", "--reason", "x"], "--prune"),
        (&["baseline", "--reason", token.text()], "cannot use --reason: it contains a token"),
    ] {
        let run = repo.keysweep(args).expect_code(2);
        assert!(run.err().contains(part) && !run.err().contains(token.text()), "{}", run.err());
        assert!(!repo.path(FILE).exists());
    }
    repo.git(&["init", "-q", "--bare", "../bare.git"]);
    let run = repo.keysweep_call(&["baseline"]).cwd(repo.base().join("bare.git")).run().expect_code(2);
    assert!(run.err().contains("a bare repository has no worktree"), "{}", run.err());
}

#[test]
fn an_incomplete_scan_writes_nothing() {
    let repo = Repo::new();
    repo.stage("a.py", client(&Maker::new(9307).sk_live(24)));
    repo.commit("one");
    let id = repo.git(&["rev-parse", "HEAD:a.py"]).line();
    std::fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("remove the object");
    let run = repo.keysweep(&["baseline"]).expect_code(2);
    assert!(run.err().contains("the scan of the history is not complete"), "{}", run.err());
    assert!(!repo.path(FILE).exists());
}

/// Another program adds an entry while the command scans, and has the lock until then.
fn with_another_writer(repo: &Repo, args: &[&str], other: &str) -> Run {
    let lock = repo.path(".keysweep-baseline.lock");
    let before = std::fs::read_to_string(repo.path(FILE)).unwrap_or_default();
    std::fs::write(&lock, "").expect("write the lock");
    std::thread::scope(|scope| {
        let command = scope.spawn(|| repo.keysweep(args));
        std::thread::sleep(Duration::from_millis(1500));
        repo.write(FILE, format!("{before}{other}\n"));
        std::fs::remove_file(&lock).expect("remove the lock");
        command.join().expect("no panic")
    })
}

#[test]
fn an_entry_that_another_program_adds_meanwhile_is_kept() {
    let repo = Repo::new();
    let mut make = Maker::new(9320);
    let (own, theirs) = (make.sk_live(24), make.sk_live(24));
    repo.stage("a.py", client(&own));
    repo.commit("one");
    let other = |token: &Token| {
        let text =
            "\"path\": \"other.py\", \"rule\": \"stripe-secret-key\", \"reason\": \"OPS-7\", \"added\": \"2026-11-01\"";
        format!("{{\"fingerprint\": \"{}\", {text}}}", token.fingerprint())
    };
    let fingerprints = || entries(&repo).iter().map(|it| it["fingerprint"].to_string()).collect::<String>();
    with_another_writer(&repo, &["baseline", "--reason", "OPS-12"], &other(&theirs)).expect_code(0);
    for token in [&own, &theirs] {
        assert!(fingerprints().contains(&token.fingerprint()), "{}", fingerprints());
    }
    // What was added after the start of the scan is not stale: the scan may not have seen its token.
    let latest = make.sk_live(24);
    with_another_writer(&repo, &["baseline", "--prune"], &other(&latest)).expect_code(0);
    assert!(fingerprints().contains(&latest.fingerprint()), "{}", fingerprints());
    assert!(!fingerprints().contains(&theirs.fingerprint()), "{}", fingerprints());
    assert!(!repo.path(".keysweep-baseline.lock").exists());
}

#[test]
fn a_lock_that_a_crash_left_behind_is_named() {
    let repo = Repo::new();
    let mut make = Maker::new(9321);
    repo.stage("a.py", client(&make.sk_live(24)));
    repo.write(".keysweep-baseline.lock", "");
    let run = repo.keysweep(&["baseline", "--reason", "OPS-12"]).expect_code(2);
    run.expect_has(".keysweep-baseline.lock exists").expect_has("remove it");
    assert!(!repo.path(FILE).exists());
}
