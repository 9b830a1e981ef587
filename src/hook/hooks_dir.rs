//! Where git looks for the hooks of a repository.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::git::command::{GitCommand, run_git};
use crate::git::path::to_path;
use crate::git::repository::refuse_pipes;

/// The hooks of a repository for commits in one of its worktrees, or for pushes to it.
#[derive(Debug)]
pub(crate) struct HooksDir {
    /// Where git starts hooks: the top of the worktree, or the git directory of a bare repository.
    pub top: PathBuf,
    /// Whether these hooks run for pushes to the repository instead of for commits.
    pub bare: bool,
    /// The folder in which git looks for hooks.
    pub hooks: PathBuf,
    /// The folder with the scripts that people write. With husky, it is the parent of the folder that husky generates.
    pub scripts: PathBuf,
    /// Whether the scripts are tracked files of the worktree, which other people get as well.
    pub shared: bool,
    /// Whether other repositories use the same hooks, since `core.hooksPath` is set for all of them.
    pub everywhere: bool,
    /// The reason why git runs no hook from this folder. None where it does.
    pub unusable: Option<String>,
    /// The scope and the value of `core.hooksPath`.
    setting: Option<(String, PathBuf)>,
    /// Which repository to ask git about.
    pub view: View,
}

/// Which repository a question to git is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// The repository that the folder or the environment names.
    Ours,
    /// The repository that the top is in, regardless of the environment: the top is a linked worktree of the named repository.
    OfFolder,
    /// The bare repository at the top. Commits to it use `--work-tree`, with a folder that is unknown here.
    Unnamed,
}

impl View {
    fn ask(self, command: GitCommand) -> GitCommand {
        if self == Self::OfFolder { command.ignoring_git_env() } else { command }
    }
}

/// The help that shows where a wrong setting comes from.
pub(crate) const SHOW_ORIGIN: &str = "git config --show-origin core.hooksPath shows where it is set";

impl HooksDir {
    /// The hooks of the repository that `dir` is in. Only git knows all its settings, so git is asked.
    pub fn find(dir: &Path) -> Result<Self, Error> {
        refuse_pipes(dir)?;
        let (top, bare) = top(dir)?;
        Self::at(top, bare, View::Ours)
    }

    /// The result of [`Self::find`]. For a bare repository the hooks of its worktrees come first, each folder once.
    pub fn all(dir: &Path) -> Result<Vec<Self>, Error> {
        let place = Self::find(dir)?;
        let mut places: Vec<Self> = Vec::new();
        if place.bare {
            for top in worktrees(&place.top)?.1 {
                let of_tree = Self::at(top, false, View::OfFolder)?;
                if places.iter().all(|other| other.scripts != of_tree.scripts) {
                    places.push(of_tree);
                }
            }
            // In a bare repository only `git --work-tree` creates these files.
            let is_committed_to = ["index", "COMMIT_EDITMSG"].iter().any(|name| place.top.join(name).exists());
            if places.is_empty() && is_committed_to {
                places.push(Self::at(place.top.clone(), false, View::Unnamed)?);
            }
        }
        places.push(place);
        Ok(places)
    }

    fn at(top: PathBuf, bare: bool, view: View) -> Result<Self, Error> {
        let ask = |args: &[&str]| view.ask(GitCommand::for_hooks(&top, args)).run();
        let setting = ask(&["config", "--show-scope", "--get", "core.hooksPath"])?;
        let setting = setting.line().map(|line| {
            let line = String::from_utf8_lossy(line).into_owned();
            let (scope, value) = line.split_once('\t').unwrap_or((&line, ""));
            (scope.to_owned(), PathBuf::from(value))
        });
        let hooks = ask(&["rev-parse", "--git-path", "hooks"])?;
        let hooks = hooks.path().ok_or_else(|| {
            Error::new(
                format!("cannot find the hooks of {}", top.display()),
                hooks.error_output(),
                "see what git rev-parse --git-path hooks says",
            )
        })?;
        let is_empty = setting.as_ref().is_some_and(|(_, value)| value.as_os_str().is_empty());
        // Git appends `/pre-commit` to the empty path.
        let hooks = if is_empty { PathBuf::from("/") } else { top.join(hooks) };
        let unusable = match &setting {
            _ if is_empty => Some("core.hooksPath is empty, so git looks for hooks in /".to_owned()),
            Some((_, value)) if is_no_folder(&hooks) => {
                Some(format!("core.hooksPath is {}, which is not a folder, so git runs no hook", value.display()))
            }
            None if is_no_folder(&hooks) => Some(format!("{} is not a folder, so git runs no hook", hooks.display())),
            _ => None,
        };
        let scripts = beside_husky(&hooks).unwrap_or(&hooks).to_owned();
        let shared = !bare && view != View::Unnamed && is_shared(&top, &scripts, view)?;
        let everywhere = setting.as_ref().is_some_and(|(scope, _)| scope == "global" || scope == "system");
        Ok(Self { top, bare, hooks, scripts, shared, everywhere, unusable, setting, view })
    }

    /// Makes `command` ask about this repository, even if the environment names the bare repository that the worktree is linked to.
    pub fn of_view(&self, command: GitCommand) -> GitCommand {
        self.view.ask(command)
    }

    /// Whether only this worktree uses the folder. Git finds another folder for the other worktrees.
    pub fn is_of_one_worktree(&self) -> bool {
        self.setting.as_ref().is_some_and(|(scope, value)| scope == "worktree" || value.is_relative())
    }

    /// Whether `core.hooksPath` is set in the user's own settings, which `--global` changes.
    pub fn is_global(&self) -> bool {
        self.setting.as_ref().is_some_and(|(scope, _)| scope == "global")
    }

    /// The main worktree or the bare repository, if this is a linked worktree.
    pub fn main_worktree(&self) -> Result<Option<PathBuf>, Error> {
        let own = run_git(&self.top, &["rev-parse", "--absolute-git-dir"])?.path();
        let common = run_git(&self.top, &["rev-parse", "--git-common-dir"])?.path();
        match own.zip(common) {
            Some((own, common)) if !self.bare && real(&own) != real(&self.top.join(&common)) => {
                Ok(Some(worktrees(&self.top)?.0))
            }
            _ => Ok(None),
        }
    }

    /// The other worktrees that use the folder. For a bare repository, all linked worktrees.
    pub fn others(&self) -> Result<Vec<PathBuf>, Error> {
        if self.view == View::Unnamed || self.is_of_one_worktree() {
            return Ok(Vec::new());
        }
        let (main, linked) = worktrees(&self.top)?;
        if self.view == View::OfFolder {
            return Ok(linked);
        }
        let own = real(&self.top);
        let all = std::iter::once(main).chain(linked);
        Ok(all.filter(|other| real(other) != own).collect())
    }

    pub fn is_husky(&self) -> bool {
        self.hooks != self.scripts
    }
}

impl HooksDir {
    /// A symbolic link between the top of the worktree and the scripts, and its target. The git directory is not part of the
    /// worktree.
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

    /// The target of the scripts' folder, if it is a symbolic link.
    pub fn linked_to(&self) -> Option<PathBuf> {
        self.scripts.is_symlink().then(|| real(&self.scripts))
    }
}

fn top(dir: &Path) -> Result<(PathBuf, bool), Error> {
    let worktree = run_git(dir, &["rev-parse", "--show-toplevel"])?;
    if let Some(top) = worktree.path() {
        return Ok((top, false));
    }
    let git_dir = run_git(dir, &["rev-parse", "--absolute-git-dir"])?;
    let bare = run_git(dir, &["rev-parse", "--is-bare-repository"])?;
    let here = || std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    match (git_dir.path(), bare.line()) {
        (Some(git_dir), Some(b"true")) => Ok((git_dir, true)),
        (Some(_), _) => Err(Error::new(
            format!("cannot find the worktree of {}", here().display()),
            worktree.error_output(),
            "run it in the worktree",
        )),
        (None, _) => Err(Error::new(
            format!("cannot find the hooks of {}", here().display()),
            git_dir.error_output(),
            "run it in a git repository",
        )),
    }
}

/// The folder with the scripts that husky runs. husky makes git look in a folder `_` that it generates, and nobody else should
/// write to that. Its scripts there run the file of the same name in the parent folder.
fn beside_husky(hooks: &Path) -> Option<&Path> {
    let beside = hooks.parent()?;
    let named = beside.file_name().is_some_and(|name| name == ".husky");
    (hooks.file_name()? == "_" && (named || hooks.join("h").is_file())).then_some(beside)
}

/// The first worktree, which is the main one or a bare repository, and the linked ones that exist.
fn worktrees(top: &Path) -> Result<(PathBuf, Vec<PathBuf>), Error> {
    let listed = run_git(top, &["worktree", "list", "--porcelain"])?;
    if !listed.succeeded() {
        return Err(Error::new(
            format!("cannot list the worktrees of {}", top.display()),
            listed.error_output(),
            "see what git worktree list says",
        ));
    }
    let mut all = listed.lines().filter_map(|line| line.strip_prefix(b"worktree ").map(to_path));
    let first = all.next().unwrap_or_else(|| top.to_owned());
    Ok((first, all.filter(|tree| tree.is_dir()).collect()))
}

fn is_no_folder(path: &Path) -> bool {
    path.metadata().is_ok_and(|met| !met.is_dir())
}

fn is_shared(top: &Path, scripts: &Path, view: View) -> Result<bool, Error> {
    let run = |args: &[&str]| view.ask(GitCommand::new(top, args)).run();
    let git_dir = run(&["rev-parse", "--git-common-dir"])?.path().unwrap_or_else(|| ".git".into());
    let (inside, git_dir) = (real(scripts), real(&top.join(git_dir)));
    if !inside.starts_with(real(top)) || inside.starts_with(git_dir) {
        return Ok(false);
    }
    let file = scripts.join("pre-commit");
    let ignored = run(&["check-ignore", "--quiet", "--", &file.to_string_lossy()])?;
    Ok(!ignored.succeeded())
}

/// Resolves symbolic links in the part of the path that exists.
fn real(path: &Path) -> PathBuf {
    path.ancestors()
        .find_map(|there| {
            Some(there.canonicalize().ok()?.components().chain(path.strip_prefix(there).ok()?.components()).collect())
        })
        .unwrap_or_else(|| path.to_owned())
}
