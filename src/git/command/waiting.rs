//! A git that waits for a pipe. Git opens many files: settings and what they include, objects, refs, lists of names. Opening a
//! named pipe waits until another process writes into it, so a pipe in place of one of these files would stop git for ever.
//!
//! No list of these files is complete enough to check them in advance. Instead, where git has not answered for a while, every
//! pipe that git may have opened is asked whether a process waits for it: a pipe that has a reader can be opened for writing
//! without waiting. That also ends the wait of any process below git, which then reads an empty file.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How long a call of git may last before pipes are looked for. Most calls take a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(300);

/// Between two looks, which list the git directory.
const PAUSE: Duration = Duration::from_secs(3);

/// Watches `child` until the senders of `ended` are gone. Ends it where it waits for a pipe, and returns that pipe.
pub(crate) fn progress(child: &mut Child, ended: &Receiver<()>, starts: &[PathBuf]) -> Option<PathBuf> {
    let mut waited_for = None;
    let mut patience = PATIENCE;
    while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        patience = PAUSE;
        if let Some(pipe) =
            crate::git::command::places::files(starts).into_iter().find(|path| is_pipe(path) && has_reader(path))
        {
            // An error says that it has ended.
            _ = child.kill();
            waited_for.get_or_insert(pipe);
            patience = PATIENCE;
        }
    }
    waited_for
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata().is_ok_and(|meta| meta.file_type().is_fifo())
}

#[cfg(unix)]
fn has_reader(path: &Path) -> bool {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path).is_ok()
}

/// Windows keeps no pipe in a folder of files.
#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn has_reader(_: &Path) -> bool {
    false
}
