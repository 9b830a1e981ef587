//! Applies the baseline to the result of a scan. What it covers is allowed; a token that it names at another place, or until a
//! day that has passed, stays a finding that says so.
//!
//! This is done after the scan, since most scans find nothing and need no baseline, and since a scan of the history knows the paths
//! of a token only at its end.

use std::collections::HashSet;

use crate::config::Date;
use crate::config::baseline::{Baseline, BaselineEntry, BaselinePlace, Cover};
use crate::config::{Allow, Reason};
use crate::finding::{Finding, Fingerprint, Known};
use crate::history::provenance::{Occurrence, Provenance};
use crate::scan::engine::{Allowed, ScanResult};

/// Applies `baseline` to a scan that has one finding for each place. With `before`, the baseline before the scanned change, what
/// only the change covers counts as newly allowed.
pub fn apply(result: &mut ScanResult, baseline: &Baseline, before: Option<&Baseline>, today: Date) {
    for mut finding in std::mem::take(&mut result.findings) {
        let place = BaselinePlace::of_finding(&finding);
        match baseline.cover(finding.fingerprint, &place, today) {
            Cover::Covered => {
                let is_newly = |before: &Baseline| before.cover(finding.fingerprint, &place, today) != Cover::Covered;
                let newly = before.is_some_and(is_newly);
                result.allowed.push(Allowed { finding, reason: Reason::Baseline, newly });
                continue;
            }
            Cover::Expired(until) => finding.known = Some(Known::Expired(until.to_string())),
            Cover::Elsewhere => finding.known = Some(Known::Elsewhere),
            Cover::Unknown => {}
        }
        result.findings.push(finding);
    }
}

/// Applies `baseline` to a scan of the whole history. A token is covered if each of its places is, by the baseline or by a path that
/// `allow` has.
pub fn apply_to_history(
    result: &mut ScanResult,
    provenances: &mut Vec<Provenance>,
    (baseline, allow): (&Baseline, &Allow),
    today: Date,
) {
    let mut covered = HashSet::new();
    for token in provenances.iter_mut() {
        let fingerprint = token.finding.fingerprint;
        let mut open: Vec<Cover> = Vec::new();
        for place in places(token) {
            let cover = baseline.cover(fingerprint, &place, today);
            let by_path = matches!(&place, BaselinePlace::Path(path) if allow.reason_for_path(path).is_some());
            if cover != Cover::Covered && !by_path {
                open.push(cover);
            }
        }
        let expired = open.iter().find_map(|cover| match cover {
            Cover::Expired(until) => Some(Known::Expired(until.to_string())),
            _ => None,
        });
        if open.is_empty() {
            covered.insert(fingerprint);
        } else if open.iter().any(|cover| *cover != Cover::Unknown) {
            token.finding.known = expired.or(Some(Known::Elsewhere));
            for occurrence in &mut token.occurrences {
                let place = place_of(occurrence);
                occurrence.baselined = baseline.cover(fingerprint, &place, today) == Cover::Covered;
            }
        }
    }
    provenances.retain(|token| !covered.contains(&token.finding.fingerprint));
    let is_covered = |finding: &Finding| covered.contains(&finding.fingerprint);
    let (known, open): (Vec<_>, Vec<_>) = std::mem::take(&mut result.findings).into_iter().partition(is_covered);
    result.findings = open;
    let reason = Reason::Baseline;
    result.allowed.extend(known.into_iter().map(|finding| Allowed { finding, reason, newly: false }));
}

/// The places of a token, each once. An object that no path leads to counts only if there is no other place: it may be an older
/// version of a file that was staged once, and other clones do not have it.
pub fn places(token: &Provenance) -> Vec<BaselinePlace> {
    let mut places: Vec<BaselinePlace> = token.occurrences.iter().map(place_of).collect();
    places.sort();
    places.dedup();
    if places.len() > 1 {
        places.retain(|place| !place.is_object());
    }
    places
}

fn place_of(occurrence: &Occurrence) -> BaselinePlace {
    BaselinePlace::of(occurrence.part, occurrence.path.as_ref())
}

/// The entries that cover no place of `provenances`, those of a complete scan of the history before [`apply_to_history`]. An object
/// that no path leads to may be in another clone, so its entry is never stale.
pub fn stale<'b>(baseline: &'b Baseline, provenances: &[Provenance]) -> Vec<&'b BaselineEntry> {
    let found: HashSet<(Fingerprint, BaselinePlace)> = provenances
        .iter()
        .flat_map(|token| token.occurrences.iter().map(|one| (token.finding.fingerprint, place_of(one))))
        .collect();
    let is_stale =
        |entry: &&BaselineEntry| !entry.place.is_object() && !found.contains(&(entry.fingerprint, entry.place.clone()));
    baseline.entries().iter().filter(is_stale).collect()
}
