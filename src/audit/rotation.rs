//! The dates by which tokens must be rotated.

use super::check::Check;
use super::model::{Answer, Place};
use super::subject::Subject;
use crate::config::{CONFIG_NAME, LedgerEntry};

/// A date is announced this many days before it is due.
const NOTICE_DAYS: i64 = 14;

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
    let path = subject.shown(CONFIG_NAME.as_bytes());
    let (token, line) = (entry.fingerprint, Some(entry.line));
    let owner = entry.owner.as_ref().map(|owner| format!(" of {owner}")).unwrap_or_default();
    let rotate = "rotate it at the vendor, then update its entry";
    let Some(date) = entry.rotate_by else {
        let why = format!("the entry of {token} has no date for its rotation");
        return Some(Place::suspect(path, line, why, "add rotate_by = 2027-01-31 or another date"));
    };
    match subject.settings.today.days_until(date) {
        days if days < 0 => {
            let why = format!("the token {token}{owner} was to be rotated by {date}");
            Some(Place::fail(path, line, why, rotate))
        }
        days if days <= NOTICE_DAYS => {
            let why = format!("the token {token}{owner} is due for rotation by {date}");
            Some(Place::suspect(path, line, why, rotate))
        }
        _ => None,
    }
}
