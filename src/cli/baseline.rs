//! `keysweep baseline`: writes what a scan of the history finds to `.keysweep-baseline`.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;

use super::args::BaselineArgs;
use super::history::{Sweep, SweepOptions, sweep};
use super::options::Common;
use super::today::today;
use super::{baselines, code, in_force, output};
use crate::atomic_file::AtomicFile;
use crate::config::Allow;
use crate::config::Date;
use crate::config::baseline::{BASELINE_NAME, Baseline, BaselineEntry, BaselinePlace, Cover};
use crate::error::{Error, counted};
use crate::git::repository::Repository;
use crate::history::baselined::{places, stale};
use crate::history::provenance::Provenance;
use crate::regular_file;
use crate::secrets::Secrets;

pub(super) fn run(args: &BaselineArgs, common: &Common) -> Result<u8, Error> {
    let repository = Repository::discover(Path::new("."))?;
    let top = repository.own_worktree()?.ok_or_else(|| {
        Error::new(
            format!("cannot write {BASELINE_NAME}"),
            "a bare repository has no worktree",
            "run keysweep baseline in a clone, and commit the file",
        )
    })?;
    let today = today()?;
    let until = args.until.as_deref().map(|text| parse_until(text, today)).transpose()?;
    // What is wrong with the file is said before the scan, not after it.
    let before = baselines::of_folder(top)?;
    let (mut notes, mut unread) = (Vec::new(), Vec::new());
    let settings = in_force::of_history(&repository, &mut notes, &mut unread, common)?;
    let secrets = Secrets::of_tokens();
    let options = SweepOptions { clean_cache: None, archives: false };
    let Sweep { mut result, provenances, detector, .. } = sweep(&repository, &settings, &secrets, options, common);
    result.unread.extend(unread);
    if args.allow_incomplete {
        result.accept_missing();
    }
    if !result.is_complete() {
        result.unread.iter().chain(&result.missing).for_each(output::complain);
        let cause = "the scan of the history is not complete";
        return Err(Error::new(format!("cannot write {BASELINE_NAME}"), cause, "correct the errors above first"));
    }
    if !args.prune && detector.mask(args.reason.as_bytes()) != args.reason.as_bytes() {
        let cause = "it contains a token, and the file must not";
        return Err(Error::new("cannot use --reason", cause, "leave the token out"));
    }
    let file = lock(top)?;
    // Another program may have added entries during the scan.
    let mut baseline = baselines::of_folder(top)?;
    let ending = if args.prune {
        let removed = prune(&mut baseline, &before, &provenances);
        format!("{} removed", counted(removed, "entry"))
    } else {
        let new = Entries { reason: &args.reason, until, today };
        let (added, renewed) = new.add(&mut baseline, &provenances, &settings.allow);
        match renewed {
            0 => format!("{added} added"),
            renewed => format!("{added} added, {renewed} renewed"),
        }
    };
    baseline.normalize();
    let has_changed =
        regular_file::read(&top.join(BASELINE_NAME)).ok().as_deref() != Some(baseline.to_text().as_bytes());
    notes.push(format!("{BASELINE_NAME} has {}, {ending}", counted(baseline.entries().len(), "entry")));
    if has_changed {
        write(file, &baseline, top)?;
        notes.push(format!("to put it in force: git add {BASELINE_NAME}"));
    }
    output::write(common, |_, out| {
        let mut lines = notes.iter().filter(|_| !common.quiet);
        lines.try_for_each(|line| writeln!(out, "keysweep: {}", output::safe(line)))
    })?;
    Ok(code::CLEAN)
}

/// The error does not repeat the text, which may be a token.
fn parse_until(text: &str, today: Date) -> Result<Date, Error> {
    let date = Date::parse(text).ok_or("it is not a date");
    let date = date.and_then(|date| if date < today { Err("it is in the past") } else { Ok(date) });
    date.map_err(|cause| Error::new("cannot use the value of --until", cause, "name a day such as 2027-03-31"))
}

/// What the new entries have in common.
struct Entries<'a> {
    reason: &'a str,
    until: Option<Date>,
    today: Date,
}

impl Entries<'_> {
    /// Adds an entry for each place that no entry and no path of the allowlist covers. An expired entry is renewed. Returns how many
    /// entries are new, and how many are renewed.
    fn add(&self, baseline: &mut Baseline, provenances: &[Provenance], allow: &Allow) -> (usize, usize) {
        let (mut added, mut renewed) = (0, 0);
        for token in provenances {
            let fingerprint = token.finding.fingerprint;
            for place in places(token) {
                let by_path = matches!(&place, BaselinePlace::Path(path) if allow.reason_for_path(path).is_some());
                match baseline.cover(fingerprint, &place, self.today) {
                    Cover::Covered => continue,
                    _ if by_path => continue,
                    Cover::Expired(_) => renewed += 1,
                    Cover::Elsewhere | Cover::Unknown => added += 1,
                }
                // An expired entry stays until `normalize` keeps the one that is longest in force.
                baseline.add(BaselineEntry {
                    fingerprint,
                    place,
                    rule: token.finding.rule.id.to_owned(),
                    reason: self.reason.to_owned(),
                    added: self.today,
                    until: self.until,
                    line: 0,
                });
            }
        }
        (added, renewed)
    }
}

/// Removes the entries that cover nothing, and returns how many. An entry that is not in `before`, the baseline at the start of the scan,
/// stays: the scan may not have seen its token.
fn prune(baseline: &mut Baseline, before: &Baseline, provenances: &[Provenance]) -> usize {
    let stale = stale(baseline, provenances).into_iter();
    let lines: HashSet<usize> =
        stale.filter(|entry| before.has(entry.fingerprint, &entry.place)).map(|entry| entry.line).collect();
    baseline.retain(|entry| !lines.contains(&entry.line))
}

fn lock(top: &Path) -> Result<AtomicFile, Error> {
    let path = top.join(BASELINE_NAME);
    AtomicFile::lock(&path, &context(&path))
}

fn context(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// Replaces the file. Others read it too, since git tracks it.
fn write(mut file: AtomicFile, baseline: &Baseline, top: &Path) -> Result<(), Error> {
    let written = || {
        file.write_all(baseline.to_text().as_bytes())?;
        #[cfg(unix)]
        file.file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.replace()
    };
    written().map_err(|err| Error::new(context(&top.join(BASELINE_NAME)), err, "make the folder writable"))
}
