//! The arguments of `keysweep scopes`.

use clap::{Args, ValueEnum};

use crate::cli::options::{ColorOption, Common, CommonOptions, ConfigOption, FormatName, OutputOption, ThreadsOption};
use crate::report::ScopesFormat;

#[derive(Debug, Args)]
pub(in crate::cli) struct ScopesArgs {
    /// human (default), json, or list: one line for verify --expect-scopes
    #[arg(long, value_enum, hide_possible_values = true)]
    format: Option<ScopesFormatName>,
    #[command(flatten)]
    output: OutputOption,
    #[command(flatten)]
    color: ColorOption,
    #[command(flatten)]
    config: ConfigOption,
    #[command(flatten)]
    threads: ThreadsOption,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ScopesFormatName {
    #[default]
    Human,
    Json,
    List,
}

/// Errors are reported in the format of the list.
impl From<ScopesFormatName> for FormatName {
    fn from(name: ScopesFormatName) -> Self {
        match name {
            ScopesFormatName::Human | ScopesFormatName::List => FormatName::Human,
            ScopesFormatName::Json => FormatName::Json,
        }
    }
}

impl ScopesArgs {
    pub fn format(&self) -> ScopesFormat {
        match self.format.unwrap_or_default() {
            ScopesFormatName::Human => ScopesFormat::Human,
            ScopesFormatName::Json => ScopesFormat::Json,
            ScopesFormatName::List => ScopesFormat::List,
        }
    }
}

impl CommonOptions for ScopesArgs {
    fn common(&self) -> Common {
        Common {
            format: self.format.map(Into::into),
            output: self.output.output.clone(),
            color: self.color.color,
            config: self.config.config.clone(),
            threads: self.threads.threads,
            ..Common::default()
        }
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.config)
    }
}
