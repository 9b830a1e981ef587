//! The blocks of a Terraform file: <https://developer.hashicorp.com/terraform/language/syntax/configuration>.

/// Returns `text` with spaces in place of everything outside the top-level blocks whose type `is_wanted`, such as
/// `aws_ssm_parameter` in `resource "aws_ssm_parameter" "name" { … }`. All offsets stay.
pub(super) fn only_blocks(text: &str, is_wanted: impl Fn(&str) -> bool) -> String {
    let mut kept: Vec<u8> = text.bytes().map(|byte| if byte == b'\n' { byte } else { b' ' }).collect();
    let mut scanner = Scanner { text, at: 0 };
    let mut start = 0;
    while let Some(open) = scanner.next_brace() {
        let kind = text[start..open].rsplit('\n').next().and_then(kind_of).unwrap_or_default();
        scanner.skip_block();
        if is_wanted(kind) {
            kept[start..scanner.at].copy_from_slice(&text.as_bytes()[start..scanner.at]);
        }
        start = scanner.at;
    }
    String::from_utf8(kept).expect("parts between ASCII characters are whole")
}

/// The type of a resource or a data source, from the line that opens its block.
fn kind_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("resource").or_else(|| line.strip_prefix("data"))?;
    rest.trim_start().strip_prefix('"')?.split('"').next()
}

/// Finds braces outside strings and comments.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl Scanner<'_> {
    /// The offset of the next opening brace. The scanner is then behind it.
    fn next_brace(&mut self) -> Option<usize> {
        loop {
            if self.next()? == b'{' {
                return Some(self.at - 1);
            }
        }
    }

    /// Goes behind the closing brace, or to the end of the text.
    fn skip_block(&mut self) {
        let mut depth = 1;
        while depth > 0 {
            match self.next() {
                Some(b'{') => depth += 1,
                Some(b'}') => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    /// The next byte of the syntax. A string or a comment counts as one byte.
    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        let byte = *bytes.get(self.at)?;
        let rest = &self.text[self.at..];
        let len = match byte {
            b'"' => 1 + end_of_string(&bytes[self.at + 1..]),
            b'#' => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        self.at += len;
        Some(byte)
    }
}

/// The length of the rest of a string. One that is not closed ends with its line.
fn end_of_string(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' => return at,
            b'\\' => at += 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_read_in_bounds() {
        for text in
            ["", "{", "}", "resource \"a", "resource \"a\" \"b\" { \"é", "/* {", "é{\"\\", "{{{{}", "#é\n{é}\"\\é"]
        {
            assert_eq!(only_blocks(text, |_| true).len(), text.len(), "{text}");
        }
        let deep = "{".repeat(1_000_000);
        assert_eq!(only_blocks(&deep, |_| true).len(), deep.len());
    }

    #[test]
    fn only_wanted_blocks_stay() {
        let text = "x = 1 # resource {\nresource \"a\" \"n\" {\n  v = \"}\" # }\n  w = { y = 2 }\n}\nresource \"b\" \"n\" { z = 3 }\n";
        let kept = only_blocks(text, |kind| kind == "a");
        assert!(kept.contains("w = { y = 2 }") && !kept.contains("z = 3"), "{kept}");
        assert_eq!(kept.find("w ="), text.find("w ="));
        let kept = only_blocks(text, |kind| kind == "b");
        assert!(!kept.contains("y = 2") && kept.contains("z = 3"), "{kept}");
    }
}
