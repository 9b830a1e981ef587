//! The message of the next commit, without what git is going to take out of it.

use std::path::Path;

use super::{Coverage, Kind, Newness, Source, Threads, Unit};
use crate::finding::{Part, Span};
use crate::git;
use crate::trouble::Trouble;

/// What git writes between the message and the diff that `commit --verbose` shows.
const SCISSORS: &[u8] = b"------------------------ >8 ------------------------";

/// Those of which `core.commentChar = auto` picks one.
const AUTOMATIC: &[u8] = b"#;@!$%^&|:";

/// A message file.
pub struct Message<'s> {
    /// As it was named.
    path: Vec<u8>,
    text: Vec<u8>,
    /// Asked only where a token was found: the answer costs a process.
    settings: &'s dyn Fn() -> Cleanup,
}

/// What git takes out of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// What starts a comment; None where git chose it by itself.
    pub comment: Option<Vec<u8>>,
    /// Whether comments are taken out, and not only what follows the scissors.
    pub comments: bool,
    pub scissors: bool,
}

impl Cleanup {
    /// Everything is kept: so it is where no editor was opened, since git put no comments in then.
    pub const NONE: Self = Self { comment: None, comments: false, scissors: false };

    /// What git, run here, takes out of a message that was edited. Where git cannot be asked, nothing counts as taken
    /// out.
    pub fn of_edited() -> Self {
        let wanted = r"^(core\.comment(char|string)|commit\.cleanup)$";
        let Ok(settings) = git::ask(Path::new("."), &["config", "--null", "--get-regexp", wanted]) else {
            return Self::NONE;
        };
        let mut cleanup = Self { comment: Some(b"#".to_vec()), comments: true, scissors: true };
        for setting in settings.unwrap_or_default().split(|&b| b == 0) {
            let end = setting.iter().position(|&b| b == b'\n').unwrap_or(setting.len());
            let (name, value) = (&setting[..end], setting.get(end + 1..).unwrap_or_default());
            match name {
                b"commit.cleanup" => cleanup.comments = matches!(value, b"strip" | b"default"),
                b"core.commentchar" | b"core.commentstring" => {
                    cleanup.comment = Some(value.to_vec()).filter(|value| value != b"auto");
                }
                _ => {}
            }
        }
        cleanup
    }
}

impl<'s> Message<'s> {
    pub fn read(path: &Path, settings: &'s dyn Fn() -> Cleanup) -> Result<Self, Trouble> {
        let text = std::fs::read(path).map_err(|err| {
            Trouble::new(
                format!("cannot read the message {}", path.display()),
                err,
                "name the file that git hands to commit-msg",
            )
        })?;
        let path = super::files::bytes_of(path).to_vec();
        Ok(Self { path, text, settings })
    }
}

impl Source for Message<'_> {
    fn kind(&self) -> Kind {
        Kind::Message
    }

    fn visit(&self, _threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let kept = |spans: &[Span]| {
            let dropped = dropped(&self.text, &(self.settings)());
            Ok(spans.iter().map(|span| !dropped.iter().any(|lines| lines.contains(&span.start))).collect())
        };
        visit(&Unit {
            path: Some(&self.path),
            part: Part::Message,
            origin: None,
            bytes: &self.text,
            newness: Newness::Compared(&kept),
        });
        Coverage { files: 1, bytes: self.text.len() as u64, ..Coverage::default() }
    }
}

/// The parts of `text` that do not get into the commit.
fn dropped(text: &[u8], cleanup: &Cleanup) -> Vec<Span> {
    let lines: Vec<Span> = spans_of_lines(text).collect();
    let comment = match &cleanup.comment {
        Some(comment) => comment.clone(),
        None => guessed(text, &lines).map_or(Vec::new(), |letter| vec![letter]),
    };
    if comment.is_empty() {
        return Vec::new();
    }
    // Git explains its own in a comment. One that somebody typed cuts nothing.
    let is_scissors = |line: &Span| {
        let rest = text[line.clone()].strip_prefix(&comment[..]).and_then(|rest| rest.strip_prefix(b" "));
        let behind = &text[line.end..];
        rest.is_some_and(|rest| rest.trim_ascii_end() == SCISSORS)
            && (behind.is_empty() || behind.starts_with(&comment))
    };
    let end = lines.iter().find(|line| cleanup.scissors && is_scissors(line)).map_or(text.len(), |line| line.start);
    let is_comment = |line: &&Span| cleanup.comments && line.start < end && text[(*line).clone()].starts_with(&comment);
    lines.iter().filter(is_comment).cloned().chain(std::iter::once(end..text.len())).collect()
}

/// With `core.commentChar = auto` git picks a letter that no line of the message started with, and its own words come
/// last. So the last line tells, if it starts with one of those letters.
fn guessed(text: &[u8], lines: &[Span]) -> Option<u8> {
    let scissors = lines.iter().map(|line| &text[line.clone()]).find(|line| line[1..].trim_ascii() == SCISSORS);
    let last = lines.iter().rev().map(|line| &text[line.clone()]).find(|line| !line.trim_ascii().is_empty());
    scissors.or(last).map(|line| line[0]).filter(|letter| AUTOMATIC.contains(letter))
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

    fn kept(text: &str, cleanup: &Cleanup) -> String {
        let dropped = dropped(text.as_bytes(), cleanup);
        let lines = spans_of_lines(text.as_bytes()).filter(|line| !dropped.iter().any(|d| d.contains(&line.start)));
        lines.map(|line| &text[line]).collect()
    }

    fn strip(comment: Option<&str>) -> Cleanup {
        Cleanup { comment: comment.map(|c| c.as_bytes().to_vec()), comments: true, scissors: true }
    }

    #[test]
    fn what_git_takes_out_is_left_out() {
        let cut = String::from_utf8_lossy(SCISSORS);
        let text = format!("a\n# b\n # c\nd\n# {cut}\n# Do not\ne\n");
        assert_eq!(kept(&text, &strip(Some("#"))), "a\n # c\nd\n");
        assert_eq!(kept(&text, &Cleanup { comments: false, ..strip(Some("#")) }), "a\n# b\n # c\nd\n");
        assert_eq!(kept(&text, &Cleanup { scissors: false, ..strip(Some("#")) }), "a\n # c\nd\ne\n");
        assert_eq!(kept(&text, &Cleanup::NONE), text);
        assert_eq!(kept(&text, &strip(Some(";"))), text);
        assert_eq!(kept(&text, &strip(None)), "a\n # c\nd\n");
        assert_eq!(kept("a\n// b\nc", &strip(Some("//"))), "a\nc");
        assert_eq!(kept("# a\nb\n\n; c\n; d\n", &strip(None)), "# a\nb\n\n");
        assert_eq!(kept("", &strip(None)), "");
        assert_eq!(kept("a\nb", &strip(None)), "a\nb");
    }
}
