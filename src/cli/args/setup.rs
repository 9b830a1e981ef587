//! The arguments of commands that set keysweep up.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::cli::options::{Common, CommonOptions, ReportOptions};

#[derive(Debug, Args)]
pub(in crate::cli) struct InstallArgs {
    /// The hooks to install
    #[arg(value_name = "HOOK")]
    pub names: Vec<String>,
    /// Install for all your repositories; before git 2.54 for new ones only
    #[arg(long)]
    pub global: bool,
    /// Install the hooks of an AI agent (repeatable; see docs/agents.md)
    #[arg(long, value_name = "NAME", conflicts_with = "names")]
    pub agent: Vec<String>,
    #[command(flatten)]
    report: ReportOptions,
}

impl CommonOptions for InstallArgs {
    fn common(&self) -> Common {
        self.report.common()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct UninstallArgs {
    /// The hooks to remove (default: all)
    #[arg(value_name = "HOOK")]
    pub names: Vec<String>,
    /// Remove what install --global wrote
    #[arg(long)]
    pub global: bool,
    /// Remove the hooks of an AI agent (repeatable)
    #[arg(long, value_name = "NAME", conflicts_with = "names")]
    pub agent: Vec<String>,
    #[command(flatten)]
    report: ReportOptions,
}

impl CommonOptions for UninstallArgs {
    fn common(&self) -> Common {
        self.report.common()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArgs {
    #[command(flatten)]
    report: ReportOptions,
}

impl CommonOptions for DoctorArgs {
    fn common(&self) -> Common {
        self.report.common()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    pub shell: Shell,
}

impl CommonOptions for CompletionsArgs {
    fn common(&self) -> Common {
        Common::default()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// Write one page for each command to DIR
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

impl CommonOptions for ManArgs {
    fn common(&self) -> Common {
        Common::default()
    }
}
