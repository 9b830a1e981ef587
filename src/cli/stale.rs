//! Stale entries of the allowlist.

use crate::config::{Allow, CONFIG_NAME, Reason};
use crate::finding::ShownPath;
use crate::history::provenance::Provenance;
use crate::scan::engine::ScanResult;

/// Adds a note for each entry that matched nothing, if the scan was complete. `provenances` are those of a history scan. A glob
/// that matches one of several places of a token is in use.
pub(super) fn stale_entries(allow: &Allow, result: &ScanResult, provenances: Option<&[Provenance]>) -> Vec<String> {
    fn path_of(path: Option<&ShownPath>) -> &[u8] {
        path.map_or(&b""[..], ShownPath::as_bytes)
    }
    if !result.is_complete() {
        return Vec::new();
    }
    let allowed = result.allowed.iter().filter(|one| one.reason != Reason::Baseline);
    let allowed = allowed.map(|one| (path_of(one.finding.path.as_ref()), one.finding.fingerprint));
    let reported = provenances.into_iter().flatten().flat_map(|one| {
        one.occurrences.iter().map(move |place| (path_of(place.path.as_ref()), one.finding.fingerprint))
    });
    let covered: Vec<_> = allowed.chain(reported).collect();
    let unused = allow.unused(&covered, provenances.is_some());
    unused.map(|(entry, line)| format!("{CONFIG_NAME}:{line}: {entry} allows nothing, take it out")).collect()
}
