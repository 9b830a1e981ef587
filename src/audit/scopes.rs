//! The scopes of tokens, as the ledger records them.

use super::check::Check;
use super::model::{Answer, Place};
use super::subject::Subject;
use crate::config::CONFIG_NAME;

/// The scopes that together administer a workspace of Attio.
const ADMIN: &[&str] = &["record_permission:read-write", "user_management:read-write", "webhook:read-write"];

pub(super) const CHECK: Check = Check {
    name: "scopes",
    rule: "tokens have only the scopes that they need",
    explanation: "\
Reads the scopes that the [[token]] ledger in .keysweep.toml records. keysweep asks no vendor here, so it cannot tell which scopes
a token really has.

suspect: a token has the scopes of an administrator, or its entry names no scopes.
unknown: there is no ledger.
pass: the ledger names the scopes of each token. Whether the code needs all of them is not checked.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let ledger = subject.settings.ledger;
    if ledger.is_empty() {
        let help = "list each token as [[token]] in .keysweep.toml, with its scopes";
        return subject.without_ledger("no ledger names the scopes of the tokens", help);
    }
    let path = subject.shown(CONFIG_NAME.as_bytes());
    let place = |line: usize, why: String, help: &str| Place::suspect(path.clone(), Some(line), why, help);
    let places = ledger.iter().filter_map(|entry| match &entry.scopes {
        None => Some(place(
            entry.line,
            format!("the entry of {} names no scopes", entry.fingerprint),
            "add scopes, as the vendor's dashboard shows them",
        )),
        Some(scopes) if ADMIN.iter().all(|admin| scopes.iter().any(|scope| scope == admin)) => Some(place(
            entry.line,
            format!("the token {} has the scopes of an administrator", entry.fingerprint),
            "create a token with only the scopes that the code needs",
        )),
        Some(_) => None,
    });
    Answer::of(places.collect(), || {
        Answer::pass("the ledger names the scopes of each token; whether all are needed is not checked")
    })
}
