//! How deep folders may lie in one another: each takes stack, and running out of it is no way to end.

use crate::trouble::Trouble;

/// A comparison takes 5 KB of stack a folder in a debug build, and a thread has 2 MB. Git goes to 2,048 (`core.maxTreeDepth`).
pub(super) const DEEPEST: usize = 256;

/// Refuses to go into the folder `path` where it lies deeper.
pub(super) fn check(path: &[u8]) -> Result<(), Trouble> {
    if path.iter().filter(|b| **b == b'/').count() <= DEEPEST {
        return Ok(());
    }
    let top = path.split(|b| *b == b'/').next().unwrap_or_default();
    Err(Trouble::new(
        format!("cannot go to the bottom of the folder {}", top.escape_ascii()),
        format!("more than {DEEPEST} folders lie in one another there"),
        "take that folder out of the commit",
    ))
}
