//! Reflogs that are files.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::regular_file;

/// What is said of reflogs in `folder` that cannot be read: what they lead to may be missing from the answer.
pub(crate) fn unread_logs(folder: &Path) -> Vec<Error> {
    let unread = |path: &Path, err: std::io::Error| {
        let context = format!("cannot read the reflog {}", path.display());
        vec![Error::new(context, err, "make it readable, or see what git reflog says of it")]
    };
    let entries = match folder.read_dir().and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(err) => return unread(folder, err),
    };
    let look = |path: PathBuf| {
        if path.is_dir() {
            return unread_logs(&path);
        }
        let opened = regular_file::open(&path).and_then(|_| regular_file::expect(&path));
        opened.map_or_else(|err| unread(&path, err), |()| Vec::new())
    };
    entries.into_iter().flat_map(|entry: std::fs::DirEntry| look(entry.path())).collect()
}
