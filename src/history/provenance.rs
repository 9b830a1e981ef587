//! The provenance of each token: where it is, since when, and from which names it is reachable.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::config::Allow;
use crate::detect::Detector;
use crate::finding::{Finding, Fingerprint, OriginKind, Part, Position, ShownPath};
use crate::git::date::iso8601;
use crate::history::database::History;
use crate::history::graph_collector::GraphCollector;
use crate::history::labels::Label;
use crate::history::mask_cache::MaskCache;
use crate::history::token_history::{AtRemote, CommitFacts, Introduced, TokenHistory, TokenObject};
use crate::rule::Severity;
use crate::scan::engine::{Allowed, ScanResult};
use crate::scan::source::path_inside;
use crate::threads::Threads;

/// From where a token is reachable, the most exposed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reachability {
    /// In HEAD and in a remote-tracking branch.
    HeadAndRemote,
    Head,
    Remote,
    Branch,
    Tag,
    /// Another ref, such as notes or a pull request.
    Ref,
    Stash,
    Index,
    Reflog,
    /// Only in unreachable objects.
    Dangling,
    /// Only in files on disk.
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

    /// Returns whether the token is reachable from a ref. The index and reflogs do not count, since git drops their objects later.
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

/// A commit with masked names, for reports.
#[derive(Clone, Debug)]
pub struct ShownCommit {
    pub id: String,
    pub author: ShownPath,
    /// `2024-01-02T03:04:05+00:00`.
    pub date: String,
    /// The same in seconds since 1970.
    pub time: i64,
}

impl ShownCommit {
    pub fn new(facts: &CommitFacts, masks: &MaskCache<'_>) -> Self {
        let author = masks.person(&facts.author);
        Self { id: facts.id.clone(), author, date: facts.date.clone(), time: facts.time }
    }
}

/// A place where a commit introduced a token, or a place outside of all commits.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// `None` if no commit has the token at this place: it is staged, unreachable, or on disk.
    pub commit: Option<ShownCommit>,
    pub path: Option<ShownPath>,
    pub part: Part,
    pub position: Option<Position>,
    /// The hex id of the object that contains the token. `None` for a file on disk, and for a name that is in no object.
    pub object: Option<String>,
    pub on_disk: bool,
    /// Whether the token was found by its value, where no rule matches.
    pub by_value: bool,
    /// Whether the baseline covers this place of a token, although it does not cover all.
    pub baselined: bool,
}

/// The history of one token, with masked names, for reports.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// The finding at the first occurrence.
    pub finding: Finding,
    pub reachability: Reachability,
    /// First the places where commits introduced the token, oldest first, then the places outside of all commits. Never empty.
    pub occurrences: Vec<Occurrence>,
    /// The newest commit that contains the token.
    pub last: Option<ShownCommit>,
    /// The commit that removed the token. See [`TokenHistory::removed`].
    pub removed: Option<ShownCommit>,
    pub at_head: bool,
    /// The first push of the token from this clone.
    pub pushed: Option<ShownPush>,
    /// The masked names of refs and reflogs from which the token is reachable.
    pub refs: Vec<ShownPath>,
    /// The number of objects that contain the token.
    pub copies: usize,
    /// The archives among these objects.
    pub archives: Vec<Archive>,
}

/// The first push of a token from this clone, with a masked name. Only this clone's pushes are known.
#[derive(Clone, Debug)]
pub struct ShownPush {
    /// `2024-01-02T03:04:05+00:00`.
    pub date: String,
    /// The same in seconds since 1970.
    pub time: i64,
    /// The full name of the tracking ref: `refs/remotes/origin/main`.
    pub name: ShownPath,
    /// How long after it a commit of this clone removed the token, in seconds. `None` if none did, or before the push.
    pub removed_locally_after: Option<u64>,
    pub at_remote: ShownAtRemote,
}

impl ShownPush {
    /// The tracking refs whose files contain the token.
    pub fn still_in(&self) -> &[ShownPath] {
        if let ShownAtRemote::InFiles(names) = &self.at_remote { names } else { &[] }
    }
}

/// What remotes have of a token, as far as the tracking refs of this clone show, with masked names.
#[derive(Clone, Debug)]
pub enum ShownAtRemote {
    /// The files of these tracking refs contain the token.
    InFiles(Vec<ShownPath>),
    InHistory {
        /// How long after the push the last remote branch lost the token, in seconds. `None` if it was removed from the files before the
        /// push, or if no commit removed it.
        removed_after: Option<u64>,
        /// Whether that was the time of a recorded push. Otherwise it is the date of the commit that removed the token.
        is_push: bool,
    },
    /// No tracking ref reaches the token.
    Unreachable,
}

/// A blob that was unpacked.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The hex id of the blob.
    pub object: String,
    /// A path of the blob. `None` if it did not introduce the token, since an older version of the archive contained it, or if no
    /// commit has it.
    pub path: Option<ShownPath>,
}

/// Which places of a token are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The first position in each file or message.
    Object,
    /// All positions.
    Position,
}

/// Groups findings by token, and traces each token through the history. Tokens are sorted by exposure, then newest first. Findings
/// that a path of the allowlist allows are moved from `result.findings` to `result.allowed`.
pub fn trace_provenance(
    result: &mut ScanResult,
    history: &History<'_>,
    detector: &Detector,
    allow: &Allow,
    detail: Detail,
    collected: Option<GraphCollector<'_>>,
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
    let objects: Vec<TokenObject> = findings
        .iter()
        .enumerate()
        .flat_map(|(token, occurrences)| {
            let origins = occurrences.iter().filter_map(|finding| finding.origin.clone());
            origins.map(move |origin| TokenObject { token, origin })
        })
        .collect();
    let masks = MaskCache::new(detector);
    let traces = history.trace(&objects, findings.len(), collected, threads);
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
    provenances.sort_by_cached_key(|token| {
        let introduced = token.occurrences.first().and_then(|place| place.commit.as_ref());
        let date = introduced.map(|commit| commit.date.clone());
        let is_test = token.finding.severity == Severity::Low;
        // A live key anywhere is worse than a test key in HEAD.
        (is_test, token.reachability, Reverse(token.finding.severity), Reverse(date), token.finding.fingerprint)
    });
    provenances
}

/// If the allowlist allows every path of a token, returns one entry for each path.
fn allowed_by_paths(
    findings: &[Finding],
    trace: &TokenHistory,
    allow: &Allow,
    masks: &MaskCache<'_>,
) -> Option<Vec<Allowed>> {
    if findings.iter().any(has_no_path) {
        return None;
    }
    let mut paths: BTreeSet<Vec<u8>> = BTreeSet::new();
    for (path, object) in &trace.staged {
        paths.extend(findings_in(findings, object, Detail::Object).into_iter().map(|finding| path_of(finding, path)));
    }
    for introduced in &trace.introduced {
        let path = introduced.path.as_ref()?;
        let found = findings_in(findings, &introduced.object, Detail::Object);
        paths.extend(found.into_iter().map(|finding| path_of(finding, path)));
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

/// Returns whether no path can allow the finding, since it is in the name of a ref or in the text of a tag. A finding in an
/// unreachable object does not count, since the object may be an older version of an allowed file that was staged once.
fn has_no_path(finding: &Finding) -> bool {
    finding.part == Part::Ref || finding.origin.as_ref().is_some_and(|origin| origin.kind == OriginKind::Tag)
}

fn provenance(findings: &[Finding], trace: &TokenHistory, masks: &MaskCache<'_>, detail: Detail) -> Provenance {
    let commit = |facts: &CommitFacts| ShownCommit::new(facts, masks);
    let reachability = findings.iter().filter_map(without_object).chain([Reachability::of(trace)]).min();
    let mut occurrences = introduced(findings, trace, masks, detail);
    let first = occurrences.first().and_then(|place| place.object.as_deref()).unwrap_or_default();
    let first = finding_in(findings, first).clone();
    let staged = staged(findings, trace, masks, detail);
    let mut others: Vec<&Finding> = findings.iter().filter(|finding| is_uncommitted(finding, trace)).collect();
    others.dedup_by_key(|finding| (finding.origin.as_ref(), finding.path.as_ref(), place_in_object(finding, detail)));
    // If a file is both staged and committed, its name is one place.
    let is_known =
        |place: &Occurrence| occurrences.iter().any(|other| (&other.path, other.part) == (&place.path, place.part));
    let others = others.into_iter().map(occurrence_without_commit);
    let others: Vec<Occurrence> = others.filter(|place| place.object.is_some() || !is_known(place)).collect();
    occurrences.extend(staged.chain(others));
    if occurrences.is_empty() {
        // The tree is deeper than the limit for paths.
        occurrences.extend(findings.iter().map(occurrence_without_commit));
    }
    let refs = trace.labels.iter().map(|label| masks.shown(name_of(label))).collect();
    let objects = findings.iter().filter_map(|finding| finding.origin.as_ref().map(|origin| &origin.id));
    Provenance {
        finding: first,
        reachability: reachability.expect("the iterator contains that of the trace"),
        occurrences,
        last: trace.last.as_ref().map(commit),
        removed: trace.removed.as_ref().map(commit),
        at_head: trace.at_head,
        pushed: pushed(trace, masks),
        refs,
        copies: objects.collect::<BTreeSet<_>>().len(),
        archives: archives(findings, trace, masks),
    }
}

/// Returns the first push of the token.
fn pushed(trace: &TokenHistory, masks: &MaskCache<'_>) -> Option<ShownPush> {
    let push = trace.pushed.as_ref()?;
    let after = |time: i64| u64::try_from(time.checked_sub(push.time)?).ok();
    let at_remote = match trace.at_remote.as_ref()? {
        AtRemote::InFiles(names) => ShownAtRemote::InFiles(names.iter().map(|name| masks.shown(name)).collect()),
        AtRemote::InHistory(removal) => ShownAtRemote::InHistory {
            removed_after: removal.and_then(|removal| after(removal.time)),
            is_push: removal.is_some_and(|removal| removal.is_push),
        },
        AtRemote::Unreachable => ShownAtRemote::Unreachable,
    };
    let removed_locally_after = trace.removed.as_ref().and_then(|removed| after(removed.time));
    let name = masks.shown(&push.name);
    Some(ShownPush { date: iso8601(push.time), time: push.time, name, removed_locally_after, at_remote })
}

/// Returns the archives that contain the token.
fn archives(findings: &[Finding], trace: &TokenHistory, masks: &MaskCache<'_>) -> Vec<Archive> {
    if !cfg!(feature = "archives") {
        return Vec::new();
    }
    let unpacked = findings.iter().filter(|finding| finding.path_in_archive().is_some());
    let objects: BTreeSet<&str> = unpacked.filter_map(|finding| Some(finding.origin.as_ref()?.id.as_str())).collect();
    let path_of = |object: &str| {
        let introduced = trace.introduced.iter().filter(|introduced| introduced.object == object);
        let staged = trace.staged.iter().filter(|(_, staged)| staged == object).map(|(path, _)| path);
        let mut paths = introduced.filter_map(|introduced| introduced.path.as_ref()).chain(staged);
        paths.next().map(|path| masks.shown(path))
    };
    objects.into_iter().map(|object| Archive { object: object.to_owned(), path: path_of(object) }).collect()
}

/// Returns the places where commits introduced the token.
fn introduced(findings: &[Finding], trace: &TokenHistory, masks: &MaskCache<'_>, detail: Detail) -> Vec<Occurrence> {
    let place = |introduced: &Introduced, finding: &Finding| Occurrence {
        commit: Some(ShownCommit::new(&introduced.commit, masks)),
        path: introduced.path.as_deref().map(|path| ShownPath::from_masked(path_of(finding, &masks.mask(path)))),
        part: if introduced.is_link && finding.part == Part::Content { Part::SymlinkTarget } else { finding.part },
        object: Some(introduced.object.clone()),
        ..occurrence_without_commit(finding)
    };
    let places = trace.introduced.iter().flat_map(|introduced| {
        let found = findings_in(findings, &introduced.object, detail);
        found.into_iter().map(move |finding| place(introduced, finding))
    });
    places.collect()
}

/// Returns the places in indexes, without the paths at which a commit introduced the token.
fn staged<'f>(
    findings: &'f [Finding],
    trace: &'f TokenHistory,
    masks: &'f MaskCache<'f>,
    detail: Detail,
) -> impl Iterator<Item = Occurrence> + use<'f> {
    let is_committed = |path: &[u8]| trace.introduced.iter().any(|other| other.path.as_deref() == Some(path));
    trace.staged.iter().filter(move |(path, _)| !is_committed(path)).flat_map(move |(path, object)| {
        let place = |finding| Occurrence {
            path: Some(ShownPath::from_masked(path_of(finding, &masks.mask(path)))),
            object: Some(object.clone()),
            ..occurrence_without_commit(finding)
        };
        findings_in(findings, object, detail).into_iter().map(place)
    })
}

/// Returns whether the finding is in no commit and no index. It is in a name that is in no object, in the text of a tag, or in an
/// unreachable object.
fn is_uncommitted(finding: &Finding, trace: &TokenHistory) -> bool {
    let Some(origin) = &finding.origin else { return true };
    trace.uncommitted.contains(&origin.id) && trace.staged.iter().all(|(_, object)| *object != origin.id)
}

fn occurrence_without_commit(finding: &Finding) -> Occurrence {
    Occurrence {
        commit: None,
        // A finding in the raw bytes of an archive has an empty path.
        path: finding.path.clone().filter(|path| !path.as_bytes().is_empty()),
        part: finding.part,
        position: finding.position,
        object: finding.origin.as_ref().map(|origin| origin.id.clone()),
        on_disk: false,
        by_value: finding.by_value,
        baselined: false,
    }
}

/// Adds findings in files on disk to the provenance of their tokens.
pub fn add_files(provenances: &mut Vec<Provenance>, findings: &[Finding]) {
    let mut numbers: HashMap<Fingerprint, usize> =
        provenances.iter().enumerate().map(|(number, token)| (token.finding.fingerprint, number)).collect();
    for finding in findings {
        let number = *numbers.entry(finding.fingerprint).or_insert_with(|| {
            provenances.push(only_on_disk(finding));
            provenances.len() - 1
        });
        provenances[number].occurrences.push(Occurrence { on_disk: true, ..occurrence_without_commit(finding) });
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
        pushed: None,
        refs: Vec::new(),
        copies: 0,
        archives: Vec::new(),
    }
}

/// Returns the reachability of a token in a name that is in no object: the name of a ref, or of a file that is only staged.
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

/// Returns the path of a finding in the object at `path`. It is the path of a file in an archive, of a tree entry whose name
/// contains the token, or of the object itself.
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

/// Returns the findings in an object, one for each place. An archive has a place for each file in it, and a tree for each name. The
/// result is never empty.
fn findings_in<'f>(findings: &'f [Finding], object: &str, detail: Detail) -> Vec<&'f Finding> {
    let by_object = |finding: &&Finding| finding.origin.as_ref().is_some_and(|origin| origin.id == object);
    let mut found: Vec<&Finding> = findings.iter().filter(by_object).collect();
    found.dedup_by_key(|finding| place_in_object(finding, detail));
    if found.is_empty() { vec![&findings[0]] } else { found }
}

/// Returns the key that distinguishes places in one object.
fn place_in_object(
    finding: &Finding,
    detail: Detail,
) -> (Option<&ShownPath>, &'static str, Option<&str>, Option<Position>) {
    let position = finding.position.filter(|_| detail == Detail::Position);
    (finding.path_in_archive(), finding.part.name(), finding.name(), position)
}

/// Returns the first finding in an object, or the first of all findings.
fn finding_in<'f>(findings: &'f [Finding], object: &str) -> &'f Finding {
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
