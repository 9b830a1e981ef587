//! The source for files of the worktree that differ from the index: what `git add -A` would add to the staged change.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use crate::detect::Detector;
use crate::error::Error;
use crate::finding::{Part, Span};
use crate::git::command::GitCommand;
use crate::git::diff::lines::added;
use crate::git::odb::objects::{ObjectDirs, SUBMODULE};
use crate::git::path::to_path;
use crate::git::repository::Repository;
use crate::git::worktree::WorktreeFiles;
use crate::scan::file_type::FileType;
use crate::scan::files::Files;
use crate::scan::source::{AddedFilter, Coverage, Kind, Skipped, Source, Unit};
use crate::threads::Threads;

/// Files that the scan names and does not read.
const NO_FILE: &str = "a socket, a pipe or a device, not a file";

/// The changed and the untracked files of a worktree.
pub struct Unstaged<'r> {
    object_dirs: &'r Arc<ObjectDirs>,
    files: Files,
    /// The blobs that the index has for each tracked file. Lines in them are not new: the scan of the index reports them.
    tracked: HashMap<Vec<u8>, Vec<ObjectId>>,
    /// The blobs of tracked files that are not on disk.
    removed: HashSet<ObjectId>,
    /// The paths of all files to scan, for the question about filters.
    paths: Vec<Vec<u8>>,
    /// Whether each line of a tracked file counts as new.
    all: bool,
    skipped: Vec<Skipped>,
    unread: Vec<Error>,
}

impl<'r> Unstaged<'r> {
    /// Lists the files of the worktree at `top`. With `all`, unchanged tracked files are scanned too, and everything in a file
    /// counts as new.
    pub fn read(repository: &'r Repository, top: &Path, all: bool, threads: Threads) -> Result<Self, Error> {
        let mut listed = repository.worktree_files(top, threads)?;
        let mut unstaged = Self {
            object_dirs: &repository.object_dirs,
            files: Files::listed(Vec::new(), top),
            tracked: HashMap::new(),
            removed: std::mem::take(&mut listed.removed),
            paths: Vec::new(),
            all,
            skipped: Vec::new(),
            unread: std::mem::take(&mut listed.unread),
        };
        let mut files = Vec::new();
        for file in std::mem::take(&mut listed.tracked).into_iter().filter(|file| all || file.may_differ) {
            files.extend(unstaged.listed(&file.path, top));
            unstaged.tracked.insert(file.path, file.blobs);
        }
        for path in &listed.untracked {
            files.extend(unstaged.listed(path, top));
        }
        files.extend(new_folders(&listed).into_iter().map(|folder| (top.join(to_path(folder)), FileType::Folder)));
        unstaged.files = Files::listed(files, top);
        let repositories = listed.repositories.into_iter();
        unstaged.skipped.extend(repositories.map(|path| Skipped { path, why: SUBMODULE }));
        Ok(unstaged)
    }

    /// Sets whether archives are unpacked.
    #[cfg(feature = "archives")]
    #[must_use]
    pub fn with_archives(self, archives: bool) -> Self {
        Self { files: self.files.with_archives(archives), ..self }
    }

    /// Asks git which of the scanned files have a filter, and returns their paths. Git stores the output of the filter. No filter
    /// is run here.
    pub fn filtered(&self, top: &Path) -> Result<Vec<Vec<u8>>, Error> {
        if self.paths.is_empty() {
            return Ok(Vec::new());
        }
        let stdin = self.paths.iter().flat_map(|path| [path, &b"\0"[..]]).collect::<Vec<_>>().concat();
        let output = GitCommand::new(top, ["check-attr", "-z", "--stdin", "filter"]).stdin(stdin).run()?;
        if !output.succeeded() {
            let context = "cannot ask git for the filters of the changed files";
            return Err(Error::new(context, output.cause(), "check the .gitattributes files"));
        }
        // Each answer has the path, `filter`, and the name of the filter.
        let words: Vec<&[u8]> = output.stdout.split(|&b| b == 0).collect();
        let filtered = words.chunks_exact(3).filter(|answer| !matches!(answer[2], b"unspecified" | b"unset"));
        Ok(filtered.map(|answer| answer[0].to_vec()).collect())
    }

    /// Returns where the file at `path` is, and its type, if it can be scanned.
    fn listed(&mut self, path: &[u8], top: &Path) -> Option<(PathBuf, FileType)> {
        let on_disk = top.join(to_path(path));
        let file_type = match on_disk.symlink_metadata() {
            Ok(meta) if meta.is_symlink() => FileType::Symlink,
            Ok(meta) if meta.is_file() => FileType::File,
            Ok(_) => {
                self.skipped.push(Skipped { path: path.to_vec(), why: NO_FILE });
                return None;
            }
            Err(err) => {
                let context = format!("cannot read {}", path.as_bstr());
                self.unread.push(Error::new(context, err, "make it readable, or run the scan again if it was removed"));
                return None;
            }
        };
        self.paths.push(path.to_vec());
        Some((on_disk, file_type))
    }

    /// Returns for each span of a unit whether `git add -A` would add it to the index.
    fn is_new(&self, unit: &Unit<'_>, spans: &[Span]) -> Result<Vec<bool>, Error> {
        let path = unit.path.unwrap_or_default();
        let tracked = self.tracked.get(path);
        match (unit.part, tracked) {
            (Part::Name, Some(_)) => Ok(vec![self.all; spans.len()]),
            _ if self.all => Ok(vec![true; spans.len()]),
            (Part::Content | Part::SymlinkTarget, Some(blobs)) => self.added(path, blobs, unit.bytes, spans),
            (Part::Content, None) => Ok(vec![!self.is_renamed(unit.bytes); spans.len()]),
            _ => Ok(vec![true; spans.len()]),
        }
    }

    /// Returns for each span whether it is in a line that none of the blobs has.
    fn added(&self, path: &[u8], blobs: &[ObjectId], new: &[u8], spans: &[Span]) -> Result<Vec<bool>, Error> {
        let objects = self.object_dirs.reader();
        let mut is_new = vec![true; spans.len()];
        for id in blobs {
            let old = objects.blob_owned(id, &path.escape_ascii())?;
            // `core.autocrlf` changes the ends of lines on disk.
            let with_crlf = new.contains_str("\r\n").then(|| old.replace("\n", "\r\n"));
            for old in std::iter::once(&old).chain(&with_crlf) {
                for (is_new, added) in is_new.iter_mut().zip(added(old, new, spans)) {
                    *is_new &= added;
                }
            }
        }
        Ok(is_new)
    }

    /// Returns whether an untracked file has the content of a tracked file that is gone.
    fn is_renamed(&self, bytes: &[u8]) -> bool {
        let Some(hash) = self.removed.iter().next().map(ObjectId::kind) else { return false };
        let id = gix::objs::compute_hash(hash, gix::objs::Kind::Blob, bytes);
        id.is_ok_and(|id| self.removed.contains(&id))
    }
}

/// Returns the folders above the untracked files that have no tracked file.
fn new_folders(files: &WorktreeFiles) -> BTreeSet<&[u8]> {
    let mut folders = BTreeSet::new();
    for path in &files.untracked {
        let ends = path.rfind_iter("/");
        // The folder itself comes before the folders above it, and these are in the set if it is.
        for folder in ends.map(|end| &path[..end]) {
            if folders.contains(folder) || files.is_tracked_folder(folder) {
                break;
            }
            folders.insert(folder);
        }
    }
    folders
}

impl Source for Unstaged<'_> {
    fn kind(&self) -> Kind {
        Kind::Worktree
    }

    fn visit(&self, detector: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let visit_new = |unit: &Unit<'_>| {
            let compare = |spans: &[Span]| {
                let new = self.is_new(unit, spans)?;
                Ok(unit.added.is_added(spans)?.into_iter().zip(new).map(|(added, new)| added && new).collect())
            };
            visit(&Unit { added: AddedFilter::Compared(&compare), ..*unit });
        };
        let mut covered = self.files.visit(detector, threads, &visit_new);
        covered.skipped.extend(self.skipped.iter().cloned());
        covered.unread.extend(self.unread.iter().cloned());
        covered
    }
}
