//! The refs of a repository, and the boundary of a shallow clone.

use std::collections::HashSet;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::error::Error;
use crate::git::reflogs::{ReflogEntry, pushed_at};
use crate::git::repository::Repository;
use crate::regular_file;

/// A ref that is not symbolic.
#[derive(Clone, Debug)]
pub(crate) struct Ref {
    /// The full name, such as `refs/heads/main`.
    pub name: Vec<u8>,
    /// The object it points to, which may be an annotated tag.
    pub id: ObjectId,
}

/// All refs of a repository.
#[derive(Default)]
pub(crate) struct Refs {
    /// The refs that are not symbolic.
    pub direct: Vec<Ref>,
    /// The names of the symbolic refs. Empty for reftables, whose symbolic refs are in `direct`.
    pub symbolic: Vec<Vec<u8>>,
    /// The errors for refs that cannot be read.
    pub broken: Vec<Error>,
}

impl Repository {
    /// All refs that are not symbolic. Fails if any ref cannot be read.
    pub(crate) fn refs(&self) -> Result<Vec<Ref>, Error> {
        let mut all = self.all_refs()?;
        all.broken.pop().map_or(Ok(all.direct), Err)
    }

    /// All refs. Those that cannot be read are in [`Refs::broken`].
    pub(crate) fn all_refs(&self) -> Result<Refs, Error> {
        if self.has_reftable() {
            return Ok(Refs { direct: self.query_refs()?, ..Refs::default() });
        }
        let broken = |err: &dyn std::fmt::Display| self.refs_error(err);
        let platform = self.gix()?.references().map_err(|err| broken(&err))?;
        let mut all = Refs::default();
        for found in platform.all().map_err(|err| broken(&err))? {
            // Like git, go on if a ref was truncated by a crash.
            let Ok(found) = found.map_err(|err| all.broken.push(broken(&err))) else { continue };
            let name = found.name().as_bstr().to_vec();
            match found.target() {
                gix::refs::TargetRef::Object(id) => all.direct.push(Ref { name, id: id.to_owned() }),
                gix::refs::TargetRef::Symbolic(_) => all.symbolic.push(name),
            }
        }
        // gix skips links, and files that are not regular, without an error.
        self.check_files(&self.common_dir().join("refs"), &mut all.broken);
        Ok(all)
    }

    /// Adds an error for each symbolic link, pipe, socket or device below `folder`.
    fn check_files(&self, folder: &Path, broken: &mut Vec<Error>) {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                self.check_files(&path, broken);
            } else if kind.as_ref().is_ok_and(std::fs::FileType::is_symlink) {
                let cause = "it is a symbolic link; write a symbolic ref in its place: git symbolic-ref";
                broken.push(self.refs_error(format!("{}: {cause}", path.display())));
            } else if let Err(err) = regular_file::expect(&path) {
                let cause = format!("{}: {err}", path.display());
                broken.push(self.refs_error(cause));
            }
        }
    }

    /// The name of the branch to which HEAD points. The branch may not exist yet. None if HEAD is detached.
    pub(crate) fn head_name(&self) -> Result<Option<Vec<u8>>, Error> {
        if self.has_reftable() {
            let name = self.query_git(&["symbolic-ref", "--quiet", "HEAD"])?;
            return Ok(name.map(|name| name.trim_ascii().to_vec()));
        }
        Ok(self.head_target()?.and_then(|target| match target {
            gix::refs::Target::Symbolic(name) => Some(name.as_bstr().to_vec()),
            gix::refs::Target::Object(_) => None,
        }))
    }

    /// Asks git for all refs, since gix does not read reftables. Git reads no content for this.
    fn query_refs(&self) -> Result<Vec<Ref>, Error> {
        let listed = self.query_git(&["for-each-ref", "--format=%(objectname) %(refname)"])?.unwrap_or_default();
        let parse = |line: &[u8]| {
            let space = line.iter().position(|&b| b == b' ')?;
            let id = ObjectId::from_hex(&line[..space]).ok()?;
            Some(Ref { name: line[space + 1..].to_vec(), id })
        };
        let lines = listed.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| parse(line).ok_or_else(|| self.refs_error("the output of git for-each-ref is not valid")))
            .collect()
    }

    /// Asks git for the entries of all reflogs, since gix does not read reftables.
    pub(crate) fn query_reflogs(&self) -> Result<Vec<ReflogEntry>, Error> {
        let query = ["log", "--walk-reflogs", "--all", "--date=unix", "--format=%H %gD %gs"];
        let listed = self.query_git(&query)?.unwrap_or_default();
        let entries = listed.split(|&b| b == b'\n').filter_map(|line| {
            // The selector is `refs/heads/main@{1704164645}`. A name has no space.
            let mut words = line.splitn(3, |&b| b == b' ');
            let (id, selector) = (words.next()?, words.next()?);
            let (name, seconds) = selector.split_at(selector.rfind(b"@{")?);
            let seconds = seconds.strip_prefix(b"@{")?.strip_suffix(b"}")?;
            let pushed_at = pushed_at(words.next().unwrap_or_default(), seconds);
            Some(ReflogEntry { name: name.to_vec(), old: None, new: ObjectId::from_hex(id).ok(), pushed_at })
        });
        Ok(entries.collect())
    }

    /// Resolves `word`, a revision in any form that git knows, to a commit. See gitrevisions(7).
    pub(crate) fn resolve_commit(&self, word: &str) -> Result<ObjectId, Error> {
        let wanted = format!("{word}^{{commit}}");
        let none = || {
            let context = format!("cannot find the commit {word}");
            self.mention_shallow(Error::new(context, "git knows no commit of this name", "correct the name"))
        };
        let printed =
            self.query_git(&["rev-parse", "--quiet", "--verify", "--end-of-options", &wanted])?.ok_or_else(none)?;
        ObjectId::from_hex(printed.trim_ascii()).map_err(|err| self.refs_error(err))
    }

    /// In a shallow clone, adds to the error `unknown` that the commit may be beyond the boundary.
    pub(crate) fn mention_shallow(&self, unknown: Error) -> Error {
        if self.shallow().is_ok_and(|shallow| shallow.is_empty()) {
            return unknown;
        }
        let cause = format!("{}; this is a shallow clone, whose older history is missing", unknown.cause);
        let help = format!("run git fetch --unshallow to get the rest, or {}", unknown.help);
        Error { cause, help, ..unknown }
    }

    /// The commits at the boundary of a shallow clone. Their parents are missing.
    pub(crate) fn shallow(&self) -> Result<HashSet<ObjectId>, Error> {
        let named = std::env::var_os("GIT_SHALLOW_FILE");
        let is_named = named.is_some();
        let path = match named {
            // Git sets an empty path if this is not a shallow clone.
            Some(path) if path.is_empty() => return Ok(HashSet::new()),
            Some(path) => self.worktree().unwrap_or(Path::new("")).join(path),
            None => self.common_dir().join("shallow"),
        };
        let wrong = |err: &dyn std::fmt::Display| {
            let (whose, help) = if is_named {
                (" of GIT_SHALLOW_FILE", "unset GIT_SHALLOW_FILE, or name a file in it that git wrote")
            } else {
                ("", "check git fsck")
            };
            Error::new(format!("cannot read {}{whose}", path.display()), err, help)
        };
        match regular_file::read(&path) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(HashSet::new()),
            Err(err) => Err(wrong(&err)),
            Ok(text) => {
                let lines = text.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
                lines.map(|line| ObjectId::from_hex(line).map_err(|err| wrong(&err))).collect()
            }
        }
    }

    fn refs_error(&self, cause: impl std::fmt::Display) -> Error {
        Error::new(format!("cannot read the refs of {}", self.git_dir().display()), cause, "check git for-each-ref")
    }
}

/// The error for missing history before `what` in a shallow clone.
pub(crate) fn shallow_error(what: &str) -> Error {
    Error::new(
        format!("cannot scan the history before {what}"),
        "this is a shallow clone, whose history begins there",
        "run git fetch --unshallow to get the rest",
    )
}
