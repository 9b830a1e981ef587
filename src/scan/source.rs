//! Where bytes come from: the index, commits on their way, files on disk. All of gix is in here.
//!
//! A source hands over its units one after the other, on as many threads as it was given, and then says what it
//! covered. It neither scans nor prints.

#[cfg(feature = "archives")]
pub(crate) use crate::scan::archive::path_inside;

use crate::threads::Threads;

use crate::detect::{Detector, Hit};
use crate::error::Error;
use crate::finding::{Origin, OriginKind, Part, Span};

/// Bytes to scan, and what of them is new.
#[derive(Clone, Copy)]
pub struct Unit<'a> {
    /// Repository-relative with `/`, as git has it. None for what is in no file: the message of a commit.
    pub path: Option<&'a [u8]>,
    pub part: Part,
    /// What brought it, in a history.
    pub origin: Option<&'a Origin>,
    pub bytes: &'a [u8],
    /// The hits in `bytes`, if the source has searched them with the scanner's detector.
    pub hits: Option<&'a [Hit]>,
    pub added: AddedFilter<'a>,
}

impl Unit<'_> {
    /// Whether its path is one in an archive that is a blob, wherever trees have that.
    pub(crate) fn is_in_archive(&self) -> bool {
        cfg!(feature = "archives")
            && self.path.is_some()
            && self.origin.is_some_and(|origin| origin.kind == OriginKind::Blob)
    }
}

/// Says of each of some spans whether it is new.
pub type Compare<'a> = dyn Fn(&[Span]) -> Result<Vec<bool>, Error> + 'a;

/// Which parts of a unit the scan is about.
#[derive(Clone, Copy)]
pub enum AddedFilter<'a> {
    /// All of it.
    Whole,
    /// What this function says of the spans given: asked only where something was found, since it costs a diff.
    Compared(&'a Compare<'a>),
}

#[cfg(feature = "archives")]
impl AddedFilter<'_> {
    /// Of each of these spans, whether it is new.
    pub(crate) fn of(self, spans: &[Span]) -> Result<Vec<bool>, Error> {
        match self {
            AddedFilter::Whole => Ok(vec![true; spans.len()]),
            AddedFilter::Compared(compare) => compare(spans),
        }
    }
}

/// What a scan read, what it left out by design, and what it could not read.
#[derive(Debug, Default)]
pub struct Coverage {
    pub commits: usize,
    pub files: usize,
    /// Git objects read for scanning.
    pub objects: usize,
    /// Those that were clean before.
    pub known_clean: usize,
    pub bytes: u64,
    pub skipped: Vec<Skipped>,
    /// Not empty: the scan may not say "clean".
    pub unread: Vec<Error>,
    /// What is not here to be read: no more may the scan say "clean", unless the user knows of it.
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

/// The sources, by the words that reports have for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What the next commit adds.
    Staged,
    /// All that the index holds.
    Index,
    Files,
    /// The message of the next commit.
    Message,
    /// Commits on their way to a remote.
    Push,
    /// Commits that somebody pushes to this repository.
    Receive,
    /// All objects.
    History,
    /// Commits that were named.
    Commits,
    /// All objects, and files on disk.
    Everywhere,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Staged => "staged",
            Kind::Index => "index",
            Kind::Files => "files",
            Kind::Message => "message",
            Kind::Push => "push",
            Kind::Receive => "receive",
            Kind::History | Kind::Commits | Kind::Everywhere => "history",
        }
    }
}

/// Something that is no part of what was asked for, named so that nobody takes it for scanned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    pub path: Vec<u8>,
    pub why: &'static str,
}

/// What every source can do.
pub trait Source {
    /// What it is, for reports.
    fn kind(&self) -> Kind;

    /// Passes each unit to `visit`, on up to `threads` threads and in no order. A source may use `detector`, the one that then
    /// searches the units, to skip units without a token.
    fn visit(&self, detector: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage;
}

/// No blob is unpacked.
#[cfg(not(feature = "archives"))]
pub(crate) fn path_inside(outer: &[u8], path: &[u8]) -> Vec<u8> {
    [outer, path].concat()
}

/// `path` up to the end of the component in which byte `at` stands or which ends there.
pub(crate) fn up_to_component(path: &[u8], at: usize) -> &[u8] {
    let end = path[at..].iter().position(|&b| b == b'/').map_or(path.len(), |slash| at + slash);
    &path[..end]
}
