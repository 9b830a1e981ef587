//! The configuration, and the allowlist that it makes. A finding is allowed by its path, by its fingerprint, or by a marker on its
//! line, or by an entry of the baseline, and by nothing else.

pub(crate) mod audit;
pub(crate) mod file;

pub mod baseline;
mod check;
mod custom_rule;
mod date;
mod globs;
mod ledger;
mod marker;

pub use crate::config::audit::{Accepted, CHECK_NAMES, Due, LedgerEntry};
pub use crate::config::check::{Checked, Fault, check};
pub use crate::config::custom_rule::{Alphabet, CustomRule};
pub use crate::config::date::Date;
pub use crate::config::file::{AllowedToken, CONFIG_NAME, Config, ConfigError, MAX_BYTES};
pub use crate::config::globs::BadGlob;
pub use crate::config::ledger::with_entry;
pub use crate::config::marker::{contains_marker, without_markers};

use std::collections::{HashMap, HashSet};

use crate::config::globs::Globs;

use crate::finding::{Fingerprint, Span};

/// The reason why a finding is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An `--allow` option, by its index among them.
    Option(usize),
    /// An entry of `paths` in the configuration, by its index.
    Glob(usize),
    /// An entry of `fingerprints` in the configuration, by its index.
    Fingerprint(usize),
    /// A marker on the line of the token.
    Marker,
    /// An entry of the baseline. [`Allow`] never gives this reason; `history::baselined` does, once the whole scan is known.
    Baseline,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Reason::Option(_) => "--allow",
            Reason::Glob(_) => "a path in .keysweep.toml",
            Reason::Fingerprint(_) => "its fingerprint in .keysweep.toml",
            Reason::Marker => "the marker on its line",
            Reason::Baseline => "its entry in .keysweep-baseline",
        }
    }
}

/// A query to an allowlist about one token.
#[derive(Clone, Copy, Debug)]
pub struct AllowQuery<'a> {
    /// The result of [`Allow::reason_for_path`] for the file. The caller asks once for all tokens of a file.
    pub by_path: Option<Reason>,
    pub fingerprint: Fingerprint,
    pub bytes: &'a [u8],
    /// The line of the token, as a range of `bytes`.
    pub line: &'a Span,
    /// The token, as a range of `bytes`.
    pub token: &'a Span,
}

/// A compiled allowlist. The default allows only tokens with a marker on their line.
#[derive(Debug, Default)]
pub struct Allow {
    options: Globs,
    paths: Globs,
    /// The indexes of the entries with each fingerprint, in ascending order.
    fingerprints: HashMap<Fingerprint, Vec<usize>>,
    /// The number of globs in `entries`.
    globs: usize,
    /// The text and the line number of each entry of the configuration: first the globs, then the fingerprints.
    entries: Vec<(String, usize)>,
    /// Markers have no effect.
    strict: bool,
}

/// A glob that is refused, and where it comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    Option { glob: String, why: BadGlob },
    Config { glob: String, line: usize, why: BadGlob },
}

impl Allow {
    pub fn new(config: &Config, options: &[String]) -> Result<Self, Refused> {
        let options_set = Globs::new(options.iter().map(String::as_str))
            .map_err(|(at, why)| Refused::Option { glob: options[at].clone(), why })?;
        let paths = Globs::new(config.paths.iter().map(|(glob, _)| glob.as_str())).map_err(|(at, why)| {
            let (glob, line) = config.paths[at].clone();
            Refused::Config { glob, line, why }
        })?;
        let mut fingerprints: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
        for (at, token) in config.fingerprints.iter().enumerate() {
            fingerprints.entry(token.fingerprint).or_default().push(at);
        }
        let of_fingerprints = config.fingerprints.iter().map(|token| (token.fingerprint.to_string(), token.line));
        let entries = config.paths.iter().cloned().chain(of_fingerprints).collect();
        Ok(Self { options: options_set, paths, fingerprints, globs: config.paths.len(), entries, strict: false })
    }

    /// Returns an allowlist that allows nothing. Markers have no effect.
    pub fn strict() -> Self {
        Self { strict: true, ..Self::default() }
    }

    /// The same without the effect of markers.
    #[must_use]
    pub fn without_markers(self) -> Self {
        Self { strict: true, ..self }
    }

    /// Returns the entries of the configuration that match none of `allowed`, each with its line number. Only globs are checked
    /// unless `with_fingerprints` is set.
    pub fn unused<'s>(
        &'s self,
        allowed: &[(&[u8], Fingerprint)],
        with_fingerprints: bool,
    ) -> impl Iterator<Item = (&'s str, usize)> {
        let globs = self.globs;
        let mut used = vec![false; self.entries.len()];
        let paths: HashSet<&[u8]> = allowed.iter().map(|(path, _)| *path).collect();
        let tokens: HashSet<Fingerprint> = allowed.iter().map(|(_, fingerprint)| *fingerprint).collect();
        for at in paths.iter().flat_map(|path| self.paths.all_matching(path)) {
            used[at] = true;
        }
        for &at in tokens.iter().filter_map(|token| self.fingerprints.get(token)).flatten() {
            used[globs + at] = true;
        }
        let checked = if with_fingerprints { self.entries.len() } else { globs };
        let unused = self.entries.iter().zip(used).take(checked).filter(|(_, used)| !used);
        unused.map(|((entry, line), _)| (entry.as_str(), *line))
    }

    /// Returns the reason why every token in the file is allowed, or `None` if the path does not allow them.
    pub fn reason_for_path(&self, path: &[u8]) -> Option<Reason> {
        let by_path = || self.paths.matching(path).map(Reason::Glob);
        self.options.matching(path).map(Reason::Option).or_else(by_path)
    }

    /// Returns the reason why the token is allowed, or `None` if it is not. A path or a fingerprint takes precedence over a marker.
    pub fn reason(&self, query: &AllowQuery<'_>) -> Option<Reason> {
        let by_fingerprint = || Some(Reason::Fingerprint(*self.fingerprints.get(&query.fingerprint)?.first()?));
        let by_marker =
            || (!self.strict && marker::is_marked(query.bytes, query.line, query.token)).then_some(Reason::Marker);
        query.by_path.or_else(by_fingerprint).or_else(by_marker)
    }
}
