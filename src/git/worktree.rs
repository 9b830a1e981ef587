//! The files of a worktree compared with the index, as `git add -A` compares them.
//!
//! Git itself is asked only for the names of untracked files, since it alone knows all sources of excludes. Tracked files are
//! compared here: no setting and no flag of the index, such as assume-unchanged, hides a change, and no filter runs.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use crate::error::Error;
use crate::git::command::GitCommand;
use crate::git::index::decoded::{DecodedEntries, DecodedEntry};
use crate::git::index::read_entries;
use crate::git::index::stat::IndexStat;
use crate::git::odb::objects::EntryKind;
use crate::git::path::to_path;
use crate::git::repository::Repository;
use crate::threads::{Threads, in_parts};

/// The files of a worktree.
pub(crate) struct WorktreeFiles {
    index: DecodedEntries<'static>,
    /// The tracked files that are on disk, sorted by path.
    pub tracked: Vec<TrackedFile>,
    /// The paths of files that are not tracked and not ignored.
    pub untracked: Vec<Vec<u8>>,
    /// The blobs of tracked files that are not on disk. An untracked file with the same content was renamed.
    pub removed: HashSet<ObjectId>,
    /// The paths of submodules and of other repositories in the worktree.
    pub repositories: Vec<Vec<u8>>,
    /// The errors for files and folders that cannot be read.
    pub unread: Vec<Error>,
}

/// A tracked file on disk.
pub(crate) struct TrackedFile {
    /// Relative to the top of the worktree.
    pub path: Vec<u8>,
    /// The blobs that the index has for the path. In a conflict there are several.
    pub blobs: Vec<ObjectId>,
    /// Whether the file may differ from the index.
    pub may_differ: bool,
}

/// What is on disk at the path of an index entry.
enum OnDisk {
    File(TrackedFile),
    Removed(Vec<ObjectId>),
    Repository(Vec<u8>),
    Unread(Error),
    /// A folder of a sparse index, whose files are not on disk.
    Sparse,
}

impl Repository {
    /// Compares the worktree at `top` with the index.
    pub(crate) fn worktree_files(&self, top: &Path, threads: Threads) -> Result<WorktreeFiles, Error> {
        let (path, git_dir) = (self.index_path()?, self.git_dir());
        let (tracked, untracked) = std::thread::scope(|scope| {
            let untracked = scope.spawn(|| query_untracked(git_dir, top));
            let index = read_entries(&path, git_dir, self.objects.hash());
            let tracked = index.map(|index| compare_tracked(index, &path, top, threads));
            (tracked, untracked.join().expect("the listing does not panic"))
        });
        let mut files = tracked?;
        match untracked {
            Ok(paths) => files.add_untracked(paths),
            Err(error) => files.unread.push(error),
        }
        Ok(files)
    }
}

/// Asks git for untracked files that it does not ignore. A path of another repository ends in `/`.
fn query_untracked(git_dir: &Path, top: &Path) -> Result<Vec<Vec<u8>>, Error> {
    list_files(git_dir, top, &["--others", "--exclude-standard"])
}

/// Returns the lines of `git ls-files -z OPTIONS` for the worktree at `top`. Fails if git cannot read a folder.
pub(crate) fn list_files(git_dir: &Path, top: &Path, options: &[&str]) -> Result<Vec<Vec<u8>>, Error> {
    let git_dir = std::path::absolute(git_dir).unwrap_or_else(|_| git_dir.to_owned());
    let top_from_root = std::path::absolute(top).unwrap_or_else(|_| top.to_owned());
    let place = [OsStr::new("--git-dir"), git_dir.as_os_str(), OsStr::new("--work-tree"), top_from_root.as_os_str()];
    let list = ["ls-files", "-z"].iter().chain(options).map(OsStr::new);
    let output = GitCommand::new(top, place.into_iter().chain(list)).run()?;
    // Git only warns about a folder that it cannot read.
    if !output.succeeded() || !output.stderr.is_empty() {
        let context = format!("cannot list the files of {}", top.display());
        let help = "make all folders of the worktree readable, and run git status to check the repository";
        return Err(Error::new(context, output.cause(), help));
    }
    Ok(output.stdout.split(|&b| b == 0).filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect())
}

impl WorktreeFiles {
    fn add_untracked(&mut self, paths: Vec<Vec<u8>>) {
        for mut path in paths {
            if path.ends_with(b"/") {
                path.pop();
                self.repositories.push(path);
            } else {
                self.untracked.push(path);
            }
        }
    }

    /// Returns whether the index has a file in this folder.
    pub fn is_tracked_folder(&self, folder: &[u8]) -> bool {
        let start = [folder, b"/"].concat();
        let entries = &self.index.entries;
        let first = entries.partition_point(|entry| self.index.path(entry) < &start[..]);
        entries.get(first).is_some_and(|entry| self.index.path(entry).starts_with(&start))
    }
}

/// Compares each entry of the index at `path` with the file on disk.
fn compare_tracked(index: DecodedEntries<'static>, path: &Path, top: &Path, threads: Threads) -> WorktreeFiles {
    let written = path.symlink_metadata().map(|meta| IndexStat::of(&meta)).unwrap_or_default();
    let entries = &index.entries;
    let parts = in_parts(entries.len(), threads, |part| {
        let is_first = |&at: &usize| at == 0 || index.path(&entries[at - 1]) != index.path(&entries[at]);
        let stages = |at: usize| {
            let path = index.path(&entries[at]);
            let count = entries[at..].iter().take_while(|entry| index.path(entry) == path).count();
            compare(path, &entries[at..at + count], &written, top)
        };
        part.filter(is_first).map(stages).collect::<Vec<OnDisk>>()
    });
    let (mut tracked, mut removed, mut repositories, mut unread) = (Vec::new(), HashSet::new(), Vec::new(), Vec::new());
    for on_disk in parts.into_iter().flatten() {
        match on_disk {
            OnDisk::File(file) => tracked.push(file),
            OnDisk::Removed(blobs) => removed.extend(blobs),
            OnDisk::Repository(path) => repositories.push(path),
            OnDisk::Unread(error) => unread.push(error),
            OnDisk::Sparse => {}
        }
    }
    WorktreeFiles { index, tracked, untracked: Vec::new(), removed, repositories, unread }
}

/// Compares the entries of one path, of which a conflict has several, with the file on disk. `written` is the state of the index.
fn compare(path: &[u8], entries: &[DecodedEntry], written: &IndexStat, top: &Path) -> OnDisk {
    if path.ends_with(b"/") {
        return OnDisk::Sparse;
    }
    if entries.iter().any(|entry| EntryKind::from(entry.entry.mode) == EntryKind::Submodule) {
        return OnDisk::Repository(path.to_vec());
    }
    let known = entries.iter().filter(|entry| !entry.entry.intent_to_add);
    let blobs: Vec<ObjectId> = known.map(|entry| entry.entry.id).collect();
    let on_disk = top.join(to_path(path));
    let meta = match on_disk.symlink_metadata() {
        Ok(meta) if meta.is_dir() => return OnDisk::Removed(blobs),
        Ok(meta) => meta,
        Err(err) if matches!(err.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return OnDisk::Removed(blobs);
        }
        Err(err) => {
            let context = format!("cannot read {}", path.as_bstr());
            return OnDisk::Unread(Error::new(context, err, "make it readable"));
        }
    };
    let may_differ = entries.len() > 1 || !is_same(&entries[0], &meta, written);
    if may_differ && is_below_link(&on_disk, top) {
        // Git tracks the link, and nothing behind it.
        return OnDisk::Removed(blobs);
    }
    OnDisk::File(TrackedFile { path: path.to_vec(), blobs, may_differ })
}

/// Returns whether the file is certainly the one that git hashed for the entry.
fn is_same(entry: &DecodedEntry, meta: &Metadata, written: &IndexStat) -> bool {
    let is_link = EntryKind::from(entry.entry.mode) == EntryKind::Symlink;
    is_link == meta.is_symlink() && entry.stat == IndexStat::of(meta) && entry.stat.is_older_than(written)
}

/// Returns whether a folder between `top` and the file is a symbolic link.
fn is_below_link(file: &Path, top: &Path) -> bool {
    let mut folders = file.ancestors().skip(1).take_while(|folder| *folder != top).map(PathBuf::from);
    folders.any(|folder| folder.is_symlink())
}
