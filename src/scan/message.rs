//! The message of the next commit.
//!
//! Git writes a template into the file that an editor shows, and removes it again. What else git removes depends on options that
//! no hook can see (`--cleanup`, `-v`), and a person may type the same comments and scissors. So all lines are scanned, and a token
//! is ignored only in one of these places:
//!
//! 1. In a name of a file or a diff that git quotes, if the token is in the index or in HEAD already. It was scanned there, and the
//!    message adds nothing to the repository.
//! 2. In a comment, if git's template proves that git removes comments, and the token is part of a text that the template quotes:
//!    the name of a ref, or the state of a rebase.
//! 3. In the diff, if the template proves that git cuts it off.

use std::io::{self, Read as _};
use std::path::Path;

use crate::detect::Detector;
use crate::error::Error;
use crate::finding::{Part, Span};
use crate::git::command;
use crate::git::repository::Repository;
use crate::regular_file;
use crate::scan::files::STDIN;
use crate::scan::source::{AddedFilter, Coverage, Kind, Source, Unit};
use crate::scan::template::{Removed, SCISSORS};
use crate::text::spans_of_lines;
use crate::threads::Threads;

/// `core.commentChar = auto` picks one of these characters.
const AUTOMATIC: &[u8] = b"#;@!$%^&|:";

/// A message file.
pub struct Message<'r> {
    /// The path as the caller named it.
    path: Vec<u8>,
    text: Vec<u8>,
    /// The repository whose names and changes git may have quoted. None where no editor was opened, since git quotes nothing then.
    quoted: Option<&'r Repository>,
}

impl<'r> Message<'r> {
    pub fn read(path: &Path, quoted: Option<&'r Repository>) -> Result<Self, Error> {
        let text = regular_file::read_named(path).map_err(|err| {
            Error::new(
                format!("cannot read the message {}", path.display()),
                err,
                "name the file that git passes to commit-msg",
            )
        })?;
        let path = crate::scan::files::bytes_of(path).to_vec();
        Ok(Self { path, text, quoted })
    }

    /// Reads a message from standard input. Git has quoted nothing in it.
    pub fn read_stdin() -> Result<Self, Error> {
        let mut text = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut text);
        read.map_err(|err| {
            Error::new("cannot read the message from standard input", err, "pipe the message to keysweep")
        })?;
        Ok(Self { path: STDIN.into(), text, quoted: None })
    }

    /// For each span, whether it belongs to the message and is not a quotation of git. Called only where a token was found, since it
    /// starts a process, and reads the staged change if the token is in a diff.
    fn is_own(&self, spans: &[Span]) -> Vec<bool> {
        let mut own = vec![true; spans.len()];
        let Some(repository) = self.quoted else { return own };
        let settings = Settings::of_git();
        let quotes = Quotes::of(&self.text, &settings);
        for (own, span) in own.iter_mut().zip(spans) {
            *own = !quotes.is_cut_off(span);
        }
        for (is_quoted, hold) in [
            (Quotes::is_name as fn(&Quotes, &Span) -> bool, Repository::names_hold as fn(&_, &_) -> _),
            (Quotes::is_removed_comment, Repository::template_holds),
            (Quotes::is_diff, Repository::change_holds),
        ] {
            let candidates: Vec<usize> =
                (0..spans.len()).filter(|&at| own[at] && is_quoted(&quotes, &spans[at])).collect();
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

    fn visit(&self, _: &Detector, _: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let own = |spans: &[Span]| Ok(self.is_own(spans));
        visit(&Unit {
            path: Some(&self.path),
            part: Part::Message,
            origin: None,
            bytes: &self.text,
            hits: None,
            added: AddedFilter::Compared(&own),
        });
        Coverage { files: 1, bytes: self.text.len() as u64, ..Coverage::default() }
    }
}

/// Git's settings for messages.
struct Settings {
    /// The marks that a comment may start with.
    marks: Vec<Vec<u8>>,
    /// Whether git writes its template, unless `--no-status` says otherwise.
    has_template: bool,
}

impl Settings {
    /// The settings of the current folder. If git cannot be asked, no line counts as a comment.
    fn of_git() -> Self {
        let wanted = r"^(core\.comment(char|string)|commit\.status)$";
        let Ok(settings) = command::query_git(Path::new("."), &["config", "--null", "--get-regexp", wanted]) else {
            return Self { marks: Vec::new(), has_template: false };
        };
        let settings = settings.unwrap_or_default();
        let settings: Vec<(&[u8], Option<&[u8]>)> = settings.split(|&b| b == 0).map(name_and_value).collect();
        // Both names set the same mark, and the last one counts.
        let mark = settings.iter().rfind(|(name, _)| name.starts_with(b"core."));
        let status = settings.iter().rfind(|(name, _)| name.starts_with(b"commit."));
        let marks = match mark.map(|(_, value)| value.unwrap_or_default()) {
            None => vec![b"#".to_vec()],
            Some(b"auto") => AUTOMATIC.iter().map(|&letter| vec![letter]).collect(),
            Some(mark) => vec![mark.to_vec()],
        };
        let is_true = |value: &[u8]| [&b"true"[..], b"yes", b"on", b"1"].iter().any(|t| value.eq_ignore_ascii_case(t));
        Self { marks, has_template: status.is_none_or(|(_, value)| value.is_none_or(is_true)) }
    }
}

/// A setting as `git config --null` prints it. A setting without `=` has no value, and is true.
fn name_and_value(setting: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = setting.splitn(2, |&b| b == b'\n');
    (parts.next().unwrap_or_default(), parts.next())
}

/// The places where git may quote in a message.
struct Quotes {
    /// The lines that start with a comment mark.
    comments: Vec<Span>,
    /// The comments that git removes, as its template proves.
    removed: Vec<Span>,
    /// The first byte that the diff of `commit --verbose` may have.
    diff: usize,
    /// The byte at which git cuts the message, as its template proves.
    cut: usize,
}

impl Quotes {
    fn of(text: &[u8], Settings { marks, has_template }: &Settings) -> Self {
        const STARTS: [&[u8]; 4] = [b"diff --git ", b"diff --cc ", b"diff --combined ", b"Submodule "];
        let lines: Vec<Span> = spans_of_lines(text).collect();
        let is_scissors =
            |line: &Span| marks.iter().any(|mark| text[line.clone()].strip_prefix(&mark[..]) == Some(SCISSORS));
        let below = lines.iter().position(is_scissors).unwrap_or(lines.len());
        let starts = |line: &&Span| STARTS.iter().any(|start| text[line.start..].starts_with(start));
        let diff = lines[below..].iter().find(starts).map_or(text.len(), |line| line.start);
        let template = if *has_template { Removed::of(text, &lines, marks) } else { Removed::default() };
        let is_comment =
            |line: &Span| marks.iter().any(|mark| !mark.is_empty() && text[line.start..].starts_with(mark));
        let comments: Vec<Span> = lines.into_iter().filter(is_comment).collect();
        let is_removed =
            |line: &&Span| template.comments.as_ref().is_some_and(|mark| text[line.start..].starts_with(mark));
        let removed = comments.iter().filter(is_removed).cloned().collect();
        Self { comments, removed, diff, cut: template.diff.unwrap_or(text.len()) }
    }

    fn is_name(&self, span: &Span) -> bool {
        span.start < self.diff && is_in(&self.comments, span)
    }

    fn is_removed_comment(&self, span: &Span) -> bool {
        is_in(&self.removed, span)
    }

    fn is_diff(&self, span: &Span) -> bool {
        span.start >= self.diff
    }

    fn is_cut_off(&self, span: &Span) -> bool {
        span.start >= self.cut
    }

    /// The bytes at `span` as they are in the file that a diff shows: without the mark at the start of each line of a diff.
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

/// Whether `span` starts in one of `lines`, which are sorted.
fn is_in(lines: &[Span], span: &Span) -> bool {
    let line = lines.partition_point(|line| line.end <= span.start);
    lines.get(line).is_some_and(|line| line.contains(&span.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each `T` in the text, whether git quotes a name there (`n`), shows a diff there (`d`), or neither (`-`).
    fn kinds(text: &str, marks: &[&str]) -> String {
        let marks = marks.iter().map(|mark| mark.as_bytes().to_vec()).collect();
        let quotes = Quotes::of(text.as_bytes(), &Settings { marks, has_template: true });
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
        let quotes = |diff| Quotes { comments: Vec::new(), removed: Vec::new(), diff, cut: text.len() };
        let (quotes, none) = (quotes(0), quotes(text.len()));
        assert_eq!(quotes.written(text, &(1..7)), b"ab\ncd");
        assert_eq!(none.written(text, &(1..7)), b"ab\n+cd");
    }
}
