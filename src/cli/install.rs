//! `install`, `uninstall` and `doctor`: their reports and exit codes.

use std::path::{Path, PathBuf};

use super::agent::named_agent;
use super::args::{InstallArgs, UninstallArgs};
use super::options::Common;
use super::today::today;
use super::{code, in_force, output};
use crate::agent;
use crate::agent::install::Scope;
use crate::agent::model::Agent;
use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::repository::Repository;
use crate::hook::{self, Changes, Guard};
use crate::report::{self, Format, Style};

pub(super) fn install(args: &InstallArgs, common: &Common) -> Result<u8, Error> {
    let changes = if args.agent.is_empty() {
        hook::install(Path::new("."), &args.names, args.global)?
    } else {
        each_agent(&args.agent, args.global, agent::install::install)?
    };
    finish(&changes, "installed; keysweep doctor checks that the hooks block a token", common)
}

pub(super) fn uninstall(args: &UninstallArgs, common: &Common) -> Result<u8, Error> {
    let changes = if args.agent.is_empty() {
        hook::uninstall(Path::new("."), &args.names, args.global)?
    } else {
        each_agent(&args.agent, args.global, agent::install::uninstall)?
    };
    let ending = if changes.lines.is_empty() { "there is nothing to remove" } else { "nothing else was changed" };
    finish(&changes, ending, common)
}

/// Changes the settings of each named agent. The names are checked before anything is written.
fn each_agent(
    names: &[String],
    global: bool,
    change: fn(&Agent, Scope<'_>) -> Result<Changes, Error>,
) -> Result<Changes, Error> {
    let agents = names.iter().map(|name| named_agent(name)).collect::<Result<Vec<_>, _>>()?;
    let top = if global { None } else { Some(worktree()?) };
    let scope = top.as_deref().map_or(Scope::User, Scope::Project);
    let mut changes = Changes::default();
    for agent in agents {
        changes.absorb(change(agent, scope)?);
    }
    Ok(changes)
}

fn worktree() -> Result<PathBuf, Error> {
    let repository = Repository::discover(Path::new("."))?;
    let top = repository.own_worktree()?.map(|top| std::path::absolute(top).unwrap_or_else(|_| top.to_owned()));
    top.ok_or_else(|| {
        let help = "run it in a worktree, or use --global for your own settings";
        Error::new("cannot find the agent's settings", "a bare repository has no files", help)
    })
}

pub(super) fn doctor(common: &Common) -> Result<u8, Error> {
    let mut diagnosis = hook::doctor(Path::new("."))?;
    let agents = agent::doctor::doctor(worktree().ok().as_deref())?;
    diagnosis.changes.absorb(agents.changes);
    if agents.has_hole && diagnosis.guard == Guard::Whole {
        diagnosis.guard = Guard::Partial;
    }
    let due = due_tokens(common);
    let is_ledger_read = due.is_ok();
    match due {
        Ok(lines) => diagnosis.changes.lines.extend(lines),
        Err(error) => diagnosis.changes.errors.push(error),
    }
    let (ending, tone, code) = match diagnosis.guard {
        Guard::Whole => ("all hooks block tokens", GOOD, code::CLEAN),
        Guard::Partial => {
            ("commits with a token are blocked; a line above says what is not scanned", FAIR, code::CLEAN)
        }
        Guard::None => ("NOT PROTECTED: a commit with a token would go through", BAD, code::FOUND),
        Guard::Unproved => ("UNKNOWN: it could not be checked whether a token is blocked", BAD, code::TROUBLE),
    };
    write(&diagnosis.changes, Some((ending, tone)), common)?;
    Ok(if is_ledger_read { code } else { code::TROUBLE })
}

/// A warning for each token in the ledger that is overdue for its rotation, or due soon.
fn due_tokens(common: &Common) -> Result<Vec<String>, Error> {
    let repository = Repository::discover(Path::new("."))?;
    let Some(top) = repository.worktree() else { return Ok(Vec::new()) };
    let settings = in_force::of_folder(Some(top), common)?;
    let today = today()?;
    let due = settings.ledger.iter().filter_map(|entry| Some((entry.line, entry.due(today)?)));
    Ok(due.map(|(line, due)| format!("warning: {CONFIG_NAME}:{line}: {}", due.says)).collect())
}

/// The color of the last line.
type Tone = fn(Style, &str) -> String;
const GOOD: Tone = |style, text| style.calm(text);
const FAIR: Tone = |style, text| style.strong(text);
const BAD: Tone = |style, text| style.error(text);

fn finish(changes: &Changes, ending: &str, common: &Common) -> Result<u8, Error> {
    let is_done = changes.errors.is_empty();
    write(changes, is_done.then_some((ending, GOOD)), common)?;
    Ok(if is_done { code::CLEAN } else { code::TROUBLE })
}

fn write(changes: &Changes, ending: Option<(&str, Tone)>, common: &Common) -> Result<(), Error> {
    output::write(common, |style, out| {
        let mut lines = changes.lines.iter().filter(|_| !common.quiet);
        lines.try_for_each(|line| writeln!(out, "{}", output::safe(line)))?;
        let mut ending = ending.iter().filter(|_| !common.quiet);
        ending.try_for_each(|(text, tone)| writeln!(out, "keysweep: {}", tone(style, text)))?;
        let mut in_file = changes.errors.iter().filter(|_| common.output.is_some());
        in_file.try_for_each(|error| report::write_error(&output::masked(error.clone()), Format::Human, out))
    })?;
    changes.errors.iter().for_each(output::complain);
    Ok(())
}
