//! `history --replacements`: from the option to the file, and what the plan needs.

use std::collections::HashSet;
use std::path::Path;

use super::args::Common;
use super::output;
use crate::cleaning::{Cleaning, Place, layout};
use crate::detect::Detector;
use crate::exposure::Exposure;
use crate::source::Repository;
use crate::trouble::Trouble;
use crate::vault::Vault;

/// A file with replacements that was asked for, and what it is to hold.
pub(super) struct Asked {
    place: Place,
    vault: Vault,
}

impl Asked {
    /// What is wrong with the place is said before the sweep, not after it.
    pub fn new(path: Option<&Path>, repository: &Repository, common: &Common) -> Result<Option<Self>, Trouble> {
        let Some(path) = path else { return Ok(None) };
        let place = Place::new(path, repository.worktree())?;
        match &common.output {
            Some(report) if place.is(report) => {
                output::leave_file_alone();
                Err(Trouble::new(
                    format!("cannot write the report to {}", report.display()),
                    "the replacements go there",
                    "choose another place for one of them",
                ))
            }
            _ => Ok(Some(Self { place, vault: Vault::default() })),
        }
    }

    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}

/// What the plan needs, and the file with the replacements where there is something to put into it. What was found is told
/// also where that fails.
pub(super) fn cleaning(
    exposures: &[Exposure],
    asked: Option<Asked>,
    (repository, archives): (&Repository, bool),
    detector: &Detector,
    notes: &mut Vec<String>,
    failed: &mut Option<Trouble>,
) -> Option<Cleaning> {
    if exposures.is_empty() {
        notes.extend(asked.map(|_| "no token was found, so no file with replacements was written".to_owned()));
        return None;
    }
    let layout = layout(repository.worktree().is_some(), detector).map_err(|trouble| *failed = Some(trouble)).ok()?;
    let found: HashSet<_> = exposures.iter().map(|one| one.finding.fingerprint).collect();
    let written =
        asked.map(|asked| asked.place.write(asked.vault, |token| found.contains(&token), detector)).transpose();
    let replacements = written.unwrap_or_else(|trouble| {
        *failed = Some(trouble);
        None
    });
    Some(Cleaning { layout, archives, replacements })
}
