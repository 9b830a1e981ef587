//! Writes keysweep's entries into an agent's settings, and removes them. The rest of the file stays as it is.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::entry::{Program, command, command_of, entry, is_ours};
use super::json_text;
use super::model::{Agent, KnownEvent};
use crate::atomic_file::{AtomicFile, NewFolders, folder_of};
use crate::error::Error;
use crate::hook::{Changes, binary};
use crate::regular_file;

/// Whose settings are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'t> {
    /// Those in the worktree with this top.
    Project(&'t Path),
    User,
}

/// A settings file, as text and as JSON.
pub(super) struct SettingsFile {
    pub path: PathBuf,
    /// None if the file does not exist.
    text: Option<String>,
    json: Value,
}

pub fn install(agent: &Agent, scope: Scope<'_>) -> Result<Changes, Error> {
    let own = binary()?;
    let program = program(scope, &own);
    let change = edit(agent, scope, &|file| with_entries(file, agent, program).map(Some))?;
    let mut changes = Changes::default();
    let what = format!("the hooks of {}: {}", agent.title, change.path.display());
    changes.lines.push(if change.is_made { format!("installed {what}") } else { format!("has {what}") });
    if let Scope::Project(_) = scope {
        changes.lines.push(
            "note: commit this file. Where keysweep is not in PATH, everything that these hooks check is blocked"
                .to_owned(),
        );
    }
    changes.lines.extend(agent.settings.note.map(|note| format!("note: {note}")));
    Ok(changes)
}

pub fn uninstall(agent: &Agent, scope: Scope<'_>) -> Result<Changes, Error> {
    let change = edit(agent, scope, &|file| without_entries(file, agent))?;
    let mut changes = Changes::default();
    if change.is_made {
        changes.lines.push(format!("removed the hooks of {}: {}", agent.title, change.path.display()));
    }
    Ok(changes)
}

/// What was done to a settings file.
struct Change {
    path: PathBuf,
    is_made: bool,
}

/// Gives the file the text that `wanted` returns, or removes the file where it returns none. The file is locked and read again before it
/// is changed, since another program may change it at the same time.
fn edit(
    agent: &Agent,
    scope: Scope<'_>,
    wanted: &dyn Fn(&SettingsFile) -> Result<Option<String>, Error>,
) -> Result<Change, Error> {
    let file = SettingsFile::read(agent, scope)?;
    if wanted(&file)? == file.text {
        return Ok(Change { path: file.path, is_made: false });
    }
    let (_folders, lock) = lock(&file.path)?;
    let file = SettingsFile::read(agent, scope)?;
    let text = wanted(&file)?;
    let is_made = text != file.text;
    match text {
        _ if !is_made => {}
        Some(text) => write(lock, &file.path, &text)?,
        None => fs::remove_file(&file.path).map_err(|err| unwritable(&file.path, &err))?,
    }
    Ok(Change { path: file.path, is_made })
}

/// The text of the file with keysweep's entries.
fn with_entries(file: &SettingsFile, agent: &Agent, program: Program<'_>) -> Result<String, Error> {
    let mut text = file.text.clone().unwrap_or_else(|| agent.settings.empty.to_owned());
    let mut json = file.json.clone();
    for event in agent.events.iter().filter(|event| event.installed) {
        let wanted = entry(agent.settings.form, event, &command(agent, event, program)?);
        if entries(&json, event).contains(&wanted) {
            continue;
        }
        text = without(&text, &mut json, agent, event, &file.path)?;
        text = json_text::append(&text, &["hooks", event.name], &wanted);
        json = parse(&text, &file.path)?;
    }
    Ok(text)
}

/// The text of the file without keysweep's entries. None if nothing else is in it.
fn without_entries(file: &SettingsFile, agent: &Agent) -> Result<Option<String>, Error> {
    let Some(before) = &file.text else { return Ok(None) };
    let (mut text, mut json) = (before.clone(), file.json.clone());
    for event in agent.events {
        text = without(&text, &mut json, agent, event, &file.path)?;
    }
    let empty: Value = serde_json::from_str(agent.settings.empty).unwrap_or_default();
    Ok((text == *before || json != empty).then_some(text))
}

/// How entries of this scope find the program.
pub(super) fn program<'p>(scope: Scope<'_>, own: &'p Path) -> Program<'p> {
    match scope {
        Scope::Project(_) => Program::InPath,
        Scope::User => Program::At(own),
    }
}

/// The entries of an event.
pub(super) fn entries<'j>(json: &'j Value, event: &KnownEvent) -> &'j [Value] {
    json.get("hooks").and_then(|hooks| hooks.get(event.name)).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text without keysweep's entries for the event. `json` is its content.
fn without(text: &str, json: &mut Value, agent: &Agent, event: &KnownEvent, path: &Path) -> Result<String, Error> {
    let mut text = text.to_owned();
    let ours = |entry: &Value| command_of(entry).is_some_and(|command| is_ours(command, agent));
    while let Some(number) = entries(json, event).iter().position(ours) {
        text = json_text::remove(&text, &["hooks", event.name], number);
        *json = parse(&text, path)?;
    }
    Ok(text)
}

impl SettingsFile {
    pub fn read(agent: &Agent, scope: Scope<'_>) -> Result<Self, Error> {
        let path = match scope {
            Scope::Project(top) => top.join(agent.settings.of_project),
            Scope::User => agent.settings.of_user()?,
        };
        if let Scope::Project(top) = scope {
            refuse_links(top, &path)?;
        }
        let text = match regular_file::read(&path) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|_| unreadable(&path, "it is not valid UTF-8"))?),
            Err(err) if err.kind() == ErrorKind::NotFound => None,
            Err(err) => return Err(unreadable(&path, &err.to_string())),
        };
        // An empty file is like none.
        let text = text.filter(|text| !text.trim().is_empty());
        let json = parse(text.as_deref().unwrap_or(agent.settings.empty), &path)?;
        Ok(Self { path, text, json })
    }

    pub fn json(&self) -> &Value {
        &self.json
    }
}

fn parse(text: &str, path: &Path) -> Result<Value, Error> {
    // The message of the parser could quote the text.
    let json: Value = serde_json::from_str(text).map_err(|err| {
        unreadable(path, &format!("it is not JSON (line {}); comments are not supported", err.line()))
    })?;
    let hooks = json.get("hooks");
    let is_known = json.is_object()
        && hooks.is_none_or(|hooks| hooks.as_object().is_some_and(|events| events.values().all(Value::is_array)));
    if is_known { Ok(json) } else { Err(unreadable(path, "its hooks are not an object of arrays")) }
}

/// A repository may have a link in place of the file or its folder. What is behind it is not the agent's settings.
fn refuse_links(top: &Path, path: &Path) -> Result<(), Error> {
    let inside = path.ancestors().take_while(|folder| *folder != top);
    let link = inside.into_iter().find(|path| path.symlink_metadata().is_ok_and(|met| met.is_symlink()));
    link.map_or(Ok(()), |link| Err(unreadable(path, &format!("{} is a symbolic link", link.display()))))
}

/// Locks the file, and creates its folder if there is none. The user's file may be a link into a folder of dotfiles.
fn lock(path: &Path) -> Result<(NewFolders, AtomicFile), Error> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folders = NewFolders::create(folder_of(&real)).map_err(|err| unwritable(path, &err))?;
    Ok((folders, AtomicFile::lock(&real, &write_context(path))?))
}

fn write(mut file: AtomicFile, path: &Path, text: &str) -> Result<(), Error> {
    let write = || {
        file.write_all(text.as_bytes())?;
        keep_mode(path, file.file())?;
        file.file().sync_all()?;
        file.replace()
    };
    write().map_err(|err| unwritable(path, &err))
}

/// Gives a new file the mode of the old one, or that of other files in a worktree.
#[cfg(unix)]
fn keep_mode(path: &Path, file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = path.metadata().map_or(0o644, |met| met.permissions().mode());
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_mode(_: &Path, _: &fs::File) -> std::io::Result<()> {
    Ok(())
}

fn unreadable(path: &Path, cause: &str) -> Error {
    let help = "correct the file, or copy the entries from a new repository (docs/agents.md)";
    Error::new(format!("cannot use the settings {}", path.display()), cause, help)
}

fn unwritable(path: &Path, err: &std::io::Error) -> Error {
    Error::new(write_context(path), err, "make the file and its folder writable")
}

fn write_context(path: &Path) -> String {
    format!("cannot write the settings {}", path.display())
}
