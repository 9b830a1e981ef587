//! The token ledger, and checks that are accepted for now.

use crate::support::Repo;
use crate::support::token::Maker;
use crate::{audit, expect};

fn entry(fingerprint: &str, rest: &str) -> String {
    format!("[[token]]\nfingerprint = \"{fingerprint}\"\n{rest}\n")
}

#[test]
fn a_ledger_lists_every_token_with_its_dates() {
    let mut make = Maker::new(40);
    let (token, other) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    for check in ["scopes", "rotation", "token-ledger"] {
        expect(&repo, check, "not-applicable", &[]);
    }
    repo.stage(".gitignore", ".env\n");
    repo.write(".env", format!("STRIPE_SECRET_KEY={token}\n"));
    for check in ["scopes", "rotation", "token-ledger"] {
        expect(&repo, check, "unknown", &[]);
    }
    let whole = "owner = \"billing\"\nenvironment = \"production\"\ncreated = 2026-01-01\nrotate_by = \"2999-01-01\"\nscopes = [\"record_permission:read\"]";
    repo.write(".keysweep.toml", entry(&token.fingerprint(), whole));
    for check in ["scopes", "rotation", "token-ledger"] {
        expect(&repo, check, "pass", &[]);
    }
    repo.write(".env", format!("STRIPE_SECRET_KEY={token}\nOTHER={other}\n"));
    expect(&repo, "token-ledger", "fail", &[".env:2"]);
    repo.write(".keysweep.toml", entry(&token.fingerprint(), "rotate_by = 2020-01-01"));
    expect(&repo, "rotation", "fail", &[".keysweep.toml:1"]);
    expect(&repo, "scopes", "suspect", &[".keysweep.toml:1"]);
    repo.write(".env", format!("STRIPE_SECRET_KEY={token}\n"));
    expect(&repo, "token-ledger", "suspect", &[".keysweep.toml:1"]);
    let admin = "scopes = \"record_permission:read-write user_management:read-write webhook:read-write\"";
    repo.write(".keysweep.toml", entry(&token.fingerprint(), admin));
    expect(&repo, "scopes", "suspect", &[".keysweep.toml:1"]);
    expect(&repo, "rotation", "suspect", &[".keysweep.toml:1"]);
}

#[test]
fn a_ledger_entry_silences_nothing() {
    let mut make = Maker::new(41);
    let token = make.sk_live(24);
    let repo = Repo::new();
    repo.stage("a.py", crate::support::client(&token));
    repo.stage(".keysweep.toml", entry(&token.fingerprint(), "owner = \"me\""));
    repo.staged().expect_code(1);
    expect(&repo, "keys-in-code", "fail", &["a.py:1"]);
}

#[test]
fn the_ledger_knows_the_other_environments() {
    let mut make = Maker::new(42);
    let (dev, prod) = (make.sk_test(24), make.sk_live(24));
    let repo = Repo::new();
    repo.stage(".gitignore", ".env*\n");
    repo.write(".env.local", format!("STRIPE_SECRET_KEY={dev}\n"));
    repo.write(".keysweep.toml", entry(&prod.fingerprint(), "environment = \"production\""));
    expect(&repo, "env-shared", "pass", &[]);
    repo.write(".keysweep.toml", entry(&dev.fingerprint(), "environment = \"production\""));
    expect(&repo, "env-shared", "fail", &[".env.local:1"]);
}

#[test]
fn an_accepted_check_fails_again_when_its_time_is_over() {
    let mut make = Maker::new(43);
    let repo = Repo::new();
    repo.stage("a.py", crate::support::client(&make.sk_live(24)));
    let accept = |until: &str| {
        let entry = format!("{{ check = \"keys-in-code\", reason = \"a demo\"{until} }}");
        repo.write(".keysweep.toml", format!("[audit]\naccept = [{entry}]\n"));
        audit(&repo, &["keys-in-code"])
    };
    accept(", until = 2999-01-01").expect_code(0).expect_has("accepted until 2999-01-01: a demo");
    accept(", until = \"2999-01-01\"").expect_code(0);
    accept("").expect_code(0).expect_has("1 accepted");
    accept(", until = 2020-01-01").expect_code(1).expect_has("which is over");
}

#[test]
fn wrong_settings_are_errors() {
    let repo = Repo::new();
    for (text, error) in [
        ("[audit]\naccept = [{ check = \"env-ignore\", reason = \"x\" }]\n", "did you mean env-ignored?"),
        ("[audit]\naccept = [{ check = \"scopes\" }]\n", "needs the key reason"),
        ("[audit]\naccept = [{ check = \"scopes\", reason = \"x\", until = \"soon\" }]\n", "must be a date"),
        ("[audit]\naccept = [{ check = \"scopes\", reason = \"x\", until = \"2027-02-30\" }]\n", "must be a date"),
        ("[audit]\nacept = []\n", "did you mean accept?"),
        ("[[token]]\nowner = \"x\"\n", "needs the key fingerprint"),
        ("[[token]]\nfingerprint = \"x\"\n", "16 lower-case hex digits"),
        ("[[token]]\nfingerprint = \"0123456789abcdef\"\nownr = \"x\"\n", "did you mean owner?"),
    ] {
        repo.write(".keysweep.toml", text);
        audit(&repo, &["scopes"]).expect_code(2).expect_has(error);
    }
    let mut make = Maker::new(44);
    let token = make.sk_live(24);
    repo.write(".keysweep.toml", entry("0123456789abcdef", &format!("owner = \"{token}\"")));
    audit(&repo, &[]).expect_code(2).expect_has("possible token").expect_lacks(token.body());
}
