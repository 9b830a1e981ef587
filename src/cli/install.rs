//! `install`, `uninstall` and `doctor`: what they say, and the exit code for it.

use std::path::Path;

use super::args::{Common, FormatName};
use super::{code, output};
use crate::error::Trouble;
use crate::hook::{self, Guard, Told};
use crate::report::{self, Format};

pub(super) fn install(names: &[String], global: bool, common: &Common) -> Result<u8, Trouble> {
    refuse_format(common)?;
    let told = hook::install(Path::new("."), names, global)?;
    tell(&told, "the hooks are there: keysweep doctor proves that a token is stopped", common)
}

pub(super) fn uninstall(names: &[String], global: bool, common: &Common) -> Result<u8, Trouble> {
    refuse_format(common)?;
    let told = hook::uninstall(Path::new("."), names, global)?;
    let ending = if told.lines.is_empty() { "there was nothing to remove" } else { "nothing else was touched" };
    tell(&told, ending, common)
}

pub(super) fn doctor(common: &Common) -> Result<u8, Trouble> {
    refuse_format(common)?;
    let diagnosis = hook::doctor(Path::new("."))?;
    let (ending, code) = match diagnosis.guard {
        Guard::Whole => ("guarded: a token is stopped here on each of its ways", code::CLEAN),
        Guard::Partial => ("guarded in part: a commit is, and a line above says what is not", code::CLEAN),
        Guard::None => ("not guarded: a token would go through", code::FOUND),
        Guard::Unproved => ("not proved: nobody can tell whether a token would be stopped", code::TROUBLE),
    };
    write(&diagnosis.told, Some(ending), common)?;
    Ok(code)
}

/// What a script would take for an empty report, rather than leaving it out in silence.
fn refuse_format(common: &Common) -> Result<(), Trouble> {
    match common.format {
        FormatName::Human => Ok(()),
        FormatName::Json | FormatName::Jsonl => Err(Trouble::new(
            "cannot use --format",
            "what is told of hooks is for people; a script goes by the exit code",
            "leave it out",
        )),
    }
}

fn tell(told: &Told, ending: &str, common: &Common) -> Result<u8, Trouble> {
    let done = told.troubles.is_empty();
    write(told, done.then_some(ending), common)?;
    Ok(if done { code::CLEAN } else { code::TROUBLE })
}

fn write(told: &Told, ending: Option<&str>, common: &Common) -> Result<(), Trouble> {
    output::write(common, |_, out| {
        let ending = ending.map(|ending| format!("keysweep: {ending}"));
        let mut lines = told.lines.iter().chain(&ending).filter(|_| !common.quiet);
        lines.try_for_each(|line| writeln!(out, "{}", output::safe(line)))?;
        let mut in_file = told.troubles.iter().filter(|_| common.output.is_some());
        in_file.try_for_each(|trouble| report::write_error(&output::masked(trouble.clone()), Format::Human, out))
    })?;
    told.troubles.iter().for_each(output::complain);
    Ok(())
}
