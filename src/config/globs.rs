//! Globs over repository-relative paths with `/`, with the syntax of `.gitignore`.
//!
//! `*` does not match a `/`; `**` does. A glob without a `/` matches a name at any depth (`*.snap`). A glob with a `/` matches
//! a path from the top of the repository. A glob that ends in `/` matches the folder and everything in it.

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// File names of every kind. A glob that matches all of them matches every path, or every path without a `/`. Both are
/// refused: no folder of test data looks like that.
const PROBES: &[&str] = &[
    "a",
    "Z9",
    ".x",
    "~",
    "README.md",
    ".env",
    "q w e-r_t.y",
    "0",
    "ünï.txt",
    "Makefile",
    "name.tar.gz",
    "@p.d.ts",
    "%+.=",
];

/// The longest glob, in bytes: `PATH_MAX` of Linux.
const MAX_LEN: usize = 4_096;

/// The limit for nested braces.
const MAX_BRACE_DEPTH: usize = 10;

/// The reason why a glob is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum BadGlob {
    Malformed(String),
    /// The glob matches every path, or every path without a `/`.
    Everything,
}

/// A compiled list of globs.
#[derive(Debug, Default)]
pub struct Globs {
    set: GlobSet,
}

impl Globs {
    /// Compiles `patterns`. An error has the index of the first pattern that is refused, and the reason.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, (usize, BadGlob)> {
        let globs = patterns.into_iter().enumerate().map(|(at, pattern)| parse(pattern).map_err(|why| (at, why)));
        let globs = globs.collect::<Result<Vec<Glob>, _>>()?;
        let set = set_of(&globs).map_err(|why| refused(&globs, why))?;
        // Match the whole set against each probe. To compile every glob by itself takes longer than to compile the set.
        let mut alone: Vec<usize> = (0..globs.len()).collect();
        for probe in PROBES {
            let matching = set.matches(probe);
            alone.retain(|at| matching.contains(at));
        }
        if let Some(&at) = alone.first() {
            return Err((at, BadGlob::Everything));
        }
        // Nor may all globs together match everything. The error names the last one.
        if globs.len() > 1 && PROBES.iter().all(|probe| set.is_match(probe)) {
            return Err((globs.len() - 1, BadGlob::Everything));
        }
        Ok(Self { set })
    }

    /// Returns the index of the first glob that matches `path`.
    pub fn matching(&self, path: &[u8]) -> Option<usize> {
        self.all_matching(path).into_iter().min()
    }

    /// Returns the indexes of all globs that match `path`.
    pub fn all_matching(&self, path: &[u8]) -> Vec<usize> {
        if self.set.is_empty() { Vec::new() } else { self.set.matches_candidate(&Candidate::from_bytes(path)) }
    }
}

/// Parses one glob. The limits are checked first, since globset recurses into braces and aborts the process if an automaton gets
/// too large.
fn parse(pattern: &str) -> Result<Glob, BadGlob> {
    let malformed = |why: String| Err(BadGlob::Malformed(why));
    if pattern.trim().is_empty() {
        return malformed("it is empty".to_owned());
    }
    if pattern.len() > MAX_LEN {
        return malformed(format!("it is longer than {MAX_LEN} bytes, the longest possible path"));
    }
    if brace_depth(pattern) > MAX_BRACE_DEPTH {
        return malformed(format!("its braces are nested more than {MAX_BRACE_DEPTH} deep"));
    }
    GlobBuilder::new(&anchored(pattern))
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|err| BadGlob::Malformed(err.kind().to_string()))
}

/// Returns the depth of nested braces. It counts braces that are escaped or in a character class too, so that the result may be
/// too large.
fn brace_depth(pattern: &str) -> usize {
    let mut depth = 0_usize;
    let depths = pattern.bytes().map(|b| {
        match b {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth
    });
    depths.max().unwrap_or(0)
}

fn set_of(globs: &[Glob]) -> Result<GlobSet, BadGlob> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        builder.add(glob.clone());
    }
    builder.build().map_err(|err| BadGlob::Malformed(err.kind().to_string()))
}

/// Finds the glob to blame if the set does not compile: the first that does not compile by itself, or else the last.
fn refused(globs: &[Glob], why: BadGlob) -> (usize, BadGlob) {
    let alone = globs.iter().position(|glob| set_of(std::slice::from_ref(glob)).is_err());
    alone.map_or_else(
        || (globs.len().saturating_sub(1), BadGlob::Malformed("all globs together are too large".to_owned())),
        |at| (at, why),
    )
}

/// Translates a pattern of `.gitignore` into a glob that matches from the top of the repository.
fn anchored(pattern: &str) -> String {
    let folder = if pattern.ends_with('/') { "**" } else { "" };
    match pattern.strip_prefix('/') {
        Some(rooted) => format!("{rooted}{folder}"),
        None if pattern.trim_end_matches('/').contains('/') => format!("{pattern}{folder}"),
        None => format!("**/{pattern}{folder}"),
    }
}
