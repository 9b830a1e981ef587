//! The object database, read as git reads it, except that `git replace` has no effect: the original objects are scanned.

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
use crate::git::odb::missing::MissingObjects;
use crate::git::odb::packed::PackIndexes;
use crate::regular_file;

/// The size of a thread's cache of delta bases, in bytes. With the cache, a push of 1,000 commits in a clone of git/git
/// takes two thirds of the time.
const DELTA_BASES: usize = 48 << 20;

/// The object directories of the repository and of the environment. All threads share them.
pub(crate) struct ObjectDirs {
    /// The repository's own directory comes first.
    dirs: Vec<PathBuf>,
    /// gix's stores for `dirs`, opened on first use.
    gix: OnceLock<Result<Vec<Arc<gix::odb::Store>>, Error>>,
    /// The alternates of `dirs`.
    alternates: OnceLock<Result<Vec<PathBuf>, Error>>,
    hash: Kind,
}

/// A reader of objects, for one thread.
pub(crate) struct Objects {
    loose: RefCell<Loose>,
    packs: RefCell<PackIndexes>,
    /// gix is asked last, and its answer is final.
    dirs: Arc<ObjectDirs>,
    /// Readers for the loose objects of all other directories.
    alternates: OnceCell<RefCell<Vec<Loose>>>,
    handles: OnceCell<Vec<gix::odb::Handle>>,
    hash: Kind,
    missing: Option<Arc<MissingObjects>>,
}

/// One entry of a tree.
#[derive(Clone, Debug)]
pub(crate) struct TreeEntry {
    pub mode: EntryMode,
    pub id: ObjectId,
}

/// A tree object. Its entries are parsed in place, so a tree of a thousand files costs a single allocation.
pub(crate) struct Tree {
    buffer: Vec<u8>,
    /// The range of the tree in the buffer.
    bytes: Range<usize>,
    hash: Kind,
}

/// A cursor over the entries of a tree, in git's order.
pub(crate) struct TreeCursor<'t> {
    rest: TreeRefIter<'t>,
    current: Option<EntryRef<'t>>,
}

impl Tree {
    pub fn walk(&self) -> Result<TreeCursor<'_>, Error> {
        let mut walk =
            TreeCursor { rest: TreeRefIter::from_bytes(&self.buffer[self.bytes.clone()], self.hash), current: None };
        walk.step()?;
        Ok(walk)
    }
}

impl<'t> TreeCursor<'t> {
    pub fn current(&self) -> Option<EntryRef<'t>> {
        self.current
    }

    pub fn step(&mut self) -> Result<(), Error> {
        self.current = self
            .rest
            .next()
            .transpose()
            .map_err(|err| Error::new("cannot read a tree to its end", err, "run git fsck to find the damage"))?;
        Ok(())
    }

    /// Returns the current entry, and moves to the next one.
    pub fn take(&mut self) -> Result<Option<EntryRef<'t>>, Error> {
        let taken = self.current;
        if taken.is_some() {
            self.step()?;
        }
        Ok(taken)
    }
}

impl ObjectDirs {
    /// `own` is the repository's own object directory. `GIT_OBJECT_DIRECTORY` replaces it, and the directories of
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES` follow it. gix reads neither variable.
    pub fn new(own: PathBuf, hash: Kind) -> Self {
        let custom = std::env::var_os("GIT_OBJECT_DIRECTORY").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let mut dirs = vec![custom.unwrap_or(own)];
        if let Some(more) = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
            dirs.extend(parse_dirs(&more).into_iter().filter(|dir| dir.is_dir()));
        }
        Self { dirs, gix: OnceLock::new(), alternates: OnceLock::new(), hash }
    }

    /// The object directories, without their alternates.
    pub fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    pub fn reader(self: &Arc<Self>) -> Objects {
        self.new_reader(Box::new(cache::Never))
    }

    /// A reader for many objects of a history. It caches delta bases.
    pub fn history_reader(self: &Arc<Self>) -> Objects {
        self.new_reader(Box::new(cache::lru::MemoryCappedHashmap::new(DELTA_BASES)))
    }

    fn new_reader(self: &Arc<Self>, delta_bases: Box<dyn cache::DecodeEntry + Send>) -> Objects {
        Objects {
            loose: RefCell::new(Loose::new(&self.dirs[0])),
            packs: RefCell::new(PackIndexes::new(self.dirs.clone(), self.hash, delta_bases)),
            dirs: self.clone(),
            alternates: OnceCell::new(),
            handles: OnceCell::new(),
            hash: self.hash,
            missing: None,
        }
    }

    fn alternates(&self) -> Result<&[PathBuf], Error> {
        let list = || {
            let mut unread = Vec::new();
            let all = with_alternates(&self.dirs, &mut unread);
            unread.pop().map_or_else(|| Ok(all.into_iter().skip(1).collect()), Err)
        };
        self.alternates.get_or_init(list).as_deref().map_err(Clone::clone)
    }

    /// Opens gix's stores. Opening lists all packs, so it is left until an object is not found without them.
    fn gix(&self) -> Result<&[Arc<gix::odb::Store>], Error> {
        let open = || {
            self.expect_no_pipe_among_packs()?;
            self.dirs.iter().map(|dir| store(dir.clone(), self.hash)).collect()
        };
        self.gix.get_or_init(open).as_deref().map_err(Clone::clone)
    }

    /// Fails if a pipe is in a pack directory. gix maps packs and their indexes, and would wait for the pipe.
    pub(crate) fn expect_no_pipe_among_packs(&self) -> Result<(), Error> {
        let dirs = with_alternates(&self.dirs, &mut Vec::new()).into_iter().map(|dir| dir.join("pack"));
        let files = dirs.filter_map(|folder| folder.read_dir().ok()).flatten().flatten().map(|file| file.path());
        files.into_iter().try_for_each(|file| {
            let refused = |err| {
                let context = format!("cannot read {}", file.display());
                Error::new(context, err, "remove it, and run git fsck --full to find the damage")
            };
            regular_file::expect(&file).map_err(refused)
        })
    }
}

impl Objects {
    pub fn hash(&self) -> Kind {
        self.hash
    }

    /// From now on, records missing blobs and trees in `missing`; without this, each is an error. Content that is compared
    /// with a missing object counts as new.
    pub fn recording_missing(self, missing: Arc<MissingObjects>) -> Self {
        Self { missing: Some(missing), ..self }
    }

    /// The bytes of a blob, which are in `buffer`. None if the blob is missing and was recorded. `context` names what
    /// the blob belongs to, for error messages.
    pub fn blob<'b>(
        &self,
        id: &oid,
        context: &dyn Display,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<&'b [u8]>, Error> {
        buffer.clear();
        if id == ObjectId::empty_blob(self.hash) {
            return Ok(Some(buffer));
        }
        let bytes = self.try_object(id, gix::objs::Kind::Blob, context, buffer)?;
        Ok(bytes.map(|bytes| &buffer[bytes]))
    }

    /// The bytes of a blob, owned. Empty if the blob is missing and was recorded.
    pub fn blob_owned(&self, id: &oid, context: &dyn Display) -> Result<Vec<u8>, Error> {
        let mut buffer = Vec::new();
        Ok(self.blob(id, context, &mut buffer)?.unwrap_or_default().to_vec())
    }

    /// Reads a tree. None if it is missing and was recorded.
    pub fn try_tree(&self, id: &oid, context: &dyn Display) -> Result<Option<Tree>, Error> {
        let mut buffer = Vec::new();
        let bytes = match id {
            _ if id == ObjectId::empty_tree(self.hash) => Some(0..0),
            _ => self.try_object(id, gix::objs::Kind::Tree, context, &mut buffer)?,
        };
        Ok(bytes.map(|bytes| Tree { buffer, bytes, hash: self.hash }))
    }

    /// Reads a tree. Empty if it is missing and was recorded.
    pub fn tree(&self, id: &oid, context: &dyn Display) -> Result<Tree, Error> {
        let tree = self.try_tree(id, context)?;
        Ok(tree.unwrap_or_else(|| Tree { buffer: Vec::new(), bytes: 0..0, hash: self.hash }))
    }

    /// The entry at `path` in `tree`, if there is one.
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

    /// The id of the regular file `name` at the top of `tree`, if there is one.
    pub fn top_file(&self, tree: &oid, name: &str) -> Result<Option<ObjectId>, Error> {
        let entry = self.lookup(tree, name.as_bytes())?.filter(|entry| EntryKind::from(entry.mode) == EntryKind::File);
        Ok(entry.map(|entry| entry.id))
    }

    /// Visits every entry below `tree` that is not a tree. `path` is the prefix of the paths.
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

    /// Reads and parses a commit. A missing commit is always an error.
    pub fn commit(&self, id: &oid, context: &dyn Display) -> Result<Commit, Error> {
        let mut buffer = Vec::new();
        let kind = gix::objs::Kind::Commit;
        let bytes = self.try_object(id, kind, context, &mut buffer)?;
        let bytes = bytes.ok_or_else(|| missing(id, &kind, context))?;
        Commit::parse(&buffer[bytes], self.hash).map_err(|err| unreadable(id, &kind, context, err))
    }

    /// The kind and the bytes of an object of any kind. A missing object is always an error.
    pub fn any<'b>(
        &self,
        id: &oid,
        context: &dyn Display,
        buffer: &'b mut Vec<u8>,
    ) -> Result<(gix::objs::Kind, &'b [u8]), Error> {
        let found = self.find(id, None, context, buffer)?;
        let (kind, bytes) = found.ok_or_else(|| missing(id, &"object", context))?;
        Ok((kind, &buffer[bytes]))
    }

    /// The range of the object's bytes in `buffer`. None if the object is missing and was recorded. An object of another
    /// kind is an error.
    fn try_object(
        &self,
        id: &oid,
        kind: gix::objs::Kind,
        context: &dyn Display,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Range<usize>>, Error> {
        match (self.find(id, Some(kind), context, buffer)?, &self.missing) {
            (Some((found, bytes)), _) if found == kind => Ok(Some(bytes)),
            (Some((found, _)), _) => Err(unreadable(id, &kind, context, format!("it is a {found}"))),
            (None, Some(missing)) => {
                missing.record(id);
                Ok(None)
            }
            (None, None) => Err(missing(id, &kind, context)),
        }
    }

    /// The object's kind, and the range of its bytes in `buffer`. None if the object is missing.
    fn find(
        &self,
        id: &oid,
        expected: Option<gix::objs::Kind>,
        context: &dyn Display,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<(gix::objs::Kind, Range<usize>)>, Error> {
        let what: &dyn Display = match &expected {
            Some(kind) => kind,
            None => &"object",
        };
        let failed = |err: gix::Error| unreadable(id, what, context, err);
        let found = match self.find_fast(id, expected, buffer).map_err(failed) {
            Ok(Some(found)) => Some(found),
            Ok(None) => self.find_slow(id, buffer, &failed)?.map(|kind| (kind, 0)),
            // An alternate may have a good copy.
            Err(damage) => Some((self.find_slow(id, buffer, &failed).ok().flatten().ok_or(damage)?, 0)),
        };
        Ok(found.map(|(kind, start)| (kind, start..buffer.len())))
    }

    /// Looks for the object where most are: blobs that were just staged are loose, trees and commits of HEAD are packed.
    /// Returns its kind and the offset of its bytes in `buffer`.
    fn find_fast(
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
            // Like git, read a packed copy if the loose one is damaged.
            return packed(buffer).map_or(loose, |found| Ok(Some(found)));
        }
        loose
    }

    /// Looks for the object in the alternates and then through gix. Few objects are read in this way.
    ///
    /// gix stops at the size that a loose object's header states, and does not verify the checksum of the stream. Therefore
    /// the id of the object is verified.
    fn find_slow(
        &self,
        id: &oid,
        buffer: &mut Vec<u8>,
        failed: &dyn Fn(gix::Error) -> Error,
    ) -> Result<Option<gix::objs::Kind>, Error> {
        // Unlike git, gix rejects alternates that name each other, and resolves relative ones from another directory.
        let alternates = self.dirs.alternates()?;
        for store in self
            .alternates
            .get_or_init(|| RefCell::new(alternates.iter().map(|dir| Loose::new(dir)).collect()))
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
        let stores = self.dirs.gix()?;
        let open_handle = |store: &Arc<gix::odb::Store>| {
            let mut handle = store.to_cache();
            handle.ignore_replacements = true;
            handle
        };
        let mut damage = None;
        for handle in self.handles.get_or_init(|| stores.iter().map(open_handle).collect()) {
            buffer.clear();
            let Some(kind) = handle.try_find(id, buffer).map_err(failed)?.map(|found| found.kind) else { continue };
            if gix::objs::compute_hash(self.hash, kind, buffer).is_ok_and(|actual| actual == id) {
                return Ok(Some(kind));
            }
            damage = Some(failed(gix::error::corruption("the hash of its content is not its id").into()));
        }
        damage.map_or(Ok(None), Err)
    }
}

fn missing(id: &oid, kind: &dyn Display, context: &dyn Display) -> Error {
    Error::new(
        format!("cannot read {kind} {} for {context}", short_hex(id)),
        "the object is not in this repository (a partial clone, or damage)",
        "fetch it with git fetch, or run git fsck to find the damage",
    )
}

/// The first 16 digits of an id, enough to find the object. A full id would look like a token, and be masked.
fn short_hex(id: &oid) -> impl Display + '_ {
    id.to_hex_with_len(16)
}

fn unreadable(id: &oid, kind: &dyn Display, context: &dyn Display, cause: impl Display) -> Error {
    Error::new(format!("cannot read {kind} {} for {context}", short_hex(id)), cause, "run git fsck to find the damage")
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

/// The directories in `GIT_ALTERNATE_OBJECT_DIRECTORIES`. One that starts with a double quote is quoted as in C, and may
/// contain the separator.
fn parse_dirs(list: &OsStr) -> Vec<PathBuf> {
    const SEPARATOR: u8 = if cfg!(windows) { b';' } else { b':' };
    let Ok(mut rest) = gix::path::os_str_into_bstr(list) else { return Vec::new() };
    let mut dirs = Vec::new();
    while !rest.is_empty() {
        let unquoted = || {
            let end = rest.find_byte(SEPARATOR).unwrap_or(rest.len());
            (Cow::Borrowed(rest[..end].as_bstr()), end)
        };
        let quoted = rest.starts_with(b"\"").then(|| gix::quote::ansi_c::undo(rest).ok()).flatten();
        let (folder, end) = quoted.unwrap_or_else(unquoted);
        let folder = gix::path::from_bstr(folder).map_or_else(|_| PathBuf::new(), Cow::into_owned);
        dirs.extend(Some(folder).filter(|folder| !folder.as_os_str().is_empty()));
        let tail = &rest[end..];
        rest = tail.strip_prefix(&[SEPARATOR]).unwrap_or(tail).as_bstr();
    }
    dirs
}

/// Whether a blob is a Git LFS pointer. Format: the "Git LFS Specification" of git-lfs, "The Pointer".
pub(crate) fn is_lfs_pointer(blob: &[u8]) -> bool {
    blob.starts_with(b"version https://git-lfs.github.com/spec/v1\n")
}

/// Why the content of an LFS pointer is not scanned.
pub(crate) const LFS_POINTER: &str = "a Git LFS pointer: its content is stored outside of git";

/// The error for LFS pointers in a history.
pub(crate) fn lfs_pointers_error(count: usize) -> Error {
    Error::new(
        format!("cannot scan the content of {}", counted(count, "Git LFS pointer")),
        "the object database has the pointers, not the files",
        "run git lfs fetch --all, then keysweep files .git/lfs/objects",
    )
}

/// Why a submodule is not scanned.
pub(crate) const SUBMODULE: &str = "a submodule: it is a separate repository";

/// The kind of a tree or index entry, without the executable bit.
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
