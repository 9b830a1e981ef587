//! The files that git ignores. They are untracked, and listed in `.gitignore`, `.git/info/exclude` or the user's excludes.
//!
//! The list comes from git itself: git never ignores a tracked file, and only git knows all sources of excludes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::git::command::GitCommand;
use crate::git::path::to_path;
use crate::regular_file;

/// The ignored paths below the folders of a walk.
#[derive(Default)]
pub(crate) struct Ignored {
    /// Spelled as the walk spells them.
    paths: HashSet<PathBuf>,
    /// The ignored paths that the walk reached and skipped.
    pub excluded: Vec<PathBuf>,
    /// Repositories whose ignored paths are unknown. All of their files are scanned.
    pub unread: Vec<Error>,
}

impl Ignored {
    /// Adds the ignored paths below `folder`, a root of the walk. `top` is the worktree of the repository that contains the current
    /// directory.
    pub fn add_root(&mut self, folder: &Path, top: Option<&Path>) {
        let Ok(real) = folder.canonicalize() else { return };
        let top = top.and_then(|top| top.canonicalize().ok()).filter(|top| real.starts_with(top));
        let nearest = real.ancestors().find(|ancestor| is_repository(ancestor)).map(Path::to_owned);
        let is_named = std::env::var_os("GIT_DIR").is_some_and(|dir| !dir.is_empty());
        match (top, nearest) {
            // `folder` is in the worktree of GIT_DIR, and in no repository below it.
            (Some(top), nearest) if is_named && nearest.as_ref().is_none_or(|nearest| top.starts_with(nearest)) => {
                self.add(folder, &real, &top, GitCommand::new(&top, arguments(None, &top)));
            }
            (_, Some(nearest)) => self.add_repository(folder, &real, &nearest),
            (_, None) => {}
        }
    }

    /// Returns whether the walk must skip `path`. If `path` is a repository, adds its ignored paths.
    pub fn excludes(&mut self, path: &Path, is_folder: bool) -> bool {
        if self.paths.contains(path) {
            self.excluded.push(path.to_owned());
            return true;
        }
        if is_folder
            && is_repository(path)
            && let Ok(real) = path.canonicalize()
        {
            self.add_repository(path, &real, &real);
        }
        false
    }

    fn add_repository(&mut self, folder: &Path, real: &Path, top: &Path) {
        let git_dir = top.join(".git");
        self.add(folder, real, top, GitCommand::new(top, arguments(Some(&git_dir), top)).ignoring_git_env());
    }

    fn add(&mut self, folder: &Path, real: &Path, top: &Path, command: GitCommand) {
        let listed = command
            .run()
            .and_then(|answer| if answer.succeeded() { Ok(answer.stdout) } else { Err(unknown(top, answer.cause())) });
        match listed {
            Ok(listed) => {
                let ignored =
                    listed.split(|&b| b == 0).filter(|path| !path.is_empty()).map(|path| top.join(to_path(path)));
                let ignored: Vec<PathBuf> = ignored.collect();
                // If the user names an ignored folder, its files are scanned.
                if !ignored.iter().any(|path| real.starts_with(path)) {
                    let below = ignored.iter().filter_map(|path| path.strip_prefix(real).ok());
                    self.paths.extend(below.map(|path| folder.join(path)));
                }
            }
            Err(error) => self.unread.push(error),
        }
    }
}

/// Returns the arguments for git. Git must run at the top of the worktree: in an ignored folder it fails with an internal error.
fn arguments(git_dir: Option<&Path>, top: &Path) -> Vec<std::ffi::OsString> {
    let places = git_dir.into_iter().flat_map(|dir| ["--git-dir".into(), dir.into()]);
    let list = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
    let arguments = places.chain(["--work-tree".into(), top.into()]).chain(list.map(Into::into));
    arguments.collect()
}

/// Returns whether `folder` is the top of a worktree. In a linked worktree and in a submodule, `.git` is a file with the path of the git
/// directory.
fn is_repository(folder: &Path) -> bool {
    let git = folder.join(".git");
    crate::scan::file_type::is_git_dir(&git)
        || (git.is_file() && regular_file::read(&git).is_ok_and(|text| text.starts_with(b"gitdir: ")))
}

fn unknown(top: &Path, cause: String) -> Error {
    let context = format!("cannot list the files that git ignores in {}, so all files were scanned", top.display());
    Error::new(context, cause, "run git status to check the repository, or leave out --respect-gitignore")
}
