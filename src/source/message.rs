//! The message of the next commit.
//!
//! Git writes words of its own into the file that an editor shows, and takes them out again. What else it takes out depends on
//! options that no hook can see (`--cleanup`, `-v`), and whoever types may write the same comments and scissors. So all lines are
//! scanned, and a token is left out only where two things are true: it is where git quotes names or shows a diff, and its bytes
//! are in the index or in HEAD already. There they were scanned, and the message adds nothing to what the repository holds.

use std::path::Path;

use super::{Coverage, Kind, Newness, Repository, Source, Threads, Unit};
use crate::finding::{Part, Span};
use crate::git;
use crate::regular_file;
use crate::trouble::Trouble;

/// What git writes between the message and the diff that `commit --verbose` shows.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------\n";

/// Those of which `core.commentChar = auto` picks one.
const AUTOMATIC: &[u8] = b"#;@!$%^&|:";

/// A message file.
pub struct Message<'r> {
    /// As it was named.
    path: Vec<u8>,
    text: Vec<u8>,
    /// The repository whose names and changes git may have quoted: None where no editor was opened, since then it quotes nothing.
    quoted: Option<&'r Repository>,
}

impl<'r> Message<'r> {
    pub fn read(path: &Path, quoted: Option<&'r Repository>) -> Result<Self, Trouble> {
        let text = regular_file::read_named(path).map_err(|err| {
            Trouble::new(
                format!("cannot read the message {}", path.display()),
                err,
                "name the file that git hands to commit-msg",
            )
        })?;
        let path = super::files::bytes_of(path).to_vec();
        Ok(Self { path, text, quoted })
    }

    /// Of each of some spans, whether it is the message's own. Asked only where a token was found: it costs a process, and
    /// reads what is staged where the token is in a diff.
    fn is_own(&self, spans: &[Span]) -> Vec<bool> {
        let mut own = vec![true; spans.len()];
        let Some(repository) = self.quoted else { return own };
        let quotes = Quotes::of(&self.text, &comment_marks());
        for (is_quoted, hold) in [
            (Quotes::is_name as fn(&Quotes, &Span) -> bool, Repository::names_hold as fn(&_, &_) -> _),
            (Quotes::is_diff, Repository::change_holds),
        ] {
            let candidates: Vec<usize> = (0..spans.len()).filter(|&at| is_quoted(&quotes, &spans[at])).collect();
            if !candidates.is_empty() {
                let wanted: Vec<Vec<u8>> =
                    candidates.iter().map(|&at| quotes.written(&self.text, &spans[at])).collect();
                candidates.into_iter().zip(hold(repository, &wanted)).for_each(|(at, held)| own[at] = !held);
            }
        }
        own
    }
}

impl Source for Message<'_> {
    fn kind(&self) -> Kind {
        Kind::Message
    }

    fn visit(&self, _threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let own = |spans: &[Span]| Ok(self.is_own(spans));
        visit(&Unit {
            path: Some(&self.path),
            part: Part::Message,
            origin: None,
            bytes: &self.text,
            newness: Newness::Compared(&own),
        });
        Coverage { files: 1, bytes: self.text.len() as u64, ..Coverage::default() }
    }
}

/// What a comment may start with, by git's settings here. Where git cannot be asked, there are no comments.
fn comment_marks() -> Vec<Vec<u8>> {
    let wanted = r"^core\.comment(char|string)$";
    let Ok(settings) = git::ask(Path::new("."), &["config", "--null", "--get-regexp", wanted]) else {
        return Vec::new();
    };
    // Either name sets the same, and the last one counts.
    let settings = settings.unwrap_or_default();
    let last = settings.split(|&b| b == 0).rfind(|setting| !setting.is_empty());
    match last.map(|setting| setting.splitn(2, |&b| b == b'\n').nth(1).unwrap_or_default()) {
        None => vec![b"#".to_vec()],
        Some(b"auto") => AUTOMATIC.iter().map(|&letter| vec![letter]).collect(),
        Some(mark) => vec![mark.to_vec()],
    }
}

/// Where git may quote in a message.
struct Quotes {
    /// The lines that a comment mark starts.
    comments: Vec<Span>,
    /// Where the diff of `commit --verbose` may start.
    diff: usize,
}

impl Quotes {
    fn of(text: &[u8], marks: &[Vec<u8>]) -> Self {
        const STARTS: [&[u8]; 4] = [b"diff --git ", b"diff --cc ", b"diff --combined ", b"Submodule "];
        let lines: Vec<Span> = spans_of_lines(text).collect();
        let is_scissors =
            |line: &Span| marks.iter().any(|mark| text[line.clone()].strip_prefix(&mark[..]) == Some(SCISSORS));
        let below = lines.iter().position(is_scissors).unwrap_or(lines.len());
        let starts = |line: &&Span| STARTS.iter().any(|start| text[line.start..].starts_with(start));
        let diff = lines[below..].iter().find(starts).map_or(text.len(), |line| line.start);
        let is_comment =
            |line: &Span| marks.iter().any(|mark| !mark.is_empty() && text[line.start..].starts_with(mark));
        Self { comments: lines.into_iter().filter(is_comment).collect(), diff }
    }

    fn is_name(&self, span: &Span) -> bool {
        let line = self.comments.partition_point(|line| line.end <= span.start);
        span.start < self.diff && self.comments.get(line).is_some_and(|line| line.contains(&span.start))
    }

    fn is_diff(&self, span: &Span) -> bool {
        span.start >= self.diff
    }

    /// The bytes at `span`, as the file has them that a diff shows: each of its lines begins with a mark.
    fn written(&self, text: &[u8], span: &Span) -> Vec<u8> {
        let mut written = Vec::with_capacity(span.len());
        for (at, &byte) in text[span.clone()].iter().enumerate() {
            let starts_line = (span.start + at).checked_sub(1).is_some_and(|before| text[before] == b'\n');
            if !(self.is_diff(span) && starts_line) {
                written.push(byte);
            }
        }
        written
    }
}

/// The lines, each with its end.
fn spans_of_lines(text: &[u8]) -> impl Iterator<Item = Span> {
    text.split_inclusive(|&b| b == b'\n').scan(0, |start, line| {
        let span = *start..*start + line.len();
        *start = span.end;
        Some(span)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each `T` in the text whether it is where git quotes a name (`n`), shows a diff (`d`), or neither (`-`).
    fn kinds(text: &str, marks: &[&str]) -> String {
        let marks: Vec<Vec<u8>> = marks.iter().map(|mark| mark.as_bytes().to_vec()).collect();
        let quotes = Quotes::of(text.as_bytes(), &marks);
        let kind = |(at, _)| match at..at + 1 {
            span if quotes.is_name(&span) => 'n',
            span if quotes.is_diff(&span) => 'd',
            _ => '-',
        };
        text.match_indices('T').map(kind).collect()
    }

    #[test]
    fn git_quotes_in_comments_and_below_its_scissors() {
        let cut = "------------------------ >8 ------------------------";
        assert_eq!(kinds("T\n# T\n #T\nx # T\n#T", &["#"]), "-n--n");
        assert_eq!(kinds("; T\n# T\n// T\n", &[";", "//"]), "n-n");
        assert_eq!(kinds("# T\n", &[]), "-");
        assert_eq!(kinds("# T\n", &[""]), "-");
        let text = format!("T\ndiff --git T\n# {cut}\nT\n# T\ndiff --git T\n+T\n# T\n");
        assert_eq!(kinds(&text, &["#"]), "---nddd");
        assert_eq!(kinds(&text, &[";"]), "-------");
        assert_eq!(kinds("", &["#"]), "");
    }

    #[test]
    fn the_marks_of_a_diff_are_no_part_of_what_it_shows() {
        let text = b"+ab\n+cd\n";
        let quotes = Quotes { comments: Vec::new(), diff: 0 };
        assert_eq!(quotes.written(text, &(1..7)), b"ab\ncd");
        let quotes = Quotes { comments: Vec::new(), diff: text.len() };
        assert_eq!(quotes.written(text, &(1..7)), b"ab\n+cd");
    }
}
