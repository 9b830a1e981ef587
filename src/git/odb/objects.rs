//! The object database, read as git reads it, but for replacements: what a commit holds is what is scanned, not what
//! `git replace` shows in its place.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::ffi::OsStr;
use std::fmt::Display;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::hash::{Kind, oid};
use gix::objs::tree::{self, EntryMode, EntryRef};
use gix::objs::{Find, TreeRefIter};
use gix::odb::pack::cache;

use crate::error::{Error, counted};
use crate::git::depth;
use crate::git::odb::alternates::with_alternates;
use crate::git::odb::commit::Commit;
use crate::git::odb::loose::Loose;
use crate::git::odb::missing::Gaps;
use crate::git::odb::packed::Packs;
use crate::regular_file;

/// How many bytes of delta bases a thread keeps. With them a push of 1,000 commits in a clone of git/git takes two thirds
/// of the time.
const DELTA_BASES: usize = 48 << 20;

/// Every object directory that the repository and the environment name, shared by all threads.
pub(crate) struct Stores {
    /// The repository's own is the first.
    dirs: Vec<PathBuf>,
    /// gix's way to read them, opened when it is needed.
    gix: OnceLock<Result<Vec<Arc<gix::odb::Store>>, Error>>,
    /// The directories that the first one borrows from.
    borrowed: OnceLock<Result<Vec<PathBuf>, Error>>,
    hash: Kind,
}

/// One thread's handle to them.
pub(crate) struct Objects {
    loose: RefCell<Loose>,
    packs: RefCell<Packs>,
    /// Asked last, and its word is final.
    stores: Arc<Stores>,
    /// The loose objects of all other directories.
    borrowed: OnceCell<RefCell<Vec<Loose>>>,
    handles: OnceCell<Vec<gix::odb::Handle>>,
    hash: Kind,
    gaps: Option<Arc<Gaps>>,
}

/// One entry of a tree.
#[derive(Clone, Debug)]
pub(crate) struct TreeEntry {
    pub mode: EntryMode,
    pub id: ObjectId,
}

/// A tree's bytes. Entries are read from them in place: a folder of a thousand files costs no allocation but one.
pub(crate) struct Tree {
    buffer: Vec<u8>,
    /// Where in the buffer it is.
    bytes: Range<usize>,
    hash: Kind,
}

/// A place in a tree, whose entries are in git's order.
pub(crate) struct TreeWalk<'t> {
    rest: TreeRefIter<'t>,
    current: Option<EntryRef<'t>>,
}

impl Tree {
    pub fn walk(&self) -> Result<TreeWalk<'_>, Error> {
        let mut walk =
            TreeWalk { rest: TreeRefIter::from_bytes(&self.buffer[self.bytes.clone()], self.hash), current: None };
        walk.step()?;
        Ok(walk)
    }
}

impl<'t> TreeWalk<'t> {
    pub fn current(&self) -> Option<EntryRef<'t>> {
        self.current
    }

    pub fn step(&mut self) -> Result<(), Error> {
        self.current = self
            .rest
            .next()
            .transpose()
            .map_err(|err| Error::new("cannot read a tree to its end", err, "look for the damage with git fsck"))?;
        Ok(())
    }

    /// The current entry, and one step on.
    pub fn take(&mut self) -> Result<Option<EntryRef<'t>>, Error> {
        let taken = self.current;
        if taken.is_some() {
            self.step()?;
        }
        Ok(taken)
    }
}

impl Stores {
    /// The repository's own store, unless `GIT_OBJECT_DIRECTORY` names another, and those of
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`: gix reads neither variable.
    pub fn new(repository: &gix::Repository) -> Self {
        let named = std::env::var_os("GIT_OBJECT_DIRECTORY").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let mut dirs = vec![named.unwrap_or_else(|| repository.objects.store_ref().path().to_owned())];
        if let Some(more) = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
            dirs.extend(alternates(&more).into_iter().filter(|dir| dir.is_dir()));
        }
        Self { dirs, gix: OnceLock::new(), borrowed: OnceLock::new(), hash: repository.object_hash() }
    }

    /// The object directories themselves, without their alternates.
    pub fn folders(&self) -> &[PathBuf] {
        &self.dirs
    }

    pub fn reader(self: &Arc<Self>) -> Objects {
        self.reading(Box::new(cache::Never))
    }

    /// A reader for many objects of a history: it keeps what deltas were made against.
    pub fn reader_of_history(self: &Arc<Self>) -> Objects {
        self.reading(Box::new(cache::lru::MemoryCappedHashmap::new(DELTA_BASES)))
    }

    fn reading(self: &Arc<Self>, delta_bases: Box<dyn cache::DecodeEntry + Send>) -> Objects {
        Objects {
            loose: RefCell::new(Loose::new(&self.dirs[0])),
            packs: RefCell::new(Packs::new(self.dirs.clone(), self.hash, delta_bases)),
            stores: self.clone(),
            borrowed: OnceCell::new(),
            handles: OnceCell::new(),
            hash: self.hash,
            gaps: None,
        }
    }

    fn borrowed(&self) -> Result<&[PathBuf], Error> {
        let list = || {
            let mut unread = Vec::new();
            let all = with_alternates(&self.dirs, &mut unread);
            unread.pop().map_or_else(|| Ok(all.into_iter().skip(1).collect()), Err)
        };
        self.borrowed.get_or_init(list).as_deref().map_err(Clone::clone)
    }

    /// Opening them takes a list of all packs, and where all that is wanted is in a plain place they stay unused.
    fn gix(&self) -> Result<&[Arc<gix::odb::Store>], Error> {
        let open = || {
            self.expect_no_pipe_among_packs()?;
            self.dirs.iter().map(|dir| store(dir.clone(), self.hash)).collect()
        };
        self.gix.get_or_init(open).as_deref().map_err(Clone::clone)
    }

    /// gix maps packs and their indexes, and would wait for a pipe in place of one.
    pub(crate) fn expect_no_pipe_among_packs(&self) -> Result<(), Error> {
        let folders = with_alternates(&self.dirs, &mut Vec::new()).into_iter().map(|dir| dir.join("pack"));
        let files = folders.filter_map(|folder| folder.read_dir().ok()).flatten().flatten().map(|file| file.path());
        files.into_iter().try_for_each(|file| {
            let refused = |err| {
                let context = format!("cannot read {}", file.display());
                Error::new(context, err, "remove it, and look for the damage with git fsck --full")
            };
            regular_file::expect(&file).map_err(refused)
        })
    }
}

impl Objects {
    pub fn hash(&self) -> Kind {
        self.hash
    }

    /// Has blobs and trees noted in `gaps` that are not here, where it is an error else. What is compared with one is new.
    pub fn noting(self, gaps: Arc<Gaps>) -> Self {
        Self { gaps: Some(gaps), ..self }
    }

    /// The blob's bytes, somewhere in `buffer`; None where it is noted as a gap. `wanted_for` says whose they are, for the
    /// sentence that tells of a failure.
    pub fn blob<'b>(
        &self,
        id: &oid,
        wanted_for: &dyn Display,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<&'b [u8]>, Error> {
        buffer.clear();
        if id == ObjectId::empty_blob(self.hash) {
            return Ok(Some(buffer));
        }
        let bytes = self.object_or_gap(id, gix::objs::Kind::Blob, wanted_for, buffer)?;
        Ok(bytes.map(|bytes| &buffer[bytes]))
    }

    /// The blob's bytes, to keep; none of a gap.
    pub fn blob_owned(&self, id: &oid, wanted_for: &dyn Display) -> Result<Vec<u8>, Error> {
        let mut buffer = Vec::new();
        Ok(self.blob(id, wanted_for, &mut buffer)?.unwrap_or_default().to_vec())
    }

    /// The tree; None where it is noted as a gap.
    pub fn tree_or_gap(&self, id: &oid, wanted_for: &dyn Display) -> Result<Option<Tree>, Error> {
        let mut buffer = Vec::new();
        let bytes = match id {
            _ if id == ObjectId::empty_tree(self.hash) => Some(0..0),
            _ => self.object_or_gap(id, gix::objs::Kind::Tree, wanted_for, &mut buffer)?,
        };
        Ok(bytes.map(|bytes| Tree { buffer, bytes, hash: self.hash }))
    }

    /// The tree; an empty one in place of a gap.
    pub fn tree(&self, id: &oid, wanted_for: &dyn Display) -> Result<Tree, Error> {
        let tree = self.tree_or_gap(id, wanted_for)?;
        Ok(tree.unwrap_or_else(|| Tree { buffer: Vec::new(), bytes: 0..0, hash: self.hash }))
    }

    /// What stands at `path` in `tree`.
    pub fn lookup(&self, tree: &oid, path: &[u8]) -> Result<Option<TreeEntry>, Error> {
        let (name, rest) = match path.iter().position(|&b| b == b'/') {
            Some(slash) => (&path[..slash], Some(&path[slash + 1..])),
            None => (path, None),
        };
        let tree = self.tree(tree, &path.escape_ascii())?;
        let mut walk = tree.walk()?;
        while let Some(entry) = walk.take()? {
            if entry.filename == name {
                return match rest {
                    None => Ok(Some(TreeEntry { mode: entry.mode, id: entry.oid.to_owned() })),
                    Some(rest) if entry.mode.is_tree() => self.lookup(entry.oid, rest),
                    Some(_) => Ok(None),
                };
            }
        }
        Ok(None)
    }

    /// The blob of the regular file `name` at the top of `tree`.
    pub fn top_file(&self, tree: &oid, name: &str) -> Result<Option<ObjectId>, Error> {
        let entry = self.lookup(tree, name.as_bytes())?.filter(|entry| EntryKind::from(entry.mode) == EntryKind::File);
        Ok(entry.map(|entry| entry.id))
    }

    /// Every file and link below `tree`, with `path` in front.
    pub fn files_below(&self, tree: &oid, path: &[u8], visit: &mut dyn FnMut(Vec<u8>, TreeEntry)) -> Result<(), Error> {
        depth::check(path)?;
        let tree = self.tree(tree, &path.escape_ascii())?;
        let mut walk = tree.walk()?;
        while let Some(entry) = walk.take()? {
            let full = if path.is_empty() { entry.filename.to_vec() } else { [path, b"/", entry.filename].concat() };
            if entry.mode.is_tree() {
                self.files_below(entry.oid, &full, visit)?;
            } else {
                visit(full, TreeEntry { mode: entry.mode, id: entry.oid.to_owned() });
            }
        }
        Ok(())
    }

    /// The commit's tree, parents and date.
    pub fn commit(&self, id: &oid, wanted_for: &dyn Display) -> Result<Commit, Error> {
        let mut buffer = Vec::new();
        let kind = gix::objs::Kind::Commit;
        let bytes = self.object_or_gap(id, kind, wanted_for, &mut buffer)?;
        let bytes = bytes.ok_or_else(|| missing(id, &kind, wanted_for))?;
        Commit::parse(&buffer[bytes], self.hash).map_err(|err| unreadable(id, &kind, wanted_for, err))
    }

    /// The kind and the bytes of any object.
    pub fn any<'b>(
        &self,
        id: &oid,
        wanted_for: &dyn Display,
        buffer: &'b mut Vec<u8>,
    ) -> Result<(gix::objs::Kind, &'b [u8]), Error> {
        let found = self.find(id, None, wanted_for, buffer)?;
        let (kind, bytes) = found.ok_or_else(|| missing(id, &"object", wanted_for))?;
        Ok((kind, &buffer[bytes]))
    }

    /// Where in `buffer` the object's bytes are; None where it is noted as a gap.
    fn object_or_gap(
        &self,
        id: &oid,
        kind: gix::objs::Kind,
        wanted_for: &dyn Display,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Range<usize>>, Error> {
        match (self.find(id, Some(kind), wanted_for, buffer)?, &self.gaps) {
            (Some((found, bytes)), _) if found == kind => Ok(Some(bytes)),
            (Some((found, _)), _) => Err(unreadable(id, &kind, wanted_for, format!("it is a {found}"))),
            (None, Some(gaps)) => {
                gaps.note(id);
                Ok(None)
            }
            (None, None) => Err(missing(id, &kind, wanted_for)),
        }
    }

    /// The object's kind, and where in `buffer` its bytes are; None where it is not here.
    fn find(
        &self,
        id: &oid,
        expected: Option<gix::objs::Kind>,
        wanted_for: &dyn Display,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<(gix::objs::Kind, Range<usize>)>, Error> {
        let what: &dyn Display = match &expected {
            Some(kind) => kind,
            None => &"object",
        };
        let failed = |err: gix::Error| unreadable(id, what, wanted_for, err);
        let found = match self.plain(id, expected, buffer).map_err(failed) {
            Ok(Some(found)) => Some(found),
            Ok(None) => self.elsewhere(id, buffer, &failed)?.map(|kind| (kind, 0)),
            // Perhaps an alternate has a good copy.
            Err(damage) => Some((self.elsewhere(id, buffer, &failed).ok().flatten().ok_or(damage)?, 0)),
        };
        Ok(found.map(|(kind, start)| (kind, start..buffer.len())))
    }

    /// The kind of the object and where in `buffer` it starts, if it is where most are: what was just staged is loose,
    /// what HEAD has is packed.
    fn plain(
        &self,
        id: &oid,
        expected: Option<gix::objs::Kind>,
        buffer: &mut Vec<u8>,
    ) -> gix::Result<Option<(gix::objs::Kind, usize)>> {
        let packed = |buffer: &mut Vec<u8>| self.packs.borrow_mut().find(id, buffer).map(|kind| (kind, 0));
        let is_blob = expected.is_none_or(|kind| kind == gix::objs::Kind::Blob);
        if !is_blob && let Some(found) = packed(buffer) {
            return Ok(Some(found));
        }
        let loose = self.loose.borrow_mut().read(id, buffer);
        if is_blob && !matches!(loose, Ok(Some(_))) {
            // Where the loose one is damaged there may be a good copy, as git has it.
            return packed(buffer).map_or(loose, |found| Ok(Some(found)));
        }
        loose
    }

    /// The kind of the object, from whichever store has it, as gix has it. gix stops at the size in a
    /// loose object's header, and reads no checksum where the stream goes on, so the bytes must have the id that was asked
    /// for. Few objects are read in this way.
    fn elsewhere(
        &self,
        id: &oid,
        buffer: &mut Vec<u8>,
        failed: &dyn Fn(gix::Error) -> Error,
    ) -> Result<Option<gix::objs::Kind>, Error> {
        // gix refuses alternates that name each other, and takes a relative one from another place than git does.
        let borrowed = self.stores.borrowed()?;
        for store in self
            .borrowed
            .get_or_init(|| RefCell::new(borrowed.iter().map(|dir| Loose::new(dir)).collect()))
            .borrow_mut()
            .iter_mut()
        {
            if let Ok(Some((kind, start))) = store.read(id, buffer) {
                buffer.drain(..start);
                return Ok(Some(kind));
            }
            store.expect_no_pipe(id).map_err(failed)?;
        }
        self.loose.borrow().expect_no_pipe(id).map_err(failed)?;
        let stores = self.stores.gix()?;
        let reading = |store: &Arc<gix::odb::Store>| {
            let mut handle = store.to_cache();
            handle.ignore_replacements = true;
            handle
        };
        let mut damage = None;
        for handle in self.handles.get_or_init(|| stores.iter().map(reading).collect()) {
            buffer.clear();
            let Some(kind) = handle.try_find(id, buffer).map_err(failed)?.map(|found| found.kind) else { continue };
            if gix::objs::compute_hash(self.hash, kind, buffer).is_ok_and(|actual| actual == id) {
                return Ok(Some(kind));
            }
            damage = Some(failed(gix::error::corruption("its bytes do not have this id").into()));
        }
        damage.map_or(Ok(None), Err)
    }
}

fn missing(id: &oid, kind: &dyn Display, wanted_for: &dyn Display) -> Error {
    Error::new(
        format!("cannot read {kind} {} for {wanted_for}", named(id)),
        "the object is not in this repository (a partial clone, or damage)",
        "fetch it with git fetch, or look for the damage with git fsck",
    )
}

/// Enough of an id to find the object by; all of it would look like a token, and be masked.
fn named(id: &oid) -> impl Display + '_ {
    id.to_hex_with_len(16)
}

fn unreadable(id: &oid, kind: &dyn Display, wanted_for: &dyn Display, cause: impl Display) -> Error {
    Error::new(format!("cannot read {kind} {} for {wanted_for}", named(id)), cause, "look for the damage with git fsck")
}

fn store(dir: PathBuf, hash: Kind) -> Result<Arc<gix::odb::Store>, Error> {
    let shown = dir.display().to_string();
    gix::odb::Store::at_opts(dir, hash, &mut std::iter::empty(), gix::odb::store::init::Options::default())
        .map(Arc::new)
        .map_err(|err| {
            Error::new(
                format!("cannot open the object directory {shown}"),
                err,
                "correct or unset GIT_OBJECT_DIRECTORY and GIT_ALTERNATE_OBJECT_DIRECTORIES",
            )
        })
}

/// The variable's folders; one that starts with a double quote is quoted as in C, and may hold a separator.
fn alternates(dirs: &OsStr) -> Vec<PathBuf> {
    const SEPARATOR: u8 = if cfg!(windows) { b';' } else { b':' };
    let Ok(mut rest) = gix::path::os_str_into_bstr(dirs) else { return Vec::new() };
    let mut folders = Vec::new();
    while !rest.is_empty() {
        let plain = || {
            let end = rest.find_byte(SEPARATOR).unwrap_or(rest.len());
            (Cow::Borrowed(rest[..end].as_bstr()), end)
        };
        let quoted = rest.starts_with(b"\"").then(|| gix::quote::ansi_c::undo(rest).ok()).flatten();
        let (folder, end) = quoted.unwrap_or_else(plain);
        let folder = gix::path::from_bstr(folder).map_or_else(|_| PathBuf::new(), Cow::into_owned);
        folders.extend(Some(folder).filter(|folder| !folder.as_os_str().is_empty()));
        let behind = &rest[end..];
        rest = behind.strip_prefix(&[SEPARATOR]).unwrap_or(behind).as_bstr();
    }
    folders
}

/// Whether a blob only says where the content is.
pub(crate) fn is_lfs_pointer(blob: &[u8]) -> bool {
    blob.starts_with(b"version https://git-lfs.github.com/spec/v1\n")
}

/// Why the content that it stands for is not scanned.
pub(crate) const LFS_POINTER: &str = "a Git LFS pointer: what it points to is kept outside of git";

/// What such pointers mean for a history.
pub(crate) fn pointers_of_lfs(count: usize) -> Error {
    Error::new(
        format!("cannot scan what {} of Git LFS stand for", counted(count, "pointer")),
        "the object database holds the pointers, not the files",
        "git lfs fetch --all gets them, and keysweep files .git/lfs/objects scans them",
    )
}

/// Why a submodule is not scanned.
pub(crate) const SUBMODULE: &str = "a submodule: it is a repository of its own";

/// What an entry is to a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Symlink,
    Submodule,
    Folder,
}

impl From<EntryMode> for EntryKind {
    fn from(mode: EntryMode) -> Self {
        match mode.kind() {
            tree::EntryKind::Tree => EntryKind::Folder,
            tree::EntryKind::Link => EntryKind::Symlink,
            tree::EntryKind::Commit => EntryKind::Submodule,
            tree::EntryKind::Blob | tree::EntryKind::BlobExecutable => EntryKind::File,
        }
    }
}
