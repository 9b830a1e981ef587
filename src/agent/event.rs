//! What an agent reports to its hook, in one form for all agents.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::lenient;

/// The JSON of an event.
pub type Json = Map<String, Value>;

/// Parses an event. The error quotes nothing of the text, as the message of the parser could.
pub fn parse(text: &[u8]) -> Result<Json, String> {
    let parsed = serde_json::from_slice(text).or_else(|err| match std::str::from_utf8(text) {
        Ok(text) => serde_json::from_str(&lenient::rewritten(text)),
        Err(_) => Err(err),
    });
    match parsed {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err("it is not a JSON object".to_owned()),
        Err(err) => {
            Err(format!("it is not a JSON object that can be read (line {}, column {})", err.line(), err.column()))
        }
    }
}

/// When an agent calls the hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before a person's prompt is sent to the model.
    Prompt,
    /// Before a tool runs.
    BeforeTool,
    /// After a tool ran, before the model sees the result.
    AfterTool,
    /// Any other event. There is nothing to scan.
    Other,
}

/// What a tool does with its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolKind {
    /// Runs a shell command.
    Shell,
    /// Reads the files that its input names.
    Read,
    /// Only searches or lists. The paths in its input are not written to.
    Search,
    /// Writes, edits or deletes files, or does something unknown. Unknown tools may write, so their paths count as written.
    Other,
}

/// A call of a tool.
#[derive(Debug)]
pub struct ToolCall {
    pub kind: ToolKind,
    pub input: Value,
}

/// One call of the hook.
#[derive(Debug)]
pub struct Event {
    /// The agent's own name for it.
    pub name: String,
    pub moment: Moment,
    /// The folder that relative paths and commands refer to.
    pub folder: Option<PathBuf>,
    /// Whether the agent documents that it asks a person, and does so in its present mode.
    pub can_ask: bool,
    /// Whether the agent replaces the result or the prompt by a masked one.
    pub can_mask: bool,
    /// A prompt, usually a text.
    pub prompt: Option<Value>,
    /// Files whose content the agent adds to the prompt.
    pub attached: Vec<PathBuf>,
    pub tool: Option<ToolCall>,
    /// Whether the input of the tool contains the content of the file that it reads.
    pub has_content: bool,
    /// The result of a tool, as the model would see it.
    pub result: Option<Value>,
}

impl Event {
    /// An event without any content.
    pub fn new(name: impl Into<String>, moment: Moment, json: &Map<String, Value>) -> Self {
        let folder = json.get("cwd").and_then(Value::as_str).map(PathBuf::from).filter(|folder| folder.is_absolute());
        Self {
            name: name.into(),
            moment,
            folder,
            can_ask: false,
            can_mask: true,
            prompt: None,
            attached: Vec::new(),
            tool: None,
            has_content: false,
            result: None,
        }
    }
}

/// The value of the string member `key`.
pub(super) fn text<'j>(json: &'j Map<String, Value>, key: &str) -> Option<&'j str> {
    json.get(key).and_then(Value::as_str)
}

/// Removes the member `key`. If it is a string with JSON in it, as some agents pass inputs, the JSON is parsed.
pub(super) fn take_parsed(json: &mut Map<String, Value>, key: &str) -> Value {
    match json.remove(key) {
        Some(Value::String(text)) => match serde_json::from_str(&text) {
            Ok(parsed @ (Value::Object(_) | Value::Array(_))) => parsed,
            _ => Value::String(text),
        },
        other => other.unwrap_or_default(),
    }
}
