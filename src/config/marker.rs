//! The inline marker, `keysweep:allow`; `gitleaks:allow` is understood too, since files carry it already.

use memchr::memmem;

use crate::finding::Span;

const MARKERS: [&[u8]; 2] = [b"keysweep:allow", b"gitleaks:allow"];

/// How far from the token a marker counts, in bytes: on a line of a megabyte it says nothing of the other end.
const REACH: usize = 1000;

/// Whether the line, `line` of `bytes`, is marked near `token`.
pub(crate) fn is_marked(bytes: &[u8], line: &Span, token: &Span) -> bool {
    let near = line.start.max(token.start.saturating_sub(REACH))..line.end.min(token.end + REACH);
    // In UTF-16 the letters are the same with a NUL between each two.
    let text: Vec<u8> = bytes[near].iter().copied().filter(|b| *b != 0).collect();
    MARKERS.iter().any(|marker| {
        memmem::find_iter(&text, marker).any(|at| {
            let free = |byte: Option<&u8>| byte.is_none_or(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'-'));
            free(at.checked_sub(1).map(|before| &text[before])) && free(text.get(at + marker.len()))
        })
    })
}
