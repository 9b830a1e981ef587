//! The findings in the entries of an archive, so that the scan of the archive's own bytes does not report them again.
//!
//! Only findings are left out, not the bytes of entries. So unpacking never loses what the plain scan of the archive finds.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use crate::finding::Span;

/// The length of the shortest token. In the archive, bytes that follow the token may look like a part of it.
const ENOUGH: usize = 19;

/// The starts of the findings in a unit, each with a hash of its first bytes.
#[derive(Debug, Default)]
pub(crate) struct Hits(Vec<(usize, u64)>);

impl Hits {
    #[cfg(test)]
    pub fn of(bytes: &[u8], spans: &[Span]) -> Self {
        Self(spans.iter().map(|span| (span.start, mark(bytes, span))).collect())
    }

    pub fn add(&mut self, bytes: &[u8], span: &Span) {
        self.0.push((span.start, mark(bytes, span)));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn extend(&mut self, other: Hits) {
        self.0.extend(other.0);
    }
}

fn mark(bytes: &[u8], span: &Span) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes[span.start..span.end.min(span.start + ENOUGH)].hash(&mut hasher);
    hasher.finish()
}

#[derive(Debug, Default)]
pub(crate) struct Covered {
    /// For files that are stored without compression: the offset of each finding in the archive, and its latest possible end.
    starts: HashMap<usize, usize>,
    /// For compressed content and for names: ranges of the archive, and the findings in them.
    regions: Vec<(Range<usize>, HashSet<u64>)>,
}

impl Covered {
    /// Adds `hits` in content that is stored without compression at `there`. If no record of the archive follows, a token that
    /// continues after the end is a different token.
    pub fn plain(&mut self, there: &Range<usize>, record_follows: bool, hits: &Hits) {
        let most = if record_follows { usize::MAX } else { there.end };
        self.starts.extend(hits.0.iter().map(|(at, _)| (there.start + at, most)));
    }

    /// Adds `hits` in content that `range` decompresses to, or in names that it contains.
    pub fn region(&mut self, range: Range<usize>, hits: &Hits) {
        if !hits.is_empty() {
            self.regions.push((range, hits.0.iter().map(|&(_, mark)| mark).collect()));
        }
    }

    /// Merges the findings in the part of the archive that begins at `start`.
    pub fn behind(&mut self, start: usize, part: Covered) {
        self.starts.extend(part.starts.into_iter().map(|(at, most)| (start + at, most.saturating_add(start))));
        let moved = part.regions.into_iter().map(|(range, marks)| (start + range.start..start + range.end, marks));
        self.regions.extend(moved);
    }

    pub fn in_order(mut self) -> Self {
        self.regions.sort_by_key(|(range, _)| range.start);
        self
    }

    /// Whether the finding at `span` of `bytes` was already reported. The start decides, because bytes after an entry or a name
    /// may look like a part of the token.
    pub fn holds(&self, bytes: &[u8], span: &Span) -> bool {
        /// Damaged archives may have overlapping regions. A finding in one that is not checked is reported twice.
        const OVERLAPPING: usize = 8;
        if self.starts.get(&span.start).is_some_and(|&most| span.end <= most) {
            return true;
        }
        let behind = self.regions.partition_point(|(range, _)| range.start <= span.start);
        self.regions[behind.saturating_sub(OVERLAPPING)..behind]
            .iter()
            .any(|(range, marks)| span.start < range.end && marks.contains(&mark(bytes, span)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_found_inside_is_held() {
        let bytes = b"hdr a name of a long file hdr content that is longer rest";
        let at = |text: &[u8]| bytes.windows(text.len()).position(|part| part == text).expect("it is there");
        let span = |text: &[u8]| at(text)..at(text) + text.len();
        let mut covered = Covered::default();
        let content = b"content that is longer";
        covered.plain(
            &(at(content)..at(content) + content.len()),
            true,
            &Hits::of(content, std::slice::from_ref(&(8..15))),
        );
        covered.region(0..at(b"content"), &Hits::of(b"in/a name of a long file", std::slice::from_ref(&(3..24))));
        let covered = covered.in_order();
        for (text, held) in [
            (&b"a name of a long file"[..], true),
            (b"a name of a long file hdr", true),
            (b"of a long file hdr", false),
            (b"hdr a name", false),
            (b"content", false),
            (b"that is", true),
            (b"that is longer rest", true),
            (b"rest", false),
        ] {
            assert_eq!(covered.holds(bytes, &span(text)), held, "{}", text.escape_ascii());
        }
    }
}
