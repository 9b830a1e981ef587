//! The branches, tags and remote-tracking branches of a repository.

use std::collections::HashSet;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::error::Error;
use crate::git::repository::Repository;
use crate::regular_file;

/// One name for an object.
#[derive(Clone, Debug)]
pub(crate) struct Ref {
    /// All of it: `refs/heads/main`.
    pub name: Vec<u8>,
    /// What it points to, which may be an annotated tag.
    pub id: ObjectId,
}

/// All that there are.
#[derive(Default)]
pub(crate) struct Refs {
    /// Every ref but the symbolic ones, which name another.
    pub direct: Vec<Ref>,
    /// The names of these. Of a reftable's, git tells with the others.
    pub symbolic: Vec<Vec<u8>>,
    /// What is said of each that cannot be read.
    pub broken: Vec<Error>,
}

impl Repository {
    /// Every ref but the symbolic ones. None must be broken.
    pub(crate) fn refs(&self) -> Result<Vec<Ref>, Error> {
        let mut all = self.all_refs()?;
        all.broken.pop().map_or(Ok(all.direct), Err)
    }

    /// Whatever refs can be read.
    pub(crate) fn all_refs(&self) -> Result<Refs, Error> {
        if self.has_reftable() {
            return Ok(Refs { direct: self.ask_git_for_refs()?, ..Refs::default() });
        }
        let broken = |err: &dyn std::fmt::Display| self.broken_refs(err);
        let platform = self.gix.references().map_err(|err| broken(&err))?;
        let mut all = Refs::default();
        for found in platform.all().map_err(|err| broken(&err))? {
            // Git goes on as well where one was cut short by a crash.
            let Ok(found) = found.map_err(|err| all.broken.push(broken(&err))) else { continue };
            let name = found.name().as_bstr().to_vec();
            match found.target() {
                gix::refs::TargetRef::Object(id) => all.direct.push(Ref { name, id: id.to_owned() }),
                gix::refs::TargetRef::Symbolic(_) => all.symbolic.push(name),
            }
        }
        // gix leaves these out without a word.
        self.no_files(&self.gix.common_dir().join("refs"), &mut all.broken);
        Ok(all)
    }

    /// Reports each pipe, socket or device below `folder`, where a file with a ref should be.
    fn no_files(&self, folder: &Path, broken: &mut Vec<Error>) {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                self.no_files(&path, broken);
            } else if let Err(err) = regular_file::expect(&path) {
                let cause = format!("{}: {err}", path.display());
                broken.push(self.broken_refs(cause));
            }
        }
    }

    /// The branch that HEAD stands for, which need not be there yet.
    pub(crate) fn head_name(&self) -> Result<Option<Vec<u8>>, Error> {
        if self.has_reftable() {
            let name = self.ask_git(&["symbolic-ref", "--quiet", "HEAD"])?;
            return Ok(name.map(|name| name.trim_ascii().to_vec()));
        }
        Ok(self.head_target()?.and_then(|target| match target {
            gix::refs::Target::Symbolic(name) => Some(name.as_bstr().to_vec()),
            gix::refs::Target::Object(_) => None,
        }))
    }

    /// gix reads no reftables. Names and ids only: never content.
    fn ask_git_for_refs(&self) -> Result<Vec<Ref>, Error> {
        let listed = self.ask_git(&["for-each-ref", "--format=%(objectname) %(refname)"])?.unwrap_or_default();
        let parse = |line: &[u8]| {
            let space = line.iter().position(|&b| b == b' ')?;
            let id = ObjectId::from_hex(&line[..space]).ok()?;
            Some(Ref { name: line[space + 1..].to_vec(), id })
        };
        let lines = listed.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| parse(line).ok_or_else(|| self.broken_refs("git for-each-ref printed something else")))
            .collect()
    }

    /// What the reflogs in a reftable name, each by its ref.
    pub(crate) fn ask_git_for_reflogs(&self) -> Result<Vec<Ref>, Error> {
        let listed = self.ask_git(&["log", "--walk-reflogs", "--all", "--format=%H %gD"])?.unwrap_or_default();
        let entries = listed.split(|&b| b == b'\n').filter_map(|line| {
            let (id, selector) = line.split_at(line.find_byte(b' ')?);
            let name = &selector[1..selector.rfind(b"@{")?];
            Some(Ref { name: name.to_vec(), id: ObjectId::from_hex(id).ok()? })
        });
        Ok(entries.collect())
    }

    /// The commit that `word` names, in any way that git knows.
    pub(crate) fn commit_named(&self, word: &str) -> Result<ObjectId, Error> {
        let wanted = format!("{word}^{{commit}}");
        let none = || {
            let context = format!("cannot find the commit {word}");
            self.perhaps_cut_off(Error::new(context, "git knows none of this name", "correct the name"))
        };
        let printed =
            self.ask_git(&["rev-parse", "--quiet", "--verify", "--end-of-options", &wanted])?.ok_or_else(none)?;
        ObjectId::from_hex(printed.trim_ascii()).map_err(|err| self.broken_refs(err))
    }

    /// The same sentence about a name that git does not know, for a shallow clone: it may be that of a commit that is cut off.
    pub(crate) fn perhaps_cut_off(&self, unknown: Error) -> Error {
        if self.shallow().is_ok_and(|shallow| shallow.is_empty()) {
            return unknown;
        }
        let cause = format!("{}; this is a shallow clone, whose older history is missing", unknown.cause);
        let help = format!("run git fetch --unshallow to get the rest, or {}", unknown.help);
        Error { cause, help, ..unknown }
    }

    /// Commits at whose parents a shallow clone ends.
    pub(crate) fn shallow(&self) -> Result<HashSet<ObjectId>, Error> {
        let named = std::env::var_os("GIT_SHALLOW_FILE");
        let is_named = named.is_some();
        let path = match named {
            // So git says that this is no shallow clone.
            Some(path) if path.is_empty() => return Ok(HashSet::new()),
            Some(path) => self.worktree().unwrap_or(self.gix.current_dir()).join(path),
            None => self.gix.common_dir().join("shallow"),
        };
        let wrong = |err: &dyn std::fmt::Display| {
            let (whose, help) = if is_named {
                (" of GIT_SHALLOW_FILE", "unset GIT_SHALLOW_FILE, or name a file in it that git wrote")
            } else {
                ("", "see what git fsck says of the repository")
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

    fn broken_refs(&self, cause: impl std::fmt::Display) -> Error {
        Error::new(
            format!("cannot read the refs of {}", self.git_dir().display()),
            cause,
            "see what git for-each-ref says of them",
        )
    }
}

/// What came before `what` is not here.
pub(crate) fn cut_off(what: &str) -> Error {
    Error::new(
        format!("cannot scan what came before {what}"),
        "this is a shallow clone, and its history begins there",
        "git fetch --unshallow gets the rest",
    )
}
