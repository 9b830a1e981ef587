//! An invalid configuration stops the scan. The error contains the place and the valid alternatives.

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client};

const CONFIG: &str = ".keysweep.toml";

fn with_config(config: &str) -> (Repo, Token) {
    let token = Maker::new(800).sk_live(24);
    let repo = Repo::new();
    repo.stage_blob(CONFIG, config);
    repo.stage("a.txt", client(&token));
    (repo, token)
}

#[track_caller]
fn expect_refused(run: Run, words: &[&str]) -> Run {
    let run = run.expect_code(2);
    for word in words {
        if !run.err().contains(word) {
            run.fail(&format!("expected {word:?} on stderr"));
        }
    }
    run
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_a_suggestion() {
    for (config, line, right) in [
        ("[allow]\npath = ['src/**']\n", 2, "paths"),
        ("[allow]\n\npathes = ['src/**']\n", 3, "paths"),
        ("[allow]\nfingerprint = []\n", 2, "fingerprints"),
        ("[alow]\npaths = ['src/**']\n", 1, "allow"),
        ("# a comment\n[allowlist]\npaths = ['src/**']\n", 2, "allow"),
        ("[[rules]]\nid = 'x'\nprefix = 'x_'\n", 1, "rule"),
        ("[[rule]]\nid = 'x'\nprefx = 'x_'\n", 3, "prefix"),
        ("[[rule]]\nidd = 'x'\nprefix = 'x_'\n", 2, "id"),
        ("[allow]\nfingerprints = [\n  { id = '0123456789abcdef', raison = 'x' },\n]\n", 3, "reason"),
    ] {
        let (repo, _) = with_config(config);
        eprintln!("{config}");
        let run = expect_refused(repo.staged(), &[CONFIG, right]);
        let (short, long) = (format!("{CONFIG}:{line}"), format!("line {line}"));
        if !run.err().contains(&short) && !run.err().contains(&long) {
            run.fail(&format!("expected the line number {line}"));
        }
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_its_place() {
    for config in [
        "[allow]\npaths = 'src/**'\n",
        "[allow]\npaths = [1]\n",
        "[allow]\nfingerprints = ['0123456789abcdef']\n",
        "allow = 1\n",
        "rule = 'x'\n",
        "[[rule]]\nid = 1\nprefix = 'x_'\n",
        "[[rule]]\nid = 'x'\n",
        "[[rule]]\nprefix = 'x_'\n",
        "[[rule]]\nid = 'x'\nprefix = ''\n",
        "[rule]\nid = 'x'\nprefix = 'x_'\n",
        "not toml [\n",
        "[allow]\npaths = ['src/**'\n",
        "[allow]\npaths = ['a']\npaths = ['b']\n",
    ] {
        let (repo, _) = with_config(config);
        eprintln!("{config}");
        expect_refused(repo.staged(), &[CONFIG]);
    }
}

#[test]
fn a_non_utf8_configuration_is_refused() {
    let (repo, _) = with_config("");
    repo.stage_blob(CONFIG, b"[allow]\npaths = ['\xff']\n");
    expect_refused(repo.staged(), &[CONFIG]);
}

#[test]
fn a_fingerprint_without_a_reason_is_refused() {
    for entry in [
        "{ id = '0123456789abcdef' }",
        "{ id = '0123456789abcdef', reason = '' }",
        "{ id = '0123456789abcdef', reason = '  ' }",
    ] {
        let (repo, _) = with_config(&format!("[allow]\nfingerprints = [{entry}]\n"));
        eprintln!("{entry}");
        expect_refused(repo.staged(), &[CONFIG, "reason"]);
    }
}

#[test]
fn an_invalid_fingerprint_is_refused() {
    let (long, odd) = ("0".repeat(17), "g".repeat(16));
    for id in ["", "0123", "xyz", &odd, &long] {
        let (repo, _) = with_config(&format!("[allow]\nfingerprints = [{{ id = '{id}', reason = 'x' }}]\n"));
        eprintln!("{id:?}");
        expect_refused(repo.staged(), &[CONFIG]);
    }
}

const EVERYTHING: &[&str] = &["*", "**", "**/*", "**/**", "**/?*", "**/*?", "***"];

#[test]
fn a_glob_that_allows_everything_is_refused() {
    for glob in EVERYTHING {
        eprintln!("{glob}");
        let (repo, _) = with_config(&format!("[allow]\npaths = ['docs/**', '{glob}']\n"));
        expect_refused(repo.staged(), &[CONFIG, glob]);
        let (repo, _) = with_config("");
        expect_refused(repo.staged_call().args(&["--allow", glob]).run(), &[glob]);
    }
}

#[test]
fn a_glob_that_is_none_is_refused() {
    for glob in ["[", "src/[a", "{a,b", "a{", "[z-a]"] {
        eprintln!("{glob}");
        let (repo, _) = with_config(&format!("[allow]\npaths = ['{glob}']\n"));
        expect_refused(repo.staged(), &[CONFIG, glob]);
        let (repo, _) = with_config("");
        expect_refused(repo.staged_call().args(&["--allow", glob]).run(), &[glob]);
    }
}

#[test]
fn an_empty_configuration_is_fine() {
    for config in
        ["", "\n", "# nothing yet\n", "[allow]\n", "[allow]\npaths = []\nfingerprints = []\n", "\u{feff}[allow]\n"]
    {
        let (repo, token) = with_config(config);
        repo.staged().expect_found(&[("a.txt", 1, &token)]);
    }
}

#[test]
fn an_invalid_configuration_is_refused_with_nothing_else_staged() {
    let repo = Repo::new();
    repo.stage(CONFIG, "[alow]\n");
    expect_refused(repo.staged(), &[CONFIG]);
    repo.commit("wrong");
    expect_refused(repo.staged(), &[CONFIG]);
}

#[test]
fn a_missing_configuration_file_is_refused() {
    let (repo, _) = with_config("");
    let run = repo.staged_call().args(&["--config", "nowhere.toml"]).run();
    expect_refused(run, &["nowhere.toml"]);
}

#[test]
fn a_configuration_that_is_a_symlink_is_not_followed() {
    let (repo, _) = with_config("");
    let token = Maker::new(801).sk_live(24);
    repo.write("real.toml", "[allow]\npaths = ['b.txt']\n");
    repo.stage_entry("120000", CONFIG, "real.toml");
    repo.stage("b.txt", client(&token));
    let run = repo.staged();
    if run.code == Some(0) {
        run.fail("a configuration outside of the index was used");
    }
    run.expect_lacks("panicked");
}
