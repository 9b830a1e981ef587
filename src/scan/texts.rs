//! The source for texts that are in memory already.

use std::borrow::Cow;

use crate::detect::Detector;
use crate::finding::Part;
use crate::scan::source::{AddedFilter, Coverage, Kind, Source, Unit};
use crate::threads::Threads;

/// A text, and the file that it is from or for.
pub struct Text<'t> {
    /// From the top of the repository, with `/`.
    pub path: Option<Vec<u8>>,
    pub bytes: Cow<'t, [u8]>,
}

/// Texts, all of which are new.
pub struct Texts<'t>(pub Vec<Text<'t>>);

impl Source for Texts<'_> {
    fn kind(&self) -> Kind {
        Kind::Files
    }

    fn visit(&self, _: &Detector, _: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let mut coverage = Coverage::default();
        for text in &self.0 {
            coverage.bytes += text.bytes.len() as u64;
            visit(&Unit {
                path: text.path.as_deref(),
                part: Part::Content,
                origin: None,
                bytes: &text.bytes,
                hits: None,
                added: AddedFilter::Whole,
            });
        }
        coverage
    }
}
