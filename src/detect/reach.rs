//! How far round a place where two texts meet a token may stand across it.

/// What has to be looked at on either side of such a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// So many bytes at most.
    pub bytes: usize,
    /// Whether it ends with the lines that matter, where these are shorter.
    pub by_lines: bool,
}

/// The line that is cut, and the one above, which it may go on with.
const LINES_BEFORE: usize = 2;

/// The line that is cut, and the two below: whether the first of them goes on with it decides whether the second one goes on
/// with that.
const LINES_BEHIND: usize = 3;

impl Reach {
    /// The end of `text`, which ends where another one begins.
    pub fn before<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let near = &text[text.len().saturating_sub(self.bytes)..];
        let mut breaks = memchr::memrchr_iter(b'\n', near).take(LINES_BEFORE);
        breaks.nth(LINES_BEFORE - 1).filter(|_| self.by_lines).map_or(near, |at| &near[at + 1..])
    }

    /// The beginning of `text`, which begins where another one ends.
    pub fn behind<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let near = &text[..text.len().min(self.bytes)];
        let mut breaks = memchr::memchr_iter(b'\n', near);
        breaks.nth(LINES_BEHIND - 1).filter(|_| self.by_lines).map_or(near, |at| &near[..=at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_the_lines_or_with_the_bytes() {
        let text = b"one\ntwo\nthree\nfour\nfive";
        let by_lines = Reach { bytes: 200, by_lines: true };
        assert_eq!((by_lines.before(text), by_lines.behind(text)), (&b"four\nfive"[..], &b"one\ntwo\nthree\n"[..]));
        let by_bytes = Reach { bytes: 200, by_lines: false };
        assert_eq!((by_bytes.before(text), by_bytes.behind(text)), (&text[..], &text[..]));
        let short = Reach { bytes: 5, by_lines: true };
        assert_eq!((short.before(text), short.behind(text)), (&b"\nfive"[..], &b"one\nt"[..]));
    }
}
