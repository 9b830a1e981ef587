//! Detects text on standard input that a command does not read.

/// Returns whether standard input is a pipe or a file with bytes to read. Does not wait for them.
#[cfg(unix)]
pub(super) fn is_waiting() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, fstat};

    let stdin = std::io::stdin();
    let Ok(stat) = fstat(&stdin) else { return false };
    match FileType::from_raw_mode(stat.st_mode) {
        // A pipe that is closed without any bytes, as some CI systems pass one, is not ready to be read.
        FileType::Fifo => {
            let mut descriptor = [PollFd::new(&stdin, PollFlags::IN)];
            poll(&mut descriptor, Some(&Timespec::default())).is_ok() && descriptor[0].revents().contains(PollFlags::IN)
        }
        FileType::RegularFile => stat.st_size > 0,
        _ => false,
    }
}

#[cfg(not(unix))]
pub(super) fn is_waiting() -> bool {
    false
}
