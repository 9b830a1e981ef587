//! `keysweep audit`: the security checklist, decided by what the repository has. One file a check.
//!
//! No check runs a program of the repository, except `hook-live` where the user asks for it.

mod check;
mod client_bundle;
pub(crate) mod client_names;
mod client_variable;
pub(crate) mod code;
mod env_file;
mod env_ignored;
mod env_shared;
mod history_swept;
mod hook_live;
mod ignore_rules;
mod image_layer;
mod keys_in_code;
mod model;
pub(crate) mod names;
pub(crate) mod package;
pub(crate) mod reader;
mod rotation;
mod scopes;
mod subject;
mod token_ledger;
mod token_logged;
mod webhook_compare;
mod webhook_raw;
mod webhook_replay;
mod webhooks;

pub use check::Check;
pub use model::{Answer, Place, Status};
pub use subject::Settings;

use subject::Subject;

use crate::config::{Accepted, Date};
use crate::error::Error;

/// All checks, in the order of a report.
pub static CHECKS: &[Check] = &[
    keys_in_code::CHECK,
    env_ignored::CHECK,
    env_shared::CHECK,
    scopes::CHECK,
    webhook_compare::CHECK,
    webhook_raw::CHECK,
    webhook_replay::CHECK,
    hook_live::CHECK,
    rotation::CHECK,
    token_ledger::CHECK,
    token_logged::CHECK,
    client_variable::CHECK,
    client_bundle::CHECK,
    image_layer::CHECK,
    history_swept::CHECK,
];

/// The answers to some checks, and what could not be read for them.
pub struct Audit {
    pub checks: Vec<Audited>,
    /// A report with any of these must not say that all is well.
    pub unread: Vec<Error>,
}

/// The answer to one check.
pub struct Audited {
    pub check: &'static Check,
    pub answer: Answer,
    pub acceptance: Option<Acceptance>,
}

/// The entry of the configuration that accepts a check.
#[derive(Clone, Debug)]
pub struct Acceptance {
    pub reason: String,
    pub until: Option<Date>,
    /// Whether the last day is over, so that the check fails again.
    pub is_over: bool,
}

impl Audited {
    /// Whether the check makes the audit fail. A suspicion does so only if `is_strict`.
    pub fn is_failure(&self, is_strict: bool) -> bool {
        let is_bad = self.answer.status == Status::Fail || (is_strict && self.answer.status == Status::Suspect);
        is_bad && !self.is_accepted()
    }

    pub fn is_accepted(&self) -> bool {
        let is_bad = matches!(self.answer.status, Status::Fail | Status::Suspect);
        is_bad && self.acceptance.as_ref().is_some_and(|acceptance| !acceptance.is_over)
    }
}

/// Runs `checks` on one repository.
pub fn run(checks: &[&'static Check], settings: &Settings<'_>) -> Audit {
    let subject = Subject::new(settings);
    let audited = checks.iter().map(|check| Audited {
        check,
        answer: (check.run)(&subject),
        acceptance: acceptance(settings.accepted, check.name, settings.today),
    });
    Audit { checks: audited.collect(), unread: subject.reader.take_unread() }
}

/// The entry that lasts longest decides.
fn acceptance(accepted: &[Accepted], check: &str, today: Date) -> Option<Acceptance> {
    let entries = accepted.iter().filter(|entry| entry.check == check);
    let longest = entries.max_by_key(|entry| (entry.until.is_none(), entry.until))?;
    let is_over = longest.until.is_some_and(|until| until < today);
    Some(Acceptance { reason: longest.reason.clone(), until: longest.until, is_over })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CHECK_NAMES;

    #[test]
    fn the_configuration_knows_every_check() {
        let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names, CHECK_NAMES);
    }
}
