//! Cheap checks of the bytes around a prefix, made before any expression is tried.

use crate::rules::vendors::names_another;

/// Whether enough letters of a body follow. Some bodies contain a dot after their first part.
pub(super) fn has_body(bytes: &[u8], start: usize) -> bool {
    /// The shortest first part.
    const PART: usize = 8;
    let in_body = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/');
    bytes
        .get(start..start + SHORTEST_BODY)
        .is_some_and(|body| body[..PART].iter().all(in_body) && body[PART..].iter().all(|b| in_body(b) || *b == b'.'))
}

/// Whether `word` is in front of `at` on the same line, in any case.
pub(super) fn stands_before(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    // A name that is further away does not belong to the value. The limit also bounds the work on one long line.
    let start = at.saturating_sub(200);
    let line = bytes[start..at].iter().rposition(|&b| b == b'\n').map_or(start, |newline| start + newline + 1);
    bytes[line..at].windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

/// The largest distance between a token and the name of its vendor.
const NAME_DISTANCE: usize = 200;

/// Whether the vendor with the name `word` is named near the token at `at`, in any case: on its line, or on the line above.
///
/// A name in front of the token on its line always counts. Elsewhere it counts unless another token is in between, or the line
/// names another vendor in front of the token, since each of several lines with keys may name a different vendor.
pub(super) fn is_named_near(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    if stands_before(bytes, at, word) {
        return true;
    }
    let near = &bytes[at.saturating_sub(NAME_DISTANCE)..at];
    let mut breaks = memchr::memrchr_iter(b'\n', near);
    let line = breaks.next().map_or(0, |newline| newline + 1);
    let line_above = breaks.next().map_or(0, |newline| newline + 1);
    let in_token = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=');
    let rest = &bytes[at..bytes.len().min(at + LONGEST_TOKEN + NAME_DISTANCE)];
    let behind = &rest[rest.iter().take_while(|b| in_token(b)).count()..];
    let behind = &behind[..memchr::memchr(b'\n', behind).unwrap_or(behind.len()).min(NAME_DISTANCE)];
    let is_named = |text: &[u8]| contains_in_any_case(text, word) && !holds_prefix(text);
    (is_named(&near[line_above..line]) || is_named(behind))
        && str::from_utf8(word).is_ok_and(|name| !names_another(&near[line..], name))
}

/// Whether `text` contains the prefix of a token.
fn holds_prefix(text: &[u8]) -> bool {
    [&b"sk_"[..], b"whsec_", b"rk_", b"whsk_"].iter().any(|prefix| memchr::memmem::find(text, prefix).is_some())
}

/// Whether the lower-case `word` is in `text`, in any case.
fn contains_in_any_case(text: &[u8], word: &[u8]) -> bool {
    let Some((&first, rest)) = word.split_first() else { return true };
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text)
        .any(|start| text.get(start + 1..start + word.len()).is_some_and(|text| text.eq_ignore_ascii_case(rest)))
}

/// Whether the token is the start of a masked one: `sk_live_51Hx…`, followed by dots or stars. A body of 24 letters or more
/// counts as complete.
pub(super) fn cut_short(bytes: &[u8], start: usize, end: usize) -> bool {
    let masks: [&[u8]; 4] = [b"...", b"***", "…".as_bytes(), "•".as_bytes()];
    end - start < 24 && masks.iter().any(|mask| bytes[end..].starts_with(mask))
}

/// The fewest letters of a body. Checked before any expression is tried.
pub(super) const SHORTEST_BODY: usize = 16;

/// The longest token.
const LONGEST_TOKEN: usize = 340;
