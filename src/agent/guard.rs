//! From an event to a verdict: scans what the event contains, and judges the command and the files that it changes.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::event::{Event, Moment, ToolCall, ToolKind};
use super::shell::judge::{Aliases, Ruling, judge};
use super::verdict::Verdict;
use super::{patch, protected, strings};
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
        pieces.extend(event.prompt.as_deref().map(|text| self.piece("in the prompt", None, text.as_bytes().into())));
        for file in &event.attached {
            pieces.extend(self.file(event, file)?);
        }
        Ok(self.found(pieces).map_or(Verdict::Pass, Verdict::Deny))
    }

    fn tool(&self, event: &Event, tool: &ToolCall) -> Result<Verdict, Error> {
        let mut pieces = Vec::new();
        let mut rulings = Vec::new();
        let (mut reads, mut changes) = (Vec::new(), Vec::new());
        let path = path_of(&tool.input);
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
                rulings.extend(marker_in_command(text));
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
        // Cursor passes the content with the path.
        let is_given = tool.input.get("content").is_some();
        for file in reads.iter().filter(|_| !is_given) {
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
        for Piece { text, place } in pieces {
            // Nearly all pieces have no token.
            if !self.detector.may_contain_token(&text.bytes) {
                continue;
            }
            for finding in self.findings(text) {
                count += 1;
                let line = described(&finding, place);
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

    fn piece<'e>(&self, place: &'static str, path: Option<&str>, bytes: Cow<'e, [u8]>) -> Piece<'e> {
        Piece { text: Text { path: path.map(|path| self.in_repository(Path::new(path))), bytes }, place }
    }

    /// The content of a file that is read. A file that does not exist has none, and a folder neither.
    fn file(&self, event: &Event, path: &Path) -> Result<Option<Piece<'static>>, Error> {
        let on_disk = event.folder.as_deref().unwrap_or(Path::new(".")).join(path);
        match regular_file::read(&on_disk) {
            Ok(bytes) => {
                let text = Text { path: Some(self.in_repository(&on_disk)), bytes: bytes.into() };
                Ok(Some(Piece { text, place: "in the file" }))
            }
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

    /// The path from the top of the repository, for the globs of the configuration.
    fn in_repository(&self, path: &Path) -> Vec<u8> {
        let inside = self.top.and_then(|top| path.strip_prefix(top).ok()).unwrap_or(path);
        inside.to_string_lossy().replace('\\', "/").into_bytes()
    }

    fn folder(&self, event: &Event) -> String {
        event.folder.as_deref().or(self.top).map_or(".".to_owned(), |folder| folder.to_string_lossy().into_owned())
    }
}

/// The path in a tool's input, if it names one file.
fn path_of(input: &Value) -> Option<&str> {
    ["file_path", "path", "notebook_path", "target_file"].iter().find_map(|key| input.get(*key)?.as_str())
}

/// The path in a `file://` address, or the text.
fn file_of(text: &str) -> &str {
    text.strip_prefix("file://").unwrap_or(text)
}

/// A marker in a command is fine for programs that search for it.
fn marker_in_command(text: &str) -> Option<Ruling> {
    const SEARCHING: &[&str] = &["grep ", "rg ", "ag ", "git grep", "git log", "egrep ", "fgrep "];
    let searches =
        SEARCHING.iter().any(|program| text.trim_start().starts_with(program)) && !text.contains(['>', ';', '|', '&']);
    (contains_marker(text) && !searches)
        .then(|| Ruling::Ask("it may change what keysweep reports about a line".to_owned()))
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

fn described(finding: &Finding, place: &str) -> String {
    let path = finding.path.as_ref().map(|path| format!(" {}", String::from_utf8_lossy(path.as_bytes())));
    let line = finding.position.map_or(String::new(), |position| format!(", line {}", position.line));
    format!("a token {} ({}) is {place}{}{line}", finding.redacted, finding.rule.id, path.unwrap_or_default())
}
