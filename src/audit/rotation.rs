//! The dates by which tokens must be rotated.

use super::check::Check;
use super::model::{Answer, Place};
use super::subject::Subject;
use crate::config::{CONFIG_NAME, LedgerEntry};

pub(super) const CHECK: Check = Check {
    name: "rotation",
    rule: "rotation is scheduled, and no token is overdue",
    explanation: "\
Compares rotate_by of each [[token]] in .keysweep.toml with today.

fail: a token is overdue.
suspect: a token is due within 14 days, or its entry has no rotate_by.
unknown: there is no ledger, so a schedule may be elsewhere.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let ledger = subject.settings.ledger;
    if ledger.is_empty() {
        let help = "list each token as [[token]] in .keysweep.toml, with rotate_by";
        return subject.without_ledger(format!("{CONFIG_NAME} has no ledger of tokens"), help);
    }
    let places = ledger.iter().filter_map(|entry| place(entry, subject)).collect();
    let next = ledger.iter().filter_map(|entry| entry.rotate_by).min();
    Answer::of(places, || {
        Answer::pass(next.map_or(String::new(), |next| format!("the next rotation is due on {next}")))
    })
}

fn place(entry: &LedgerEntry, subject: &Subject<'_>) -> Option<Place> {
    let (path, line) = (subject.shown(CONFIG_NAME.as_bytes()), Some(entry.line));
    if entry.rotate_by.is_none() {
        let why = format!("the entry of {} has no date for its rotation", entry.fingerprint);
        return Some(Place::suspect(path, line, why, "add rotate_by = 2027-01-31 or another date"));
    }
    let due = entry.due(subject.settings.today)?;
    let place = if due.is_overdue { Place::fail } else { Place::suspect };
    Some(place(path, line, due.says, "rotate it at the vendor, then update its entry".to_owned()))
}
