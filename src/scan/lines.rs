//! Lines and columns of the hits in a unit.

use crate::detect::Hit;
use crate::finding::{Encoding, Layer, Position, Span};

/// Finds lines and columns for hits in the order of the text. Each byte is counted once.
#[derive(Default)]
pub(super) struct Lines {
    number: usize,
    line: Span,
    /// A place in the line, and how many UTF-16 code units are between the start of the line and that place.
    counted: (usize, usize),
}

impl Lines {
    /// Returns the number and the span, line end included, of the line on which `token` starts.
    fn of(&mut self, bytes: &[u8], token: &Span) -> (usize, Span) {
        if token.start >= self.line.end || self.number == 0 {
            let between = &bytes[self.line.end..token.start];
            let start = between.iter().rposition(|&b| b == b'\n').map_or(self.line.end, |at| self.line.end + at + 1);
            self.number += 1 + between.iter().filter(|&&b| b == b'\n').count();
            let end = bytes[token.end..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |at| token.end + at + 1);
            self.line = start..end;
            self.counted = (start, 0);
        }
        (self.number, self.line.clone())
    }

    /// Returns the position of a hit, and the span of its line. If the token is wrapped into several lines, the columns end with
    /// the first one.
    pub fn position(&mut self, bytes: &[u8], hit: &Hit) -> (Position, Span) {
        let (line, span) = self.of(bytes, &hit.span);
        let written = &bytes[hit.span.clone()];
        let width = written.iter().position(|&b| b == b'\n').unwrap_or(written.len());
        let outermost = hit.encoding.map(Encoding::outermost);
        // The line begins behind the byte `\n`. In little-endian UTF-16 the second byte of that line break is still to come.
        let skipped = usize::from(outermost == Some(Layer::Utf16) && written[0] != 0 && bytes[span.start] == 0);
        let before = hit.span.start - span.start - skipped;
        // In UTF-32, a character beyond U+FFFF in front of the token counts as one unit instead of two.
        let of_wide = |character: usize| (before / character, width.div_ceil(character));
        let (units_before, units) = match outermost {
            Some(Layer::Utf16) => of_wide(2),
            Some(Layer::Utf32) => of_wide(4),
            _ => (self.units_before(bytes, hit.span.start), utf16_units(&written[..width])),
        };
        let position = Position {
            line,
            column: before + 1,
            end_column: before + 1 + width,
            utf16_column: units_before + 1,
            utf16_end_column: units_before + 1 + units,
        };
        (position, span)
    }

    /// Counts from the last hit on this line, since a line of a megabyte may have 30,000 hits.
    fn units_before(&mut self, bytes: &[u8], at: usize) -> usize {
        let (from, units) = if self.counted.0 <= at { self.counted } else { (self.line.start, 0) };
        let units = units + utf16_units(&bytes[from..at]);
        self.counted = (at, units);
        units
    }
}

/// Counts UTF-16 code units of UTF-8 text. A byte that is not UTF-8 counts as one or none.
fn utf16_units(text: &[u8]) -> usize {
    let unit = |&byte: &u8| match byte {
        0x80..0xc0 => 0,
        0xf0.. => 2,
        _ => 1,
    };
    text.iter().map(unit).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let text = b"ab\n\ncd ef\ngh";
        let mut lines = Lines::default();
        for (token, wanted) in [(0..2, (1, 0..3)), (4..6, (3, 4..10)), (7..9, (3, 4..10)), (10..12, (4, 10..12))] {
            assert_eq!(lines.of(text, &token), wanted);
        }
    }

    #[test]
    fn letters_beyond_the_basic_plane_are_two_units() {
        for (text, units) in [("abc", 3), ("é…", 2), ("😀a", 3), ("", 0)] {
            assert_eq!(utf16_units(text.as_bytes()), units, "{text}");
            assert_eq!(text.encode_utf16().count(), units, "{text}");
        }
    }
}
