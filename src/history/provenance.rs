//! The answer of a sweep, token by token: where and since when it is exposed.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::config::Allow;
use crate::detect::Detector;
use crate::finding::{Finding, Fingerprint, OriginKind, Part, Position, ShownPath};
use crate::history::database::History;
use crate::history::labels::Label;
use crate::history::token_history::{CommitFacts, Introduced, Sought, TokenHistory};
use crate::rule::Severity;
use crate::scan::engine::{Allowed, ScanResult};
use crate::scan::source::path_inside;
use crate::threads::Threads;

/// How exposed a token is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reachability {
    /// In what HEAD has, and on a remote branch.
    HeadAndRemote,
    Head,
    Remote,
    Branch,
    Tag,
    /// Under another ref: notes, a pull request.
    Ref,
    Stash,
    Index,
    Reflog,
    /// In an object that nothing leads to.
    Dangling,
    /// In files on disk, and in no object.
    Disk,
}

impl Reachability {
    pub fn name(self) -> &'static str {
        match self {
            Reachability::HeadAndRemote | Reachability::Head => "head",
            Reachability::Remote => "remote",
            Reachability::Branch => "branch",
            Reachability::Tag => "tag",
            Reachability::Ref => "ref",
            Reachability::Stash => "stash",
            Reachability::Index => "index",
            Reachability::Reflog => "reflog",
            Reachability::Dangling => "dangling",
            Reachability::Disk => "disk",
        }
    }

    /// Whether a ref leads to it, and not only what git forgets after a while.
    pub fn is_reachable(self) -> bool {
        self < Reachability::Index
    }

    fn of(trace: &TokenHistory) -> Self {
        let has = |wanted: fn(&Label) -> bool| trace.labels.iter().any(wanted);
        let remote = has(|label| matches!(label, Label::Remote(_)));
        match () {
            () if trace.at_head && remote => Reachability::HeadAndRemote,
            () if trace.at_head => Reachability::Head,
            () if remote => Reachability::Remote,
            () if has(|label| matches!(label, Label::Branch(_))) => Reachability::Branch,
            () if has(|label| matches!(label, Label::Tag(_))) => Reachability::Tag,
            () if has(|label| matches!(label, Label::Other(_))) => Reachability::Ref,
            () if has(|label| matches!(label, Label::Stash)) => Reachability::Stash,
            () if has(|label| matches!(label, Label::Index)) => Reachability::Index,
            () if has(|label| matches!(label, Label::Reflog(_))) => Reachability::Reflog,
            () => Reachability::Dangling,
        }
    }
}

/// Names as they may be shown, each masked once, however many tokens are told of there: a thousand in an author's name took 16 s.
pub struct Masks<'d> {
    detector: &'d Detector,
    known: RefCell<HashMap<Vec<u8>, Vec<u8>>>,
    persons: RefCell<HashMap<Vec<u8>, Vec<u8>>>,
}

impl<'d> Masks<'d> {
    pub fn new(detector: &'d Detector) -> Self {
        Self { detector, known: RefCell::default(), persons: RefCell::default() }
    }

    fn mask(&self, name: &[u8]) -> Vec<u8> {
        let mut known = self.known.borrow_mut();
        known.entry(name.to_owned()).or_insert_with(|| self.detector.mask(name)).clone()
    }

    fn shown(&self, name: &[u8]) -> ShownPath {
        ShownPath::from_masked(self.mask(name))
    }

    fn person(&self, name: &[u8]) -> ShownPath {
        let mut persons = self.persons.borrow_mut();
        let masked = persons.entry(name.to_owned()).or_insert_with(|| self.detector.mask_person(name));
        ShownPath::from_masked(masked.clone())
    }
}

/// A commit, fit to be shown.
#[derive(Clone, Debug)]
pub struct ShownCommit {
    pub id: String,
    pub author: ShownPath,
    /// `2024-01-02T03:04:05+00:00`.
    pub date: String,
}

impl ShownCommit {
    pub fn new(facts: &CommitFacts, masks: &Masks<'_>) -> Self {
        let author = masks.person(&facts.author);
        Self { id: facts.id.clone(), author, date: facts.date.clone() }
    }
}

/// Where a token came in, or stands beside all commits.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// None for what no commit has: it is staged, dangling, or on disk.
    pub commit: Option<ShownCommit>,
    pub path: Option<ShownPath>,
    pub part: Part,
    pub position: Option<Position>,
    /// The hex id of the object that holds it; None for a file on disk, or a name that no object has.
    pub object: Option<String>,
    /// Whether it is a file on disk.
    pub on_disk: bool,
    /// Whether no rule finds it there.
    pub by_value: bool,
}

/// One token's answer.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// One of the places where it stands: what it is, and how it may be shown.
    pub finding: Finding,
    pub reachability: Reachability,
    /// Where it came in, the oldest first, then where it stands beside all commits; never empty.
    pub occurrences: Vec<Occurrence>,
    pub last: Option<ShownCommit>,
    pub removed: Option<ShownCommit>,
    pub at_head: bool,
    /// Names of refs and reflogs that lead to it, masked.
    pub refs: Vec<ShownPath>,
    /// How many objects hold it.
    pub copies: usize,
    /// Those of them that are archives.
    pub archives: Vec<Archive>,
}

/// A blob that was unpacked.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Its hex id.
    pub object: String,
    /// One of its paths; None where it did not bring the token: an older version had that, or no commit has it.
    pub path: Option<ShownPath>,
}

/// What counts as one place of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A file, a message: the first time that it stands there.
    Object,
    /// Each time.
    Position,
}

/// Groups what was found by token and follows each through the history, worst first, then newest. What the allowlist's paths cover is
/// taken out of `result.findings`.
pub fn trace_provenance(
    result: &mut ScanResult,
    history: &History<'_>,
    detector: &Detector,
    allow: &Allow,
    detail: Detail,
    threads: Threads,
) -> Vec<Provenance> {
    let mut numbers: HashMap<Fingerprint, usize> = HashMap::new();
    let mut findings: Vec<Vec<Finding>> = Vec::new();
    for finding in std::mem::take(&mut result.findings) {
        let next = numbers.len();
        let number = *numbers.entry(finding.fingerprint).or_insert(next);
        if number == findings.len() {
            findings.push(Vec::new());
        }
        findings[number].push(finding);
    }
    if findings.is_empty() {
        return Vec::new();
    }
    let sought: Vec<Sought> = findings
        .iter()
        .enumerate()
        .flat_map(|(token, occurrences)| {
            let origins = occurrences.iter().filter_map(|place| place.origin.clone());
            origins.map(move |origin| Sought { token, origin })
        })
        .collect();
    let masks = Masks::new(detector);
    let traces = history.trace(&sought, findings.len(), threads);
    let mut provenances = Vec::new();
    for (occurrences, trace) in findings.into_iter().zip(traces) {
        match allowed_by_paths(&occurrences, &trace, allow, &masks) {
            Some(allowed) => result.allowed.extend(allowed),
            None => {
                provenances.push(provenance(&occurrences, &trace, &masks, detail));
                result.findings.extend(occurrences);
            }
        }
    }
    provenances.sort_by_cached_key(|one| {
        let came = one.occurrences.first().and_then(|place| place.commit.as_ref()).map(|commit| commit.date.clone());
        let is_test = one.finding.severity == Severity::Low;
        // A live key anywhere is worse than a test key at HEAD.
        (is_test, one.reachability, Reverse(one.finding.severity), Reverse(came), one.finding.fingerprint)
    });
    provenances
}

/// One for each path of a token that stands at allowed paths only.
fn allowed_by_paths(
    findings: &[Finding],
    trace: &TokenHistory,
    allow: &Allow,
    masks: &Masks<'_>,
) -> Option<Vec<Allowed>> {
    if findings.iter().any(has_no_path) {
        return None;
    }
    let mut paths: BTreeSet<Vec<u8>> = BTreeSet::new();
    for (path, object) in &trace.staged {
        paths.extend(all_held_by(findings, object, Detail::Object).into_iter().map(|finding| path_of(finding, path)));
    }
    for one in &trace.introduced {
        let path = one.path.as_ref()?;
        paths.extend(
            all_held_by(findings, &one.object, Detail::Object).into_iter().map(|finding| path_of(finding, path)),
        );
    }
    let staged = findings.iter().filter(|finding| finding.origin.is_none()).filter_map(|name| name.path.as_ref());
    paths.extend(staged.map(|path| path.as_bytes().to_vec()));
    let allowed = paths.iter().map(|path| {
        let shown = Some(masks.shown(path));
        let finding = Finding { path: shown, ..findings[0].clone() };
        Some(Allowed { finding, reason: allow.reason_for_path(path)?, newly: false })
    });
    allowed.collect::<Option<Vec<_>>>().filter(|allowed| !allowed.is_empty())
}

/// Whether it stands where no path could allow it: in a ref's name or a tag's words. An object that nothing leads to counts for
/// nothing here, since it may be an older state of the file that is allowed, staged once.
fn has_no_path(finding: &Finding) -> bool {
    finding.part == Part::Ref || finding.origin.as_ref().is_some_and(|origin| origin.kind == OriginKind::Tag)
}

fn provenance(findings: &[Finding], trace: &TokenHistory, masks: &Masks<'_>, detail: Detail) -> Provenance {
    let commit = |facts: &CommitFacts| ShownCommit::new(facts, masks);
    let reachability = findings.iter().filter_map(without_object).chain([Reachability::of(trace)]).min();
    let mut occurrences = introduced(findings, trace, masks, detail);
    let first = occurrences.first().and_then(|place| place.object.as_deref()).unwrap_or_default();
    let first = held_by(findings, first).clone();
    let staged = staged(findings, trace, masks, detail);
    let mut aside: Vec<&Finding> = findings.iter().filter(|finding| is_aside(finding, trace)).collect();
    aside.dedup_by_key(|finding| (finding.origin.as_ref(), finding.path.as_ref(), place_in_object(finding, detail)));
    // The name of a file that is staged and committed is no other place.
    let told =
        |place: &Occurrence| occurrences.iter().any(|other| (&other.path, other.part) == (&place.path, place.part));
    let aside: Vec<Occurrence> =
        aside.into_iter().map(as_found).filter(|place| place.object.is_some() || !told(place)).collect();
    occurrences.extend(staged.chain(aside));
    if occurrences.is_empty() {
        // A tree deeper than any path: nothing else tells of it.
        occurrences.extend(findings.iter().map(as_found));
    }
    let refs = trace.labels.iter().map(|label| masks.shown(name_of(label))).collect();
    let objects = findings.iter().filter_map(|finding| finding.origin.as_ref().map(|origin| &origin.id));
    Provenance {
        finding: first,
        reachability: reachability.expect("there is at least the trace's"),
        occurrences,
        last: trace.last.as_ref().map(commit),
        removed: trace.removed.as_ref().map(commit),
        at_head: trace.at_head,
        refs,
        copies: objects.collect::<BTreeSet<_>>().len(),
        archives: archives(findings, trace, masks),
    }
}

/// The archives among what holds it.
fn archives(findings: &[Finding], trace: &TokenHistory, masks: &Masks<'_>) -> Vec<Archive> {
    if !cfg!(feature = "archives") {
        return Vec::new();
    }
    let unpacked = findings.iter().filter(|finding| finding.path_in_archive().is_some());
    let objects: BTreeSet<&str> = unpacked.filter_map(|finding| Some(finding.origin.as_ref()?.id.as_str())).collect();
    let path_of = |object: &str| {
        let brought = trace.introduced.iter().filter(|one| one.object == object).filter_map(|one| one.path.as_ref());
        let staged = trace.staged.iter().filter(|(_, staged)| staged == object).map(|(path, _)| path);
        brought.chain(staged).next().map(|path| masks.shown(path))
    };
    objects.into_iter().map(|object| Archive { object: object.to_owned(), path: path_of(object) }).collect()
}

/// Where commits brought it.
fn introduced(findings: &[Finding], trace: &TokenHistory, masks: &Masks<'_>, detail: Detail) -> Vec<Occurrence> {
    let place = |one: &Introduced, finding: &Finding| Occurrence {
        commit: Some(ShownCommit::new(&one.commit, masks)),
        path: one.path.as_deref().map(|path| ShownPath::from_masked(path_of(finding, &masks.mask(path)))),
        part: if one.is_link && finding.part == Part::Content { Part::SymlinkTarget } else { finding.part },
        object: Some(one.object.clone()),
        ..as_found(finding)
    };
    let held = |one: &Introduced| all_held_by(findings, &one.object, detail);
    trace.introduced.iter().flat_map(|one| held(one).into_iter().map(move |finding| place(one, finding))).collect()
}

/// Where indexes have it and no commit that was told of does.
fn staged<'f>(
    findings: &'f [Finding],
    trace: &'f TokenHistory,
    masks: &'f Masks<'f>,
    detail: Detail,
) -> impl Iterator<Item = Occurrence> + use<'f> {
    let told = |path: &[u8]| trace.introduced.iter().any(|one| one.path.as_deref() == Some(path));
    trace.staged.iter().filter(move |(path, _)| !told(path)).flat_map(move |(path, object)| {
        let place = |finding| Occurrence {
            path: Some(ShownPath::from_masked(path_of(finding, &masks.mask(path)))),
            object: Some(object.clone()),
            ..as_found(finding)
        };
        all_held_by(findings, object, detail).into_iter().map(place)
    })
}

/// Whether neither commits nor indexes tell of what holds it: a name in no object, a tag's words, what is dangling.
fn is_aside(finding: &Finding, trace: &TokenHistory) -> bool {
    let Some(origin) = &finding.origin else { return true };
    trace.aside.contains(&origin.id) && trace.staged.iter().all(|(_, object)| *object != origin.id)
}

fn as_found(finding: &Finding) -> Occurrence {
    Occurrence {
        commit: None,
        // The path of an archive's own bytes is that of the archive, which has none here.
        path: finding.path.clone().filter(|path| !path.as_bytes().is_empty()),
        part: finding.part,
        position: finding.position,
        object: finding.origin.as_ref().map(|origin| origin.id.clone()),
        on_disk: false,
        by_value: finding.by_value,
    }
}

/// Adds to the answer of each token what was found of it in files on disk.
pub fn add_files(provenances: &mut Vec<Provenance>, findings: &[Finding]) {
    let mut numbers: HashMap<Fingerprint, usize> =
        provenances.iter().enumerate().map(|(number, one)| (one.finding.fingerprint, number)).collect();
    for finding in findings {
        let number = *numbers.entry(finding.fingerprint).or_insert_with(|| {
            provenances.push(only_on_disk(finding));
            provenances.len() - 1
        });
        provenances[number].occurrences.push(Occurrence { on_disk: true, ..as_found(finding) });
    }
}

fn only_on_disk(finding: &Finding) -> Provenance {
    Provenance {
        finding: finding.clone(),
        reachability: Reachability::Disk,
        occurrences: Vec::new(),
        last: None,
        removed: None,
        at_head: false,
        refs: Vec::new(),
        copies: 0,
        archives: Vec::new(),
    }
}

/// How exposed a token is in a name that stands in no object: a ref's, or that of a file that is staged only.
fn without_object(finding: &Finding) -> Option<Reachability> {
    let path = finding.path.as_ref()?.as_bytes();
    match finding.part {
        Part::Ref if path.starts_with(b"refs/remotes/") => Some(Reachability::Remote),
        Part::Ref if path.starts_with(b"refs/heads/") => Some(Reachability::Branch),
        Part::Ref if path.starts_with(b"refs/tags/") => Some(Reachability::Tag),
        Part::Ref => Some(Reachability::Ref),
        _ if finding.origin.is_none() => Some(Reachability::Index),
        _ => None,
    }
}

/// The path of what was found in an object that is at `path`: a folder's name that holds the token, a file in an archive, or
/// the object itself.
fn path_of(finding: &Finding, path: &[u8]) -> Vec<u8> {
    match (finding.path_in_archive(), finding.part) {
        (Some(inside), _) => path_inside(path, inside.as_bytes()),
        (None, Part::Name) => {
            let slash = if path.is_empty() { "" } else { "/" };
            [path, slash.as_bytes(), finding.name().unwrap_or_default().as_bytes()].concat()
        }
        (None, _) => path.to_owned(),
    }
}

/// What was found in the object, once for each file in it where that is an archive and for each name where it is a tree;
/// never empty.
fn all_held_by<'f>(findings: &'f [Finding], object: &str, detail: Detail) -> Vec<&'f Finding> {
    let by_object = |finding: &&Finding| finding.origin.as_ref().is_some_and(|origin| origin.id == object);
    let mut held: Vec<&Finding> = findings.iter().filter(by_object).collect();
    held.dedup_by_key(|finding| place_in_object(finding, detail));
    if held.is_empty() { vec![&findings[0]] } else { held }
}

/// What tells the places in one object apart.
fn place_in_object(
    finding: &Finding,
    detail: Detail,
) -> (Option<&ShownPath>, &'static str, Option<&str>, Option<Position>) {
    let position = finding.position.filter(|_| detail == Detail::Position);
    (finding.path_in_archive(), finding.part.name(), finding.name(), position)
}

fn held_by<'f>(findings: &'f [Finding], object: &str) -> &'f Finding {
    let by_object = |finding: &&Finding| finding.origin.as_ref().is_some_and(|origin| origin.id == object);
    findings.iter().find(by_object).unwrap_or(&findings[0])
}

fn name_of(label: &Label) -> &[u8] {
    match label {
        Label::Remote(name) | Label::Branch(name) | Label::Tag(name) | Label::Other(name) | Label::Reflog(name) => name,
        Label::Stash => b"refs/stash",
        Label::Index => b"index",
    }
}
