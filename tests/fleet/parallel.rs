//! The command with GNU parallel in `docs/fleet.md`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Fleet, expect_error, expect_found};
use crate::support::runner::{ours, path};
use crate::support::{Call, tools};

/// The command, in which each process scans two repositories instead of twenty, so that several start.
fn command() -> String {
    let docs = fs::read_to_string(ours("docs/fleet.md")).expect("read the page");
    let command = docs.lines().find(|line| line.starts_with("parallel ")).expect("the command in docs/fleet.md");
    assert!(command.contains(" -N 20 "), "{command}");
    command.replace(" -N 20 ", " -N 2 ")
}

#[test]
fn the_command_of_the_docs_scans_each_repository_once() {
    let mut fleet = Fleet::new(2951);
    let tokens: Vec<_> = (0..5).map(|_| fleet.token()).collect();
    let mut repositories = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        fleet.add(&format!("with-{at}"), Some(token));
        fleet.add(&format!("clean-{at}"), None);
        repositories.extend([fleet.folder(&format!("with-{at}")), fleet.folder(&format!("clean-{at}"))]);
    }
    let missing = fleet.folder("missing");
    let list = [repositories.join("\n"), missing.clone()].join("\n");
    fs::write(fleet.repo.base().join("repositories.txt"), list + "\n").expect("write the list");

    let keysweep = Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{}; code=$?; cat findings.jsonl; exit $code", command())]);
    let folders = vec![keysweep.to_owned(), tools::parallel().to_owned()];
    let call = Call::new(shell).cwd(fleet.repo.base()).env("PATH", path(folders, "keysweep"));
    let call = call.env("HOME", fleet.repo.base()).env("XDG_CACHE_HOME", fleet.cache());

    // Six processes: five find a token, and one cannot read its only repository.
    let run = call.run().expect_code(6);
    for (at, token) in tokens.iter().enumerate() {
        expect_found(&run, &fleet.folder(&format!("with-{at}")), &[token]);
        expect_found(&run, &fleet.folder(&format!("clean-{at}")), &[]);
    }
    expect_error(&run, &missing, "No such file");
    assert!(run.err().matches("2 repositories: ").count() == 5, "each process has its part of the list: {}", run.err());
}
