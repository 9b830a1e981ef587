//! The arguments of commands that use the network.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use crate::cli::options::{Common, CommonOptions, DocumentFormatOption, ReportOptions, TimeoutOption};

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// The vendor of the token, if its shape does not name one
    #[arg(long, value_name = "VENDOR")]
    pub vendor: Option<String>,
    /// Ask the server at URL in place of the vendor
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// dead (default) or live
    #[arg(long, value_enum, hide_possible_values = true, hide_default_value = true, default_value_t = Expected::Dead)]
    pub expect: Expected,
    /// The scopes that a live token should have, and no others
    #[arg(long, value_name = "SCOPES")]
    pub expect_scopes: Option<String>,
    #[command(flatten)]
    pub timeout: TimeoutOption,
    #[command(flatten)]
    pub format: DocumentFormatOption,
    #[command(flatten)]
    report: ReportOptions,
    /// Refused, and not repeated
    #[arg(hide = true)]
    pub typed: Vec<OsString>,
}

impl CommonOptions for VerifyArgs {
    fn common(&self) -> Common {
        Common { format: self.format.format.map(Into::into), ..self.report.common() }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ProbeArgs {
    /// The address of the handler
    #[arg(value_name = "URL")]
    pub url: String,
    /// Whose deliveries to imitate: attio, stripe or svix
    #[arg(long, value_name = "VENDOR")]
    pub vendor: String,
    /// Send to another machine than this one
    #[arg(long)]
    pub allow_remote: bool,
    #[command(flatten)]
    pub timeout: TimeoutOption,
    #[command(flatten)]
    pub format: DocumentFormatOption,
    #[command(flatten)]
    report: ReportOptions,
}

impl CommonOptions for ProbeArgs {
    fn common(&self) -> Common {
        Common { format: self.format.format.map(Into::into), ..self.report.common() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Expected {
    Dead,
    Live,
}
