//! The arguments of `keysweep rotate`.

use clap::Args;

use crate::cli::options::{
    ColorOption, Common, CommonOptions, ConfigOption, DocumentFormatOption, OutputOption, ThreadsOption,
};
use crate::report::DocumentFormat;

#[derive(Debug, Args)]
pub(in crate::cli) struct RotateArgs {
    /// The vendor, such as attio, stripe or clerk
    #[arg(value_name = "VENDOR")]
    pub vendor: String,
    #[command(flatten)]
    format: DocumentFormatOption,
    #[command(flatten)]
    output: OutputOption,
    #[command(flatten)]
    color: ColorOption,
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
