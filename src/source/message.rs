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
    /// Whether those that follow the scissors are.
    pub behind_scissors: bool,
    /// Whether the diff that follows the scissors is: git shows one in an editor only.
    pub diff: bool,
}

impl Cleanup {
    /// Everything is kept: so it is where no editor was opened, since git put no comments in then.
    pub const NONE: Self = Self { comment: None, comments: false, behind_scissors: false, diff: false };

    /// What git, run here, takes out of a message that was edited. Where git cannot be asked, nothing counts as taken
    /// out.
    pub fn of_edited() -> Self {
        let wanted = r"^(core\.comment(char|string)|commit\.cleanup)$";
        let Ok(settings) = git::ask(Path::new("."), &["config", "--null", "--get-regexp", wanted]) else {
            return Self::NONE;
        };
        let mut cleanup = Self { comment: Some(b"#".to_vec()), comments: true, behind_scissors: true, diff: true };
        for setting in settings.unwrap_or_default().split(|&b| b == 0) {
            let end = setting.iter().position(|&b| b == b'\n').unwrap_or(setting.len());
            let (name, value) = (&setting[..end], setting.get(end + 1..).unwrap_or_default());
            match name {
                b"commit.cleanup" => {
                    cleanup.comments = matches!(value, b"strip" | b"default");
                    cleanup.behind_scissors = cleanup.comments || value == b"scissors";
                }
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
    let is_comment = |line: &Span| text[line.clone()].starts_with(&comment);
    // Git explains its own in a comment.
    let scissors = scissors(&comment);
    let are_git_s = |two: &[Span]| text[two[0].clone()] == scissors[..] && is_comment(&two[1]);
    let cut = lines.windows(2).position(are_git_s).unwrap_or(lines.len());
    let diff = start_of_diff(text, &lines, cut, is_comment).filter(|_| cleanup.diff).unwrap_or(lines.len());
    let (above, behind) = lines[..diff].split_at(cut.min(diff));
    // Asked for by an option, which no setting tells: then git lists the files there, and takes out no comment above.
    let by_scissors = behind.iter().any(|line| text[line.clone()].strip_prefix(&comment[..]).is_some_and(is_of_list));
    let above = above.iter().filter(|line| cleanup.comments && !by_scissors && is_comment(line));
    let behind = behind.iter().filter(|line| cleanup.behind_scissors && is_comment(line));
    let diff = lines.get(diff).map(|line| line.start..text.len());
    above.chain(behind).cloned().chain(diff).collect()
}

fn scissors(comment: &[u8]) -> Vec<u8> {
    [comment, b" ", SCISSORS, b"\n"].concat()
}

/// A file in git's list of what is changed.
fn is_of_list(comment: &[u8]) -> bool {
    comment.starts_with(b"\t")
}

/// The line behind the scissors at which the diff of `commit --verbose` starts. Without that option git keeps what follows
/// scissors, and nothing tells the hook of it; so what somebody typed there is looked at in any case. The diff is the last thing
/// that git writes: in front of comments it was somebody's, as in a message that is used again.
fn start_of_diff(text: &[u8], lines: &[Span], cut: usize, is_comment: impl Fn(&Span) -> bool) -> Option<usize> {
    const STARTS: [&[u8]; 4] = [b"diff --git ", b"diff --cc ", b"diff --combined ", b"Submodule "];
    let last = lines.iter().rev().find(|line| !text[(*line).clone()].trim_ascii().is_empty())?;
    let starts = |line: &Span| STARTS.iter().any(|start| text[line.clone()].starts_with(start));
    let start = cut + lines[cut..].iter().position(starts)?;
    (!is_comment(last)).then_some(start)
}

/// With `core.commentChar = auto` git picks a letter that no line of the message started with, and its own words come
/// last. So the last line tells, if it starts with one of those letters.
fn guessed(text: &[u8], lines: &[Span]) -> Option<u8> {
    let automatic = |line: &Span| text[line.start..].first().copied().filter(|letter| AUTOMATIC.contains(letter));
    let cuts = |two: &[Span]| {
        let letter = automatic(&two[0])?;
        (text[two[0].clone()] == *scissors(&[letter]) && automatic(&two[1]) == Some(letter)).then_some(letter)
    };
    // Git's own are below those that somebody typed.
    let scissors = lines.windows(2).rev().find_map(cuts);
    let last = lines.iter().rev().find(|line| !text[(*line).clone()].trim_ascii().is_empty());
    scissors.or_else(|| automatic(last?))
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
        Cleanup { comment: comment.map(|c| c.as_bytes().to_vec()), comments: true, behind_scissors: true, diff: true }
    }

    #[test]
    fn what_git_takes_out_is_left_out() {
        let cut = String::from_utf8_lossy(SCISSORS);
        let text = format!("a\n# b\n # c\nd\n# {cut}\n# Do not\ndiff --git a/e b/e\n");
        assert_eq!(kept(&text, &strip(Some("#"))), "a\n # c\nd\n");
        assert_eq!(kept(&text, &Cleanup { comments: false, ..strip(Some("#")) }), "a\n# b\n # c\nd\n");
        let diff = "diff --git a/e b/e\n";
        assert_eq!(kept(&text, &Cleanup { diff: false, ..strip(Some("#")) }), format!("a\n # c\nd\n{diff}"));
        assert_eq!(kept(&text, &Cleanup::NONE), text);
        assert_eq!(kept(&text, &strip(Some(";"))), text);
        assert_eq!(kept(&text, &strip(None)), "a\n # c\nd\n");
        // What somebody typed behind scissors, who may have meant a diff of their own.
        let typed = format!("a\n# {cut}\n# b\nc\n");
        assert_eq!(kept(&typed, &strip(Some("#"))), "a\nc\n");
        assert_eq!(kept(&format!("{typed}{diff}# d\n"), &strip(Some("#"))), format!("a\nc\n{diff}"));
        assert_eq!(kept(&format!("{typed}{diff}+c\n"), &strip(Some("#"))), "a\nc\n");
        // With --cleanup=scissors.
        let listed = format!("# a\n# {cut}\n# Do not\n#\tmodified: b\n#\n");
        assert_eq!(kept(&listed, &strip(Some("#"))), "# a\n");
        assert_eq!(kept("a\n// b\nc", &strip(Some("//"))), "a\nc");
        assert_eq!(kept("# a\nb\n\n; c\n; d\n", &strip(None)), "# a\nb\n\n");
        assert_eq!(kept("", &strip(None)), "");
        assert_eq!(kept("a\nb", &strip(None)), "a\nb");
    }
}
