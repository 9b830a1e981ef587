//! From an event to a verdict: scans what the event contains, and judges the command and the files that it changes.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::event::{Event, Moment, ToolCall, ToolKind};
use super::shell::judge::{Aliases, judge};
use super::shell::ruling::Ruling;
use super::verdict::Verdict;
use super::{marker, patch, protected, strings};
use crate::config::{Allow, contains_marker, without_markers};
use crate::detect::Detector;
use crate::error::Error;
use crate::finding::Finding;
use crate::regular_file;
use crate::scan::engine::Scanner;
use crate::scan::texts::{Text, Texts};
use crate::threads::Threads;

/// At most this many tokens are named in a reason.
const NAMED: usize = 3;

/// The rules, and the repository that they apply to.
pub(crate) struct Guard<'g> {
    pub detector: &'g Detector,
    pub allow: &'g Allow,
    /// The top of the worktree.
    pub top: Option<&'g Path>,
    pub aliases: &'g Aliases<'g>,
}

/// A part of an event, with words for where a token in it is.
struct Piece<'e> {
    text: Text<'e>,
    place: &'static str,
    /// The path of a file outside the repository. No glob of the configuration applies to it.
    outside: Option<String>,
}

impl Guard<'_> {
    pub fn verdict(&self, event: &Event) -> Result<Verdict, Error> {
        match event.moment {
            Moment::Prompt if event.result.is_some() => Ok(self.masked(event)),
            Moment::Prompt => self.prompt(event),
            Moment::BeforeTool => event.tool.as_ref().map_or(Ok(Verdict::Pass), |tool| self.tool(event, tool)),
            Moment::AfterTool => Ok(self.masked(event)),
            Moment::Other => Ok(Verdict::Pass),
        }
    }

    fn prompt(&self, event: &Event) -> Result<Verdict, Error> {
        let mut pieces = Vec::new();
        let Some(prompt) = &event.prompt else {
            return Err(Error::new(
                "cannot scan the prompt",
                "the event has no prompt",
                "see docs/agents.md for the events",
            ));
        };
        strings::each_of_result(prompt, &mut |text| {
            pieces.push(self.piece("in the prompt", None, text.as_bytes().into()));
        });
        for file in &event.attached {
            pieces.extend(self.file(event, file)?);
        }
        Ok(self.found(pieces).map_or(Verdict::Pass, Verdict::Deny))
    }

    fn tool(&self, event: &Event, tool: &ToolCall) -> Result<Verdict, Error> {
        let mut pieces = Vec::new();
        let mut rulings = Vec::new();
        let (mut reads, mut changes) = (Vec::new(), Vec::new());
        let path = self.path_of(event, &tool.input);
        let path = path.as_deref();
        strings::each(&tool.input, None, &mut |key, text| {
            let is_command = strings::is_command(key) || (tool.kind == ToolKind::Shell && key.is_none());
            // A command can contain a patch and other lines, so all of it counts.
            changes.extend(patch::paths(text).map(str::to_owned));
            if tool.kind != ToolKind::Shell && patch::is_patch(text) {
                if contains_marker(text) {
                    rulings.push(Ruling::Ask("it changes what keysweep reports about a line".to_owned()));
                }
                pieces.push(self.piece("in the patch", None, patch::added(text).into_bytes().into()));
                return;
            }
            if strings::is_path(key) {
                match tool.kind {
                    ToolKind::Read => reads.push(PathBuf::from(file_of(text))),
                    ToolKind::Other => changes.push(file_of(text).to_owned()),
                    ToolKind::Shell | ToolKind::Search => {}
                }
            }
            if is_command && matches!(tool.kind, ToolKind::Shell | ToolKind::Other) {
                rulings.extend(judge(text, &self.folder(event), self.aliases));
                rulings.extend(marker::in_command(text));
            } else if tool.kind == ToolKind::Other && contains_marker(text) {
                rulings.push(Ruling::Ask("it changes what keysweep reports about a line".to_owned()));
            }
            // A marker allows a token in a file, not in a command.
            pieces.push(match is_command {
                true if contains_marker(text) => {
                    self.piece("in the command", None, without_markers(text).into_bytes().into())
                }
                true => self.piece("in the command", None, text.as_bytes().into()),
                false => self.piece("in what the tool is given", path, text.as_bytes().into()),
            });
        });
        for file in reads.iter().filter(|_| !event.has_content) {
            pieces.extend(self.file(event, file)?);
        }
        let folder = self.folder(event);
        let noun = changes.iter().find_map(|path| protected::noun_in(&folder, path));
        rulings.extend(noun.map(|noun| Ruling::Ask(format!("it changes {noun}"))));
        Ok(self.found(pieces).map_or_else(|| ruled(rulings), Verdict::Deny))
    }

    /// The reason to deny if there is a token in the pieces.
    fn found(&self, pieces: Vec<Piece<'_>>) -> Option<String> {
        let mut named: Vec<String> = Vec::new();
        let mut count = 0;
        for Piece { text, place, outside } in pieces {
            // Nearly all pieces have no token.
            if !self.detector.may_contain_token(&text.bytes) {
                continue;
            }
            for finding in self.findings(text) {
                count += 1;
                let line = described(&finding, place, outside.as_deref());
                if named.len() < NAMED && !named.contains(&line) {
                    named.push(line);
                }
            }
        }
        let more =
            if count > named.len() { format!(", and {} more places", count - named.len()) } else { String::new() };
        (count > 0).then(|| {
            format!(
                "keysweep stopped this: {}{more}. Leave the token out; read it from the environment instead.",
                named.join("; ")
            )
        })
    }

    fn findings(&self, text: Text<'_>) -> Vec<Finding> {
        let scanner =
            Scanner { detector: self.detector, allow: self.allow, before: None, secrets: None, on_finding: None };
        scanner.run(&Texts(vec![text]), Threads::new(std::num::NonZero::new(1))).findings
    }

    /// The result without its tokens, if there are any that are not allowed.
    fn masked(&self, event: &Event) -> Verdict {
        let Some(result) = &event.result else { return Verdict::Pass };
        let mut named: Vec<String> = Vec::new();
        strings::each_of_result(result, &mut |text| {
            if self.detector.may_contain_token(text.as_bytes()) {
                let found = self.findings(Text { path: None, bytes: text.as_bytes().into() });
                named.extend(found.iter().map(|finding| format!("{} ({})", finding.redacted, finding.rule.id)));
            }
        });
        if named.is_empty() {
            return Verdict::Pass;
        }
        named.sort();
        named.dedup();
        let more = if named.len() > NAMED { format!(" and {} more", named.len() - NAMED) } else { String::new() };
        named.truncate(NAMED);
        let what = if event.moment == Moment::Prompt { "the prompt" } else { "the result of a tool" };
        let note = if event.can_mask {
            format!("keysweep masked tokens in {what}: {}{more}", named.join(", "))
        } else {
            format!(
                "keysweep found tokens in {what}, which this agent has seen: {}{more}. Ask the person to rotate them.",
                named.join(", ")
            )
        };
        let mask = |text: &str| String::from_utf8_lossy(&self.detector.mask(text.as_bytes())).into_owned();
        Verdict::Masked { masked: strings::masked(result.clone(), &mask), note }
    }

    fn piece<'e>(&self, place: &'static str, path: Option<&Path>, bytes: Cow<'e, [u8]>) -> Piece<'e> {
        let inside = path.and_then(|path| self.in_repository(path));
        let outside = path.filter(|_| inside.is_none()).map(|path| path.to_string_lossy().into_owned());
        Piece { text: Text { path: inside, bytes }, place, outside }
    }

    /// The path in a tool's input. If there are several, one whose tokens are not allowed goes before the others.
    fn path_of(&self, event: &Event, input: &Value) -> Option<PathBuf> {
        let mut paths = Vec::new();
        strings::each(input, None, &mut |key, text| {
            if strings::is_path(key) {
                paths.push(self.on_disk(event, Path::new(file_of(text))));
            }
        });
        let is_allowed =
            |path: &PathBuf| self.in_repository(path).is_some_and(|path| self.allow.reason_for_path(&path).is_some());
        let refused = paths.iter().position(|path| !is_allowed(path));
        (!paths.is_empty()).then(|| paths.swap_remove(refused.unwrap_or_default()))
    }

    fn on_disk(&self, event: &Event, path: &Path) -> PathBuf {
        event.folder.as_deref().or(self.top).unwrap_or(Path::new(".")).join(path)
    }

    /// The content of a file that is read. A file that does not exist has none, and a folder neither.
    fn file(&self, event: &Event, path: &Path) -> Result<Option<Piece<'static>>, Error> {
        let on_disk = self.on_disk(event, path);
        match regular_file::read(&on_disk) {
            Ok(bytes) => Ok(Some(self.piece("in the file", Some(&on_disk), bytes.into()))),
            Err(err)
                if matches!(err.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(err) => Err(Error::new(
                format!("cannot scan {} before it is read", path.display()),
                err,
                "make the file readable, or read another one",
            )),
        }
    }

    /// The path from the top of the repository, for the globs of the configuration. None if it is outside.
    fn in_repository(&self, path: &Path) -> Option<Vec<u8>> {
        let path = plain(path);
        let inside = path.strip_prefix(self.top?).ok()?;
        Some(inside.to_string_lossy().replace('\\', "/").into_bytes())
    }

    fn folder(&self, event: &Event) -> String {
        event.folder.as_deref().or(self.top).map_or(".".to_owned(), |folder| folder.to_string_lossy().into_owned())
    }
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// The path in a `file://` address, or the text.
fn file_of(text: &str) -> &str {
    text.strip_prefix("file://").unwrap_or(text)
}

/// A refusal goes before a question.
fn ruled(rulings: Vec<Ruling>) -> Verdict {
    let mut asked = None;
    for ruling in rulings {
        match ruling {
            Ruling::Refused(reason) => {
                return Verdict::Deny(format!(
                    "keysweep stopped this: {reason}. The hooks keep tokens out of commits."
                ));
            }
            Ruling::Ask(reason) => asked = asked.or(Some(reason)),
        }
    }
    asked.map_or(Verdict::Pass, |reason| {
        Verdict::Ask(format!(
            "keysweep leaves this to a person: {reason}. It decides whether tokens are kept out of commits."
        ))
    })
}

fn described(finding: &Finding, place: &str, outside: Option<&str>) -> String {
    let inside = finding.path.as_ref().map(|path| format!(" {}", String::from_utf8_lossy(path.as_bytes())));
    let path = inside.or_else(|| outside.map(|path| format!(" {path}")));
    let line = finding.position.map_or(String::new(), |position| format!(", line {}", position.line));
    format!("a token {} ({}) is {place}{}{line}", finding.redacted, finding.rule.id, path.unwrap_or_default())
}
