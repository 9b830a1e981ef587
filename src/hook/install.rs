//! Installs the hooks of a repository, and removes them.

use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::{Changes, NAMES, OF_A_CLONE, OF_A_SERVER, global, known, script};
use crate::error::Error;
use crate::hook::hooks_dir::{HooksDir, SHOW_ORIGIN, View};

/// Installs the scripts for the named hooks, or for the hooks that guard the repository that `dir` is in.
pub fn install(dir: &Path, names: &[String], everywhere: bool) -> Result<Changes, Error> {
    if everywhere {
        return global::install(dir, &known(names, OF_A_CLONE)?);
    }
    // Check the names first: a wrong call must neither ask git nor write.
    known(names, &[])?;
    let places = HooksDir::all(dir)?;
    places.iter().try_for_each(refuse)?;
    let mut changes = Changes::default();
    for place in &places {
        let of_kind = known(names, if place.bare { OF_A_SERVER } else { OF_A_CLONE })?;
        let alone = places.len() == 1;
        let wanted: Vec<&str> = of_kind.into_iter().filter(|name| alone || is_of_server(name) == place.bare).collect();
        if !wanted.is_empty() {
            changes.absorb(install_at(place, &wanted)?);
        }
    }
    Ok(changes)
}

fn is_of_server(name: &str) -> bool {
    matches!(name, "pre-receive" | "update")
}

/// Refuses a folder from which git runs no hook, and one behind a symbolic link in the worktree.
fn refuse(place: &HooksDir) -> Result<(), Error> {
    if let Some(why) = &place.unusable {
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

fn install_at(place: &HooksDir, names: &[&str]) -> Result<Changes, Error> {
    // A script that is shared through the repository must not name a path of this machine.
    let binary = if place.shared { None } else { Some(script::binary()?) };
    let folder = Folder { path: &place.scripts, top: Some(&place.top) };
    let mut changes = folder.install(names, binary.as_deref())?;
    if !changes.lines.is_empty() {
        changes.lines.extend(notes(place)?);
    }
    Ok(changes)
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
    places.iter().try_for_each(refuse_to_remove)?;
    let mut changes = Changes::default();
    let mut done: Vec<&Path> = Vec::new();
    for place in &places {
        if done.contains(&place.scripts.as_path()) {
            continue;
        }
        done.push(&place.scripts);
        let removed = Folder { path: &place.scripts, top: Some(&place.top) }.uninstall(&names);
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

/// Refuses to remove hooks that guard more than the current worktree.
fn refuse_to_remove(place: &HooksDir) -> Result<(), Error> {
    let context = || format!("cannot remove the hooks in {}", place.scripts.display());
    if place.is_global() {
        return Err(Error::new(
            context(),
            "core.hooksPath is set for all repositories, so they guard all of them",
            "keysweep uninstall --global removes them",
        ));
    }
    if place.view != View::Ours || place.is_of_one_worktree() {
        return Ok(());
    }
    match place.main_worktree()? {
        Some(main) => Err(Error::new(
            context(),
            "all worktrees of this repository share them",
            format!("to remove them for all, run keysweep uninstall in {}", main.display()),
        )),
        None => Ok(()),
    }
}
