//! The arguments of `keysweep rotate`.

use clap::Args;

use crate::cli::options::{Common, CommonOptions, ConfigOption, DocumentFormatOption, ReportOptions, ThreadsOption};
use crate::report::DocumentFormat;

#[derive(Debug, Args)]
pub(in crate::cli) struct RotateArgs {
    /// The vendor, such as attio, stripe or clerk
    #[arg(value_name = "VENDOR")]
    pub vendor: String,
    #[command(flatten)]
    format: DocumentFormatOption,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    config: ConfigOption,
    #[command(flatten)]
    threads: ThreadsOption,
}

impl RotateArgs {
    pub fn format(&self) -> DocumentFormat {
        self.format.format.unwrap_or_default().into()
    }
}

impl CommonOptions for RotateArgs {
    fn common(&self) -> Common {
        Common {
            format: self.format.format.map(Into::into),
            config: self.config.config.clone(),
            threads: self.threads.threads,
            ..self.report.common()
        }
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.config)
    }
}
