//! Decodes text that contains escapes, as a whole.

use super::decoded::{CONTEXT, Decoded, Places};
use super::escape::Escape;
use super::{entity, percent, quoted_printable, string_escape};
use crate::finding::Span;

const ALL: [Escape; 4] = [percent::ESCAPE, string_escape::ESCAPE, entity::ESCAPE, quoted_printable::ESCAPE];

/// Whether an escape may begin with this byte. `=` is in any code, so [`quoted_printable::may_escape`] has to agree.
pub(super) const fn is_mark(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&' | b'=')
}

/// Passes the decoded text of `run` to `see`, once for each kind of escape in it.
pub(super) fn each(bytes: &[u8], run: &Span, see: &mut dyn FnMut(&Decoded<'_>)) {
    let text = &bytes[run.clone()];
    let has = |escape: &&Escape| memchr::memchr_iter(escape.mark, text).any(|at| matters(escape, text, at));
    for escape in ALL.iter().filter(has) {
        see(&decoded(bytes, run, escape));
    }
}

/// Whether the text contains an escape that is worth decoding.
pub(super) fn any(bytes: &[u8], run: &Span) -> bool {
    let text = &bytes[run.clone()];
    ALL.iter().any(|escape| memchr::memchr_iter(escape.mark, text).any(|at| matters(escape, text, at)))
}

/// Whether the escape at `at` stands for a character of a token or of another escape.
fn matters(escape: &Escape, text: &[u8], at: usize) -> bool {
    (escape.read)(text, at).is_some_and(|(byte, _)| may_matter(byte))
}

fn decoded(bytes: &[u8], run: &Span, escape: &Escape) -> Decoded<'static> {
    let mut text = bytes[run.start.saturating_sub(CONTEXT)..run.start].to_vec();
    let context = text.len();
    let mut places = Vec::new();
    let mut at = run.start;
    if let Some((byte, len)) = without_mark(&bytes[run.clone()], escape) {
        text.push(byte);
        places.push(at);
        at += len;
    }
    while at < run.end {
        let may_be = bytes[at] == escape.mark || bytes[at] == escape.opens;
        let escaped = may_be.then(|| (escape.read)(&bytes[run.clone()], at - run.start)).flatten();
        let (byte, len) = escaped.unwrap_or((bytes[at], 1));
        text.push(byte);
        places.push(at);
        at += len;
    }
    places.push(at);
    Decoded { text, context, layer: escape.layer, places: Places::Each(places) }
}

/// The escape at the beginning, if its mark was cut off and another mark follows: git removes a backslash from the beginning of a
/// name or an address.
fn without_mark(text: &[u8], escape: &Escape) -> Option<(u8, usize)> {
    let is_letter = matches!(text, [b'u' | b'x' | b'U', ..]) && escape.mark == b'\\';
    let marked = is_letter.then(|| [b"\\", &text[..text.len().min(9)]].concat())?;
    let (byte, len) = (escape.read)(&marked, 0)?;
    (len > 2 && text.get(len - 1) == Some(&escape.mark)).then_some((byte, len - 1))
}

fn may_matter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'%' | b'\\' | b'&' | b'#' | b';')
}
