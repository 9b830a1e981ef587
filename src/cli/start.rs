//! The start of the process on Linux with glibc, in place of the one of Rust's standard library.
//!
//! The standard library reads `/proc/self/maps` to know where the stack ends, so that it can print a message when the stack
//! overflows. That is a fifth of the system calls of a hook and a tenth of its processor time. Without it, an overflow ends the
//! process by SIGSEGV, which no hook takes for success. The other things that the standard library does are done here.
#![allow(unsafe_code)]

/// Runs the program, and exits.
pub fn run() -> ! {
    prepare();
    std::process::exit(i32::from(super::main()))
}

/// Lets writing to a closed pipe fail, where the default is that it ends the process. Opens a standard stream that is closed, since
/// otherwise the next file that is opened would take its place.
fn prepare() {
    let mut streams = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // SAFETY: there are three entries, and all arguments are constants.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        libc::poll(streams.as_mut_ptr(), 3, 0);
        for _ in streams.iter().filter(|stream| stream.revents & libc::POLLNVAL != 0) {
            // The lowest number that is free.
            libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        }
    }
}
