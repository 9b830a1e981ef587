//! Notes about a configuration or baseline on disk that is not the one in force.

use std::path::Path;

use crate::git::repository::Repository;
use crate::regular_file;

/// Says that the file `name` exists but is in no index, so that it was not used.
pub(super) fn is_not_staged(name: &str, repository: &Repository) -> Option<String> {
    let meta = repository.worktree()?.join(name).symlink_metadata().ok()?;
    if meta.is_symlink() {
        let why =
            "is a symbolic link, which is not followed, so it was not used: make it a regular file and git add it";
        return Some(format!("{name} {why}"));
    }
    meta.is_file().then(|| format!("{name} is not staged, so it was not used: git add {name}"))
}

/// Whether the file `name` at the top of the worktree is different from `used`, or nothing was used. Git may convert line ends.
pub(super) fn differs_from_disk(name: &str, used: Option<&[u8]>, top: Option<&Path>) -> bool {
    let lines = |text: &[u8]| text.iter().copied().filter(|&b| b != b'\r').collect::<Vec<_>>();
    let on_disk = top.and_then(|top| regular_file::read(&top.join(name)).ok());
    on_disk.is_some_and(|on_disk| used.map(lines) != Some(lines(&on_disk)))
}

pub(super) fn was_used_as_staged(name: &str) -> String {
    format!("{name} was used as it is staged, not as it is on disk: git add {name}")
}
