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

/// A date is announced this many days before it is due.
pub const NOTICE_DAYS: i64 = 14;

/// A rotation that is overdue, or due within 14 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub is_overdue: bool,
    /// The token, its owner and the date, as a clause.
    pub says: String,
}

impl LedgerEntry {
    /// What `audit` and `doctor` say about the date of the rotation. `None` if there is none, or if it is far away.
    pub fn due(&self, today: Date) -> Option<Due> {
        let date = self.rotate_by?;
        let days = today.days_until(date);
        let is_overdue = days < 0;
        let owner = self.owner.as_ref().map(|owner| format!(" of {owner}")).unwrap_or_default();
        let verb = if is_overdue { "was to be rotated" } else { "is due for rotation" };
        let says = format!("the token {}{owner} {verb} by {date}", self.fingerprint);
        (days <= NOTICE_DAYS).then_some(Due { is_overdue, says })
    }
}
