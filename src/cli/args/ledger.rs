//! The arguments of `keysweep ledger`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use crate::cli::options::{Common, CommonOptions, ConfigOption, OutputOption, QuietOption};

#[derive(Debug, Args)]
pub(in crate::cli) struct LedgerArgs {
    /// add
    #[arg(value_enum, value_name = "ACTION", hide_possible_values = true)]
    pub action: LedgerAction,
    /// The person or the team that has the token
    #[arg(long, value_name = "TEXT")]
    pub owner: Option<String>,
    /// The environment that uses it, such as production
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// The day on which it was created, such as 2026-11-01
    #[arg(long, value_name = "DATE")]
    pub created: Option<String>,
    /// The last day before it must be rotated
    #[arg(long, value_name = "DATE")]
    pub rotate_by: Option<String>,
    /// The scopes that it has, such as note:read,task:read
    #[arg(long, value_name = "LIST")]
    pub scopes: Option<String>,
    #[command(flatten)]
    output: OutputOption,
    #[command(flatten)]
    quiet: QuietOption,
    #[command(flatten)]
    config: ConfigOption,
    /// Refused, and not repeated
    #[arg(hide = true)]
    pub typed: Vec<OsString>,
}

impl CommonOptions for LedgerArgs {
    fn common(&self) -> Common {
        Common {
            output: self.output.output.clone(),
            quiet: self.quiet.quiet,
            config: self.config.config.clone(),
            ..Common::default()
        }
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.config)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LedgerAction {
    Add,
}
