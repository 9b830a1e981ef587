//! The files that git may open when it runs in a folder. The list errs towards too many: it is read only where git waits.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::git::path::to_path;
use crate::regular_file;

/// A file of settings is no larger.
const MOST_BYTES: u64 = 1 << 20;

/// Files that git may open, where it runs in the first folder of `starts` with the others as git directories.
pub(crate) fn files(starts: &[PathBuf]) -> Vec<PathBuf> {
    let mut places = Places { seen: HashSet::new(), files: Vec::new(), folders: Vec::new() };
    for start in starts {
        places.add_worktree(start);
        places.add(start.clone());
    }
    places.add_settings_of_the_user();
    places.add_variables();
    while let Some(folder) = places.folders.pop() {
        let entries = folder.read_dir().into_iter().flatten().flatten();
        entries.for_each(|entry| places.add(entry.path()));
    }
    places.files
}

struct Places {
    seen: HashSet<PathBuf>,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Places {
    /// A folder with all that is below it, or a file with the files that it names.
    fn add(&mut self, path: PathBuf) {
        let Ok(meta) = path.metadata() else { return };
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if !self.seen.insert(real) {
            return;
        }
        if meta.is_dir() {
            self.folders.push(path);
            return;
        }
        if meta.is_file() && meta.len() <= MOST_BYTES && names_files(&path) {
            self.add_named(&path);
        }
        self.files.push(path);
    }

    /// The git directory of the worktree that `dir` is in, and the files in the folders above `dir` that git reads.
    fn add_worktree(&mut self, dir: &Path) {
        for folder in dir.ancestors() {
            for name in [".mailmap", ".gitattributes", ".gitignore", ".gitmodules"] {
                self.add(folder.join(name));
            }
            let git = folder.join(".git");
            if git.exists() {
                return self.add(git);
            }
            // A bare repository, and its worktrees may be elsewhere.
            if folder.join("objects").is_dir() && folder.join("HEAD").metadata().is_ok() {
                return self.add(folder.to_owned());
            }
        }
    }

    fn add_settings_of_the_user(&mut self) {
        let home = home();
        let config = std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let config = config.or_else(|| Some(home.as_ref()?.join(".config")));
        self.add("/etc/gitconfig".into());
        let files = [config.map(|folder| folder.join("git")), home.map(|folder| folder.join(".gitconfig"))];
        for file in files.into_iter().flatten() {
            self.add(file);
        }
    }

    /// Paths in git's variables, alone or in a list, and settings that are passed in variables.
    fn add_variables(&mut self) {
        for (name, value) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"GIT_") {
                value
                    .as_encoded_bytes()
                    .split(|b| b":'=".contains(b))
                    .for_each(|part| self.add_value(part, Path::new(".")));
            }
        }
    }

    /// Every path that the file names, as a setting, a line or behind a word.
    fn add_named(&mut self, file: &Path) {
        let bytes = regular_file::read(file).unwrap_or_default();
        let folder = file.parent().unwrap_or(Path::new("."));
        for line in bytes.split(|&b| b == b'\n') {
            let value = line.iter().position(|&b| b == b'=').map_or(line, |at| &line[at + 1..]);
            let value = value.strip_prefix(b"gitdir:").unwrap_or(value).trim_ascii();
            let value = value.strip_prefix(b"\"").map_or(value, |value| value.strip_suffix(b"\"").unwrap_or(value));
            self.add_value(value, folder);
            // From where `info/alternates` counts.
            if let Some(above) = folder.parent() {
                self.add_value(value, above);
            }
        }
    }

    fn add_value(&mut self, value: &[u8], folder: &Path) {
        if value.is_empty() || value.len() > 4096 || value.contains(&0) || matches!(value, b"." | b".." | b"/") {
            return;
        }
        let path = match (value.strip_prefix(b"~/"), home()) {
            (Some(rest), Some(home)) => home.join(to_path(rest)),
            _ => folder.join(to_path(value)),
        };
        // A folder is followed where it is a git directory or one of objects, and not where it is just any folder.
        let is_of_git = |path: &Path| path.join("pack").is_dir() || path.join("HEAD").metadata().is_ok();
        if !path.is_dir() || is_of_git(&path) {
            self.add(path);
        }
    }
}

/// Settings, those that are included under any name, and the files with which one git directory names another.
fn names_files(path: &Path) -> bool {
    let is_inside =
        path.components().any(|part| ["objects", "refs", "logs", "hooks"].map(OsStr::new).contains(&part.as_os_str()));
    !is_inside || path.ends_with("info/alternates")
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}
