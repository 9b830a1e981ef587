//! What is decided about a shell command.

/// What is decided about a command, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    Refused(String),
    /// Only a person may decide.
    Ask(String),
}
