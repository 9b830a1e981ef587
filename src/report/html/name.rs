//! Names from outside, such as those of files, branches and people.

use maud::{Markup, html};
use unicode_width::UnicodeWidthChar;

use crate::error::grouped;
use crate::finding::ShownPath;
use crate::report::shown::shown_path;

/// A name of more characters is cut in the middle. Git allows names of any length, and each token repeats them.
const LONGEST: usize = 300;
/// The same for a sentence, which may contain several names, or be from a custom rule.
const LONGEST_SENTENCE: usize = 3_000;
/// What is left of such a name. The end of a path says more than its folders.
const KEPT_BEFORE: usize = 160;
const KEPT_BEHIND: usize = 80;

/// The name, in an element that keeps letters that are written from right to left from changing the order of what is around them.
pub(super) fn name(name: &ShownPath) -> Markup {
    text(&shown_path(name))
}

/// The same for a name in which nothing is left to escape.
pub(super) fn text(name: &str) -> Markup {
    html! { bdi { (shortened(name)) } }
}

/// Cuts a long name in the middle, and adds its length.
pub(super) fn shortened(name: &str) -> String {
    shortened_from(name, LONGEST)
}

/// The same for a sentence.
pub(super) fn sentence(text: &str) -> String {
    shortened_from(text, LONGEST_SENTENCE)
}

fn shortened_from(text: &str, longest: usize) -> String {
    let length = text.chars().count();
    if length <= longest {
        return text.to_owned();
    }
    let before: String = text.chars().take(KEPT_BEFORE).collect();
    let behind: String = text.chars().skip(length - KEPT_BEHIND).collect();
    format!("{before} … {behind} ({} characters)", grouped(length))
}

/// The start of the name: as many letters as fit `columns` of a font in which all letters have the same width.
pub(super) fn cut(name: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |letter: &char| {
        used += letter.width().unwrap_or(0);
        used < columns
    };
    // Marks have no width of their own, and a name can have any number of them.
    let start: String = name.chars().take(2 * columns).take_while(fits).collect();
    if start.len() == name.len() { start } else { format!("{start}…") }
}

/// `branch main` for `refs/heads/main`.
pub(super) fn of_ref(name: &str) -> String {
    let kinds = [("refs/heads/", "branch"), ("refs/remotes/", "remote"), ("refs/tags/", "tag"), ("logs/", "reflog")];
    let kind = kinds.iter().find_map(|(start, kind)| Some(format!("{kind} {}", name.strip_prefix(start)?)));
    match name {
        "refs/stash" => "the stash".to_owned(),
        "index" => "the index".to_owned(),
        _ => kind.unwrap_or_else(|| name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_start_and_its_end() {
        assert_eq!(shortened("src/a.py"), "src/a.py");
        let long = format!("src/{}.py", "é".repeat(10_000));
        let short = shortened(&long);
        assert!(short.starts_with("src/é") && short.ends_with("é.py (10,007 characters)"), "{short}");
        assert!(short.chars().count() < LONGEST, "{short}");
    }

    #[test]
    fn a_label_fits_its_columns() {
        assert_eq!(cut("branch main", 12), "branch main");
        assert_eq!(cut("branch main", 11), "branch mai…");
        assert_eq!(cut("日本語日本語", 8), "日本語…");
        assert_eq!(cut(&format!("a{}", "\u{301}".repeat(10_000)), 8).chars().count(), 17);
    }

    #[test]
    fn refs_are_named_by_their_kind() {
        for (name, wanted) in [
            ("refs/heads/main", "branch main"),
            ("refs/remotes/origin/main", "remote origin/main"),
            ("refs/tags/v1", "tag v1"),
            ("refs/pull/1/head", "refs/pull/1/head"),
            ("logs/HEAD", "reflog HEAD"),
            ("HEAD", "HEAD"),
        ] {
            assert_eq!(of_ref(name), wanted);
        }
    }
}
