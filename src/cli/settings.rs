//! Turns a configuration file into rules and allowlists for a scan.

use std::io::Read as _;
use std::path::Path;

use super::output;
use super::unstaged::{differs_from_disk, was_used_as_staged};
use crate::config::{Accepted, Allow, BadGlob, CONFIG_NAME, Config, CustomRule, LedgerEntry, MAX_BYTES, Refused};
use crate::error::{Error, in_brief};
use crate::regular_file;
use crate::rule::Rule;
use crate::rules::{self, Pack, rules_of};
use crate::scan::engine::ScanResult;

/// The settings of a scan.
pub(super) struct Settings {
    /// Custom rules first, then the built-in ones, then those of packs.
    pub rules: Vec<&'static Rule>,
    /// The number of custom rules.
    own: usize,
    pub allow: Allow,
    /// The packs that the configuration turns on.
    pub packs: Vec<&'static Pack>,
    /// The allowlist from before the scanned change.
    pub before: Allow,
    /// Whether to print nothing if nothing is found.
    pub quiet: bool,
    /// The checks of an audit that may fail for now.
    pub accepted: Vec<Accepted>,
    pub ledger: Vec<LedgerEntry>,
    /// The content of the file in git, if that one applies.
    text: Option<Vec<u8>>,
}

impl Settings {
    /// Reads the file that `--config` names.
    pub fn from_file(path: &Path, globs: &[String]) -> Result<Self, Error> {
        output::expect_rules();
        let name = path.display().to_string();
        let mut text = Vec::new();
        // Read one byte more than the limit: a device has no end.
        let read =
            regular_file::open_named(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text));
        read.map_err(|err| unreadable(&name, err))?;
        let config = parse(&text, &name)?;
        Self::new(&config, &name, globs)
    }

    /// Reads the file at the top of a folder, if there is one.
    pub fn from_folder(folder: &Path, globs: &[String]) -> Result<Self, Error> {
        let path = folder.join(CONFIG_NAME);
        if path.symlink_metadata().is_ok() { Self::from_file(&path, globs) } else { Self::without_file(globs) }
    }

    /// The configuration after a change, and the allowlist from before it.
    pub fn from_change(text: Vec<u8>, before: Option<&[u8]>, globs: &[String]) -> Result<Self, Error> {
        output::expect_rules();
        let settings = Self::new(&parse(&text, CONFIG_NAME)?, CONFIG_NAME, globs)?;
        // The old configuration may be invalid, and this change may fix it. Then it allowed nothing.
        let before = before.and_then(|text| Config::parse(text).ok()).and_then(|config| Allow::new(&config, &[]).ok());
        Ok(Self { before: before.unwrap_or_default(), text: Some(text), ..settings })
    }

    /// Settings from the command line only.
    pub fn without_file(globs: &[String]) -> Result<Self, Error> {
        Self::new(&Config::default(), CONFIG_NAME, globs)
    }

    fn new(config: &Config, name: &str, globs: &[String]) -> Result<Self, Error> {
        let allow = Allow::new(config, globs).map_err(|refused| refuse(refused, name))?;
        let own: Vec<&'static Rule> = config.rules.iter().map(CustomRule::to_rule).collect();
        let of_packs: Vec<&'static Rule> = rules_of(config.packs.iter().copied()).collect();
        output::know_rules(&own);
        output::know_rules(&of_packs);
        Ok(Self {
            rules: own.into_iter().chain(rules::ALL.iter().copied()).chain(of_packs).collect(),
            packs: config.packs.clone(),
            own: config.rules.len(),
            allow,
            before: Allow::default(),
            quiet: config.quiet,
            accepted: config.accepted.clone(),
            ledger: config.ledger.clone(),
            text: None,
        })
    }

    /// Adds a note if the file on disk has edits that do not apply. The disk is read only if something was found.
    pub fn unstaged_edit(&self, result: &ScanResult, top: Option<&Path>) -> Option<String> {
        let edited = !result.findings.is_empty() && self.text.is_some() && self.differs_from_disk(top);
        edited.then(|| was_used_as_staged(CONFIG_NAME))
    }

    /// Whether the file at the top differs from the one that applies.
    pub fn differs_from_disk(&self, top: Option<&Path>) -> bool {
        differs_from_disk(CONFIG_NAME, self.text.as_deref(), top)
    }

    /// Whether the configuration adds nothing to the built-in rules.
    pub fn has_built_in_alone(&self) -> bool {
        self.rules.len() == rules::ALL.len()
    }

    /// The custom rules.
    pub fn own_rules(&self) -> &[&'static Rule] {
        &self.rules[..self.own]
    }
}

fn parse(text: &[u8], name: &str) -> Result<Config, Error> {
    Config::parse(text).map_err(|wrong| {
        Error::new(
            format!("cannot use the configuration {name}:{}", wrong.line),
            wrong.message,
            "correct it: a wrong configuration stops the scan",
        )
    })
}

fn unreadable(name: &str, err: std::io::Error) -> Error {
    Error::new(format!("cannot read the configuration {name}"), err, "correct the path, or make the file readable")
}

fn refuse(refused: Refused, name: &str) -> Error {
    let (context, why) = match refused {
        Refused::Option { glob, why } => (format!("cannot use --allow {}", in_brief(&glob)), why),
        Refused::Config { glob, line, why } => {
            (format!("cannot use the glob {} in {name}:{line}", in_brief(&glob)), why)
        }
    };
    match why {
        BadGlob::Malformed(cause) => Error::new(context, cause, "correct the glob"),
        BadGlob::Everything => Error::new(
            context,
            "it would allow every file there is",
            "name the folders or files that may hold such values",
        ),
    }
}
