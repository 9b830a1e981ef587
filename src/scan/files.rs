//! The source for files and folders on disk, and for standard input.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::detect::Detector;
use crate::error::Error;
use crate::finding::{Part, Span};
use crate::git::reftable;
use crate::scan::file_type::{FileType, is_git_dir};
use crate::scan::git_dir::GitFiles;
use crate::scan::ignored::Ignored;
use crate::scan::parallel::run_parallel;
use crate::scan::source::{AddedFilter, Coverage, Kind, Skipped, Source, Unit};
use crate::threads::Threads;

/// The minimum size of a file that is mapped, in bytes. For smaller files, copying into a warm buffer is as fast.
const MIN_MAPPED: u64 = 64 << 20;

/// The reason why `--respect-gitignore` skips a file or a whole folder.
const IGNORED: &str = "git ignores it and does not track it";

/// The argument for standard input.
pub(crate) const STDIN: &str = "-";

/// The files to scan. Folders are walked recursively. Symbolic links in them are not followed, but their targets are scanned as text.
pub struct Files {
    entries: Vec<FileEntry>,
    /// Paths that the walk skipped.
    skipped: Vec<Skipped>,
    /// Paths that the walk could not read.
    unread: Vec<Error>,
    /// The budget for unpacking. `None` if archives are not unpacked.
    #[cfg(feature = "archives")]
    archives: Option<crate::scan::archive::Budget>,
}

struct FileEntry {
    on_disk: PathBuf,
    /// The path for reports and globs: relative to the top of the repository, or, outside of it, as the user wrote it.
    path: Vec<u8>,
    file_type: FileType,
}

impl Files {
    /// Finds the files below `paths`, and adds the files of a git directory. `top` is the top of the repository that contains the
    /// current directory.
    pub fn find(paths: &[PathBuf], git_files: GitFiles, top: Option<&Path>, respect_gitignore: bool) -> Self {
        let mut files = Self {
            entries: Vec::new(),
            skipped: Vec::new(),
            unread: Vec::new(),
            #[cfg(feature = "archives")]
            archives: None,
        };
        let mapper = match PathMapper::new(top) {
            Ok(mapper) => mapper,
            Err(err) => {
                files.unread.push(Error::new(
                    "cannot find the current directory",
                    err,
                    "change into a directory that exists",
                ));
                return files;
            }
        };
        for path in paths {
            if path.as_os_str() == STDIN {
                files.entries.push(FileEntry { on_disk: path.clone(), path: STDIN.into(), file_type: FileType::Stdin });
            } else {
                files.add(path, &mapper, respect_gitignore);
            }
        }
        for (path, file_type) in git_files.entries {
            files.push(&path, &mapper, file_type);
        }
        let skipped = git_files.skipped.into_iter().map(|(path, why)| Skipped { path: mapper.path(&path), why });
        files.skipped.extend(skipped);
        files.unread.extend(git_files.unread);
        // Remove duplicates: a user may name a file twice, or a file and its folder.
        let mut seen = HashSet::new();
        files.entries.retain(|entry| seen.insert((entry.file_type, entry.path.clone())));
        // An ignored file is scanned if the user names it.
        let named: HashSet<&[u8]> = files.entries.iter().map(|entry| &entry.path[..]).collect();
        files.skipped.retain(|skipped| skipped.why != IGNORED || !named.contains(&skipped.path[..]));
        files
    }

    /// These files and folders, and no others.
    pub(crate) fn listed(paths: Vec<(PathBuf, FileType)>, top: &Path) -> Self {
        let mut files = Self::find(&[], GitFiles::default(), Some(top), false);
        if let Ok(mapper) = PathMapper::new(Some(top)) {
            for (path, file_type) in paths {
                files.push(&path, &mapper, file_type);
            }
        }
        files
    }

    /// Sets whether archives are unpacked.
    #[cfg(feature = "archives")]
    #[must_use]
    pub fn with_archives(self, archives: bool) -> Self {
        Self { archives: archives.then(Default::default), ..self }
    }

    /// Reports standard input as the file at `path`, which need not exist. Globs apply to that path.
    #[must_use]
    pub fn with_stdin_as(mut self, path: &Path, top: Option<&Path>) -> Self {
        // If the current directory is gone, the walk has reported that.
        if let Ok(mapper) = PathMapper::new(top) {
            let stdin = self.entries.iter_mut().filter(|entry| entry.file_type == FileType::Stdin);
            stdin.for_each(|entry| entry.path = mapper.path(path));
        }
        self
    }

    /// Skips the file at `path`, if it is among the files, and reports that.
    #[must_use]
    pub fn without(mut self, path: &Path, why: &'static str) -> Self {
        let Ok(excluded) = path.canonicalize() else { return self };
        let is_excluded = |entry: &FileEntry| {
            matches!(entry.file_type, FileType::File)
                && entry.on_disk.file_name() == excluded.file_name()
                && entry.on_disk.canonicalize().is_ok_and(|on_disk| on_disk == excluded)
        };
        let (removed, kept): (Vec<FileEntry>, Vec<FileEntry>) = self.entries.into_iter().partition(is_excluded);
        self.entries = kept;
        self.skipped.extend(removed.into_iter().map(|entry| Skipped { path: entry.path, why }));
        self
    }

    fn add(&mut self, path: &Path, mapper: &PathMapper, respect_gitignore: bool) {
        // A symbolic link that the user names is also followed, since the user means its target.
        if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) {
            self.push(path, mapper, FileType::Symlink);
        }
        match fs::metadata(path) {
            Err(err) => self.unread.push(unreadable(path, err)),
            Ok(meta) if meta.is_dir() => self.walk(path, mapper, respect_gitignore),
            Ok(_) => self.push(path, mapper, FileType::File),
        }
    }

    fn walk(&mut self, root: &Path, mapper: &PathMapper, respect_gitignore: bool) {
        let mut walk = ignore::WalkBuilder::new(root);
        walk.standard_filters(false).follow_links(false).sort_by_file_name(OsStr::cmp);
        let ignored = Arc::new(Mutex::new(Ignored::default()));
        if respect_gitignore {
            lock(&ignored).add_root(root, mapper.top.as_deref());
            let ignored = ignored.clone();
            walk.filter_entry(move |entry| {
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                !is_git_dir(entry.path()) && !lock(&ignored).excludes(entry.path(), is_folder)
            });
        } else {
            walk.filter_entry(|entry| !is_git_dir(entry.path()));
        }
        for entry in walk.build() {
            match entry {
                Ok(entry) => self.walked(entry.path(), entry.file_type(), mapper),
                Err(err) => self.unread.push(Error::new(
                    "cannot walk the folder",
                    err,
                    "make it readable, or name only readable paths",
                )),
            }
        }
        let mut ignored = lock(&ignored);
        self.skipped.extend(ignored.excluded.drain(..).map(|path| Skipped { path: mapper.path(&path), why: IGNORED }));
        self.unread.append(&mut ignored.unread);
    }

    fn walked(&mut self, path: &Path, kind: Option<fs::FileType>, mapper: &PathMapper) {
        let Some(kind) = kind else { return };
        let file_type = match kind {
            kind if kind.is_dir() => {
                let git = path.join(".git");
                if is_git_dir(&git) {
                    self.skipped
                        .push(Skipped { path: mapper.path(&git), why: "a git directory: its objects are compressed" });
                }
                FileType::Folder
            }
            kind if kind.is_symlink() => FileType::Symlink,
            kind if kind.is_file() => FileType::File,
            _ => {
                return self
                    .skipped
                    .push(Skipped { path: mapper.path(path), why: "a socket, a pipe or a device, not a file" });
            }
        };
        self.push(path, mapper, file_type);
    }

    fn push(&mut self, on_disk: &Path, mapper: &PathMapper, file_type: FileType) {
        self.entries.push(FileEntry { on_disk: on_disk.to_owned(), path: mapper.path(on_disk), file_type });
    }
}

fn lock(ignored: &Mutex<Ignored>) -> MutexGuard<'_, Ignored> {
    ignored.lock().expect("no thread panicked while it held the lock")
}

/// Converts paths on disk to paths for reports.
struct PathMapper {
    current_dir: PathBuf,
    top: Option<PathBuf>,
}

impl PathMapper {
    fn new(top: Option<&Path>) -> io::Result<Self> {
        let current_dir = fs::canonicalize(".")?;
        Ok(Self { current_dir, top: top.and_then(|top| fs::canonicalize(top).ok()) })
    }

    fn path(&self, on_disk: &Path) -> Vec<u8> {
        let absolute = normalize(&self.current_dir.join(on_disk));
        let inside = self.top.as_ref().and_then(|top| absolute.strip_prefix(top).ok());
        let shown = inside.filter(|path| !path.as_os_str().is_empty()).unwrap_or(on_disk);
        let shown = shown.strip_prefix(".").ok().filter(|path| !path.as_os_str().is_empty()).unwrap_or(shown);
        gix::path::to_unix_separators_on_windows(bytes_of(shown)).into_owned().into()
    }
}

/// Returns the bytes of a path. On Windows, a path that is not valid Unicode is converted lossily.
pub(crate) fn bytes_of(path: &Path) -> std::borrow::Cow<'_, gix::bstr::BStr> {
    gix::path::into_bstr(path).unwrap_or_else(|_| std::borrow::Cow::Owned(path.to_string_lossy().as_bytes().into()))
}

/// Removes `.` and `..` from a path lexically, without resolving symbolic links.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

impl Source for Files {
    fn kind(&self) -> Kind {
        Kind::Files
    }

    fn visit(&self, _: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let scan = |(): &(), buffer: &mut Vec<u8>, at: usize, covered: &mut Coverage| {
            let entry = &self.entries[at];
            if let Err(err) =
                entry.scan(buffer, covered, visit, &|bytes, covered| self.content(entry, bytes, visit, covered))
            {
                covered.unread.push(unreadable(&entry.on_disk, err));
            }
        };
        let mut covered = run_parallel(self.entries.len(), threads, &(), || (), scan);
        covered.skipped.extend(self.skipped.iter().cloned());
        covered.unread.extend(self.unread.iter().cloned());
        covered
    }
}

impl Files {
    /// Visits the files in an archive, and then the content of the file itself.
    #[cfg(feature = "archives")]
    fn content(&self, entry: &FileEntry, bytes: &[u8], visit: &dyn Fn(&Unit<'_>), covered: &mut Coverage) {
        let Some(budget) = &self.archives else {
            return visit(&entry.unit(Part::Content, bytes));
        };
        let mut unpacked =
            crate::scan::archive::unpack(&entry.path, bytes, crate::scan::archive::LIMITS, budget, visit);
        covered.files += unpacked.files;
        covered.bytes += unpacked.bytes;
        covered.skipped.append(&mut unpacked.skipped);
        covered.unread.extend(unpacked.unread.iter().map(|one| one.error(&one.path)));
        let uncovered = |spans: &[Span]| Ok(spans.iter().map(|span| !unpacked.is_covered(bytes, span)).collect());
        visit(&Unit { added: AddedFilter::Compared(&uncovered), ..entry.unit(Part::Content, bytes) });
    }

    #[cfg(not(feature = "archives"))]
    #[allow(clippy::unused_self)] // the signature is that of the other build
    fn content(&self, entry: &FileEntry, bytes: &[u8], visit: &dyn Fn(&Unit<'_>), _: &mut Coverage) {
        visit(&entry.unit(Part::Content, bytes));
    }
}

impl FileEntry {
    fn unit<'a>(&'a self, part: Part, bytes: &'a [u8]) -> Unit<'a> {
        Unit { path: Some(&self.path), part, origin: None, bytes, hits: None, added: AddedFilter::Whole }
    }

    fn scan(
        &self,
        buffer: &mut Vec<u8>,
        covered: &mut Coverage,
        visit: &dyn Fn(&Unit<'_>),
        content: &dyn Fn(&[u8], &mut Coverage),
    ) -> io::Result<()> {
        if !matches!(self.file_type, FileType::Stdin) {
            // Scan only the last component of the path: each folder is an entry itself.
            let last = |spans: &[Span]| {
                Ok(spans
                    .iter()
                    .map(|span| crate::scan::source::up_to_component(&self.path, span.end).len() == self.path.len())
                    .collect())
            };
            visit(&Unit { added: AddedFilter::Compared(&last), ..self.unit(Part::Name, &self.path) });
        }
        let mapped;
        let (part, bytes) = match self.file_type {
            FileType::Folder => return Ok(()),
            FileType::Symlink => {
                *buffer = bytes_of(&fs::read_link(&self.on_disk)?).into_owned().into();
                (Part::SymlinkTarget, &buffer[..])
            }
            FileType::Stdin => (Part::Content, read(io::stdin().lock(), buffer)?),
            FileType::File | FileType::Reftable => {
                let file = fs::File::open(&self.on_disk)?;
                let meta = file.metadata()?;
                if meta.is_file() && meta.len() >= MIN_MAPPED {
                    mapped = crate::git::mmap::map(&self.on_disk)?;
                    (Part::Content, &mapped[..])
                } else {
                    (Part::Content, read(file, buffer)?)
                }
            }
        };
        covered.files += 1;
        covered.bytes += bytes.len() as u64;
        let len = bytes.len() as u64;
        match part {
            Part::Content => content(bytes, covered),
            part => visit(&self.unit(part, bytes)),
        }
        if self.file_type == FileType::Reftable {
            self.scan_reftable(bytes, visit)?;
        }
        let is_mapped = matches!(self.file_type, FileType::File | FileType::Reftable) && len >= MIN_MAPPED;
        if is_mapped && fs::metadata(&self.on_disk).is_ok_and(|meta| meta.len() < len) {
            return Err(io::Error::other("another process truncated it during the scan"));
        }
        Ok(())
    }

    /// Visits the texts of a reftable that its raw bytes do not contain, since names lack shared prefixes and reflogs are compressed.
    fn scan_reftable(&self, table: &[u8], visit: &dyn Fn(&Unit<'_>)) -> io::Result<()> {
        let texts = reftable::texts(table).ok_or_else(|| io::Error::other("it is a damaged or unknown reftable"))?;
        for text in &texts {
            let is_hidden = |span: &Span| memchr::memmem::find(table, &text[span.clone()]).is_none();
            let hidden = |spans: &[Span]| Ok(spans.iter().map(is_hidden).collect());
            visit(&Unit { added: AddedFilter::Compared(&hidden), ..self.unit(Part::Content, text) });
        }
        Ok(())
    }
}

fn read(mut from: impl Read, buffer: &mut Vec<u8>) -> io::Result<&[u8]> {
    buffer.clear();
    from.read_to_end(buffer)?;
    Ok(buffer)
}

fn unreadable(path: &Path, err: io::Error) -> Error {
    Error::new(format!("cannot read {}", path.display()), err, "correct the path, or make it readable")
}
