//! Where git looks for the hooks of a repository.

use std::path::{Path, PathBuf};

use crate::git::{answer, answer_about_hooks};
use crate::source::refuse_pipes;
use crate::trouble::Trouble;

/// A repository's hooks.
#[derive(Debug)]
pub(super) struct Place {
    /// Where git starts hooks: the top of the worktree, or the git directory of a bare repository.
    pub top: PathBuf,
    pub bare: bool,
    /// The folder in which git looks.
    pub hooks: PathBuf,
    /// The folder in which a person's scripts are: for husky, beside the one that it generates.
    pub scripts: PathBuf,
    /// Whether the scripts are files of the worktree that others get as well.
    pub shared: bool,
    /// Whether they are those of other repositories too: `core.hooksPath` is set for all of them.
    pub everywhere: bool,
}

impl Place {
    /// That of the repository in which `dir` lies. Git itself is asked: no one else knows all of its settings.
    pub fn find(dir: &Path) -> Result<Self, Trouble> {
        refuse_pipes(dir)?;
        let (top, bare) = top(dir)?;
        let hooks = answer_about_hooks(&top, &["rev-parse", "--git-path", "hooks"])?;
        let hooks = hooks.path().ok_or_else(|| {
            Trouble::new(
                format!("cannot tell where the hooks of {} are", top.display()),
                hooks.complaint(),
                "see what git rev-parse --git-path hooks says",
            )
        })?;
        let hooks = top.join(hooks);
        let scripts = beside_husky(&hooks).unwrap_or(&hooks).to_owned();
        let shared = !bare && is_shared(&top, &scripts)?;
        let scope = answer_about_hooks(&top, &["config", "--show-scope", "--get", "core.hooksPath"])?;
        let everywhere = scope.line().is_some_and(|line| line.starts_with(b"global") || line.starts_with(b"system"));
        Ok(Self { top, bare, hooks, scripts, shared, everywhere })
    }

    pub fn is_husky(&self) -> bool {
        self.hooks != self.scripts
    }
}

impl Place {
    /// A symbolic link on the way from the top of the worktree to the scripts, and where it leads. The git directory is not
    /// part of the worktree.
    pub fn link_in_worktree(&self) -> Option<(PathBuf, PathBuf)> {
        let inside = self.scripts.strip_prefix(&self.top).ok().filter(|_| !self.bare)?;
        let mut folder = self.top.clone();
        for name in inside.components() {
            folder.push(name);
            if folder == self.top.join(".git") {
                return None;
            }
            if folder.is_symlink() {
                let target = real(&folder);
                return Some((folder, target));
            }
        }
        None
    }

    /// Where the folder of the scripts is really, if it is a symbolic link.
    pub fn linked_to(&self) -> Option<PathBuf> {
        self.scripts.is_symlink().then(|| real(&self.scripts))
    }
}

fn top(dir: &Path) -> Result<(PathBuf, bool), Trouble> {
    let worktree = answer(dir, &["rev-parse", "--show-toplevel"])?;
    if let Some(top) = worktree.path() {
        return Ok((top, false));
    }
    let git_dir = answer(dir, &["rev-parse", "--absolute-git-dir"])?;
    let bare = answer(dir, &["rev-parse", "--is-bare-repository"])?;
    let here = || std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    match (git_dir.path(), bare.line()) {
        (Some(git_dir), Some(b"true")) => Ok((git_dir, true)),
        (Some(_), _) => Err(Trouble::new(
            format!("cannot tell which worktree is meant in {}", here().display()),
            worktree.complaint(),
            "run it in the worktree",
        )),
        (None, _) => Err(Trouble::new(
            format!("cannot find the hooks of {}", here().display()),
            git_dir.complaint(),
            "run it in a git repository",
        )),
    }
}

/// husky makes git look in a folder `_` that it generates and that nobody else should write to; what its scripts there
/// run is the file of the same name one folder up.
fn beside_husky(hooks: &Path) -> Option<&Path> {
    let beside = hooks.parent()?;
    let named = beside.file_name().is_some_and(|name| name == ".husky");
    (hooks.file_name()? == "_" && (named || hooks.join("h").is_file())).then_some(beside)
}

fn is_shared(top: &Path, scripts: &Path) -> Result<bool, Trouble> {
    let git_dir = answer(top, &["rev-parse", "--git-common-dir"])?.path().unwrap_or_else(|| ".git".into());
    let (inside, git_dir) = (real(scripts), real(&top.join(git_dir)));
    if !inside.starts_with(real(top)) || inside.starts_with(git_dir) {
        return Ok(false);
    }
    let file = scripts.join("pre-commit");
    let ignored = answer(top, &["check-ignore", "--quiet", "--", &file.to_string_lossy()])?;
    Ok(!ignored.succeeded())
}

/// Without symbolic links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    path.ancestors()
        .find_map(|there| {
            Some(there.canonicalize().ok()?.components().chain(path.strip_prefix(there).ok()?.components()).collect())
        })
        .unwrap_or_else(|| path.to_owned())
}
