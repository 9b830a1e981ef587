//! `install`, `uninstall` and `doctor`: what they say, and the exit code for it.

use std::path::Path;

use super::args::{Common, FormatName};
use super::{code, output};
use crate::error::Error;
use crate::hook::{self, Changes, Guard};
use crate::report::{self, Format};

pub(super) fn install(names: &[String], global: bool, common: &Common) -> Result<u8, Error> {
    refuse_format(common)?;
    let changes = hook::install(Path::new("."), names, global)?;
    tell(&changes, "the hooks are there: keysweep doctor proves that a token is stopped", common)
}

pub(super) fn uninstall(names: &[String], global: bool, common: &Common) -> Result<u8, Error> {
    refuse_format(common)?;
    let changes = hook::uninstall(Path::new("."), names, global)?;
    let ending = if changes.lines.is_empty() { "there was nothing to remove" } else { "nothing else was touched" };
    tell(&changes, ending, common)
}

pub(super) fn doctor(common: &Common) -> Result<u8, Error> {
    refuse_format(common)?;
    let diagnosis = hook::doctor(Path::new("."))?;
    let (ending, code) = match diagnosis.guard {
        Guard::Whole => ("guarded: a token is stopped here on each of its ways", code::CLEAN),
        Guard::Partial => ("guarded in part: a commit is, and a line above says what is not", code::CLEAN),
        Guard::None => ("not guarded: a token would go through", code::FOUND),
        Guard::Unproved => ("not proved: nobody can tell whether a token would be stopped", code::TROUBLE),
    };
    write(&diagnosis.changes, Some(ending), common)?;
    Ok(code)
}

/// What a script would take for an empty report, rather than leaving it out in silence.
fn refuse_format(common: &Common) -> Result<(), Error> {
    match common.format() {
        FormatName::Human => Ok(()),
        _ => Err(Error::new(
            "cannot use --format",
            "what is told of hooks is for people; a script goes by the exit code",
            "leave it out",
        )),
    }
}

fn tell(changes: &Changes, ending: &str, common: &Common) -> Result<u8, Error> {
    let done = changes.errors.is_empty();
    write(changes, done.then_some(ending), common)?;
    Ok(if done { code::CLEAN } else { code::TROUBLE })
}

fn write(changes: &Changes, ending: Option<&str>, common: &Common) -> Result<(), Error> {
    output::write(common, |_, out| {
        let ending = ending.map(|ending| format!("keysweep: {ending}"));
        let mut lines = changes.lines.iter().chain(&ending).filter(|_| !common.quiet);
        lines.try_for_each(|line| writeln!(out, "{}", output::safe(line)))?;
        let mut in_file = changes.errors.iter().filter(|_| common.output.is_some());
        in_file.try_for_each(|error| report::write_error(&output::masked(error.clone()), Format::Human, out))
    })?;
    changes.errors.iter().for_each(output::complain);
    Ok(())
}
