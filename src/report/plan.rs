//! The last part of the report of a history scan: the steps that apply to this repository, in order.

mod script;

pub use script::{Setup, script, word};

use std::collections::BTreeSet;

use super::advice;
use super::model::Report;
use super::shown::{shell_word, shown_path};
use crate::cleanup::Cleanup;
use crate::finding::{Finding, ShownPath};
use crate::history::provenance::{Provenance, Reachability};
use crate::rotation::{Credential, Deployment, Heading, Step, steps};

/// The steps, in order. Empty if no token was found.
pub(super) fn plan(report: &Report<'_>) -> Vec<Step> {
    let (Some(provenances), Some(cleanup)) = (report.provenances, report.cleanup) else { return Vec::new() };
    let clean = match &cleanup.script {
        Some(script) => clean(report, provenances, cleanup, script),
        None => ask_for_a_script(cleanup),
    };
    let none = Deployment::default();
    let rotation = rotate(provenances, report.deployment.unwrap_or(&none));
    let others = [unstage(provenances), Some(clean), tell_others(provenances, cleanup)];
    rotation.into_iter().chain(others.into_iter().flatten()).collect()
}

const ROTATE: &str =
    "Rotate the tokens first: a committed token counts as leaked, and cleaning the history does not undo that.";

/// The procedure that `keysweep rotate` prints, for all kinds of committed tokens.
fn rotate(provenances: &[Provenance], deployment: &Deployment) -> Vec<Step> {
    let credentials = credentials(provenances);
    if credentials.is_empty() { Vec::new() } else { steps(&credentials, deployment, ROTATE, Heading::Nothing) }
}

/// The kinds of committed tokens, in the order of the report.
pub fn credentials(provenances: &[Provenance]) -> Vec<Credential> {
    let mut seen = BTreeSet::new();
    let findings = provenances.iter().filter(|one| one.reachability != Reachability::Index).map(|one| &one.finding);
    let kinds = findings.filter(|finding| seen.insert(advice::key(finding)));
    let of = |finding: &Finding| {
        let remedy = advice::remedy(finding);
        Credential::of_finding(advice::kind(finding), finding.rule, &finding.likely, remedy)
    };
    kinds.map(of).collect()
}

/// The script changes only the index. The user edits the file.
fn unstage(provenances: &[Provenance]) -> Option<Step> {
    let staged = || provenances.iter().filter(|one| one.reachability == Reachability::Index);
    let paths = staged().flat_map(|one| &one.occurrences).filter_map(|place| Some(shown_path(place.path.as_ref()?)));
    let says = "Remove the token from these staged files, and git add them again.";
    staged().next().map(|_| Step::new("unstage", says).list(paths.collect()))
}

fn ask_for_a_script(cleanup: &Cleanup) -> Step {
    let says = "Remove the tokens: this command writes a file with the replacements and, next to it, a script that applies them.";
    let words = ["keysweep", "history"].into_iter().chain(cleanup.options.iter().map(String::as_str));
    let words = words.chain(["--replacements", "\"$HOME/replacements.txt\""]);
    Step::new("rewrite", says).run([words.collect::<Vec<_>>().join(" ")])
}

fn clean(report: &Report<'_>, provenances: &[Provenance], cleanup: &Cleanup, script: &ShownPath) -> Step {
    let place = if cleanup.has_remotes { " here and on each remote" } else { "" };
    let archives = script::archives(provenances);
    let list = archives.iter().map(|one| match &one.path {
        Some(path) => format!("{}: {}", shown_path(path), one.object),
        None => one.object.clone(),
    });
    let more = if archives.is_empty() {
        ""
    } else {
        " These archives are replaced as a whole, because a replacement cannot change the content of an archive. A line of text \
         takes their place: build them again without the token, and commit them afterwards."
    };
    let leaves_packed = report.result.skipped.iter().any(|one| one.why.ends_with("not unpacked"));
    let unproved = if leaves_packed {
        " The proof does not cover archives that were not unpacked: unpack those that the report names with another tool, and scan \
         the files."
    } else {
        ""
    };
    let says = format!(
        "Remove the tokens{place}. The first command changes nothing and prints what would change. Run the second command when \
         nobody pushes: it makes a backup, rewrites only objects that contain a token and their descendants, stops if somebody \
         pushed in the meantime, and proves the result.{unproved}{more}"
    );
    let script = shell_word(script).unwrap_or_else(|| "FILE".to_owned());
    Step::new("clean", says).list(list.collect()).run([format!("sh {script}"), format!("sh {script} --apply")])
}

fn tell_others(provenances: &[Provenance], cleanup: &Cleanup) -> Option<Step> {
    let says = "Ask everybody who has a clone to make a new one: a pull would merge the old commits again, and a push from an old \
                clone would restore the tokens. Ask the forge's support to delete what a push cannot change: refs of pull \
                requests and cached views of commits. Forks keep the tokens; only their owners can delete them.";
    let is_shared = |one: &Provenance| one.reachability < Reachability::Stash;
    (cleanup.has_remotes && provenances.iter().any(is_shared)).then(|| Step::new("others", says))
}
