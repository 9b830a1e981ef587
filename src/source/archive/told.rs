//! What of an archive's own bytes was handed over already, as a file inside or as the name of one.

use std::ops::Range;

use crate::finding::Span;

/// As long as the shortest token: what follows it in the archive may not belong to it.
const ENOUGH: usize = 19;

#[derive(Debug, Default)]
pub(super) struct Told {
    regions: Vec<Region>,
    names: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Region {
    range: Range<usize>,
    /// None: all of it. Else what stands in these names, by their positions.
    names: Option<Range<usize>>,
}

impl Told {
    /// `range` was handed over as it is.
    pub fn whole(&mut self, range: Range<usize>) {
        self.regions.push(Region { range, names: None });
    }

    /// Of `range`, what stands in one of `names` was.
    pub fn header(&mut self, range: Range<usize>, names: impl IntoIterator<Item = Vec<u8>>) {
        let first = self.names.len();
        self.names.extend(names);
        self.regions.push(Region { range, names: Some(first..self.names.len()) });
    }

    pub fn in_order(mut self) -> Self {
        self.regions.sort_by_key(|region| region.range.start);
        self
    }

    /// Whether `span` of `bytes` was told. Where it starts decides: what stands behind a file or name in the archive may
    /// look like more of the token.
    pub fn holds(&self, bytes: &[u8], span: &Span) -> bool {
        let behind = self.regions.partition_point(|region| region.range.start <= span.start);
        let region = behind.checked_sub(1).map(|at| &self.regions[at]);
        let Some(region) = region.filter(|region| span.start < region.range.end) else { return false };
        let start = &bytes[span.start..span.end.min(span.start + ENOUGH)];
        let in_name = |name: &Vec<u8>| name.windows(start.len()).any(|part| part == start);
        region.names.clone().is_none_or(|names| self.names[names].iter().any(in_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_a_file_or_in_a_name() {
        let bytes = b"hdr a name of a long file hdr content that is longer rest";
        let at = |text: &[u8]| bytes.windows(text.len()).position(|part| part == text).expect("it stands there");
        let mut told = Told::default();
        told.whole(at(b"content")..at(b" rest"));
        told.header(0..at(b"content"), [b"in/a name of a long file".to_vec()]);
        let told = told.in_order();
        for (text, held) in [
            (&b"of a long file hdr"[..], false),
            (b"a name of a long file hdr", true),
            (b"hdr a name", false),
            (b"content", true),
            (b"longer rest", true),
            (b"rest", false),
        ] {
            let start = at(text);
            assert_eq!(told.holds(bytes, &(start..start + text.len())), held, "{}", text.escape_ascii());
        }
    }
}
