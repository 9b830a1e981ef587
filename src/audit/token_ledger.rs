//! The audit trail: who has which token, since when.

use super::check::Check;
use super::model::{Answer, Place};
use super::subject::{LocalToken, Subject};
use crate::config::{CONFIG_NAME, LedgerEntry};

pub(super) const CHECK: Check = Check {
    name: "token-ledger",
    rule: "the ledger lists every token on this machine, with owner and date",
    explanation: "\
Looks up each token of an env file on this machine in the [[token]] ledger of .keysweep.toml. The ledger has fingerprints only:
[[token]]
fingerprint = \"9f86d081884c7d65\"
owner = \"billing team\"
environment = \"production\"
created = 2026-11-01
rotate_by = 2027-05-01
scopes = [\"record_permission:read\"]

fail: there is a ledger, and it lacks a token.
suspect: an entry has no owner or no date of creation.
unknown: there is no ledger, so the list may be elsewhere.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let (ledger, tokens) = (subject.settings.ledger, subject.local_tokens());
    if ledger.is_empty() {
        return if tokens.is_empty() {
            Answer::not_applicable("no env file on this machine holds a token, and there is no ledger")
        } else {
            let help = "list each token: printf %s \"$TOKEN\" | keysweep ledger add";
            Answer::unknown(format!("{CONFIG_NAME} has no ledger of tokens"), help)
        };
    }
    let mut places: Vec<Place> = tokens.iter().filter_map(|local| unlisted(local, subject)).collect();
    places.extend(ledger.iter().filter_map(|entry| incomplete(entry, subject)));
    Answer::of(places, || Answer::pass("the ledger lists every token on this machine"))
}

fn unlisted(local: &LocalToken<'_>, subject: &Subject<'_>) -> Option<Place> {
    let token = local.token;
    if subject.ledger_of(token.fingerprint).next().is_some() {
        return None;
    }
    let why = format!("the ledger lacks {} ({}, fingerprint {})", token.variable, token.redacted, token.fingerprint);
    let help = format!("add [[token]] with fingerprint = \"{}\" to {CONFIG_NAME}", token.fingerprint);
    Some(Place::fail(subject.shown(&local.file.path), Some(token.line), why, help))
}

fn incomplete(entry: &LedgerEntry, subject: &Subject<'_>) -> Option<Place> {
    let missing = match (&entry.owner, entry.created) {
        (None, _) => "owner",
        (_, None) => "created",
        _ => return None,
    };
    let why = format!("the entry of {} has no {missing}", entry.fingerprint);
    Some(Place::suspect(subject.shown(CONFIG_NAME.as_bytes()), Some(entry.line), why, format!("add {missing}")))
}
