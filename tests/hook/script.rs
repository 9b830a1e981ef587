//! The hook script runs keysweep only from absolute folders. Git starts hooks in the worktree, so a relative folder
//! could contain a program of the repository.

use std::fs;

use crate::support::token::Maker;
use crate::support::{Repo, client, executable};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keysweep");

/// A repository with the hook script, a staged token, and planted `keysweep` programs. A planted program is in each
/// folder of the worktree that a relative setting could mean. It creates a file and allows everything.
fn with_planted_programs() -> Repo {
    let repo = Repo::new();
    repo.keysweep(&["install", "pre-commit"]).expect_code(0);
    // Remove the program's path, as in a shared script or after the program has moved.
    let script = repo.path(".git/hooks/pre-commit");
    let text = fs::read_to_string(&script).expect("the script").replace(PROGRAM, "");
    executable(&script, &text);
    for folder in ["", "bin", ".cargo/bin", ".local/bin", "sub"] {
        fs::create_dir_all(repo.path(folder)).expect("create");
        executable(&repo.path(folder).join("keysweep"), "#!/bin/sh\ntouch \"$PLANTED\"\nexit 0\n");
    }
    repo.stage("a.txt", client(&Maker::new(9100).sk_live(24)));
    repo
}

#[test]
fn no_program_of_the_worktree_is_run() {
    const PATH: &str = "/usr/bin:/bin";
    let (colon, plain) = ((format!("{PATH}:"), format!(":{PATH}")), PATH.to_owned());
    for (path, cargo, home) in [
        (plain.as_str(), ".", ""),
        (&plain, "sub/..", ""),
        (&plain, "", "."),
        (&plain, "", "./"),
        (&format!(".:{PATH}"), "", ""),
        (&format!("bin:{PATH}"), "", ""),
        (&format!("./sub:{PATH}"), "", ""),
        ("/usr/bin:.:/bin", "", ""),
        ("/usr/bin::/bin", "", ""),
        (&colon.0, "", ""),
        (&colon.1, "", ""),
    ] {
        let repo = with_planted_programs();
        let home = if home.is_empty() { repo.base().display().to_string() } else { home.to_owned() };
        let planted = repo.base().join("planted");
        let call = repo.git_call(&["commit", "-q", "-m", "leak"]).env("PATH", path).env("PLANTED", &planted);
        let run = call.env("CARGO_HOME", cargo).env("HOME", home).run();
        assert!(!planted.exists(), "PATH={path} CARGO_HOME={cargo}: the hook ran a program of the worktree");
        run.expect_code(1).expect_has("keysweep: cannot run the hook pre-commit: there is no keysweep in PATH");
    }
}

#[test]
fn each_absolute_folder_is_searched() {
    let settings = [("PATH", "p [x]*", "p [x]*"), ("CARGO_HOME", "c d", "c d/bin"), ("HOME", "h", "h/.local/bin")];
    for (name, value, folder) in settings {
        let repo = with_planted_programs();
        let folder = repo.base().join(folder);
        fs::create_dir_all(&folder).expect("create");
        std::os::unix::fs::symlink(PROGRAM, folder.join("keysweep")).expect("link");
        let value = repo.base().join(value).display().to_string();
        let value = if name == "PATH" { format!("/usr/bin:/bin:{value}") } else { value };
        let call = repo.git_call(&["commit", "-q", "-m", "leak"]).env("PATH", "/usr/bin:/bin").env("CARGO_HOME", "");
        let run = call.env(name, value).run().expect_code(1);
        run.expect_has("error[stripe-secret-key]");
    }
}
