//! Hooks for all clones of a user, for a git that runs no hooks of the configuration: in the folder of `core.hooksPath`, if that is
//! set, and else in the template that git copies into new repositories.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::{Changes, script};
use crate::atomic_file::{AtomicFile, NewFolders};
use crate::error::Error;
use crate::git::command::{run_git, run_git_for_hooks};
use crate::hook::hooks_dir::HooksDir;

/// The text that git's own template has in this file, and a line that identifies a template of keysweep.
const EXCLUDE: &str = "\
# Made by keysweep install --global, as part of a template for new repositories.
# git ls-files --others --exclude-from=.git/info/exclude
# Lines that start with '#' are comments.
";

/// The place of hooks for all clones.
enum Where {
    /// The folder of `core.hooksPath`.
    HooksPath(PathBuf),
    /// The folder of `init.templateDir`.
    Template(PathBuf),
    /// Neither is set.
    Nowhere,
}

impl Where {
    fn find() -> Result<Self, Error> {
        if let Some(path) = setting("core.hooksPath")? {
            let why = match () {
                () if path.as_os_str().is_empty() => {
                    Some("core.hooksPath is empty, so git looks for hooks in /".to_owned())
                }
                () if path.metadata().is_ok_and(|met| !met.is_dir()) => {
                    Some(format!("core.hooksPath is {}, which is not a folder, so git runs no hook", path.display()))
                }
                () => None,
            };
            if let Some(why) = why {
                let help = "git config --global --unset core.hooksPath, or set it to a folder";
                return Err(Error::new("cannot install hooks for all clones", why, help));
            }
            if path.is_relative() {
                return Err(Error::new(
                    "cannot install hooks for all clones",
                    format!("core.hooksPath is {}, a different folder in each of them", path.display()),
                    "run keysweep install in each, or git config --global --unset core.hooksPath",
                ));
            }
            return Ok(Where::HooksPath(path));
        }
        Ok(setting("init.templateDir")?
            .filter(|path| !path.as_os_str().is_empty())
            .map_or(Where::Nowhere, Where::Template))
    }
}

/// A path in the user's settings.
fn setting(name: &str) -> Result<Option<PathBuf>, Error> {
    let answered = run_git(Path::new("."), &["config", "--global", "--type=path", "--get", name])?;
    match answered.code {
        Some(0) => Ok(Some(answered.path().unwrap_or_default())),
        // It is not set. Git exits with 1 without a home folder as well.
        Some(1) => Ok(None),
        _ => Err(Error::new(
            format!("cannot read the setting {name}"),
            answered.error_output(),
            "correct your git settings",
        )),
    }
}

pub(super) fn install(dir: &Path, names: &[&str]) -> Result<Changes, Error> {
    let binary = script::binary()?;
    let mut changes = match Where::find()? {
        Where::HooksPath(folder) => {
            let mut changes = Folder { path: &folder, top: None }.install(names, Some(&binary))?;
            changes.lines.push(format!(
                "note: core.hooksPath is set to {}: git looks there in every repository that has no hooks path of its own",
                folder.display()
            ));
            changes
        }
        Where::Template(template) => in_template(&template, names, &binary)?,
        Where::Nowhere => {
            let template = own_template()?;
            let is_new = !template.exists();
            let _folders = make_template(&template)?;
            let made = in_new_template(&template, names, &binary);
            let failed = made.as_ref().map_or(true, |changes| changes.lines.is_empty());
            if failed && is_new {
                let _ = Folder { path: &template.join("hooks"), top: None }.uninstall(names);
                remove_template(&template);
            }
            made?
        }
    };
    changes.lines.extend(note_on_this_repository(dir));
    Ok(changes)
}

/// Writes the scripts, and makes git use the template.
fn in_new_template(template: &Path, names: &[&str], binary: &Path) -> Result<Changes, Error> {
    let mut changes = in_template(template, names, binary)?;
    if !changes.lines.is_empty() {
        set_template(template)?;
        changes.lines.insert(0, format!("set init.templateDir: {}", template.display()));
    }
    Ok(changes)
}

fn in_template(template: &Path, names: &[&str], binary: &Path) -> Result<Changes, Error> {
    let mut changes = Folder { path: &template.join("hooks"), top: None }.install(names, Some(binary))?;
    if !changes.lines.is_empty() {
        changes.lines.extend([
            "note: git clone and git init copy the hooks into each new repository; for an existing clone, run git init in it".to_owned(),
            "note: a repository with a hooks path of its own (husky) does not use them: run keysweep install in it".to_owned(),
            "note: keysweep does not set core.hooksPath for all repositories, since that would switch off the hooks that they have".to_owned(),
        ]);
    }
    Ok(changes)
}

/// A note where the current repository has a hooks path of its own, since the new hooks do not guard it.
fn note_on_this_repository(dir: &Path) -> Option<String> {
    let place = HooksDir::find(dir).ok()?;
    let local = run_git_for_hooks(&place.top, &["config", "--get", "core.hooksPath"]).ok()?.path()?;
    let global = setting("core.hooksPath").ok()?;
    (Some(&local) != global.as_ref()).then(|| {
        format!("note: this repository has a hooks path of its own, {}: run keysweep install here too", local.display())
    })
}

fn own_template() -> Result<PathBuf, Error> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = set("XDG_CONFIG_HOME").or_else(|| std::env::home_dir().map(|home| home.join(".config")));
    config.map(|config| config.join("git").join("template")).ok_or_else(|| {
        Error::new("cannot install hooks for all clones", "there is no home folder", "set HOME, or init.templateDir")
    })
}

fn make_template(template: &Path) -> Result<NewFolders, Error> {
    let exclude = template.join("info").join("exclude");
    let write = |folders| {
        if !exclude.exists() {
            let mut file = AtomicFile::create(&exclude)?;
            file.write_all(EXCLUDE.as_bytes())?;
            file.replace()?;
        }
        Ok(folders)
    };
    let made = NewFolders::create(&template.join("info")).and_then(write);
    made.map_err(|err| {
        Error::new(
            format!("cannot make the template {}", template.display()),
            err,
            "make the folder writable, or set init.templateDir to another",
        )
    })
}

fn set_template(template: &Path) -> Result<(), Error> {
    let answered = run_git(Path::new("."), &["config", "--global", "init.templateDir", &template.to_string_lossy()])?;
    let failed = || {
        Error::new(
            format!("cannot set init.templateDir to {}", template.display()),
            answered.error_output(),
            "make your git settings writable, or set it by hand",
        )
    };
    if answered.succeeded() { Ok(()) } else { Err(failed()) }
}

pub(super) fn uninstall(names: &[&str]) -> Result<Changes, Error> {
    match Where::find()? {
        Where::HooksPath(folder) => Ok(Folder { path: &folder, top: None }.uninstall(names)),
        Where::Template(template) => {
            let mut changes = Folder { path: &template.join("hooks"), top: None }.uninstall(names);
            if changes.errors.is_empty() && remove_template(&template) {
                changes.lines.extend(unset_template()?);
            }
            Ok(changes)
        }
        Where::Nowhere => Ok(Changes::default()),
    }
}

/// Removes the template if keysweep made it and it holds nothing else.
fn remove_template(template: &Path) -> bool {
    let entries = |folder: &Path| -> Vec<_> {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect()
    };
    let info = template.join("info");
    let exclude = info.join("exclude");
    let ours = fs::read_to_string(&exclude).is_ok_and(|text| text == EXCLUDE)
        && entries(template).iter().all(|name| name == "info" || name == "hooks")
        && entries(&info).len() == 1
        && entries(&template.join("hooks")).is_empty();
    if !ours {
        return false;
    }
    let _ = fs::remove_dir(template.join("hooks"));
    fs::remove_file(exclude).and_then(|()| fs::remove_dir(info)).and_then(|()| fs::remove_dir(template)).is_ok()
}

fn unset_template() -> Result<Option<String>, Error> {
    let answered = run_git(Path::new("."), &["config", "--global", "--unset", "init.templateDir"])?;
    if answered.succeeded() {
        return Ok(Some("unset init.templateDir: nothing else was in that template".to_owned()));
    }
    Err(Error::new(
        "cannot unset init.templateDir",
        answered.error_output(),
        "remove it from your git settings by hand",
    ))
}
