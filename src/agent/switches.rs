//! Settings with which an agent runs no hooks, although keysweep's entries are there.
//!
//! | agent | setting | document |
//! |---|---|---|
//! | Claude Code | `disableAllHooks` | <https://code.claude.com/docs/en/hooks>, 2026-10-10 |
//! | GitHub Copilot | `disableAllHooks`, in a file of hooks or the repository's settings | `content/copilot/reference/hooks-reference.md` in github/docs at commit 05da5bc3c140, read on 2026-11-30 |
//! | Gemini CLI | `hooksConfig.enabled`, `hooksConfig.disabled`; before 2026-01 `tools.enableHooks`, `hooks.disabled` | <https://geminicli.com/docs/reference/configuration/>, 2026-11-30 |
//! | Codex CLI | `features.hooks`, and its older name `features.codex_hooks` | <https://developers.openai.com/codex/hooks>, 2026-11-30 |
//!
//! The document of Cursor, <https://cursor.com/docs/hooks>, has no such setting as of 2026-08.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::model::Agent;
use crate::regular_file;

/// A setting that switches hooks off, or a file that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Switch {
    Off { setting: &'static str, path: PathBuf },
    Unreadable { cause: String, path: PathBuf },
}

/// The switches that are set for the agent, in the settings of the worktree `top` and of the user.
pub(super) fn set(agent: &Agent, top: Option<&Path>) -> Vec<Switch> {
    let mut found = Vec::new();
    for path in files(agent, top) {
        let text = match regular_file::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(err) if matches!(err.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(err) => {
                found.push(Switch::Unreadable { cause: err.to_string(), path });
                continue;
            }
        };
        match parsed(&text, &path) {
            Ok(settings) => {
                let set = SWITCHES.iter().filter(|(name, ..)| *name == agent.name);
                let set = set.filter(|(_, setting, is_off)| settings.pointer(&pointer(setting)).is_some_and(is_off));
                found.extend(set.map(|(_, setting, _)| Switch::Off { setting, path: path.clone() }));
            }
            Err(cause) => found.push(Switch::Unreadable { cause, path }),
        }
    }
    found
}

/// An agent, a setting, and whether its value switches keysweep's hooks off.
type Known = (&'static str, &'static str, fn(&Value) -> bool);

const SWITCHES: &[Known] = &[
    ("claude-code", "disableAllHooks", |value| value == true),
    ("copilot", "disableAllHooks", |value| value == true),
    ("gemini-cli", "hooksConfig.enabled", |value| value == false),
    ("gemini-cli", "hooksConfig.disabled", names_keysweep),
    ("gemini-cli", "tools.enableHooks", |value| value == false),
    ("gemini-cli", "hooks.disabled", names_keysweep),
    ("codex", "features.hooks", |value| value == false),
    ("codex", "features.codex_hooks", |value| value == false),
];

/// Gemini CLI compares the list with the name of an entry, or with its command.
fn names_keysweep(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|names| names.iter().any(|name| name.as_str().is_some_and(|name| name.contains("keysweep"))))
}

fn pointer(setting: &str) -> String {
    format!("/{}", setting.replace('.', "/"))
}

/// The files in which the agent looks for these settings.
fn files(agent: &Agent, top: Option<&Path>) -> Vec<PathBuf> {
    let of_project: &[&str] = match agent.name {
        "claude-code" => &[".claude/settings.json", ".claude/settings.local.json"],
        "copilot" => {
            &[agent.settings.of_project, ".github/copilot/settings.json", ".github/copilot/settings.local.json"]
        }
        "gemini-cli" => &[".gemini/settings.json"],
        "codex" => &[".codex/config.toml"],
        _ => &[],
    };
    let of_project = top.into_iter().flat_map(|top| of_project.iter().map(|file| top.join(file)));
    let of_user = agent
        .settings
        .of_user()
        .ok()
        .filter(|_| agent.name != "cursor")
        .map(|file| if agent.name == "codex" { file.with_file_name("config.toml") } else { file });
    of_project.chain(of_user).collect()
}

/// The settings as JSON. A message of a parser could quote the text, so the causes have none.
fn parsed(text: &str, path: &Path) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    if path.extension().is_some_and(|extension| extension == "toml") {
        let table = DeTable::parse(text).map_err(|_| "it is not TOML".to_owned())?;
        return Ok(features(table.get_ref()));
    }
    serde_json::from_str(text).map_err(|err| format!("it is not JSON (line {})", err.line()))
}

/// The features that Codex CLI has on or off.
fn features(settings: &DeTable<'_>) -> Value {
    let Some(DeValue::Table(features)) = settings.get("features").map(Spanned::get_ref) else { return Value::Null };
    let set = features.iter().filter_map(|(name, value)| match value.get_ref() {
        DeValue::Boolean(is_on) => Some((name.get_ref().to_string(), Value::Bool(*is_on))),
        _ => None,
    });
    json!({ "features": set.collect::<Map<String, Value>>() })
}
