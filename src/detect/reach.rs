//! How far round a place where two texts meet a token may stand across it.

use super::decode::block;

/// What has to be looked at on either side of such a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// So many bytes at most.
    pub bytes: usize,
    /// Whether it ends with the lines that matter, where these are shorter.
    pub by_lines: bool,
}

/// The line that is cut, and the two below: whether the first of them goes on with it decides whether the second one goes on
/// with that.
const LINES_BEHIND: usize = 3;

impl Reach {
    /// The end of `text`, which ends where another one begins: the line that is cut, and the one above if that may go on
    /// with it.
    pub fn before<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let near = &text[text.len().saturating_sub(self.bytes)..];
        let mut breaks = memchr::memrchr_iter(b'\n', near).filter(|_| self.by_lines);
        match breaks.next() {
            None => near,
            Some(last) if !block::may_go_on(near, last) => &near[last + 1..],
            Some(_) => breaks.next().map_or(near, |above| &near[above + 1..]),
        }
    }

    /// The beginning of `text`, which begins where another one ends.
    pub fn behind<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let near = &text[..text.len().min(self.bytes)];
        let mut breaks = memchr::memchr_iter(b'\n', near).filter(|_| self.by_lines);
        match breaks.next() {
            None => near,
            Some(first) if !block::may_belong(near, first + 1) => &near[..=first],
            Some(_) => breaks.nth(LINES_BEHIND - 2).map_or(near, |last| &near[..=last]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(text: &str, bytes: usize, by_lines: bool) -> (String, String) {
        let reach = Reach { bytes, by_lines };
        let text_of = |part: &[u8]| String::from_utf8(part.to_vec()).expect("ASCII");
        (text_of(reach.before(text.as_bytes())), text_of(reach.behind(text.as_bytes())))
    }

    #[test]
    fn it_ends_with_the_bytes_or_with_the_line_that_is_cut() {
        let text = "one\nof two\nthree\n of four\nfive";
        assert_eq!(near(text, 200, true), ("five".to_owned(), "one\n".to_owned()));
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
    }
}
