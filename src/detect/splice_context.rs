//! How much text on either side of a joint of two texts can be part of a token across it.

use crate::detect::decode::{joint, soft_break};
use crate::git::pack::delta::Splice;

/// The text to search on either side of a joint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpliceContext {
    /// The most bytes on one side.
    pub bytes: usize,
    /// The lines at which it ends earlier.
    pub lines: Lines,
}

/// The lines that matter besides the one with the joint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// All lines: only the number of bytes counts.
    Any,
    /// The lines that may be one wrapped text with it.
    Wrapped,
    /// The same, and always one line on either side, since any text between two lines can split a known token.
    Neighbors,
}

/// The line with the joint and the two below it: whether the first of these continues the line decides whether the second one
/// continues it too.
const LINES_BEHIND: usize = 3;

impl Splice for SpliceContext {
    /// The end of `text` in front of a joint: the line with the joint, and the line above if that may continue with it.
    fn before<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let near = &text[text.len().saturating_sub(self.bytes)..];
        let mut breaks = memchr::memrchr_iter(b'\n', near).filter(|_| self.lines != Lines::Any);
        match breaks.next() {
            None => near,
            Some(last) if self.lines == Lines::Wrapped && !may_go_on(near, last) => &near[last + 1..],
            Some(_) => breaks.next().map_or(near, |above| &near[above + 1..]),
        }
    }

    /// The beginning of `text` after a joint.
    fn after<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let near = &text[..text.len().min(self.bytes)];
        let mut breaks = memchr::memchr_iter(b'\n', near).filter(|_| self.lines != Lines::Any);
        match breaks.next() {
            None => near,
            Some(first) if !may_belong(near, first) => match self.lines {
                Lines::Neighbors => breaks.next().map_or(near, |second| &near[..=second]),
                Lines::Any | Lines::Wrapped => &near[..=first],
            },
            Some(_) => breaks.nth(LINES_BEHIND - 2).map_or(near, |last| &near[..=last]),
        }
    }
}

/// Whether the line that ends in the line break at `at` may continue below.
fn may_go_on(text: &[u8], at: usize) -> bool {
    joint::may_go_on(text, at) || soft_break::is_at(text, at)
}

/// Whether the line after the line break at `at` may belong to the line in front of it.
fn may_belong(text: &[u8], at: usize) -> bool {
    joint::may_belong(text, at + 1) || soft_break::is_at(text, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(text: &str, bytes: usize, by_lines: bool) -> (String, String) {
        let context = SpliceContext { bytes, lines: if by_lines { Lines::Wrapped } else { Lines::Any } };
        let text_of = |part: &[u8]| String::from_utf8(part.to_vec()).expect("ASCII");
        (text_of(context.before(text.as_bytes())), text_of(context.after(text.as_bytes())))
    }

    #[test]
    fn it_ends_with_the_bytes_or_with_the_line_that_is_cut() {
        let text = "one line that is long enough\nof two\nthree\n of four\nfive";
        assert_eq!(near(text, 200, true), ("five".to_owned(), "one line that is long enough\n".to_owned()));
        assert_eq!(near(text, 200, false), (text.to_owned(), text.to_owned()));
        assert_eq!(near(text, 3, true), ("ive".to_owned(), "one".to_owned()));
    }

    #[test]
    fn lines_that_may_be_one_text_belong_together() {
        let digits = "a".repeat(30);
        let breaks = [("\n", true), ("\r\n", true), (" \\\r\n", true), ("\" +\n", true), (";\n", false)];
        for (line_break, goes_on) in breaks {
            let text = format!("x\n{digits}{line_break}rest");
            assert_eq!(near(&text, 200, true).0.contains(&digits), goes_on, "{line_break}");
        }
        let text = format!("cut off\n{digits}\n  word\nmore words\n");
        assert_eq!(near(&text, 200, true).1, format!("cut off\n{digits}\n  word\n"));
        // One line of few digits may end what goes on, and begin nothing.
        assert_eq!(near("a b\nword\nword", 200, true), ("word".to_owned(), "a b\nword\nword".to_owned()));
        // What is cut off may be longer than it looks, and what is not here may be anything.
        assert_eq!(near("aaa\nrest", 200, true).0, "aaa\nrest");
        assert_eq!(near("rest\n  ", 200, true).1, "rest\n  ");
        // A short rest of a line may be the text behind its digits, which the lines below have too.
        assert_eq!(near("\");\nof two\nthree\nfour\n", 200, true).1, "\");\nof two\nthree\n");
    }

    #[test]
    fn of_a_known_token_one_more_line_matters() {
        let context = SpliceContext { bytes: 200, lines: Lines::Neighbors };
        let text = b"one line that is long enough\nof two\nthree\n of four\nfive";
        assert_eq!(context.before(text), b" of four\nfive");
        assert_eq!(context.after(text), b"one line that is long enough\nof two\n");
        assert_eq!(SpliceContext { bytes: 3, ..context }.before(text), b"ive");
        let digits = format!("cut off\n{}\nmore\nwords\n", "a".repeat(30));
        assert!(context.after(digits.as_bytes()).ends_with(b"\nmore\n"));
    }
}
