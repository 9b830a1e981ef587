//! Writes scripts into a hooks folder, and removes them. Only scripts that keysweep wrote are replaced or removed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::runner::{Runner, Script};
use super::{Changes, NAMES, script};
use crate::atomic_file::AtomicFile;
use crate::error::Error;
use crate::regular_file;

/// A hooks folder.
pub(super) struct Folder<'a> {
    pub path: &'a Path,
    /// The top of the worktree that the hooks are for. None where they are for all repositories.
    pub top: Option<&'a Path>,
}

/// What is at the path of a script.
enum Found {
    Nothing,
    /// A script of keysweep, and whether it equals the one that would be written.
    Ours {
        same: bool,
    },
    /// A link to a script of keysweep.
    Linked,
    Theirs(Script),
    /// Something that is not a script, with its description.
    Unfit(String),
}

/// What to do for one hook.
enum Plan {
    /// Write the script. Holds the word for the report.
    Write(&'static str),
    /// Leave it, since keysweep is called already. Holds the details for the report.
    Leave(String),
    Refuse(Error),
}

impl Folder<'_> {
    /// Whether a script at the place of `name` belongs to somebody else and does not call keysweep.
    pub fn is_taken(&self, name: &str) -> bool {
        matches!(self.look(name, ""), Found::Theirs(script) if !script.calls_keysweep)
    }

    /// Whether nothing is at the place of `name`.
    pub fn is_free(&self, name: &str) -> bool {
        matches!(self.look(name, ""), Found::Nothing)
    }

    /// Whether a manager of hooks wrote one of the scripts.
    pub fn is_managed(&self) -> bool {
        let is_of_manager = |name: &&str| match self.look(name, "") {
            Found::Theirs(script) => matches!(script.runner, Runner::PreCommit | Runner::Prek | Runner::Lefthook),
            _ => false,
        };
        NAMES.iter().any(is_of_manager)
    }

    pub fn install(&self, names: &[&str], binary: Option<&Path>) -> Result<Changes, Error> {
        let text = script::sealed(binary)?;
        let mut changes = Changes::default();
        for name in names {
            let file = self.path.join(name);
            let shown = file.display();
            match self.plan(name, &text) {
                Plan::Write(done) => match write(&file, &text) {
                    Ok(()) => changes.lines.push(format!("{done} {name}: {shown}")),
                    Err(err) => {
                        changes.errors.push(Error::new(
                            format!("cannot install {shown}"),
                            err,
                            "make the folder writable, or see git config --show-origin core.hooksPath",
                        ));
                        // The next script would fail for the same reason.
                        break;
                    }
                },
                Plan::Leave(what) => changes.lines.push(format!("already there, {name}: {shown}{what}")),
                Plan::Refuse(error) => changes.errors.push(error),
            }
        }
        Ok(changes)
    }

    fn plan(&self, name: &str, text: &str) -> Plan {
        let file = self.path.join(name);
        let refuse = |cause: String, help: String| {
            Plan::Refuse(Error::new(format!("cannot install {}", file.display()), cause, help))
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
                format!("it is a hook of {}, which keysweep does not change", script.runner.owner()),
                script.runner.line_to_add(name, &file),
            ),
            Found::Unfit(what) => refuse(what, "move it away, then install again".to_owned()),
        }
    }

    pub fn uninstall(&self, names: &[&str]) -> Changes {
        let mut changes = Changes::default();
        // The pre-commit framework renames an existing hook.
        let names = names.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.legacy")]);
        for name in names {
            let file = self.path.join(&name);
            let shown = file.display();
            match self.look(&name, "") {
                Found::Ours { .. } => match fs::remove_file(&file) {
                    Ok(()) => changes.lines.push(format!("removed {name}: {shown}")),
                    Err(err) => {
                        let context = format!("cannot remove {shown}");
                        changes.errors.push(Error::new(context, err, "make its folder writable"));
                    }
                },
                Found::Linked => {
                    changes.lines.push(format!("left alone, {name}: {shown} is a link to keysweep's script"));
                }
                Found::Theirs(script) if script.calls_keysweep => changes
                    .lines
                    .push(format!("left alone, {name}: {shown} is {} that calls keysweep", script.runner.hook())),
                Found::Theirs(_) if !name.ends_with(".legacy") => {
                    changes.lines.push(format!("left alone, {name}: {shown} is not keysweep's"));
                }
                Found::Nothing | Found::Theirs(_) | Found::Unfit(_) => {}
            }
        }
        changes
    }

    fn look(&self, name: &str, text: &str) -> Found {
        let file = self.path.join(name);
        let link = match fs::symlink_metadata(&file) {
            // If the folder is not one, the error comes when something is written to it.
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
            Err(_) if link => Found::Unfit("it is a link to something that cannot be read".to_owned()),
            Err(err) => Found::Unfit(format!("it cannot be read: {err}")),
        }
    }
}

/// Writes a script under a temporary name first, so that git never finds half of one.
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
