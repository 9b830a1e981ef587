//! Finds assignments, operands and functions in a source file by its brackets and line ends.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::source::{Code, Language};

/// The longest expression that is looked at, in bytes.
const MAX_LEN: usize = 4_000;

/// The number of assignments, and of functions, of a file that are looked at. Without a limit, hostile files would take long.
const MAX_ITEMS: usize = 2_000;

/// `name = expression`, also as `const name = …` or `name := …`.
#[derive(Debug)]
pub(super) struct Assignment {
    pub names: Vec<String>,
    /// Where the names are visible: from the assignment to the end of its block.
    pub scope: Range<usize>,
    pub value: Range<usize>,
}

/// A function with a name.
#[derive(Debug)]
pub(super) struct Function {
    pub name: String,
    pub body: Range<usize>,
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether `text` has `word` as a whole word, and not as a property of something else.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices(word).any(|(at, _)| {
        let end = at + word.len();
        let is_start = at == 0 || !(is_word(bytes[at - 1]) || bytes[at - 1] == b'.');
        let is_end = end == bytes.len() || !is_word(bytes[end]);
        is_start && is_end
    })
}

/// All assignments of the file.
pub(super) fn assignments(code: &Code) -> Vec<Assignment> {
    let bytes = code.bare.as_bytes();
    let mut found = Vec::new();
    for at in memchr::memchr_iter(b'=', bytes) {
        let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        let is_go = before == b':' && code.language == Language::Go;
        if (b"=!<>+-*/%&|^~?:".contains(&before) && !is_go) || matches!(next, b'=' | b'>' | b'~') {
            continue;
        }
        let left = &code.bare[line_start(bytes, at)..at - usize::from(is_go)];
        let names = names_of(left);
        if !names.is_empty() {
            let value = at + 1..expression_end(bytes, at + 1);
            found.push(Assignment { names, scope: at..code.block_end(at), value });
            if found.len() == MAX_ITEMS {
                break;
            }
        }
    }
    found
}

/// The start of the statement that `at` is in, on its line.
fn line_start(bytes: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(200);
    bytes[from..at].iter().rposition(|b| b"\n;{}(".contains(b)).map_or(from, |start| from + start + 1)
}

/// The names on the left of an assignment: `const a: T`, `self.a`, `a, err`, `$a`, `@a`.
fn names_of(left: &str) -> Vec<String> {
    let left = left.trim();
    let words = ["const ", "let ", "var ", "export ", "final ", "static ", "my "];
    let left = words.iter().fold(left, |left, word| left.strip_prefix(word).unwrap_or(left)).trim_start();
    let names = left.split(',').filter_map(|part| {
        let part = part.split(':').next().unwrap_or_default().trim();
        let part = part.rsplit(['.', '>']).next().unwrap_or_default().trim_start_matches(['$', '@', '*']);
        let is_name = !part.is_empty() && part.bytes().all(is_word) && !part.as_bytes()[0].is_ascii_digit();
        is_name.then(|| part.to_owned())
    });
    names.collect()
}

/// Where the expression ends that starts at `start`: at a `;`, a closing bracket, or a line end that nothing continues.
pub(super) fn expression_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut last) = (0_usize, b'=');
    let limit = bytes.len().min(start + MAX_LEN);
    let mut at = start;
    while at < limit {
        let byte = bytes[at];
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' | b';' if depth == 0 => return at,
            b')' | b']' | b'}' => depth -= 1,
            b'\n' if depth == 0 && !b"=+-*/,.&|?:(\\".contains(&last) => {
                let next = bytes[at..limit].iter().copied().find(|b| !b.is_ascii_whitespace()).unwrap_or(b'\n');
                if !b".?:+&|".contains(&next) {
                    return at;
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
        at += 1;
    }
    limit
}

/// The operand that ends at `end`.
pub(super) fn operand_before(code: &Code, end: usize) -> Range<usize> {
    let bytes = code.bare.as_bytes();
    let (mut depth, mut at) = (0_usize, end);
    let limit = end.saturating_sub(MAX_LEN);
    while at > limit {
        let byte = bytes[at - 1];
        match byte {
            b')' | b']' | b'}' => depth += 1,
            b'(' | b'[' | b'{' | b';' | b',' | b'?' | b'=' | b'&' | b'|' | b'!' | b'\n' if depth == 0 => break,
            b'(' | b'[' | b'{' => depth -= 1,
            _ => {}
        }
        at -= 1;
    }
    at..end
}

/// The operand that starts at `start`.
pub(super) fn operand_after(code: &Code, start: usize) -> Range<usize> {
    let bytes = code.bare.as_bytes();
    let (mut depth, mut at) = (0_usize, start);
    let limit = bytes.len().min(start + MAX_LEN);
    let mut has_begun = false;
    while at < limit {
        let byte = bytes[at];
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => break,
            b')' | b']' => depth -= 1,
            b'\n' if !has_begun => {}
            b';' | b',' | b'?' | b'{' | b'&' | b'|' | b'\n' if depth == 0 => break,
            _ => {}
        }
        has_begun |= !byte.is_ascii_whitespace();
        at += 1;
    }
    start..at
}

/// The arguments of a call, without its brackets. `open` is behind the opening one.
pub(super) fn arguments(code: &Code, open: usize) -> Range<usize> {
    let bytes = code.bare.as_bytes();
    let mut depth = 0_usize;
    let limit = bytes.len().min(open + MAX_LEN);
    for (at, byte) in bytes.iter().enumerate().take(limit).skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return open..at,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    open..limit
}

/// The functions of a file that have a name.
pub(super) fn functions(code: &Code) -> Vec<Function> {
    static DEFINITIONS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
        [
            r"(?:function\s*\*?\s*([A-Za-z_]+[A-Za-z0-9_]*)\s*\()|(?:(?:const|let|var)\s+([A-Za-z_][A-Za-z0-9_]*)[^=\n]{0,200}=\s*(?:async\s*)?(?:function\b|\([^)]{0,300}\)[^=\n]{0,80}=>|[A-Za-z_][A-Za-z0-9_]*\s*=>))|(?:(?m)^[ \t]+(?:public |private |protected |static |async )*([a-z_][A-Za-z0-9_]*)\s*\([^)]{0,300}\)\s*(?::[^{\n]{1,80})?\{)",
            r"(?:async\s+)?def\s+([A-Za-z_][A-Za-z0-9_]*)\s*\(",
            r"func\s+(?:\([^)]*\)\s*)?([A-Za-z_][A-Za-z0-9_]*)\s*\(",
            r"def\s+(?:self\.)?([a-z_][A-Za-z0-9_]*[?!]?)",
            r"function\s+([A-Za-z_][A-Za-z0-9_]*)\s*\(",
        ]
        .map(|pattern| Regex::new(&ascii(pattern)).expect("the pattern is valid"))
    });
    let definition = &DEFINITIONS[code.language as usize];
    let mut found = Vec::new();
    for captures in definition.captures_iter(&code.bare).take(MAX_ITEMS) {
        let whole = captures.get(0).expect("a match").range();
        let Some(name) = captures.iter().skip(1).flatten().next() else { continue };
        if matches!(name.as_str(), "if" | "for" | "while" | "switch" | "catch" | "function" | "return") {
            continue;
        }
        found.push(Function { name: name.as_str().to_owned(), body: body(code, &whole) });
    }
    found
}

/// The body of a function whose definition starts with `definition`.
fn body(code: &Code, definition: &Range<usize>) -> Range<usize> {
    let bytes = code.bare.as_bytes();
    if !code.language.has_braces() {
        let line_end = memchr::memchr(b'\n', &bytes[definition.end..]).map_or(bytes.len(), |len| definition.end + len);
        let next =
            bytes[line_end..].iter().position(|b| !b.is_ascii_whitespace()).map_or(bytes.len(), |len| line_end + len);
        return line_end..if next < bytes.len() { code.block_end(next).max(next) } else { next };
    }
    let ends_in = |text: &str| code.bare[definition.clone()].ends_with(text);
    if ends_in("=>") {
        let start = definition.end;
        let is_block = bytes[start..].iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
        if !is_block {
            return start..expression_end(bytes, start);
        }
    }
    let open = if ends_in("{") {
        Some(definition.end)
    } else {
        // The first brace behind the parameters, whose types may have braces as well.
        let parameters = if ends_in("(") { arguments(code, definition.end).end } else { definition.end };
        memchr::memchr(b'{', &bytes[parameters..bytes.len().min(parameters + 400)]).map(|len| parameters + len + 1)
    };
    open.map_or(definition.end..definition.end, |open| open..code.block_end(open))
}

/// Classes such as `\s` mean ASCII only, as the crate is built without the tables of Unicode.
pub(super) fn ascii(pattern: &str) -> String {
    pattern.replace(r"\s", r"[ \t\r\n]").replace(r"\w", "[A-Za-z0-9_]").replace(r"\b", r"(?-u:\b)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(language: Language, text: &str) -> Code {
        Code::new(b"a", language, text.as_bytes())
    }

    #[test]
    fn assignments_have_their_names_and_values() {
        for (language, text, name, value) in [
            (Language::JavaScript, "const a: string = f(\n  b\n)\n  .c()\nd", "a", " f(\n  b\n)\n  .c()"),
            (Language::JavaScript, "this.a = b; c", "a", " b"),
            (Language::Python, "self.a = b(\n  c)\nd", "a", " b(\n  c)"),
            (Language::Go, "a := b.Sum(nil)\nc", "a", " b.Sum(nil)"),
            (Language::Ruby, "@a = b\nc", "a", " b"),
            (Language::Php, "$a = b($c);", "a", " b($c)"),
        ] {
            let code = code(language, text);
            let found = assignments(&code);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!((&*found[0].names[0], &code.bare[found[0].value.clone()]), (name, value), "{text}");
        }
        assert!(assignments(&code(Language::JavaScript, "if (a === b || c != d || e >= f) g => h")).is_empty());
    }

    #[test]
    fn functions_have_their_bodies() {
        for (language, text, name, body) in [
            (Language::JavaScript, "export async function f(a: { b: c }) { d }", "f", " d "),
            (Language::JavaScript, "const f = (a) => b(c)\nd", "f", " b(c)"),
            (Language::JavaScript, "const f = async (a): Promise<b> => { c }", "f", " c "),
            (Language::JavaScript, "class A {\n  async f(a) { b }\n}", "f", " b "),
            (Language::Python, "def f(a):\n    b\n    c\nd\n", "f", "\n    b\n    c\n"),
            (Language::Go, "func (s *S) f(a int) error { b }", "f", " b "),
            (Language::Ruby, "  def f(a)\n    b\n  end\n", "f", "\n    b\n"),
            (Language::Php, "public function f($a): bool { b }", "f", " b "),
        ] {
            let code = code(language, text);
            let found = functions(&code);
            assert!(!found.is_empty(), "{text}");
            assert_eq!((&*found[0].name, &code.bare[found[0].body.clone()]), (name, body), "{text}");
        }
    }

    #[test]
    fn operands_end_at_operators() {
        let code = code(Language::JavaScript, "if (a && f(b, c).d === e[1].g || h) {}");
        let at = code.bare.find("===").expect("an operator");
        assert_eq!(code.bare[operand_before(&code, at)].trim(), "f(b, c).d");
        assert_eq!(code.bare[operand_after(&code, at + 3)].trim(), "e[1].g");
    }

    #[test]
    fn a_word_is_no_property_and_no_part_of_one() {
        assert!(has_word("f(sig)", "sig"));
        assert!(!has_word("f(a.sig, sign)", "sig"));
    }
}
