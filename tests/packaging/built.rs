//! What `packaging/` builds, once for all tests of a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::runner::ours;
use crate::support::tools::tools;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A folder below the build folder, empty.
fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("create the folder");
    folder
}

#[track_caller]
pub fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|err| panic!("start {command:?}: {err}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The folder with the wheel and the source distribution. The profile compiles several times as fast as that of a
/// release. Everything else is as in a release.
pub fn wheels() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = empty("wheels");
        run(Command::new("sh")
            .arg(ours("packaging/pypi/build.sh"))
            .arg(&folder)
            .env("CARGO_TARGET_DIR", tools().join("wheel-target"))
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env_remove("RUSTFLAGS"));
        folder
    })
}

/// The wheel for this machine.
pub fn wheel() -> PathBuf {
    let arch = std::env::consts::ARCH;
    wheels().join(format!("keysweep-{VERSION}-py3-none-manylinux_2_17_{arch}.musllinux_1_2_{arch}.whl"))
}

/// A repository with the tree that a release tags, and the tag.
pub fn release() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = empty("release");
        run(Command::new("sh").arg(ours("packaging/release-tree.sh")).arg(&folder));
        let git = |args: &[&str]| {
            let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
            run(Command::new("git").arg("-C").arg(&folder).args(who).args(args));
        };
        git(&["init", "-q", "-b", "main"]);
        git(&["add", "--all", "--force"]);
        git(&["commit", "-q", "--no-verify", "-m", "Release"]);
        git(&["tag", "-a", "-m", "Release", &format!("v{VERSION}")]);
        folder
    })
}

/// The folder with the program of each wheel, below the name of its target.
pub fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = empty("programs");
        run(Command::new("sh").arg(ours("packaging/programs.sh")).args([wheels(), &folder]));
        folder
    })
}

/// The folder with the npm packages for this machine.
pub fn tarballs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = empty("npm");
        run(Command::new("sh").arg(ours("packaging/npm/build.sh")).args([programs(), &folder]));
        folder
    })
}
