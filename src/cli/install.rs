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

fn tell(told: &Told, ending: &str, common: &Common) -> Result<u8, Trouble> {
    let done = told.troubles.is_empty();
    output::write(common, |_, out| {
        let ending = done.then(|| format!("keysweep: {ending}"));
        let mut lines = told.lines.iter().chain(&ending).filter(|_| !common.quiet);
        lines.try_for_each(|line| writeln!(out, "{}", output::safe(line)))
    })?;
    for trouble in &told.troubles {
        output::complain(trouble);
    }
    Ok(if done { code::CLEAN } else { code::TROUBLE })
}
