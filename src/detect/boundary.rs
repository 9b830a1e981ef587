//! Where a token may start and where it must have ended. The regex crate has no look-behind, so both are read by hand.

use super::randomness::{STRICT, parts_look_random};

/// The letters that make a word go on: a token neither starts behind one nor ends in front of one.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a token may start at `at`: the byte before is no word byte, or it ends an escape sequence.
///
/// The boundary alone takes away half of the innocent hits in foreign sources (`task_`, `disk_`, `umask_`).
pub(super) fn starts_at(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[..at];
    match before.last() {
        Some(&last) if is_word(last) => ends_escape(before),
        _ => true,
    }
}

/// Whether a token may end in front of `at`.
pub(super) fn ends_at(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|&next| !is_word(next))
}

/// Whether what stands in front of `at` says that a digest or other base64url goes on there, in which three letters such as
/// `sk_` stand by chance: `sha256=sk_…` in the RECORD of a Python wheel.
pub(super) fn in_base64url(bytes: &[u8], at: usize) -> bool {
    // As long as a SHA-512 with its name.
    let before = &bytes[at.saturating_sub(96)..at];
    let in_text = |b: &u8| is_word(*b) || matches!(b, b'-' | b'=' | b':');
    let text = &before[before.iter().rposition(|b| !in_text(b)).map_or(0, |other| other + 1)..];
    let names: [&[u8]; 5] = [b"sha1", b"sha224", b"sha256", b"sha384", b"sha512"];
    let after_name = names.iter().any(|name| {
        text.windows(name.len() + 1).any(|at| at.starts_with(name) && matches!(at.last(), Some(b'-' | b'=' | b':')))
    });
    let run = text.rsplit(|b| matches!(b, b'=' | b':')).next().unwrap_or_default();
    // A UUID or a digest in hex ends in front of a dash; base64url has capitals.
    let mixed = run.iter().any(u8::is_ascii_uppercase) && run.iter().any(u8::is_ascii_lowercase);
    after_name || (run.ends_with(b"-") && mixed && parts_look_random(run, STRICT))
}

/// What base64 and base64url have beside letters and digits.
pub(super) fn is_base64_symbol(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| matches!(b, b'+' | b'/' | b'-' | b'_' | b'='))
}

/// Whether `before`, which ends in a word byte, ends in an escape that stands for another character: `\n` and its
/// like, `\x3d`, `\u0022`, `\075`, `%3D`, `=3D` (quoted-printable), or in a sequence for a terminal, `\e[32m`.
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

/// `\n`, where the backslash is not itself escaped.
fn simple_escape(before: &[u8]) -> bool {
    let Some((last, rest)) = before.split_last() else { return false };
    if !matches!(last, b'n' | b't' | b'r' | b'f' | b'v' | b'b' | b'0' | b'a' | b'e') {
        return false;
    }
    // In JSON inside JSON the backslash is doubled and the escape is one still, so any number of them will do. PowerShell has a
    // backtick instead.
    matches!(rest.last(), Some(b'\\' | b'`'))
}

fn hex_escape(before: &[u8], mark: &[u8], digits: usize) -> bool {
    before.len() >= mark.len() + digits
        && before[before.len() - digits..].iter().all(u8::is_ascii_hexdigit)
        && before[..before.len() - digits].ends_with(mark)
}

/// `=3D`: upper case only, as the standard has it, since `x=ab` is an assignment.
fn quoted_printable(before: &[u8]) -> bool {
    let upper_hex = |b: &u8| b.is_ascii_digit() || (b'A'..=b'F').contains(b);
    before.len() >= 3 && before[before.len() - 2..].iter().all(upper_hex) && before[before.len() - 3] == b'='
}

fn octal_escape(before: &[u8]) -> bool {
    let octal = |b: &u8| (b'0'..=b'7').contains(b);
    before.len() >= 4 && before[before.len() - 3..].iter().all(octal) && before[before.len() - 4] == b'\\'
}

/// `[32m`, `[0;1m`, and behind an escape that is there or written out also `\e[K`, `\e[?25h`, `\e(B`: logs that were written for
/// a terminal.
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

/// `curl -usk_…`: the option for a user's name, with the name behind it at once.
fn short_option(before: &[u8]) -> bool {
    let Some(rest) = before.strip_suffix(b"-u") else { return false };
    rest.last().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\''))
}

/// PhotoRoom's test mode is `sandbox_` in front of the live key, which therefore stands there whole.
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

    /// The digests are not in one piece here, since other scanners take some for secrets.
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
