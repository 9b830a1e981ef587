//! Checks whether a form surrounds one of its grams, by comparing its other bytes in both directions, also across line breaks if
//! these may split it.

use crate::detect::literal::forms::{Form, Whole};
use crate::detect::literal::lines::{ends, resumes};
use crate::finding::Span;

/// The bytes of the next line that must match, or all that are left: the text between two lines may end anywhere.
const COMPARED: usize = 4;

/// A mark at the end of a line may be a digit of base64, or join the lines, so this many bytes may have been attributed wrongly.
const TAKEN_BACK: usize = 4;

/// The place of the form, if the gram at `gram` is its part from `offset` on.
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
        // In the other byte order, the first of the same bytes ends a character.
        Whole::BigEndian => start.is_multiple_of(2) || bytes.get(end) != Some(&0),
    };
    is_whole.then_some(start..end)
}

/// A form. Its bytes are counted with the digits at both ends that it shares.
struct Text<'t> {
    form: &'t Form,
    bytes: &'t [u8],
}

impl Text<'_> {
    fn len(&self) -> usize {
        let shared = [self.form.before, self.form.behind].iter().flatten().count();
        self.form.literal.len() + shared
    }

    /// Whether the byte at `at` matches the form at `place`.
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

    /// The end of the form, if its byte at `place` has to be at `at`.
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

    /// The start of the form, if its byte in front of `place` has to be in front of `at`.
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
