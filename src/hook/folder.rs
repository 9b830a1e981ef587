//! Writes scripts into a hooks folder, and removes them. Only scripts that keysweep wrote are replaced or removed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::runner::{Runner, Script};
use super::{Changes, NAMES, script};
use crate::atomic_file::{AtomicFile, NewFolders};
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
    /// Write the script where there is none.
    Create,
    /// Replace an older script of keysweep.
    Upgrade,
    /// Leave it, since keysweep is called already. Holds the details for the report.
    Leave(String),
    Refuse(Error),
}

/// Why a script was not installed.
enum Failure {
    Refused(Error),
    Unwritable(Error),
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
            match self.install_one(name, &text) {
                Ok(line) => changes.lines.push(line),
                Err(Failure::Refused(error)) => changes.errors.push(error),
                Err(Failure::Unwritable(error)) => {
                    changes.errors.push(error);
                    // The next script would fail for the same reason.
                    break;
                }
            }
        }
        Ok(changes)
    }

    /// Installs a script, and returns the line for the report.
    fn install_one(&self, name: &str, text: &str) -> Result<String, Failure> {
        let file = self.path.join(name);
        let shown = file.display();
        loop {
            let (done, replace) = match self.plan(name, text) {
                Plan::Create => ("installed", false),
                Plan::Upgrade => ("upgraded", true),
                Plan::Leave(what) => return Ok(format!("already there, {name}: {shown}{what}")),
                Plan::Refuse(error) => return Err(Failure::Refused(error)),
            };
            match write(&file, text, replace) {
                Ok(()) => return Ok(format!("{done} {name}: {shown}")),
                // Another program has just written a script here, which the next round finds.
                Err(err) if err.kind() == io::ErrorKind::AlreadyExists && file.symlink_metadata().is_ok() => {}
                Err(err) => {
                    let help = "make the folder writable, or see git config --show-origin core.hooksPath";
                    return Err(Failure::Unwritable(Error::new(format!("cannot install {shown}"), err, help)));
                }
            }
        }
    }

    fn plan(&self, name: &str, text: &str) -> Plan {
        let file = self.path.join(name);
        let refuse = |cause: String, help: String| {
            Plan::Refuse(Error::new(format!("cannot install {}", file.display()), cause, help))
        };
        match self.look(name, text) {
            Found::Nothing => Plan::Create,
            Found::Ours { same: false } => Plan::Upgrade,
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

/// Writes a script. Without `replace`, this fails if the path exists by now: another program may have written its script meanwhile.
fn write(file: &Path, text: &str, replace: bool) -> io::Result<()> {
    let folder = file.parent().expect("a hook is in a folder");
    let _folders = NewFolders::create(folder)?;
    if replace {
        return draft(file, text)?.replace();
    }
    match draft(file, text)?.place_new() {
        // Some file systems, such as exFAT, have neither hard links nor a rename that replaces nothing.
        Err(err) if err.kind() != io::ErrorKind::AlreadyExists && file.symlink_metadata().is_err() => {
            draft(file, text)?.replace()
        }
        placed => placed,
    }
}

/// The script under a temporary name, so that git never finds half of one.
fn draft(file: &Path, text: &str) -> io::Result<AtomicFile> {
    let mut out = AtomicFile::create(file)?;
    out.write_all(text.as_bytes())?;
    make_executable(out.file())?;
    out.file().sync_all()?;
    Ok(out)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic_file::private_folder;

    #[test]
    fn a_script_that_appears_meanwhile_is_not_replaced() {
        let folder = private_folder().expect("a folder");
        let file = folder.path().join("hooks").join("pre-commit");
        write(&file, "ours", false).expect("write");
        let error = write(&file, "later", false).expect_err("the script exists");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&file).expect("read"), "ours");
        write(&file, "newer", true).expect("write");
        assert_eq!(fs::read_to_string(&file).expect("read"), "newer");
        assert_eq!(fs::read_dir(folder.path().join("hooks")).expect("read").count(), 1);
    }
}
