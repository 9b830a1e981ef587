//! Whether the worktree is the repository's own, before commands list its files.
//!
//! The setting `core.worktree` can name any folder. A repository from another person includes its settings, so a command that
//! lists files could read the files of an unrelated project.

use std::path::Path;

use crate::error::Error;
use crate::git::path::to_path;
use crate::git::repository::Repository;
use crate::regular_file;

impl Repository {
    /// The top of the worktree, for a command that reads its files. None in a bare repository. Fails if the worktree is the root folder,
    /// or if only a setting of the repository says that it is elsewhere.
    pub fn own_worktree(&self) -> Result<Option<&Path>, Error> {
        let Some(top) = self.worktree() else { return Ok(None) };
        let refused = |why: &str, help: &str| {
            let context = format!("cannot read the files of the worktree {}", top.display());
            Err(Error::new(context, why, help))
        };
        let real = top.canonicalize().unwrap_or_else(|_| top.to_owned());
        if real.parent().is_none() {
            let why = "it is the root folder, which has the files of the whole system";
            return refused(why, "set GIT_WORK_TREE to the folder of the project");
        }
        let is_named = std::env::var_os("GIT_WORK_TREE").is_some_and(|path| !path.is_empty());
        if is_named || self.is_linked_from(&real) {
            return Ok(Some(top));
        }
        if self.gix()?.config_snapshot().string("core.worktree").is_some() {
            let why = "the repository's setting core.worktree names it, and it does not contain this repository";
            return refused(why, "if you trust the setting, set GIT_WORK_TREE to this folder");
        }
        Ok(Some(top))
    }

    /// Whether the `.git` of this folder is the git directory, or a file that names it, as in a submodule.
    fn is_linked_from(&self, top: &Path) -> bool {
        let Ok(own) = self.git_dir().canonicalize() else { return false };
        let dot_git = top.join(".git");
        if dot_git.is_dir() {
            return dot_git.canonicalize().is_ok_and(|found| found == own);
        }
        let text = regular_file::read(&dot_git).unwrap_or_default();
        let named = text.strip_prefix(b"gitdir: ").map(|named| top.join(to_path(named.trim_ascii_end())));
        named.and_then(|named| named.canonicalize().ok()).is_some_and(|found| found == own)
    }
}
