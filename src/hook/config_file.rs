//! Writes keysweep's sections into a configuration file of git, and removes them.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::section::{self, Found};
use super::{Changes, script};
use crate::atomic_file::{AtomicFile, NewFolders, folder_of};
use crate::error::Error;
use crate::git::command::GitCommand;
use crate::hook::hooks_dir::HooksDir;
use crate::regular_file;

/// A configuration file of git.
pub(super) struct ConfigFile {
    path: PathBuf,
    /// The option of `git config` that selects the file.
    option: &'static str,
}

impl ConfigFile {
    /// The file of the repository, which all its worktrees share.
    pub fn of_repository(place: &HooksDir) -> Result<Self, Error> {
        let printed = place.of_view(GitCommand::for_hooks(&place.top, ["rev-parse", "--git-path", "config"])).run()?;
        let path = printed.path().ok_or_else(|| {
            Error::new(
                format!("cannot find the configuration of {}", place.top.display()),
                printed.error_output(),
                "see what git rev-parse --git-path config says",
            )
        })?;
        Ok(Self { path: place.top.join(path), option: "--local" })
    }

    /// The file that `git config --global` writes to.
    pub fn of_user() -> Result<Self, Error> {
        let mut files = Self::all_of_user();
        let existing = files.iter().position(|file| file.path.exists()).unwrap_or(0);
        if files.is_empty() {
            let context = "cannot install hooks for all repositories";
            return Err(Error::new(context, "HOME is not set, so git reads no configuration of yours", "set HOME"));
        }
        let file = files.swap_remove(existing);
        if file.path.is_relative() {
            return Err(Error::new(
                format!("cannot install hooks in {}", file.path.display()),
                "git looks for a relative path in the current folder of each command",
                "set GIT_CONFIG_GLOBAL and HOME to full paths, or unset them",
            ));
        }
        Ok(file)
    }

    /// The files of `git config --global` that may exist. The first one has precedence.
    pub fn all_of_user() -> Vec<Self> {
        let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
        let paths = match set("GIT_CONFIG_GLOBAL") {
            Some(path) => vec![path],
            None => {
                // Without this variable, git does not ask the system for the home folder, except on Windows.
                let home = set("HOME").or_else(|| std::env::home_dir().filter(|_| cfg!(windows)));
                let config = set("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
                [home.map(|home| home.join(".gitconfig")), config.map(|config| config.join("git/config"))]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        };
        paths.into_iter().map(|path| Self { path, option: "--global" }).collect()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a section for each of the events. `guard` names the hook of another configuration that calls keysweep for an event.
    pub fn install(&self, events: &[&str], guard: impl Fn(&str) -> Option<String>) -> Result<Changes, Error> {
        let binary = script::binary()?;
        let mut changes = Changes::default();
        self.edit(|config| {
            for event in events {
                match self.install_section(config, event, &section::text(event, &binary)?, &guard) {
                    Ok(line) => changes.lines.push(line),
                    Err(error) => changes.errors.push(error),
                }
            }
            Ok(())
        })?;
        Ok(changes)
    }

    /// Returns the line for the report.
    fn install_section(
        &self,
        config: &mut Vec<u8>,
        event: &str,
        text: &str,
        guard: &impl Fn(&str) -> Option<String>,
    ) -> Result<String, Error> {
        let shown = self.shown(event);
        match section::find(config, event) {
            Found::Ours(range) => {
                let changed = section::replaced(config, &range, text);
                let done = if changed == *config { "already there," } else { "upgraded" };
                *config = changed;
                Ok(format!("{done} {event}: {shown}"))
            }
            found => match (guard(event), found) {
                (Some(other), _) => Ok(format!("already there, {event}: {other}")),
                (None, Found::Edited) => Err(self.edited(event)),
                (None, _) => {
                    *config = section::with(config, text);
                    Ok(format!("installed {event}: {shown}"))
                }
            },
        }
    }

    fn edited(&self, event: &str) -> Error {
        Error::new(
            format!("cannot install {}", self.shown(event)),
            "the section exists with other content, which keysweep does not change",
            format!(
                "run git config {} --remove-section hook.{}, then install again",
                self.option,
                section::name(event)
            ),
        )
    }

    /// Removes the unedited sections for the events.
    pub fn uninstall(&self, events: &[&str]) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        let config = self.read()?;
        if events.iter().all(|event| section::find(&config, event) == Found::Nothing) {
            return Ok(changes);
        }
        self.edit(|config| {
            for event in events {
                let shown = self.shown(event);
                while let Found::Ours(range) = section::find(config, event) {
                    *config = section::without(config, &range);
                    changes.lines.push(format!("removed {event}: {shown}"));
                }
                if section::find(config, event) == Found::Edited {
                    changes.lines.push(format!("left alone, {event}: {shown} was edited"));
                }
            }
            Ok(())
        })?;
        Ok(changes)
    }

    /// Whether the file has a section of keysweep for one of the events.
    pub fn has_ours(&self, events: &[&str]) -> bool {
        let config = self.read().unwrap_or_default();
        events.iter().any(|event| matches!(section::find(&config, event), Found::Ours(_)))
    }

    fn shown(&self, event: &str) -> String {
        format!("hook.{} in {}", section::name(event), self.path.display())
    }

    /// The content. Empty if the file does not exist.
    fn read(&self) -> Result<Vec<u8>, Error> {
        match regular_file::read(&self.path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound && !self.path.is_symlink() => Ok(Vec::new()),
            read => read.map_err(|err| {
                Error::new(
                    format!("cannot read {}", self.path.display()),
                    err,
                    "make it a readable file, and try again",
                )
            }),
        }
    }

    /// Changes the content, under the lock that git respects.
    fn edit(&self, change: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> Result<(), Error> {
        let context = format!("cannot change {}", self.path.display());
        let cannot = |err: io::Error| Error::new(&*context, err, "make the file and its folder writable");
        let real = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let _folders = NewFolders::create(folder_of(&real)).map_err(cannot)?;
        let mut file = AtomicFile::lock(&real, &context)?;
        let before = self.read()?;
        let mut config = before.clone();
        change(&mut config)?;
        if config == before {
            return Ok(());
        }
        if config.is_empty() && real == self.path {
            // `install --global` created it.
            return fs::remove_file(&real).map_err(cannot);
        }
        if let Ok(meta) = real.metadata() {
            file.file().set_permissions(meta.permissions()).map_err(cannot)?;
        }
        file.write_all(&config).and_then(|()| file.file().sync_all()).map_err(cannot)?;
        file.replace().map_err(cannot)
    }
}
