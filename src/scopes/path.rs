//! The path of a call, as code puts it together from literals and expressions.

/// Stands for a part of a path that is known only when the program runs.
pub(super) const UNKNOWN: char = '*';

/// The longest path that is read, in bytes.
const LONGEST: usize = 400;

/// Reads the path that starts at `at`, in or at the start of a string. Interpolated and concatenated expressions become
/// [`UNKNOWN`]. `text` and `bare` are those of `Code`.
pub(super) fn read(text: &str, at: usize) -> String {
    let bytes = text.as_bytes();
    let end = bytes.len().min(at + LONGEST);
    let (mut path, mut at) = (String::new(), at);
    while at < end {
        match bytes[at] {
            b'$' | b'#' if bytes.get(at + 1) == Some(&b'{') => at = expression(bytes, at + 2, end, &mut path),
            b'{' => at = expression(bytes, at + 1, end, &mut path),
            b'%' if bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) => {
                unknown(&mut path);
                at += 2;
            }
            b'"' | b'\'' | b'`' => match joined(bytes, at + 1, end) {
                Joined::No => break,
                Joined::Unknown => {
                    unknown(&mut path);
                    break;
                }
                Joined::Literal(next) => {
                    unknown(&mut path);
                    at = next;
                }
            },
            b'?' | b'#' | b'\\' | b' ' | b'\n' | b'\t' | b'<' | b')' | b',' => break,
            byte => {
                path.push(char::from(byte));
                at += 1;
            }
        }
    }
    path
}

fn unknown(path: &mut String) {
    if !path.ends_with(UNKNOWN) {
        path.push(UNKNOWN);
    }
}

/// Skips an expression to its closing brace.
fn expression(bytes: &[u8], mut at: usize, end: usize, path: &mut String) -> usize {
    unknown(path);
    let mut depth = 0;
    while at < end {
        match bytes[at] {
            b'{' => depth += 1,
            b'}' if depth == 0 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    end
}

/// What follows a literal.
enum Joined {
    No,
    /// An expression is appended, and no other literal.
    Unknown,
    /// An expression is appended, and then the literal that starts here.
    Literal(usize),
}

/// Whether a `+` of most languages, or a `.` of PHP, appends something on the same line.
fn joined(bytes: &[u8], at: usize, end: usize) -> Joined {
    let skip = |mut at: usize| {
        while at < end && bytes[at] == b' ' {
            at += 1;
        }
        at
    };
    let operator = skip(at);
    if operator >= end || !matches!(bytes[operator], b'+' | b'.') || (bytes[operator] == b'.' && operator == at) {
        return Joined::No;
    }
    let rest = &bytes[operator + 1..end];
    let line = rest.iter().position(|b| matches!(b, b'\n' | b';')).unwrap_or(rest.len());
    match rest[..line].iter().position(|b| matches!(b, b'"' | b'\'' | b'`')) {
        Some(quote) if !rest[..quote].contains(&b',') => Joined::Literal(operator + 1 + quote + 1),
        _ => Joined::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_unknown() {
        for (text, path) in [
            ("/objects/people\"", "/objects/people"),
            ("/objects/${slug}/records?x=1`", "/objects/*/records"),
            ("/objects/${a({b:1})}/records`", "/objects/*/records"),
            ("/objects/{slug}/records'", "/objects/*/records"),
            ("/objects/#{slug}/records\"", "/objects/*/records"),
            ("/objects/%s/records\"", "/objects/*/records"),
            ("/objects/\" + slug + \"/records\")", "/objects/*/records"),
            ("/objects/' . $slug . '/records')", "/objects/*/records"),
            ("/notes/\" + id)", "/notes/*"),
            ("/notes\", \"x\")", "/notes"),
            ("/notes${query}`", "/notes*"),
            ("/${path}`", "/*"),
            ("/notes/${", "/notes/*"),
        ] {
            assert_eq!(read(text, 0), path, "{text}");
        }
    }
}
