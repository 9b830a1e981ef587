//! Reflogs in files.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::regular_file;

/// The errors for reflogs below `folder` that cannot be read. The scan may miss the commits that they refer to.
pub(crate) fn unreadable_reflogs(folder: &Path) -> Vec<Error> {
    let unreadable = |path: &Path, err: std::io::Error| {
        let context = format!("cannot read the reflog {}", path.display());
        vec![Error::new(context, err, "make it readable, or check git reflog")]
    };
    let entries = match folder.read_dir().and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(err) => return unreadable(folder, err),
    };
    let check = |path: PathBuf| {
        if path.is_dir() {
            return unreadable_reflogs(&path);
        }
        let opened = regular_file::open(&path).and_then(|_| regular_file::expect(&path));
        opened.map_or_else(|err| unreadable(&path, err), |()| Vec::new())
    };
    entries.into_iter().flat_map(|entry: std::fs::DirEntry| check(entry.path())).collect()
}
