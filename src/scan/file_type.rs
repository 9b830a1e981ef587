//! The types of files on disk that a scan distinguishes.

use std::ffi::OsStr;
use std::path::Path;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FileType {
    Stdin,
    Folder,
    File,
    /// A file with refs and reflogs of a git directory.
    Reftable,
    Symlink,
}

/// Returns whether `path` is the git directory of a repository.
pub(crate) fn is_git_dir(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new(".git")) && path.join("HEAD").is_file() && path.join("objects").is_dir()
}
