//! The maximum depth of directories. Each level of recursion takes stack, and a stack overflow would abort the process.

use crate::error::Error;

/// The default of git's `core.maxTreeDepth`.
pub(crate) const MAX_DEPTH: usize = 2048;

/// The stack size of a thread that recurses to [`MAX_DEPTH`]. In a release build 4 MB are enough and 2 MB are not. A debug
/// build takes 5 KB a level.
pub(crate) const STACK_SIZE: usize = 16 << 20;

/// Fails if the directory `path` is deeper than [`MAX_DEPTH`].
pub(crate) fn check(path: &[u8]) -> Result<(), Error> {
    if path.iter().filter(|b| **b == b'/').count() <= MAX_DEPTH {
        return Ok(());
    }
    let top = path.split(|b| *b == b'/').next().unwrap_or_default();
    Err(Error::new(
        format!("cannot read all of the directory {}", top.escape_ascii()),
        format!("it has more than {MAX_DEPTH} levels of directories"),
        "remove that directory from the commit",
    ))
}
