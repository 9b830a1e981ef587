//! The source for what the worktree has and the next commit could take: the index, and every file that `git add -A` would add.
//!
//! Git lists the names and ids. The content is read from disk and, where the index has another content, from the object database.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::hash::Kind as HashKind;

use crate::detect::Detector;
use crate::error::Error;
use crate::finding::Part;
use crate::git::odb::objects::Objects;
use crate::git::path::to_path;
use crate::git::repository::Repository;
use crate::git::worktree::list_files;
use crate::regular_file;
use crate::scan::files::bytes_of;
use crate::scan::parallel::run_parallel;
use crate::scan::source::{AddedFilter, Coverage, Kind, Skipped, Source, Unit};
use crate::threads::Threads;

/// The minimum size of a file that is mapped, in bytes.
const MIN_MAPPED: u64 = 64 << 20;

const SUBMODULE: &str = "a submodule: run keysweep in it";
const NESTED: &str = "another repository, which git add -A would take for a submodule: run keysweep in it";

/// The files of a worktree. Symbolic links are not followed, but their targets are scanned as text.
pub(crate) struct Worktree<'r> {
    repository: &'r Repository,
    top: PathBuf,
    entries: Vec<ListedFile>,
    skipped: Vec<Skipped>,
}

/// Called with the path and the content of each file on disk, from several threads.
pub(crate) type OnContent<'a> = dyn Fn(&[u8], &[u8]) + Sync + 'a;

struct ListedFile {
    path: Vec<u8>,
    /// The blob in the index. `None` if the file is untracked.
    id: Option<ObjectId>,
    is_link: bool,
    /// Whether a component of its folder is a symbolic link or missing, so that git takes the file for deleted.
    is_beyond_link: bool,
}

impl<'r> Worktree<'r> {
    /// Lists the files. `top` is the top of the worktree.
    pub fn list(repository: &'r Repository, top: &Path) -> Result<Self, Error> {
        let mut worktree = Self { repository, top: top.to_owned(), entries: Vec::new(), skipped: Vec::new() };
        let mut folders = Folders { top, real: HashMap::new() };
        let mut seen: HashSet<(Vec<u8>, Option<ObjectId>)> = HashSet::new();
        for line in list_files(repository.git_dir(), top, &["--stage"])? {
            let Some((mode, id, path)) = index_line(&line) else { continue };
            if mode == b"160000" {
                worktree.skipped.push(Skipped { path: path.to_owned(), why: SUBMODULE });
            } else if seen.insert((path.to_owned(), Some(id))) {
                let (is_link, is_beyond_link) = (mode == b"120000", folders.is_beyond_link(path));
                worktree.entries.push(ListedFile { path: path.to_owned(), id: Some(id), is_link, is_beyond_link });
            }
        }
        for path in list_files(repository.git_dir(), top, &["--others", "--exclude-standard"])? {
            if path.ends_with(b"/") {
                worktree.skipped.push(Skipped { path, why: NESTED });
            } else {
                let is_beyond_link = folders.is_beyond_link(&path);
                worktree.entries.push(ListedFile { path, id: None, is_link: false, is_beyond_link });
            }
        }
        Ok(worktree)
    }

    /// The same source, which also calls a function with the content of each file on disk.
    pub fn calling<'a>(&'a self, on_content: &'a OnContent<'a>) -> Calling<'a> {
        Calling { worktree: self, on_content }
    }

    /// The paths of all files, each with whether git tracks it.
    pub fn paths(&self) -> impl Iterator<Item = (&[u8], bool)> {
        self.entries.iter().map(|entry| (&entry.path[..], entry.id.is_some()))
    }
}

/// The paths that git ignores and does not track. An ignored folder is one path with a `/` at its end.
pub(crate) fn ignored_paths(repository: &Repository, top: &Path) -> Result<Vec<Vec<u8>>, Error> {
    list_files(repository.git_dir(), top, &["--others", "--ignored", "--exclude-standard", "--directory"])
}

/// Parses `<mode> <id> <stage>\t<path>`.
fn index_line(line: &[u8]) -> Option<(&[u8], ObjectId, &[u8])> {
    let tab = line.iter().position(|&b| b == b'\t')?;
    let mut fields = line[..tab].split(|&b| b == b' ');
    let (mode, id) = (fields.next()?, ObjectId::from_hex(fields.next()?).ok()?);
    Some((mode, id, &line[tab + 1..]))
}

/// Which folders of the worktree are real folders. A symbolic link in a path could lead out of the repository.
struct Folders<'a> {
    top: &'a Path,
    real: HashMap<Vec<u8>, bool>,
}

impl Folders<'_> {
    fn is_beyond_link(&mut self, path: &[u8]) -> bool {
        let mut slashes = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at);
        !slashes.all(|slash| self.is_real(&path[..slash]))
    }

    fn is_real(&mut self, folder: &[u8]) -> bool {
        if let Some(known) = self.real.get(folder) {
            return *known;
        }
        let is_real = self.top.join(to_path(folder)).symlink_metadata().is_ok_and(|meta| meta.is_dir());
        self.real.insert(folder.to_owned(), is_real);
        is_real
    }
}

/// What is on disk at the path of an entry.
enum OnDisk {
    Nothing,
    Link,
    File(u64),
    Folder,
}

impl ListedFile {
    fn unit<'a>(&'a self, part: Part, bytes: &'a [u8]) -> Unit<'a> {
        Unit { path: Some(&self.path), part, origin: None, bytes, hits: None, added: AddedFilter::Whole }
    }

    fn on_disk(&self, path: &Path) -> io::Result<OnDisk> {
        if self.is_beyond_link {
            return Ok(OnDisk::Nothing);
        }
        match path.symlink_metadata() {
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(OnDisk::Nothing),
            Err(err) => Err(err),
            Ok(meta) if meta.is_symlink() => Ok(OnDisk::Link),
            Ok(meta) if meta.is_dir() => Ok(OnDisk::Folder),
            Ok(meta) if meta.is_file() => Ok(OnDisk::File(meta.len())),
            Ok(_) => Err(io::Error::other("it is a pipe, a socket or a device, not a file")),
        }
    }
}

/// Reads the entries of a worktree. Threads share it.
struct EntryReader<'a> {
    top: &'a Path,
    on_content: &'a OnContent<'a>,
}

impl EntryReader<'_> {
    fn scan(
        &self,
        entry: &ListedFile,
        objects: &Objects,
        buffer: &mut Vec<u8>,
        visit: &dyn Fn(&Unit<'_>),
        covered: &mut Coverage,
    ) {
        visit(&entry.unit(Part::Name, &entry.path));
        let path = self.top.join(to_path(&entry.path));
        let is_in_index = match self.scan_on_disk(entry, &path, objects.hash(), buffer, visit, covered) {
            Ok(id) => id.is_some() && id == entry.id,
            Err(err) => {
                let context = format!("cannot read {}", path.display());
                covered.unread.push(Error::new(context, err, "make it a readable file"));
                false
            }
        };
        let Some(id) = entry.id.filter(|_| !is_in_index) else { return };
        match objects.blob(&id, &path.display(), buffer) {
            Ok(Some(blob)) => {
                covered.objects += 1;
                covered.bytes += blob.len() as u64;
                let part = if entry.is_link { Part::SymlinkTarget } else { Part::Content };
                visit(&entry.unit(part, blob));
            }
            Ok(None) => {}
            Err(error) => covered.unread.push(error),
        }
    }

    /// Scans what is on disk, and returns the id that a blob with this content has.
    fn scan_on_disk(
        &self,
        entry: &ListedFile,
        path: &Path,
        hash: HashKind,
        buffer: &mut Vec<u8>,
        visit: &dyn Fn(&Unit<'_>),
        covered: &mut Coverage,
    ) -> io::Result<Option<ObjectId>> {
        let mapped;
        let (part, bytes) = match entry.on_disk(path)? {
            OnDisk::Nothing | OnDisk::Folder => return Ok(None),
            OnDisk::Link => {
                *buffer = bytes_of(&fs::read_link(path)?).into_owned().into();
                (Part::SymlinkTarget, &buffer[..])
            }
            OnDisk::File(len) if len >= MIN_MAPPED => {
                mapped = crate::git::mmap::map(path)?;
                (Part::Content, &mapped[..])
            }
            OnDisk::File(_) => {
                buffer.clear();
                regular_file::open(path)?.read_to_end(buffer)?;
                (Part::Content, &buffer[..])
            }
        };
        covered.files += 1;
        covered.bytes += bytes.len() as u64;
        visit(&entry.unit(part, bytes));
        if part == Part::Content {
            (self.on_content)(&entry.path, bytes);
        }
        Ok(entry.id.and_then(|_| gix::objs::compute_hash(hash, gix::objs::Kind::Blob, bytes).ok()))
    }
}

/// A worktree, and what to call with the content of each file on disk.
pub(crate) struct Calling<'a> {
    worktree: &'a Worktree<'a>,
    on_content: &'a OnContent<'a>,
}

impl Source for Calling<'_> {
    fn kind(&self) -> Kind {
        Kind::Files
    }

    fn visit(&self, _: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let Worktree { repository, top, entries, skipped } = self.worktree;
        let (reader, object_dirs) = (EntryReader { top, on_content: self.on_content }, &repository.object_dirs);
        let mut covered = run_parallel(
            entries.len(),
            threads,
            &repository.objects,
            || object_dirs.reader(),
            |objects, buffer, at, covered| reader.scan(&entries[at], objects, buffer, visit, covered),
        );
        covered.skipped.extend(skipped.iter().cloned());
        covered
    }
}
