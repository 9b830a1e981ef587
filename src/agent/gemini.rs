//! Gemini CLI. Source: `docs/hooks/reference.md` in google-gemini/gemini-cli at commit 06c0d8103ddd, read on 2026-11-29, also at
//! <https://geminicli.com/docs/hooks/reference>.
//!
//! Exit code 2 blocks, with the reason on standard error. There is no answer that asks a person. Other exit codes are warnings.

use serde_json::{Map, Value, json};

use super::claude_code::{read_common, sample};
use super::event::{Event, Moment, ToolKind, text};
use super::model::{Agent, Effect, KnownEvent};
use super::settings::{Form, Settings};
use super::strings::as_text;
use super::verdict::{Answer, Verdict};

pub(super) static GEMINI_CLI: Agent = Agent {
    name: "gemini-cli",
    title: "Gemini CLI",
    document: "https://geminicli.com/docs/hooks/reference",
    read_on: "2026-11-29",
    events: EVENTS,
    tools: TOOLS,
    recognizes: |json| {
        let name = text(json, "hook_event_name").unwrap_or_default();
        EVENTS.iter().any(|event| event.name == name) || OTHER_EVENTS.contains(&name)
    },
    read,
    answer,
    settings: Settings {
        of_project: ".gemini/settings.json",
        variable: None,
        folder: ".gemini",
        file: "settings.json",
        form: Form::Gemini,
        empty: "{}\n",
        note: Some("a hook that Gemini CLI has to kill does not block"),
    },
    sample: |event, text| {
        let of_event = match event {
            "BeforeTool" => {
                json!({ "tool_name": "run_shell_command", "tool_input": { "command": format!("echo {text}") } })
            }
            "AfterTool" => json!({ "tool_name": "run_shell_command", "tool_response": { "llmContent": text } }),
            _ => json!({ "prompt": text }),
        };
        sample(event, "", &of_event)
    },
};

const EVENTS: &[KnownEvent] = &[
    KnownEvent { name: "BeforeAgent", moment: Moment::Prompt, effect: Effect::Blocks, installed: true },
    KnownEvent { name: "BeforeTool", moment: Moment::BeforeTool, effect: Effect::Blocks, installed: true },
    KnownEvent { name: "AfterTool", moment: Moment::AfterTool, effect: Effect::Masks, installed: true },
];

/// Events that no other agent has.
const OTHER_EVENTS: &[&str] = &["AfterAgent", "BeforeModel", "AfterModel", "BeforeToolSelection", "PreCompress"];

const TOOLS: &[(&str, ToolKind)] = &[
    ("run_shell_command", ToolKind::Shell),
    ("read_file", ToolKind::Read),
    ("read_many_files", ToolKind::Search),
    ("list_directory", ToolKind::Search),
    ("glob", ToolKind::Search),
    ("grep_search", ToolKind::Search),
    ("search_file_content", ToolKind::Search),
    ("google_web_search", ToolKind::Search),
    ("web_fetch", ToolKind::Search),
];

fn read(agent: &Agent, json: Map<String, Value>) -> Event {
    let mut event = read_common(agent, json, "tool_response");
    // Only this member is sent to the model. The others are for the terminal.
    let of_model = event.result.as_mut().and_then(|result| result.get_mut("llmContent")).map(Value::take);
    event.result = of_model.or(event.result);
    event
}

fn answer(_: &Event, verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Pass => Answer::nothing(),
        Verdict::Deny(reason) | Verdict::Ask(reason) => Answer::block(&reason),
        // The reason replaces the result that is sent to the model.
        Verdict::Masked { masked, note } => Answer::json(&json!({
            "decision": "deny",
            "reason": format!("{note}\n\n{}", as_text(&masked)),
            "systemMessage": note,
        })),
    }
}
