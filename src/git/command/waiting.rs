//! Ends a git that waits for a named pipe or reads a device. Git opens many files: settings and their includes, objects, refs,
//! lists of names. Opening a named pipe blocks until another process opens it for writing. Reading a device may wait for a
//! person, or never end and fill git's memory.
//!
//! No list of these files is complete enough to check them in advance. Instead, if git takes long, every pipe and device that
//! git may have opened is checked. A pipe with a reader can be opened for writing without blocking. Opening it also ends the
//! wait of a child process of git, which then reads an empty file. A device is found among the open files of git.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::git::command::places;
use crate::interruption::{self, Leftover};

/// How long git may run before this looks for pipes and devices. Most commands take a few milliseconds. Of an endless device,
/// git reads at most some hundred megabytes in this time.
const FIRST_CHECK: Duration = Duration::from_millis(300);

/// The time between two searches. Each lists the git directory.
const CHECK_INTERVAL: Duration = Duration::from_secs(3);

/// Waits until the senders of `ended` are dropped. If a pipe or a device holds git up, kills `child` and returns that file.
pub(crate) fn watch(child: &mut Child, ended: &Receiver<()>, starts: &[PathBuf]) -> Option<PathBuf> {
    let mut blocked_on = None;
    let mut timeout = FIRST_CHECK;
    let mut registered = None;
    while ended.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout) {
        timeout = CHECK_INTERVAL;
        // A git that takes long may wait forever without this process. Most are faster, and need no handling of signals.
        if registered.is_none() {
            registered = interruption::create(|| Ok(((), Leftover::Program(child.id())))).ok();
        }
        if let Some(file) = places::files(starts).into_iter().find(|path| blocks(path, child)) {
            // An error means that git has ended already.
            _ = child.kill();
            blocked_on.get_or_insert(file);
            timeout = FIRST_CHECK;
        }
    }
    blocked_on
}

#[cfg(unix)]
fn blocks(path: &Path, child: &Child) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata().is_ok_and(|meta| {
        let kind = meta.file_type();
        kind.is_fifo() && has_reader(path) || kind.is_char_device() && is_read_by(&meta, child)
    })
}

#[cfg(unix)]
fn has_reader(path: &Path) -> bool {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path).is_ok()
}

/// Whether git has the device open beside its standard streams. Without /proc, every device counts except the null device.
#[cfg(unix)]
fn is_read_by(device: &std::fs::Metadata, child: &Child) -> bool {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let is_same = |meta: &std::fs::Metadata| meta.file_type().is_char_device() && meta.rdev() == device.rdev();
    if Path::new("/dev/null").metadata().is_ok_and(|null| is_same(&null)) {
        return false;
    }
    let Ok(open) = Path::new("/proc").join(child.id().to_string()).join("fd").read_dir() else { return true };
    let is_stream = |entry: &std::fs::DirEntry| ["0", "1", "2"].iter().any(|name| entry.file_name() == *name);
    let files = open.flatten().filter(|entry| !is_stream(entry));
    files.filter_map(|entry| entry.path().metadata().ok()).any(|meta| is_same(&meta))
}

/// On Windows, named pipes and devices are not in directories of files.
#[cfg(not(unix))]
fn blocks(_: &Path, _: &Child) -> bool {
    false
}
