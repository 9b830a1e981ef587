//! When the whole history was last scanned, and what came since.

use std::sync::Arc;

use super::check::Check;
use super::model::Answer;
use super::subject::Subject;
use crate::error::counted;
use crate::history::database::History;
use crate::history::progress::ProgressState;
use crate::history::since_last::{LastSweep, last_sweep};

pub(super) const CHECK: Check = Check {
    name: "history-swept",
    rule: "the whole history was scanned, and nothing came since",
    explanation: "\
Reads what keysweep history --since-last recorded in the git directory: which objects were clean, under which rules. Compares it
with the objects that the repository has now. It scans no object.

suspect: the last scan found tokens, or archives that it could not read, in some objects.
unknown: no scan was recorded, it used other rules, or objects came since.
pass: the last scan was clean, under the rules that are in force, and nothing came since.",
    run,
};

const SWEEP: &str = "run keysweep history --since-last";

fn run(subject: &Subject<'_>) -> Answer {
    let settings = subject.settings;
    let history = History::open(settings.repository, settings.threads, Arc::new(ProgressState::default()));
    match last_sweep(&history, settings.rule_digests) {
        LastSweep::Never => Answer::unknown("no scan of the whole history was recorded", SWEEP),
        LastSweep::OtherRules(day) => {
            Answer::unknown(format!("the scan of {day} used other rules or another build"), SWEEP)
        }
        LastSweep::Lost(day) => Answer::unknown(format!("objects are gone since the scan of {day}"), SWEEP),
        LastSweep::Known { day, tainted, new } => match (tainted, new) {
            (0, 0) => Answer::pass(format!("the scan of {day} was clean, and nothing came since")),
            (0, new) => {
                Answer::unknown(format!("{} came since the clean scan of {day}", counted(new, "object")), SWEEP)
            }
            (tainted, _) => Answer::suspect(
                format!(
                    "the scan of {day} found tokens, or archives it could not read, in {}",
                    counted(tainted, "object")
                ),
                SWEEP,
            ),
        },
    }
}
