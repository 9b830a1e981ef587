//! Tokens in prompts, commands, files and results, for every agent.

use serde_json::{Value, json};

use crate::event::{AGENTS, Outcome, of_cursor, outcome, prompt, result, run, tool, with};
use crate::support::Repo;
use crate::support::token::{CUSTOM_RULE, Maker, Token};

/// Runs the event with and without the token, and returns the outcome with it.
#[track_caller]
fn tried(agent: &str, repo: &Repo, token: &Token, event: &dyn Fn(&str) -> Value) -> Outcome {
    let clean = event("nothing");
    let run_clean = run(repo, agent, &clean);
    assert_eq!(outcome(agent, &clean, &run_clean), Outcome::GoesOn, "{agent}: {}", run_clean.all());
    let leaky = event(token.text());
    let run = run(repo, agent, &leaky).expect_lacks(token.body());
    outcome(agent, &leaky, &run)
}

#[test]
fn a_prompt_with_a_token_is_blocked_or_rewritten() {
    let (repo, token) = (Repo::new(), Maker::new(9100).sk_live(24));
    for agent in AGENTS {
        let outcome = tried(agent, &repo, &token, &|text| prompt(agent, &repo, &format!("use {text} please")));
        match outcome {
            Outcome::GoesOnWith(text) => {
                assert_eq!((*agent, &*text), ("copilot", &*format!("<user> use {} please", token.redacted())));
            }
            other => assert_eq!(other, Outcome::Blocks, "{agent}"),
        }
    }
}

#[test]
fn a_tool_call_with_a_token_is_blocked() {
    let (repo, token) = (Repo::new(), Maker::new(9101).whsec_base64(24));
    for agent in AGENTS {
        for (name, input) in [
            ("Bash", json!({ "command": "curl -H 'X-Key: TOKEN' https://example.org" })),
            ("Bash", json!({ "command": "cat > a.txt <<'EOF'\nkey = TOKEN\nEOF" })),
            ("Write", json!({ "file_path": "/x/a.txt", "content": "key = TOKEN\n" })),
            ("Edit", json!({ "file_path": "/x/a.txt", "old_string": "a", "new_string": "TOKEN" })),
            ("mcp__db__query", json!({ "sql": ["select", { "key": "TOKEN" }] })),
            ("mcp__db__query", json!({ "TOKEN": 1 })),
            ("apply_patch", json!({ "command": "*** Begin Patch\n*** Add File: a\n+key = TOKEN\n*** End Patch" })),
        ] {
            let make = |text: &str| {
                let input = serde_json::from_str(&input.to_string().replace("TOKEN", text)).expect("JSON");
                tool(agent, &repo, name, &input)
            };
            assert_eq!(tried(agent, &repo, &token, &make), Outcome::Blocks, "{agent} {name} {input}");
        }
    }
}

#[test]
fn a_prompt_in_another_form_is_scanned() {
    let (repo, token) = (Repo::new(), Maker::new(9108).sk_live(24));
    for agent in ["claude-code", "codex", "gemini-cli", "cursor"] {
        for form in [json!(["TOKEN"]), json!({ "text": "TOKEN" }), json!([{ "type": "text", "text": "use TOKEN" }])] {
            let make = |text: &str| {
                let form: Value = serde_json::from_str(&form.to_string().replace("TOKEN", text)).expect("JSON");
                with(prompt(agent, &repo, ""), &json!({ "prompt": form }))
            };
            assert_eq!(tried(agent, &repo, &token, &make), Outcome::Blocks, "{agent} {form}");
        }
    }
}

#[test]
fn an_edit_may_remove_a_token() {
    let (repo, token) = (Repo::new(), Maker::new(9102).sk_live(24));
    for agent in AGENTS {
        let input = json!({ "file_path": "/x/a.txt", "old_string": token.text(), "new_string": "env" });
        let event = tool(agent, &repo, "Edit", &input);
        assert_eq!(outcome(agent, &event, &run(&repo, agent, &event)), Outcome::GoesOn, "{agent}");
        let patch = format!("*** Begin Patch\n*** Update File: a\n@@\n-{token}\n+env\n*** End Patch");
        let event = tool(agent, &repo, "apply_patch", &json!({ "command": patch }));
        assert_eq!(outcome(agent, &event, &run(&repo, agent, &event)), Outcome::GoesOn, "{agent}");
    }
}

#[test]
fn a_file_with_a_token_is_not_read() {
    let (repo, token) = (Repo::new(), Maker::new(9103).sk_live(24));
    repo.write("src/key.txt", format!("a\nkey = {token}\n"));
    repo.write("src/fine.txt", "nothing\n");
    // Codex CLI reads files with shell commands.
    for agent in ["claude-code", "cursor", "copilot", "gemini-cli"] {
        let key = if agent == "copilot" { "path" } else { "file_path" };
        for (path, wanted) in [
            (repo.path("src/key.txt"), Outcome::Blocks),
            ("src/key.txt".into(), Outcome::Blocks),
            (repo.path("src/fine.txt"), Outcome::GoesOn),
            (repo.path("src"), Outcome::GoesOn),
            (repo.path("missing.txt"), Outcome::GoesOn),
        ] {
            let event = tool(agent, &repo, "Read", &json!({ key: path }));
            let run = run(&repo, agent, &event).expect_lacks(token.body());
            assert_eq!(outcome(agent, &event, &run), wanted, "{agent} {}", path.display());
        }
    }
    for content in [json!(""), json!(null), json!({ "a": 1 })] {
        let event = tool("claude-code", &repo, "Read", &json!({ "file_path": "src/key.txt", "content": content }));
        assert_eq!(outcome("claude-code", &event, &run(&repo, "claude-code", &event)), Outcome::Blocks, "{content}");
    }
    let read = |content: &str| {
        with(
            of_cursor(&repo, "beforeReadFile"),
            &json!({ "file_path": "/nowhere/x", "content": content, "attachments": [] }),
        )
    };
    assert_eq!(tried("cursor", &repo, &token, &read), Outcome::Blocks);
    let attached = |path: &str| {
        with(
            of_cursor(&repo, "beforeSubmitPrompt"),
            &json!({ "prompt": "p", "attachments": [{ "type": "file", "file_path": path }] }),
        )
    };
    let event = attached(&repo.path("src/key.txt").to_string_lossy());
    assert_eq!(outcome("cursor", &event, &run(&repo, "cursor", &event)), Outcome::Blocks);
}

#[test]
fn a_result_is_masked() {
    let (repo, token) = (Repo::new(), Maker::new(9104).sk_live(24));
    for agent in AGENTS {
        let outcome = tried(agent, &repo, &token, &|text| result(agent, &repo, &format!("A=1\nKEY={text}\nB=2")));
        let Outcome::GoesOnWith(shown) = outcome else { panic!("{agent}: {outcome:?}") };
        assert!(shown.contains(&format!("A=1\nKEY={}\nB=2", token.redacted())), "{agent}: {shown}");
    }
    let run =
        run(&repo, "claude-code", &result("claude-code", &repo, token.text())).expect_lacks("persistedOutputPath");
    assert_eq!(run.json()["hookSpecificOutput"]["updatedToolOutput"]["interrupted"], false);
}

#[test]
fn a_result_that_strict_parsers_refuse_is_masked() {
    let (repo, token) = (Repo::new(), Maker::new(9109).sk_live(24));
    for agent in AGENTS {
        for lone in ["\\ud83d", "\\udc00", "\\ud83d\\ud83d", "\\\\\\ud83d", "\\ud83d\\n"] {
            let event = result(agent, &repo, &format!("LONE KEY={token}"));
            let text = event.to_string().replace("LONE", if *agent == "cursor" { "\\ud83d" } else { lone });
            let run = repo.keysweep_call(&["hook", "agent", agent]).stdin(text).run().expect_lacks(token.body());
            let outcome = outcome(agent, &event, &run);
            let Outcome::GoesOnWith(shown) = outcome else { panic!("{agent} {lone}: {outcome:?}") };
            assert!(shown.contains(&format!("KEY={}", token.redacted())), "{agent} {lone}: {shown}");
        }
    }
    let deep = format!("{}\"{token}\"{}", "[".repeat(50_000), "]".repeat(50_000));
    let event = result("claude-code", &repo, "TEXT").to_string().replace("\"TEXT\"", &deep);
    let run = repo.keysweep_call(&["hook", "agent", "claude-code"]).stdin(event).run().expect_lacks(token.body());
    assert!(run.expect_code(0).expect_has("updatedToolOutput").out().contains(&token.redacted()));
}

#[test]
fn a_result_of_copilot_in_another_form_is_masked() {
    let (repo, token) = (Repo::new(), Maker::new(9110).sk_live(24));
    for form in [json!(token.text()), json!(["a", token.text()]), json!({ "text": token.text() })] {
        let event = with(result("copilot", &repo, ""), &json!({ "toolResult": form }));
        let outcome = outcome("copilot", &event, &run(&repo, "copilot", &event).expect_lacks(token.body()));
        let Outcome::GoesOnWith(shown) = outcome else { panic!("{outcome:?}") };
        assert!(shown.contains(&token.redacted()), "{shown}");
    }
    for form in [json!(1), json!(null), json!([]), json!(true)] {
        let event = with(result("copilot", &repo, ""), &json!({ "toolResult": form }));
        assert_eq!(outcome("copilot", &event, &run(&repo, "copilot", &event)), Outcome::GoesOn, "{event}");
    }
}

#[test]
fn a_result_that_cannot_be_masked_is_reported_for_rotation() {
    let (repo, token) = (Repo::new(), Maker::new(9105).sk_live(24));
    let event = with(of_cursor(&repo, "postToolUse"), &json!({ "tool_name": "Shell", "tool_output": token.text() }));
    let run = run(&repo, "cursor", &event).expect_code(0).expect_has("rotate").expect_lacks(token.body());
    assert!(run.json().get("updated_mcp_tool_output").is_none());
}

#[test]
fn the_configuration_decides_what_a_token_is() {
    let (repo, mut make) = (Repo::new(), Maker::new(9106));
    let (own, allowed) = (make.custom(24), make.sk_live(24));
    let config = format!(
        "{CUSTOM_RULE}[allow]\npaths = ['fixtures/**']\nfingerprints = [{{ id = '{}', reason = 'test' }}]\n",
        allowed.fingerprint()
    );
    repo.write(".keysweep.toml", config);
    let token = make.sk_live(24);
    for (path, text, wanted) in [
        ("src/a.txt", own.text(), Outcome::Blocks),
        ("src/a.txt", allowed.text(), Outcome::GoesOn),
        ("src/a.txt", token.text(), Outcome::Blocks),
        ("fixtures/a.txt", token.text(), Outcome::GoesOn),
    ] {
        let event = tool("claude-code", &repo, "Write", &json!({ "file_path": repo.path(path), "content": text }));
        let run = run(&repo, "claude-code", &event);
        assert_eq!(outcome("claude-code", &event, &run), wanted, "{path}: {}", run.all());
    }
    // Only the place that a path leads to counts, and only inside the repository.
    let outside = repo.path("../other/fixtures/a.txt");
    for (input, wanted) in [
        (json!({ "file_path": "fixtures/a.txt" }), Outcome::GoesOn),
        (json!({ "file_path": "./src/../fixtures/a.txt" }), Outcome::GoesOn),
        (json!({ "file_path": "fixtures/../src/a.txt" }), Outcome::Blocks),
        (json!({ "file_path": repo.path("fixtures/../src/a.txt") }), Outcome::Blocks),
        (json!({ "file_path": outside }), Outcome::Blocks),
        (json!({ "file_path": "../fixtures/a.txt" }), Outcome::Blocks),
        (json!({ "file_path": "fixtures/a.txt", "path": "src/a.txt" }), Outcome::Blocks),
        (json!({ "path": "src/a.txt", "file_path": "fixtures/a.txt" }), Outcome::Blocks),
        (json!({ "path": "fixtures/b.txt", "file_path": "fixtures/a.txt" }), Outcome::GoesOn),
    ] {
        let input = with(input, &json!({ "content": token.text() }));
        let event = tool("claude-code", &repo, "Write", &input);
        let run = run(&repo, "claude-code", &event).expect_lacks(token.body());
        assert_eq!(outcome("claude-code", &event, &run), wanted, "{}", run.all());
    }
    repo.write("src/a.txt", token.text());
    repo.write("fixtures/b.txt", "x");
    let event = tool("claude-code", &repo, "Read", &json!({ "file_path": "fixtures/../src/a.txt" }));
    assert_eq!(outcome("claude-code", &event, &run(&repo, "claude-code", &event)), Outcome::Blocks);
}

#[test]
fn an_agent_is_recognized_by_its_event() {
    let (repo, token) = (Repo::new(), Maker::new(9107).sk_live(24));
    for agent in AGENTS {
        let input = json!({ "command": format!("echo {token}") });
        for event in
            [prompt(agent, &repo, token.text()), tool(agent, &repo, "Bash", &input), result(agent, &repo, token.text())]
        {
            let named = run(&repo, agent, &event);
            let unnamed = repo.keysweep_call(&["hook", "agent"]).stdin(event.to_string()).run();
            assert_eq!((named.code, named.out(), named.err()), (unnamed.code, unnamed.out(), unnamed.err()), "{event}");
        }
    }
}
