//! The answer of a sweep, token by token: where and since when it is exposed.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::config::Allow;
use crate::detect::Detector;
use crate::finding::{Finding, Fingerprint, OriginKind, Part, Position, ShownPath};
use crate::history::database::History;
use crate::history::labels::Label;
use crate::history::token_history::{CommitFacts, Introduced, Sought, Trace};
use crate::rule::Severity;
use crate::scan::engine::{Allowed, Outcome};
use crate::scan::source::path_inside;
use crate::threads::Threads;

/// How exposed a token is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
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

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Standing::HeadAndRemote | Standing::Head => "head",
            Standing::Remote => "remote",
            Standing::Branch => "branch",
            Standing::Tag => "tag",
            Standing::Ref => "ref",
            Standing::Stash => "stash",
            Standing::Index => "index",
            Standing::Reflog => "reflog",
            Standing::Dangling => "dangling",
            Standing::Disk => "disk",
        }
    }

    /// Whether a ref leads to it, and not only what git forgets after a while.
    pub fn is_reachable(self) -> bool {
        self < Standing::Index
    }

    fn of(trace: &Trace) -> Self {
        let has = |wanted: fn(&Label) -> bool| trace.labels.iter().any(wanted);
        let remote = has(|label| matches!(label, Label::Remote(_)));
        match () {
            () if trace.at_head && remote => Standing::HeadAndRemote,
            () if trace.at_head => Standing::Head,
            () if remote => Standing::Remote,
            () if has(|label| matches!(label, Label::Branch(_))) => Standing::Branch,
            () if has(|label| matches!(label, Label::Tag(_))) => Standing::Tag,
            () if has(|label| matches!(label, Label::Other(_))) => Standing::Ref,
            () if has(|label| matches!(label, Label::Stash)) => Standing::Stash,
            () if has(|label| matches!(label, Label::Index)) => Standing::Index,
            () if has(|label| matches!(label, Label::Reflog(_))) => Standing::Reflog,
            () => Standing::Dangling,
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
pub struct Place {
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
pub struct Exposure {
    /// One of the places where it stands: what it is, and how it may be shown.
    pub finding: Finding,
    pub standing: Standing,
    /// Where it came in, the oldest first, then where it stands beside all commits; never empty.
    pub places: Vec<Place>,
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
/// taken out of `outcome.findings`.
pub fn expose(
    outcome: &mut Outcome,
    history: &History<'_>,
    detector: &Detector,
    allow: &Allow,
    detail: Detail,
    threads: Threads,
) -> Vec<Exposure> {
    let mut numbers: HashMap<Fingerprint, usize> = HashMap::new();
    let mut findings: Vec<Vec<Finding>> = Vec::new();
    for finding in std::mem::take(&mut outcome.findings) {
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
        .flat_map(|(token, places)| {
            let origins = places.iter().filter_map(|place| place.origin.clone());
            origins.map(move |origin| Sought { token, origin })
        })
        .collect();
    let masks = Masks::new(detector);
    let traces = history.trace(&sought, findings.len(), threads);
    let mut exposures = Vec::new();
    for (places, trace) in findings.into_iter().zip(traces) {
        match allowed_by_paths(&places, &trace, allow, &masks) {
            Some(allowed) => outcome.allowed.extend(allowed),
            None => {
                exposures.push(exposure(&places, &trace, &masks, detail));
                outcome.findings.extend(places);
            }
        }
    }
    exposures.sort_by_cached_key(|one| {
        let came = one.places.first().and_then(|place| place.commit.as_ref()).map(|commit| commit.date.clone());
        let is_test = one.finding.severity == Severity::Low;
        // A live key anywhere is worse than a test key at HEAD.
        (is_test, one.standing, Reverse(one.finding.severity), Reverse(came), one.finding.fingerprint)
    });
    exposures
}

/// One for each path of a token that stands at allowed paths only.
fn allowed_by_paths(findings: &[Finding], trace: &Trace, allow: &Allow, masks: &Masks<'_>) -> Option<Vec<Allowed>> {
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

fn exposure(findings: &[Finding], trace: &Trace, masks: &Masks<'_>, detail: Detail) -> Exposure {
    let commit = |facts: &CommitFacts| ShownCommit::new(facts, masks);
    let standing = findings.iter().filter_map(without_object).chain([Standing::of(trace)]).min();
    let mut places = introduced(findings, trace, masks, detail);
    let first = places.first().and_then(|place| place.object.as_deref()).unwrap_or_default();
    let first = held_by(findings, first).clone();
    let staged = staged(findings, trace, masks, detail);
    let mut aside: Vec<&Finding> = findings.iter().filter(|finding| is_aside(finding, trace)).collect();
    aside.dedup_by_key(|finding| (finding.origin.as_ref(), finding.path.as_ref(), place_in_object(finding, detail)));
    // The name of a file that is staged and committed is no other place.
    let told = |place: &Place| places.iter().any(|other| (&other.path, other.part) == (&place.path, place.part));
    let aside: Vec<Place> =
        aside.into_iter().map(as_found).filter(|place| place.object.is_some() || !told(place)).collect();
    places.extend(staged.chain(aside));
    if places.is_empty() {
        // A tree deeper than any path: nothing else tells of it.
        places.extend(findings.iter().map(as_found));
    }
    let refs = trace.labels.iter().map(|label| masks.shown(name_of(label))).collect();
    let objects = findings.iter().filter_map(|finding| finding.origin.as_ref().map(|origin| &origin.id));
    Exposure {
        finding: first,
        standing: standing.expect("there is at least the trace's"),
        places,
        last: trace.last.as_ref().map(commit),
        removed: trace.removed.as_ref().map(commit),
        at_head: trace.at_head,
        refs,
        copies: objects.collect::<BTreeSet<_>>().len(),
        archives: archives(findings, trace, masks),
    }
}

/// The archives among what holds it.
fn archives(findings: &[Finding], trace: &Trace, masks: &Masks<'_>) -> Vec<Archive> {
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
fn introduced(findings: &[Finding], trace: &Trace, masks: &Masks<'_>, detail: Detail) -> Vec<Place> {
    let place = |one: &Introduced, finding: &Finding| Place {
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
    trace: &'f Trace,
    masks: &'f Masks<'f>,
    detail: Detail,
) -> impl Iterator<Item = Place> + use<'f> {
    let told = |path: &[u8]| trace.introduced.iter().any(|one| one.path.as_deref() == Some(path));
    trace.staged.iter().filter(move |(path, _)| !told(path)).flat_map(move |(path, object)| {
        let place = |finding| Place {
            path: Some(ShownPath::from_masked(path_of(finding, &masks.mask(path)))),
            object: Some(object.clone()),
            ..as_found(finding)
        };
        all_held_by(findings, object, detail).into_iter().map(place)
    })
}

/// Whether neither commits nor indexes tell of what holds it: a name in no object, a tag's words, what is dangling.
fn is_aside(finding: &Finding, trace: &Trace) -> bool {
    let Some(origin) = &finding.origin else { return true };
    trace.aside.contains(&origin.id) && trace.staged.iter().all(|(_, object)| *object != origin.id)
}

fn as_found(finding: &Finding) -> Place {
    Place {
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
pub fn add_files(exposures: &mut Vec<Exposure>, findings: &[Finding]) {
    let mut numbers: HashMap<Fingerprint, usize> =
        exposures.iter().enumerate().map(|(number, one)| (one.finding.fingerprint, number)).collect();
    for finding in findings {
        let number = *numbers.entry(finding.fingerprint).or_insert_with(|| {
            exposures.push(only_on_disk(finding));
            exposures.len() - 1
        });
        exposures[number].places.push(Place { on_disk: true, ..as_found(finding) });
    }
}

fn only_on_disk(finding: &Finding) -> Exposure {
    Exposure {
        finding: finding.clone(),
        standing: Standing::Disk,
        places: Vec::new(),
        last: None,
        removed: None,
        at_head: false,
        refs: Vec::new(),
        copies: 0,
        archives: Vec::new(),
    }
}

/// How exposed a token is in a name that stands in no object: a ref's, or that of a file that is staged only.
fn without_object(finding: &Finding) -> Option<Standing> {
    let path = finding.path.as_ref()?.as_bytes();
    match finding.part {
        Part::Ref if path.starts_with(b"refs/remotes/") => Some(Standing::Remote),
        Part::Ref if path.starts_with(b"refs/heads/") => Some(Standing::Branch),
        Part::Ref if path.starts_with(b"refs/tags/") => Some(Standing::Tag),
        Part::Ref => Some(Standing::Ref),
        _ if finding.origin.is_none() => Some(Standing::Index),
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
