//! Codex CLI. Source: <https://developers.openai.com/codex/hooks>, as of 2026-09-18 (version 0.152), and the parser of its answers,
//! `codex-rs/hooks/src/engine/output_parser.rs` in openai/codex.
//!
//! Exit code 2 with a reason on standard error blocks. `ask` is not supported: Codex reports an error and runs the tool. A hook
//! that crashes, prints invalid JSON or is too slow does not block either.

use serde_json::{Map, Value, json};

use super::claude_code::{read_common, sample};
use super::event::{Event, Moment, ToolKind, text};
use super::model::{Agent, Effect, KnownEvent};
use super::settings::{Form, Settings};
use super::strings::as_text;
use super::verdict::{Answer, Verdict};

pub(super) static CODEX: Agent = Agent {
    name: "codex",
    title: "Codex CLI",
    document: "https://developers.openai.com/codex/hooks",
    read_on: "2026-09-18",
    events: EVENTS,
    tools: &[("Bash", ToolKind::Shell)],
    // Claude Code has no turns.
    recognizes: |json| json.contains_key("turn_id") && text(json, "hook_event_name").is_some(),
    read: |agent: &Agent, json: Map<String, Value>| read_common(agent, json, "tool_response"),
    answer,
    settings: Settings {
        of_project: ".codex/hooks.json",
        variable: Some("CODEX_HOME"),
        folder: ".codex",
        file: "hooks.json",
        form: Form::Codex,
        empty: "{}\n",
        note: Some("Codex CLI asks you to trust new hooks; a hook that it has to kill does not block"),
    },
    sample: |event, text| sample(event, text, &json!({ "turn_id": "1" })),
};

const EVENTS: &[KnownEvent] = &[
    KnownEvent { name: "UserPromptSubmit", moment: Moment::Prompt, effect: Effect::Blocks, installed: true },
    KnownEvent { name: "PreToolUse", moment: Moment::BeforeTool, effect: Effect::Blocks, installed: true },
    KnownEvent { name: "PostToolUse", moment: Moment::AfterTool, effect: Effect::Masks, installed: true },
];

fn answer(_: &Event, verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Pass => Answer::nothing(),
        Verdict::Deny(reason) | Verdict::Ask(reason) => Answer::block(&reason),
        // Codex replaces the result with the reason.
        Verdict::Masked { masked, note } => {
            Answer::json(&json!({ "decision": "block", "reason": format!("{note}\n\n{}", as_text(&masked)) }))
        }
    }
}
