//! Early lines of a history scan: with `jsonl`, one line for each token as soon as it is found. Its places, and whether a path
//! allows it, are known only at the end.

use std::collections::HashSet;
use std::sync::Mutex;

use super::options::{Common, FormatName};
use super::output;
use crate::finding::{Finding, Fingerprint};

/// The tokens that were already reported.
pub(super) struct Sightings {
    /// Whether to write lines early: only to standard output, because a file is written at the end.
    wanted: bool,
    reported: Mutex<HashSet<Fingerprint>>,
}

impl Sightings {
    pub fn of(common: &Common) -> Self {
        let wanted = common.format() == FormatName::Jsonl && common.output.is_none();
        Self { wanted, reported: Mutex::default() }
    }

    pub fn report(&self, finding: &Finding) {
        if !self.wanted {
            return;
        }
        // The lock also keeps lines whole.
        let mut reported = self.reported.lock().expect("no thread panicked while it held the lock");
        if reported.insert(finding.fingerprint) {
            output::sighting(finding);
        }
    }
}
