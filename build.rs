//! Chooses how the binary is linked on Linux with glibc. A hook starts with each commit, and by default a third of its time goes
//! to the dynamic loader: it maps libc and libgcc, looks up their symbols, and relocates the tables of rules.
//!
//! Three ways are tried, the fastest first: a static binary, a dynamic one at a fixed address without libgcc, and rustc's own
//! way. A small program is linked in the same way, by the same linker, and run. If that fails, the next way is tried. So a
//! linker or a system that cannot do this does not break the build.
//!
//! `RUSTFLAGS` with a relocation model or with `crt-static`, and `KEYSWEEP_LINK=default`, leave the choice to rustc.
// Arguments of the linker cannot turn on `crt-static`, and flags in `.cargo/config.toml` apply to procedural macros as well,
// which cannot be linked statically. But the linker takes the first library that it finds for `-lc`, and it looks in the folder
// that `-L` names before it looks in those of the system. So the folder has a link to `libc.a` under that name, and no `libc.so`.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What rustc links the standard library with, and the static libraries that are the same.
const LIBRARIES: [(&str, &str); 7] =
    [("gcc_s", "gcc_eh"), ("util", "util"), ("rt", "rt"), ("pthread", "pthread"), ("m", "m"), ("dl", "dl"), ("c", "c")];

/// Uses what may differ in a static binary: threads and their variables, memory functions chosen at the start, the environment.
const TRIAL: &str = r#"
fn main() {
    let words: Vec<String> = std::env::args().collect();
    let count = std::thread::spawn(move || words.len()).join().expect("a thread");
    let unwound = std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(1)));
    let shell = std::process::Command::new("/bin/sh").args(["-c", "exit 3"]).status().expect("a shell");
    let _ = std::env::home_dir();
    assert!(count == 1 && unwound.is_err() && shell.code() == Some(3));
}
"#;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=KEYSWEEP_LINK");
    if is_glibc() && !is_chosen_by_user() {
        let folder = PathBuf::from(variable("OUT_DIR")).join("link");
        // A program for another machine cannot be run, and some linkers make static ones that crash.
        let ways = [(LIBRARIES.as_slice(), "-static"), (&LIBRARIES[..1], "-no-pie")];
        let ways = &ways[usize::from(variable("HOST") != variable("TARGET"))..];
        let works =
            |(libraries, kind)| args(&folder.join(kind), libraries, kind).filter(|args| is_linked(args, &folder));
        for arg in ways.iter().copied().find_map(works).into_iter().flatten() {
            println!("cargo:rustc-link-arg-bins={arg}");
        }
    }
}

fn is_glibc() -> bool {
    variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu"
}

fn is_chosen_by_user() -> bool {
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    ["relocation-model", "crt-static"].iter().any(|flag| flags.contains(flag)) || variable("KEYSWEEP_LINK") == "default"
}

/// The arguments of a linker that takes `libraries` from `folder`, where this puts links to them. None if one is missing.
fn args(folder: &Path, libraries: &[(&str, &str)], kind: &str) -> Option<Vec<String>> {
    std::fs::create_dir_all(folder).ok()?;
    for (name, real) in libraries {
        let file = folder.join(format!("lib{name}.a"));
        let _ = std::fs::remove_file(&file);
        link(&library(&format!("lib{real}.a"))?, &file).ok()?;
    }
    // Static libraries that need each other.
    let group = ["-Wl,--start-group", "-lgcc_eh", "-lgcc", "-lc", "-Wl,--end-group"];
    let folder = format!("-L{}", folder.to_str()?);
    let args = [kind, "-no-pie", &folder].into_iter().chain(group);
    Some(args.map(ToOwned::to_owned).collect())
}

/// The path of a library of the system, as gcc and clang print it. They repeat the name of one that they do not find.
fn library(name: &str) -> Option<PathBuf> {
    let output = Command::new(linker()).arg(format!("-print-file-name={name}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    (path.is_absolute() && path.is_file()).then_some(path)
}

/// Whether the trial is linked with `args`, and runs.
fn is_linked(args: &[String], folder: &Path) -> bool {
    let (source, program) = (folder.join("trial.rs"), folder.join("trial"));
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    let mut rustc = Command::new(variable("RUSTC"));
    rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    rustc.args(["--edition=2024", "--target"]).arg(variable("TARGET"));
    rustc.arg("-C").arg(format!("linker={}", linker().to_string_lossy()));
    rustc.args(args.iter().map(|arg| format!("-Clink-arg={arg}")));
    rustc.arg("-o").args([&program, &source]);
    std::fs::write(&source, TRIAL).is_ok()
        && succeeds(&mut rustc)
        && (variable("HOST") != variable("TARGET") || succeeds(&mut Command::new(&program)))
}

fn succeeds(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The linker that cargo was told to use. rustc's own choice is `cc`.
fn linker() -> OsString {
    env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into())
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

#[cfg(unix)]
fn link(real: &Path, file: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(real, file)
}

#[cfg(not(unix))]
fn link(real: &Path, file: &Path) -> std::io::Result<()> {
    std::fs::copy(real, file).map(drop)
}
