//! Files that are written under a random name and then renamed into place.
//!
//! So nothing is written through a link that somebody planted, no reader meets half a file, and only the owner can read
//! the file unless the caller widens its mode.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{Builder, NamedTempFile, TempDir, TempPath};

/// The random names of files that are being written, for [`remove_unfinished`].
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that is being written. It is removed when this is dropped before it was renamed.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    draft: TempPath,
    path: PathBuf,
}

impl AtomicFile {
    /// Creates a file with mode 0600 in the folder of `path`, which must exist.
    pub fn create(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        let mut builder = Builder::new();
        builder.prefix(".keysweep-").suffix(".tmp");
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        // With `tempfile_in` an error would name the random name, which helps nobody.
        let (file, draft) = builder.make_in(folder, create_private).map(NamedTempFile::into_parts)?;
        unfinished.push(draft.to_path_buf());
        Ok(Self { file, draft, path: path.to_owned() })
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Renames the file to its path. A link or a file that has this name is replaced, not followed.
    pub fn replace(self) -> io::Result<()> {
        let Self { file, draft, path } = self;
        drop(file);
        let name = draft.to_path_buf();
        let renamed = draft.persist(&path).map_err(|err| err.error);
        forget(&name);
        renamed
    }

    /// Renames the file to its path unless something has this name.
    pub fn place_new(self) -> io::Result<()> {
        let Self { file, draft, path } = self;
        drop(file);
        let name = draft.to_path_buf();
        let renamed = draft.persist_noclobber(&path).map_err(|err| err.error);
        forget(&name);
        renamed
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes every file that is being written. For a process that is about to be ended by a signal: it must write no further
/// file, since the list stays locked.
pub fn remove_unfinished() {
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for draft in unfinished.iter() {
        let _ = fs::remove_file(draft);
    }
    std::mem::forget(unfinished);
}

pub type PrivateFolder = TempDir;

/// A temporary folder with a random name and mode 0700, removed when this is dropped.
pub fn private_folder() -> io::Result<PrivateFolder> {
    let mut builder = Builder::new();
    builder.prefix("keysweep-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(std::path::absolute(std::env::temp_dir())?)
}

fn forget(draft: &Path) {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| other != draft);
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The folder that a file at `path` is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
