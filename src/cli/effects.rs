//! Refuses an option that has no effect together with the others. The parser refuses the options that a command never uses.

use std::path::Path;

use super::args::{AuditArgs, Command, FilesArgs, HistoryArgs, HookArgs, HookName, ScopesArgs};
use super::options::{ColorChoice, Common, FormatName};
use crate::error::Error;
use crate::report::ScopesFormat;
use crate::scan::files::STDIN;

pub(super) fn refuse(command: &Command, common: &Common) -> Result<(), Error> {
    match command {
        Command::Audit(args) => audit(args)?,
        Command::Files(args) => files(args)?,
        Command::History(args) => history(args, common)?,
        Command::Hook(args) => hook(args, common)?,
        _ => {}
    }
    if !is_for_people(command, common) {
        expect(common.color != ColorChoice::Always, "--color always", "only the format human has colors")?;
        expect(!common.quiet || prints_more(command), "--quiet", "only the format human has lines that it leaves out")?;
    }
    Ok(())
}

/// Whether the report is text for people. Only such a report has colors, and is empty with `--quiet`.
fn is_for_people(command: &Command, common: &Common) -> bool {
    let is_list = matches!(command, Command::Scopes(args) if ScopesArgs::format(args) == ScopesFormat::List);
    common.format() == FormatName::Human && !is_list
}

/// Whether `--quiet` also leaves out lines on standard error: the progress, the totals, or the note about a long push.
fn prints_more(command: &Command) -> bool {
    match command {
        Command::History(_) | Command::Find(_) | Command::Fleet(_) => true,
        Command::Hook(args) => matches!(args.name, HookName::PrePush | HookName::PreReceive | HookName::Update),
        _ => false,
    }
}

fn audit(args: &AuditArgs) -> Result<(), Error> {
    let runs_hooks = args.checks.is_empty() || args.checks.iter().any(|name| name == "hook-live");
    expect(!args.run_hooks || runs_hooks, "--run-hooks", "only the check hook-live runs hooks")
}

fn files(args: &FilesArgs) -> Result<(), Error> {
    let is_stdin_alone = !args.paths.is_empty() && args.paths.iter().all(|path| path == Path::new(STDIN));
    let cause = "git ignores files, and standard input is none";
    expect(!args.respect_gitignore || !is_stdin_alone, "--respect-gitignore", cause)
}

fn history(args: &HistoryArgs, common: &Common) -> Result<(), Error> {
    if args.no_people && common.format() != FormatName::Html {
        let help = "add --format html, or leave it out";
        return Err(Error::new("cannot use --no-people", "it has an effect on the incident report only", help));
    }
    Ok(())
}

fn hook(args: &HookArgs, common: &Common) -> Result<(), Error> {
    let has_threads = common.threads.is_some();
    match args.name {
        HookName::Agent => {
            let cause = "the agent defines the form of the answer";
            expect(common.format.is_none(), "--format", cause)?;
            expect(common.output.is_none(), "--output", cause)?;
            expect(common.color == ColorChoice::Auto, "--color", cause)?;
            expect(!common.quiet, "--quiet", cause)?;
            expect(!has_threads, "--threads", "an event is scanned on one thread")
        }
        HookName::CommitMsg => expect(!has_threads, "--threads", "a message is scanned on one thread"),
        _ => Ok(()),
    }
}

fn expect(has_effect: bool, option: &str, cause: &str) -> Result<(), Error> {
    has_effect.then_some(()).ok_or_else(|| Error::new(format!("cannot use {option}"), cause, "leave it out"))
}
