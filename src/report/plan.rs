//! The last part of the report on a sweep: what to do, in order, and nothing that does not apply.

mod script;

pub use script::{Setup, script, word};

use std::collections::BTreeSet;

use super::advice;
use super::model::Report;
use super::shown::{shell_word, shown_path};
use crate::cleanup::Cleanup;
use crate::finding::ShownPath;
use crate::history::provenance::{Provenance, Reachability};

/// One thing to do.
#[derive(Debug)]
pub(super) struct Step {
    /// For scripts.
    pub name: &'static str,
    pub says: String,
    pub list: Vec<String>,
    /// For a POSIX shell, one after the other in the one shell.
    pub run: Vec<String>,
}

impl Step {
    fn new(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, says: says.into(), list: Vec::new(), run: Vec::new() }
    }

    fn list(self, list: Vec<String>) -> Self {
        Self { list, ..self }
    }

    fn run<S: Into<String>>(self, run: impl IntoIterator<Item = S>) -> Self {
        Self { run: run.into_iter().map(Into::into).collect(), ..self }
    }
}

/// The steps, in order. Empty where no token was found.
pub(super) fn plan(report: &Report<'_>) -> Vec<Step> {
    let (Some(provenances), Some(cleanup)) = (report.provenances, report.cleanup) else { return Vec::new() };
    let clean = match &cleanup.script {
        Some(script) => clean(report, provenances, cleanup, script),
        None => ask_for_a_script(cleanup),
    };
    [rotate(provenances), unstage(provenances), Some(clean), tell_others(provenances, cleanup)]
        .into_iter()
        .flatten()
        .collect()
}

fn rotate(provenances: &[Provenance]) -> Option<Step> {
    let mut seen = BTreeSet::new();
    let findings = provenances.iter().filter(|one| one.reachability != Reachability::Index).map(|one| &one.finding);
    let list: Vec<String> = findings
        .filter(|finding| seen.insert(advice::key(finding)))
        .map(|finding| format!("{}: {}", advice::kind(finding), advice::remedy(finding).join("; ")))
        .collect();
    let says = "Rotate first: what was committed counts as leaked, and no cleaning takes that back.";
    (!list.is_empty()).then(|| Step::new("rotate", says).list(list))
}

/// The script takes it out of the index; the file itself is the user's.
fn unstage(provenances: &[Provenance]) -> Option<Step> {
    let staged = || provenances.iter().filter(|one| one.reachability == Reachability::Index);
    let paths = staged().flat_map(|one| &one.occurrences).filter_map(|place| Some(shown_path(place.path.as_ref()?)));
    let says = "Take the token out of the files that are staged only, and git add them again.";
    staged().next().map(|_| Step::new("unstage", says).list(paths.collect()))
}

fn ask_for_a_script(cleanup: &Cleanup) -> Step {
    let says =
        "Take the tokens out: this writes a file with the replacements, and beside it the script that applies them.";
    let words = ["keysweep", "history"].into_iter().chain(cleanup.options.iter().map(String::as_str));
    let words = words.chain(["--replacements", "\"$HOME/replacements.txt\""]);
    Step::new("rewrite", says).run([words.collect::<Vec<_>>().join(" ")])
}

fn clean(report: &Report<'_>, provenances: &[Provenance], cleanup: &Cleanup, script: &ShownPath) -> Step {
    let place = if cleanup.has_remotes { ", here and at each remote" } else { "" };
    let archives = script::archives(provenances);
    let list = archives.iter().map(|one| match &one.path {
        Some(path) => format!("{}: {}", shown_path(path), one.object),
        None => one.object.clone(),
    });
    let more = if archives.is_empty() {
        ""
    } else {
        " These archives are taken out whole, since no replacement reaches into one. A line of text is in their place: build \
         them anew without the token, and commit them afterwards."
    };
    let leaves_packed = report.result.skipped.iter().any(|one| one.why.ends_with("not unpacked"));
    let unproved = if leaves_packed {
        " It proves nothing of what is not unpacked: unpack by other means what the report names, and scan it."
    } else {
        ""
    };
    let says = format!(
        "Take the tokens out{place}. The first command looks, changes nothing, and prints what would change. \
         The second does it, once nobody pushes: it keeps a backup, rewrites only what holds a token and the commits behind \
         it, stops where somebody pushed meanwhile, and proves the result.{unproved}{more}"
    );
    let script = shell_word(script).unwrap_or_else(|| "FILE".to_owned());
    Step::new("clean", says).list(list.collect()).run([format!("sh {script}"), format!("sh {script} --apply")])
}

fn tell_others(provenances: &[Provenance], cleanup: &Cleanup) -> Option<Step> {
    let says = "Tell everybody who has a clone to make a new one: a pull would bring the tokens back, and a push from there \
                would restore them. Ask the forge's support to delete what no push can: refs of pull requests, cached views \
                of commits. Forks keep all of it; their owners delete them.";
    let is_shared = |one: &Provenance| one.reachability < Reachability::Stash;
    (cleanup.has_remotes && provenances.iter().any(is_shared)).then(|| Step::new("others", says))
}
