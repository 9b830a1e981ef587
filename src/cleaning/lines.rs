//! A line for each written form of a token, as `git filter-repo --replace-text` and `--replace-message` read it:
//! `literal:FORM==>REPLACEMENT`. The last `==>` counts, so a form may have one; a form with a line break needs `regex:`.
//! Literals are replaced first, then expressions, each in the order of the file.

use crate::vault::Form;

/// All lines, one for each of `forms`, which are replaced in this order.
pub(super) fn lines(forms: &[(Vec<u8>, Form)]) -> Vec<u8> {
    let written: Vec<Written<'_>> = forms
        .iter()
        .map(|(bytes, form)| Written { bytes, replacement: form.replacement(bytes), late: form.round > 0 })
        .collect();
    let wrapped: Vec<&[u8]> = written.iter().map(|one| one.bytes).filter(|bytes| bytes.contains(&b'\n')).collect();
    written.iter().flat_map(|one| line(one, &wrapped)).collect()
}

struct Written<'f> {
    bytes: &'f [u8],
    replacement: Vec<u8>,
    /// Whether it is there only once others are replaced.
    late: bool,
}

fn line(one: &Written<'_>, wrapped: &[&[u8]]) -> Vec<u8> {
    // A part of a wrapped form waits for it, or it would break the form up.
    let expression = one.late || wrapped.iter().any(|whole| contains(whole, one.bytes));
    let mut line = if expression { b"regex:".to_vec() } else { b"literal:".to_vec() };
    if expression {
        line.extend(one.bytes.iter().flat_map(|&byte| escaped(byte)));
    } else {
        line.extend_from_slice(one.bytes);
    }
    [&line[..], b"==>", &one.replacement, b"\n"].concat()
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

/// For Python's `re`: letters and digits as they are, the rest as `\xNN`.
fn escaped(byte: u8) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() || byte == b'_' { vec![byte] } else { format!("\\x{byte:02x}").into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_cannot_hold_or_must_wait_is_an_expression() {
        let wrapped: &[&[u8]] = &[b"ab.\ncd+"];
        for (bytes, late, wanted) in [
            (&b"abc==>.*"[..], false, "literal:abc==>.*==>R\n"),
            (b"ab.\ncd+", false, "regex:ab\\x2e\\x0acd\\x2b==>R\n"),
            (b"cd+", false, "regex:cd\\x2b==>R\n"),
            (b"x", false, "literal:x==>R\n"),
            (b"x", true, "regex:x==>R\n"),
        ] {
            let one = Written { bytes, replacement: b"R".to_vec(), late };
            assert_eq!(String::from_utf8_lossy(&line(&one, wrapped)), wanted);
        }
    }
}
