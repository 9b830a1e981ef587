//! The hooks in git's configuration: `hook.NAME.command` and `hook.NAME.event`. Git 2.54 and later runs them before the script in
//! the hooks folder, whoever owns that. Older versions ignore them without a message.

use std::ffi::OsString;
use std::path::Path;

use crate::error::Error;
use crate::git::command::{GitCommand, Version, in_path, version};
use crate::git::path::to_path;
use crate::hook::hooks_dir::HooksDir;

/// The first version of git that runs these hooks.
pub(crate) const FIRST_VERSION: Version = (2, 54);

/// What `git hook list` prints for the script in the hooks folder.
const SCRIPT: &[u8] = b"hook from hookdir";

/// A hook of the configuration for one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfiguredHook {
    pub name: OsString,
    /// Where the event is set: `system`, `global`, `local`, `worktree`, or `command` for the environment.
    pub scope: String,
    pub calls_keysweep: bool,
    /// The setting that switches it off.
    pub switched_off: Option<String>,
}

impl ConfiguredHook {
    /// How a report names the hook.
    pub fn shown(&self) -> String {
        format!("hook.{} in {}", self.name.display(), configuration(&self.scope))
    }
}

/// A noun for the configuration of a scope.
fn configuration(scope: &str) -> String {
    if scope == "command" { "the environment".to_owned() } else { format!("the {scope} configuration") }
}

/// The settings `hook.*` of a repository.
pub(crate) struct ConfiguredHooks<'p> {
    place: &'p HooksDir,
    version: Version,
    settings: Vec<Setting>,
}

/// A setting `hook.NAME.KEY`.
struct Setting {
    scope: String,
    name: Vec<u8>,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl<'p> ConfiguredHooks<'p> {
    pub fn read(place: &'p HooksDir) -> Result<Self, Error> {
        let version = version(&place.top)?;
        let asked = ["config", "--null", "--show-scope", "--get-regexp", r"^hook\."];
        let printed = place.of_view(GitCommand::for_hooks(&place.top, asked)).run()?;
        match printed.code {
            Some(0) => {}
            // There is no such setting.
            Some(1) => return Ok(Self { place, version, settings: Vec::new() }),
            _ => {
                let context = format!("cannot read the hooks in the configuration of {}", place.top.display());
                return Err(Error::new(context, printed.cause(), "correct the file that git names"));
            }
        }
        let mut words = printed.stdout.split(|&b| b == 0);
        let mut settings = Vec::new();
        while let (Some(scope), Some(entry)) = (words.next(), words.next()) {
            settings.extend(setting(scope, entry));
        }
        Ok(Self { place, version, settings })
    }

    /// Whether this git runs hooks of the configuration.
    pub fn are_run(&self) -> bool {
        self.version >= FIRST_VERSION
    }

    /// The hooks for `event`, in the order in which git runs them. Empty if this git runs none.
    pub fn of(&self, event: &str) -> Result<Vec<ConfiguredHook>, Error> {
        if !self.are_run() || self.settings.is_empty() {
            return Ok(Vec::new());
        }
        let asked = ["hook", "list", "-z", "--show-scope", event];
        let printed = self.place.of_view(GitCommand::for_hooks(&self.place.top, asked)).run()?;
        match printed.code {
            Some(0) => {}
            // There is no hook.
            Some(1) => return Ok(Vec::new()),
            _ => {
                let context = format!("cannot list the hooks for {event} of {}", self.place.top.display());
                return Err(Error::new(context, printed.cause(), "correct the setting that git names"));
            }
        }
        let entries = printed.stdout.split(|&b| b == 0).filter(|entry| !entry.is_empty() && *entry != SCRIPT);
        Ok(entries.filter_map(|entry| self.hook(event, entry)).collect())
    }

    /// Parses `SCOPE NAME`, `SCOPE disabled NAME` or `SCOPE event-disabled NAME`, separated by tabs.
    fn hook(&self, event: &str, entry: &[u8]) -> Option<ConfiguredHook> {
        let (scope, rest) = split(entry, b'\t')?;
        // A name can contain a tab.
        let (word, name) = split(rest, b'\t').filter(|(_, name)| self.has(name)).unwrap_or((b"", rest));
        let (name, switched_off) = match word {
            b"disabled" => (name, Some(self.switch(name))),
            b"event-disabled" => (name, Some(self.switch(event.as_bytes()))),
            _ => (rest, None),
        };
        let command = self.settings.iter().rev().find(|setting| setting.name == name && setting.key == b"command");
        Some(ConfiguredHook {
            name: to_path(name).into_os_string(),
            scope: String::from_utf8_lossy(scope).into_owned(),
            calls_keysweep: command.is_some_and(Setting::names_keysweep),
            switched_off,
        })
    }

    fn has(&self, name: &[u8]) -> bool {
        self.settings.iter().any(|setting| setting.name == name)
    }

    /// The last setting `hook.NAME.enabled`, which decides.
    fn switch(&self, name: &[u8]) -> String {
        let decides = |setting: &&Setting| setting.name == name && setting.key == b"enabled";
        let scope = self.settings.iter().rev().find(decides).map_or("", |setting| &setting.scope);
        format!("hook.{}.enabled is false in {}", String::from_utf8_lossy(name), configuration(scope))
    }

    /// Warnings about settings that keep hooks for these events from running. `guarded` is whether scripts scan all of them.
    pub fn warnings(&self, events: &[&str], guarded: bool) -> Vec<String> {
        let off = events.iter().filter(|event| self.is_event_off(event)).map(|event| {
            format!(
                "{}, so git runs no hook of the configuration for {event}, and its documentation says that the script does not run either",
                self.switch(event.as_bytes())
            )
        });
        self.ignored().filter(|_| !guarded).into_iter().chain(off).collect()
    }

    /// Names a hook of keysweep that this git does not run.
    fn ignored(&self) -> Option<String> {
        let ours = self.settings.iter().find(|setting| setting.key == b"command" && setting.names_keysweep())?;
        let name = String::from_utf8_lossy(&ours.name);
        let (major, minor) = self.version;
        (!self.are_run()).then(|| {
            let place = configuration(&ours.scope);
            format!("git {major}.{minor} ignores hook.{name} in {place}: git 2.54 and later runs it")
        })
    }

    fn is_event_off(&self, event: &str) -> bool {
        let decides = |setting: &&Setting| setting.name == event.as_bytes() && setting.key == b"enabled";
        let value = self.settings.iter().rev().find(decides).map(|setting| setting.value.to_ascii_lowercase());
        value.is_some_and(|value| matches!(value.as_slice(), b"false" | b"no" | b"off" | b"0" | b""))
    }
}

impl Setting {
    /// Whether the program is a word of the command, perhaps at the end of a path. A folder whose name begins like that is not.
    fn names_keysweep(&self) -> bool {
        let value = String::from_utf8_lossy(&self.value);
        let mut behind = value.split("keysweep").skip(1);
        behind.any(|rest| {
            let rest = rest.strip_prefix(".exe").unwrap_or(rest).trim_start_matches(['\'', '"']);
            rest.is_empty() || rest.starts_with(char::is_whitespace)
        })
    }
}

fn setting(scope: &[u8], entry: &[u8]) -> Option<Setting> {
    let (name, value) = split(entry, b'\n').unwrap_or((entry, b""));
    let name = name.strip_prefix(b"hook.")?;
    let dot = name.iter().rposition(|&b| b == b'.')?;
    Some(Setting {
        scope: String::from_utf8_lossy(scope).into_owned(),
        name: name[..dot].to_vec(),
        key: name[dot + 1..].to_vec(),
        value: value.to_vec(),
    })
}

fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&b| b == at)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// A note that some gits ignore hooks of the configuration. Names those in PATH.
pub(crate) fn older_gits_note() -> String {
    let older = in_path().into_iter().filter(|(_, _, version)| *version < FIRST_VERSION);
    let older: Vec<String> = older.map(|(git, number, _)| format!("{} ({number})", git.display())).collect();
    let here = if older.is_empty() { String::new() } else { format!("; in PATH: {}", older.join(", ")) };
    format!(
        "git older than 2.54, which desktop clients may bring, ignores hooks in the configuration without a message{here}"
    )
}

/// Settings that make git run one hook of an event alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Isolation {
    /// The hooks of the configuration that must not run.
    pub switched_off: Vec<OsString>,
    /// Whether the script in the hooks folder must not run.
    pub without_script: bool,
}

impl Isolation {
    /// Adds the settings to `command`. `empty` is a folder without scripts.
    pub fn apply(&self, command: GitCommand, empty: &Path) -> GitCommand {
        // Names can contain `=`, which `-c` does not support.
        let before = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
        let mut settings: Vec<(OsString, OsString)> = Vec::new();
        for name in &self.switched_off {
            let mut key = OsString::from("hook.");
            key.push(name);
            key.push(".enabled");
            settings.push((key, "false".into()));
        }
        if self.without_script {
            settings.push(("core.hooksPath".into(), empty.into()));
        }
        if settings.is_empty() {
            return command;
        }
        let command = command.env("GIT_CONFIG_COUNT", (before + settings.len()).to_string());
        settings.into_iter().enumerate().fold(command, |command, (at, (key, value))| {
            let at = before + at;
            command.env(&format!("GIT_CONFIG_KEY_{at}"), key).env(&format!("GIT_CONFIG_VALUE_{at}"), value)
        })
    }
}
