//! How a text continues in the next line: the text that closes a line, the line break, and the text that opens the next line.
//!
//! All bytes of the text are known, so nearly anything may be between its lines: `=` of quoted-printable, quotes and operators of
//! source code, a written `\n`, an indent, the leader of a comment.

/// The limit of bytes between two lines of one text: a deep indent, and punctuation.
pub(crate) const LONGEST: usize = 128;

/// The most punctuation marks among them: `\n" +` and `// "`.
const MARKS: usize = 12;

/// The longest word of a leader: `REM`, `dnl`, the number of a line.
const WORD: usize = 6;

/// The state of the text passed between two lines.
#[derive(Default)]
struct Passed {
    broken: bool,
    marks: usize,
    letters: usize,
    /// Whether a word has ended.
    word_ended: bool,
}

impl Passed {
    /// Passes one byte. Returns false if the byte may not be there. `is_break`: a letter is that of a written `\n`. A word may
    /// only be on the side of the line break on which the next line is.
    fn pass(&mut self, byte: u8, is_break: bool, may_be_word: bool) -> bool {
        let is_letter = byte.is_ascii_alphanumeric() && !is_break;
        self.word_ended |= !is_letter && self.letters > 0;
        match byte {
            b'\n' | b'\r' => self.broken = true,
            b' ' | b'\t' => {}
            _ if is_break => self.broken = true,
            _ if is_letter => self.letters += 1,
            _ if byte.is_ascii_punctuation() => self.marks += 1,
            _ => return false,
        }
        let word = self.letters == 0 || (self.letters <= WORD && (!is_letter || (may_be_word && !self.word_ended)));
        word && self.marks <= MARKS
    }
}

/// The places where the text that ends at `at` may continue, the nearest first.
pub(crate) fn resumes(bytes: &[u8], at: usize) -> impl Iterator<Item = usize> + '_ {
    let mut passed = Passed::default();
    let near = bytes[at..].iter().take(LONGEST).enumerate();
    let valid = near.map_while(move |(n, &byte)| {
        let place = at + n;
        let was_broken = passed.broken;
        let is_break = is_written_break(bytes, place) && place > at;
        let goes_on = passed.pass(byte, is_break, was_broken);
        let may_resume = passed.broken && (is_break || !byte.is_ascii_alphanumeric());
        goes_on.then_some((place + 1, may_resume))
    });
    valid.filter(|(_, may_resume)| *may_resume).map(|(place, _)| place)
}

/// The places where the text that continues at `at` may end, the nearest first.
pub(crate) fn ends(bytes: &[u8], at: usize) -> impl Iterator<Item = usize> + '_ {
    let mut passed = Passed::default();
    let near = bytes[..at].iter().enumerate().rev().take(LONGEST);
    let valid = near.map_while(move |(place, &byte)| {
        let is_break = is_written_break(bytes, place);
        // Something is between a word and the text.
        let may_be_word = !passed.broken && place + 1 < at;
        passed.pass(byte, is_break, may_be_word).then_some((place, passed.broken && !is_break))
    });
    valid.filter(|(_, may_end)| *may_end).map(|(place, _)| place)
}

/// Whether the letter belongs to a written `\n` or `\r`.
fn is_written_break(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at], b'n' | b'r') && at.checked_sub(1).is_some_and(|before| bytes[before] == b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_two_lines_is_passed_in_both_directions() {
        for between in [
            "\n",
            "\r\n",
            "\r",
            "=\r\n",
            "\n// ",
            "\n  // ",
            "\n-- ",
            "\n#",
            "\n * ",
            "\" +\n    \"",
            "\\n\" +\n  \"",
            "\\n",
            "\\r\\n",
            " \\\n",
            "\n;; ",
            "\nREM ",
            "\ndnl ",
            "',\n  '",
            "\n 12: ",
            "\n\t\t| ",
            "\n> > ",
        ] {
            let text = format!("head{between}tail");
            let (end, start) = (4, 4 + between.len());
            assert!(resumes(text.as_bytes(), end).any(|at| at == start), "{between:?} forwards");
            assert!(ends(text.as_bytes(), start).any(|at| at == end), "{between:?} backwards");
        }
    }

    #[test]
    fn other_text_is_not_passed() {
        for between in
            ["", " ", " + ", "\nwords in between ", "word\n", "\nlongest ", "\n\u{e9}", &" ".repeat(2 * LONGEST)]
        {
            let text = format!("head{between}~tail");
            let (end, start) = (4, 5 + between.len());
            assert!(resumes(text.as_bytes(), end).all(|at| at != start), "{between:?} forwards");
            assert!(ends(text.as_bytes(), start).all(|at| at != end), "{between:?} backwards");
        }
    }
}
