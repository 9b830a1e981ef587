//! Archives that are encoded in base64 or hex.

/// The length of the shortest line of wrapped base64 or hex. The shortest archive with a token is longer.
const RUN: usize = 60;

/// The beginnings of archives in base64. Helm encodes gzip in base64 twice.
const BASE64: [&[u8]; 9] =
    [b"H4sI", b"UEsDB", b"QlpoO", b"/Td6WFo", b"_Td6WFo", b"KLUv", b"N3q8ryc", b"UmFyIRo", b"SDRzSU"];

/// The beginnings of archives in hex: gzip without rare flags, zip, bzip2 with the mark of a block, xz, zstd, 7z, rar.
const HEX: [&[u8]; 8] = [
    b"1f8b0800",
    b"1f8b0808",
    b"504b0304",
    b"425a6839314159265359",
    b"fd377a585a00",
    b"28b52ffd",
    b"377abcaf271c",
    b"526172211a07",
];

/// The scan reads words of this length. Every run contains one of them, and has words before or after it.
const WORD: usize = 8;

/// Returns the name of an archive format if an encoded archive begins in the text.
pub(crate) fn kind(bytes: &[u8]) -> Option<&'static str> {
    const STEP: usize = RUN - WORD + 1;
    let mut last = None;
    let (chunks, rest) = bytes.as_chunks::<STEP>();
    for (n, chunk) in chunks.iter().enumerate() {
        if chunk.first_chunk().is_some_and(|word| !has_space(*word))
            && may_be_in_run(bytes, n * STEP)
            && let Some(kind) = around(bytes, n * STEP, &mut last)
        {
            return Some(kind);
        }
    }
    let at = chunks.len() * STEP;
    let is_word = rest.first_chunk().is_some_and(|word| !has_space(*word)) && may_be_in_run(bytes, at);
    if is_word { around(bytes, at, &mut last) } else { None }
}

/// Returns the format of the run around the word at `at`. The beginning of the run around `last` was checked before.
#[cold]
fn around(bytes: &[u8], at: usize, last: &mut Option<usize>) -> Option<&'static str> {
    let from = last.replace(at);
    let before = &bytes[from.unwrap_or_default()..at];
    let start = match before.iter().rposition(|b| !is_digit(b)) {
        Some(space) => from.unwrap_or_default() + space + 1,
        None if from.is_none() => 0,
        None => return None,
    };
    let is_escaped = bytes[..start].last() == Some(&b'\\');
    let is_long = bytes.get(start..start + RUN).is_some_and(|run| run.iter().all(is_digit));
    if is_long { begins(&bytes[start..], is_escaped) } else { None }
}

/// Whether one of the bytes is below `+`, the lowest digit: a space, a line ending, a quote, a bracket.
fn has_space(word: [u8; WORD]) -> bool {
    const EVERY: u64 = 0x0101_0101_0101_0101;
    const FIRST: u64 = 0x2b;
    let word = u64::from_le_bytes(word);
    word.wrapping_sub(EVERY * FIRST) & !word & (EVERY * 0x80) != 0
}

/// Whether the other words of a run around the word at `at` are free of spaces: half of the run is before or after it.
#[inline]
fn may_be_in_run(bytes: &[u8], at: usize) -> bool {
    const FAR: usize = (RUN - WORD) / 2;
    const NEAR: usize = FAR - WORD;
    let is_free = |at: usize| bytes.get(at..).and_then(|rest| rest.first_chunk()).is_some_and(|word| !has_space(*word));
    let is_free_behind = is_free(at + FAR) && is_free(at + NEAR);
    is_free_behind || at >= FAR && is_free(at - FAR) && is_free(at - NEAR)
}

/// Digits of base64, of its form for URLs, and so of hex.
#[allow(clippy::trivially_copy_pass_by_ref)] // iterators pass one
fn is_digit(byte: &u8) -> bool {
    const DIGITS: [bool; 256] = {
        let mut digits = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            digits[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
            byte += 1;
        }
        digits
    };
    DIGITS[usize::from(*byte)]
}

fn begins(run: &[u8], is_escaped: bool) -> Option<&'static str> {
    // String literals write a line ending as `\n`.
    let run = if is_escaped && matches!(run[0], b'n' | b'r') { &run[1..] } else { run };
    if BASE64.iter().any(|beginning| run.first() == beginning.first() && run.starts_with(beginning)) {
        return Some("base64 of an archive, which is not unpacked");
    }
    let marked = [&b"0x"[..], b"0X", b"x", b"X"].into_iter().find_map(|mark| run.strip_prefix(mark));
    let digits = marked.unwrap_or(run);
    let is_hex = |beginning: &&[u8]| {
        let start = digits.get(..beginning.len());
        start.is_some_and(|start| start[0] | b' ' == beginning[0] && start.eq_ignore_ascii_case(beginning))
    };
    let is_long = || digits.iter().take(RUN - 2).all(u8::is_ascii_hexdigit);
    (HEX.iter().any(is_hex) && is_long()).then_some("hex of an archive, which is not unpacked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_wherever_it_is() {
        let run = "H4sI".to_owned() + &"x".repeat(RUN - 4);
        for before in 0..150 {
            for behind in 0..70 {
                let text = ["a ".repeat(before / 2), "a".repeat(before % 2), ".".repeat(before % 2)].concat();
                let text = format!("{text}{run}{}", " b".repeat(behind));
                assert!(kind(text.as_bytes()).is_some(), "{text}");
                assert!(kind(text.replacen("xx ", "x ", 1).trim_end_matches('x').as_bytes()).is_none() || behind == 0);
            }
        }
        assert_eq!(kind(run.as_bytes()), Some("base64 of an archive, which is not unpacked"));
        for none in [&run[..RUN - 1], &run[1..], &format!("a{run}"), "", "H4sI", &"H4sI ".repeat(90)] {
            assert_eq!(kind(none.as_bytes()), None, "{none}");
        }
        assert!(kind(format!("{} {run}", "a".repeat(200)).as_bytes()).is_some());
        assert!(kind(format!("{run}{} {run}", "-".repeat(200)).as_bytes()).is_some());
    }

    #[test]
    fn a_digest_is_no_archive() {
        for text in ["1f8b08ff", "1f8b08", "504b03", "425a68"] {
            let digest = format!("{text:0<64}").replace("0000", "0f1e");
            assert_eq!(kind(digest.as_bytes()), None, "{digest}");
        }
    }
}
