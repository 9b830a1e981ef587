//! Files that are written under a random name and then renamed into place, and temporary files without a name.
//!
//! Nothing is therefore written through a planted link, and no reader sees a partial file. Only the owner can read the file,
//! unless the caller changes its mode.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::{Builder, NamedTempFile, TempDir, TempPath};

use crate::error::Error;
use crate::interruption::{Leftover, Registered, create};

/// How long to wait for another program that has the lock of a file.
const PATIENCE: Duration = Duration::from_secs(5);

/// A temporary file without a name, in the folder of `TMPDIR`: only this process can open it, and it is gone when the process ends.
pub fn unnamed() -> io::Result<File> {
    tempfile::tempfile()
}

/// A file that is being written. Dropping it without renaming removes it, and so does a signal.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    temporary: TempPath,
    path: PathBuf,
    registered: Registered,
}

impl AtomicFile {
    /// Creates a temporary file with mode 0600 in the directory of `path`, which must exist.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut builder = Builder::new();
        Self::make(path, builder.prefix(".keysweep-").suffix(".tmp"))
    }

    fn make(path: &Path, builder: &Builder<'_, '_>) -> io::Result<Self> {
        let folder = folder_of(path);
        let ((file, temporary), registered) = create(|| {
            // The error of `tempfile_in` would contain the random name, which means nothing to a reader.
            let parts = builder.make_in(folder, create_private).map(NamedTempFile::into_parts)?;
            let leftover = Leftover::file(parts.1.to_path_buf());
            Ok((parts, leftover))
        })?;
        Ok(Self { file, temporary, path: path.to_owned(), registered })
    }

    /// Like [`Self::create`], under the name that git gives to the lock of `path`, so that neither git nor another keysweep changes the
    /// file until it is replaced. Waits for another program that has the lock. The caller reads the file under the lock, and not
    /// before. `context` is that of the error.
    pub fn lock(path: &Path, context: &str) -> Result<Self, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::try_lock(path) {
                Ok(file) => return Ok(file),
                Err(err) if err.kind() == io::ErrorKind::AlreadyExists && Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {
                    let cause = format!("{}.lock exists, so another program changes the file", path.display());
                    return Err(Error::new(context, cause, "if none does, remove it, and run the command again"));
                }
                Err(err) => return Err(Error::new(context, err, "make the file and its folder writable")),
            }
        }
    }

    fn try_lock(path: &Path) -> io::Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let mut builder = Builder::new();
        Self::make(path, builder.prefix(&name).suffix("").rand_bytes(0))
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Renames the file to its path. An existing file or link is replaced; the link is not followed.
    pub fn replace(self) -> io::Result<()> {
        let Self { file, temporary, path, registered } = self;
        drop(file);
        let renamed = temporary.persist(&path).map_err(|err| err.error);
        drop(registered);
        renamed
    }

    /// Renames the file to its path. Fails if the path exists.
    pub fn place_new(self) -> io::Result<()> {
        let Self { file, temporary, path, registered } = self;
        drop(file);
        let renamed = temporary.persist_noclobber(&path).map_err(|err| err.error);
        drop(registered);
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

/// The folders that had to be created above a file. Dropping them removes those that are empty, so a command that fails before it writes
/// the file leaves nothing.
#[derive(Debug, Default)]
#[must_use = "a folder that is dropped while it is empty is removed"]
pub struct NewFolders(Vec<PathBuf>);

impl NewFolders {
    /// Creates a folder and its parents. Removes them again if one cannot be created.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let mut new = Self::default();
        let missing: Vec<&Path> = folder.ancestors().take_while(|above| !is_there(above)).collect();
        for above in missing.into_iter().rev() {
            new.create_one(above, &DirBuilder::new())?;
        }
        // It may be a file.
        fs::create_dir_all(folder)?;
        Ok(new)
    }

    /// Creates one more folder, in one that exists. Another process may be faster.
    pub fn create_one(&mut self, folder: &Path, builder: &DirBuilder) -> io::Result<()> {
        match builder.create(folder) {
            Ok(()) => self.0.push(folder.to_owned()),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {}
            Err(err) => return Err(err),
        }
        Ok(())
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // Fails if it is not empty.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn is_there(folder: &Path) -> bool {
    folder.as_os_str().is_empty() || folder.symlink_metadata().is_ok()
}

/// A temporary folder. Dropping it removes it, and so does a signal.
#[derive(Debug)]
pub struct PrivateFolder {
    folder: TempDir,
    _registered: Registered,
}

impl PrivateFolder {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Creates a temporary directory with a random name and mode 0700.
pub fn private_folder() -> io::Result<PrivateFolder> {
    let mut builder = Builder::new();
    builder.prefix("keysweep-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let above = std::path::absolute(std::env::temp_dir())?;
    let (folder, registered) = create(|| {
        let folder = builder.tempdir_in(above)?;
        let leftover = Leftover::folder(folder.path().to_owned());
        Ok((folder, leftover))
    })?;
    Ok(PrivateFolder { folder, _registered: registered })
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The directory that contains the file at `path`.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
