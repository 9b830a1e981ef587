//! The settings of `keysweep audit`: accepted checks, and the token ledger. Neither silences a finding of a scan.

use crate::config::date::Date;
use crate::finding::Fingerprint;

/// The names of all checks, in the order of a report.
pub const CHECK_NAMES: &[&str] = &[
    "keys-in-code",
    "env-ignored",
    "env-shared",
    "scopes",
    "webhook-compare",
    "webhook-raw",
    "webhook-replay",
    "hook-live",
    "rotation",
    "token-ledger",
    "token-logged",
    "client-variable",
    "client-bundle",
    "image-layer",
    "history-swept",
];

/// A check that may fail for now.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub check: &'static str,
    pub reason: String,
    /// The last day on which it is accepted. `None` if there is no end.
    pub until: Option<Date>,
    pub line: usize,
}

/// What is known about a token besides its value.
#[derive(Clone, Debug)]
pub struct LedgerEntry {
    pub fingerprint: Fingerprint,
    pub owner: Option<String>,
    pub environment: Option<String>,
    pub created: Option<Date>,
    pub rotate_by: Option<Date>,
    pub scopes: Option<Vec<String>>,
    pub line: usize,
}
