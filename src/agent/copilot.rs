//! GitHub Copilot: its CLI and its cloud agent. Source: `content/copilot/reference/hooks-reference.md` in github/docs at commit
//! 05da5bc3c140, read on 2026-11-29, also at <https://docs.github.com/en/copilot/reference/hooks-reference>.
//!
//! The payload of an event in camel case does not name the event, but each event has other members. `preToolUse` denies for every
//! exit code but 0, and passes if the hook is too slow. A prompt cannot be blocked, but `userPromptTransformed` can rewrite it.

use serde_json::{Map, Value, json};

use super::event::{Event, Moment, ToolCall, ToolKind, take_parsed, text};
use super::model::{Agent, Effect, KnownEvent};
use super::settings::{Form, Settings};
use super::strings::as_text;
use super::verdict::{Answer, Verdict};

pub(super) static COPILOT: Agent = Agent {
    name: "copilot",
    title: "GitHub Copilot",
    document: "https://docs.github.com/en/copilot/reference/hooks-reference",
    read_on: "2026-11-29",
    events: EVENTS,
    tools: TOOLS,
    recognizes: |json| json.contains_key("sessionId"),
    read,
    answer,
    settings: Settings {
        of_project: ".github/hooks/keysweep.json",
        variable: Some("COPILOT_HOME"),
        folder: ".copilot",
        file: "hooks/keysweep.json",
        form: Form::Copilot,
        empty: "{\n  \"version\": 1\n}\n",
        note: Some("on Windows, and if Copilot has to kill a hook, nothing is blocked"),
    },
    sample: |event, text| {
        let json = |more: Value| {
            let mut json = json!({ "sessionId": "keysweep-doctor", "timestamp": 1 });
            if let Some((members, more)) = json.as_object_mut().zip(more.as_object()) {
                members.extend(more.clone());
            }
            json
        };
        match event {
            BEFORE_TOOL => json(json!({ "toolName": "bash", "toolArgs": { "command": format!("echo {text}") } })),
            AFTER_TOOL => json(json!({ "toolName": "bash", "toolResult": { "textResultForLlm": text } })),
            _ => json(json!({ "prompt": text, "transformedPrompt": text })),
        }
    },
};

const PROMPT: &str = "userPromptTransformed";
const BEFORE_TOOL: &str = "preToolUse";
const AFTER_TOOL: &str = "postToolUse";

const EVENTS: &[KnownEvent] = &[
    KnownEvent { name: PROMPT, moment: Moment::Prompt, effect: Effect::Masks, installed: true },
    KnownEvent { name: BEFORE_TOOL, moment: Moment::BeforeTool, effect: Effect::BlocksOrAsks, installed: true },
    KnownEvent { name: AFTER_TOOL, moment: Moment::AfterTool, effect: Effect::Masks, installed: true },
];

const TOOLS: &[(&str, ToolKind)] = &[
    ("bash", ToolKind::Shell),
    ("powershell", ToolKind::Shell),
    ("view", ToolKind::Read),
    ("grep", ToolKind::Search),
    ("rg", ToolKind::Search),
    ("glob", ToolKind::Search),
    ("web_fetch", ToolKind::Search),
    ("web_search", ToolKind::Search),
];

fn read(agent: &Agent, mut json: Map<String, Value>) -> Event {
    let name = match () {
        () if json.contains_key("transformedPrompt") => PROMPT,
        () if json.contains_key("toolResult") => AFTER_TOOL,
        () if json.contains_key("toolName") && !json.contains_key("error") => BEFORE_TOOL,
        () => "other",
    };
    let mut event = Event { can_ask: true, ..Event::new(name, agent.moment(name), &json) };
    match name {
        PROMPT => event.result = json.remove("transformedPrompt"),
        AFTER_TOOL => event.result = json.remove("toolResult").map(of_model),
        BEFORE_TOOL => {
            let kind = text(&json, "toolName").map_or(ToolKind::Other, |tool| agent.tool_kind(tool));
            event.tool = Some(ToolCall { kind, input: take_parsed(&mut json, "toolArgs") });
        }
        _ => {}
    }
    event
}

/// The part of a result that the model sees. A result in another form counts as a whole.
fn of_model(mut result: Value) -> Value {
    result.get_mut("textResultForLlm").map(Value::take).unwrap_or(result)
}

fn answer(event: &Event, verdict: Verdict) -> Answer {
    let decision = |decision: &str, reason: &str| {
        Answer::json(&json!({ "permissionDecision": decision, "permissionDecisionReason": reason }))
    };
    match verdict {
        Verdict::Pass => Answer::nothing(),
        Verdict::Ask(reason) if event.can_ask => decision("ask", &reason),
        // The exit code denies too, even if the JSON is not understood.
        Verdict::Deny(reason) | Verdict::Ask(reason) => {
            Answer { code: Answer::BLOCK, stderr: format!("{reason}\n"), ..decision("deny", &reason) }
        }
        Verdict::Masked { masked, .. } if event.moment == Moment::Prompt => {
            Answer::json(&json!({ "modifiedTransformedPrompt": as_text(&masked) }))
        }
        Verdict::Masked { masked, note } => Answer::json(&json!({
            "modifiedResult": { "resultType": "success", "textResultForLlm": as_text(&masked) },
            "additionalContext": note,
        })),
    }
}
