//! `keysweep hook agent`: answers the hook of an AI agent.
//!
//! The exit code has the meaning that agents give it: 2 blocks, and 0 goes on. Where an event can be blocked, anything that fails
//! blocks. Where it cannot, nothing does: at the end of a turn, for example, a block makes an agent go on for ever.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::options::Common;
use super::settings::Settings;
use super::{in_force, output};
use crate::agent::agents;
use crate::agent::event::{self, Event, Json};
use crate::agent::guard::Guard;
use crate::agent::model::Agent;
use crate::agent::verdict::{Answer, Verdict};
use crate::detect::Detector;
use crate::error::{Error, nearest};
use crate::git::command::query_git;

/// After this time the answer is to block. It is below the timeouts that `install --agent` writes, since most agents go on if a
/// hook is too slow.
const LIMIT: Duration = Duration::from_secs(10);

/// A longer event is refused.
const MAX_BYTES: u64 = 256 << 20;

/// Whether the event can be blocked, as far as that is known.
static CAN_BLOCK: AtomicBool = AtomicBool::new(true);

pub(super) fn run(args: &[OsString], common: &Common) -> Result<u8, Error> {
    let named = args.first().map(|name| named_agent(&name.to_string_lossy())).transpose()?;
    std::thread::spawn(block_when_too_slow);
    let json = read()?;
    let agent =
        named.or_else(|| agents::of(&json)).ok_or_else(|| unknown("the event is from no agent that keysweep knows"))?;
    let event = agent.read(json);
    let can_block = agent.can_block(&event.name);
    CAN_BLOCK.store(can_block, Ordering::Relaxed);
    let answered = verdict(&event, can_block, common).and_then(|verdict| write(&agent.answer(&event, safe(verdict))));
    match answered {
        Ok(code) => Ok(code),
        Err(error) if can_block => Err(error),
        Err(error) => {
            output::complain(&error);
            Ok(0)
        }
    }
}

/// The agent with this name.
pub(super) fn named_agent(name: &str) -> Result<&'static Agent, Error> {
    agents::named(name).ok_or_else(|| {
        let known: Vec<&str> = agents::ALL.iter().map(|agent| agent.name).collect();
        let nearest = nearest(name, known.iter().copied());
        Error::new(
            format!("cannot use the agent name {name}"),
            format!("keysweep knows {} only", known.join(", ")),
            format!("did you mean {nearest}?"),
        )
    })
}

fn read() -> Result<Json, Error> {
    let mut text = Vec::new();
    let read = std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut text);
    read.map_err(|err| unknown(&err.to_string()))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(unknown("it is longer than 256 MB"));
    }
    event::parse(&text).map_err(|cause| unknown(&cause))
}

fn unknown(cause: &str) -> Error {
    Error::new("cannot read the agent's event on standard input", cause, "see docs/agents.md for the agents and events")
}

fn verdict(event: &Event, can_block: bool, common: &Common) -> Result<Verdict, Error> {
    let top = top(event);
    let settings = match in_force::of_folder(top.as_deref(), common) {
        Err(_) if !can_block => Settings::without_file(&[])?,
        settings => settings?,
    };
    let detector = Detector::new(&settings.rules);
    let guard = Guard { detector: &detector, allow: &settings.allow, top: top.as_deref(), aliases: &alias };
    guard.verdict(event)
}

/// The verdict with its texts masked once more, since a reason can quote a part of a command.
fn safe(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Pass => Verdict::Pass,
        Verdict::Deny(reason) => Verdict::Deny(output::safe(&reason)),
        Verdict::Ask(reason) => Verdict::Ask(output::safe(&reason)),
        Verdict::Masked { masked, note } => Verdict::Masked { masked, note: output::safe(&note) },
    }
}

/// The top of the worktree that the agent works in. Only its configuration is needed, so the repository is not opened.
fn top(event: &Event) -> Option<PathBuf> {
    let folder = event.folder.clone().or_else(|| std::env::current_dir().ok())?;
    folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok()).map(Path::to_owned)
}

/// The expansion of an alias of git in a folder. The folder is that of a command, so it may begin with `~`.
fn alias(folder: &str, name: &str) -> Option<String> {
    let of_user = folder.strip_prefix('~').map(|rest| rest.trim_start_matches('/'));
    let folder = match of_user {
        Some(rest) => std::env::home_dir()?.join(rest),
        None => PathBuf::from(folder),
    };
    let key = format!("alias.{name}");
    let value = query_git(&folder, &["config", "--get", &key]).ok().flatten()?;
    Some(String::from_utf8_lossy(&value).trim_end_matches('\n').to_owned())
}

fn write(answer: &Answer) -> Result<u8, Error> {
    let written = output::answer(&answer.stdout, &answer.stderr);
    written
        .map_err(|err| Error::new("cannot write the answer to the agent", err, "see why standard output is closed"))?;
    Ok(answer.code)
}

fn block_when_too_slow() {
    std::thread::sleep(LIMIT);
    let can_block = CAN_BLOCK.load(Ordering::Relaxed);
    if can_block {
        output::announce("the scan took too long, so it is not known whether there is a token");
    }
    std::process::exit(if can_block { i32::from(Answer::BLOCK) } else { 0 });
}
