//! An open repository: its directories, HEAD, and the trees that a commit is compared with.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::hash::Kind;
use gix::odb::store::init::Slots;
use gix::refs::{Target, file};

use crate::error::Error;
use crate::git::command;
use crate::git::odb::objects::{ObjectDirs, Objects};
use crate::git::path::to_path;
use crate::git::plain::PlainRepository;
use crate::regular_file;

/// An open repository.
pub struct Repository {
    git_dir: PathBuf,
    common_dir: PathBuf,
    refs: file::Store,
    /// The content of HEAD, if it was read already.
    head: Option<Target>,
    has_reftable: bool,
    /// The directory from which the repository was discovered.
    dir: PathBuf,
    /// Opened on first use, unless gix had to discover the repository.
    gix: OnceCell<Result<gix::Repository, Error>>,
    pub(crate) object_dirs: Arc<ObjectDirs>,
    /// This thread's reader of objects.
    pub(crate) objects: Objects,
    worktree: Option<PathBuf>,
}

impl Repository {
    /// Opens the repository that `GIT_DIR` names, or else the one that contains `dir`.
    pub fn discover(dir: &Path) -> Result<Self, Error> {
        let named_worktree = std::env::var_os("GIT_WORK_TREE").filter(|path| !path.is_empty()).map(PathBuf::from);
        if let Some(PlainRepository { git_dir, head }) = PlainRepository::find(dir) {
            let object_dirs = Arc::new(ObjectDirs::new(git_dir.join("objects"), Kind::Sha1));
            return Ok(Self {
                common_dir: git_dir.clone(),
                refs: file::Store::at(git_dir.clone(), Kind::Sha1),
                head: Some(head),
                has_reftable: false,
                dir: dir.to_owned(),
                gix: OnceCell::new(),
                objects: object_dirs.reader(),
                object_dirs,
                worktree: Some(named_worktree.unwrap_or_else(|| dir.to_owned())),
                git_dir,
            });
        }
        let gix = open(dir)?.to_thread_local();
        let object_dirs = Arc::new(ObjectDirs::new(gix.objects.store_ref().path().to_owned(), gix.object_hash()));
        let inferred = || gix.workdir().filter(|_| !is_inside_git_dir(gix.git_dir())).map(Path::to_owned);
        Ok(Self {
            git_dir: gix.git_dir().to_owned(),
            common_dir: gix.common_dir().to_owned(),
            refs: gix.refs.clone(),
            head: None,
            has_reftable: gix.common_dir().join("reftable").is_dir(),
            dir: dir.to_owned(),
            objects: object_dirs.reader(),
            object_dirs,
            worktree: named_worktree.or_else(inferred),
            gix: OnceCell::from(Ok(gix)),
        })
    }

    /// The repository as gix opens it, with its settings.
    pub(crate) fn gix(&self) -> Result<&gix::Repository, Error> {
        let opened = self.gix.get_or_init(|| open(&self.dir).map(|gix| gix.to_thread_local()));
        opened.as_ref().map_err(Clone::clone)
    }

    /// The top of the worktree. None in a bare repository.
    pub fn worktree(&self) -> Option<&Path> {
        self.worktree.as_deref()
    }

    pub(crate) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The git directories of all worktrees, each with its own index and HEAD.
    pub(crate) fn git_dirs(&self) -> Result<Vec<PathBuf>, Error> {
        let worktrees = self.common_dir().join("worktrees");
        let linked = match worktrees.read_dir() {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            entries => entries.and_then(Iterator::collect).map_err(|err| {
                let context = format!("cannot list the worktrees in {}", worktrees.display());
                Error::new(context, err, "make the directory readable")
            })?,
        };
        let linked = linked.into_iter().map(|entry: std::fs::DirEntry| entry.path());
        Ok(std::iter::once(self.common_dir().to_owned()).chain(linked).collect())
    }

    /// The id that is in HEAD of the worktree with this git directory, if HEAD is detached.
    pub(crate) fn detached_head(&self, git_dir: &Path) -> Option<ObjectId> {
        if self.has_reftable() {
            // The file HEAD is only a stub then.
            let name = match git_dir {
                _ if git_dir == self.common_dir() => "main-worktree/HEAD".to_owned(),
                _ => format!("worktrees/{}/HEAD", git_dir.file_name()?.to_str()?),
            };
            let id = self.query_git(&["rev-parse", "--quiet", "--verify", &name]).ok()??;
            return ObjectId::from_hex(id.trim_ascii()).ok();
        }
        ObjectId::from_hex(regular_file::read(&git_dir.join("HEAD")).ok()?.trim_ascii()).ok()
    }

    /// Whether this is a partial clone, so that objects may be missing on purpose.
    pub(crate) fn is_partial(&self) -> bool {
        let Ok(gix) = self.gix() else { return false };
        let settings = gix.config_snapshot();
        // Old versions of git set extensions.partialClone, new ones a setting for each remote.
        let promises = |remote| settings.boolean(&format!("remote.{remote}.promisor")) == Some(true);
        settings.string("extensions.partialClone").is_some() || gix.remote_names().iter().any(promises)
    }

    /// The git directory that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    pub(crate) fn has_grafts(&self) -> bool {
        self.common_dir.join("info/grafts").is_file()
    }

    /// The tree of HEAD's commit. None before the first commit.
    pub(crate) fn head_tree(&self) -> Result<Option<ObjectId>, Error> {
        self.head()?.map(|id| Ok(self.objects.commit(&id, &"HEAD")?.tree)).transpose()
    }

    /// The commit of HEAD. None before the first commit.
    pub(crate) fn head(&self) -> Result<Option<ObjectId>, Error> {
        if self.has_reftable() { self.query_head() } else { self.head_commit() }
    }

    /// The trees of the commits that are being merged into HEAD. Empty if no merge is in progress.
    pub(crate) fn merge_trees(&self) -> Result<Vec<ObjectId>, Error> {
        let path = self.git_dir().join("MERGE_HEAD");
        let commits = match regular_file::read(&path) {
            Ok(text) => String::from_utf8_lossy(&text)
                .lines()
                .map(|line| ObjectId::from_hex(line.trim().as_bytes()).map_err(|err| merge_head_error(&path, err)))
                .collect::<Result<Vec<_>, _>>()?,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => commits_of_running_merge(),
            Err(err) => return Err(merge_head_error(&path, err)),
        };
        commits.iter().map(|id| Ok(self.objects.commit(id, &"a merged commit")?.tree)).collect()
    }

    /// The path of the index: `GIT_INDEX_FILE`, relative to the top of the worktree, or the repository's own index. Fails
    /// in a bare repository.
    pub(crate) fn index_path(&self) -> Result<PathBuf, Error> {
        match std::env::var_os("GIT_INDEX_FILE").filter(|path| !path.is_empty()) {
            Some(path) => Ok(self.worktree().unwrap_or(Path::new("")).join(path)),
            None if self.worktree().is_none() => Err(Error::new(
                format!("cannot scan the staged changes in {}", self.git_dir().display()),
                "it is a bare repository, which has no index",
                "run keysweep staged in a worktree",
            )),
            None => Ok(self.git_dir().join("index")),
        }
    }

    fn head_commit(&self) -> Result<Option<ObjectId>, Error> {
        self.head_target()?
            .map_or_else(|| Err(self.head_error("it is missing")), |target| self.resolve_symbolic(target))
    }

    /// The content of HEAD, without resolving a branch.
    pub(crate) fn head_target(&self) -> Result<Option<Target>, Error> {
        if self.head.is_some() {
            return Ok(self.head.clone());
        }
        let head = self.refs.try_find("HEAD").map_err(|err| self.head_error(err))?;
        Ok(head.map(|head| head.target))
    }

    /// Resolves symbolic refs to a commit id. As in git, at most five levels behind HEAD are followed. None if a branch does
    /// not exist yet.
    fn resolve_symbolic(&self, mut target: Target) -> Result<Option<ObjectId>, Error> {
        for _ in 0..6 {
            let name = match target {
                Target::Object(id) => return Ok(Some(id)),
                Target::Symbolic(name) => name,
            };
            let file = self.common_dir().join(to_path(name.as_bstr()));
            // Other refs may be in the git directory of a linked worktree.
            if name.as_bstr().starts_with(b"refs/heads/")
                && let Ok(text) = regular_file::read(&file)
                && let Ok(id) = ObjectId::from_hex(text.trim_ascii_end())
            {
                return Ok(Some(id));
            }
            regular_file::expect(&file).map_err(|err| {
                let context = format!("cannot read the ref {}", file.display());
                Error::new(context, err, "replace it with a file, and check git status")
            })?;
            match self.refs.try_find(name.as_ref()).map_err(|err| self.head_error(err))? {
                Some(branch) => target = branch.target,
                None => return Ok(None),
            }
        }
        Err(self.head_error("its symbolic refs form a cycle or are too deep"))
    }

    pub(crate) fn has_reftable(&self) -> bool {
        self.has_reftable
    }

    /// Asks git for the id of HEAD's commit, since gix does not read reftables. Git reads no content for this.
    fn query_head(&self) -> Result<Option<ObjectId>, Error> {
        let printed = self.query_git(&["rev-parse", "--quiet", "--verify", "HEAD"]);
        match printed.map_err(|error| self.head_error(error.cause))? {
            Some(id) => ObjectId::from_hex(id.trim_ascii()).map(Some).map_err(|err| self.head_error(err)),
            None => Ok(None),
        }
    }

    /// The output of git for this repository. Only for ids and names, never for content.
    pub(crate) fn query_git(&self, args: &[&str]) -> Result<Option<Vec<u8>>, Error> {
        let git_dir = self.git_dir().to_string_lossy();
        command::query_git(Path::new("."), &[&["--git-dir", &git_dir], args].concat())
    }

    fn head_error(&self, cause: impl std::fmt::Display) -> Error {
        Error::new(format!("cannot read HEAD of {}", self.git_dir().display()), cause, "check git status")
    }
}

/// The commits that `git merge` is merging while it runs pre-merge-commit, before it writes MERGE_HEAD. Git passes them to
/// its child processes in variables named `GITHEAD_<id>`, and its own name in `GIT_REFLOG_ACTION`.
fn commits_of_running_merge() -> Vec<ObjectId> {
    let merging = std::env::var("GIT_REFLOG_ACTION")
        .is_ok_and(|action| action.starts_with("merge") || action.starts_with("pull"));
    let named = |(name, _): (std::ffi::OsString, _)| {
        ObjectId::from_hex(name.to_str()?.strip_prefix("GITHEAD_")?.as_bytes()).ok()
    };
    if merging { std::env::vars_os().filter_map(named).collect() } else { Vec::new() }
}

fn merge_head_error(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(format!("cannot read {}", path.display()), cause, "check git status")
}

/// Opens a repository. The settings of the user, the system and the environment are not read. They do not change what is
/// scanned, and reading them takes half of the time to open a small repository. gix reads `GIT_DIR`. The few other variables
/// that matter in a hook are read in this crate.
fn open(dir: &Path) -> Result<gix::ThreadSafeRepository, Error> {
    refuse_pipes(dir)?;
    // No object store slots and no list of packs: objects are read through [`ObjectDirs`].
    let options = || {
        let isolated = gix::open::Permissions::isolated();
        gix::open::Options::default().permissions(isolated).object_store_slots(Slots::Given(0))
    };
    let trust = gix::sec::trust::Mapping { full: options(), reduced: options() };
    let discovery = gix::discover::upwards::Options { match_ceiling_dir_or_error: false, ..Default::default() };
    let opened = match std::env::var_os("GIT_DIR") {
        // Git sets `.` in a push to a repository with a worktree. gix does not take that for a git directory.
        Some(named) if named == "." => {
            let here = std::env::current_dir().unwrap_or_else(|_| dir.to_owned());
            gix::ThreadSafeRepository::open_opts(here, options())
        }
        _ => gix::ThreadSafeRepository::discover_with_environment_overrides_opts(search_start(dir), discovery, trust),
    };
    opened.map_err(|err| {
        let here = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Error::new(
            format!("cannot open a git repository at {}", here.display()),
            err,
            "run keysweep in a git repository, or scan plain files with keysweep files PATH",
        )
    })
}

/// Fails if a pipe or a device is in place of a file that gix and git always open. Both would wait forever.
pub fn refuse_pipes(dir: &Path) -> Result<(), Error> {
    const FILES: &[&str] = &["HEAD", "config", "config.worktree", "packed-refs", "commondir", "index"];
    let check = |path: &Path| {
        let refused = |err| {
            let context = format!("cannot read {}", path.display());
            Error::new(context, err, "replace it with a file, and check git status")
        };
        regular_file::expect(path).map_err(refused)
    };
    let check_all = |git_dir: &Path| FILES.iter().try_for_each(|name| check(&git_dir.join(name)));
    if let Some(named) = std::env::var_os("GIT_DIR").filter(|named| !named.is_empty()) {
        return check_all(Path::new(&named));
    }
    let here = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    for folder in here.ancestors() {
        let git = folder.join(".git");
        let Ok(meta) = git.metadata() else {
            if folder.join("objects").is_dir() {
                check_all(folder)?;
            }
            continue;
        };
        if meta.is_dir() {
            return check_all(&git);
        }
        check(&git)?;
        // A linked worktree or a submodule.
        let text = regular_file::read(&git).unwrap_or_default();
        let Some(git_dir) = text.strip_prefix(b"gitdir: ") else { return Ok(()) };
        let git_dir = folder.join(to_path(git_dir.trim_ascii_end()));
        check_all(&git_dir)?;
        let common = regular_file::read(&git_dir.join("commondir")).unwrap_or_default();
        return if common.is_empty() { Ok(()) } else { check_all(&git_dir.join(to_path(common.trim_ascii_end()))) };
    }
    Ok(())
}

/// The directory from which to search. With a relative path, gix takes a directory inside a bare repository for one that is
/// next to a `.git`.
fn search_start(dir: &Path) -> Cow<'_, Path> {
    if dir.join(".git").exists() {
        return dir.into();
    }
    std::path::absolute(dir).map_or(dir.into(), Cow::Owned)
}

/// Whether the current directory is inside the git directory. Git has no worktree there.
fn is_inside_git_dir(git_dir: &Path) -> bool {
    // A relative git directory was found from the directory that contains it.
    git_dir.is_absolute() && std::env::current_dir().is_ok_and(|here| here.starts_with(git_dir))
}
