//! How `build.rs` links the binary.

use std::path::Path;
use std::process::Command;

/// Program headers of this type name the dynamic loader.
const INTERPRETER: usize = 3;

/// A trial that fails for another reason than the linker's would cost every hook a third of its time without a word.
#[test]
fn the_binary_is_static_where_the_system_has_a_static_libc() {
    let is_set = |name: &&str| std::env::var_os(name).is_some();
    if ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "KEYSWEEP_LINK"].iter().any(is_set) {
        return;
    }
    let printed = Command::new("cc").arg("-print-file-name=libc.a").output().expect("start cc").stdout;
    if Path::new(String::from_utf8_lossy(&printed).trim()).is_absolute() {
        let program = std::fs::read(env!("CARGO_BIN_EXE_keysweep")).expect("read the binary");
        let number =
            |at: usize, len: usize| program[at..at + len].iter().rev().fold(0, |n, &b| n << 8 | usize::from(b));
        let (start, size, count) = (number(32, 8), number(54, 2), number(56, 2));
        let kinds = (0..count).map(|nth| number(start + nth * size, 4));
        assert!(count > 0 && kinds.into_iter().all(|kind| kind != INTERPRETER), "the binary is dynamic");
    }
}
