//! Options that several commands have.

use std::path::PathBuf;

use crate::report::{AuditFormat, DocumentFormat, Format, MergeFormat, RulesFormat};

use clap::{Args, ValueEnum};

/// The values of all these options. An option that a command does not take has its default.
#[derive(Debug, Default)]
pub(super) struct Common {
    pub format: Option<FormatName>,
    pub output: Option<PathBuf>,
    pub config: Option<PathBuf>,
    pub allow: Vec<String>,
    pub color: ColorChoice,
    pub quiet: bool,
    pub no_progress: bool,
    pub threads: Option<u16>,
    /// Whether git runs this process from a hook.
    pub in_hook: bool,
}

/// The arguments of a command. An option that the command does not take has its default.
pub(super) trait CommonOptions {
    fn common(&self) -> Common;

    /// The option `--config`, if the command takes it.
    fn config(&self) -> Option<&ConfigOption> {
        None
    }
}

/// Options of every command that scans by rules and reports findings.
#[derive(Debug, Args)]
pub(super) struct ScanOptions {
    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    detection: DetectionOptions,
}

/// Options of every command that scans by rules, on several threads.
#[derive(Debug, Args)]
pub(super) struct DetectionOptions {
    #[command(flatten)]
    pub rules: RuleOptions,
    #[command(flatten)]
    threads: ThreadsOption,
}

/// Options of every command that scans by rules.
#[derive(Debug, Args)]
pub(super) struct RuleOptions {
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    pub config: ConfigOption,
    /// Allow tokens in paths that match GLOB (repeatable)
    #[arg(long, value_name = "GLOB")]
    allow: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct FormatOption {
    /// human (default), json, jsonl, sarif, github or gitlab
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: Option<FormatName>,
}

#[derive(Debug, Args)]
pub(super) struct HistoryFormatOption {
    /// human (default), json, jsonl, sarif, github, gitlab or html
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: Option<HistoryFormatName>,
}

#[derive(Debug, Args)]
pub(super) struct RulesFormatOption {
    /// human (default), json or jsonl
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: Option<RulesFormatName>,
}

#[derive(Debug, Args)]
pub(super) struct AuditFormatOption {
    /// human (default), json, jsonl or sarif
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: Option<AuditFormatName>,
}

#[derive(Debug, Args)]
pub(super) struct DocumentFormatOption {
    /// human (default) or json
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: Option<DocumentFormatName>,
}

#[derive(Debug, Args)]
pub(super) struct MergeFormatOption {
    /// human (default), json or sarif
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: Option<MergeFormatName>,
}

#[cfg(feature = "online")]
#[derive(Debug, Args)]
pub(super) struct TimeoutOption {
    /// Wait N seconds for an answer (default: 30)
    #[arg(long = "timeout", value_name = "N", default_value_t = 30, hide_default_value = true,
          value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
}

#[derive(Debug, Args)]
pub(super) struct ReportOptions {
    #[command(flatten)]
    output: OutputOption,
    #[command(flatten)]
    color: ColorOption,
    #[command(flatten)]
    quiet: QuietOption,
}

#[derive(Debug, Args)]
pub(super) struct ColorOption {
    /// Use color: auto (default), always or never
    #[arg(
        long,
        value_enum,
        default_value_t = ColorChoice::Auto,
        hide_default_value = true,
        hide_possible_values = true,
        value_name = "WHEN"
    )]
    pub color: ColorChoice,
}

#[derive(Debug, Args)]
pub(super) struct QuietOption {
    /// Print nothing unless there is a problem
    #[arg(long, short)]
    pub quiet: bool,
}

/// The option `--archives`, which only a build with the feature has.
#[derive(Debug, Args)]
pub(super) struct ArchivesOption {
    /// Unpack archives: zip, tar, deb, gzip, zstd, xz, bzip2
    #[cfg(feature = "archives")]
    #[arg(long)]
    archives: bool,
}

impl ArchivesOption {
    #[cfg(feature = "archives")]
    pub fn is_set(&self) -> bool {
        self.archives
    }

    #[cfg(not(feature = "archives"))]
    #[allow(clippy::unused_self)] // with the feature there is an option
    pub fn is_set(&self) -> bool {
        false
    }
}

#[derive(Debug, Args)]
pub(super) struct OutputOption {
    /// Write the report to FILE, not to standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ConfigOption {
    /// Read FILE instead of .keysweep.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ThreadsOption {
    /// Scan with N threads (default: one for each core)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

#[derive(Debug, Args)]
pub(super) struct ProgressOption {
    /// Show no progress on the terminal
    #[arg(long)]
    pub no_progress: bool,
}

impl Common {
    pub fn with_format(self, option: &FormatOption) -> Self {
        Self { format: option.format, ..self }
    }

    pub fn format(&self) -> FormatName {
        self.format.unwrap_or_default()
    }

    /// Whether to add annotations to the human-readable report: in a job of GitHub Actions, unless the user chose a format or a
    /// file.
    pub fn adds_annotations(&self) -> bool {
        let is_in_job = || std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        self.format.is_none() && self.output.is_none() && is_in_job()
    }
}

impl CommonOptions for ScanOptions {
    fn common(&self) -> Common {
        self.detection.common().with_format(&self.format)
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.detection.rules.config)
    }
}

impl DetectionOptions {
    pub fn common(&self) -> Common {
        Common { threads: self.threads.threads, ..self.rules.common() }
    }
}

impl RuleOptions {
    pub fn common(&self) -> Common {
        Common { config: self.config.config.clone(), allow: self.allow.clone(), ..self.report.common() }
    }
}

impl ReportOptions {
    pub fn common(&self) -> Common {
        Common {
            output: self.output.output.clone(),
            color: self.color.color,
            quiet: self.quiet.quiet,
            ..Common::default()
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    #[default]
    Human,
    Json,
    Jsonl,
    Sarif,
    Github,
    Gitlab,
    /// Only `history` takes it.
    #[value(skip)]
    Html,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Human => Format::Human,
            FormatName::Json => Format::Json,
            FormatName::Jsonl => Format::Jsonl,
            FormatName::Sarif => Format::Sarif,
            FormatName::Github => Format::Github,
            FormatName::Gitlab => Format::Gitlab,
            FormatName::Html => Format::Html,
        }
    }
}

/// All formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum HistoryFormatName {
    #[default]
    Human,
    Json,
    Jsonl,
    Sarif,
    Github,
    Gitlab,
    Html,
}

impl From<HistoryFormatName> for FormatName {
    fn from(name: HistoryFormatName) -> Self {
        match name {
            HistoryFormatName::Human => FormatName::Human,
            HistoryFormatName::Json => FormatName::Json,
            HistoryFormatName::Jsonl => FormatName::Jsonl,
            HistoryFormatName::Sarif => FormatName::Sarif,
            HistoryFormatName::Github => FormatName::Github,
            HistoryFormatName::Gitlab => FormatName::Gitlab,
            HistoryFormatName::Html => FormatName::Html,
        }
    }
}

/// The other formats are those of systems that read findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum RulesFormatName {
    #[default]
    Human,
    Json,
    Jsonl,
}

impl From<RulesFormatName> for RulesFormat {
    fn from(name: RulesFormatName) -> Self {
        match name {
            RulesFormatName::Human => RulesFormat::Human,
            RulesFormatName::Json => RulesFormat::Json,
            RulesFormatName::Jsonl => RulesFormat::Jsonl,
        }
    }
}

/// Errors are reported in the format of the rules.
impl From<RulesFormatName> for FormatName {
    fn from(name: RulesFormatName) -> Self {
        match name {
            RulesFormatName::Human => FormatName::Human,
            RulesFormatName::Json => FormatName::Json,
            RulesFormatName::Jsonl => FormatName::Jsonl,
        }
    }
}

/// The other formats are those of systems that read findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum AuditFormatName {
    #[default]
    Human,
    Json,
    Jsonl,
    Sarif,
}

impl From<AuditFormatName> for AuditFormat {
    fn from(name: AuditFormatName) -> Self {
        match name {
            AuditFormatName::Human => AuditFormat::Human,
            AuditFormatName::Json => AuditFormat::Json,
            AuditFormatName::Jsonl => AuditFormat::Jsonl,
            AuditFormatName::Sarif => AuditFormat::Sarif,
        }
    }
}

/// Errors are reported in the format of the audit.
impl From<AuditFormatName> for FormatName {
    fn from(name: AuditFormatName) -> Self {
        match name {
            AuditFormatName::Human => FormatName::Human,
            AuditFormatName::Json => FormatName::Json,
            AuditFormatName::Jsonl => FormatName::Jsonl,
            AuditFormatName::Sarif => FormatName::Sarif,
        }
    }
}

/// The formats of a report that is one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DocumentFormatName {
    #[default]
    Human,
    Json,
}

impl From<DocumentFormatName> for DocumentFormat {
    fn from(name: DocumentFormatName) -> Self {
        match name {
            DocumentFormatName::Human => DocumentFormat::Human,
            DocumentFormatName::Json => DocumentFormat::Json,
        }
    }
}

/// Errors are reported in the format of the answer.
impl From<DocumentFormatName> for FormatName {
    fn from(name: DocumentFormatName) -> Self {
        match name {
            DocumentFormatName::Human => FormatName::Human,
            DocumentFormatName::Json => FormatName::Json,
        }
    }
}

/// The other formats have no place for several repositories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MergeFormatName {
    #[default]
    Human,
    Json,
    Sarif,
}

impl From<MergeFormatName> for MergeFormat {
    fn from(name: MergeFormatName) -> Self {
        match name {
            MergeFormatName::Human => MergeFormat::Human,
            MergeFormatName::Json => MergeFormat::Json,
            MergeFormatName::Sarif => MergeFormat::Sarif,
        }
    }
}

/// Errors are reported in the format of the answer.
impl From<MergeFormatName> for FormatName {
    fn from(name: MergeFormatName) -> Self {
        match name {
            MergeFormatName::Human => FormatName::Human,
            MergeFormatName::Json => FormatName::Json,
            MergeFormatName::Sarif => FormatName::Sarif,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}
