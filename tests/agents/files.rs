//! Edits of files that decide about the protection, and markers.

use serde_json::json;

use crate::event::{AGENTS, Outcome, outcome, run, tool, with};
use crate::support::Repo;

/// Agents that ask a person before a tool runs. Cursor does so only for events that are not installed.
const ASKING: &[&str] = &["claude-code", "copilot"];

#[test]
fn protected_files_are_for_a_person_to_edit() {
    let repo = Repo::new();
    for agent in AGENTS {
        let wanted = if ASKING.contains(agent) { Outcome::Asks } else { Outcome::Blocks };
        for path in [
            ".git/hooks/pre-commit",
            ".git/config",
            ".keysweep.toml",
            ".keysweep-baseline",
            ".claude/settings.json",
            ".cursor/hooks.json",
            ".codex/hooks.json",
            ".gemini/settings.json",
            ".github/hooks/keysweep.json",
            ".husky/pre-commit",
        ] {
            for path in [repo.path(path), path.into(), format!("./src/../{path}").into()] {
                let event = tool(agent, &repo, "Write", &json!({ "file_path": path, "content": "x" }));
                let run = run(&repo, agent, &event);
                assert_eq!(outcome(agent, &event, &run), wanted, "{agent} {}: {}", path.display(), run.all());
            }
            // Codex CLI reads files with shell commands.
            let event = tool(agent, &repo, "Read", &json!({ "file_path": repo.path(path) }));
            assert!(
                *agent == "codex" || outcome(agent, &event, &run(&repo, agent, &event)) == Outcome::GoesOn,
                "{agent} reads {path}"
            );
            let patch = format!("*** Begin Patch\n*** Update File: {path}\n+x\n*** End Patch");
            let event = tool(agent, &repo, "apply_patch", &json!({ "command": patch }));
            assert_eq!(outcome(agent, &event, &run(&repo, agent, &event)), wanted, "{agent} patches {path}");
        }
    }
}

#[test]
fn a_marker_is_for_a_person_to_add() {
    let repo = Repo::new();
    for agent in AGENTS {
        let wanted = if ASKING.contains(agent) { Outcome::Asks } else { Outcome::Blocks };
        for (name, input) in [
            ("Write", json!({ "file_path": "/x/a.py", "content": "x = 1  # keysweep:allow" })),
            (
                "apply_patch",
                json!({ "command": "*** Begin Patch\n*** Add File: a\n+x = 1  # keysweep:allow\n*** End Patch" }),
            ),
            ("Edit", json!({ "file_path": "/x/a.py", "old_string": "a", "new_string": "b  # gitleaks:allow" })),
        ] {
            let event = tool(agent, &repo, name, &input);
            let run = run(&repo, agent, &event).expect_lacks("keysweep:allow").expect_lacks("fingerprint");
            assert_eq!(outcome(agent, &event, &run), wanted, "{agent} {name}");
        }
    }
}

#[test]
fn nobody_is_asked_where_nobody_answers() {
    let repo = Repo::new();
    let event = tool("claude-code", &repo, "Write", &json!({ "file_path": ".keysweep.toml", "content": "x" }));
    for (mode, wanted) in [
        ("default", Outcome::Asks),
        ("acceptEdits", Outcome::Asks),
        ("bypassPermissions", Outcome::Blocks),
        ("dontAsk", Outcome::Blocks),
        ("auto", Outcome::Blocks),
        ("a-new-mode", Outcome::Blocks),
    ] {
        let event = with(event.clone(), &json!({ "permission_mode": mode }));
        assert_eq!(outcome("claude-code", &event, &run(&repo, "claude-code", &event)), wanted, "{mode}");
    }
}
