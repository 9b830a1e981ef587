//! What silences a finding: a path, a fingerprint, a marker on the line. Nothing else does.

pub(crate) mod file;

mod check;
mod globs;
mod marker;
mod own;

pub use crate::config::check::{Checked, Fault, check};
pub use crate::config::file::{AllowedToken, CONFIG_NAME, Config, MOST_BYTES, Wrong};
pub use crate::config::globs::BadGlob;
pub use crate::config::own::{Alphabet, OwnRule};

use std::collections::{HashMap, HashSet};

use crate::config::globs::Globs;

use crate::finding::{Fingerprint, Span};

/// Why a finding is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `--allow`, by its position among the options.
    Option(usize),
    /// A glob of the configuration, by its position.
    Glob(usize),
    /// A fingerprint of the configuration, by its position.
    Fingerprint(usize),
    Marker,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Reason::Option(_) => "--allow",
            Reason::Glob(_) => "a path in .keysweep.toml",
            Reason::Fingerprint(_) => "its fingerprint in .keysweep.toml",
            Reason::Marker => "the marker on its line",
        }
    }
}

/// What is asked of an allowlist.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What [`Allow::reason_for_path`] says of the file, which is asked once for all its tokens.
    pub by_path: Option<Reason>,
    pub fingerprint: Fingerprint,
    pub bytes: &'a [u8],
    /// The line of `bytes` that the token stands on, and the token.
    pub line: &'a Span,
    pub token: &'a Span,
}

/// An allowlist, ready to be asked. The default one allows nothing.
#[derive(Debug, Default)]
pub struct Allow {
    options: Globs,
    paths: Globs,
    /// The positions of the configuration's fingerprints, the first one first.
    fingerprints: HashMap<Fingerprint, Vec<usize>>,
    /// How many of `written` are paths.
    globs: usize,
    /// How the configuration's entries are written, and on which lines: paths, then fingerprints.
    written: Vec<(String, usize)>,
    /// Not even a marker silences anything.
    strict: bool,
}

/// A glob that cannot be used, and where it was given.
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
        let entries = config.fingerprints.iter().map(|token| (token.fingerprint.to_string(), token.line));
        let written = config.paths.iter().cloned().chain(entries).collect();
        Ok(Self { options: options_set, paths, fingerprints, globs: config.paths.len(), written, strict: false })
    }

    /// Allows nothing, whatever stands on the line.
    pub fn strict() -> Self {
        Self { strict: true, ..Self::default() }
    }

    /// The entries of the configuration, each with its line, that stand for none of `allowed`: globs, and `with_fingerprints`
    /// these as well.
    pub fn unused<'s>(
        &'s self,
        allowed: &[(&[u8], Fingerprint)],
        with_fingerprints: bool,
    ) -> impl Iterator<Item = (&'s str, usize)> {
        let globs = self.globs;
        let mut used = vec![false; self.written.len()];
        let paths: HashSet<&[u8]> = allowed.iter().map(|(path, _)| *path).collect();
        let tokens: HashSet<Fingerprint> = allowed.iter().map(|(_, fingerprint)| *fingerprint).collect();
        for at in paths.iter().flat_map(|path| self.paths.all_matching(path)) {
            used[at] = true;
        }
        for &at in tokens.iter().filter_map(|token| self.fingerprints.get(token)).flatten() {
            used[globs + at] = true;
        }
        let asked = if with_fingerprints { self.written.len() } else { globs };
        let unused = self.written.iter().zip(used).take(asked).filter(|(_, used)| !used);
        unused.map(|((entry, line), _)| (entry.as_str(), *line))
    }

    /// Why every token in the file is allowed.
    pub fn reason_for_path(&self, path: &[u8]) -> Option<Reason> {
        let by_path = || self.paths.matching(path).map(Reason::Glob);
        self.options.matching(path).map(Reason::Option).or_else(by_path)
    }

    /// Why the token is allowed, or None where it is not. Markers come last: what holds without one needs none.
    pub fn reason(&self, asked: &Question<'_>) -> Option<Reason> {
        let by_fingerprint = || Some(Reason::Fingerprint(*self.fingerprints.get(&asked.fingerprint)?.first()?));
        let by_marker =
            || (!self.strict && marker::is_marked(asked.bytes, asked.line, asked.token)).then_some(Reason::Marker);
        asked.by_path.or_else(by_fingerprint).or_else(by_marker)
    }
}
