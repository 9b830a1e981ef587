//! The working directory of the user.

use std::path::Path;

use crate::git::repository::Repository;

/// Whether the user ran the command below the top of the worktree. Git runs a hook at the top, and puts the original folder into
/// `GIT_PREFIX`.
pub(super) fn is_below_top(repository: &Repository) -> bool {
    let called_below = std::env::var_os("GIT_PREFIX").is_some_and(|prefix| !prefix.is_empty());
    called_below || repository.worktree().is_some_and(|top| !is_same_folder(Path::new("."), top))
}

pub(super) fn is_same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
