//! The interface between sources and the scan engine. A source is the index, the commits of a push, files on disk, and so on.
//!
//! A source passes its units to the engine on several threads, and then returns what it covered. It neither searches for tokens nor
//! prints anything.

#[cfg(feature = "archives")]
pub(crate) use crate::scan::archive::path_inside;

use crate::threads::Threads;

use crate::detect::{Detector, Hit};
use crate::error::Error;
use crate::finding::{Origin, OriginKind, Part, Span};

/// The bytes of one blob, file, name, link or message, with a filter for what is new in them.
#[derive(Clone, Copy)]
pub struct Unit<'a> {
    /// The path from the top of the repository, with `/`. `None` if the unit is in no file, such as the message of a commit.
    pub path: Option<&'a [u8]>,
    pub part: Part,
    /// The object that contains the bytes, in a scan of the history.
    pub origin: Option<&'a Origin>,
    pub bytes: &'a [u8],
    /// The hits in `bytes`, if the source has searched them with the scanner's detector.
    pub hits: Option<&'a [Hit]>,
    pub added: AddedFilter<'a>,
}

impl Unit<'_> {
    /// Returns whether the unit is from an archive blob. Its path is then relative to the archive, since trees may have the blob at
    /// several paths.
    pub(crate) fn is_in_archive(&self) -> bool {
        cfg!(feature = "archives")
            && self.path.is_some()
            && self.origin.is_some_and(|origin| origin.kind == OriginKind::Blob)
    }
}

/// Returns for each span whether it is new.
pub type Compare<'a> = dyn Fn(&[Span]) -> Result<Vec<bool>, Error> + 'a;

/// Which spans of a unit are new.
#[derive(Clone, Copy)]
pub enum AddedFilter<'a> {
    /// The whole unit is new.
    Whole,
    /// The function decides. It computes a diff, so it is called only for spans with a token.
    Compared(&'a Compare<'a>),
}

impl AddedFilter<'_> {
    /// Returns for each span whether it is new.
    pub(crate) fn is_added(self, spans: &[Span]) -> Result<Vec<bool>, Error> {
        match self {
            AddedFilter::Whole => Ok(vec![true; spans.len()]),
            AddedFilter::Compared(compare) => compare(spans),
        }
    }
}

/// What a source read, what it skipped on purpose, and what it could not read.
#[derive(Debug, Default)]
pub struct Coverage {
    pub commits: usize,
    pub files: usize,
    /// The number of git objects that were read for scanning.
    pub objects: usize,
    /// The number of objects that an earlier scan found clean, and that were not read again.
    pub known_clean: usize,
    pub bytes: u64,
    pub skipped: Vec<Skipped>,
    /// Errors of reading. A scan with any of them must not report success.
    pub unread: Vec<Error>,
    /// Errors about missing content. A scan with any of them must not report success, unless the user accepts them.
    pub missing: Vec<Error>,
}

impl Coverage {
    pub(crate) fn absorb(&mut self, other: Coverage) {
        self.commits += other.commits;
        self.files += other.files;
        self.objects += other.objects;
        self.known_clean += other.known_clean;
        self.bytes += other.bytes;
        self.skipped.extend(other.skipped);
        self.unread.extend(other.unread);
        self.missing.extend(other.missing);
    }
}

/// The kind of a source. Reports word their texts by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The staged change.
    Staged,
    /// The whole index.
    Index,
    /// Files on disk.
    Files,
    /// The changes of the worktree that git add -A would stage. The command scans the index and the files.
    Worktree,
    /// The message of the next commit.
    Message,
    /// Commits that are pushed to a remote.
    Push,
    /// Commits that somebody pushes to this repository.
    Receive,
    /// All objects.
    History,
    /// Selected commits.
    Commits,
    /// `keysweep find`: all objects and files on disk. No source returns it. The command passes it to the report of its scans.
    Find,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Staged => "staged",
            Kind::Index => "index",
            Kind::Files => "files",
            Kind::Worktree => "worktree",
            Kind::Message => "message",
            Kind::Push => "push",
            Kind::Receive => "receive",
            Kind::History | Kind::Commits | Kind::Find => "history",
        }
    }
}

/// Something that was not scanned on purpose. Reports name it, so that nobody takes it for scanned. `P` is the path as bytes, or the
/// masked path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped<P = Vec<u8>> {
    pub path: P,
    /// The reason, for people.
    pub why: &'static str,
}

/// A source of units.
pub trait Source {
    /// Returns the kind of the source, for reports.
    fn kind(&self) -> Kind;

    /// Passes each unit to `visit`, on up to `threads` threads and in no order. A source may use `detector`, the one that then
    /// searches the units, to skip units without a token.
    fn visit(&self, detector: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage;
}

/// Replaces the function of `archive`. Without the feature, no path is in an archive.
#[cfg(not(feature = "archives"))]
pub(crate) fn path_inside(outer: &[u8], path: &[u8]) -> Vec<u8> {
    [outer, path].concat()
}

/// Returns `path` up to the end of the component that contains the byte at `at`, or that ends there.
pub(crate) fn up_to_component(path: &[u8], at: usize) -> &[u8] {
    let end = path[at..].iter().position(|&b| b == b'/').map_or(path.len(), |slash| at + slash);
    &path[..end]
}
