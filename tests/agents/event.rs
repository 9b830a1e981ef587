//! The events of each agent, in the form that its document gives, and what an answer means to the agent.

use serde_json::{Value, json};

use crate::support::{Call, Repo, Run};

pub const AGENTS: &[&str] = &["claude-code", "cursor", "codex", "copilot", "gemini-cli"];

/// What the agent does after the answer, by its document.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    GoesOn,
    Blocks,
    Asks,
    /// Goes on with this in place of the prompt or the result.
    GoesOnWith(String),
}

/// The JSON of a prompt.
pub fn prompt(agent: &str, repo: &Repo, text: &str) -> Value {
    let base = json!({ "cwd": repo.top(), "session_id": "s", "transcript_path": "/t" });
    match agent {
        "claude-code" => {
            with(base, &json!({ "hook_event_name": "UserPromptSubmit", "permission_mode": "default", "prompt": text }))
        }
        "codex" => {
            with(base, &json!({ "hook_event_name": "UserPromptSubmit", "turn_id": "1", "model": "m", "prompt": text }))
        }
        "gemini-cli" => {
            with(base, &json!({ "hook_event_name": "BeforeAgent", "timestamp": "2026-11-29", "prompt": text }))
        }
        "copilot" => {
            json!({ "sessionId": "s", "timestamp": 1, "cwd": repo.top(), "prompt": text, "transformedPrompt": format!("<user> {text}") })
        }
        "cursor" => with(of_cursor(repo, "beforeSubmitPrompt"), &json!({ "prompt": text, "attachments": [] })),
        _ => panic!("no agent {agent}"),
    }
}

/// The JSON of a tool call. `tool` is Claude Code's name.
pub fn tool(agent: &str, repo: &Repo, tool: &str, input: &Value) -> Value {
    let base = json!({ "cwd": repo.top(), "session_id": "s", "transcript_path": "/t", "tool_use_id": "1" });
    match agent {
        "claude-code" => with(
            base,
            &json!({ "hook_event_name": "PreToolUse", "permission_mode": "default", "tool_name": tool, "tool_input": input }),
        ),
        "codex" => with(
            base,
            &json!({ "hook_event_name": "PreToolUse", "turn_id": "1", "model": "m", "tool_name": tool, "tool_input": input }),
        ),
        "gemini-cli" => {
            let name = translated(
                tool,
                &[("Bash", "run_shell_command"), ("Read", "read_file"), ("Write", "write_file"), ("Edit", "replace")],
            );
            with(
                base,
                &json!({ "hook_event_name": "BeforeTool", "timestamp": "2026-11-29", "tool_name": name, "tool_input": input }),
            )
        }
        "copilot" => {
            let name = translated(tool, &[("Bash", "bash"), ("Read", "view"), ("Write", "create"), ("Edit", "edit")]);
            // Some versions pass the arguments as a string.
            json!({ "sessionId": "s", "timestamp": 1, "cwd": repo.top(), "toolName": name, "toolArgs": input.to_string() })
        }
        "cursor" => {
            let name = translated(tool, &[("Bash", "Shell"), ("Edit", "Write")]);
            with(of_cursor(repo, "preToolUse"), &json!({ "tool_name": name, "tool_input": input, "tool_use_id": "1" }))
        }
        _ => panic!("no agent {agent}"),
    }
}

/// The JSON of a result with `text` in it.
pub fn result(agent: &str, repo: &Repo, text: &str) -> Value {
    let base =
        json!({ "cwd": repo.top(), "session_id": "s", "transcript_path": "/t", "tool_input": { "command": "env" } });
    match agent {
        "claude-code" => with(
            base,
            &json!({ "hook_event_name": "PostToolUse", "permission_mode": "default", "tool_name": "Bash",
                "tool_response": { "stdout": text, "stderr": "", "interrupted": false, "persistedOutputPath": "/tmp/copy" } }),
        ),
        "codex" => with(
            base,
            &json!({ "hook_event_name": "PostToolUse", "turn_id": "1", "model": "m", "tool_name": "Bash", "tool_response": text }),
        ),
        "gemini-cli" => with(
            base,
            &json!({ "hook_event_name": "AfterTool", "timestamp": "t", "tool_name": "run_shell_command",
                "tool_response": { "llmContent": text, "returnDisplay": text } }),
        ),
        "copilot" => json!({ "sessionId": "s", "timestamp": 1, "cwd": repo.top(), "toolName": "bash", "toolArgs": {},
            "toolResult": { "resultType": "success", "textResultForLlm": text } }),
        "cursor" => with(
            of_cursor(repo, "postToolUse"),
            &json!({ "tool_name": "MCP:env", "tool_input": {}, "tool_output": json!({ "text": text }).to_string() }),
        ),
        _ => panic!("no agent {agent}"),
    }
}

pub fn of_cursor(repo: &Repo, event: &str) -> Value {
    json!({ "conversation_id": "c", "generation_id": "g", "cursor_version": "3.11", "hook_event_name": event,
        "workspace_roots": [repo.top()], "user_email": null })
}

fn translated<'n>(tool: &'n str, names: &[(&str, &'n str)]) -> &'n str {
    names.iter().find(|(from, _)| *from == tool).map_or(tool, |(_, to)| to)
}

pub fn with(mut base: Value, more: &Value) -> Value {
    let members = more.as_object().expect("an object").clone();
    base.as_object_mut().expect("an object").extend(members);
    base
}

pub fn call(repo: &Repo, agent: &str, event: &Value) -> Call {
    repo.keysweep_call(&["hook", "agent", agent]).stdin(event.to_string())
}

pub fn run(repo: &Repo, agent: &str, event: &Value) -> Run {
    call(repo, agent, event).run()
}

/// What the agent does with this answer to the event.
#[track_caller]
pub fn outcome(agent: &str, event: &Value, run: &Run) -> Outcome {
    let json: Value = serde_json::from_slice(&run.stdout).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match (agent, run.code) {
        // Codex and Gemini CLI need a reason on standard error.
        ("claude-code" | "codex" | "gemini-cli", Some(2)) if !run.err().trim().is_empty() => Outcome::Blocks,
        ("copilot", Some(2)) if event.get("toolName").is_some() && event.get("toolResult").is_none() => Outcome::Blocks,
        ("cursor", Some(2)) => Outcome::Blocks,
        (_, Some(0)) => {
            let specific = &json["hookSpecificOutput"];
            let decision = [&specific["permissionDecision"], &json["permissionDecision"], &json["permission"]];
            let decided = decision.into_iter().find_map(text).unwrap_or_default();
            let replaced = match agent {
                "claude-code" => text(&specific["updatedToolOutput"]["stdout"]),
                "codex" if json["decision"] == "block" => text(&json["reason"]),
                "gemini-cli" if json["decision"] == "deny" => text(&json["reason"]),
                "copilot" => text(&json["modifiedResult"]["textResultForLlm"])
                    .or_else(|| text(&json["modifiedTransformedPrompt"])),
                "cursor" => text(&json["updated_mcp_tool_output"]["text"]),
                _ => None,
            };
            match decided.as_str() {
                "deny" => Outcome::Blocks,
                "ask" => Outcome::Asks,
                _ if json["continue"] == false => Outcome::Blocks,
                _ => replaced.map_or(Outcome::GoesOn, Outcome::GoesOnWith),
            }
        }
        (_, code) => run.fail(&format!("{agent} does not know exit code {code:?}")),
    }
}

/// Runs a shell command past Claude Code's hook.
#[track_caller]
pub fn shell(repo: &Repo, command: &str) -> Outcome {
    let event = tool("claude-code", repo, "Bash", &json!({ "command": command, "description": "d" }));
    outcome("claude-code", &event, &run(repo, "claude-code", &event))
}
