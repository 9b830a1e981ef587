//! `install`, `uninstall` and `doctor`: what they say, and the exit code for it.

use std::path::Path;

use super::args::Common;
use super::{code, output};
use crate::hook::{self, Told};
use crate::trouble::Trouble;

pub(super) fn install(names: &[String], global: bool, common: &Common) -> Result<u8, Trouble> {
    let told = hook::install(Path::new("."), names, global)?;
    tell(&told, "the hooks are there: keysweep doctor proves that a token is stopped", common)
}

pub(super) fn uninstall(names: &[String], global: bool, common: &Common) -> Result<u8, Trouble> {
    let told = hook::uninstall(Path::new("."), names, global)?;
    let ending = if told.lines.is_empty() { "there was nothing to remove" } else { "nothing else was touched" };
    tell(&told, ending, common)
}

pub(super) fn doctor(common: &Common) -> Result<u8, Trouble> {
    let diagnosis = hook::doctor(Path::new("."))?;
    let (ending, code) = match diagnosis.guarded {
        Some(true) => ("guarded: a commit with a token is stopped here", code::CLEAN),
        Some(false) => ("not guarded: a token would go through", code::FOUND),
        None => ("not proved: nobody can tell whether a token would be stopped", code::TROUBLE),
    };
    write(&diagnosis.told, Some(ending), common)?;
    Ok(code)
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
        lines.try_for_each(|line| writeln!(out, "{}", output::safe(line)))
    })?;
    told.troubles.iter().for_each(output::complain);
    Ok(())
}
