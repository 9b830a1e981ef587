//! The wheel: a static program that pip, pipx and uv install without a compiler.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::built::{VERSION, run, wheel, wheels};
use crate::support::token::Maker;
use crate::support::tools::installers;
use crate::support::{Repo, client};

/// Checks that `program` runs, with nothing but its own folder in PATH, and that it finds a token.
#[track_caller]
fn expect_works(repo: &Repo, program: &Path) {
    let call = |args: &[&str]| {
        repo.call(&program.display().to_string(), args).env("PATH", program.parent().expect("a folder"))
    };
    call(&["--version"]).run().expect_code(0).expect_has(VERSION);
    let token = Maker::new(2700).sk_live(24);
    repo.write("a.txt", client(&token));
    // The wheel has the features `archives` and `online`.
    call(&["verify", "--vendor", "attio"]).run().expect_code(2).expect_has("standard input is empty");
    call(&["files", "--archives", "a.txt"])
        .run()
        .expect_code(1)
        .expect_has(&token.redacted())
        .expect_lacks(token.body());
}

#[test]
fn pip_installs_the_wheel_into_an_empty_virtual_environment() {
    let repo = Repo::none();
    let venv = repo.base().join("venv");
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
    let pip = repo.call(&venv.join("bin/pip").display().to_string(), &["install", "--no-index", "--find-links"]);
    pip.args(&[wheels().as_os_str(), "keysweep".as_ref()]).env("PATH", venv.join("bin")).run().expect_code(0);
    expect_works(&repo, &venv.join("bin/keysweep"));
    for page in ["man/man1/keysweep.1", "man/man1/keysweep-staged.1", "bash-completion/completions/keysweep"] {
        let text = fs::read_to_string(venv.join("share").join(page)).unwrap_or_else(|err| panic!("{page}: {err}"));
        assert!(text.contains("keysweep"), "{page}");
    }
}

#[test]
fn pipx_and_uv_install_the_wheel() {
    let repo = Repo::none();
    let folder = |name: &str| repo.base().join(name);
    let call = |program: &str, args: &[&str]| {
        repo.call(&installers().join(program).display().to_string(), args)
            .env("PIPX_HOME", folder("pipx"))
            .env("PIPX_BIN_DIR", folder("pipx-bin"))
            .env("UV_TOOL_DIR", folder("uv"))
            .env("UV_TOOL_BIN_DIR", folder("uv-bin"))
            .env("UV_CACHE_DIR", folder("uv-cache"))
            .env("UV_NO_INDEX", "1")
            .env("UV_FIND_LINKS", wheels())
            .env("UV_PYTHON_DOWNLOADS", "never")
    };
    // pipx upgrades its own pip from the index, so the wheel is given by path and not by name.
    call("pipx", &["install", &wheel().display().to_string()]).run().expect_code(0);
    expect_works(&repo, &folder("pipx-bin/keysweep"));
    call("uv", &["tool", "install", "keysweep"]).run().expect_code(0);
    expect_works(&repo, &folder("uv-bin/keysweep"));
}

/// `build.sh` builds the wheel from the source distribution, so this one is complete.
#[test]
fn a_source_distribution_is_beside_the_wheel() {
    assert!(wheel().is_file(), "no {}", wheel().display());
    assert!(wheels().join(format!("keysweep-{VERSION}.tar.gz")).is_file());
    assert_eq!(fs::read_dir(wheels()).expect("list").count(), 2);
}

/// The tags of the wheel promise that the program runs with any C library. So it must not need one.
#[test]
fn the_program_needs_no_other_file() {
    let repo = Repo::none();
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).args([wheel().as_path(), repo.base()]));
    let scripts = repo.base().join(format!("keysweep-{VERSION}.data/scripts"));
    let program = fs::read(scripts.join("keysweep")).expect("read the program");
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([program[at], program[at + 1]]));
    assert_eq!(u16_at(16), 2, "the type of the ELF file must be EXEC, which is not position-independent");
    let table = usize::try_from(u64::from_le_bytes(program[32..40].try_into().expect("8 bytes"))).expect("an offset");
    let kinds = (0..u16_at(56)).map(|n| program[table + n * u16_at(54)]);
    assert!(kinds.clone().all(|kind| kind != 3), "no segment may be INTERP, which names a dynamic loader");
    assert!(kinds.clone().any(|kind| kind == 1), "no segment is LOAD");

    // A root file system that contains nothing but the program and a file to scan, without a home and a list of users.
    let token = Maker::new(2701).sk_live(24);
    fs::write(scripts.join("a.txt"), client(&token)).expect("write");
    run(Command::new("chmod").arg("755").arg(scripts.join("keysweep")));
    let root = "if [ \"$(id -u)\" = 0 ]; then exec chroot \"$@\"; else exec unshare --map-root-user chroot \"$@\"; fi";
    let call = repo.call("sh", &["-c", root, "sh"]);
    let call = call.args(&[scripts.as_os_str(), "/keysweep".as_ref(), "files".as_ref(), "a.txt".as_ref()]);
    call.run().expect_code(1).expect_has(&token.redacted()).expect_lacks(token.body());
}
