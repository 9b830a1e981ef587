//! What it takes to clean a repository of its tokens: the file with the replacements, and the script that applies them.

pub(crate) mod output_path;

mod lines;
mod tokens;

pub use crate::cleanup::output_path::OutputPath;
pub use crate::cleanup::tokens::tokens_from;

use crate::finding::ShownPath;

/// What the plan at the end of a report is made from.
#[derive(Debug)]
pub struct Cleanup {
    /// Whether the repository has a remote.
    pub has_remotes: bool,
    /// The options of the sweep that decide what it finds, as words for a shell.
    pub options: Vec<String>,
    /// The script. None where nobody asked for the replacements, or where one of the two could not be written.
    pub script: Option<ShownPath>,
}
