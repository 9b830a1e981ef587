//! `install`, `uninstall` and `doctor`: their reports and exit codes.

use std::path::Path;

use super::options::Common;
use super::today::today;
use super::{code, in_force, output};
use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::repository::Repository;
use crate::hook::{self, Changes, Guard};
use crate::report::{self, Format, Style};

pub(super) fn install(names: &[String], global: bool, common: &Common) -> Result<u8, Error> {
    let changes = hook::install(Path::new("."), names, global)?;
    finish(&changes, "installed; keysweep doctor checks that the hooks block a token", common)
}

pub(super) fn uninstall(names: &[String], global: bool, common: &Common) -> Result<u8, Error> {
    let changes = hook::uninstall(Path::new("."), names, global)?;
    let ending = if changes.lines.is_empty() { "there is nothing to remove" } else { "nothing else was changed" };
    finish(&changes, ending, common)
}

pub(super) fn doctor(common: &Common) -> Result<u8, Error> {
    let mut diagnosis = hook::doctor(Path::new("."))?;
    let due = due_tokens(common);
    let is_ledger_read = due.is_ok();
    match due {
        Ok(lines) => diagnosis.changes.lines.extend(lines),
        Err(error) => diagnosis.changes.errors.push(error),
    }
    let (ending, tone, code) = match diagnosis.guard {
        Guard::Whole => ("all hooks block tokens", GOOD, code::CLEAN),
        Guard::Partial => {
            ("commits with a token are blocked; a line above says what is not scanned", FAIR, code::CLEAN)
        }
        Guard::None => ("NOT PROTECTED: a commit with a token would go through", BAD, code::FOUND),
        Guard::Unproved => ("UNKNOWN: it could not be checked whether a token is blocked", BAD, code::TROUBLE),
    };
    write(&diagnosis.changes, Some((ending, tone)), common)?;
    Ok(if is_ledger_read { code } else { code::TROUBLE })
}

/// A warning for each token in the ledger that is overdue for its rotation, or due soon.
fn due_tokens(common: &Common) -> Result<Vec<String>, Error> {
    let repository = Repository::discover(Path::new("."))?;
    let Some(top) = repository.worktree() else { return Ok(Vec::new()) };
    let settings = in_force::of_folder(Some(top), common)?;
    let today = today()?;
    let due = settings.ledger.iter().filter_map(|entry| Some((entry.line, entry.due(today)?)));
    Ok(due.map(|(line, due)| format!("warning: {CONFIG_NAME}:{line}: {}", due.says)).collect())
}

/// The color of the last line.
type Tone = fn(Style, &str) -> String;
const GOOD: Tone = |style, text| style.calm(text);
const FAIR: Tone = |style, text| style.strong(text);
const BAD: Tone = |style, text| style.error(text);

fn finish(changes: &Changes, ending: &str, common: &Common) -> Result<u8, Error> {
    let is_done = changes.errors.is_empty();
    write(changes, is_done.then_some((ending, GOOD)), common)?;
    Ok(if is_done { code::CLEAN } else { code::TROUBLE })
}

fn write(changes: &Changes, ending: Option<(&str, Tone)>, common: &Common) -> Result<(), Error> {
    output::write(common, |style, out| {
        let mut lines = changes.lines.iter().filter(|_| !common.quiet);
        lines.try_for_each(|line| writeln!(out, "{}", output::safe(line)))?;
        let mut ending = ending.iter().filter(|_| !common.quiet);
        ending.try_for_each(|(text, tone)| writeln!(out, "keysweep: {}", tone(style, text)))?;
        let mut in_file = changes.errors.iter().filter(|_| common.output.is_some());
        in_file.try_for_each(|error| report::write_error(&output::masked(error.clone()), Format::Human, out))
    })?;
    changes.errors.iter().for_each(output::complain);
    Ok(())
}
