//! The files that git may open when it runs in a directory. The list may be too long, since it is only used when git hangs.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::git::path::to_path;
use crate::regular_file;

/// Larger files are not configuration files.
const MOST_BYTES: u64 = 1 << 20;

/// The files that git may open when it runs in the first directory of `starts`. The other ones are git directories.
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
    /// Adds a directory with everything below it, or a file with the files that it names.
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

    /// Adds the git directory of the worktree of `dir`, and the files in `dir` and its parents that git reads.
    fn add_worktree(&mut self, dir: &Path) {
        for folder in dir.ancestors() {
            for name in [".mailmap", ".gitattributes", ".gitignore", ".gitmodules"] {
                self.add(folder.join(name));
            }
            let git = folder.join(".git");
            if git.exists() {
                return self.add(git);
            }
            // A bare repository, whose worktrees may be elsewhere.
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

    /// Adds the paths in git's variables, including lists of paths and settings.
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

    /// Adds every path in the file: the value of a setting, a whole line, or the text behind `gitdir:`.
    fn add_named(&mut self, file: &Path) {
        let bytes = regular_file::read(file).unwrap_or_default();
        let folder = file.parent().unwrap_or(Path::new("."));
        for line in bytes.split(|&b| b == b'\n') {
            let value = line.iter().position(|&b| b == b'=').map_or(line, |at| &line[at + 1..]);
            let value = value.strip_prefix(b"gitdir:").unwrap_or(value).trim_ascii();
            let value = value.strip_prefix(b"\"").map_or(value, |value| value.strip_suffix(b"\"").unwrap_or(value));
            self.add_value(value, folder);
            // Paths in `info/alternates` are relative to the object directory.
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
        // Of the directories, only git directories and object directories are followed.
        let is_of_git = |path: &Path| path.join("pack").is_dir() || path.join("HEAD").metadata().is_ok();
        if !path.is_dir() || is_of_git(&path) {
            self.add(path);
        }
    }
}

/// Whether the file may name other files. Configuration files may, and can be included under any name. So may the files
/// with which a git directory refers to another.
fn names_files(path: &Path) -> bool {
    let is_inside =
        path.components().any(|part| ["objects", "refs", "logs", "hooks"].map(OsStr::new).contains(&part.as_os_str()));
    !is_inside || path.ends_with("info/alternates")
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}
