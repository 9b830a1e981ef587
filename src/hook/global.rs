//! Hooks for all repositories of a user: in git's configuration, or by a template where git runs no hooks of the configuration.

use std::path::Path;

use super::config_file::ConfigFile;
use super::{Changes, NAMES, template};
use crate::error::Error;
use crate::git::command::version;
use crate::hook::configured::{ConfiguredHooks, FIRST_VERSION, older_gits_note};
use crate::hook::hooks_dir::HooksDir;

pub(super) fn install(dir: &Path, names: &[&str]) -> Result<Changes, Error> {
    let (major, minor) = version(dir)?;
    if (major, minor) < FIRST_VERSION {
        let mut changes = template::install(dir, names)?;
        changes.lines.push(format!(
            "note: git {major}.{minor} runs no hooks of the configuration: with git 2.54 or later, install again to guard existing repositories too"
        ));
        return Ok(changes);
    }
    let mut changes = ConfigFile::of_user()?.install(names, |_| None)?;
    if !changes.lines.is_empty() {
        changes
            .lines
            .push("note: git runs these hooks in every repository, before the script in its hooks folder".to_owned());
        changes.lines.push(format!("note: {}", older_gits_note()));
    }
    changes.lines.extend(switched_off_here(dir));
    Ok(changes)
}

/// Notes about settings of the current repository that switch the hooks off.
fn switched_off_here(dir: &Path) -> Vec<String> {
    let Ok(place) = HooksDir::find(dir) else { return Vec::new() };
    let Ok(configured) = ConfiguredHooks::read(&place) else { return Vec::new() };
    let hooks = NAMES.iter().flat_map(|event| configured.of(event).unwrap_or_default());
    let mut settings: Vec<String> =
        hooks.filter(|hook| hook.calls_keysweep).filter_map(|hook| hook.switched_off).collect();
    settings.dedup();
    settings.iter().map(|setting| format!("warning: {setting}, so git does not run it in this repository")).collect()
}

pub(super) fn uninstall(names: &[&str]) -> Result<Changes, Error> {
    // The template comes first, since git then writes to the configuration.
    let mut changes = Changes::default();
    let scripts = template::uninstall(names);
    for file in ConfigFile::all_of_user() {
        changes.absorb(file.uninstall(names)?);
    }
    match scripts {
        Ok(removed) => changes.absorb(removed),
        // A setting prevents an installation of scripts, so none is there.
        Err(_) if !changes.lines.is_empty() => {}
        Err(error) => return Err(error),
    }
    Ok(changes)
}
