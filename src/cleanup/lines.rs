//! The lines of a replacements file, one for each written form of a token, in the format of `git filter-repo --replace-text` and
//! `--replace-message`: `literal:FORM==>REPLACEMENT`. The last `==>` counts, so a form may contain one. A form with a line break
//! needs `regex:`. Literals are replaced first, then expressions, each in the order of the file. The last lines contain the
//! tokens themselves, for `find --tokens-from`: `literal:==>keysweep-token:HEX`. filter-repo skips an empty literal, so it
//! replaces nothing for them.

use data_encoding::HEXLOWER;

use crate::finding::Token;
use crate::secrets::Form;

/// All lines, one for each of `forms`, in the order in which they are replaced.
pub(crate) fn lines(forms: &[(Vec<u8>, Form)]) -> Vec<u8> {
    let written: Vec<Written<'_>> = forms
        .iter()
        .map(|(bytes, form)| Written { bytes, replacement: form.replacement(bytes), late: form.round > 0 })
        .collect();
    let wrapped: Vec<&[u8]> = written.iter().map(|one| one.bytes).filter(|bytes| bytes.contains(&b'\n')).collect();
    written.iter().flat_map(|one| line(one, &wrapped)).collect()
}

/// A line for each token, which filter-repo skips.
pub(crate) fn token_lines<'t>(tokens: impl Iterator<Item = &'t Token>) -> Vec<u8> {
    tokens.flat_map(|token| format!("{TOKEN}{}\n", HEXLOWER.encode(token.bytes())).into_bytes()).collect()
}

/// The content of such a file.
#[derive(Default)]
pub(crate) struct Parsed {
    /// The tokens themselves.
    pub tokens: Vec<Vec<u8>>,
    /// The replaced forms.
    pub forms: Vec<Vec<u8>>,
}

/// Parses the lines that this module writes, and literals that a person added. The error is the number of an invalid line.
pub(crate) fn parse(text: &[u8]) -> Result<Parsed, usize> {
    let mut parsed = Parsed::default();
    for (at, line) in text.split(|&b| b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let wrong = || at + 1;
        if let Some(hex) = line.strip_prefix(TOKEN.as_bytes()) {
            parsed.tokens.push(HEXLOWER.decode(hex).map_err(|_| wrong())?);
            continue;
        }
        let form = line.windows(ARROW.len()).rposition(|window| window == ARROW).map_or(line, |arrow| &line[..arrow]);
        if let Some(expression) = form.strip_prefix(b"regex:") {
            parsed.forms.push(unescaped(expression).ok_or_else(wrong)?);
        } else if form.starts_with(b"glob:") {
            return Err(wrong());
        } else {
            parsed.forms.push(form.strip_prefix(b"literal:").unwrap_or(form).to_vec());
        }
    }
    parsed.forms.retain(|form| !form.is_empty());
    Ok(parsed)
}

/// The prefix of a token in hex.
const TOKEN: &str = "literal:==>keysweep-token:";

const ARROW: &[u8] = b"==>";

struct Written<'f> {
    bytes: &'f [u8],
    replacement: Vec<u8>,
    /// Whether the form appears only after others were replaced.
    late: bool,
}

fn line(one: &Written<'_>, wrapped: &[&[u8]]) -> Vec<u8> {
    // A part of a wrapped form must come after it, or it would break the form up.
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

/// Escapes bytes for Python's `re`: letters and digits stay as they are, the rest becomes `\xNN`.
fn escaped(byte: u8) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() || byte == b'_' { vec![byte] } else { format!("\\x{byte:02x}").into_bytes() }
}

/// Returns the bytes that an expression from [`escaped`] matches. None for any other expression.
fn unescaped(mut expression: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some((&first, rest)) = expression.split_first() {
        if first == b'\\' {
            let hex = rest.strip_prefix(b"x").and_then(|rest| rest.get(..2))?;
            bytes.extend(HEXLOWER.decode(hex).ok()?);
            expression = &rest[3..];
        } else if first.is_ascii_alphanumeric() || first == b'_' {
            bytes.push(first);
            expression = rest;
        } else {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let forms: [&[u8]; 3] = [b"abc==>.*", b"ab.\ncd+", b"\0w\0i\0d\0e"];
        let written = forms.map(|bytes| Written { bytes, replacement: b"R".to_vec(), late: bytes[0] == 0 });
        let mut text: Vec<u8> = written.iter().flat_map(|one| line(one, &[])).collect();
        text.extend(line(&Written { bytes: forms[1], replacement: b"R".to_vec(), late: true }, &[]));
        text.extend(token_lines([Token::new(b"a\n==>b"), Token::new(b"c")].iter()));
        let parsed = parse(&text).expect("all lines are ours");
        assert_eq!(parsed.tokens, [&b"a\n==>b"[..], b"c"]);
        assert_eq!(parsed.forms.iter().filter(|form| **form == forms[1]).count(), 1);
        let of_a_person = parse(b"\nliteral:one==>x\ntwo\n").expect("literals");
        assert_eq!(of_a_person.forms, [&b"one"[..], b"two"]);
        for (text, line) in [("a\nregex:a.*b==>", 2), ("glob:a*", 1), ("literal:==>keysweep-token:xyz", 1)] {
            assert_eq!(parse(text.as_bytes()).err(), Some(line), "{text}");
        }
    }

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
