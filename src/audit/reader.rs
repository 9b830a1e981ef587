//! Reads small files of the worktree. No path leads out of the repository, and what cannot be read is recorded.

use std::cell::RefCell;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::git::path::to_path;
use crate::regular_file;
use crate::scan::files::bytes_of;

/// The largest file that a check reads as a whole. Settings and source files are far smaller.
pub(super) const MAX_BYTES: u64 = 16_000_000;

/// Reads files by their path relative to the top.
pub(super) struct Reader {
    top: PathBuf,
    real_top: PathBuf,
    unread: RefCell<Vec<Error>>,
}

impl Reader {
    pub fn new(top: &Path) -> Self {
        let real_top = top.canonicalize().unwrap_or_else(|_| top.to_owned());
        Self { top: top.to_owned(), real_top, unread: RefCell::default() }
    }

    pub fn on_disk(&self, path: &[u8]) -> PathBuf {
        self.top.join(to_path(path))
    }

    /// The content. `None` if there is no such file, if a symbolic link leads out of the repository, or if it cannot be read,
    /// which is then recorded.
    pub fn read(&self, path: &[u8]) -> Option<Vec<u8>> {
        let on_disk = self.on_disk(path);
        // A dangling link and a loop of links are no files.
        let real = on_disk.canonicalize().ok().filter(|real| real.starts_with(&self.real_top))?;
        if real.is_dir() {
            return None;
        }
        match read_small(&real) {
            Ok(bytes) => Some(bytes),
            Err(err) => {
                self.record(Error::new(format!("cannot read {}", on_disk.display()), err, "make it a readable file"));
                None
            }
        }
    }

    /// The names in a folder, sorted. Empty if there is no such folder or if a symbolic link leads to it.
    pub fn names(&self, folder: &[u8]) -> Vec<Vec<u8>> {
        let on_disk = self.on_disk(folder);
        if !self.is_real_folder(folder) {
            return Vec::new();
        }
        match on_disk.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => {
                let mut names: Vec<Vec<u8>> =
                    entries.iter().map(|entry| bytes_of(Path::new(&entry.file_name())).into_owned().into()).collect();
                names.sort();
                names
            }
            Err(err) => {
                let context = format!("cannot list the folder {}", on_disk.display());
                self.record(Error::new(context, err, "make it readable"));
                Vec::new()
            }
        }
    }

    /// Whether the path and all folders above it are real folders below the top.
    pub fn is_real_folder(&self, folder: &[u8]) -> bool {
        let real = self.on_disk(folder).canonicalize();
        real.is_ok_and(|real| real.is_dir() && real == self.real_top.join(to_path(folder)))
    }

    pub fn record(&self, error: Error) {
        self.unread.borrow_mut().push(error);
    }

    pub fn take_unread(&self) -> Vec<Error> {
        let mut unread = self.unread.take();
        unread.sort();
        unread.dedup();
        unread
    }
}

fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let file = regular_file::open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is a pipe, a socket or a device, not a file"));
    }
    if meta.len() > MAX_BYTES {
        return Err(io::Error::other(format!("it has more than {} MB, the limit", MAX_BYTES / 1_000_000)));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last component of a path.
pub(crate) fn name_of(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or_default()
}

/// The path without its last component. Empty at the top.
pub(crate) fn folder_of(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&b| b == b'/').map_or(&[][..], |slash| &path[..slash])
}

/// `folder/name`, or `name` at the top.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}
