//! Rewrites JSON that agents write and that `serde_json` refuses: escapes of half a surrogate pair, and deep nesting.

use serde_json::Value;

use super::json_text::{end_of, end_of_string};

/// A value that is nested deeper than this becomes a string with its JSON. `serde_json` refuses more than 127 levels.
const MAX_DEPTH: usize = 100;

/// The text with `\ufffd` for each escape of half a surrogate pair, and with strings for values that are nested too deeply.
pub(super) fn rewritten(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut kept, mut depth) = (0, 0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b'"' => end_of_string(bytes, at),
            b'[' | b'{' if depth == MAX_DEPTH => end_of(text, at),
            _ => {
                match byte {
                    b'[' | b'{' => depth += 1,
                    b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                at += 1;
                continue;
            }
        };
        out.push_str(&text[kept..at]);
        if byte == b'"' {
            push_string(&text[at..end], &mut out);
        } else {
            out.push_str(&Value::from(&text[at..end]).to_string());
        }
        (at, kept) = (end, end);
    }
    out.push_str(&text[kept..]);
    out
}

fn push_string(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let len = match (escaped(rest), rest.get(6..).and_then(escaped)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                out.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            // Whatever is behind the backslash belongs to it.
            _ => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&rest[..len]);
        rest = &rest[len..];
    }
    out.push_str(rest);
}

/// The number in an escape `\uXXXX` at the beginning of the text.
fn escaped(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        for (text, wanted) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDC00x""#, r#""\ufffdx""#),
            (r#""a\ud83d\ude00b""#, r#""a\ud83d\ude00b""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\"\ud83d" : "\n\u0041é""#, r#""\"\ufffd" : "\n\u0041é""#),
            (r#""\ud83"#, r#""\ud83"#),
            (r#""\"#, r#""\"#),
            (r#""\é"#, r#""\é"#),
        ] {
            assert_eq!(rewritten(text), wanted);
        }
    }

    #[test]
    fn a_deep_value_becomes_a_string() {
        for depth in [1, 99, 100, 101, 127, 128, 10_000] {
            let text = format!("{}\"a\\\"]\"{}", "[".repeat(depth), "]".repeat(depth));
            let mut value: Value = serde_json::from_str(&rewritten(&text)).expect("JSON");
            for _ in 0..depth.min(MAX_DEPTH) {
                value = value[0].take();
            }
            let inner = value.as_str().expect("a string");
            assert!(if depth > MAX_DEPTH { inner.starts_with('[') } else { inner == "a\"]" }, "{depth}");
        }
        let text = "[".repeat(100_000);
        assert!(serde_json::from_str::<Value>(&rewritten(&text)).is_err());
    }
}
