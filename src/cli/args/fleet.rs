//! The arguments of `keysweep fleet`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::options::{
    ArchivesOption, Common, CommonOptions, ConfigOption, FormatName, MergeFormatOption, OutputOption, ProgressOption,
    ReportOptions, ThreadsOption,
};
use crate::fleet::size;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[allow(clippy::struct_excessive_bools)] // Each is an option.
pub(in crate::cli) struct FleetArgs {
    #[command(subcommand)]
    pub action: Option<FleetAction>,
    /// The list of repositories; - (default) is standard input
    #[arg(value_name = "LIST", default_value = "-", hide_default_value = true)]
    pub list: PathBuf,
    /// Skip objects that the last scan found clean
    #[arg(long)]
    pub since_last: bool,
    /// Give up a repository after N seconds (default: 3600)
    #[arg(long = "timeout", value_name = "N", default_value_t = 3600, hide_default_value = true,
          value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub seconds: u64,
    /// Keep mirrors in DIR (default: in the user's cache folder)
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Limit the cache to SIZE bytes, such as 500M (default: 20G)
    #[arg(long, value_name = "SIZE", default_value = "20G", hide_default_value = true, value_parser = size::parse)]
    pub cache_size: u64,
    /// Let the configuration and baseline of a repository count
    #[arg(long)]
    pub trust_config: bool,
    /// Accept that a clone lacks objects or LFS files
    #[arg(long)]
    pub allow_incomplete: bool,
    #[command(flatten)]
    archives: ArchivesOption,
    #[command(flatten)]
    output: OutputOption,
    /// Print nothing on standard error unless there is a problem
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    config: ConfigOption,
    /// Allow tokens in paths that match GLOB (repeatable)
    #[arg(long, value_name = "GLOB")]
    allow: Vec<String>,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    progress: ProgressOption,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum FleetAction {
    /// Join what fleet wrote: one answer for each token
    #[command(after_help = "\
For each token: where it was first, in how many repositories it is, and where it is still at HEAD. The worst \
token is first. If a repository is in several files, its last complete result counts.

Exit status: 0 no token was found, 1 tokens were found, 2 a line or a repository could not be read

Examples:
  keysweep fleet merge findings.jsonl
  keysweep fleet merge --format json monday.jsonl tuesday.jsonl
  keysweep fleet repositories.txt | keysweep fleet merge -")]
    Merge(MergeArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// Files that fleet wrote, the newest last; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub format: MergeFormatOption,
    #[command(flatten)]
    report: ReportOptions,
}

impl MergeArgs {
    fn common(&self) -> Common {
        Common { format: self.format.format.map(Into::into), ..self.report.common() }
    }
}

impl CommonOptions for FleetArgs {
    fn common(&self) -> Common {
        if let Some(FleetAction::Merge(args)) = &self.action {
            return args.common();
        }
        Common {
            // The one format that grows with each repository.
            format: Some(FormatName::Jsonl),
            output: self.output.output.clone(),
            config: self.config.config.clone(),
            allow: self.allow.clone(),
            quiet: self.quiet,
            threads: self.threads.threads,
            no_progress: self.progress.no_progress,
            ..Common::default()
        }
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.config)
    }
}

impl FleetArgs {
    /// Whether to look into archives.
    pub fn archives(&self) -> bool {
        self.archives.is_set()
    }
}
