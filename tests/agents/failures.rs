//! Whatever fails blocks where an event can be blocked, and nowhere else.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::event::{AGENTS, Outcome, call, outcome, prompt, result, run, tool};
use crate::support::Repo;
use crate::support::token::Maker;

#[test]
fn an_event_that_cannot_be_read_blocks() {
    let repo = Repo::new();
    for (text, cause) in [
        ("", "not a JSON object"),
        ("{", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("\u{0}", "not a JSON object"),
        (&*"[".repeat(100_000), "not a JSON object"),
        (&*format!("{{\"a\":{}1{}}}", "[".repeat(1000), "]".repeat(999)), "not a JSON object"),
        ("{\"a\": \"\\ud83\"}", "not a JSON object"),
    ] {
        for agent in AGENTS {
            repo.keysweep_call(&["hook", "agent", agent]).stdin(text).run().expect_code(2).expect_has(cause);
        }
    }
    repo.keysweep_call(&["hook", "agent"]).stdin("{}").run().expect_code(2).expect_has("no agent that keysweep knows");
    repo.keysweep_call(&["hook", "agent", "claude"])
        .stdin("{}")
        .run()
        .expect_code(2)
        .expect_has("did you mean claude-code?");
    repo.keysweep_call(&["hook", "--format", "json", "agent"])
        .stdin("{}")
        .run()
        .expect_code(2)
        .expect_has("cannot use --format");
}

#[test]
fn an_answer_that_cannot_be_written_blocks_what_can_be_blocked() {
    let (repo, token) = (Repo::new(), Maker::new(9204).sk_live(24));
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("open");
    let input = json!({ "file_path": repo.path(".git/config"), "content": "x" });
    for (event, wanted) in [
        (tool("claude-code", &repo, "Write", &input), 2),
        (result("claude-code", &repo, token.text()), 0),
        (tool("claude-code", &repo, "Bash", &json!({ "command": "ls" })), 0),
    ] {
        let mut hook = call(&repo, "claude-code", &event);
        let mut child =
            hook.command.stdin(Stdio::piped()).stdout(full()).stderr(Stdio::piped()).spawn().expect("start");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(event.to_string().as_bytes()).expect("write");
        drop(stdin);
        let output = child.wait_with_output().expect("wait");
        assert_eq!(output.status.code(), Some(wanted), "{event}");
        let said = String::from_utf8_lossy(&output.stderr).contains("cannot write the answer to the agent");
        assert_eq!(said, event["tool_input"]["command"] != "ls", "{event}");
    }
}

#[test]
fn a_prompt_that_is_missing_blocks() {
    let repo = Repo::new();
    for agent in ["claude-code", "codex", "gemini-cli", "cursor"] {
        let mut event = prompt(agent, &repo, "p");
        event.as_object_mut().expect("an object").remove("prompt");
        let run = run(&repo, agent, &event).expect_has("no prompt");
        assert_eq!(outcome(agent, &event, &run), Outcome::Blocks, "{agent}");
    }
}

#[test]
fn an_event_that_cannot_be_read_is_not_quoted() {
    let (repo, token) = (Repo::new(), Maker::new(9200).sk_live(24));
    for text in [format!("{{\"{token}\": {token}}}"), format!("{{\"hook_event_name\": \"PreToolUse\" \"{token}\"}}")] {
        repo.keysweep_call(&["hook", "agent", "claude-code"])
            .stdin(text)
            .run()
            .expect_code(2)
            .expect_lacks(token.body());
    }
    repo.keysweep_call(&["hook", "agent", token.text()]).stdin("{}").run().expect_code(2).expect_lacks(token.body());
}

#[test]
fn a_path_with_a_token_is_not_quoted() {
    let (repo, token) = (Repo::new(), Maker::new(9203).sk_live(24));
    repo.write(format!("{token}/a.txt"), format!("key = {token}\n"));
    for (name, input) in [
        ("Read", json!({ "file_path": repo.path(format!("{token}/a.txt")) })),
        ("Read", json!({ "file_path": format!("{token}/missing") })),
        ("Write", json!({ "file_path": format!("/x/{token}"), "content": "x" })),
        ("Bash", json!({ "command": format!("git -c hook.{token}.enabled=false commit") })),
        ("Bash", json!({ "command": format!("HUSKY=0 rm '.git/hooks/{token}") })),
    ] {
        for agent in AGENTS {
            let event = tool(agent, &repo, name, &input);
            let run = run(&repo, agent, &event).expect_lacks(token.body());
            assert_eq!(outcome(agent, &event, &run), Outcome::Blocks, "{agent} {input}");
        }
    }
}

#[test]
fn a_wrong_configuration_blocks_only_what_can_be_blocked() {
    let (repo, token) = (Repo::new(), Maker::new(9201).sk_live(24));
    repo.write(".keysweep.toml", "[alow]\n");
    for agent in AGENTS {
        let event = tool(agent, &repo, "Bash", &json!({ "command": "ls" }));
        let run_tool = run(&repo, agent, &event).expect_has(".keysweep.toml");
        assert_eq!(outcome(agent, &event, &run_tool), Outcome::Blocks, "{agent}");
        // The built-in rules still mask results.
        let event = result(agent, &repo, token.text());
        let masked = outcome(agent, &event, &run(&repo, agent, &event));
        assert!(matches!(masked, Outcome::GoesOnWith(_)), "{agent}: {masked:?}");
    }
    let event = prompt("copilot", &repo, "p");
    assert_eq!(outcome("copilot", &event, &run(&repo, "copilot", &event)), Outcome::GoesOn);
}

#[test]
fn other_events_go_on() {
    let (repo, token) = (Repo::new(), Maker::new(9202).sk_live(24));
    repo.write(".keysweep.toml", "[alow]\n");
    for (agent, event) in [
        ("claude-code", json!({ "hook_event_name": "Stop", "transcript_path": "/t", "last": token.text() })),
        ("claude-code", json!({ "hook_event_name": "SubagentStop", "transcript_path": "/t" })),
        ("claude-code", json!({ "hook_event_name": "SessionStart" })),
        ("codex", json!({ "hook_event_name": "Stop", "turn_id": "1" })),
        ("gemini-cli", json!({ "hook_event_name": "AfterAgent", "prompt_response": token.text() })),
        ("copilot", json!({ "sessionId": "s", "stopReason": "end_turn" })),
        ("copilot", json!({ "sessionId": "s", "toolName": "bash", "toolArgs": {}, "error": token.text() })),
        ("cursor", json!({ "hook_event_name": "stop", "conversation_id": "c", "status": "completed" })),
    ] {
        let run = run(&repo, agent, &event).expect_code(0).expect_lacks(token.body());
        assert_eq!(outcome(agent, &event, &run), Outcome::GoesOn, "{agent} {event}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_read_by_the_agent() {
    let repo = Repo::new();
    assert!(std::process::Command::new("mkfifo").arg(repo.path("pipe")).status().expect("mkfifo").success());
    let event = tool("claude-code", &repo, "Read", &json!({ "file_path": repo.path("pipe") }));
    let run = run(&repo, "claude-code", &event).expect_has("pipe");
    assert_eq!(outcome("claude-code", &event, &run), Outcome::Blocks);
}

#[test]
fn a_hook_that_is_too_slow_blocks() {
    let repo = Repo::new();
    let mut hook = call(&repo, "claude-code", &Value::Null);
    let mut child = hook.command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let started = Instant::now();
    // The event never ends.
    let stdin = child.stdin.take();
    let status = child.wait().expect("wait");
    drop(stdin);
    assert_eq!(status.code(), Some(2));
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn hostile_events_are_answered() {
    let repo = Repo::new();
    let deep = |open: &str, close: &str| format!("{}git commit -n{}", open.repeat(5000), close.repeat(5000));
    for command in [
        deep("(", ")"),
        deep("$(", ")"),
        deep("{ ", "; }"),
        deep("if true; then ", "; fi"),
        format!("{}git commit -n", "eval ".repeat(500)),
        format!("git commit {}-n", "-m x ".repeat(20_000)),
        format!("git commit {}", "{a,b}".repeat(30)),
        format!("git commit -m x {} -n", "$X".repeat(5000)),
        format!("X=$Y; Y=$X; git commit $X; {}", "Z=$Z$Z; ".repeat(50)),
        format!("{}git commit -n", "a=b ".repeat(50_000)),
    ] {
        let event = tool("claude-code", &repo, "Bash", &json!({ "command": command }));
        let started = Instant::now();
        let run = run(&repo, "claude-code", &event);
        assert_eq!(outcome("claude-code", &event, &run), Outcome::Blocks, "{}", &command[..60]);
        assert!(started.elapsed() < Duration::from_secs(8), "{:?} for {}", started.elapsed(), &command[..60]);
    }
    fs::create_dir(repo.path("-n")).expect("create");
    let event = tool("claude-code", &repo, "Bash", &json!({ "command": "git add ./-n && git commit -m x" }));
    assert_eq!(outcome("claude-code", &event, &run(&repo, "claude-code", &event)), Outcome::GoesOn);
}
