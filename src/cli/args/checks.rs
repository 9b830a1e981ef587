//! The arguments of commands that check the repository, its known tokens and the rules.

use clap::Args;

use crate::cli::options::{
    AuditFormatOption, Common, CommonOptions, ConfigOption, DetectionOptions, OutputOption, ProgressOption,
    QuietOption, RulesFormatOption, ThreadsOption,
};
use crate::report::{AuditFormat, RulesFormat};

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    /// The checks to run (default: all)
    #[arg(value_name = "CHECK")]
    pub checks: Vec<String>,
    /// Fail for suspicions as well
    #[arg(long)]
    pub strict: bool,
    /// Run the hooks on a made-up token, as doctor does
    #[arg(long)]
    pub run_hooks: bool,
    /// Explain what CHECK looks at and what its results mean
    #[arg(long, value_name = "CHECK", conflicts_with_all = [
        "checks", "strict", "run_hooks", "format", "color", "quiet", "config", "allow", "threads"
    ])]
    pub explain: Option<String>,
    #[command(flatten)]
    format: AuditFormatOption,
    #[command(flatten)]
    detection: DetectionOptions,
}

impl CommonOptions for AuditArgs {
    fn common(&self) -> Common {
        Common { format: self.format.format.map(Into::into), ..self.detection.common() }
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.detection.rules.config)
    }
}

impl AuditArgs {
    pub fn format(&self) -> AuditFormat {
        self.format.format.unwrap_or_default().into()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesArgs {
    /// The rule to explain
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Try the examples of the custom rules, or of rule ID
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    format: RulesFormatOption,
    #[command(flatten)]
    output: OutputOption,
    #[command(flatten)]
    config: ConfigOption,
}

impl CommonOptions for RulesArgs {
    fn common(&self) -> Common {
        let (output, config) = (self.output.output.clone(), self.config.config.clone());
        Common { format: self.format.format.map(Into::into), output, config, ..Common::default() }
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.config)
    }
}

impl RulesArgs {
    pub fn format(&self) -> RulesFormat {
        self.format.format.unwrap_or_default().into()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BaselineArgs {
    /// Why the new entries are accepted
    #[arg(long, value_name = "TEXT", default_value = DEFAULT_REASON, hide_default_value = true)]
    pub reason: String,
    /// The last day of the new entries, such as 2027-03-31
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Only remove entries that cover nothing
    #[arg(long, conflicts_with_all = ["reason", "until"])]
    pub prune: bool,
    /// Accept that this clone lacks objects or LFS files
    #[arg(long)]
    pub allow_incomplete: bool,
    #[command(flatten)]
    output: OutputOption,
    #[command(flatten)]
    quiet: QuietOption,
    #[command(flatten)]
    config: ConfigOption,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    progress: ProgressOption,
}

impl CommonOptions for BaselineArgs {
    fn common(&self) -> Common {
        Common {
            output: self.output.output.clone(),
            quiet: self.quiet.quiet,
            config: self.config.config.clone(),
            threads: self.threads.threads,
            no_progress: self.progress.no_progress,
            ..Common::default()
        }
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.config)
    }
}

/// The reason of entries of `keysweep baseline` without `--reason`.
const DEFAULT_REASON: &str = "was here when the baseline was written";
