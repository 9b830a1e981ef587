//! `history --replacements` and `--plan`: from the options to the files and the input of the plan.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::args::HistoryArgs;
use super::options::Common;
use super::output;
use crate::cleanup::{Cleanup, OutputPath};
use crate::detect::Detector;
use crate::error::Error;
use crate::finding::ShownPath;
use crate::git::command::query_git;
use crate::git::repository::Repository;
use crate::history::provenance::Provenance;
use crate::report::{self, Setup};
use crate::secrets::Secrets;

/// The tokens that are found, and the two output files if the user asked for them.
pub(super) struct CleanupOutput {
    files: Option<CleanupFiles>,
    secrets: Secrets,
}

struct CleanupFiles {
    replacements: OutputPath,
    script: OutputPath,
}

impl CleanupOutput {
    /// Checks the output paths, so that an error appears before the scan and not after it.
    pub fn new(args: &HistoryArgs, repository: &Repository, common: &Common) -> Result<Self, Error> {
        let Some(path) = &args.replacements else { return Ok(Self { files: None, secrets: Secrets::of_tokens() }) };
        let place = OutputPath::new(path, repository.worktree())?;
        let script = match &args.plan {
            Some(path) => path.clone(),
            None => beside(path),
        };
        let taken = |context: String, by: &str| Err(Error::new(context, by, "choose another place for one of them"));
        if place.is(&script) {
            return taken(format!("cannot write the plan to {}", script.display()), "the replacements go there");
        }
        let script = OutputPath::for_script(&script)?;
        match &common.output {
            Some(report) if place.is(report) || script.is(report) => {
                output::leave_file_alone();
                let by = if place.is(report) { "the replacements go there" } else { "the plan goes there" };
                taken(format!("cannot write the report to {}", report.display()), by)
            }
            _ => {
                let files = CleanupFiles { replacements: place, script };
                Ok(Self { files: Some(files), secrets: Secrets::of_forms() })
            }
        }
    }

    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Writes both files, if the user asked for them.
    fn write(
        self,
        provenances: &[Provenance],
        options: &Options,
        repository: &Repository,
        detector: &Detector,
    ) -> Result<Option<ShownPath>, Error> {
        let Some(files) = self.files else { return Ok(None) };
        let found: HashSet<_> = provenances.iter().map(|one| one.finding.fingerprint).collect();
        let git_dir = absolute(repository.common_dir());
        let setup = Setup {
            top: repository.worktree().map_or_else(|| git_dir.clone(), absolute),
            git_dir,
            replacements: files.replacements.path().to_owned(),
            config: options.config.clone(),
            options: options.words(false, detector)?,
        };
        files.replacements.write(self.secrets, |token| found.contains(&token))?;
        files.script.write_script(&report::script(&setup, provenances, detector))?;
        Ok(Some(ShownPath::from_masked(detector.mask(files.script.path().as_os_str().as_encoded_bytes()))))
    }
}

/// `leak.txt.sh` for `leak.txt`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sh");
    name.into()
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The options that decide what a scan finds. The proof of the plan repeats them.
pub(super) struct Options {
    config: Option<PathBuf>,
    allow: Vec<String>,
    archives: bool,
    allow_incomplete: bool,
}

impl Options {
    pub fn new(args: &HistoryArgs, common: &Common) -> Self {
        Self {
            config: common.config.as_deref().map(absolute),
            allow: common.allow.clone(),
            archives: args.archives(),
            allow_incomplete: args.allow_incomplete,
        }
    }

    /// The options as words for a shell.
    fn words(&self, with_config: bool, detector: &Detector) -> Result<Vec<String>, Error> {
        let mut words = Vec::new();
        let named = |option: &str, value: &[u8]| {
            let word = report::word(value, detector).and_then(|word| String::from_utf8(word).ok());
            let help = "give it another name, or the value in .keysweep.toml";
            word.ok_or_else(|| {
                Error::new(format!("cannot repeat {option} in the plan"), "its value holds a token", help)
            })
            .map(|word| [option.to_owned(), word])
        };
        if let Some(config) = self.config.as_ref().filter(|_| with_config) {
            words.extend(named("--config", config.as_os_str().as_encoded_bytes())?);
        }
        for glob in &self.allow {
            words.extend(named("--allow", glob.as_bytes())?);
        }
        words.extend(self.archives.then(|| "--archives".to_owned()));
        words.extend(self.allow_incomplete.then(|| "--allow-incomplete".to_owned()));
        Ok(words)
    }
}

/// Returns the input of the plan, and writes the two files if a token was found. If writing fails, the report still has the
/// findings.
pub(super) fn cleanup(
    provenances: &[Provenance],
    output: CleanupOutput,
    (repository, options): (&Repository, &Options),
    detector: &Detector,
    notes: &mut Vec<String>,
    failed: &mut Option<Error>,
) -> Option<Cleanup> {
    if provenances.is_empty() {
        notes.extend(output.files.map(|_| "no token was found, so no file with replacements was written".to_owned()));
        return None;
    }
    let remotes = query_git(Path::new("."), &["remote"]).map_err(|error| *failed = Some(error)).ok()?;
    let script = output.write(provenances, options, repository, detector);
    let script = script.unwrap_or_else(|error| {
        *failed = Some(error);
        None
    });
    let options = options.words(true, detector).unwrap_or_default();
    Some(Cleanup { has_remotes: remotes.is_some_and(|names| !names.is_empty()), options, script })
}
