//! Cursor. Source: <https://cursor.com/docs/hooks>, as of 2026-08 (version 3.11).
//!
//! With `failClosed: true` an answer without a decision counts as a failure and blocks, so events that decide always get one.
//! `preToolUse` does not ask. It passes calls on to Cursor's own approval. `beforeShellExecution` would not, so it is understood
//! but not installed.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::event::{Event, Moment, ToolCall, ToolKind, take_parsed, text};
use super::model::{Agent, Effect, KnownEvent};
use super::settings::{Form, Settings};
use super::verdict::{Answer, Verdict};

pub(super) static CURSOR: Agent = Agent {
    name: "cursor",
    title: "Cursor",
    document: "https://cursor.com/docs/hooks",
    read_on: "2026-08",
    events: EVENTS,
    tools: TOOLS,
    recognizes: |json| json.contains_key("cursor_version") || json.contains_key("conversation_id"),
    read,
    answer,
    settings: Settings {
        of_project: ".cursor/hooks.json",
        variable: None,
        folder: ".cursor",
        file: "hooks.json",
        form: Form::Cursor,
        empty: "{\n  \"version\": 1\n}\n",
        note: None,
    },
    sample: |event, text| match event {
        PROMPT => json!({ "cursor_version": "1", "hook_event_name": event, "prompt": text }),
        READ => json!({ "cursor_version": "1", "hook_event_name": event, "file_path": "/file", "content": text }),
        "postToolUse" => {
            json!({ "cursor_version": "1", "hook_event_name": event, "tool_name": "MCP:x", "tool_output": text })
        }
        _ => json!({ "cursor_version": "1", "hook_event_name": event, "tool_name": "Shell",
            "tool_input": { "command": format!("echo {text}") } }),
    },
};

const PROMPT: &str = "beforeSubmitPrompt";
const READ: &str = "beforeReadFile";
const SHELL: &str = "beforeShellExecution";
const MCP: &str = "beforeMCPExecution";

const EVENTS: &[KnownEvent] = &[
    KnownEvent { name: PROMPT, moment: Moment::Prompt, effect: Effect::Blocks, installed: true },
    KnownEvent { name: "preToolUse", moment: Moment::BeforeTool, effect: Effect::Blocks, installed: true },
    KnownEvent { name: READ, moment: Moment::BeforeTool, effect: Effect::Blocks, installed: true },
    KnownEvent { name: SHELL, moment: Moment::BeforeTool, effect: Effect::BlocksOrAsks, installed: false },
    KnownEvent { name: MCP, moment: Moment::BeforeTool, effect: Effect::BlocksOrAsks, installed: false },
    KnownEvent { name: "postToolUse", moment: Moment::AfterTool, effect: Effect::MasksMcp, installed: true },
];

const TOOLS: &[(&str, ToolKind)] =
    &[("Shell", ToolKind::Shell), ("Read", ToolKind::Read), ("Grep", ToolKind::Search), ("Glob", ToolKind::Search)];

fn read(agent: &Agent, mut json: Map<String, Value>) -> Event {
    let name = text(&json, "hook_event_name").unwrap_or_default().to_owned();
    let moment = agent.moment(&name);
    let mut event = Event::new(name, moment, &json);
    event.folder = event.folder.or_else(|| workspace(&json));
    event.can_ask = [SHELL, MCP].contains(&event.name.as_str());
    let kind = text(&json, "tool_name").map_or(ToolKind::Other, |tool| agent.tool_kind(tool));
    match event.name.as_str() {
        PROMPT => {
            event.prompt = json.remove("prompt").filter(|prompt| !prompt.is_null());
            let attached = json.get("attachments").and_then(Value::as_array).into_iter().flatten();
            event.attached = attached.filter_map(|file| file.get("file_path")?.as_str()).map(PathBuf::from).collect();
        }
        READ => {
            event.has_content = text(&json, "content").is_some();
            event.tool = Some(ToolCall { kind: ToolKind::Read, input: Value::Object(json) });
        }
        SHELL => event.tool = Some(ToolCall { kind: ToolKind::Shell, input: Value::Object(json) }),
        MCP => event.tool = Some(ToolCall { kind: ToolKind::Other, input: take_parsed(&mut json, "tool_input") }),
        _ if moment == Moment::BeforeTool => {
            event.tool = Some(ToolCall { kind, input: take_parsed(&mut json, "tool_input") });
        }
        _ if moment == Moment::AfterTool => {
            event.can_mask = text(&json, "tool_name").is_some_and(|tool| tool.starts_with("MCP:"));
            event.result = Some(take_parsed(&mut json, "tool_output"));
        }
        _ => {}
    }
    event
}

fn workspace(json: &Map<String, Value>) -> Option<PathBuf> {
    json.get("workspace_roots")?.as_array()?.first()?.as_str().map(PathBuf::from)
}

fn answer(event: &Event, verdict: Verdict) -> Answer {
    let decision = |permission: &str, reason: &str| {
        Answer::json(&json!({ "permission": permission, "user_message": reason, "agent_message": reason }))
    };
    match (event.moment, verdict) {
        (Moment::Prompt, Verdict::Pass) => Answer::json(&json!({ "continue": true })),
        (Moment::Prompt, Verdict::Deny(reason) | Verdict::Ask(reason)) => {
            Answer::json(&json!({ "continue": false, "user_message": reason }))
        }
        (Moment::BeforeTool, Verdict::Pass) => Answer::json(&json!({ "permission": "allow" })),
        (_, Verdict::Ask(reason)) if event.can_ask => decision("ask", &reason),
        (_, Verdict::Deny(reason) | Verdict::Ask(reason)) => decision("deny", &reason),
        (_, Verdict::Masked { masked, note }) if event.can_mask => {
            Answer::json(&json!({ "updated_mcp_tool_output": masked, "additional_context": note }))
        }
        (_, Verdict::Masked { note, .. }) => Answer::json(&json!({ "additional_context": note })),
        (_, Verdict::Pass) => Answer::json(&json!({})),
    }
}
