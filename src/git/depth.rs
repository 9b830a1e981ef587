//! The maximum depth of directories. Each level of recursion takes stack, and a stack overflow would abort the process.

use crate::error::Error;

/// The default of git's `core.maxTreeDepth`.
pub(crate) const DEEPEST: usize = 2048;

/// The stack size of a thread that recurses to [`DEEPEST`]. In a release build 4 MB are enough and 2 MB are not. A debug
/// build takes 5 KB a level.
pub(crate) const STACK: usize = 16 << 20;

/// Fails if the directory `path` is deeper than [`DEEPEST`].
pub(crate) fn check(path: &[u8]) -> Result<(), Error> {
    if path.iter().filter(|b| **b == b'/').count() <= DEEPEST {
        return Ok(());
    }
    let top = path.split(|b| *b == b'/').next().unwrap_or_default();
    Err(Error::new(
        format!("cannot read all of the directory {}", top.escape_ascii()),
        format!("it has more than {DEEPEST} levels of directories"),
        "remove that directory from the commit",
    ))
}
