//! Writes scripts into a folder of hooks, and removes them again. Only a script that keysweep wrote is ever replaced or removed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::runner::Script;
use super::{Changes, script};
use crate::atomic_file::AtomicFile;
use crate::error::Error;
use crate::regular_file;

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
    Refuse(Error),
}

impl Folder<'_> {
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
                        // Where one cannot be written, none can.
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
                format!("there is a hook of {}, which keysweep does not touch", script.runner.owner()),
                script.runner.line_to_add(name, &file),
            ),
            Found::Unfit(what) => refuse(what, "move it away, then install again".to_owned()),
        }
    }

    pub fn uninstall(&self, names: &[&str]) -> Changes {
        let mut changes = Changes::default();
        // The pre-commit framework renames the hook that it finds.
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
