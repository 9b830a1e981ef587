//! A git that waits for a pipe or reads a device. Git opens many files: settings and what they include, objects, refs, lists of
//! names. Opening a named pipe waits until another process writes into it. Reading a device may wait for a person, or have no
//! end, until git's memory is full.
//!
//! No list of these files is complete enough to check them in advance. Instead, where git has not answered for a while, every
//! pipe and device that git may have opened is checked. A pipe that has a reader can be opened for writing without waiting.
//! That also ends the wait of any process below git, which then reads an empty file. A device is one of the child's open files.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::git::command::places;

/// How long a call of git may last before pipes and devices are looked for. Most calls take a few milliseconds. In this time git
/// reads at most some hundred megabytes of a device without an end.
const PATIENCE: Duration = Duration::from_millis(300);

/// Between two looks, which list the git directory.
const PAUSE: Duration = Duration::from_secs(3);

/// Watches `child` until the senders of `ended` are gone. Ends it where a pipe or a device holds it up, and returns that file.
pub(crate) fn watch(child: &mut Child, ended: &Receiver<()>, starts: &[PathBuf]) -> Option<PathBuf> {
    let mut waited_for = None;
    let mut patience = PATIENCE;
    while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        patience = PAUSE;
        if let Some(file) = places::files(starts).into_iter().find(|path| holds_up(path, child)) {
            // An error means that it has ended.
            _ = child.kill();
            waited_for.get_or_insert(file);
            patience = PATIENCE;
        }
    }
    waited_for
}

#[cfg(unix)]
fn holds_up(path: &Path, child: &Child) -> bool {
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

/// Whether git has the device open beside its standard streams. Where no system says so, every device but the null device counts.
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

/// Windows keeps no pipe and no device in a folder of files.
#[cfg(not(unix))]
fn holds_up(_: &Path, _: &Child) -> bool {
    false
}
