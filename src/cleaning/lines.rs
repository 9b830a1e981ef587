//! A line for each written form of a token, as `git filter-repo --replace-text` and `--replace-message` read it:
//! `literal:FORM==>REPLACEMENT`. The last `==>` counts, so a form may have one; a form with a line break needs `regex:`.
//! Literals are replaced first, then expressions, each in the order of the file.

use crate::vault::Form;

/// All lines, one for each of `forms`, which come with the longest first.
pub(super) fn lines(forms: &[(Vec<u8>, Form)]) -> Vec<u8> {
    let wrapped: Vec<&[u8]> = forms.iter().map(|(bytes, _)| &bytes[..]).filter(|bytes| has_line_break(bytes)).collect();
    let mut lines = Vec::new();
    for (bytes, form) in forms {
        // A part of a wrapped form waits for it, or it would break the form up.
        if wrapped.iter().any(|whole| contains(whole, bytes)) {
            lines.extend_from_slice(b"regex:");
            lines.extend(bytes.iter().flat_map(|&byte| escaped(byte)));
        } else {
            lines.extend_from_slice(b"literal:");
            lines.extend_from_slice(bytes);
        }
        lines.extend_from_slice(b"==>");
        lines.extend(replacement(bytes, form));
        lines.push(b'\n');
    }
    lines
}

/// `REMOVED-stripe-secret-key-9f86d081884c7d65`: no rule takes it for a token, and who meets it can look it up.
fn replacement(bytes: &[u8], form: &Form) -> Vec<u8> {
    let text = format!("REMOVED-{}-{}", form.rule.id, form.fingerprint).into_bytes();
    if !form.wide {
        return text;
    }
    // Big-endian where the first byte is the NUL; a form that ends with its file may lack the last byte.
    let first = usize::from(bytes.first() != Some(&0));
    let mut wide = Vec::with_capacity(2 * text.len());
    text.iter().for_each(|&letter| wide.extend(if first == 1 { [letter, 0] } else { [0, letter] }));
    wide.truncate(wide.len() - bytes.len() % 2);
    wide
}

fn has_line_break(bytes: &[u8]) -> bool {
    bytes.contains(&b'\n')
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

/// For Python's `re`: letters, digits and what is no sign of its own as they are, the rest as `\xNN`.
fn escaped(byte: u8) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() || byte == b'_' { vec![byte] } else { format!("\\x{byte:02x}").into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Fingerprint;
    use crate::rules::ALL;

    fn form(wide: bool) -> Form {
        Form { rule: ALL[0], fingerprint: Fingerprint::from_bits(0xab), wide, in_binary: false }
    }

    fn text(forms: &[(&[u8], bool)]) -> String {
        let forms: Vec<_> = forms.iter().map(|(bytes, wide)| (bytes.to_vec(), form(*wide))).collect();
        let lines = String::from_utf8(lines(&forms)).expect("text");
        lines.replace(&format!("REMOVED-{}-00000000000000ab", ALL[0].id), "R")
    }

    #[test]
    fn what_a_line_cannot_hold_is_an_expression() {
        assert_eq!(text(&[(b"abc==>.*", false)]), "literal:abc==>.*==>R\n");
        assert_eq!(
            text(&[(b"ab.\ncd+", false), (b"cd+", false), (b"x", false)]),
            "regex:ab\\x2e\\x0acd\\x2b==>R\nregex:cd\\x2b==>R\nliteral:x==>R\n"
        );
    }

    #[test]
    fn what_stands_in_utf_16_is_replaced_by_utf_16() {
        for (bytes, wanted) in [(&b"a\0b\0"[..], [b'R', 0, b'E', 0]), (b"\0a\0b", [0, b'R', 0, b'E'])] {
            let replaced = replacement(bytes, &form(true));
            assert!(replaced.starts_with(&wanted) && replaced.len().is_multiple_of(2));
        }
        assert_eq!(replacement(b"a\0b", &form(true)).last(), Some(&b'b'));
    }
}
