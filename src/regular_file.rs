//! Reading files that may be something else: opening a named pipe waits for a writer, and a device may have no end. Whoever
//! prepared a repository can have put either in place of any file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a file without waiting. Of a pipe there is nothing to read then, and it cannot be mapped.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

/// All bytes of a regular file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    expect_regular(&file.metadata()?)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file that the command line names. A shell passes `<(command)` and standard input as files of these folders, which
/// are waited for.
pub fn open_named(path: &Path) -> io::Result<File> {
    if path.starts_with("/dev") || path.starts_with("/proc") {
        return File::open(path);
    }
    let file = open(path)?;
    expect_regular(&file.metadata()?)?;
    Ok(file)
}

/// All bytes of such a file.
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_named(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether what is at `path` can be read as a file, or nothing is there.
pub fn expect(path: &Path) -> io::Result<()> {
    path.metadata().map_or(Ok(()), |meta| expect_regular(&meta))
}

fn expect_regular(meta: &std::fs::Metadata) -> io::Result<()> {
    if meta.is_file() || meta.is_dir() {
        return Ok(());
    }
    Err(io::Error::other("it is a pipe, a socket or a device, not a file"))
}
