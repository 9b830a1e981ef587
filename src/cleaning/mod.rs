//! What it takes to clean a repository of its tokens: the file with the replacements, and what git says of where to push
//! the cleaned history.

mod layout;
mod lines;
mod place;
mod tokens;

pub use layout::{Layout, layout};
pub use place::Place;
pub use tokens::tokens_from;

use crate::finding::ShownPath;

/// What a plan for the cleaning is made from.
#[derive(Debug)]
pub struct Cleaning {
    pub layout: Layout,
    /// Whether archives were unpacked, so that the proof has to unpack them too.
    pub archives: bool,
    /// None where nobody asked for it, or where it could not be written.
    pub replacements: Option<Written>,
}

/// A file with replacements that was written.
#[derive(Debug)]
pub struct Written {
    pub path: ShownPath,
    /// Whether something of it stands in a binary blob, which `--replace-text` steps over.
    pub in_binary: bool,
}
