//! Claude Code. Source: <https://code.claude.com/docs/en/hooks>, as of 2026-10-10 (version 2.1.296).
//!
//! Exit code 2 blocks, and not even a JSON that allows the call overrides it. Other exit codes let the call go on. With
//! `onFailure: "block"` (version 2.1.295) a hook that cannot start, crashes or is too slow blocks too.

use serde_json::{Map, Value, json};

use super::event::{Event, Moment, ToolCall, ToolKind, take_parsed, text};
use super::model::{Agent, Effect, KnownEvent};
use super::settings::{Form, Settings};
use super::verdict::{Answer, Verdict};

pub(super) static CLAUDE_CODE: Agent = Agent {
    name: "claude-code",
    title: "Claude Code",
    document: "https://code.claude.com/docs/en/hooks",
    read_on: "2026-10-10",
    events: EVENTS,
    tools: TOOLS,
    recognizes: |json| {
        text(json, "hook_event_name").is_some_and(|name| EVENTS.iter().any(|event| event.name == name))
            || json.contains_key("transcript_path")
    },
    read,
    answer,
    settings: Settings {
        of_project: ".claude/settings.json",
        variable: Some("CLAUDE_CONFIG_DIR"),
        folder: ".claude",
        file: "settings.json",
        form: Form::ClaudeCode,
        empty: "{}\n",
        note: Some("a hook that is killed or hangs blocks from Claude Code 2.1.295 on"),
    },
    sample: |event, text| {
        let more = json!({ "permission_mode": "default" });
        sample(event, text, &more)
    },
};

pub(super) const EVENTS: &[KnownEvent] = &[
    KnownEvent { name: "UserPromptSubmit", moment: Moment::Prompt, effect: Effect::Blocks, installed: true },
    KnownEvent { name: "PreToolUse", moment: Moment::BeforeTool, effect: Effect::BlocksOrAsks, installed: true },
    KnownEvent { name: "PostToolUse", moment: Moment::AfterTool, effect: Effect::Masks, installed: true },
];

pub(super) const TOOLS: &[(&str, ToolKind)] = &[
    ("Bash", ToolKind::Shell),
    ("PowerShell", ToolKind::Shell),
    ("Read", ToolKind::Read),
    ("Grep", ToolKind::Search),
    ("Glob", ToolKind::Search),
    ("LS", ToolKind::Search),
    ("WebFetch", ToolKind::Search),
    ("WebSearch", ToolKind::Search),
];

/// The values of `permission_mode` in which a person answers questions. In the others a question may be answered without one.
const ASKING_MODES: &[&str] = &["default", "plan", "acceptEdits"];

/// Members of a result of Bash that name a copy of the output on disk. If they stay, Claude Code shows that copy.
const COPIES: &[&str] = &["persistedOutputPath", "persistedOutputSize"];

fn read(agent: &Agent, json: Map<String, Value>) -> Event {
    let asks = text(&json, "permission_mode").is_none_or(|mode| ASKING_MODES.contains(&mode));
    Event { can_ask: asks, ..read_common(agent, json, "tool_response") }
}

/// Reads the members that Claude Code and Codex share. `result` is the member with the result of a tool.
pub(super) fn read_common(agent: &Agent, mut json: Map<String, Value>, result: &str) -> Event {
    let name = text(&json, "hook_event_name").unwrap_or_default().to_owned();
    let moment = agent.moment(&name);
    let kind = text(&json, "tool_name").map(|tool| agent.tool_kind(tool));
    let mut event = Event::new(name, moment, &json);
    match moment {
        Moment::Prompt => event.prompt = json.remove("prompt").filter(|prompt| !prompt.is_null()),
        Moment::BeforeTool => {
            event.tool =
                Some(ToolCall { kind: kind.unwrap_or(ToolKind::Other), input: take_parsed(&mut json, "tool_input") });
        }
        Moment::AfterTool => event.result = json.remove(result),
        Moment::Other => {}
    }
    event
}

/// An event with the text, in the form that Claude Code and Codex share, with `more` members.
pub(super) fn sample(event: &str, text: &str, more: &Value) -> Value {
    let mut json = json!({ "session_id": "keysweep-doctor", "hook_event_name": event });
    let of_event = match event {
        "PreToolUse" => json!({ "tool_name": "Bash", "tool_input": { "command": format!("echo {text}") } }),
        "PostToolUse" => json!({ "tool_name": "Bash", "tool_input": {}, "tool_response": { "stdout": text } }),
        _ => json!({ "prompt": text }),
    };
    if let Some(members) = json.as_object_mut() {
        members.extend([of_event, more.clone()].into_iter().filter_map(|value| value.as_object().cloned()).flatten());
    }
    json
}

fn answer(event: &Event, verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Pass => Answer::nothing(),
        Verdict::Ask(reason) if event.can_ask => Answer::json(&json!({
            "hookSpecificOutput": {
                "hookEventName": event.name,
                "permissionDecision": "ask",
                "permissionDecisionReason": reason,
            }
        })),
        Verdict::Deny(reason) | Verdict::Ask(reason) => Answer::block(&reason),
        Verdict::Masked { mut masked, note } => {
            if let Some(members) = masked.as_object_mut() {
                members.retain(|name, _| !COPIES.contains(&name.as_str()));
            }
            Answer::json(&json!({
                "systemMessage": note,
                "hookSpecificOutput": {
                    "hookEventName": event.name,
                    "updatedToolOutput": masked,
                    "additionalContext": note,
                }
            }))
        }
    }
}
