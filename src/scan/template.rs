//! What the template of `git commit` proves about the options of that commit.
//!
//! No hook can see `--cleanup` and `-v`, but git's template depends on them. Its hint says whether git removes comments. Git's
//! scissors are below the hint if, and only if, git shows a diff and cuts it off. Git appends the hint to the message, so a
//! template that an earlier commit left in a message is followed by a second hint.
//!
//! The template proves nothing where `commit.status` is off, where git prints another language, and where scissors replace the
//! hint (`commit.cleanup=scissors`).

use crate::finding::Span;

/// The line, without its mark, between the message and the diff that `commit --verbose` shows.
pub(super) const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------\n";

const OPENING: &[u8] = b" Please enter the commit message for your changes. Lines starting\n";
const REMOVED: [&[u8]; 2] = [b" will be ignored, and an empty message aborts the commit.\n", b" will be ignored.\n"];
const KEPT: &[u8] = b" will be kept; you may remove them ";

/// The parts that git certainly removes from a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Removed {
    /// The comment mark, if git removes comments.
    pub comments: Option<Vec<u8>>,
    /// The start of the scissors above the diff, if git cuts there.
    pub diff: Option<usize>,
}

impl Removed {
    /// Parses the hints of a message. `lines` are its lines, and `marks` are the marks that comments may have.
    pub fn of(text: &[u8], lines: &[Span], marks: &[Vec<u8>]) -> Self {
        let hints: Vec<Hint<'_>> = lines.windows(2).filter_map(|pair| Hint::parse(text, pair, marks)).collect();
        let Some(last) = hints.last() else { return Self::default() };
        if hints.iter().any(|hint| hint.mark != last.mark) {
            return Self::default();
        }
        let is_scissors = |line: &&Span| text[(*line).clone()].strip_prefix(last.mark) == Some(SCISSORS);
        let scissors = lines.iter().find(is_scissors).map(|line| line.start);
        let keeps_none = hints.iter().all(|hint| hint.removes);
        Self {
            comments: keeps_none.then(|| last.mark.to_vec()),
            diff: scissors.filter(|&scissors| last.end <= scissors),
        }
    }
}

/// Git's hint for the person who edits the message.
struct Hint<'m> {
    mark: &'m [u8],
    /// Whether it says that git removes comments.
    removes: bool,
    end: usize,
}

impl<'m> Hint<'m> {
    /// Parses a hint, which has two lines.
    fn parse(text: &[u8], pair: &[Span], marks: &'m [Vec<u8>]) -> Option<Self> {
        let (first, second) = (&text[pair[0].clone()], &text[pair[1].clone()]);
        let mark = marks.iter().find(|mark| first.strip_prefix(&mark[..]) == Some(OPENING))?;
        let quoted = [mark, &b" with '"[..], mark, b"'"].concat();
        let words = second.strip_prefix(&quoted[..])?;
        let removes = REMOVED.contains(&words);
        (removes || words.starts_with(KEPT)).then_some(Self { mark, removes, end: pair[1].end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::spans_of_lines;

    const CUT: &str = "# ------------------------ >8 ------------------------\n";

    fn hint(mark: &str, words: &str) -> String {
        format!(
            "{mark} Please enter the commit message for your changes. Lines starting\n{mark} with '{mark}' will be {words}\n"
        )
    }

    /// Whether git removes comments, and the byte from which git removes everything.
    fn removed(text: &str) -> (bool, Option<usize>) {
        let lines: Vec<Span> = spans_of_lines(text.as_bytes()).collect();
        let removed = Removed::of(text.as_bytes(), &lines, &[b"#".to_vec(), b";".to_vec()]);
        (removed.comments.is_some(), removed.diff)
    }

    #[test]
    fn the_last_hint_and_the_first_scissors_count() {
        let goes = hint("#", "ignored, and an empty message aborts the commit.");
        let stays = hint("#", "kept; you may remove them yourself if you want to.");
        let other = hint(";", "ignored.");
        assert_eq!(removed("x\n"), (false, None));
        assert_eq!(removed(CUT), (false, None));
        assert_eq!(removed(&goes), (true, None));
        assert_eq!(removed(&stays), (false, None));
        assert_eq!(removed(&format!("{goes}{CUT}x\n")), (true, Some(goes.len())));
        assert_eq!(removed(&format!("{stays}{CUT}x\n")), (false, Some(stays.len())));
        // An earlier template in the message.
        assert_eq!(removed(&format!("{goes}{CUT}x\n{goes}")), (true, None));
        assert_eq!(removed(&format!("{goes}{CUT}x\n{goes}{CUT}")), (true, None));
        assert_eq!(removed(&format!("{goes}{CUT}x\n{stays}")), (false, None));
        assert_eq!(removed(&format!("{goes}{CUT}x\n{other}")), (false, None));
        // Scissors with a mark that git does not use in this message.
        assert_eq!(removed(&format!("{other}{CUT}x\n")), (true, None));
        assert_eq!(removed(&goes.replace("# with", "; with")), (false, None));
    }
}
