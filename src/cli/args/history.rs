//! The arguments of commands that search the whole repository.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::cli::options::{
    ArchivesOption, Common, CommonOptions, ConfigOption, DetectionOptions, FormatOption, HistoryFormatOption,
    ProgressOption, ReportOptions, ThreadsOption,
};

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // Each is an option.
pub(in crate::cli) struct HistoryArgs {
    /// Scan only what these commits introduce, such as A..B or ^C
    #[arg(value_name = "REV")]
    pub revisions: Vec<String>,
    /// Scan only commits that change PATH
    #[arg(last = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Scan only commits since DATE
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Scan only commits until DATE
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Scan only branches that match GLOB (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub branch: Vec<String>,
    /// Scan only commits of authors that match REGEX
    #[arg(long, value_name = "REGEX")]
    pub author: Option<String>,
    /// Skip objects that the last scan found clean
    #[arg(long, conflicts_with_all = ["revisions", "since", "until", "branch", "author", "paths"])]
    pub since_last: bool,
    /// Keep the list of clean objects in DIR, not in the repository. `fleet` sets it.
    #[arg(long, value_name = "DIR", requires = "since_last", hide = true)]
    pub clean_cache: Option<PathBuf>,
    /// Accept that this clone lacks objects or LFS files
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Report tokens that .keysweep-baseline covers, too
    #[arg(long)]
    pub no_baseline: bool,
    /// Let nothing in the repository allow a token
    #[arg(long, conflicts_with = "config_from")]
    pub untrusted: bool,
    /// Use .keysweep.toml and .keysweep-baseline of commit REV
    #[arg(long, value_name = "REV", conflicts_with = "config")]
    pub config_from: Option<String>,
    #[command(flatten)]
    archives: ArchivesOption,
    /// Write the tokens and a script that removes them
    #[arg(long, value_name = "FILE")]
    pub replacements: Option<PathBuf>,
    /// Write the script to FILE, not beside the tokens
    #[arg(long, value_name = "FILE", requires = "replacements")]
    pub plan: Option<PathBuf>,
    /// Leave the names of people out of the html report
    #[arg(long)]
    pub no_people: bool,
    #[cfg(feature = "online")]
    #[command(flatten)]
    pub online: VerifyOptions,
    #[command(flatten)]
    format: HistoryFormatOption,
    #[command(flatten)]
    detection: DetectionOptions,
    #[command(flatten)]
    progress: ProgressOption,
}

#[cfg(feature = "online")]
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyOptions {
    /// Ask the vendors whether the tokens are alive
    #[arg(long, conflicts_with_all = ["revisions", "since", "until", "branch", "author", "paths"])]
    pub verify: bool,
    /// Ask VENDOR about tokens of a shape that several issue
    #[arg(long, value_name = "VENDOR", requires = "verify")]
    pub vendor: Option<String>,
    /// Ask the server at URL in place of VENDOR
    #[arg(long, value_name = "URL", requires = "vendor", hide = true)]
    // Only for tests, and the help must fit a screen.
    pub base_url: Option<String>,
}

impl CommonOptions for HistoryArgs {
    fn common(&self) -> Common {
        Common {
            format: self.format.format.map(Into::into),
            no_progress: self.progress.no_progress,
            ..self.detection.common()
        }
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.detection.rules.config)
    }
}

impl HistoryArgs {
    /// Whether to look into archives.
    pub fn archives(&self) -> bool {
        self.archives.is_set()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FindArgs {
    /// Read the tokens from a file of --replacements
    #[arg(long, value_name = "FILE")]
    pub tokens_from: Option<PathBuf>,
    /// Find the token with this fingerprint (repeatable)
    #[arg(long, value_name = "HEX", conflicts_with = "tokens_from")]
    pub fingerprint: Vec<String>,
    /// Accept that this clone lacks objects or LFS files
    #[arg(long)]
    pub allow_incomplete: bool,
    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    progress: ProgressOption,
    /// Refused, and not repeated
    #[arg(hide = true)]
    pub typed: Vec<OsString>,
}

impl CommonOptions for FindArgs {
    fn common(&self) -> Common {
        Common {
            threads: self.threads.threads,
            no_progress: self.progress.no_progress,
            ..self.report.common().with_format(&self.format)
        }
    }
}
