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

/// The tokens that are found, and the file with replacements, if one was asked for, in which they are written down.
pub(super) struct Asked {
    place: Option<Place>,
    vault: Vault,
}

impl Asked {
    /// What is wrong with the place is said before the sweep, not after it.
    pub fn new(path: Option<&Path>, repository: &Repository, common: &Common) -> Result<Self, Trouble> {
        let Some(path) = path else { return Ok(Self { place: None, vault: Vault::of_tokens() }) };
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
            _ => Ok(Self { place: Some(place), vault: Vault::of_forms() }),
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
    asked: Asked,
    (repository, archives): (&Repository, bool),
    detector: &Detector,
    notes: &mut Vec<String>,
    failed: &mut Option<Trouble>,
) -> Option<Cleaning> {
    if exposures.is_empty() {
        notes.extend(asked.place.map(|_| "no token was found, so no file with replacements was written".to_owned()));
        return None;
    }
    let layout = layout(repository.worktree().is_some(), detector).map_err(|trouble| *failed = Some(trouble)).ok()?;
    let found: HashSet<_> = exposures.iter().map(|one| one.finding.fingerprint).collect();
    let Asked { place, vault } = asked;
    let written = place.map(|place| place.write(vault, |token| found.contains(&token), detector)).transpose();
    let replacements = written.unwrap_or_else(|trouble| {
        *failed = Some(trouble);
        None
    });
    Some(Cleaning { layout, archives, replacements })
}
