//! Globs over repository-relative paths with `/`, in the way of `.gitignore`.
//!
//! `*` stays within a folder, `**` does not. A glob without a `/` means a name at any depth (`*.snap`), one with it the
//! path from the top; one that ends in `/` means the folder and all in it.

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};

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
        let mut builder = GlobSetBuilder::new();
        for (at, pattern) in patterns.into_iter().enumerate() {
            if pattern.trim().is_empty() {
                return Err((at, BadGlob::Malformed("it is empty".to_owned())));
            }
            let glob = GlobBuilder::new(&from_the_top(pattern))
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|err| (at, BadGlob::Malformed(err.kind().to_string())))?;
            let alone = glob.compile_matcher();
            if PROBES.iter().all(|probe| alone.is_match(probe)) {
                return Err((at, BadGlob::Everything));
            }
            builder.add(glob);
        }
        let set = builder.build().map_err(|err| (0, BadGlob::Malformed(err.kind().to_string())))?;
        // Together they must not take everything either: the last one completes the set.
        if set.len() > 1 && PROBES.iter().all(|probe| set.is_match(probe)) {
            return Err((set.len() - 1, BadGlob::Everything));
        }
        Ok(Self { set })
    }

    /// The position of the first glob that matches `path`.
    pub fn matching(&self, path: &[u8]) -> Option<usize> {
        self.all_matching(path).into_iter().min()
    }

    /// The positions of all that match `path`.
    pub fn all_matching(&self, path: &[u8]) -> Vec<usize> {
        if self.set.is_empty() { Vec::new() } else { self.set.matches_candidate(&candidate(path)) }
    }
}

fn from_the_top(pattern: &str) -> String {
    let folder = if pattern.ends_with('/') { "**" } else { "" };
    match pattern.strip_prefix('/') {
        Some(rooted) => format!("{rooted}{folder}"),
        None if pattern.trim_end_matches('/').contains('/') => format!("{pattern}{folder}"),
        None => format!("**/{pattern}{folder}"),
    }
}

#[cfg(unix)]
fn candidate(path: &[u8]) -> Candidate<'_> {
    use std::os::unix::ffi::OsStrExt;
    Candidate::new(std::ffi::OsStr::from_bytes(path))
}

#[cfg(not(unix))]
fn candidate(path: &[u8]) -> Candidate<'static> {
    Candidate::new(&std::path::PathBuf::from(String::from_utf8_lossy(path).into_owned()))
}
