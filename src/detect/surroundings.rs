//! Cheap questions about the bytes around a prefix, asked before any expression.

/// Of some bodies a part ends in a dot.
pub(super) fn has_body(bytes: &[u8], start: usize) -> bool {
    /// No such part is shorter.
    const PART: usize = 8;
    let in_body = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/');
    bytes
        .get(start..start + SHORTEST_BODY)
        .is_some_and(|body| body[..PART].iter().all(in_body) && body[PART..].iter().all(|b| in_body(b) || *b == b'.'))
}

/// Whether `word` stands in front of `at` on the same line, in any case.
pub(super) fn stands_before(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    // A name longer than this away from its value is not its name; it also bounds the work on one long line.
    let start = at.saturating_sub(200);
    let line = bytes[start..at].iter().rposition(|&b| b == b'\n').map_or(start, |newline| start + newline + 1);
    bytes[line..at].windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

/// Whether the token is the beginning of one that somebody masked: `sk_live_51Hx…`, with dots or stars behind it.
/// A body of 24 or more is whole, whatever follows.
pub(super) fn cut_short(bytes: &[u8], start: usize, end: usize) -> bool {
    let masks: [&[u8]; 4] = [b"...", b"***", "…".as_bytes(), "•".as_bytes()];
    end - start < 24 && masks.iter().any(|mask| bytes[end..].starts_with(mask))
}

/// Fewer letters than this behind a prefix are no token's body: asked before any expression.
const SHORTEST_BODY: usize = 16;
