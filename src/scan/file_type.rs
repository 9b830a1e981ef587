//! What a path on disk is.

use std::ffi::OsStr;
use std::path::Path;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FileType {
    Stdin,
    Folder,
    File,
    Symlink,
}

/// Whether `path` is the git directory of a repository.
pub(crate) fn is_git_dir(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new(".git")) && path.join("HEAD").is_file() && path.join("objects").is_dir()
}
