//! Where a token may start and where it must end. The regex crate has no look-behind, so this code checks both.

use super::randomness::{STRICT, parts_look_random};

/// The letters of words. A token neither starts after one nor ends in front of one.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a token may start at `at`: the byte in front is not part of a word, or it ends an escape sequence.
///
/// This check alone rejects half of the false alarms in foreign sources (`task_`, `disk_`, `umask_`).
pub(super) fn starts_at(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[..at];
    match before.last() {
        Some(&last) if is_word(last) => ends_escape(before),
        _ => true,
    }
}

/// What the bytes in front of a place say about a token that starts there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Margin {
    /// A token may start here, wherever it ends.
    pub opens: bool,
    /// A token with a longer prefix than `sk_` may start here: after an underscore, as in `stripe_sk_live_…`.
    pub opens_named: bool,
    /// The end of the token, according to a length in front of it.
    pub counted: Option<usize>,
    /// The end of the token, if it is within Markdown emphasis.
    pub limit: Option<usize>,
}

/// The margin of a token that starts at `at`.
pub(super) fn margin(bytes: &[u8], at: usize) -> Margin {
    let before = &bytes[..at];
    let Some(&last) = before.last() else { return Margin { opens: true, ..Margin::default() } };
    let opens_named = last == b'_' && !repeats_prefix(bytes, at);
    let limit = if opens_named { emphasis_end(bytes, at) } else { None };
    let opens = starts_at(bytes, at) || limit.is_some() || ends_legacy_character(before) || is_pickled(before);
    Margin { opens, opens_named, counted: counted_end(bytes, at), limit }
}

/// Whether [`margin`] may allow a token to start at `at`. The result depends only on the token and the two bytes in front of it,
/// and is true wherever [`margin`] allows a start, whatever is further away.
pub(super) fn may_start(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[..at];
    starts_at(bytes, at)
        || (before.ends_with(b"_") && !repeats_prefix(bytes, at))
        || before.ends_with(b"V")
        || before.len() >= 2 && !before[at - 2].is_ascii()
        || lengths(before).into_iter().flatten().any(|len| token_run(bytes, at, len) == len)
}

/// Whether a token that starts at `at` follows one that ended at `end`, with nothing or an underscore in between.
pub(super) fn follows(bytes: &[u8], end: usize, at: usize) -> bool {
    end == at || (end + 1 == at && bytes[end] == b'_')
}

/// The end of the token within the Markdown emphasis `_…_` or `__…__`.
fn emphasis_end(bytes: &[u8], at: usize) -> Option<usize> {
    /// Longer than any token.
    const LONGEST: usize = 340;
    let marks = bytes[..at].iter().rev().take(4).take_while(|b| **b == b'_').count();
    let is_opened = marks <= 3 && bytes[..at - marks].last().is_none_or(|&b| !is_word(b));
    let run = if is_opened { token_run(bytes, at, LONGEST) } else { 0 };
    let text = &bytes[at..at + run];
    // A full stop may follow the emphasis.
    let text = &text[..text.iter().rposition(|&b| b != b'.').map_or(0, |last| last + 1)];
    let is_closed = run < LONGEST && text.len() > marks && text[text.len() - marks..].iter().all(|b| *b == b'_');
    is_closed.then(|| at + text.len() - marks)
}

/// Whether another prefix follows closely. Names contain such parts, and a text full of prefixes would cost a check at each.
fn repeats_prefix(bytes: &[u8], at: usize) -> bool {
    let near = &bytes[at..bytes.len().min(at + 24)];
    near[1..].windows(3).skip(3).any(|three| three == b"sk_" || three == b"ec_")
}

/// Whether the word byte at the end of `before` is the second half of a character in Shift-JIS, Big5 or GBK, whose first half is
/// not ASCII: `\x81F` is a colon. In a line of valid UTF-8 it is a letter by itself.
fn ends_legacy_character(before: &[u8]) -> bool {
    /// The bytes of the line that decide which it is.
    const NEAR: usize = 64;
    let [.., first, _] = before else { return false };
    if first.is_ascii() {
        return false;
    }
    let near = &before[before.len().saturating_sub(NEAR)..];
    let line = near.iter().rposition(|&b| b == b'\n').map_or(near, |end| &near[end + 1..]);
    // The window may start within a character.
    let cut =
        if line.len() == NEAR { line.iter().take(3).take_while(|b| (0x80..0xc0).contains(*b)).count() } else { 0 };
    str::from_utf8(&line[cut..]).is_err()
}

/// Whether Python's pickle, in protocol 0, starts a text here: after a `V`, on a line of its own except for the operations in
/// front. `a` appends the value before, `s` sets it, `(` opens a tuple.
fn is_pickled(before: &[u8]) -> bool {
    let Some(rest) = before.strip_suffix(b"V") else { return false };
    let rest = rest.strip_suffix(b"(").unwrap_or(rest);
    match rest.strip_suffix(b"a").or(rest.strip_suffix(b"s")) {
        // The value is on the line above.
        Some(rest) => rest.last() == Some(&b'\n'),
        None => rest.last().is_none_or(|&b| b == b'\n'),
    }
}

/// The end of the token, if the bytes in front are its length, as in `.pyc`, protobuf, `MessagePack` and `SQLite`.
///
/// If the letters of the token end at that length, the length alone is enough. If more letters follow, such as the byte that says
/// what comes next in a `.pyc`, bytes that are not text must be near.
fn counted_end(bytes: &[u8], at: usize) -> Option<usize> {
    let before = &bytes[..at];
    let mut lengths = lengths(before).into_iter().flatten();
    let is_whole = |len: usize| token_run(bytes, at, len + 1) == len;
    let whole = lengths.clone().find(|&len| is_whole(len)).filter(|_| is_word(before[at - 1]));
    let goes_on = |len: usize| token_run(bytes, at, len) == len && is_serialized(bytes, at, at + len);
    whole.or_else(|| lengths.find(|&len| goes_on(len))).map(|len| at + len)
}

/// Whether the bytes in front of the length of a token from `at` to `end` are not text: a control character, or the mark of a
/// string in a `.pyc` if there are such characters nearby. Brackets and quotes that close after the token are text.
fn is_serialized(bytes: &[u8], at: usize, end: usize) -> bool {
    /// Longer than any token.
    const LONGEST: usize = 340;
    let is_control = |b: &u8| *b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b);
    let [rest @ .., kind, count] = &bytes[..at] else { return false };
    // The first of the two bytes of a length in `SQLite`.
    let kind = if matches!(kind, 0x81..=0x83) { rest.last().unwrap_or(kind) } else { kind };
    let close = match count {
        b'"' | b'\'' | b'`' => *count,
        b'(' => b')',
        b'<' | b'[' | b'{' => count + 2,
        _ => 0,
    };
    let is_closed = close != 0 && bytes.get(at + token_run(bytes, at, LONGEST)) == Some(&close);
    let is_string = matches!(kind, b'z' | b'Z' | 0xfa | 0xda) && {
        let behind = &bytes[end..bytes.len().min(end + 8)];
        rest[rest.len().saturating_sub(8)..].iter().chain(behind).any(is_control)
    };
    !is_closed && (is_control(kind) || is_string)
}

/// The lengths that the last bytes of `before` may encode.
fn lengths(before: &[u8]) -> [Option<usize>; 4] {
    /// No token is shorter.
    const SHORTEST: usize = 19;
    let byte = |back: usize| before.len().checked_sub(back).map(|at| usize::from(before[at]));
    let last = byte(1);
    // `SQLite` stores twice the length of a text plus 13, in one byte, or in two bytes of seven bits each.
    let in_sqlite = |number: usize| (number > 13 && number % 2 == 1).then(|| (number - 13) / 2);
    let two_bytes =
        byte(2).filter(|high| matches!(high, 0x81..=0x83)).zip(last).map(|(high, low)| (high & 0x7f) << 7 | low);
    // In 32 bits, little-endian.
    let wide = before.ends_with(b"\0\0\0").then(|| byte(4)).flatten();
    let lengths = [two_bytes.and_then(in_sqlite), last, last.and_then(in_sqlite), wide];
    lengths.map(|len| len.filter(|&len| len >= SHORTEST))
}

/// The number of bytes at `at` that tokens may contain, at most `most`.
fn token_run(bytes: &[u8], at: usize, most: usize) -> usize {
    let in_token = |b: &&u8| is_word(**b) || matches!(**b, b'-' | b'+' | b'/' | b'=' | b'.');
    bytes[at..].iter().take(most).take_while(in_token).count()
}

/// Whether a token may end in front of `at`.
pub(super) fn ends_at(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|&next| !is_word(next))
}

/// Whether the text in front of `at` is part of a digest or of other base64url, which contains three letters such as `sk_` by
/// chance: `sha256=sk_…` in the RECORD of a Python wheel.
pub(super) fn in_base64url(bytes: &[u8], at: usize) -> bool {
    // The length of a SHA-512 with its name.
    let before = &bytes[at.saturating_sub(96)..at];
    let in_text = |b: &u8| is_word(*b) || matches!(b, b'-' | b'=' | b':');
    let text = &before[before.iter().rposition(|b| !in_text(b)).map_or(0, |other| other + 1)..];
    let names: [&[u8]; 5] = [b"sha1", b"sha224", b"sha256", b"sha384", b"sha512"];
    let after_name = names.iter().any(|name| {
        text.windows(name.len() + 1).any(|at| at.starts_with(name) && matches!(at.last(), Some(b'-' | b'=' | b':')))
    });
    let run = text.rsplit(|b| matches!(b, b'=' | b':')).next().unwrap_or_default();
    // A UUID or a hex digest can end in front of a dash, so only base64url counts, which has capitals.
    let mixed = run.iter().any(u8::is_ascii_uppercase) && run.iter().any(u8::is_ascii_lowercase);
    after_name || (run.ends_with(b"-") && mixed && parts_look_random(run, STRICT))
}

/// The symbols of base64 and base64url: everything except letters and digits.
pub(super) fn is_base64_symbol(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| matches!(b, b'+' | b'/' | b'-' | b'_' | b'='))
}

/// Whether `before`, which ends in a word byte, ends in an escape for another character (`\n`, `\x3d`, `\u0022`, `\075`, `%3D`,
/// `=3D` of quoted-printable) or in a sequence for a terminal (`\e[32m`).
fn ends_escape(before: &[u8]) -> bool {
    simple_escape(before)
        || hex_escape(before, br"\x", 2)
        || hex_escape(before, br"\u", 4)
        || hex_escape(before, br"\U", 8)
        || hex_escape(before, br"\'", 2)
        || hex_escape(before, b"%", 2)
        || quoted_printable(before)
        || octal_escape(before)
        || terminal_sequence(before)
        || short_option(before)
        || whole_word(before, b"sandbox_")
}

/// `\n`, if the backslash itself is not escaped.
fn simple_escape(before: &[u8]) -> bool {
    let Some((last, rest)) = before.split_last() else { return false };
    if !matches!(last, b'n' | b't' | b'r' | b'f' | b'v' | b'b' | b'0' | b'a' | b'e') {
        return false;
    }
    // In JSON inside JSON the backslash is doubled and still belongs to the escape, so any number of backslashes is accepted.
    // PowerShell uses a backtick.
    matches!(rest.last(), Some(b'\\' | b'`'))
}

fn hex_escape(before: &[u8], mark: &[u8], digits: usize) -> bool {
    before.len() >= mark.len() + digits
        && before[before.len() - digits..].iter().all(u8::is_ascii_hexdigit)
        && before[..before.len() - digits].ends_with(mark)
}

/// `=3D`: upper case only, as in the standard, since `x=ab` is an assignment.
fn quoted_printable(before: &[u8]) -> bool {
    let upper_hex = |b: &u8| b.is_ascii_digit() || (b'A'..=b'F').contains(b);
    before.len() >= 3 && before[before.len() - 2..].iter().all(upper_hex) && before[before.len() - 3] == b'='
}

fn octal_escape(before: &[u8]) -> bool {
    let octal = |b: &u8| (b'0'..=b'7').contains(b);
    before.len() >= 4 && before[before.len() - 3..].iter().all(octal) && before[before.len() - 4] == b'\\'
}

/// `[32m` and `[0;1m`; and after an escape character, also a written one, `\e[K`, `\e[?25h` and `\e(B`: logs written for a
/// terminal.
fn terminal_sequence(before: &[u8]) -> bool {
    let Some((last, rest)) = before.split_last() else { return false };
    let parameters = rest.iter().rev().take_while(|b| b.is_ascii_digit() || matches!(b, b';' | b'?')).count();
    let escaped = |mark: &[u8]| {
        let escapes: [&[u8]; 6] = [b"\x1b", br"\e", b"u001b", b"u001B", b"x1b", br"\033"];
        escapes.iter().any(|escape| before.ends_with(&[escape, mark].concat()))
    };
    match rest[..rest.len() - parameters].last() {
        Some(b'[') if *last == b'm' => true,
        Some(b'[') => last.is_ascii_alphabetic() && escaped(&before[rest.len() - parameters - 1..]),
        _ => escaped(b"(B"),
    }
}

/// `curl -usk_…`: the option for a user name, directly followed by the name.
fn short_option(before: &[u8]) -> bool {
    let Some(rest) = before.strip_suffix(b"-u") else { return false };
    rest.last().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\''))
}

/// PhotoRoom's test keys are live keys with `sandbox_` in front.
fn whole_word(before: &[u8], word: &[u8]) -> bool {
    before.ends_with(word) && before[..before.len() - word.len()].last().is_none_or(|&b| !is_word(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_starts_where_no_word_goes_on() {
        for before in [
            &b""[..],
            b" ",
            b"\"",
            b"=",
            b",",
            b"-",
            b".",
            b"\xc3\xa9",
            b"\\n",
            b"\\\\n",
            b"\\t",
            b"\\u0022",
            b"\\x3d",
            b"%3D",
            b"%3d",
            b"=3D",
            b"\\075",
            b"\x1b[32m",
            b"\\e[0;1m",
            b"\x1b[01;31m\x1b[K",
            b"\r\x1b[0K",
            b"\\u001b[K",
            b"\x1b[?2004h",
            b"\x1b(B",
            b"\\U0000000A",
            b"\\'0a",
            b"`n",
            b" -u",
            b"'-u",
            b"-u",
            b"sandbox_",
        ] {
            let bytes = [before, b"sk_"].concat();
            assert!(starts_at(&bytes, before.len()), "{}", before.escape_ascii());
        }
    }

    /// The digests are split, since other scanners report some of them as secrets.
    #[test]
    fn a_digest_goes_on() {
        let digest = ["q7Xw2LzT9v", "RkB4mY8sJc"].concat();
        for before in ["sha256=", "a.py,sha256=", "sha512-Ab-", &format!("{digest}-"), &format!("key={digest}-")] {
            assert!(in_base64url(format!("{before}sk_").as_bytes(), before.len()), "{before}");
        }
        let uuid = "0b7f3c52-9f1e-4d0a-8f39-6f0d2c4be7a1-";
        for before in ["", "key=", "sha256 ", "my-production-key-", "KEY-2024-", uuid, "-----BEGIN-", &digest] {
            assert!(!in_base64url(format!("{before}sk_").as_bytes(), before.len()), "{before}");
        }
    }

    #[test]
    fn a_word_that_ends_in_the_prefix_is_no_start() {
        for before in [
            &b"ta"[..],
            b"di",
            b"_",
            b"9",
            b"n",
            b"3D",
            b"=3d",
            b"%3",
            b"u0022",
            b"32m",
            b"[K",
            b"(B",
            b"x-u",
            b"--u",
            b"u",
            b"xsandbox_",
            b"my_sandbox_",
        ] {
            let bytes = [before, b"sk_"].concat();
            assert!(!starts_at(&bytes, before.len()), "{}", before.escape_ascii());
        }
    }
}
