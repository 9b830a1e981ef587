//! The inline marker `keysweep:allow`. `gitleaks:allow` has the same effect, since many files already contain it.

use memchr::memmem;

use crate::finding::Span;

const MARKERS: [&[u8]; 2] = [b"keysweep:allow", b"gitleaks:allow"];

/// How far from the token a marker has an effect, in bytes. On a minified line of a megabyte, a marker at one end is not about a
/// token at the other end.
const MAX_DISTANCE: usize = 1000;

/// Returns whether the text has a marker anywhere.
pub fn contains_marker(text: &str) -> bool {
    MARKERS.iter().any(|marker| memmem::find(text.as_bytes(), marker).is_some())
}

/// The text without markers.
pub fn without_markers(text: &str) -> String {
    MARKERS.iter().fold(text.to_owned(), |text, marker| text.replace(&*String::from_utf8_lossy(marker), ""))
}

/// Returns whether `line`, a range of `bytes`, has a marker near `token`.
pub(crate) fn is_marked(bytes: &[u8], line: &Span, token: &Span) -> bool {
    let near = line.start.max(token.start.saturating_sub(MAX_DISTANCE))..line.end.min(token.end + MAX_DISTANCE);
    // UTF-16 text is ASCII text with a NUL after or before each byte.
    let text: Vec<u8> = bytes[near].iter().copied().filter(|b| *b != 0).collect();
    MARKERS.iter().any(|marker| {
        memmem::find_iter(&text, marker).any(|at| {
            let free = |byte: Option<&u8>| byte.is_none_or(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'-'));
            free(at.checked_sub(1).map(|before| &text[before])) && free(text.get(at + marker.len()))
        })
    })
}
