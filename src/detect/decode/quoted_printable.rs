//! Quoted-printable: `=5F`, as mails have it. [`super::soft_break`] joins lines.

use super::escape::{Escape, character, hex};
use crate::finding::Layer;

pub(super) const ESCAPE: Escape = Escape { layer: Layer::QuotedPrintable, mark: b'=', opens: b'=', read };

/// Capital digits only, as in the standard, since `x=ab` is an assignment. `x=30` is one too: a letter or a digit counts only if
/// another escape is beside it, as in text that is escaped throughout.
fn read(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = escaped(&text[at..])?;
    let beside = || {
        let before = at.checked_sub(3).and_then(|before| escaped(&text[before..at]));
        before.or_else(|| escaped(text.get(at + 3..)?)).is_some()
    };
    (!byte.is_ascii_alphanumeric() || beside()).then_some((byte, 3))
}

/// Whether an escape begins with the `=` at the beginning.
pub(super) fn may_escape(text: &[u8]) -> bool {
    escaped(text).is_some_and(|byte| byte.is_ascii_graphic())
}

fn escaped(text: &[u8]) -> Option<u8> {
    let in_capitals = |b: &u8| b.is_ascii_digit() || (b'A'..=b'F').contains(b);
    let digits = text.get(1..3).filter(|digits| text[0] == b'=' && digits.iter().all(in_capitals))?;
    hex(digits, 2).map(character)
}
