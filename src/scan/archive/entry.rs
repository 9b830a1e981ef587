//! The interface of the container formats: their entries, and how the content of an entry is read.

use std::ops::{ControlFlow, Range};

use crate::finding::Part;
use crate::scan::archive::content::{Content, Stop};
use crate::scan::archive::stream::Layout;

/// An entry of an archive.
pub(crate) struct Entry<'a> {
    pub(super) name: &'a [u8],
    /// The ranges of its headers in the archive, which contain its name and link target.
    pub(super) headers: Vec<Range<usize>>,
    /// Comments and the like. Other fields may surround them, so the scan of the archive's own bytes could miss a token there.
    pub(super) texts: Vec<Range<usize>>,
    /// None for a folder.
    pub(super) part: Option<Part>,
    /// The link target in a tar.
    pub(super) target: Option<&'a [u8]>,
    /// The damage of an entry that can still be read.
    pub(super) damage: Option<String>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(name: &'a [u8]) -> Self {
        Self { name, headers: Vec::new(), texts: Vec::new(), part: Some(Part::Content), target: None, damage: None }
    }
}

pub(super) type Decode<'a> = dyn FnMut(&mut Content<'_, '_>, &mut Layout) -> Result<(), Stop> + 'a;

/// The content of an entry.
pub(crate) enum Data<'a> {
    /// It is stored in this range of the archive without compression.
    Plain(Range<usize>),
    Packed(&'a mut Decode<'a>),
    /// It cannot be read, for this reason.
    Closed(String),
}

/// Receives the entries of one archive.
pub(crate) trait Taker {
    fn entry(&mut self, bytes: &[u8], entry: Entry<'_>, data: Data<'_>) -> ControlFlow<()>;

    /// A text that belongs to no entry.
    fn text(&mut self, bytes: &[u8], there: Range<usize>);
}

pub(crate) type Take<'t> = dyn Taker + 't;
