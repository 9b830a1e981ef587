//! The scan engine. It runs the detector on the units of a source, applies the allowlist, and collects the findings.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Mutex;

use crate::config::{Allow, AllowQuery, Reason};
use crate::detect::{Detector, Hit};
use crate::error::Error;
use crate::finding::{Finding, Fingerprint, Part, Position, SHOWN_TOKENS, ShownPath, Span};
use crate::git::mmap::take_lost;
use crate::rules::vendors;
use crate::scan::lines::Lines;
use crate::scan::source::{AddedFilter, Coverage, Skipped, Source, Unit, up_to_component};
use crate::secrets::Secrets;
use crate::threads::Threads;

/// The settings of a scan.
pub struct Scanner<'a> {
    pub detector: &'a Detector,
    pub allow: &'a Allow,
    /// The allowlist before the change, if the source is a change. What it did not allow is newly allowed by the change.
    pub before: Option<&'a Allow>,
    /// If set, collects the bytes of all findings that are not allowed.
    pub secrets: Option<&'a Secrets>,
    /// Called with each finding that is not allowed, once for each place and in no order, while the scan runs.
    pub on_finding: Option<&'a (dyn Fn(&Finding) + Sync)>,
}

/// The result of a scan. Findings are sorted by position.
#[derive(Debug, Default)]
pub struct ScanResult {
    pub findings: Vec<Finding>,
    pub allowed: Vec<Allowed>,
    pub commits: usize,
    pub files: usize,
    /// The number of git objects that were scanned.
    pub objects: usize,
    /// The number of objects that an earlier scan found clean, and that were not read again.
    pub known_clean: usize,
    pub bytes: u64,
    pub skipped: Vec<Skipped<ShownPath>>,
    /// Errors of reading, with masked texts. A scan with any of them must not report success.
    pub unread: Vec<Error>,
    /// Errors about missing content. A scan with any of them must not report success either.
    pub missing: Vec<Error>,
    /// Errors about missing content that the user accepts.
    pub accepted: Vec<Error>,
}

impl ScanResult {
    /// Returns whether everything was read. Only then may a report say that the source is clean.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty() && self.missing.is_empty()
    }

    /// Marks missing content as accepted by the user.
    pub fn accept_missing(&mut self) {
        self.accepted.append(&mut self.missing);
    }

    /// Adds the findings of a second pass over the same source. The counters stay as they are.
    pub fn add_second_pass(&mut self, other: ScanResult) {
        self.findings.extend(other.findings);
        self.findings.sort_by(by_position);
        self.allowed.extend(other.allowed);
        self.allowed.sort_by(|a, b| by_position(&a.finding, &b.finding));
        // Both passes report the same errors.
        self.unread.extend(other.unread);
        self.unread.sort();
        self.unread.dedup();
    }

    /// Adds the result of another scan.
    pub fn absorb(&mut self, other: ScanResult) {
        self.findings.extend(other.findings);
        self.allowed.extend(other.allowed);
        self.commits += other.commits;
        self.files += other.files;
        self.objects += other.objects;
        self.known_clean += other.known_clean;
        self.bytes += other.bytes;
        self.skipped.extend(other.skipped);
        self.unread.extend(other.unread);
        self.missing.extend(other.missing);
    }
}

/// A finding that is allowed.
#[derive(Debug)]
pub struct Allowed {
    pub finding: Finding,
    pub reason: Reason,
    /// Whether the scanned change itself allows it.
    pub newly: bool,
}

/// The findings of all threads.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    allowed: Vec<Allowed>,
    unread: Vec<Error>,
}

impl Scanner<'_> {
    /// Scans all units of `source` on up to `threads` threads.
    pub fn run(&self, source: &dyn Source, threads: Threads) -> ScanResult {
        let found = Mutex::new(Found::default());
        let mut coverage = source.visit(self.detector, threads, &|unit| self.scan(unit, &found));
        coverage.unread.extend(take_lost());
        let mut found = found.into_inner().expect("no thread panicked while it held the lock");
        found.findings.sort_by(by_position);
        found.findings.dedup_by(|next, kept| is_same(next, kept));
        found.allowed.sort_by(|a, b| by_position(&a.finding, &b.finding));
        found.allowed.dedup_by(|next, kept| is_same(&next.finding, &kept.finding));
        self.result(found, coverage)
    }

    /// Makes the result. Names and error messages are masked here, so that no later code sees them unmasked.
    fn result(&self, found: Found, coverage: Coverage) -> ScanResult {
        let Found { findings, allowed, mut unread } = found;
        unread.extend(coverage.unread);
        let masked = |error: Error| Error {
            context: self.detector.mask_sentence(&error.context),
            cause: self.detector.mask_sentence(&error.cause),
            ..error
        };
        let masked = |mut errors: Vec<Error>| {
            errors.sort();
            errors.into_iter().map(masked).collect()
        };
        let mut skipped = coverage.skipped;
        skipped.sort();
        ScanResult {
            findings,
            allowed,
            commits: coverage.commits,
            files: coverage.files,
            objects: coverage.objects,
            known_clean: coverage.known_clean,
            bytes: coverage.bytes,
            skipped: skipped.into_iter().map(|one| Skipped { path: self.shown(&one.path), why: one.why }).collect(),
            unread: masked(unread),
            missing: masked(coverage.missing),
            accepted: Vec::new(),
        }
    }

    fn shown(&self, path: &[u8]) -> ShownPath {
        ShownPath::from_masked(self.detector.mask(path))
    }

    fn scan(&self, unit: &Unit<'_>, found: &Mutex<Found>) {
        let all = unit.hits.map_or_else(|| Cow::Owned(self.detector.find(unit.bytes)), Cow::Borrowed);
        if all.is_empty() {
            return;
        }
        let hits = self.detector.reported(unit.bytes, &all);
        if hits.is_empty() {
            return;
        }
        let mut own = Found::default();
        let is_new = added(unit, &hits, &mut own.unread);
        // For a file in an archive blob, the allowlist is checked later, when the path of the blob is known.
        let path = unit.path.filter(|_| !unit.is_in_archive()).unwrap_or_default();
        let mut context = UnitContext {
            path: self.common_path(unit),
            allowed: self.allow.reason_for_path(path),
            allowed_before: self.before.and_then(|before| before.reason_for_path(path)),
            lines: Lines::default(),
            shown: HashSet::new(),
        };
        let mut counted = Vec::new();
        for hit in in_order_of_report(unit, &hits, &is_new) {
            if self.classify(unit, hit, &mut context, &mut own) {
                counted.push(hit);
            }
        }
        if let Some(secrets) = self.secrets {
            secrets.add_tokens(&counted);
            // Replacing bytes would break an archive.
            if !counted.is_empty() && !unit.is_in_archive() {
                secrets.add_forms(self.detector, unit.bytes, unit.part, counted.into_iter().cloned().collect());
            }
        }
        if let Some(on_finding) = self.on_finding {
            own.findings.iter().for_each(on_finding);
        }
        let mut found = found.lock().expect("no thread panicked while it held the lock");
        found.findings.append(&mut own.findings);
        found.allowed.append(&mut own.allowed);
        found.unread.append(&mut own.unread);
    }

    /// Returns the path for all findings in the unit. `None` if the unit is a path: a finding in it has the path up to the token.
    fn common_path(&self, unit: &Unit<'_>) -> Option<ShownPath> {
        unit.path.filter(|_| unit.part != Part::Name).map(|path| self.shown(path))
    }

    /// Adds a hit to the findings or to the allowed ones. Returns true if it is not allowed.
    fn classify(&self, unit: &Unit<'_>, hit: &Hit, context: &mut UnitContext, found: &mut Found) -> bool {
        let (position, line) = if unit.part.has_lines() {
            let (position, line) = context.lines.position(unit.bytes, hit);
            (Some(position), line)
        } else {
            (None, 0..unit.bytes.len())
        };
        let query = AllowQuery {
            by_path: context.allowed,
            fingerprint: hit.fingerprint,
            bytes: unit.bytes,
            line: &line,
            token: &hit.span,
        };
        let reason = self.allow.reason(&query);
        let is_shown = unit.part == Part::Name || (reason.is_none() && context.shows(hit.fingerprint));
        let excerpt = is_shown.then(|| self.detector.excerpt(unit.bytes, &line, hit));
        let finding = Finding { excerpt, ..self.finding(unit, hit, context, position) };
        match reason {
            None => found.findings.push(finding),
            Some(reason) => {
                let query = AllowQuery { by_path: context.allowed_before, ..query };
                let newly = self.before.is_some_and(|before| is_newly_allowed(reason, before.reason(&query)));
                found.allowed.push(Allowed { finding, reason, newly });
            }
        }
        reason.is_none()
    }

    /// Makes a finding without an excerpt.
    fn finding(&self, unit: &Unit<'_>, hit: &Hit, context: &UnitContext, position: Option<Position>) -> Finding {
        let up_to_token = || unit.path.map(|path| self.shown(up_to_component(path, hit.span.end)));
        Finding {
            rule: hit.rule,
            severity: hit.severity,
            fingerprint: hit.fingerprint,
            redacted: hit.redacted.clone(),
            path: context.path.clone().or_else(up_to_token),
            part: unit.part,
            origin: unit.origin.cloned(),
            position,
            encoding: hit.encoding,
            by_value: self.detector.is_beyond_rules(),
            known: None,
            likely: vendors::likely(hit.rule.id, unit.bytes, &hit.span, unit.path.unwrap_or_default()),
            excerpt: None,
        }
    }
}

/// The state while the hits of one unit are classified in order.
struct UnitContext {
    path: Option<ShownPath>,
    /// The reason why the allowlist allows every token of the file.
    allowed: Option<Reason>,
    /// The same for the allowlist before the change.
    allowed_before: Option<Reason>,
    lines: Lines,
    /// The tokens that have an excerpt already.
    shown: HashSet<Fingerprint>,
}

impl UnitContext {
    /// Returns whether a hit gets an excerpt. Only the first hit of a token does, and only the first tokens of a unit.
    fn shows(&mut self, token: Fingerprint) -> bool {
        self.shown.len() < SHOWN_TOKENS && self.shown.insert(token)
    }
}

/// Returns the new hits in the order of [`by_position`].
fn in_order_of_report<'h>(unit: &Unit<'_>, hits: &'h [Hit], is_new: &[bool]) -> Vec<&'h Hit> {
    let mut new: Vec<&Hit> = hits.iter().zip(is_new).filter(|(_, is_new)| **is_new).map(|(hit, _)| hit).collect();
    if !unit.part.has_lines() {
        new.sort_by_key(|hit| hit.fingerprint);
    }
    new
}

/// Returns for each hit whether it is new. If that cannot be determined, all hits count as new, and the scan reports the error.
fn added(unit: &Unit<'_>, hits: &[Hit], unread: &mut Vec<Error>) -> Vec<bool> {
    let all = || vec![true; hits.len()];
    match unit.added {
        AddedFilter::Whole => all(),
        AddedFilter::Compared(compare) => {
            let spans: Vec<Span> = hits.iter().map(|hit| hit.span.clone()).collect();
            compare(&spans).unwrap_or_else(|error| {
                unread.push(error);
                all()
            })
        }
    }
}

/// Returns whether the change is what allows a finding. A marker is on an added line, so it comes with the change. `--allow` is not
/// part of the change.
fn is_newly_allowed(reason: Reason, before: Option<Reason>) -> bool {
    match reason {
        Reason::Option(_) | Reason::Baseline => false,
        Reason::Marker => true,
        Reason::Glob(_) | Reason::Fingerprint(_) => !matches!(before, Some(Reason::Glob(_) | Reason::Fingerprint(_))),
    }
}

fn by_position(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let position = |f: &Finding| (f.part == Part::Content, f.position, f.fingerprint, f.part.name());
    // Findings that are in no object, such as the name of a branch, come last.
    let by_origin = a.origin.is_none().cmp(&b.origin.is_none()).then_with(|| a.origin.cmp(&b.origin));
    by_origin.then_with(|| a.path.cmp(&b.path)).then_with(|| position(a).cmp(&position(b)))
}

/// Returns whether two neighboring findings are duplicates. The name of a new folder is scanned once for each file in it, and the
/// author of a commit is usually its committer. A tree has no path here, so each name in it counts.
fn is_same(next: &Finding, kept: &Finding) -> bool {
    !next.part.has_lines() && by_position(next, kept).is_eq() && (next.path.is_some() || next.name() == kept.name())
}
