//! The object database, read as git reads it, but for replacements: what a commit holds is what is scanned, not what
//! `git replace` shows in its place.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

use gix::ObjectId;
use gix::hash::{Kind, oid};
use gix::objs::tree::{EntryKind, EntryMode};
use gix::objs::{Find, TreeRefIter};

use crate::trouble::Trouble;

/// Every store that the repository and the environment name, shared by all threads.
pub(super) struct Stores {
    stores: Vec<Arc<gix::odb::Store>>,
    hash: Kind,
}

/// One thread's handle to them.
pub(super) struct Objects {
    stores: Vec<gix::odb::Handle>,
    hash: Kind,
}

/// One entry of a tree.
#[derive(Clone, Debug)]
pub(super) struct TreeEntry {
    pub name: Vec<u8>,
    pub mode: EntryMode,
    pub id: ObjectId,
}

impl Stores {
    /// The repository's own store, unless `GIT_OBJECT_DIRECTORY` names another, and those of
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`: gix reads neither variable.
    pub fn open(repository: &gix::ThreadSafeRepository, hash: Kind) -> Result<Self, Trouble> {
        let mut stores = match std::env::var_os("GIT_OBJECT_DIRECTORY").filter(|dir| !dir.is_empty()) {
            Some(dir) => vec![store(PathBuf::from(dir), hash)?],
            None => vec![repository.objects.clone()],
        };
        if let Some(dirs) = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
            for dir in alternates(&dirs).into_iter().filter(|dir| dir.is_dir()) {
                stores.push(store(dir, hash)?);
            }
        }
        Ok(Self { stores, hash })
    }

    pub fn reader(&self) -> Objects {
        let reading = |store: &Arc<gix::odb::Store>| {
            let mut handle = store.to_cache();
            handle.ignore_replacements = true;
            handle
        };
        Objects { stores: self.stores.iter().map(reading).collect(), hash: self.hash }
    }
}

impl Objects {
    pub fn hash(&self) -> Kind {
        self.hash
    }

    /// The blob's bytes, in `buffer`. `wanted_for` says whose they are, for the sentence that tells of a failure.
    pub fn blob<'b>(&self, id: &oid, wanted_for: &dyn Display, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Trouble> {
        buffer.clear();
        if id == ObjectId::empty_blob(self.hash) {
            return Ok(buffer);
        }
        self.object(id, gix::objs::Kind::Blob, wanted_for, buffer)
    }

    /// The tree's entries, in git's order.
    pub fn tree(&self, id: &oid, wanted_for: &dyn Display) -> Result<Vec<TreeEntry>, Trouble> {
        if id == ObjectId::empty_tree(self.hash) {
            return Ok(Vec::new());
        }
        let mut buffer = Vec::new();
        let bytes = self.object(id, gix::objs::Kind::Tree, wanted_for, &mut buffer)?;
        TreeRefIter::from_bytes(bytes, self.hash)
            .map(|entry| entry.map(|e| TreeEntry { name: e.filename.to_vec(), mode: e.mode, id: e.oid.to_owned() }))
            .collect::<Result<_, _>>()
            .map_err(|err| unreadable(id, gix::objs::Kind::Tree, wanted_for, err))
    }

    /// What stands at `path` in `tree`.
    pub fn lookup(&self, tree: &oid, path: &[u8]) -> Result<Option<TreeEntry>, Trouble> {
        let (name, rest) = match path.iter().position(|&b| b == b'/') {
            Some(slash) => (&path[..slash], Some(&path[slash + 1..])),
            None => (path, None),
        };
        let entry = self.tree(tree, &path.escape_ascii())?.into_iter().find(|entry| entry.name == name);
        match (entry, rest) {
            (Some(folder), Some(rest)) if folder.mode.is_tree() => self.lookup(&folder.id, rest),
            (Some(_), Some(_)) => Ok(None),
            (found, _) => Ok(found),
        }
    }

    /// Every file and link below `tree`, with `path` in front.
    pub fn files_below(
        &self,
        tree: &oid,
        path: &[u8],
        visit: &mut dyn FnMut(Vec<u8>, TreeEntry),
    ) -> Result<(), Trouble> {
        for entry in self.tree(tree, &path.escape_ascii())? {
            let full = if path.is_empty() { entry.name.clone() } else { [path, b"/", &entry.name].concat() };
            if entry.mode.is_tree() {
                self.files_below(&entry.id, &full, visit)?;
            } else {
                visit(full, entry);
            }
        }
        Ok(())
    }

    /// The tree that the commit holds.
    pub fn tree_of_commit(&self, id: &oid, wanted_for: &dyn Display) -> Result<ObjectId, Trouble> {
        let mut buffer = Vec::new();
        let bytes = self.object(id, gix::objs::Kind::Commit, wanted_for, &mut buffer)?;
        gix::objs::CommitRefIter::from_bytes(bytes, self.hash)
            .tree_id()
            .map_err(|err| unreadable(id, gix::objs::Kind::Commit, wanted_for, err))
    }

    pub fn has(&self, id: &oid) -> bool {
        let mut buffer = Vec::new();
        id == ObjectId::empty_tree(self.hash)
            || self.stores.iter().any(|store| matches!(store.try_find(id, &mut buffer), Ok(Some(_))))
    }

    fn object<'b>(
        &self,
        id: &oid,
        kind: gix::objs::Kind,
        wanted_for: &dyn Display,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], Trouble> {
        for store in &self.stores {
            match store.try_find(id, buffer) {
                Ok(Some(found)) if found.kind == kind => return Ok(buffer),
                Ok(Some(found)) => {
                    return Err(unreadable(id, kind, wanted_for, format!("it is a {}", found.kind)));
                }
                Ok(None) => {}
                Err(err) => return Err(unreadable(id, kind, wanted_for, err)),
            }
        }
        Err(Trouble::new(
            format!("cannot read {kind} {} for {wanted_for}", named(id)),
            "the object is not in this repository (a partial clone, or damage)",
            "fetch it with git fetch, or look for the damage with git fsck",
        ))
    }
}

/// Enough of an id to find the object by; all of it would look like a token, and be masked.
fn named(id: &oid) -> impl Display + '_ {
    id.to_hex_with_len(16)
}

fn unreadable(id: &oid, kind: gix::objs::Kind, wanted_for: &dyn Display, cause: impl Display) -> Trouble {
    Trouble::new(
        format!("cannot read {kind} {} for {wanted_for}", named(id)),
        cause,
        "look for the damage with git fsck",
    )
}

fn store(dir: PathBuf, hash: Kind) -> Result<Arc<gix::odb::Store>, Trouble> {
    let shown = dir.display().to_string();
    gix::odb::Store::at_opts(dir, hash, &mut std::iter::empty(), gix::odb::store::init::Options::default())
        .map(Arc::new)
        .map_err(|err| {
            Trouble::new(
                format!("cannot open the object directory {shown}"),
                err,
                "correct or unset GIT_OBJECT_DIRECTORY and GIT_ALTERNATE_OBJECT_DIRECTORIES",
            )
        })
}

/// The variable's folders; one that starts with a double quote is quoted as in C.
fn alternates(dirs: &std::ffi::OsStr) -> Vec<PathBuf> {
    let unquoted = |dir: PathBuf| -> PathBuf {
        let text = dir.to_string_lossy();
        match gix::quote::ansi_c::undo(text.as_ref().into()) {
            Ok((unquoted, _)) if text.starts_with('"') => gix::path::from_bstring(unquoted.into_owned()).unwrap_or(dir),
            _ => dir,
        }
    };
    std::env::split_paths(dirs).filter(|dir| !dir.as_os_str().is_empty()).map(unquoted).collect()
}

/// What an entry is to a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    File,
    Symlink,
    Submodule,
    Folder,
}

impl From<EntryMode> for Kept {
    fn from(mode: EntryMode) -> Self {
        match mode.kind() {
            EntryKind::Tree => Kept::Folder,
            EntryKind::Link => Kept::Symlink,
            EntryKind::Commit => Kept::Submodule,
            EntryKind::Blob | EntryKind::BlobExecutable => Kept::File,
        }
    }
}
