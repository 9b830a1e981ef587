//! Whether a form is where a gram of it is: its other bytes are compared, in both directions, across line breaks where these
//! may cut it.

use crate::detect::literal::forms::{Form, Whole};
use crate::detect::literal::lines::{ends, resumes};
use crate::finding::Span;

/// So many bytes of the next line must be those of the form, or all that are left: what is between two lines may end anywhere.
const COMPARED: usize = 4;

/// A mark at the end of a line may be a digit of base64 that goes on, or join the lines: so many may have been taken wrongly.
const TAKEN_BACK: usize = 4;

/// Where the form is written, if the gram at `gram` is its part from `offset` on.
pub(crate) fn span_of(form: &Form, bytes: &[u8], gram: Span, offset: usize) -> Option<Span> {
    if form.literal[offset..offset + gram.len()] != bytes[gram.clone()] {
        return None;
    }
    let text = Text { form, bytes };
    let first = usize::from(form.before.is_some()) + offset;
    let end = text.end(gram.end, first + gram.len())?;
    let start = text.start(gram.start, first)?;
    let is_whole = match form.whole {
        Whole::Always => true,
        // In the other order the same bytes follow a character, which the first of them ends.
        Whole::BigEndian => start.is_multiple_of(2) || bytes.get(end) != Some(&0),
    };
    is_whole.then_some(start..end)
}

/// A form, whose bytes are counted with the digits that it shares at both ends.
struct Text<'t> {
    form: &'t Form,
    bytes: &'t [u8],
}

impl Text<'_> {
    fn len(&self) -> usize {
        let shared = [self.form.before, self.form.behind].iter().flatten().count();
        self.form.literal.len() + shared
    }

    /// Whether the byte at `at` is that of the form at `place`.
    fn fits(&self, place: usize, at: usize) -> bool {
        let Some(&byte) = self.bytes.get(at) else { return false };
        let literal = match (self.form.before, place) {
            (Some(part), 0) => return part.is(byte),
            (Some(_), place) => place - 1,
            (None, place) => place,
        };
        match (self.form.literal.get(literal), self.form.behind) {
            (Some(wanted), _) => *wanted == byte,
            (None, Some(part)) => part.is(byte),
            (None, None) => false,
        }
    }

    /// Where the form ends whose byte at `place` is to be at `at`.
    fn end(&self, mut at: usize, mut place: usize) -> Option<usize> {
        let mut line = at;
        while place < self.len() {
            if self.fits(place, at) {
                (at, place) = (at + 1, place + 1);
                continue;
            }
            if !self.form.in_pieces {
                return None;
            }
            let goes_on = |at: usize, place: usize| {
                let compared = COMPARED.min(self.len() - place);
                resumes(self.bytes, at).find(|&next| (0..compared).all(|n| self.fits(place + n, next + n)))
            };
            let taken_back = (0..=TAKEN_BACK.min(at - line)).take_while(|&n| n == 0 || is_mark(self.bytes[at - n]));
            let next = taken_back.into_iter().find_map(|n| Some((goes_on(at - n, place - n)?, place - n)));
            (at, place) = next?;
            line = at;
        }
        Some(at)
    }

    /// Where the form begins whose byte in front of `place` is to be in front of `at`.
    fn start(&self, mut at: usize, mut place: usize) -> Option<usize> {
        let mut line = at;
        while place > 0 {
            if at > 0 && self.fits(place - 1, at - 1) {
                (at, place) = (at - 1, place - 1);
                continue;
            }
            if !self.form.in_pieces {
                return None;
            }
            let comes_from = |at: usize, place: usize| {
                let compared = COMPARED.min(place);
                let is_it = |end: usize| end >= compared && (1..=compared).all(|n| self.fits(place - n, end - n));
                ends(self.bytes, at).find(|&end| is_it(end))
            };
            let taken_back = (0..=TAKEN_BACK.min(line - at)).take_while(|&n| n == 0 || is_mark(self.bytes[at + n - 1]));
            let next = taken_back.into_iter().find_map(|n| Some((comes_from(at + n, place + n)?, place + n)));
            (at, place) = next?;
            line = at;
        }
        Some(at)
    }
}

fn is_mark(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric()
}
