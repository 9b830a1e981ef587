//! Reading files that may not be regular. Opening a named pipe blocks until there is a writer, and a device may be endless. A
//! hostile repository can have either in place of any file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// With this much spare room, `read_to_end` finds the end of a file without a second buffer.
const ROOM_FOR_THE_END: usize = 64;

/// Opens a file without blocking. If it is a pipe, it reads as empty, and cannot be mapped.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

/// The content of a regular file. Fails for a pipe, a socket or a device.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let meta = file.metadata()?;
    expect_regular(&meta)?;
    let mut bytes = Vec::new();
    bytes.try_reserve(usize::try_from(meta.len()).unwrap_or(usize::MAX).saturating_add(ROOM_FOR_THE_END))?;
    // Through `take`, since `File::read_to_end` asks for the size and the position again.
    file.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file that the command line names. Files below /dev and /proc may be pipes, since a shell passes standard input
/// and `<(command)` in this way. Opening or reading them may block.
pub fn open_named(path: &Path) -> io::Result<File> {
    if path.starts_with("/dev") || path.starts_with("/proc") {
        return File::open(path);
    }
    let file = open(path)?;
    expect_regular(&file.metadata()?)?;
    Ok(file)
}

/// The content of a file that the command line names. See [`open_named`].
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_named(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Fails if a pipe, a socket or a device is at `path`. A file, a directory, or nothing at all is fine.
pub fn expect(path: &Path) -> io::Result<()> {
    path.metadata().map_or(Ok(()), |meta| expect_regular(&meta))
}

fn expect_regular(meta: &std::fs::Metadata) -> io::Result<()> {
    if meta.is_file() || meta.is_dir() {
        return Ok(());
    }
    Err(io::Error::other("it is a pipe, a socket or a device, not a file"))
}
