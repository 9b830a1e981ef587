//! Which baseline is in force: for each kind of scan, where it is read from. `--config` does not change that.

use std::io::Read as _;
use std::path::Path;

use super::today::today;
use super::unstaged::{differs_from_disk, is_not_staged, was_used_as_staged};
use crate::config::baseline::{BASELINE_NAME, Baseline, BaselinePlace, MAX_BASELINE_BYTES};
use crate::error::{Error, counted};
use crate::git::repository::Repository;
use crate::history::baselined::{apply, stale};
use crate::history::provenance::Provenance;
use crate::regular_file;
use crate::scan::engine::ScanResult;
use crate::scan::staged_config::StagedConfig;

/// How many entries or lines a note lists.
const SHOWN: usize = 10;

/// Applies the staged baseline to the scan of a commit. It is read only if something was found.
pub(super) fn apply_staged(
    result: &mut ScanResult,
    repository: &Repository,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    if result.findings.is_empty() {
        return Ok(());
    }
    let staged = StagedConfig::find(repository, BASELINE_NAME)?;
    let (text, before) = (staged.text()?, staged.text_before()?);
    match &text {
        Some(text) => apply(result, &parse(text, BASELINE_NAME)?, Some(&parse_before(before.as_deref())), today()?),
        None => notes.extend(is_not_staged(BASELINE_NAME, repository)),
    }
    if text.is_some()
        && !result.findings.is_empty()
        && differs_from_disk(BASELINE_NAME, text.as_deref(), repository.worktree())
    {
        notes.push(was_used_as_staged(BASELINE_NAME));
    }
    Ok(())
}

/// Applies the baseline of the commit `source` to the scan of a push. `old` is a commit that the other side has.
pub(super) fn apply_committed(
    result: &mut ScanResult,
    source: Option<&str>,
    old: Option<&str>,
    repository: &Repository,
) -> Result<(), Error> {
    if result.findings.is_empty() {
        return Ok(());
    }
    let (baseline, _) = of_commit(source, repository)?;
    let before = old.map(|old| repository.top_file_of_commit(old, BASELINE_NAME)).transpose()?.flatten();
    apply(result, &baseline, Some(&parse_before(before.as_deref())), today()?);
    Ok(())
}

/// The baseline of a commit, and its text.
pub(super) fn of_commit(commit: Option<&str>, repository: &Repository) -> Result<(Baseline, Option<Vec<u8>>), Error> {
    let text = commit.map(|commit| repository.top_file_of_commit(commit, BASELINE_NAME)).transpose()?.flatten();
    let baseline = text.as_deref().map(|text| parse(text, BASELINE_NAME)).transpose()?;
    Ok((baseline.unwrap_or_default(), text))
}

/// The baseline at the top of a folder, as it is on disk.
pub(super) fn of_folder(folder: &Path) -> Result<Baseline, Error> {
    let path = folder.join(BASELINE_NAME);
    let Ok(meta) = path.symlink_metadata() else { return Ok(Baseline::default()) };
    let failed = |err: std::io::Error| {
        let context = format!("cannot read the baseline {}", path.display());
        Error::new(context, err, "replace it with a regular file that you can read, or remove it")
    };
    if meta.is_symlink() {
        return Err(failed(std::io::Error::other("it is a symbolic link, which is not followed")));
    }
    regular_file::expect(&path).map_err(failed)?;
    let mut text = Vec::new();
    let limit = MAX_BASELINE_BYTES as u64 + 1;
    regular_file::open(&path).and_then(|file| file.take(limit).read_to_end(&mut text)).map_err(failed)?;
    parse(&text, BASELINE_NAME)
}

/// For a scan of the history: as the index has it, or HEAD in a bare repository. If these cannot be read there is none, so that what
/// can be read is scanned.
pub(super) fn of_history(
    repository: &Repository,
    notes: &mut Vec<String>,
    unread: &mut Vec<Error>,
) -> Result<Baseline, Error> {
    let text = if repository.worktree().is_some() {
        StagedConfig::find(repository, BASELINE_NAME).and_then(|staged| staged.text())
    } else {
        repository
            .head_id()
            .and_then(|head| head.map_or(Ok(None), |head| repository.top_file_of_commit(&head, BASELINE_NAME)))
    };
    match text {
        Ok(Some(text)) => {
            if differs_from_disk(BASELINE_NAME, Some(&text), repository.worktree()) {
                notes.push(was_used_as_staged(BASELINE_NAME));
            }
            parse(&text, BASELINE_NAME)
        }
        Ok(None) => {
            notes.extend(is_not_staged(BASELINE_NAME, repository));
            Ok(Baseline::default())
        }
        Err(error) => {
            if !unread.contains(&error) {
                unread.push(error);
            }
            Ok(Baseline::default())
        }
    }
}

/// Says which entries cover nothing, after a complete scan of the history.
pub(super) fn stale_note(baseline: &Baseline, result: &ScanResult, provenances: &[Provenance]) -> Option<String> {
    let stale = if result.is_complete() { stale(baseline, provenances) } else { Vec::new() };
    if stale.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = stale.iter().take(SHOWN).map(|entry| entry.line.to_string()).collect();
    if stale.len() > SHOWN {
        lines.push("…".to_owned());
    }
    let (count, verb) = (counted(stale.len(), "entry"), if stale.len() == 1 { "covers" } else { "cover" });
    let lines = format!("{} {}", if stale.len() == 1 { "line" } else { "lines" }, lines.join(", "));
    Some(format!("{count} of {BASELINE_NAME} {verb} nothing ({lines}); keysweep baseline --prune removes such entries"))
}

/// Says which entries a change adds that are not in force, since the baseline `trusted` of another commit is.
pub(super) fn added_note(trusted: &Baseline, changed: Option<&[u8]>, who: &str) -> Option<String> {
    let changed = match changed.map(Baseline::parse)? {
        Ok(changed) => changed,
        Err(wrong) => return Some(format!("{who} has an invalid {BASELINE_NAME}, which was not used: {wrong}")),
    };
    let added: Vec<_> = changed.beyond(trusted).collect();
    if added.is_empty() {
        return None;
    }
    let place = |place: &BaselinePlace| match place {
        BaselinePlace::Path(path) => String::from_utf8_lossy(path).into_owned(),
        BaselinePlace::Part(part) => format!("({part})"),
    };
    let mut listed: Vec<String> =
        added.iter().take(SHOWN).map(|entry| format!("{} {}", entry.fingerprint, place(&entry.place))).collect();
    if added.len() > SHOWN {
        listed.push("…".to_owned());
    }
    let count = counted(added.len(), "entry");
    Some(format!("{who} adds {count} to {BASELINE_NAME}, not used in this scan: {}", listed.join(", ")))
}

pub(super) fn parse(text: &[u8], name: &str) -> Result<Baseline, Error> {
    Baseline::parse(text).map_err(|wrong| {
        Error::new(
            format!("cannot use the baseline {name}:{}", wrong.line),
            wrong.message,
            "correct the line, or remove it: a wrong baseline stops the scan",
        )
    })
}

/// An older baseline may be wrong in ways that the change corrects. Then it covered nothing.
fn parse_before(text: Option<&[u8]>) -> Baseline {
    text.and_then(|text| Baseline::parse(text).ok()).unwrap_or_default()
}
