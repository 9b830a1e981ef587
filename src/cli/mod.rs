//! The command line: from words to a scan, from its outcome to an exit code.

mod again;
mod args;
mod cleanup;
mod code;
mod current_dir;
mod files;
mod find;
mod history;
mod hook;
mod in_force;
mod install;
mod message;
mod output;
mod progress;
mod rules;
mod scan;
mod settings;
mod sightings;
mod staged;
mod stale;

use std::process::ExitCode;

use args::{Cli, Command};

use crate::error::Error;
use crate::git::mmap::survive_truncation;

/// Runs the program on the words of the process.
pub fn main() -> ExitCode {
    output::never_show_a_panic();
    let words: Vec<_> = std::env::args_os().collect();
    survive_truncation();
    let code: u8 = match Cli::of(&words) {
        Ok(cli) => {
            output::report_errors_as(cli.common.format(), cli.common.output.as_deref());
            run(&cli).unwrap_or_else(|error| {
                output::fail(&error);
                code::TROUBLE
            })
        }
        Err(err) => output::usage(&err, &words),
    };
    ExitCode::from(code)
}

fn run(cli: &Cli) -> Result<u8, Error> {
    match &cli.command {
        Command::Staged => staged::run(false, &cli.common),
        Command::Message { file } => message::run(file, false, &cli.common),
        Command::Hook(args) => hook::run(args, &cli.common),
        Command::Files(args) => files::run(args, &cli.common),
        Command::Install { names, global } => install::install(names, *global, &cli.common),
        Command::Uninstall { names, global } => install::uninstall(names, *global, &cli.common),
        Command::Doctor => install::doctor(&cli.common),
        Command::History(args) => history::run(args, &cli.common),
        Command::Find(args) => find::run(args, &cli.common),
        Command::Rules { id, check } => rules::run(id.as_deref(), *check, &cli.common),
    }
}
