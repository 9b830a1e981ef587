//! Cleaning a repository: the replacements file, and the path of the script that applies it.

pub(crate) mod output_path;

mod lines;
mod tokens;

pub use crate::cleanup::output_path::OutputPath;
pub use crate::cleanup::tokens::tokens_from;

use crate::finding::ShownPath;

/// The input of the plan at the end of a report.
#[derive(Debug)]
pub struct Cleanup {
    /// Whether the repository has a remote.
    pub has_remotes: bool,
    /// The options that decide what the scan finds, quoted for a shell.
    pub options: Vec<String>,
    /// The path of the script. None without --replacements, or if a file could not be written.
    pub script: Option<ShownPath>,
}
