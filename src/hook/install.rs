//! Installs the hooks of a repository, and removes them.

use std::path::{Path, PathBuf};

use super::config_file::ConfigFile;
use super::folder::Folder;
use super::{Changes, NAMES, OF_A_CLONE, OF_A_SERVER, global, known, script, section};
use crate::error::Error;
use crate::hook::configured::{ConfiguredHook, ConfiguredHooks, older_gits_note};
use crate::hook::hooks_dir::{HooksDir, SHOW_ORIGIN, View};

/// Installs the scripts for the named hooks, or for the hooks that guard the repository that `dir` is in.
pub fn install(dir: &Path, names: &[String], everywhere: bool) -> Result<Changes, Error> {
    if everywhere {
        return global::install(dir, &known(names, OF_A_CLONE)?);
    }
    // Check the names first: a wrong call must neither ask git nor write.
    known(names, &[])?;
    let places = HooksDir::all(dir)?;
    let configured = places.iter().map(ConfiguredHooks::read).collect::<Result<Vec<_>, _>>()?;
    places.iter().zip(&configured).try_for_each(|(place, configured)| refuse(place, configured))?;
    let mut changes = Changes::default();
    for (place, configured) in places.iter().zip(&configured) {
        let of_kind = known(names, if place.bare { OF_A_SERVER } else { OF_A_CLONE })?;
        let alone = places.len() == 1;
        let wanted: Vec<&str> = of_kind.into_iter().filter(|name| alone || is_of_server(name) == place.bare).collect();
        if !wanted.is_empty() {
            changes.absorb(install_at(place, configured, &wanted)?);
        }
    }
    changes.drop_repeated_notes();
    Ok(changes)
}

fn is_of_server(name: &str) -> bool {
    matches!(name, "pre-receive" | "update")
}

/// Refuses a folder from which git runs no hook, unless it runs hooks of the configuration, and a folder behind a symbolic link in the
/// worktree.
fn refuse(place: &HooksDir, configured: &ConfiguredHooks<'_>) -> Result<(), Error> {
    if let Some(why) = place.unusable.as_ref().filter(|_| !configured.are_run()) {
        return Err(Error::new("cannot install hooks", why, format!("unset it ({SHOW_ORIGIN})")));
    }
    match place.link_in_worktree() {
        Some((link, target)) => Err(Error::new(
            format!("cannot install hooks in {}", place.scripts.display()),
            format!("{} is a symbolic link to {}", link.display(), target.display()),
            "remove the link, or set core.hooksPath to the folder itself",
        )),
        None => Ok(()),
    }
}

fn install_at(place: &HooksDir, configured: &ConfiguredHooks<'_>, names: &[&str]) -> Result<Changes, Error> {
    // A script that is shared through the repository must not name a path of this machine.
    let binary = if place.shared { None } else { Some(script::binary()?) };
    let folder = Folder { path: &place.scripts, top: Some(&place.top) };
    let (in_configuration, in_folder) =
        names.iter().partition::<Vec<&str>, _>(|name| configured.are_run() && belongs_to_another(place, &folder, name));
    let mut changes = folder.install(&in_folder, binary.as_deref())?;
    if !changes.lines.is_empty() {
        changes.lines.extend(notes(place)?);
    }
    if !in_configuration.is_empty() {
        changes.absorb(install_in_configuration(place, configured, &in_configuration)?);
    }
    Ok(changes)
}

/// Whether the place of the script belongs to another script or to a manager of hooks, or git does not look there.
fn belongs_to_another(place: &HooksDir, folder: &Folder<'_>, name: &str) -> bool {
    place.unusable.is_some()
        || folder.is_taken(name)
        || folder.is_free(name) && (place.is_husky() || folder.is_managed())
}

fn install_in_configuration(
    place: &HooksDir,
    configured: &ConfiguredHooks<'_>,
    names: &[&str],
) -> Result<Changes, Error> {
    let guarded = guarding(configured, names)?;
    let find = |event: &str| guarded.iter().find(|(guarded, _)| *guarded == event).map(|(_, hook)| hook.shown());
    let file = ConfigFile::of_repository(place)?;
    let mut changes = file.install(names, find)?;
    if file.has_ours(names) {
        let place = if place.bare { "" } else { " in all worktrees" };
        changes
            .lines
            .push(format!("note: git runs hooks of the configuration{place}, before the scripts in the hooks folder"));
        changes.lines.push(format!("note: {}", older_gits_note()));
    }
    let written = ConfiguredHooks::read(place)?;
    for name in names.iter().filter(|name| file.has_ours(&[name])) {
        changes.errors.extend(not_run(&written, name)?);
    }
    Ok(changes)
}

/// The error about a section that git does not run, since another setting overrides it.
fn not_run(written: &ConfiguredHooks<'_>, event: &str) -> Result<Option<Error>, Error> {
    let name = section::name(event);
    let why = match written.of(event)?.into_iter().find(|hook| hook.name == *name) {
        Some(hook) => hook.switched_off,
        None => Some(format!("another setting of hook.{name} overrides the event")),
    };
    let help = "remove that setting, then run keysweep doctor";
    Ok(why.map(|why| Error::new(format!("cannot guard {event}"), why, help)))
}

/// The hooks of the configuration that call keysweep already, with their events.
fn guarding<'n>(configured: &ConfiguredHooks<'_>, names: &[&'n str]) -> Result<Vec<(&'n str, ConfiguredHook)>, Error> {
    let mut all = Vec::new();
    for name in names {
        let hooks = configured.of(name)?.into_iter();
        all.extend(hooks.filter(|hook| hook.calls_keysweep && hook.switched_off.is_none()).map(|hook| (*name, hook)));
    }
    Ok(all)
}

/// Notes about other users of the scripts, and about everything that keeps git from running them.
fn notes(place: &HooksDir) -> Result<Vec<String>, Error> {
    let scripts = place.scripts.display();
    let mut notes = Vec::new();
    if place.shared {
        notes.push(format!(
            "note: {scripts} is part of the worktree: commit the scripts; every clone needs keysweep in PATH"
        ));
    }
    if let Some(target) = place.linked_to() {
        notes.push(format!(
            "note: {scripts} is a symbolic link to {}: every repository that links there uses these hooks",
            target.display()
        ));
    }
    if place.everywhere {
        notes.push(format!("note: core.hooksPath is set for all repositories, so all of them use {scripts}"));
    }
    if place.is_husky() && !place.hooks.is_dir() {
        notes.push(format!(
            "note: husky runs no hook in this worktree until {} exists: npx husky makes it",
            place.hooks.display()
        ));
    }
    match place.view {
        View::Unnamed => notes.push(
            "note: this bare repository has commits made with --work-tree, so the hooks for commits were installed too"
                .to_owned(),
        ),
        _ if place.bare => {}
        _ => {
            let others = place.others()?;
            if !others.is_empty() {
                notes.push(format!("note: all worktrees of this repository share these hooks: {}", listed(&others)));
            }
        }
    }
    Ok(notes)
}

fn listed(paths: &[PathBuf]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = paths.iter().take(SHOWN).map(|path| path.display().to_string()).collect();
    let more = paths.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Removes the scripts of [`install`] for the named hooks, or for all hooks.
pub fn uninstall(dir: &Path, names: &[String], everywhere: bool) -> Result<Changes, Error> {
    let names = known(names, NAMES)?;
    if everywhere {
        return global::uninstall(&names);
    }
    let places = HooksDir::all(dir)?;
    let mut changes = uninstall_from_configuration(&places[0], &names)?;
    let refused = places.iter().try_for_each(refuse_to_remove);
    match refused {
        Ok(()) => changes.absorb(uninstall_scripts(&places, &names)?),
        // The configuration guarded only this repository, unlike the scripts.
        Err(error) if !changes.lines.is_empty() => changes.lines.push(format!("left alone: {}", error.cause)),
        Err(error) => return Err(error),
    }
    match left_in_configuration(&places[0], &names) {
        Ok(lines) => changes.lines.extend(lines),
        Err(error) => changes.errors.push(error),
    }
    Ok(changes)
}

fn uninstall_scripts(places: &[HooksDir], names: &[&str]) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    let mut done: Vec<&Path> = Vec::new();
    for place in places {
        if done.contains(&place.scripts.as_path()) {
            continue;
        }
        done.push(&place.scripts);
        let removed = Folder { path: &place.scripts, top: Some(&place.top) }.uninstall(names);
        let others = if removed.lines.is_empty() { Vec::new() } else { place.others()? };
        changes.absorb(removed);
        if !others.is_empty() {
            changes
                .lines
                .push(format!("note: all worktrees of this repository shared these hooks: {}", listed(&others)));
        }
    }
    Ok(changes)
}

/// Removes the sections from the repository's configuration, which guard all its worktrees.
fn uninstall_from_configuration(place: &HooksDir, names: &[&str]) -> Result<Changes, Error> {
    let file = ConfigFile::of_repository(place)?;
    if file.has_ours(names)
        && place.view == View::Ours
        && let Some(main) = place.main_worktree()?
    {
        return Err(shared_by_worktrees(file.path(), &main));
    }
    file.uninstall(names)
}

/// Lines about hooks of keysweep in other configurations.
fn left_in_configuration(place: &HooksDir, names: &[&str]) -> Result<Vec<String>, Error> {
    let configured = ConfiguredHooks::read(place)?;
    let mut lines = Vec::new();
    for name in names {
        for hook in configured.of(name)?.iter().filter(|hook| hook.calls_keysweep) {
            let is_ours = hook.scope == "global" && hook.name == *section::name(name);
            let help = if is_ours { " (keysweep uninstall --global removes it)" } else { "" };
            lines.push(format!("left alone, {name}: {}{help}", hook.shown()));
        }
    }
    Ok(lines)
}

fn shared_by_worktrees(what: &Path, main: &Path) -> Error {
    Error::new(
        format!("cannot remove the hooks in {}", what.display()),
        "all worktrees of this repository share them",
        format!("to remove them for all, run keysweep uninstall in {}", main.display()),
    )
}

/// Refuses to remove hooks that guard more than the current worktree.
fn refuse_to_remove(place: &HooksDir) -> Result<(), Error> {
    if place.is_global() {
        return Err(Error::new(
            format!("cannot remove the hooks in {}", place.scripts.display()),
            "core.hooksPath is set for all repositories, so they guard all of them",
            "keysweep uninstall --global removes them",
        ));
    }
    if place.view != View::Ours || place.is_of_one_worktree() {
        return Ok(());
    }
    match place.main_worktree()? {
        Some(main) => Err(shared_by_worktrees(&place.scripts, &main)),
        None => Ok(()),
    }
}
