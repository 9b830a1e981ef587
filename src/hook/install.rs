//! Putting scripts into a folder and taking them away again. Only what keysweep wrote is ever replaced or removed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::place::{Place, SHOW_ORIGIN, View};
use super::runner::Script;
use super::{NAMES, OF_A_CLONE, OF_A_SERVER, Told, global, known, script};
use crate::atomic_file::AtomicFile;
use crate::regular_file;
use crate::trouble::Trouble;

/// Installs the scripts for the hooks that were named, or for those that guard the repository in which `dir` lies.
pub fn install(dir: &Path, names: &[String], everywhere: bool) -> Result<Told, Trouble> {
    if everywhere {
        return global::install(dir, &known(names, OF_A_CLONE)?);
    }
    // Names first: nothing is asked or written for a call that is wrong.
    known(names, &[])?;
    let places = Place::all(dir)?;
    places.iter().try_for_each(refuse)?;
    let mut told = Told::default();
    for place in &places {
        let of_kind = known(names, if place.bare { OF_A_SERVER } else { OF_A_CLONE })?;
        let alone = places.len() == 1;
        let wanted: Vec<&str> = of_kind.into_iter().filter(|name| alone || is_of_server(name) == place.bare).collect();
        if !wanted.is_empty() {
            told.absorb(install_at(place, &wanted)?);
        }
    }
    Ok(told)
}

fn is_of_server(name: &str) -> bool {
    matches!(name, "pre-receive" | "update")
}

/// A folder in which git runs nothing, or one that the repository leads elsewhere.
fn refuse(place: &Place) -> Result<(), Trouble> {
    if let Some(why) = &place.unusable {
        return Err(Trouble::new("cannot install hooks", why, format!("unset it ({SHOW_ORIGIN})")));
    }
    match place.link_in_worktree() {
        Some((link, target)) => Err(Trouble::new(
            format!("cannot install hooks in {}", place.scripts.display()),
            format!("{} is a symbolic link to {}", link.display(), target.display()),
            "remove the link, or set core.hooksPath to the folder itself",
        )),
        None => Ok(()),
    }
}

fn install_at(place: &Place, names: &[&str]) -> Result<Told, Trouble> {
    // What others get as well holds no path of this machine.
    let binary = if place.shared { None } else { Some(script::binary()?) };
    let folder = Folder { path: &place.scripts, top: Some(&place.top) };
    let mut told = folder.install(names, binary.as_deref())?;
    if !told.lines.is_empty() {
        told.lines.extend(notes(place)?);
    }
    Ok(told)
}

/// What else the scripts are for, and what keeps git from running them.
fn notes(place: &Place) -> Result<Vec<String>, Trouble> {
    let scripts = place.scripts.display();
    let mut notes = Vec::new();
    if place.shared {
        notes.push(format!(
            "note: {scripts} is part of the worktree: commit the scripts, and whoever clones needs keysweep in PATH"
        ));
    }
    if let Some(target) = place.linked_to() {
        notes.push(format!(
            "note: {scripts} is a symbolic link to {}: every repository that links there uses these hooks",
            target.display()
        ));
    }
    if place.everywhere {
        notes.push(format!("note: core.hooksPath is set for all repositories, so {scripts} is theirs too"));
    }
    if place.is_husky() && !place.hooks.is_dir() {
        notes.push(format!(
            "note: husky runs no hook in this worktree until it has made {}: npx husky makes it",
            place.hooks.display()
        ));
    }
    match place.view {
        View::Unnamed => notes.push(
            "note: somebody commits to this bare repository with --work-tree, so the hooks of commits are there too"
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

/// Removes what [`install`] wrote for the hooks that were named, or for all.
pub fn uninstall(dir: &Path, names: &[String], everywhere: bool) -> Result<Told, Trouble> {
    let names = known(names, NAMES)?;
    if everywhere {
        return global::uninstall(&names);
    }
    let places = Place::all(dir)?;
    places.iter().try_for_each(refuse_to_remove)?;
    let mut told = Told::default();
    let mut done: Vec<&Path> = Vec::new();
    for place in &places {
        if done.contains(&place.scripts.as_path()) {
            continue;
        }
        done.push(&place.scripts);
        let removed = Folder { path: &place.scripts, top: Some(&place.top) }.uninstall(&names);
        let others = if removed.lines.is_empty() { Vec::new() } else { place.others()? };
        told.absorb(removed);
        if !others.is_empty() {
            told.lines.push(format!("note: all worktrees of this repository shared these hooks: {}", listed(&others)));
        }
    }
    Ok(told)
}

/// Hooks that guard more than what the user stands in are removed where that is plain.
fn refuse_to_remove(place: &Place) -> Result<(), Trouble> {
    let attempt = || format!("cannot remove the hooks in {}", place.scripts.display());
    if place.is_global() {
        return Err(Trouble::new(
            attempt(),
            "core.hooksPath is set for all repositories, so they guard all of them",
            "keysweep uninstall --global removes them",
        ));
    }
    if place.view != View::Ours || place.is_of_one_worktree() {
        return Ok(());
    }
    match place.main_worktree()? {
        Some(main) => Err(Trouble::new(
            attempt(),
            "all worktrees of this repository share them",
            format!("to remove them for all, run keysweep uninstall in {}", main.display()),
        )),
        None => Ok(()),
    }
}

/// A folder of hooks.
pub(super) struct Folder<'a> {
    pub path: &'a Path,
    /// The top of the worktree that they are for, if they are for one.
    pub top: Option<&'a Path>,
}

/// What stands where a script belongs.
enum Found {
    Nothing,
    /// A file of ours, and whether it is the very one that would be written.
    Ours {
        same: bool,
    },
    /// A link to a script of ours.
    Linked,
    Theirs(Script),
    /// Something that no script can be: what it is.
    Unfit(String),
}

/// What to do about one hook.
enum Plan {
    /// The word for it once it is done.
    Write(&'static str),
    /// How it is there already.
    Leave(String),
    Refuse(Trouble),
}

impl Folder<'_> {
    pub fn install(&self, names: &[&str], binary: Option<&Path>) -> Result<Told, Trouble> {
        let text = script::sealed(binary)?;
        let mut told = Told::default();
        for name in names {
            let file = self.path.join(name);
            let shown = file.display();
            match self.plan(name, &text) {
                Plan::Write(done) => match write(&file, &text) {
                    Ok(()) => told.lines.push(format!("{done} {name}: {shown}")),
                    Err(err) => {
                        told.troubles.push(Trouble::new(
                            format!("cannot install {shown}"),
                            err,
                            "make the folder writable, or see git config --show-origin core.hooksPath",
                        ));
                        // Where one cannot be written, none can.
                        break;
                    }
                },
                Plan::Leave(what) => told.lines.push(format!("already there, {name}: {shown}{what}")),
                Plan::Refuse(trouble) => told.troubles.push(trouble),
            }
        }
        Ok(told)
    }

    fn plan(&self, name: &str, text: &str) -> Plan {
        let file = self.path.join(name);
        let refuse = |cause: String, way_out: String| {
            Plan::Refuse(Trouble::new(format!("cannot install {}", file.display()), cause, way_out))
        };
        match self.look(name, text) {
            Found::Nothing => Plan::Write("installed"),
            Found::Ours { same: false } => Plan::Write("upgraded"),
            Found::Ours { same: true } => Plan::Leave(String::new()),
            Found::Linked => Plan::Leave(", a link to keysweep's script".to_owned()),
            Found::Theirs(script) if script.calls_keysweep => {
                Plan::Leave(format!(", {} that calls keysweep", script.runner.hook()))
            }
            Found::Theirs(script) => refuse(
                format!("there is a hook of {}, which keysweep does not touch", script.runner.owner()),
                script.runner.line_to_add(name, &file),
            ),
            Found::Unfit(what) => refuse(what, "move it away, then install again".to_owned()),
        }
    }

    pub fn uninstall(&self, names: &[&str]) -> Told {
        let mut told = Told::default();
        // The pre-commit framework renames the hook that it finds.
        let names = names.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.legacy")]);
        for name in names {
            let file = self.path.join(&name);
            let shown = file.display();
            match self.look(&name, "") {
                Found::Ours { .. } => match fs::remove_file(&file) {
                    Ok(()) => told.lines.push(format!("removed {name}: {shown}")),
                    Err(err) => {
                        let attempt = format!("cannot remove {shown}");
                        told.troubles.push(Trouble::new(attempt, err, "make its folder writable"));
                    }
                },
                Found::Linked => told.lines.push(format!("left alone, {name}: {shown} is a link to keysweep's script")),
                Found::Theirs(script) if script.calls_keysweep => told
                    .lines
                    .push(format!("left alone, {name}: {shown} is {} that calls keysweep", script.runner.hook())),
                Found::Theirs(_) if !name.ends_with(".legacy") => {
                    told.lines.push(format!("left alone, {name}: {shown} is not keysweep's"));
                }
                Found::Nothing | Found::Theirs(_) | Found::Unfit(_) => {}
            }
        }
        told
    }

    fn look(&self, name: &str, text: &str) -> Found {
        let file = self.path.join(name);
        let link = match fs::symlink_metadata(&file) {
            // A folder that is none is told of when something is written to it.
            Err(_) => return Found::Nothing,
            Ok(met) => met.file_type().is_symlink(),
        };
        match regular_file::read(&file) {
            Ok(bytes) => {
                let found = String::from_utf8_lossy(&bytes);
                match (script::is_ours(&found), link) {
                    (true, true) => Found::Linked,
                    (true, false) => Found::Ours { same: found == text && is_executable(&file) },
                    (false, _) => Found::Theirs(Script::read(&bytes, name, self.path, self.top)),
                }
            }
            Err(_) if link => Found::Unfit("it is a link to nothing that can be read".to_owned()),
            Err(err) => Found::Unfit(format!("something is there that cannot be read: {err}")),
        }
    }
}

/// Writes a script under a name of its own first, so that git never finds half of one.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().expect("a hook is in a folder");
    fs::create_dir_all(folder)?;
    let mut out = AtomicFile::create(file)?;
    out.write_all(text.as_bytes())?;
    make_executable(out.file())?;
    out.file().sync_all()?;
    out.replace()
}

#[cfg(unix)]
fn make_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(super) fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|met| met.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_executable(file: &Path) -> bool {
    file.is_file()
}
