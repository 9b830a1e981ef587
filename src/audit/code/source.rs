//! Separates the code, comments and strings of a source file. The lexer knows enough of five languages for heuristics, and no more.

use super::super::reader::name_of;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// JavaScript and TypeScript, and the scripts of Vue, Svelte and Astro.
    JavaScript,
    Python,
    Go,
    Ruby,
    Php,
}

impl Language {
    pub fn of(path: &[u8]) -> Option<Self> {
        let (_, extension) = std::str::from_utf8(name_of(path)).ok()?.rsplit_once('.')?;
        Some(match extension {
            "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte" | "astro" => {
                Self::JavaScript
            }
            "py" => Self::Python,
            "go" => Self::Go,
            "rb" => Self::Ruby,
            "php" => Self::Php,
            _ => return None,
        })
    }

    /// Whether braces delimit blocks. Otherwise the indentation does.
    pub fn has_braces(self) -> bool {
        matches!(self, Self::JavaScript | Self::Go | Self::Php)
    }
}

/// A source file. Both texts have the length of the file, so that offsets agree, and are ASCII.
#[derive(Debug)]
pub(crate) struct Code {
    pub path: Vec<u8>,
    pub language: Language,
    /// Comments are spaces.
    pub text: String,
    /// Comments and the contents of strings are spaces. Expressions that a string interpolates are kept.
    pub bare: String,
}

impl Code {
    pub fn new(path: &[u8], language: Language, bytes: &[u8]) -> Self {
        let mut lexer = Lexer { bytes, language, text: Vec::new(), bare: Vec::new(), at: 0, last: b'\n' };
        lexer.code(None);
        let ascii = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { path: path.to_vec(), language, text: ascii(lexer.text), bare: ascii(lexer.bare) }
    }

    /// The number of the line with this offset, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..at]).count()
    }

    /// Where the block ends that the offset is in. A longer block counts as ended at the limit.
    pub fn block_end(&self, at: usize) -> usize {
        if self.language.has_braces() { self.brace_end(at) } else { self.indent_end(at) }
    }

    fn brace_end(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        let limit = self.bare.len().min(at + MAX_BLOCK);
        for (offset, byte) in self.bare.bytes().enumerate().take(limit).skip(at) {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 0 => return offset,
                b'}' => depth -= 1,
                _ => {}
            }
        }
        limit
    }

    fn indent_end(&self, at: usize) -> usize {
        let start = self.bare[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = indent(&self.bare[start..]);
        let mut offset = start;
        let limit = self.bare.len().min(at + MAX_BLOCK);
        for line in self.bare[start..limit].split_inclusive('\n') {
            if offset > at && !line.trim().is_empty() && self::indent(line) < indent {
                return offset;
            }
            offset += line.len();
        }
        limit
    }
}

fn indent(line: &str) -> usize {
    line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// The longest block that is followed, in bytes.
const MAX_BLOCK: usize = 20_000;

/// How deep templates may be nested in one another. Deeper ones are read as plain text.
const MAX_DEPTH: usize = 32;

struct Lexer<'a> {
    bytes: &'a [u8],
    language: Language,
    text: Vec<u8>,
    bare: Vec<u8>,
    at: usize,
    /// The last byte of code that is no space.
    last: u8,
}

impl Lexer<'_> {
    fn starts(&self, with: &str) -> bool {
        self.bytes[self.at..].starts_with(with.as_bytes())
    }

    /// Takes one byte. Line ends are kept everywhere.
    fn push(&mut self, in_text: bool, in_bare: bool) {
        let byte = self.bytes[self.at];
        let shown = if byte.is_ascii() { byte } else { b'?' };
        let kept = |is_kept: bool| if is_kept || byte == b'\n' { shown } else { b' ' };
        self.text.push(kept(in_text));
        self.bare.push(kept(in_bare));
        self.at += 1;
    }

    fn push_all(&mut self, count: usize, in_text: bool, in_bare: bool) {
        for _ in 0..count.min(self.bytes.len() - self.at) {
            self.push(in_text, in_bare);
        }
    }

    /// Reads code up to the closing brace that ends an interpolation, or to the end of the file.
    fn code(&mut self, interpolated: Option<usize>) {
        let mut depth = 0_usize;
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            match byte {
                b'}' if interpolated.is_some() && depth == 0 => return,
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if self.comment() {
                continue;
            }
            match byte {
                b'"' | b'\'' | b'`' => self.string(byte, interpolated.unwrap_or_default()),
                b'/' if self.is_regex() => self.regex(),
                _ => {
                    if !byte.is_ascii_whitespace() {
                        self.last = byte;
                    }
                    self.push(true, true);
                }
            }
        }
    }

    fn comment(&mut self) -> bool {
        let has_slashes = self.language.has_braces();
        if has_slashes && self.starts("/*") {
            let rest = &self.bytes[self.at + 2..];
            let len = memchr::memmem::find(rest, b"*/").map_or(rest.len() + 2, |end| end + 4);
            self.push_all(len, false, false);
            return true;
        }
        let has_hash = matches!(self.language, Language::Python | Language::Ruby | Language::Php);
        let is_line = (has_slashes && self.starts("//") && self.last != b':')
            || (has_hash && self.starts("#") && !self.starts("#[") && !self.starts("#{"));
        if is_line {
            let rest = &self.bytes[self.at..];
            let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.push_all(len, false, false);
        }
        is_line
    }

    fn string(&mut self, quote: u8, depth: usize) {
        let triple = [quote; 3];
        if self.language == Language::Python && self.bytes[self.at..].starts_with(&triple) {
            let rest = &self.bytes[self.at + 3..];
            let len = memchr::memmem::find(rest, &triple).map_or(rest.len() + 3, |end| end + 6);
            // A text that is no value is documentation.
            let is_value = b"=(,[:+".contains(&self.last);
            self.push_all(len, is_value, false);
            return;
        }
        let is_raw = quote == b'`' && self.language == Language::Go;
        let spans_lines = quote == b'`';
        let is_formatted = self.language == Language::Python
            && self.at.checked_sub(1).is_some_and(|before| matches!(self.bytes[before], b'f' | b'F'));
        self.push(true, true);
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            match byte {
                b'\\' if !is_raw => self.push_all(2, true, false),
                b'\n' if !spans_lines => break,
                _ if byte == quote => {
                    self.push(true, true);
                    break;
                }
                b'$' if quote == b'`' && self.starts("${") && depth < MAX_DEPTH => self.interpolation(2, depth),
                b'#' if self.language == Language::Ruby && quote == b'"' && self.starts("#{") && depth < MAX_DEPTH => {
                    self.interpolation(2, depth);
                }
                b'{' if is_formatted && !self.starts("{{") && depth < MAX_DEPTH => self.interpolation(1, depth),
                b'$' if self.language == Language::Php && quote == b'"' => {
                    let rest = &self.bytes[self.at + 1..];
                    let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                    self.push_all(1 + len, true, true);
                }
                _ => self.push(true, false),
            }
        }
        self.last = quote;
    }

    fn interpolation(&mut self, opening: usize, depth: usize) {
        self.push_all(opening, true, true);
        self.last = b'{';
        self.code(Some(depth + 1));
        self.push_all(1, true, true);
    }

    /// In JavaScript and Ruby a slash behind an operator starts a regular expression.
    fn is_regex(&self) -> bool {
        matches!(self.language, Language::JavaScript | Language::Ruby) && b"(=,:[!&|?{};\n".contains(&self.last)
    }

    fn regex(&mut self) {
        let mut in_class = false;
        self.push(true, true);
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\\' => self.push_all(2, true, false),
                b'\n' => break,
                b'/' if !in_class => {
                    self.push(true, true);
                    break;
                }
                byte => {
                    in_class = byte == b'[' || (in_class && byte != b']');
                    self.push(true, false);
                }
            }
        }
        self.last = b'/';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(language: Language, text: &str) -> String {
        let code = Code::new(b"a", language, text.as_bytes());
        assert_eq!((code.text.len(), code.bare.len()), (text.len(), text.len()));
        code.bare
    }

    #[test]
    fn comments_and_strings_are_blank() {
        for (language, text, wanted) in [
            (Language::JavaScript, "a(\"b==c\") // d", "a(\"    \")     "),
            (Language::JavaScript, "`x${y + `z`}w`", "` ${y + ` `} `"),
            (Language::JavaScript, "a = /'/.test(b)", "a = / /.test(b)"),
            (Language::JavaScript, "/* a\n */ b", "    \n    b"),
            (Language::JavaScript, "don't\nb = 'c'", "don' \nb = ' '"),
            (Language::Python, "f'{a} b' # c", "f'{a}  '    "),
            (Language::Python, "'{a}'", "'   '"),
            (Language::Python, "\"\"\"a == b\"\"\"\nc", "            \nc"),
            (Language::Ruby, "\"#{a} b\" # c", "\"#{a}  \"    "),
            (Language::Go, "`a\n\\`; b", "` \n `; b"),
            (Language::Php, "\"a $b c\" # d", "\"  $b  \"    "),
        ] {
            assert_eq!(bare(language, text), wanted, "{text}");
        }
    }

    #[test]
    fn any_text_is_lexed_in_bounds() {
        for text in ["\\", "'\\", "`${`${`", "/*", "f'{", "\"#{", "/[", "'''", "é'é", "${}}}{"] {
            for language in [Language::JavaScript, Language::Python, Language::Go, Language::Ruby, Language::Php] {
                bare(language, text);
            }
        }
        bare(Language::JavaScript, &"`${".repeat(10_000));
    }

    #[test]
    fn a_block_ends_with_its_brace_or_indentation() {
        let code = Code::new(b"a", Language::JavaScript, b"f() { a = 1; if (x) { y } }\nb");
        assert_eq!(code.block_end(6), 26);
        let code = Code::new(b"a", Language::Python, b"def f():\n    a = 1\n\n    b\nc\n");
        assert_eq!(code.block_end(13), 26);
    }
}
