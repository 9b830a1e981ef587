//! The files of the git directory that a scan of the history does not read: every file except packs and loose objects.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::git::odb::alternates::with_alternates;
use crate::git::path::to_path;
use crate::git::repository::Repository;
use crate::regular_file;
use crate::scan::file_type::FileType;

const OTHER_OBJECTS: &str =
    "objects of a submodule or of an interrupted push, not of this repository: run keysweep find in the folder above";
const UNFINISHED: &str = "an unfinished object, compressed: git gc --prune=now removes it";
const LINKED_FOLDER: &str = "a link to a folder, which is not followed: run keysweep files on it";
const OTHER_WORKTREE: &str = "another worktree of this repository: run keysweep find in it";
const NO_FILE: &str = "a socket, a pipe or a device, not a file";

/// A listing of the git directory.
#[derive(Default)]
pub struct GitFiles {
    pub(crate) entries: Vec<(PathBuf, FileType)>,
    pub(crate) skipped: Vec<(PathBuf, &'static str)>,
    pub(crate) unread: Vec<Error>,
}

/// A folder of packs or of loose objects.
struct ObjectFolder {
    /// The object directory that it is in.
    objects: PathBuf,
    /// Whether the scan of the history reads that directory.
    is_own: bool,
    is_pack: bool,
}

/// The properties of the repository that the listing depends on.
struct Lister {
    git_dir: PathBuf,
    /// The object directories that the scan of the history reads.
    own_objects: Vec<PathBuf>,
    /// The length of the name of a loose object's file.
    name_len: usize,
}

impl Repository {
    /// Lists every file in the git directory except this repository's packs and loose objects. The result names objects of other
    /// repositories and other worktrees as skipped.
    pub fn git_files(&self) -> GitFiles {
        let lister = Lister {
            git_dir: self.common_dir().to_owned(),
            own_objects: with_alternates(self.object_dirs.dirs(), &mut Vec::new()),
            name_len: self.objects.hash().len_in_hex() - 2,
        };
        let mut files = lister.list();
        let here = self.worktree().and_then(|folder| folder.canonicalize().ok());
        let others = self.worktrees().into_iter().filter(|folder| Some(folder) != here.as_ref());
        files.skipped.extend(others.map(|folder| (folder, OTHER_WORKTREE)));
        files.skipped.sort();
        files.skipped.dedup();
        files
    }

    /// The main worktree and the linked ones that exist.
    fn worktrees(&self) -> Vec<PathBuf> {
        let linked = self.common_dir().join("worktrees").read_dir().into_iter().flatten().flatten();
        let linked = linked.filter_map(|entry| {
            let text = regular_file::read(&entry.path().join("gitdir")).ok()?;
            // `worktree.useRelativePaths` writes a path relative to this file's folder.
            let dot_git = entry.path().join(to_path(text.trim_ascii_end()));
            dot_git.parent().map(Path::to_owned)
        });
        // In the main worktree no other worktree is the main one, whatever the name of its git directory.
        let is_main = self.worktree().is_some() && self.git_dir() == self.common_dir();
        let main = (!is_main).then(|| self.gix().ok()?.main_repo().ok()?.workdir().map(Path::to_owned)).flatten();
        linked.chain(main).filter_map(|folder| folder.canonicalize().ok()).collect()
    }
}

impl Lister {
    /// A loop instead of a recursion, since a git directory can be arbitrarily deep.
    fn list(&self) -> GitFiles {
        let mut files = GitFiles::default();
        let mut folders = vec![self.git_dir.clone()];
        while let Some(folder) = folders.pop() {
            match folder.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>) {
                Ok(entries) => self.add_entries(&folder, entries, &mut files, &mut folders),
                Err(err) => {
                    let context = format!("cannot list the folder {}", folder.display());
                    files.unread.push(Error::new(context, err, "make it readable"));
                }
            }
        }
        files
    }

    fn add_entries(&self, folder: &Path, entries: Vec<fs::DirEntry>, files: &mut GitFiles, folders: &mut Vec<PathBuf>) {
        let objects = self.object_folder(folder);
        for entry in entries {
            let path = entry.path();
            match entry.file_type() {
                Err(err) => {
                    let context = format!("cannot read {}", path.display());
                    files.unread.push(Error::new(context, err, "make it readable"));
                }
                Ok(kind) if kind.is_dir() => {
                    files.entries.push((path.clone(), FileType::Folder));
                    folders.push(path);
                }
                Ok(kind) if kind.is_symlink() => {
                    files.entries.push((path.clone(), FileType::Symlink));
                    self.add_target(folder, path, objects.as_ref(), files, folders);
                }
                Ok(kind) if kind.is_file() => self.add_file(path, objects.as_ref(), files),
                Ok(_) => files.skipped.push((path, NO_FILE)),
            }
        }
    }

    /// A submodule's folder may be an invalid repository. Its compressed files must not count as read even then.
    fn object_folder(&self, folder: &Path) -> Option<ObjectFolder> {
        let name = folder.file_name()?.as_encoded_bytes();
        let is_pack = name == b"pack";
        if !(is_pack || name.len() == 2 && is_hex(name)) {
            return None;
        }
        let objects = folder.parent()?;
        let is_own = objects.canonicalize().is_ok_and(|real| self.own_objects.contains(&real));
        let inside = objects.strip_prefix(&self.git_dir).ok()?;
        let is_named_so = || inside.components().any(|part| part.as_os_str() == "objects");
        (is_own || is_named_so()).then(|| ObjectFolder { objects: objects.to_owned(), is_own, is_pack })
    }

    /// A link to a file is read as git reads it. Of a dangling link, such as the lock of an editor, only the target's name is read.
    fn add_target(
        &self,
        folder: &Path,
        link: PathBuf,
        objects: Option<&ObjectFolder>,
        files: &mut GitFiles,
        folders: &mut Vec<PathBuf>,
    ) {
        match fs::metadata(&link) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            Err(err) => {
                let context = format!("cannot read the target of the link {}", link.display());
                files.unread.push(Error::new(context, err, "correct the link, or make its target readable"));
            }
            // `git new-workdir` and the tool repo make clones whose git directory links to folders of another one.
            Ok(meta) if meta.is_dir() && folder == self.git_dir => folders.push(link),
            Ok(meta) if meta.is_dir() => files.skipped.push((link, LINKED_FOLDER)),
            Ok(meta) if meta.is_file() => self.add_file(link, objects, files),
            Ok(_) => files.skipped.push((link, NO_FILE)),
        }
    }

    /// Leaves out the files that the scan of the history reads. It does not read a `.keep`, a `.promisor` or a file that only
    /// resembles a loose object.
    fn add_file(&self, path: PathBuf, objects: Option<&ObjectFolder>, files: &mut GitFiles) {
        let Some(folder) = objects else {
            let what = if is_reftable(&path) { FileType::Reftable } else { FileType::File };
            return files.entries.push((path, what));
        };
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let is_temporary = name.starts_with(b"tmp_") || name.starts_with(b".tmp-");
        if folder.is_pack {
            let is_object_file = path.extension().is_some_and(|end| end == "pack" || end == "idx");
            if is_object_file || is_temporary {
                // The scan of the history reads the pack, but not its name.
                files.entries.push((path, FileType::Folder));
                files.skip_unless_own(folder);
                return;
            }
        } else if is_temporary {
            return files.skipped.push((path, UNFINISHED));
        } else if is_hex(name) && (name.len() == self.name_len || !folder.is_own && matches!(name.len(), 38 | 62)) {
            return files.skip_unless_own(folder);
        }
        files.entries.push((path, FileType::File));
    }
}

impl GitFiles {
    fn skip_unless_own(&mut self, folder: &ObjectFolder) {
        let is_last = self.skipped.last().is_some_and(|(path, _)| *path == folder.objects);
        if !folder.is_own && !is_last {
            self.skipped.push((folder.objects.clone(), OTHER_OBJECTS));
        }
    }
}

/// Whether git stores refs in the file.
fn is_reftable(path: &Path) -> bool {
    let is_in_folder = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "reftable");
    is_in_folder && path.extension().is_some_and(|end| end == "ref")
}

/// Whether `text` is lowercase hexadecimal, as git writes ids.
fn is_hex(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
}
