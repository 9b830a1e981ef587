//! Globs over repository-relative paths with `/`, in the way of `.gitignore`.
//!
//! `*` stays within a folder, `**` does not. A glob without a `/` means a name at any depth (`*.snap`), one with it the
//! path from the top; one that ends in `/` means the folder and all in it.

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Names of every sort. A glob that takes all of them takes everything, or everything at the top, which is as good: no
/// folder of test data looks like that.
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

/// The longest path that Linux opens.
const LONGEST: usize = 4_096;

/// How deep braces may be nested.
const DEEPEST: usize = 10;

/// Why a glob is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum BadGlob {
    Malformed(String),
    /// It matches every path that there can be, or every name at the top.
    Everything,
}

/// Globs, and which of them matches a path.
#[derive(Debug, Default)]
pub struct Globs {
    set: GlobSet,
}

impl Globs {
    /// The position in `patterns` of the first that is refused, and why.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, (usize, BadGlob)> {
        let globs = patterns.into_iter().enumerate().map(|(at, pattern)| parse(pattern).map_err(|why| (at, why)));
        let globs = globs.collect::<Result<Vec<Glob>, _>>()?;
        let set = set_of(&globs).map_err(|why| refused(&globs, why))?;
        // All probes at once: an automaton for each glob alone would take longer than the set.
        let mut alone: Vec<usize> = (0..globs.len()).collect();
        for probe in PROBES {
            let matching = set.matches(probe);
            alone.retain(|at| matching.contains(at));
        }
        if let Some(&at) = alone.first() {
            return Err((at, BadGlob::Everything));
        }
        // Together they must not take everything either: the last one completes the set.
        if globs.len() > 1 && PROBES.iter().all(|probe| set.is_match(probe)) {
            return Err((globs.len() - 1, BadGlob::Everything));
        }
        Ok(Self { set })
    }

    /// The position of the first glob that matches `path`.
    pub fn matching(&self, path: &[u8]) -> Option<usize> {
        self.all_matching(path).into_iter().min()
    }

    /// The positions of all that match `path`.
    pub fn all_matching(&self, path: &[u8]) -> Vec<usize> {
        if self.set.is_empty() { Vec::new() } else { self.set.matches_candidate(&Candidate::from_bytes(path)) }
    }
}

/// A glob by itself. The limits come first: the crate recurses into braces, and ends the process where an automaton is too large.
fn parse(pattern: &str) -> Result<Glob, BadGlob> {
    let malformed = |why: String| Err(BadGlob::Malformed(why));
    if pattern.trim().is_empty() {
        return malformed("it is empty".to_owned());
    }
    if pattern.len() > LONGEST {
        return malformed(format!("it is longer than {LONGEST} bytes, as no path is"));
    }
    if depth_of_braces(pattern) > DEEPEST {
        return malformed(format!("its braces are nested more than {DEEPEST} deep"));
    }
    GlobBuilder::new(&from_the_top(pattern))
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|err| BadGlob::Malformed(err.kind().to_string()))
}

/// More than there are, where some are escaped or in a class.
fn depth_of_braces(pattern: &str) -> usize {
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

/// The glob for which there is no set: one that is too large by itself, or the last.
fn refused(globs: &[Glob], why: BadGlob) -> (usize, BadGlob) {
    let alone = globs.iter().position(|glob| set_of(std::slice::from_ref(glob)).is_err());
    alone.map_or_else(
        || (globs.len().saturating_sub(1), BadGlob::Malformed("all globs together are too large".to_owned())),
        |at| (at, why),
    )
}

fn from_the_top(pattern: &str) -> String {
    let folder = if pattern.ends_with('/') { "**" } else { "" };
    match pattern.strip_prefix('/') {
        Some(rooted) => format!("{rooted}{folder}"),
        None if pattern.trim_end_matches('/').contains('/') => format!("{pattern}{folder}"),
        None => format!("**/{pattern}{folder}"),
    }
}
