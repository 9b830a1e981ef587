//! Finds the parts of a file that are not text. Only these contain the marks of most archives.

use std::ops::Range;

/// Each part consists of chunks of this size.
const CHUNK: usize = 4096;

/// The letters at the beginning of a mark may be in the previous chunk, and a mark that consists of letters may precede the first
/// byte that is not text.
const MARGIN: usize = 64;

/// The parts of `bytes` that are not UTF-8 text, in order. Each mark of an archive has such bytes, or they follow it.
pub(crate) fn parts(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for (chunk, start) in bytes.chunks(CHUNK).zip((0_usize..).step_by(CHUNK)) {
        if is_ascii(chunk) || is_utf8(bytes, start..start + chunk.len()) {
            continue;
        }
        let part = start.saturating_sub(MARGIN)..(start + chunk.len() + MARGIN).min(bytes.len());
        match parts.last_mut() {
            Some(last) if last.end >= part.start => last.end = part.end,
            _ => parts.push(part),
        }
    }
    parts
}

const TAB: u8 = b'\t';

/// Whether no byte is below the tab or above ASCII. In this form the compiler makes a loop with 28 instructions for 128 bytes.
#[allow(clippy::needless_range_loop)] // with iterators it does not
fn is_ascii(chunk: &[u8]) -> bool {
    const LANES: usize = 128;
    let (blocks, rest) = chunk.as_chunks::<LANES>();
    let mut most = [0; LANES];
    for block in blocks {
        for lane in 0..LANES {
            most[lane] = block[lane].wrapping_sub(TAB).max(most[lane]);
        }
    }
    let most =
        rest.iter().fold(0, |most, byte| byte.wrapping_sub(TAB).max(most)).max(most.into_iter().fold(0, u8::max));
    most < 128 - TAB
}

/// Whether no byte of the chunk is below the tab, and the chunk is UTF-8 except for a character that continues in the next one.
fn is_utf8(bytes: &[u8], chunk: Range<usize>) -> bool {
    let is_continuation = |at: &usize| bytes[*at] & 0xc0 == 0x80;
    let start = (chunk.start.saturating_sub(3)..=chunk.start).rev().find(|at| !is_continuation(at));
    start.is_some_and(|start| {
        let text = &bytes[start..chunk.end];
        text.iter().fold(TAB, |least, byte| least.min(*byte)) == TAB
            && str::from_utf8(text).err().is_none_or(|err| err.error_len().is_none())
    })
}

/// `parts` without `known`. Neither list overlaps itself.
pub(crate) fn without(parts: &[Range<usize>], mut known: Vec<Range<usize>>) -> Vec<Range<usize>> {
    known.sort_unstable_by_key(|range| range.start);
    let mut rest = Vec::new();
    for part in parts {
        let mut start = part.start;
        let first = known.partition_point(|range| range.end <= start);
        for range in known[first..].iter().take_while(|range| range.start < part.end) {
            if start < range.start {
                rest.push(start..range.start);
            }
            start = start.max(range.end);
        }
        if start < part.end {
            rest.push(start..part.end);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_such_part() {
        assert!(parts(&b"a line\r\n\t~ of text\x1b\x0c\n".repeat(900)).is_empty());
        assert!(parts(b"").is_empty());
        for start in 0..4 {
            assert!(parts(&["x".repeat(start), "a€ \u{1f600} ä\n".repeat(3000)].concat().into_bytes()).is_empty());
        }
        for byte in [0, 5, 8, 0x80, 0xff] {
            let mut bytes = vec![b'x'; 5 * CHUNK];
            bytes[2 * CHUNK + 7] = byte;
            let wanted = 2 * CHUNK - MARGIN..3 * CHUNK + MARGIN;
            assert_eq!(parts(&bytes), std::slice::from_ref(&wanted));
            bytes[5 * CHUNK - 1] = byte;
            bytes[CHUNK] = byte;
            assert_eq!(parts(&bytes), [CHUNK - MARGIN..3 * CHUNK + MARGIN, 4 * CHUNK - MARGIN..5 * CHUNK]);
        }
    }

    #[test]
    fn a_mark_may_be_in_two_chunks() {
        for mark in [&b"\x1f\x8b\x08"[..], b"\x28\xb5\x2f\xfd", b"\xfd7zXZ"] {
            for before in CHUNK - mark.len()..=CHUNK {
                let bytes = [&vec![b'x'; before], mark, "ä".repeat(CHUNK).as_bytes()].concat();
                let within = |part: &Range<usize>| part.start <= before && before + mark.len() <= part.end;
                assert!(parts(&bytes).iter().any(within), "{before}");
            }
        }
    }

    #[test]
    fn what_is_known_is_left_out() {
        let parts = [10..20, 30..50];
        for (known, rest) in [
            (vec![], vec![10..20, 30..50]),
            (vec![0..25, 25..60], vec![]),
            (vec![12..14, 35..70], vec![10..12, 14..20, 30..35]),
            (vec![40..45, 0..11, 15..32], vec![11..15, 32..40, 45..50]),
            (vec![20..30, 50..60, 5..10], vec![10..20, 30..50]),
            // A zip may contain one entry in another.
            (vec![12..18, 14..15], vec![10..12, 18..20, 30..50]),
        ] {
            assert_eq!(without(&parts, known), rest);
        }
    }
}
