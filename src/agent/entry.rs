//! What keysweep's entry in an agent's settings looks like.

use std::path::Path;

use serde_json::{Value, json};

use super::model::{Agent, KnownEvent};
use super::settings::Form;
use crate::error::Error;

/// The timeout that an entry asks for, in seconds. `keysweep hook agent` answers earlier than that.
const TIMEOUT: u64 = 30;

/// How an entry finds the program.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program<'p> {
    /// The program at this path.
    At(&'p Path),
    /// The one in PATH, for a file that other people have too.
    InPath,
}

/// Finds keysweep in the absolute folders of PATH. An agent runs in the worktree, so a relative folder would let the repository choose
/// the program.
const FIND: &str =
    "k=; IFS=:; for d in $PATH; do case $d in /*) [ -x \"$d/keysweep\" ] && k=$d/keysweep && break;; esac; done; ";

/// Blocks if the program is missing or crashed. Its own answers have the codes 0 and 2.
const OR_BLOCK: &str = "; c=$?; case $c in 0|2) exit $c;; esac; \
    echo \"keysweep did not run (exit code $c), so nothing was checked and this is blocked. A person has to look at it.\" >&2; exit 2";

/// The shell command of an entry. It is the same for every shell that an agent may use, since it starts `sh`.
pub(super) fn command(agent: &Agent, event: &KnownEvent, program: Program<'_>) -> Result<String, Error> {
    let (find, name) = match program {
        Program::InPath => (FIND, "$k".to_owned()),
        Program::At(path) => ("", plain(path)?.to_owned()),
    };
    let or_block = if event.effect.blocks() { OR_BLOCK } else { "" };
    Ok(format!("sh -c '{find}\"{name}\" hook agent {}{or_block}'", agent.name))
}

/// A path that needs no escape in the quotes of the command.
fn plain(path: &Path) -> Result<&str, Error> {
    let text = path.to_str().filter(|text| !text.contains(['\'', '"', '\\', '$', '`']));
    text.ok_or_else(|| {
        Error::new(
            format!("cannot write the path {} into the agent's settings", path.display()),
            "it has a quote or another special character",
            "install keysweep in a folder with a plain name",
        )
    })
}

/// Whether the command was written by some version of keysweep for this agent and event.
pub(super) fn is_ours(command: &str, agent: &Agent) -> bool {
    let call = format!("\" hook agent {}", agent.name);
    command.starts_with("sh -c '") && command.contains(&call) && command.contains("keysweep")
}

/// The entry for an event.
pub(super) fn entry(form: Form, event: &KnownEvent, command: &str) -> Value {
    let blocks = event.effect.blocks();
    match form {
        Form::ClaudeCode => {
            let mut hook = json!({ "type": "command", "command": command, "timeout": TIMEOUT });
            if blocks {
                hook["onFailure"] = json!("block");
            }
            // Only events of tools have a matcher.
            if event.name.ends_with("ToolUse") {
                json!({ "matcher": "*", "hooks": [hook] })
            } else {
                json!({ "hooks": [hook] })
            }
        }
        Form::Codex => json!({ "hooks": [{ "type": "command", "command": command, "timeout": TIMEOUT }] }),
        Form::Gemini => json!({ "hooks": [{
            "name": "keysweep", "type": "command", "command": command, "timeout": TIMEOUT * 1000
        }] }),
        Form::Cursor if blocks => json!({ "command": command, "timeout": TIMEOUT, "failClosed": true }),
        Form::Cursor => json!({ "command": command, "timeout": TIMEOUT }),
        Form::Copilot => json!({ "type": "command", "bash": command, "timeoutSec": TIMEOUT }),
    }
}

/// The command in an entry.
pub(super) fn command_of(entry: &Value) -> Option<&str> {
    let handler = entry.pointer("/hooks/0").unwrap_or(entry);
    handler.get("command").or_else(|| handler.get("bash"))?.as_str()
}
