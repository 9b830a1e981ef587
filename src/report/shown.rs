//! Formats bytes from outside for a terminal.

use crate::detect::is_unsafe;
use crate::error::counted;
use crate::finding::ShownPath;
use crate::text::word_for_shell;

/// The path on one line. Invalid UTF-8 and characters that could move the cursor are escaped.
pub fn shown_path(path: &ShownPath) -> String {
    let mut text = String::new();
    for chunk in path.as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            if is_unsafe(letter) {
                text.extend(letter.escape_default());
            } else {
                text.push(letter);
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// The path as a word for a POSIX shell. None if a part of it is masked, so that the word would not name the file.
pub(super) fn shell_word(path: &ShownPath) -> Option<String> {
    nameable(path).map(quoted)
}

/// The path as a git pathspec from the top of the worktree, as a word for a POSIX shell, with magic characters turned off. If the
/// reader is at the top, this is mostly the path alone.
pub(super) fn pathspec(path: &ShownPath, below_top: bool) -> Option<String> {
    let text = nameable(path)?;
    let is_pattern = text.starts_with(':') || text.contains(['*', '?', '[', '\\']);
    Some(match (is_pattern, below_top) {
        (false, false) => quoted(text),
        // Git would read most other characters here as pathspec magic.
        (false, true) if text.starts_with(|c: char| c.is_alphanumeric() || c == '.') => quoted(&format!(":/{text}")),
        _ => quoted(&format!(":(top,literal){text}")),
    })
}

fn nameable(path: &ShownPath) -> Option<&str> {
    let text = std::str::from_utf8(path.as_bytes()).ok()?;
    (!text.contains('…') && !text.contains(is_unsafe)).then_some(text)
}

fn quoted(text: &str) -> String {
    let quoted = word_for_shell(text, "");
    if text.starts_with('-') { format!("-- {quoted}") } else { quoted }
}

/// `12 kB`, `3.4 MB`: at most three digits, powers of ten.
pub(super) fn size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match units.into_iter().find(|&(_, unit)| bytes >= unit) {
        Some((name, unit)) if bytes < 10 * unit => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        Some((name, unit)) => format!("{} {name}", bytes / unit),
        None => counted(usize::try_from(bytes).unwrap_or(usize::MAX), "byte"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_at_most() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_234, "1.2 kB"),
            (12_345, "12 kB"),
            (3_456_789, "3.4 MB"),
            (2_000_000_000, "2.0 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_name_cannot_forge_a_line_or_a_command() {
        let path = |name: &str| ShownPath::from_masked(name.into());
        assert_eq!(shown_path(&path("a\nkeysweep: fine\u{1b}[2K\u{202e}")), r"a\nkeysweep: fine\u{1b}[2K\u{202e}");
        assert_eq!(shell_word(&path("it's; rm x")).as_deref(), Some(r"'it'\''s; rm x'"));
        assert_eq!(shell_word(&path("--help")).as_deref(), Some("-- --help"));
        assert_eq!(shell_word(&path("a\nb")), None);
        assert_eq!(pathspec(&path("a/b.c"), false).as_deref(), Some("a/b.c"));
        assert_eq!(pathspec(&path("a/b.c"), true).as_deref(), Some(":/a/b.c"));
        assert_eq!(pathspec(&path("a[1]"), false).as_deref(), Some("':(top,literal)a[1]'"));
        assert_eq!(pathspec(&path("!a"), true).as_deref(), Some("':(top,literal)!a'"));
    }
}
