//! The one place where a source, the detector and the allowlist meet.

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
use crate::scan::source::{AddedFilter, Coverage, Source, Unit, up_to_component};
use crate::secrets::Secrets;
use crate::threads::Threads;

/// How to scan.
pub struct Scanner<'a> {
    pub detector: &'a Detector,
    pub allow: &'a Allow,
    /// What was allowed before, where the source is a change: the rest is newly allowed by it.
    pub before: Option<&'a Allow>,
    /// Where to keep the bytes of what is found and not allowed.
    pub secrets: Option<&'a Secrets>,
    /// Gets what counts as soon as it is met, in no order and once for each place.
    pub tell: Option<&'a (dyn Fn(&Finding) + Sync)>,
}

/// What came of it, in order of place.
#[derive(Debug, Default)]
pub struct ScanResult {
    pub findings: Vec<Finding>,
    pub allowed: Vec<Allowed>,
    pub commits: usize,
    pub files: usize,
    /// Git objects read for scanning.
    pub objects: usize,
    /// Those that were clean before, and not read again.
    pub known_clean: usize,
    pub bytes: u64,
    pub skipped: Vec<LeftOut>,
    /// What could not be read, its words masked. Not empty: nobody may say "clean".
    pub unread: Vec<Error>,
    /// What is not here to be read, likewise.
    pub missing: Vec<Error>,
    /// What is not here to be read, and the user accepts that.
    pub accepted: Vec<Error>,
}

impl ScanResult {
    /// Whether all was read: only then may anybody say "clean".
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty() && self.missing.is_empty()
    }

    /// The user knows that what is not here was not scanned.
    pub fn accept_missing(&mut self) {
        self.accepted.append(&mut self.missing);
    }

    /// Takes in what a second pass over the same source found, which read nothing besides.
    pub fn add_second_pass(&mut self, other: ScanResult) {
        self.findings.extend(other.findings);
        self.findings.sort_by(by_place);
        self.allowed.extend(other.allowed);
        self.allowed.sort_by(|a, b| by_place(&a.finding, &b.finding));
        // What can be read by neither pass is the same.
        self.unread.extend(other.unread);
        self.unread.sort();
        self.unread.dedup();
    }

    /// Takes in what came of another scan.
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

/// Something that is no part of what was asked for.
#[derive(Debug)]
pub struct LeftOut {
    pub path: ShownPath,
    pub why: &'static str,
}

/// A finding that something silences.
#[derive(Debug)]
pub struct Allowed {
    pub finding: Finding,
    pub reason: Reason,
    /// Whether it is this very change that allows it.
    pub newly: bool,
}

/// What the threads find, together.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    allowed: Vec<Allowed>,
    unread: Vec<Error>,
}

impl Scanner<'_> {
    /// Scans all that `source` has, on up to as many `threads`.
    pub fn run(&self, source: &dyn Source, threads: Threads) -> ScanResult {
        let found = Mutex::new(Found::default());
        let mut coverage = source.visit(self.detector, threads, &|unit| self.scan(unit, &found));
        coverage.unread.extend(take_lost());
        let mut found = found.into_inner().expect("no thread panicked while it held the lock");
        found.findings.sort_by(by_place);
        found.findings.dedup_by(|next, kept| is_same(next, kept));
        found.allowed.sort_by(|a, b| by_place(&a.finding, &b.finding));
        found.allowed.dedup_by(|next, kept| is_same(&next.finding, &kept.finding));
        self.result(found, coverage)
    }

    /// Puts together what may be shown: names and messages are masked here, and travel on in no other form.
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
            skipped: skipped.into_iter().map(|one| LeftOut { path: self.shown(&one.path), why: one.why }).collect(),
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
        let mut mine = Found::default();
        let is_new = added(unit, &hits, &mut mine.unread);
        // A path in a blob is asked of once it is known where that stands.
        let path = unit.path.filter(|_| !unit.is_in_archive()).unwrap_or_default();
        let mut place = UnitContext {
            path: self.path_of_all(unit),
            allowed: self.allow.reason_for_path(path),
            allowed_before: self.before.and_then(|before| before.reason_for_path(path)),
            lines: Lines::default(),
            shown: HashSet::new(),
        };
        let mut counted = Vec::new();
        for hit in in_order_of_report(unit, &hits, &is_new) {
            if self.classify(unit, hit, &mut place, &mut mine) {
                counted.push(hit);
            }
        }
        if let Some(secrets) = self.secrets {
            secrets.add_tokens(&counted);
            // No replacement mends an archive.
            if !counted.is_empty() && !unit.is_in_archive() {
                secrets.add_forms(self.detector, unit.bytes, unit.part, counted.into_iter().cloned().collect());
            }
        }
        if let Some(tell) = self.tell {
            mine.findings.iter().for_each(tell);
        }
        let mut found = found.lock().expect("no thread panicked while it held the lock");
        found.findings.append(&mut mine.findings);
        found.allowed.append(&mut mine.allowed);
        found.unread.append(&mut mine.unread);
    }

    /// The path of all that is found in the unit. A token in a path has that up to itself.
    fn path_of_all(&self, unit: &Unit<'_>) -> Option<ShownPath> {
        unit.path.filter(|_| unit.part != Part::Name).map(|path| self.shown(path))
    }

    /// Whether it counts: nothing allows it.
    fn classify(&self, unit: &Unit<'_>, hit: &Hit, place: &mut UnitContext, found: &mut Found) -> bool {
        let (position, line) = if unit.part.has_lines() {
            let (_, line) = place.lines.of(unit.bytes, &hit.span);
            (Some(place.lines.position(unit.bytes, hit)), line)
        } else {
            (None, 0..unit.bytes.len())
        };
        let asked = AllowQuery {
            by_path: place.allowed,
            fingerprint: hit.fingerprint,
            bytes: unit.bytes,
            line: &line,
            token: &hit.span,
        };
        let reason = self.allow.reason(&asked);
        let is_shown = unit.part == Part::Name || (reason.is_none() && place.shows(hit.fingerprint));
        let excerpt = is_shown.then(|| self.detector.excerpt(unit.bytes, &line, hit));
        let finding = Finding { excerpt, ..self.finding(unit, hit, place, position) };
        match reason {
            None => found.findings.push(finding),
            Some(reason) => {
                let asked = AllowQuery { by_path: place.allowed_before, ..asked };
                let newly = self.before.is_some_and(|before| is_news(reason, before.reason(&asked)));
                found.allowed.push(Allowed { finding, reason, newly });
            }
        }
        reason.is_none()
    }

    /// Without an excerpt.
    fn finding(&self, unit: &Unit<'_>, hit: &Hit, place: &UnitContext, position: Option<Position>) -> Finding {
        let up_to_token = || unit.path.map(|path| self.shown(up_to_component(path, hit.span.end)));
        Finding {
            rule: hit.rule,
            severity: hit.severity,
            fingerprint: hit.fingerprint,
            redacted: hit.redacted.clone(),
            path: place.path.clone().or_else(up_to_token),
            part: unit.part,
            origin: unit.origin.cloned(),
            position,
            encoding: hit.encoding,
            by_value: self.detector.is_beyond_rules(),
            likely: vendors::likely(hit.rule.id, unit.bytes, &hit.span, unit.path.unwrap_or_default()),
            excerpt: None,
        }
    }
}

/// Where in a unit the tokens stand that are judged, one after the other.
struct UnitContext {
    path: Option<ShownPath>,
    /// Whether the configuration allows every token of the file, and whether the one before the change did.
    allowed: Option<Reason>,
    allowed_before: Option<Reason>,
    lines: Lines,
    /// The tokens that have an excerpt.
    shown: HashSet<Fingerprint>,
}

impl UnitContext {
    /// Whether a report for people may show the text round this one: at its first place, and if it is one of the first tokens.
    fn shows(&mut self, token: Fingerprint) -> bool {
        self.shown.len() < SHOWN_TOKENS && self.shown.insert(token)
    }
}

/// Those that are new, in the order of [`by_place`].
fn in_order_of_report<'h>(unit: &Unit<'_>, hits: &'h [Hit], is_new: &[bool]) -> Vec<&'h Hit> {
    let mut new: Vec<&Hit> = hits.iter().zip(is_new).filter(|(_, is_new)| **is_new).map(|(hit, _)| hit).collect();
    if !unit.part.has_lines() {
        new.sort_by_key(|hit| hit.fingerprint);
    }
    new
}

/// Which hits are new. Where that cannot be told, all of them are, and the scan says so.
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

/// A marker on an added line comes with the change; an option is the user's own doing, now.
fn is_news(reason: Reason, before: Option<Reason>) -> bool {
    match reason {
        Reason::Option(_) => false,
        Reason::Marker => true,
        Reason::Glob(_) | Reason::Fingerprint(_) => !matches!(before, Some(Reason::Glob(_) | Reason::Fingerprint(_))),
    }
}

fn by_place(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let place = |f: &Finding| (f.part == Part::Content, f.position, f.fingerprint, f.part.name());
    // What no object brought, the name of a branch, comes last.
    let by_origin = a.origin.is_none().cmp(&b.origin.is_none()).then_with(|| a.origin.cmp(&b.origin));
    by_origin.then_with(|| a.path.cmp(&b.path)).then_with(|| place(a).cmp(&place(b)))
}

/// Whether two that follow each other stand in one place. A folder's name is seen once for each file that came with it, and an
/// author is the committer mostly. Of a tree, which has no path here, each name counts.
fn is_same(next: &Finding, kept: &Finding) -> bool {
    !next.part.has_lines() && by_place(next, kept).is_eq() && (next.path.is_some() || next.name() == kept.name())
}
