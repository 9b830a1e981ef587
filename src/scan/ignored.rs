//! Which files git ignores: those that it does not track and that `.gitignore`, `.git/info/exclude` or the user's excludes name.
//!
//! Git itself is asked, since a file that it tracks is never ignored, and since only git knows all places of excludes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::git::command::GitCommand;
use crate::git::path::to_path;
use crate::regular_file;

/// The ignored paths below folders that are walked, in the words of the walk.
#[derive(Default)]
pub(crate) struct Ignored {
    paths: HashSet<PathBuf>,
    /// Those that the walk met: each is left out.
    pub met: Vec<PathBuf>,
    /// Repositories whose ignored paths are unknown. Nothing of them is left out.
    pub unread: Vec<Error>,
}

impl Ignored {
    /// Notes what git ignores below `folder`, a root of the walk. `top` is the worktree of the repository that the process runs in.
    pub fn add_root(&mut self, folder: &Path, top: Option<&Path>) {
        let Ok(real) = folder.canonicalize() else { return };
        let top = top.and_then(|top| top.canonicalize().ok()).filter(|top| real.starts_with(top));
        let nearest = real.ancestors().find(|ancestor| is_repository(ancestor)).map(Path::to_owned);
        let is_named = std::env::var_os("GIT_DIR").is_some_and(|dir| !dir.is_empty());
        match (top, nearest) {
            // GIT_DIR names a repository with this worktree, and no other is nearer.
            (Some(top), nearest) if is_named && nearest.as_ref().is_none_or(|nearest| top.starts_with(nearest)) => {
                self.add(folder, &real, &top, GitCommand::new(&top, words(None, &top)));
            }
            (_, Some(nearest)) => self.add_repository(folder, &real, &nearest),
            (_, None) => {}
        }
    }

    /// Whether the walk leaves out `path`. A repository that the walk meets has excludes and tracked files of its own.
    pub fn leaves_out(&mut self, path: &Path, is_folder: bool) -> bool {
        if self.paths.contains(path) {
            self.met.push(path.to_owned());
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
        self.add(folder, real, top, GitCommand::new(top, words(Some(&git_dir), top)).ignoring_git_env());
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
                // Whoever names an ignored folder means what is in it.
                if !ignored.iter().any(|path| real.starts_with(path)) {
                    let below = ignored.iter().filter_map(|path| path.strip_prefix(real).ok());
                    self.paths.extend(below.map(|path| folder.join(path)));
                }
            }
            Err(error) => self.unread.push(error),
        }
    }
}

/// Git runs at the top: in an ignored folder it fails with an internal error.
fn words(git_dir: Option<&Path>, top: &Path) -> Vec<std::ffi::OsString> {
    let places = git_dir.into_iter().flat_map(|dir| ["--git-dir".into(), dir.into()]);
    let list = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
    let words = places.chain(["--work-tree".into(), top.into()]).chain(list.map(Into::into));
    words.collect()
}

/// Whether `folder` is the top of a worktree. In a linked one and in a submodule `.git` is a file that names the git directory.
fn is_repository(folder: &Path) -> bool {
    let git = folder.join(".git");
    crate::scan::file_type::is_git_dir(&git)
        || (git.is_file() && regular_file::read(&git).is_ok_and(|text| text.starts_with(b"gitdir: ")))
}

fn unknown(top: &Path, cause: String) -> Error {
    let context = format!("cannot tell what git ignores in {}, so all of it was scanned", top.display());
    Error::new(context, cause, "see what git status says of it, or leave out --respect-gitignore")
}
