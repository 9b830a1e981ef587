//! Tokens in what a build made for clients.

use std::path::PathBuf;

use super::check::Check;
use super::model::{Answer, Place};
use super::package::{Root, file_of};
use super::subject::Subject;

pub(super) const CHECK: Check = Check {
    name: "client-bundle",
    rule: "no build for clients holds a token",
    explanation: "\
Scans the output of the last build that goes to clients, source maps included, in every package that builds client code:
.next/static, .output/public, .svelte-kit/output/client, dist, build and out. Server output such as .next/server is left out.

fail: a file holds a token.
unknown: there is no build on this machine.",
    run,
};

/// Folders that go to clients whatever else is in the package.
const ALWAYS: &[&str] = &[".next/static", ".output/public", ".svelte-kit/output/client"];

/// Folders that go to clients, or have a folder `client` that does.
const USUAL: &[&str] = &["dist", "build", "out"];

fn run(subject: &Subject<'_>) -> Answer {
    let roots = subject.roots();
    if !roots.iter().any(Root::has_client) {
        return Answer::not_applicable("no package here builds client code");
    }
    let folders: Vec<PathBuf> = roots.iter().flat_map(|root| client_folders(root, subject)).collect();
    if folders.is_empty() {
        let help = "build the project, then run keysweep audit client-bundle";
        return Answer::unknown("there is no build on this machine", help);
    }
    let findings = subject.scan_files(&folders);
    let places = findings.iter().filter_map(|finding| {
        let path = finding.path.clone()?;
        let why = format!("client code holds a token: {} ({})", finding.rule.title, finding.redacted);
        let help = "read it on the server only, build again, and rotate the token if the build was ever deployed";
        Some(Place::fail(path, finding.position.map(|at| at.line), why, help))
    });
    Answer::of(places.collect(), || Answer::pass("the last build for clients holds no token"))
}

/// The folders of a root that go to clients and exist. A symbolic link is not followed.
fn client_folders(root: &Root, subject: &Subject<'_>) -> Vec<PathBuf> {
    if !root.has_client() {
        return Vec::new();
    }
    let is_folder = |name: &str| subject.reader.is_real_folder(&file_of(root, name));
    let of_usual = |name: &str| {
        let client = format!("{name}/client");
        // With a server beside it, only the folder `client` is published.
        if is_folder(&client) { client } else { name.to_owned() }
    };
    let names = ALWAYS.iter().map(|name| (*name).to_owned()).chain(USUAL.iter().map(|name| of_usual(name)));
    names.filter(|name| is_folder(name)).map(|name| subject.reader.on_disk(&file_of(root, &name))).collect()
}
