//! The binary. All code is in the library.
#![cfg_attr(all(target_os = "linux", target_env = "gnu"), no_main)]

/// What the C library calls. See [`keysweep::cli::start`].
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn main() -> std::ffi::c_int {
    keysweep::cli::start::run()
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn main() -> std::process::ExitCode {
    keysweep::cli::main().into()
}
