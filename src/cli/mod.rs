//! The command line: from the arguments to a scan, and from its result to an exit code.

mod again;
mod agent;
mod args;
mod audit;
mod baseline;
mod baselines;
mod cleanup;
mod code;
mod completions;
mod current_dir;
mod effects;
mod files;
mod find;
mod fleet;
mod fleet_merge;
mod history;
mod hook;
mod in_force;
mod install;
mod ledger;
mod man;
mod message;
mod one_token;
mod options;
mod output;
mod parse;
#[cfg(feature = "online")]
mod probe;
mod progress;
mod rotate;
mod rules;
mod scan;
mod scopes;
mod settings;
mod sightings;
mod staged;
mod stale;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub mod start;
mod stdin;
mod today;
mod unstaged;
mod usage;
#[cfg(feature = "online")]
mod vendor;
#[cfg(feature = "online")]
mod verifications;
#[cfg(feature = "online")]
mod verify;
mod worktree;

use args::{Cli, Command, FleetAction};
use options::Common;

use crate::error::Error;
use crate::git::mmap::survive_truncation;

/// Runs the program with the arguments of the process, and returns its exit code.
pub fn main() -> u8 {
    output::never_show_a_panic();
    let words: Vec<_> = std::env::args_os().collect();
    survive_truncation();
    match Cli::of(&words) {
        Ok(cli) => {
            let common = cli.command.common();
            output::report_errors_as(common.format(), common.output.as_deref());
            run(&cli.command, &common).unwrap_or_else(|error| {
                output::fail(&error);
                code::TROUBLE
            })
        }
        Err(err) => usage::report(&err, &words),
    }
}

fn run(command: &Command, common: &Common) -> Result<u8, Error> {
    effects::refuse(command, common)?;
    match command {
        Command::Staged(_) => staged::run(false, common),
        Command::Message(args) => message::run(&args.file, false, common),
        Command::Hook(args) => hook::run(args, common),
        Command::Files(args) => files::run(args, common),
        Command::Worktree(args) => worktree::run(args, common),
        Command::Install(args) => install::install(args, common),
        Command::Uninstall(args) => install::uninstall(args, common),
        Command::Doctor(_) => install::doctor(common),
        Command::History(args) => history::run(args, common),
        Command::Find(args) => find::run(args, common),
        Command::Fleet(args) => match &args.action {
            Some(FleetAction::Merge(args)) => fleet_merge::run(args, common),
            None => fleet::run(args, common),
        },
        Command::Audit(args) => audit::run(args, common),
        Command::Scopes(args) => scopes::run(args, common),
        Command::Rotate(args) => rotate::run(args, common),
        Command::Ledger(args) => ledger::run(args, common),
        #[cfg(feature = "online")]
        Command::Verify(args) => verify::run(args, common),
        #[cfg(feature = "online")]
        Command::Probe(args) => probe::run(args, common),
        Command::Rules(args) => rules::run(args, common),
        Command::Baseline(args) => baseline::run(args, common),
        Command::Completions(args) => completions::run(args.shell, common),
        Command::Man(args) => man::run(args.dir.as_deref(), common),
    }
}
