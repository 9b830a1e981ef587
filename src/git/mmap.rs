//! Files mapped into memory, which is `unsafe`.
//!
//! Mapping the index instead of reading it saves the copy: 9 MB for 100,000 files, of which a hook after a plain
//! `commit` looks at the last few kilobytes only. gix maps packs and their indexes in the same way.
//!
//! Where another process truncates a mapped file, the first read of a lost page raises SIGBUS, which ends a process
//! without a word. Here a page of zeros takes its place, so that all else is still scanned, and the loss is an error of
//! the scan. Reading large files instead would take as much memory as they have bytes.
#![allow(unsafe_code)]

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;

/// Whether a page was lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// The bytes of the file at `path`.
pub(crate) fn map(path: &Path) -> io::Result<memmap2::Mmap> {
    let file = crate::regular_file::open(path)?;
    // SAFETY: the mapping is read-only and private. Git replaces an index, it never writes into one; a page that another
    // process takes away is read as zeros.
    unsafe { memmap2::Mmap::map(&file) }
}

/// Says, once, that a mapped file was truncated while it was read.
pub fn take_lost() -> Option<Error> {
    LOST.swap(false, Ordering::Relaxed).then(|| {
        Error::new(
            "cannot read a mapped file to its end",
            "another process truncated it during the scan",
            "run it again once nothing writes to the files that are scanned",
        )
    })
}

/// Has pages that a truncated file lost read as zeros, in this whole process.
#[cfg(target_os = "linux")]
pub fn survive_truncation() {
    lost_pages::handle();
}

/// Elsewhere the signal ends the process, which no hook takes for success.
#[cfg(not(target_os = "linux"))]
pub fn survive_truncation() {}

#[cfg(target_os = "linux")]
mod lost_pages {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::LOST;

    static PAGE: AtomicUsize = AtomicUsize::new(0);

    pub fn handle() {
        // SAFETY: sysconf has no preconditions. The action is zeroed and then set up in full, and `on_lost_page` has the
        // signature that SA_SIGINFO asks for.
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

    /// Does what may be done in a signal handler: system calls and atomics, no allocation and no lock.
    extern "C" fn on_lost_page(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
        let page = PAGE.load(Ordering::Relaxed);
        // SAFETY: the kernel passes a valid `info`. BUS_ADRERR says that nothing is behind the page at this address, and
        // that page belongs to a read-only mapping of a file, so that only readers of bytes see the zeros.
        unsafe {
            let start = (*info).si_addr().map_addr(|address| address & !(page - 1));
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
            let is_lost = (*info).si_code == libc::BUS_ADRERR;
            if !is_lost || libc::mmap(start, page, libc::PROT_READ, flags, -1, 0) == libc::MAP_FAILED {
                // Raised again on return, and then it ends the process.
                libc::signal(libc::SIGBUS, libc::SIG_DFL);
            }
        }
        LOST.store(true, Ordering::Relaxed);
    }
}
