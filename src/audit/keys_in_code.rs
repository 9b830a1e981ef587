//! Tokens in the index, and in the files that `git add -A` would take.

use super::check::Check;
use super::model::{Answer, Place};
use super::subject::Subject;
use crate::finding::Finding;

pub(super) const CHECK: Check = Check {
    name: "keys-in-code",
    rule: "no file that git tracks or would add holds a token",
    explanation: "\
Scans the index, and every file that git add -A would take: tracked, changed and untracked files, file names, and the targets
of symbolic links. Ignored files are not scanned. Tokens that .keysweep.toml allows are left out.

fail: a file holds a token.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let places = subject.scan().findings.iter().filter_map(place).collect();
    Answer::of(places, || Answer::pass("no file that git tracks or would add holds a token"))
}

fn place(finding: &Finding) -> Option<Place> {
    let path = finding.path.clone()?;
    let why = format!("{} ({})", finding.rule.title, finding.redacted);
    let help = format!("read it from the environment, and rotate the token: keysweep rules {}", finding.rule.id);
    Some(Place::fail(path, finding.position.map(|at| at.line), why, help))
}
