//! `install --agent`, `uninstall --agent` and the doctor: entries in settings files, and what they do when keysweep does not run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::event::{AGENTS, Outcome, outcome, prompt, result, tool};
use crate::support::token::Maker;
use crate::support::{Repo, Run, executable};

/// The settings file of the project.
fn file_of(agent: &str) -> &'static str {
    match agent {
        "claude-code" => ".claude/settings.json",
        "cursor" => ".cursor/hooks.json",
        "codex" => ".codex/hooks.json",
        "copilot" => ".github/hooks/keysweep.json",
        "gemini-cli" => ".gemini/settings.json",
        _ => panic!("no agent {agent}"),
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|err| panic!("read {}: {err}", path.display()))
}

/// The command of each event.
fn commands(path: &Path) -> Vec<(String, String)> {
    let json: Value = serde_json::from_str(&read(path)).expect("JSON");
    let events = json["hooks"].as_object().expect("hooks").clone();
    let command = |entry: &Value| {
        let hook = entry.pointer("/hooks/0").unwrap_or(entry);
        hook.get("command").or_else(|| hook.get("bash")).and_then(Value::as_str).map(str::to_owned)
    };
    events
        .into_iter()
        .flat_map(|(name, entries)| {
            let commands: Vec<String> = entries.as_array().expect("entries").iter().filter_map(command).collect();
            commands.into_iter().map(move |command| (name.clone(), command))
        })
        .collect()
}

/// Runs an entry as the agent would, with this PATH in front.
fn run_entry(repo: &Repo, command: &str, path: &Path, event: &Value) -> Run {
    let path = format!("{}:/usr/bin:/bin", path.display());
    repo.call("sh", &["-c", command]).env("PATH", path).stdin(event.to_string()).run()
}

fn bin() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_keysweep")).parent().expect("a folder").to_owned()
}

/// Whether the event is one that can be blocked.
fn can_block(event: &str) -> bool {
    !event.starts_with("Post")
        && !event.starts_with("post")
        && !event.starts_with("After")
        && event != "userPromptTransformed"
}

/// An event with this name.
fn event_of(agent: &str, repo: &Repo, name: &str, text: &str) -> Value {
    match name {
        "UserPromptSubmit" | "BeforeAgent" | "userPromptTransformed" | "beforeSubmitPrompt" => {
            prompt(agent, repo, text)
        }
        "PreToolUse" | "BeforeTool" | "preToolUse" => {
            tool(agent, repo, "Bash", &json!({ "command": format!("echo {text}") }))
        }
        "PostToolUse" | "AfterTool" | "postToolUse" => result(agent, repo, text),
        "beforeReadFile" => {
            let mut event = crate::event::of_cursor(repo, name);
            event["file_path"] = json!("/file");
            event["content"] = json!(text);
            event
        }
        _ => panic!("no event {name}"),
    }
}

#[test]
fn installed_entries_stop_tokens() {
    let (repo, token) = (Repo::new(), Maker::new(9300).sk_live(24));
    for agent in AGENTS {
        repo.keysweep(&["install", "--agent", agent]).expect_code(0).expect_has(file_of(agent));
        let commands = commands(&repo.path(file_of(agent)));
        assert!(commands.len() >= 3, "{agent}: {commands:?}");
        for (name, command) in commands {
            for (text, is_clean) in [("nothing", true), (token.text(), false)] {
                let event = event_of(agent, &repo, &name, text);
                let run = run_entry(&repo, &command, &bin(), &event).expect_lacks(token.body());
                let outcome = outcome(agent, &event, &run);
                let is_right = match outcome {
                    Outcome::GoesOn => is_clean,
                    Outcome::Blocks => !is_clean && can_block(&name),
                    Outcome::GoesOnWith(_) => !is_clean && !can_block(&name),
                    Outcome::Asks => false,
                };
                assert!(is_right, "{agent} {name} {text}: {outcome:?} {}", run.all());
            }
        }
    }
}

#[test]
fn entries_block_without_keysweep() {
    let repo = Repo::new();
    let crashing = repo.base().join("crashing");
    let failing = repo.base().join("failing");
    for (folder, script) in [(&crashing, "#!/bin/sh\nkill -SEGV $$\n"), (&failing, "#!/bin/sh\nexit 1\n")] {
        fs::create_dir(folder).expect("create");
        executable(&folder.join("keysweep"), script);
    }
    // A program of the repository is not keysweep.
    executable(&repo.path("keysweep"), "#!/bin/sh\nexit 0\n");
    let relative = PathBuf::from(".");
    for agent in AGENTS {
        repo.keysweep(&["install", "--agent", agent]).expect_code(0);
        for (name, command) in commands(&repo.path(file_of(agent))) {
            for folder in [&repo.base().join("missing"), &crashing, &failing, &relative] {
                let event = event_of(agent, &repo, &name, "nothing");
                let run = run_entry(&repo, &command, folder, &event);
                if can_block(&name) {
                    run.expect_code(2).expect_has("this is blocked");
                } else {
                    assert_ne!(run.code, Some(2), "{agent} {name}");
                }
            }
        }
    }
}

#[test]
fn entries_block_if_the_event_never_ends() {
    let repo = Repo::new();
    let mut children = Vec::new();
    for agent in AGENTS {
        repo.keysweep(&["install", "--agent", agent]).expect_code(0);
        for (name, command) in commands(&repo.path(file_of(agent))).into_iter().filter(|(name, _)| can_block(name)) {
            let mut call = repo.call("sh", &["-c", &command]);
            let path = format!("{}:/usr/bin:/bin", bin().display());
            call.command.env("PATH", path).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            children.push((agent, name, call.command.spawn().expect("start")));
        }
    }
    for (agent, name, child) in &mut children {
        // `wait` would close the pipe.
        let stdin = child.stdin.take();
        assert_eq!(child.wait().expect("wait").code(), Some(2), "{agent} {name}");
        drop(stdin);
    }
}

#[test]
fn agents_that_can_are_told_to_block_on_failure() {
    let repo = Repo::new();
    for (agent, key, value) in [("claude-code", "onFailure", json!("block")), ("cursor", "failClosed", json!(true))] {
        repo.keysweep(&["install", "--agent", agent]).expect_code(0);
        let json: Value = serde_json::from_str(&read(&repo.path(file_of(agent)))).expect("JSON");
        for (name, entries) in json["hooks"].as_object().expect("hooks") {
            let hook = entries[0].pointer("/hooks/0").unwrap_or(&entries[0]);
            assert_eq!(hook.get(key), can_block(name).then_some(&value), "{agent} {name}");
        }
    }
}

#[test]
fn other_settings_stay_as_they_are() {
    let repo = Repo::new();
    for agent in AGENTS {
        let path = repo.path(file_of(agent));
        let entry = match *agent {
            "cursor" => json!([{ "command": "./mine.sh" }]),
            "copilot" => json!([{ "bash": "./mine.sh" }]),
            _ => json!([{ "hooks": [{ "type": "command", "command": "./mine.sh" }] }]),
        };
        let event = commands_of_fresh(&repo, agent)[1].0.clone();
        fs::remove_file(&path).expect("remove");
        let mine = json!({ "version": 1, "model": "x", "hooks": { "Stop": entry, event: entry } });
        for text in [format!("{mine}\n"), format!("{mine:#}"), format!("{mine:#}\n").replace("  ", "\t")] {
            fs::write(&path, &text).expect("write");
            repo.keysweep(&["install", "--agent", agent]).expect_code(0).expect_has("installed");
            let once = read(&path);
            assert_ne!(once, text);
            repo.keysweep(&["install", "--agent", agent]).expect_code(0).expect_has("has the hooks of");
            assert_eq!(read(&path), once, "{agent}: a second time changes nothing");
            repo.keysweep(&["uninstall", "--agent", agent]).expect_code(0).expect_has("removed");
            assert_eq!(read(&path), text, "{agent}: what was there is there again");
            repo.keysweep(&["uninstall", "--agent", agent]).expect_code(0).expect_has("nothing to remove");
        }
        fs::remove_file(&path).expect("remove");
    }
}

fn commands_of_fresh(repo: &Repo, agent: &str) -> Vec<(String, String)> {
    repo.keysweep(&["install", "--agent", agent]).expect_code(0);
    commands(&repo.path(file_of(agent)))
}

#[test]
fn a_file_that_install_made_is_removed() {
    let repo = Repo::new();
    for agent in AGENTS {
        repo.keysweep(&["install", "--agent", agent]).expect_code(0);
        assert!(repo.path(file_of(agent)).exists());
        repo.keysweep(&["uninstall", "--agent", agent]).expect_code(0);
        assert!(!repo.path(file_of(agent)).exists(), "{agent}");
    }
}

#[test]
fn the_settings_of_the_user_name_the_program() {
    let (repo, token) = (Repo::new(), Maker::new(9301).sk_live(24));
    for (agent, file) in [("claude-code", ".claude/settings.json"), ("copilot", ".copilot/hooks/keysweep.json")] {
        repo.keysweep(&["install", "--global", "--agent", agent]).expect_code(0);
        let path = repo.base().join(file);
        for (name, command) in commands(&path).into_iter().filter(|(name, _)| can_block(name)) {
            let event = event_of(agent, &repo, &name, token.text());
            run_entry(&repo, &command, Path::new("/nonexistent"), &event).expect_code(2).expect_has(&token.redacted());
        }
        assert!(!repo.path(file_of(agent)).exists());
        repo.keysweep(&["uninstall", "--global", "--agent", agent]).expect_code(0);
        assert!(!path.exists());
    }
}

#[test]
fn settings_that_cannot_be_used_are_not_changed() {
    let repo = Repo::new();
    let path = repo.path(".claude/settings.json");
    fs::create_dir(repo.path(".claude")).expect("create");
    for (text, cause) in [
        ("{ // comment\n}", "comments are not supported"),
        ("[]", "an object of arrays"),
        ("{\"hooks\": []}", "an object of arrays"),
        ("{\"hooks\": {\"PreToolUse\": {}}}", "an object of arrays"),
    ] {
        fs::write(&path, text).expect("write");
        for command in ["install", "uninstall"] {
            repo.keysweep(&[command, "--agent", "claude-code"])
                .expect_code(2)
                .expect_has(cause)
                .expect_has("settings.json");
        }
        assert_eq!(read(&path), text);
    }
    fs::remove_file(&path).expect("remove");
    let target = repo.base().join("target.json");
    fs::write(&target, "{}").expect("write");
    std::os::unix::fs::symlink(&target, &path).expect("link");
    repo.keysweep(&["install", "--agent", "claude-code"]).expect_code(2).expect_has("symbolic link");
    assert_eq!(read(&target), "{}");
    repo.keysweep(&["install", "--agent", "claude"]).expect_code(2).expect_has("did you mean claude-code?");
    repo.keysweep(&["install", "--agent", "claude-code", "pre-commit"])
        .expect_code(2)
        .expect_has("cannot be used with");
}

#[test]
fn the_doctor_plants_a_token_through_own_entries_only() {
    let repo = Repo::new();
    let path = format!("{}:/usr/bin:/bin", bin().display());
    let doctor = |code| repo.keysweep_call(&["doctor"]).env("PATH", &path).run().expect_code(code);
    repo.keysweep(&["install"]).expect_code(0);
    doctor(0).expect_has("all hooks block tokens").expect_lacks("Claude");
    for agent in AGENTS {
        repo.keysweep(&["install", "--agent", agent]).expect_code(0);
    }
    let run = doctor(0).expect_has("all hooks block tokens");
    assert_eq!(run.out().matches("active: blocks a planted token (/").count(), 10, "{}", run.out());
    assert_eq!(run.out().matches("active: masks a planted token (/").count(), 6, "{}", run.out());

    // An entry that somebody changed is not run.
    let file = repo.path(".claude/settings.json");
    let witness = repo.base().join("witness");
    let changed = read(&file).replace("sh -c '", &format!("sh -c 'touch {}; ", witness.display()));
    fs::write(&file, changed).expect("write");
    doctor(0).expect_has("differs from what install writes").expect_has("a line above says what is not scanned");
    assert!(!witness.exists());

    // A keysweep that lets everything through.
    let fake = repo.base().join("fake");
    fs::create_dir(&fake).expect("create");
    executable(&fake.join("keysweep"), "#!/bin/sh\ncat >/dev/null\nexit 0\n");
    repo.keysweep(&["install", "--agent", "claude-code"]).expect_code(0);
    let path = format!("{}:/usr/bin:/bin", fake.display());
    repo.keysweep_call(&["doctor"]).env("PATH", path).run().expect_has("DOES NOT WORK: it let a planted token through");
}

/// Another program changes the settings while keysweep does.
#[test]
fn a_change_that_another_program_makes_meanwhile_is_kept() {
    let repo = Repo::new();
    for (command, has_entry) in [("install", true), ("uninstall", false)] {
        let (file, lock) = (repo.path(".claude/settings.json"), repo.path(".claude/settings.json.lock"));
        repo.write(".claude/settings.json.lock", "");
        let before = fs::read_to_string(&file).unwrap_or("{}".to_owned());
        std::thread::scope(|scope| {
            let changed = scope.spawn(|| repo.keysweep(&[command, "--agent", "claude-code"]).expect_code(0));
            std::thread::sleep(std::time::Duration::from_millis(1500));
            let mut json: Value = serde_json::from_str(&before).expect("JSON");
            json[command] = json!("theirs");
            repo.write(".claude/settings.json", json.to_string());
            fs::remove_file(&lock).expect("remove the lock");
            changed.join().expect("no panic");
        });
        let text = read(&file);
        assert!(text.contains(&format!("\"{command}\"")), "{text}");
        assert_eq!(text.contains("keysweep"), has_entry, "{text}");
        assert!(!lock.exists());
    }
    // Nothing is locked where nothing changes.
    repo.write(".claude/settings.json.lock", "");
    repo.keysweep(&["uninstall", "--agent", "claude-code"]).expect_code(0);
    repo.keysweep(&["install", "--agent", "claude-code"]).expect_code(2).expect_has("settings.json.lock exists");
}

/// Settings that switch hooks off, by the documents that `src/agent/switches.rs` names.
const SWITCHES: &[(&str, &str, &str, &str)] = &[
    ("claude-code", ".claude/settings.local.json", "disableAllHooks", r#"{"disableAllHooks": true}"#),
    ("copilot", ".github/copilot/settings.json", "disableAllHooks", r#"{"disableAllHooks": true}"#),
    ("copilot", ".github/copilot/settings.local.json", "disableAllHooks", r#"{"disableAllHooks": true}"#),
    ("codex", ".codex/config.toml", "features.hooks", "[features]\nhooks = false\n"),
    ("codex", ".codex/config.toml", "features.codex_hooks", "features = { codex_hooks = false }\n"),
];

#[test]
fn the_doctor_reports_hooks_that_the_settings_switch_off() {
    let path = format!("{}:/usr/bin:/bin", bin().display());
    for (agent, file, setting, text) in SWITCHES {
        let repo = Repo::new();
        let doctor = || repo.keysweep_call(&["doctor"]).env("PATH", &path).run().expect_code(0);
        repo.keysweep(&["install"]).expect_code(0);
        repo.keysweep(&["install", "--agent", agent]).expect_code(0);
        repo.write(file, text.replace("true", "null").replace("false", "true"));
        doctor().expect_has("all hooks block tokens").expect_lacks("OFF:");
        repo.write(file, text);
        doctor().expect_has(&format!("OFF: {setting} switches hooks off")).expect_has("says what is not scanned");
        repo.write(file, "{ broken");
        doctor().expect_has("not checked: cannot read the settings").expect_lacks("all hooks block tokens");
    }
}

#[test]
fn the_doctor_reports_switches_beside_the_entries() {
    let path = format!("{}:/usr/bin:/bin", bin().display());
    for (agent, setting, text) in [
        ("claude-code", "disableAllHooks", "\"disableAllHooks\": true"),
        ("copilot", "disableAllHooks", "\"disableAllHooks\": true"),
        ("gemini-cli", "hooksConfig.enabled", "\"hooksConfig\": { \"enabled\": false }"),
        ("gemini-cli", "hooksConfig.disabled", "\"hooksConfig\": { \"disabled\": [\"keysweep\"] }"),
        ("gemini-cli", "tools.enableHooks", "\"tools\": { \"enableHooks\": false }"),
    ] {
        let repo = Repo::new();
        repo.keysweep(&["install"]).expect_code(0);
        repo.keysweep(&["install", "--agent", agent]).expect_code(0);
        let file = repo.path(file_of(agent));
        fs::write(&file, read(&file).replacen('{', &format!("{{\n  {text},"), 1)).expect("write");
        let run = repo.keysweep_call(&["doctor"]).env("PATH", &path).run().expect_code(0);
        run.expect_has(&format!("OFF: {setting} switches hooks off")).expect_lacks("all hooks block tokens");
    }
}
