//! The words of the human-readable report that differ between a commit, a push, files and so on.

use std::collections::HashSet;

use super::layout::unbroken;
use super::model::Report;
use super::shown::{pathspec, shown_path};
use crate::error::{Error, counted, grouped};
use crate::finding::{Finding, Known, Origin, OriginKind, Part, ShownPath};
use crate::history::provenance::Occurrence;
use crate::scan::source::Kind;

/// What happens to the token: the end of the sentence that begins with its kind.
pub(super) fn does(kind: Kind, part: Part) -> &'static str {
    match (kind, part) {
        (Kind::Staged, _) => "is about to be committed",
        (Kind::Push, _) => "is about to be pushed",
        (Kind::Receive, _) => "is in a push to this repository",
        (Kind::Message, _) => "is in the commit message",
        (Kind::History | Kind::Commits | Kind::Find, _) => "is in the history",
        (Kind::Worktree, _) => "is in a change that is not committed",
        (Kind::Index | Kind::Files, Part::Name) => "is in the name of this file",
        (Kind::Index | Kind::Files, Part::SymlinkTarget) => "is in the target of this link",
        (Kind::Index | Kind::Files, _) => "is in this file",
    }
}

/// The place of a finding.
pub(super) fn place(finding: &Finding) -> String {
    let path = finding.path.as_ref().map(shown_path);
    let in_path = match (&path, finding.part, finding.position) {
        (None, part, _) => nameless(part).to_owned(),
        (Some(path), Part::SymlinkTarget, _) => format!("{path} (link target)"),
        (Some(path), _, Some(at)) => format!("{path}:{}:{}", at.line, at.column),
        (Some(path), _, None) => format!("{path} (file name)"),
    };
    match &finding.origin {
        Some(origin) if path.is_some() => format!("{in_path} in {} {}", origin.kind.name(), short(&origin.id)),
        Some(origin) => format!("{in_path} of {} {}", origin.kind.name(), short(&origin.id)),
        None => in_path,
    }
}

/// Why the baseline does not cover a token that it names.
pub(super) fn known(known: &Known) -> String {
    match known {
        Known::Elsewhere => "the baseline has this token at other places, but not here: it has spread".to_owned(),
        Known::Expired(until) => format!("the baseline had accepted this token here until {until}"),
    }
}

/// The same for all places of a token.
pub(super) fn known_of_several(known: &Known) -> String {
    match known {
        Known::Elsewhere => "it has this token, but not at all of these places: it has spread".to_owned(),
        Known::Expired(until) => format!("it had accepted this token until {until}"),
    }
}

/// The file of a finding, or another name for its place.
pub(super) fn file(finding: &Finding) -> String {
    finding.path.as_ref().map_or_else(|| format!("({})", nameless(finding.part)), shown_path)
}

fn nameless(part: Part) -> &'static str {
    match part {
        Part::Message => "the message",
        Part::Person => "a name or address",
        Part::Header => "a header",
        Part::Ref => "the name of a branch or tag",
        Part::Content | Part::Name | Part::SymlinkTarget => "the content",
    }
}

/// The commit that introduced the token.
pub(super) fn commit(finding: &Finding) -> Option<&str> {
    finding.origin.as_ref().filter(|origin| origin.kind.is_commit()).map(|origin| origin.id.as_str())
}

/// Shortens an object id.
pub(super) fn short(id: &str) -> &str {
    &id[..id.len().min(12)]
}

/// How to keep the token out of the commit or push.
pub(super) fn help(report: &Report<'_>, finding: &Finding) -> String {
    const THEN: &str = "then read the token from an environment variable";
    match (report.kind, &finding.origin) {
        (Kind::Staged, _) => match finding.path.as_ref().and_then(environment_file) {
            Some(name) => keep_out(report, finding, &name),
            None => format!("{}, {THEN}", unstage(report, finding)),
        },
        (Kind::Worktree, _) => match finding.path.as_ref().and_then(environment_file) {
            Some(name) => keep_out(report, finding, &name),
            None => format!("remove it from the file, {THEN}"),
        },
        (Kind::Message, _) if report.in_hook => {
            "remove it from the message, also from comments; the commit was not made".to_owned()
        }
        (Kind::Message, _) => "remove it from the message, also from comments".to_owned(),
        (Kind::Index | Kind::Files | Kind::History | Kind::Find, _) => format!("remove it from the file, {THEN}"),
        (Kind::Commits, _) => "treat it as leaked: rotate it; keysweep history shows where else it is".to_owned(),
        (Kind::Push | Kind::Receive, None) => {
            "rename the branch with git branch -m, or delete the tag with git tag -d".to_owned()
        }
        (Kind::Push, Some(origin)) if is_published(report, &origin.id) => leave(report, finding),
        (Kind::Push, Some(origin)) if report.push.is_some_and(|push| push.is_unsure) => {
            match &report.push.and_then(|push| push.fetch.as_ref()) {
                Some(fetch) => format!(
                    "if the other side has it already, run `{fetch}` and push again; if it was never pushed: {}",
                    remove(origin)
                ),
                None => remove(origin),
            }
        }
        (Kind::Push | Kind::Receive, Some(origin)) => remove(origin),
    }
}

fn is_published(report: &Report<'_>, id: &str) -> bool {
    report.push.is_some_and(|push| push.published.contains(id))
}

/// The help for a published commit, which must not be rewritten because others build on it.
fn leave(report: &Report<'_>, finding: &Finding) -> String {
    let allow = format!("add the fingerprint {} with a reason to .keysweep.toml, in a new commit", finding.fingerprint);
    let fetch = report.push.and_then(|push| push.fetch.as_deref());
    let known =
        fetch.map(|fetch| format!("if the other side has it too, run `{fetch}` and push again; if it does not, "));
    format!(
        "a remote has this commit already, so do not rewrite it; {}this push would publish the token again: rotate it first, then {allow}",
        known.unwrap_or_default()
    )
}

/// How to remove the token from an unpushed commit.
fn remove(origin: &Origin) -> String {
    match origin.kind {
        OriginKind::Commit => rebase(&format!("{}^", short(&origin.id)), &origin.id),
        OriginKind::RootCommit => rebase("--root", &origin.id),
        OriginKind::MergeCommit => rebase_merge(short(&origin.id)),
        OriginKind::Tag | OriginKind::Blob | OriginKind::Tree => {
            "delete the tag with git tag -d, and create it again without the token".to_owned()
        }
    }
}

const NOT_ON_TOP: &str = "one more commit on top would leave it in the history";

fn rebase(onto: &str, id: &str) -> String {
    let id = short(id);
    format!(
        "{}, mark {id} as edit and remove the token there: {NOT_ON_TOP}",
        unbroken(&format!("git rebase -i {onto}"))
    )
}

/// Without `--rebase-merges` git leaves merges out, and with it there is no line to mark as edit.
fn rebase_merge(id: &str) -> String {
    format!(
        "git rebase -i --rebase-merges {id}^, put a line break below the one with merge -C and {id}, and remove the token there with \
         git commit --amend: {NOT_ON_TOP}"
    )
}

fn unstage(report: &Report<'_>, finding: &Finding) -> String {
    match (finding.path.as_ref().and_then(|path| pathspec(path, report.below_top)), report.first_commit) {
        (None, _) => format!("unstage the file with {}", unbroken("git restore --staged")),
        // `--force` because the file may have changed on disk since; with `--cached` it deletes no file.
        (Some(file), true) => unbroken(&format!("git rm --cached --force {file}")),
        (Some(file), false) => unbroken(&format!("git restore --staged {file}")),
    }
}

/// The name of a file such as `.env` or `.env.local`, which should not be committed. `.env.example` and the like may be.
fn environment_file(path: &ShownPath) -> Option<String> {
    let shown = shown_path(path);
    let name = shown.rsplit('/').next()?;
    let is_sample = ["example", "sample", "template", "dist", "defaults"].iter().any(|word| name.contains(word));
    let is_environment = name.rsplit_once('.').is_some_and(|(_, end)| end == "env") || name.starts_with(".env.");
    (is_environment && !is_sample && pathspec(path, false).is_some()).then(|| name.to_owned())
}

fn keep_out(report: &Report<'_>, finding: &Finding, name: &str) -> String {
    let file = finding.path.as_ref().and_then(|path| pathspec(path, report.below_top)).unwrap_or_default();
    let untrack = unbroken(&format!("git rm --cached --force {file}"));
    format!("add {name} to .gitignore, and stop tracking the file, which stays on disk: {untrack}")
}

/// The start of the summary of a clean scan. A search by value says nothing about other tokens.
pub(super) fn none(report: &Report<'_>) -> String {
    match (report.kind, report.searched) {
        (Kind::Find, 0) => "found no token with that fingerprint in".to_owned(),
        (Kind::Find, 1) => "the token is in none of".to_owned(),
        (Kind::Find, searched) => format!("none of {} is in any of", counted(searched, "token")),
        _ => "no token in".to_owned(),
    }
}

/// What the scan blocked, for the end of the summary. A scan outside of a hook blocks nothing.
pub(super) fn stopped(report: &Report<'_>) -> &'static str {
    match report.kind {
        Kind::Staged | Kind::Message if report.in_hook => "; commit blocked",
        Kind::Push => "; push blocked",
        Kind::Receive => "; push refused",
        _ => "",
    }
}

/// What was scanned: `4 files`, `3 commits with 12 files`.
pub(super) fn scanned(report: &Report<'_>) -> String {
    scanned_with(report, counted(objects_read(report), "object"))
}

/// The same with another text for the objects.
fn scanned_with(report: &Report<'_>, objects: String) -> String {
    let result = report.result;
    let files = counted(result.files, "file");
    match report.kind {
        Kind::Message => "the commit message".to_owned(),
        Kind::Push | Kind::Receive | Kind::Commits => format!("{} with {files}", counted(result.commits, "commit")),
        Kind::History if result.files > 0 => format!("{objects} and {files} in archives"),
        Kind::History => objects,
        Kind::Find => format!("{objects} and {files}"),
        Kind::Staged | Kind::Index | Kind::Files | Kind::Worktree => files,
    }
}

/// The same for an incomplete scan: `201,262 of 201,267 objects`. The number of files that could not be read is not known.
pub(super) fn scanned_of_all(report: &Report<'_>) -> String {
    let result = report.result;
    let (damaged, missing) = (objects_in(&result.unread), objects_in(&result.missing));
    if damaged + missing == 0 {
        return scanned(report);
    }
    let whole = grouped(objects_read(report));
    scanned_with(report, format!("{whole} of {}", counted(result.objects + missing, "object")))
}

/// The number of objects that could be read.
fn objects_read(report: &Report<'_>) -> usize {
    report.result.objects.saturating_sub(objects_in(&report.result.unread))
}

/// The number of objects that the errors are about.
pub(super) fn objects_in(errors: &[Error]) -> usize {
    errors.iter().map(|error| error.objects).sum()
}

/// `5 could not be read, 1 missing`.
pub(super) fn unread(report: &Report<'_>) -> String {
    let (unread, absent) = (&report.result.unread, &report.result.missing);
    let (damaged, missing) = (objects_in(unread), objects_in(absent));
    let others = unread.iter().chain(absent).filter(|error| error.objects == 0).count();
    let mut parts = Vec::new();
    if damaged > 0 {
        parts.push(format!("{} could not be read", counted(damaged, "object")));
    }
    if missing > 0 {
        parts.push(format!("{} missing", counted(missing, "object")));
    }
    match (others, parts.is_empty()) {
        (0, _) => {}
        (1, true) => parts.push("1 error".to_owned()),
        (others, true) => parts.push(format!("{others} errors")),
        (others, false) => parts.push(counted(others, "other error")),
    }
    parts.join(", ")
}

/// The number of objects of a history scan that contain a token, and the names that contain one.
pub(super) fn objects(report: &Report<'_>) -> String {
    let (objects, names) = (objects_with_a_token(report), names_in_no_object(report));
    match (objects, &names[..]) {
        (0, [_, ..]) => format!("{} besides {}", listed(&names), scanned(report)),
        _ => listed(&[vec![format!("{} of {}", grouped(objects), scanned(report))], names].concat()),
    }
}

/// The same if files were scanned as well.
pub(super) fn everywhere(report: &Report<'_>) -> String {
    let result = report.result;
    let of = |count: usize, all: usize, noun: &str| format!("{count} of {}", counted(all, noun));
    let files: HashSet<_> = occurrences(report).filter(|place| place.on_disk).map(|place| &place.path).collect();
    let all = of(objects_with_a_token(report), objects_read(report), "object");
    listed(&[vec![all, of(files.len(), result.files, "file")], names_in_no_object(report)].concat())
}

fn objects_with_a_token(report: &Report<'_>) -> usize {
    report.result.findings.iter().filter_map(|finding| finding.origin.as_ref()).collect::<HashSet<_>>().len()
}

/// The numbers of ref names and of staged names with a token.
fn names_in_no_object(report: &Report<'_>) -> Vec<String> {
    let (mut refs, mut staged) = (HashSet::new(), HashSet::new());
    for place in occurrences(report).filter(|place| place.object.is_none() && !place.on_disk) {
        let names = if place.part == Part::Ref { &mut refs } else { &mut staged };
        names.insert(&place.path);
    }
    let counts = [(refs.len(), "ref name"), (staged.len(), "staged name")];
    counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| counted(count, noun)).collect()
}

/// All occurrences in a history scan.
fn occurrences<'r>(report: &Report<'r>) -> impl Iterator<Item = &'r Occurrence> {
    report.provenances.unwrap_or_default().iter().flat_map(|one| &one.occurrences)
}

/// `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [first @ .., before, last] => [first, &[format!("{before} and {last}")]].concat().join(", "),
        _ => parts.concat(),
    }
}

/// Why nothing was scanned, if that is not an error.
pub(super) fn nothing(report: &Report<'_>) -> Option<&'static str> {
    let result = report.result;
    let is_known = result.known_clean > 0;
    if result.files + result.commits + result.objects > 0 || !(is_known || result.skipped.is_empty()) {
        return None;
    }
    match report.kind {
        Kind::Staged => Some("nothing is staged"),
        Kind::Index => Some("the index is empty"),
        Kind::Files => Some("there are no files"),
        Kind::Worktree => Some("nothing has changed"),
        Kind::Push => Some("the remote has all commits"),
        Kind::Receive => Some("this repository has all commits"),
        Kind::History if is_known => Some("no object is new since the last scan"),
        Kind::History | Kind::Find => Some("there are no objects"),
        Kind::Commits => Some("no commit matches"),
        Kind::Message => None,
    }
}
