//! Checks where the replacements file is written. It contains tokens, so only its owner may read it, and no commit or copy may take
//! it along. The script that applies it contains no token and may be anywhere.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::atomic_file::{AtomicFile, folder_of};
use crate::cleanup::lines::{lines, token_lines};
use crate::error::Error;
use crate::finding::Fingerprint;
use crate::git::command::GitCommand;
use crate::secrets::Secrets;

/// A path that does not exist yet, in a suitable folder.
#[derive(Debug)]
pub struct OutputPath {
    path: PathBuf,
}

impl OutputPath {
    /// Checks `path` for a replacements file. `worktree` is that of the scanned repository.
    pub fn new(path: &Path, worktree: Option<&Path>) -> Result<Self, Error> {
        let (folder, place) = Self::absent(path, &context(path), OUTSIDE)?;
        let refused = |cause: &str| Error::new(context(path), cause, OUTSIDE);
        match kept_by(&folder, &place.path, worktree)? {
            Keeper::None => Ok(place),
            Keeper::GitDirectory => Err(refused("copies of the repository's git directory would carry it along")),
            Keeper::Worktree => Err(refused("it would be in a worktree, and git does not ignore it there")),
        }
    }

    /// Checks `path` for a script, which may be in any folder.
    pub fn for_script(path: &Path) -> Result<Self, Error> {
        Ok(Self::absent(path, &attempt_script(path), ELSEWHERE)?.1)
    }

    /// Checks that the path does not exist yet, and that its folder does.
    fn absent(path: &Path, context: &str, help: &str) -> Result<(PathBuf, Self), Error> {
        // This includes a dangling symbolic link.
        if path.symlink_metadata().is_ok() {
            return Err(Error::new(context, "it is there already, and is never overwritten", help));
        }
        let name = path.file_name().ok_or_else(|| Error::new(context, "this is no name for a file", help))?;
        let folder = folder_of(path);
        let folder = folder.canonicalize().map_err(|err| Error::new(context, err, help))?;
        let path = folder.join(name);
        Ok((folder, Self { path }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn is(&self, other: &Path) -> bool {
        let folder = folder_of(other);
        let folder = folder.canonicalize().ok();
        folder.zip(other.file_name()).is_some_and(|(folder, name)| folder.join(name) == self.path)
    }

    /// Writes the forms of the tokens that `wanted` accepts.
    pub fn write(&self, secrets: Secrets, wanted: impl Fn(Fingerprint) -> bool) -> Result<(), Error> {
        let all = secrets.tokens(|_| true);
        let forms = secrets.forms(&wanted);
        let replaced: BTreeSet<Fingerprint> = forms.iter().map(|(_, form)| form.fingerprint()).collect();
        let tokens = all.iter().filter(|hit| wanted(hit.fingerprint) || replaced.contains(&hit.fingerprint));
        let text = [lines(&forms), token_lines(tokens.map(|hit| &hit.token))].concat();
        self.create(&text, false).map_err(|err| Error::new(context(&self.path), err, OUTSIDE))
    }

    /// Writes a script that its owner can run.
    pub fn write_script(&self, text: &[u8]) -> Result<(), Error> {
        self.create(text, true).map_err(|err| Error::new(attempt_script(&self.path), err, ELSEWHERE))
    }

    /// Creates a file that only its owner can read. It is complete or absent, since half a file would clean half of the history.
    fn create(&self, bytes: &[u8], is_script: bool) -> io::Result<()> {
        let mut file = AtomicFile::create(&self.path)?;
        file.write_all(bytes)?;
        #[cfg(unix)]
        if is_script {
            file.file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        }
        file.file().sync_all()?;
        file.place_new()
    }
}

const OUTSIDE: &str = "name a new file outside of every worktree, such as ~/replacements.txt";
const ELSEWHERE: &str = "name a new file with --plan";

fn context(path: &Path) -> String {
    format!("cannot write the replacements to {}", path.display())
}

fn attempt_script(path: &Path) -> String {
    format!("cannot write the plan to {}", path.display())
}

/// What could publish a file in this folder.
enum Keeper {
    None,
    Worktree,
    GitDirectory,
}

/// Asks git in the scanned repository, whose worktree may be anywhere, and in the repository that contains the folder.
fn kept_by(folder: &Path, path: &Path, worktree: Option<&Path>) -> Result<Keeper, Error> {
    let swept = worktree.and_then(|top| top.canonicalize().ok()).filter(|top| folder.starts_with(top));
    let of_folder = GitCommand::new(folder, ["rev-parse", "--is-inside-git-dir"]).ignoring_git_env().run()?;
    match of_folder.line() {
        Some(b"true") => return Ok(Keeper::GitDirectory),
        None if !of_folder.error_output().contains("not a git repository") => {
            return Err(Error::new(context(path), of_folder.error_output(), OUTSIDE));
        }
        Some(_) | None => {}
    }
    let ask = ["check-ignore".as_ref(), "--quiet".as_ref(), "--".as_ref(), path.as_os_str()];
    let by_swept = swept.map(|top| GitCommand::new(&top, ask));
    let by_folder = of_folder.line().map(|_| GitCommand::new(folder, ask).ignoring_git_env());
    for command in by_swept.into_iter().chain(by_folder) {
        if !command.run()?.succeeded() {
            return Ok(Keeper::Worktree);
        }
    }
    Ok(Keeper::None)
}
