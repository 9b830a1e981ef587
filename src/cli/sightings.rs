//! What a sweep of the history tells on the way: with `jsonl` a line for each token as soon as it is met. Where it stands, and
//! whether a path allows it, is known only when all is read.

use std::collections::HashSet;
use std::sync::Mutex;

use super::options::{Common, FormatName};
use super::output;
use crate::finding::{Finding, Fingerprint};

/// The tokens that were told of.
pub(super) struct Sightings {
    /// Whether somebody reads along: a file is written when all is known.
    wanted: bool,
    told: Mutex<HashSet<Fingerprint>>,
}

impl Sightings {
    pub fn of(common: &Common) -> Self {
        let wanted = common.format() == FormatName::Jsonl && common.output.is_none();
        Self { wanted, told: Mutex::default() }
    }

    pub fn tell(&self, finding: &Finding) {
        if !self.wanted {
            return;
        }
        // The lock also keeps lines whole.
        let mut told = self.told.lock().expect("no thread panicked while it held the lock");
        if told.insert(finding.fingerprint) {
            output::sighting(finding);
        }
    }
}
