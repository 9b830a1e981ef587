//! Plants a token through the entries in agents' settings. Only an entry that equals what `install` writes is run.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::agents::ALL;
use super::entry::{command, command_of, entry, is_ours};
use super::install::{Scope, SettingsFile, entries, program};
use super::model::{Agent, KnownEvent};
use super::switches::{self, Switch};
use crate::error::Error;
use crate::hook::probe::Token;
use crate::hook::{Changes, binary};

/// The state of all agents' hooks.
#[derive(Debug, Default)]
pub struct Diagnosis {
    pub changes: Changes,
    /// Whether an entry that should stop or mask a token does not.
    pub has_hole: bool,
}

/// Examines the settings of all agents. Agents without an entry of keysweep are not mentioned.
pub fn doctor(top: Option<&Path>) -> Result<Diagnosis, Error> {
    let mut diagnosis = Diagnosis::default();
    let own = binary()?;
    for agent in ALL {
        let before = diagnosis.changes.lines.len();
        for scope in top.map(Scope::Project).into_iter().chain([Scope::User]) {
            match SettingsFile::read(agent, scope) {
                Ok(file) => diagnosis.of_file(agent, scope, &file, &own)?,
                // A file of an agent that this user may not even have is no error of the hooks.
                Err(error) => diagnosis.changes.lines.push(format!("warning: {}: {error}", agent.title)),
            }
        }
        if diagnosis.changes.lines.len() > before {
            diagnosis.switches(agent, top);
        }
    }
    Ok(diagnosis)
}

impl Diagnosis {
    fn of_file(&mut self, agent: &Agent, scope: Scope<'_>, file: &SettingsFile, own: &Path) -> Result<(), Error> {
        let is_mentioned = |event: &&KnownEvent| {
            let mut commands = entries(file.json(), event).iter().filter_map(command_of);
            commands.any(|command| is_ours(command, agent))
        };
        if !agent.events.iter().any(|event| is_mentioned(&event)) {
            return Ok(());
        }
        for event in agent.events.iter().filter(|event| event.installed) {
            let command = command(agent, event, program(scope, own))?;
            let is_same = entries(file.json(), event).contains(&entry(agent.settings.form, event, &command));
            let state = match () {
                () if is_same => self.proved(agent, event, &command),
                () if is_mentioned(&event) => {
                    self.has_hole = true;
                    "not checked: the entry differs from what install writes; run keysweep install --agent again"
                        .to_owned()
                }
                () => {
                    self.has_hole = true;
                    "not installed".to_owned()
                }
            };
            self.changes.lines.push(format!("{:18}{} {state} ({})", agent.title, event.name, file.path.display()));
        }
        Ok(())
    }

    /// Reports the settings with which the agent does not run its hooks.
    fn switches(&mut self, agent: &Agent, top: Option<&Path>) {
        for switch in switches::set(agent, top) {
            self.has_hole = true;
            let line = match switch {
                Switch::Off { setting, path } => format!("OFF: {setting} switches hooks off ({})", path.display()),
                Switch::Unreadable { cause, path } => {
                    format!("not checked: cannot read the settings {}: {cause}", path.display())
                }
            };
            self.changes.lines.push(format!("{:18}{line}", agent.title));
        }
    }

    fn proved(&mut self, agent: &Agent, event: &KnownEvent, command: &str) -> String {
        match plant(agent, event, command) {
            Ok(true) if event.effect.blocks() => "active: blocks a planted token".to_owned(),
            Ok(true) => "active: masks a planted token".to_owned(),
            Ok(false) => {
                self.has_hole = true;
                "DOES NOT WORK: it let a planted token through".to_owned()
            }
            Err(err) => {
                self.has_hole = true;
                format!("not checked: {err}")
            }
        }
    }
}

/// Whether the entry stops or masks a token.
fn plant(agent: &Agent, event: &KnownEvent, command: &str) -> std::io::Result<bool> {
    let token = Token::make();
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let sample = (agent.sample)(event.name, &token.text);
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early says so by its exit code.
        let _ = stdin.write_all(sample.to_string().as_bytes());
    }
    let output = child.wait_with_output()?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
    let blocked = output.status.code() == Some(2)
        || ["\"permission\":\"deny\"", "\"continue\":false"].iter().any(|answer| stdout.contains(answer));
    Ok(said.contains(&token.redacted) && (blocked || !event.effect.blocks()))
}
