//! Memory-mapped files, which need `unsafe`.
//!
//! Mapping the index saves a copy: with 100,000 files it has 9 MB, of which the hook of a plain `commit` reads only the last
//! few kilobytes. gix maps packs and their indexes in the same way.
//!
//! If another process truncates a mapped file, the first read of a lost page raises SIGBUS, which kills the process without
//! a message. Here, a page of zeros replaces the lost one. The scan goes on, and reports an error at the end. Reading large
//! files instead would take as much memory as they have bytes.
#![allow(unsafe_code)]

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;

/// Whether a page of any mapped file was lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Maps the file at `path`. Fails if it cannot be opened, or is not a regular file.
pub(crate) fn map(path: &Path) -> io::Result<memmap2::Mmap> {
    let file = crate::regular_file::open(path)?;
    // SAFETY: the mapping is read-only and private. Git replaces an index and never writes into an existing one. If another
    // process truncates the file, the lost pages read as zeros.
    let mapped = unsafe { memmap2::Mmap::map(&file) };
    mapped.map_err(|err| crate::regular_file::expect(path).err().unwrap_or(err))
}

/// The error for a mapped file that was truncated while it was read, if there was one. It is returned once.
pub fn take_lost() -> Option<Error> {
    LOST.swap(false, Ordering::Relaxed).then(|| {
        Error::new(
            "cannot read a mapped file to its end",
            "another process truncated it during the scan",
            "run it again when no other process writes to the scanned files",
        )
    })
}

/// Installs a handler for SIGBUS in this process. Lost pages of truncated files then read as zeros.
#[cfg(target_os = "linux")]
pub fn survive_truncation() {
    lost_pages::handle();
}

/// On other systems the signal kills the process, which no hook takes for success.
#[cfg(not(target_os = "linux"))]
pub fn survive_truncation() {}

#[cfg(target_os = "linux")]
mod lost_pages {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::LOST;

    static PAGE: AtomicUsize = AtomicUsize::new(0);

    pub fn handle() {
        // SAFETY: sysconf has no preconditions. The action is zeroed and then initialized, and `on_lost_page` has the
        // signature that SA_SIGINFO requires.
        unsafe {
            let Ok(page) = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)) else { return };
            PAGE.store(page, Ordering::Relaxed);
            let mut action: libc::sigaction = std::mem::zeroed();
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut c_void) = on_lost_page;
            action.sa_sigaction = handler as usize;
            action.sa_flags = libc::SA_SIGINFO;
            libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
        }
    }

    /// Only async-signal-safe operations are allowed here: system calls and atomics, no allocation and no lock.
    extern "C" fn on_lost_page(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
        let page = PAGE.load(Ordering::Relaxed);
        // SAFETY: the kernel passes a valid `info`. BUS_ADRERR means that no page exists at this address. The page belongs
        // to a read-only mapping of a file, so only readers of its bytes see the zeros.
        unsafe {
            let start = (*info).si_addr().map_addr(|address| address & !(page - 1));
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
            let is_lost = (*info).si_code == libc::BUS_ADRERR;
            if !is_lost || libc::mmap(start, page, libc::PROT_READ, flags, -1, 0) == libc::MAP_FAILED {
                // The signal is raised again on return, and then kills the process.
                libc::signal(libc::SIGBUS, libc::SIG_DFL);
            }
        }
        LOST.store(true, Ordering::Relaxed);
    }
}
