//! The supported agents.

use serde_json::{Map, Value};

use super::model::Agent;
use super::{claude_code, codex, copilot, cursor, gemini};

/// All agents. Where several recognize a JSON, the first one counts.
pub static ALL: &[&Agent] =
    &[&cursor::CURSOR, &copilot::COPILOT, &gemini::GEMINI_CLI, &codex::CODEX, &claude_code::CLAUDE_CODE];

/// The agent with this name.
pub fn named(name: &str) -> Option<&'static Agent> {
    ALL.iter().copied().find(|agent| agent.name == name)
}

/// The agent that the JSON is from.
pub fn of(json: &Map<String, Value>) -> Option<&'static Agent> {
    ALL.iter().copied().find(|agent| (agent.recognizes)(json))
}
