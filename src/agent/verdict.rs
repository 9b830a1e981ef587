//! What is decided about an event, and what is written for the agent.

use serde_json::Value;

/// What is decided about an event. The texts are for the agent: they contain no token, and never say how to allow one.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// Nothing is wrong. The agent's own permissions decide.
    Pass,
    Deny(String),
    /// A person decides. Agents that cannot ask deny.
    Ask(String),
    /// The result or prompt with its tokens masked, and a note.
    Masked {
        masked: Value,
        note: String,
    },
}

/// What the process prints and returns.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub stdout: String,
    pub stderr: String,
    /// An exit code in the meaning of the agent. Code 2 means "block" for every supported agent.
    pub code: u8,
}

impl Answer {
    /// The exit code with which every supported agent blocks.
    pub const BLOCK: u8 = 2;

    /// Prints nothing and exits with 0.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// Prints one JSON document and exits with 0.
    pub(super) fn json(value: &Value) -> Self {
        Self { stdout: format!("{value}\n"), ..Self::default() }
    }

    /// Exits with 2 and gives the reason on standard error.
    pub(super) fn block(reason: &str) -> Self {
        Self { stderr: format!("{reason}\n"), code: Self::BLOCK, ..Self::default() }
    }
}
