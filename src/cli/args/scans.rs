//! The arguments of commands that scan what is about to be committed, and files.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::options::{Common, CommonOptions, ConfigOption, FormatOption, RuleOptions, ScanOptions};

#[derive(Debug, Args)]
pub(in crate::cli) struct StagedArgs {
    #[command(flatten)]
    scan: ScanOptions,
}

impl CommonOptions for StagedArgs {
    fn common(&self) -> Common {
        self.scan.common()
    }

    fn config(&self) -> Option<&ConfigOption> {
        self.scan.config()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MessageArgs {
    /// The file with the message; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    rules: RuleOptions,
}

impl CommonOptions for MessageArgs {
    fn common(&self) -> Common {
        self.rules.common().with_format(&self.format)
    }

    fn config(&self) -> Option<&ConfigOption> {
        Some(&self.rules.config)
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WorktreeArgs {
    /// Scan unchanged tracked files too, and every line
    #[arg(long)]
    pub all: bool,
    /// Unpack archives: zip, tar, deb, gzip, zstd, xz, bzip2
    #[cfg(feature = "archives")]
    #[arg(long)]
    pub archives: bool,
    #[command(flatten)]
    scan: ScanOptions,
}

impl CommonOptions for WorktreeArgs {
    fn common(&self) -> Common {
        self.scan.common()
    }

    fn config(&self) -> Option<&ConfigOption> {
        self.scan.config()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HookArgs {
    /// The name of the hook
    #[arg(value_enum, value_name = "HOOK")]
    pub name: HookName,
    /// The arguments that git passes to the hook
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
    #[command(flatten)]
    scan: ScanOptions,
}

impl CommonOptions for HookArgs {
    fn common(&self) -> Common {
        self.scan.common()
    }

    fn config(&self) -> Option<&ConfigOption> {
        self.scan.config()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FilesArgs {
    /// Files and folders to scan (default: .); - is standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Report standard input as the file PATH
    #[arg(long, value_name = "PATH")]
    pub stdin_path: Option<PathBuf>,
    /// Skip untracked files that git ignores
    #[arg(long)]
    pub respect_gitignore: bool,
    /// Unpack archives: zip, tar, deb, gzip, zstd, xz, bzip2
    #[cfg(feature = "archives")]
    #[arg(long)]
    pub archives: bool,
    #[command(flatten)]
    scan: ScanOptions,
}

impl CommonOptions for FilesArgs {
    fn common(&self) -> Common {
        self.scan.common()
    }

    fn config(&self) -> Option<&ConfigOption> {
        self.scan.config()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum HookName {
    PreCommit,
    PreMergeCommit,
    CommitMsg,
    PrePush,
    PreReceive,
    Update,
    Agent,
}
