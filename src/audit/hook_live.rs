//! Whether the hooks of this clone scan commits and pushes.

use super::check::Check;
use super::model::Answer;
use super::subject::Subject;
use crate::hook::{self, Guard, ReadEvent, ReadState};

pub(super) const CHECK: Check = Check {
    name: "hook-live",
    rule: "the hooks of this clone scan commits and pushes",
    explanation: "\
Reads the scripts that git would run, the hooks in git's configuration, and the configuration of pre-commit, prek, husky and
lefthook. It runs nothing. With --run-hooks it runs the hooks on a made-up token, as keysweep doctor does. Hooks are not part of a clone, so in CI this fails.

fail: no hook scans commits; with --run-hooks, a hook lets a token through.
suspect: commits are scanned, but another hook is missing, or a setting switches hooks off.
unknown: the pre-commit hook belongs to something else, which may call a scanner; --run-hooks decides.",
    run,
};

const INSTALL: &str = "run keysweep install";

fn run(subject: &Subject<'_>) -> Answer {
    let answer = if subject.settings.run_hooks { by_running(subject) } else { by_reading(subject) };
    answer.unwrap_or_else(|error| {
        subject.reader.record(error);
        Answer::unknown("the hooks could not be read", "see the error")
    })
}

fn by_running(subject: &Subject<'_>) -> Result<Answer, crate::error::Error> {
    let diagnosis = hook::doctor(subject.settings.top)?;
    diagnosis.changes.errors.into_iter().for_each(|error| subject.reader.record(error));
    Ok(match diagnosis.guard {
        Guard::Whole => Answer::pass("all hooks block a made-up token"),
        Guard::Partial => Answer::suspect("commits are scanned, but not everything else", "run keysweep doctor"),
        Guard::None => Answer::fail("a commit with a token would go through", INSTALL),
        Guard::Unproved => Answer::unknown("it could not be checked", "run keysweep doctor"),
    })
}

fn by_reading(subject: &Subject<'_>) -> Result<Answer, crate::error::Error> {
    let (hooks, warnings) = hook::read_hooks(subject.settings.top)?;
    let unreadable = hooks.iter().find(|hook| matches!(hook.state, ReadState::Unreadable(_)));
    if let Some(ReadEvent { hook: file, state: ReadState::Unreadable(why), .. }) = unreadable {
        subject.reader.record(crate::error::Error::new(format!("cannot read {file}"), why, "make it a readable file"));
    }
    let Some(first) = hooks.first() else { return Ok(Answer::fail("git runs no hook", INSTALL)) };
    let file = &first.hook;
    Ok(match &first.state {
        ReadState::Missing => Answer::fail(with(format!("{} is not installed", first.name), &warnings), INSTALL),
        ReadState::NotExecutable => {
            Answer::fail(format!("{file} is not executable, so git does not run it"), format!("run chmod +x {file}"))
        }
        ReadState::SwitchedOff(setting) => Answer::fail(setting.clone(), "set it to true, or unset it"),
        ReadState::Unreadable(_) => Answer::unknown(format!("{file} could not be read"), "see the error"),
        ReadState::Other(owner) => Answer::unknown(
            with(format!("{} is {owner} that does not name keysweep", first.name), &warnings),
            "run keysweep audit hook-live --run-hooks, which runs it on a made-up token",
        ),
        ReadState::CallsKeysweep => {
            let missing: Vec<&str> =
                hooks.iter().filter(|hook| hook.state != ReadState::CallsKeysweep).map(|hook| hook.name).collect();
            match (missing.is_empty(), warnings.first()) {
                (_, Some(warning)) => Answer::suspect(warning.clone(), "run keysweep doctor"),
                (true, None) => Answer::pass("all hooks call keysweep; keysweep doctor checks that they block a token"),
                (false, None) => Answer::suspect(
                    format!("commits are scanned, but {} does not call keysweep", missing.join(" and ")),
                    format!("run keysweep install {}", missing.join(" ")),
                ),
            }
        }
    })
}

fn with(why: String, warnings: &[String]) -> String {
    warnings.iter().fold(why, |why, warning| format!("{why}; {warning}"))
}
