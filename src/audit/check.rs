//! A check of the list.

use crate::audit::model::Answer;
use crate::audit::subject::Subject;

/// One item of the checklist.
pub struct Check {
    /// Stable, since scripts and configurations refer to it.
    pub name: &'static str,
    /// What must be true, as a sentence without a period.
    pub rule: &'static str,
    /// How it is decided, for `--explain`.
    pub explanation: &'static str,
    pub(super) run: fn(&Subject<'_>) -> Answer,
}
