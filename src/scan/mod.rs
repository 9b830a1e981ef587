//! Scans: the sources of bytes (the index, commits, files, messages), and the engine, which searches them and applies the allowlist.

#[cfg(feature = "archives")]
pub(crate) mod archive;
pub(crate) mod change_set;
pub(crate) mod commit_text;
pub(crate) mod committed_config;
pub(crate) mod engine;
pub(crate) mod file_type;
pub(crate) mod files;
pub(crate) mod git_dir;
pub(crate) mod ignored;
mod lines;
pub(crate) mod message;
pub(crate) mod message_context;
pub(crate) mod parallel;
pub(crate) mod push;
pub(crate) mod push_request;
pub(crate) mod remotes;
pub(crate) mod selection;
pub(crate) mod source;
pub(crate) mod staged;
pub(crate) mod staged_config;
pub(crate) mod template;
pub(crate) mod texts;
pub(crate) mod unstaged;
pub(crate) mod worktree;

pub use source::{Source, Unit};
pub use staged::Staged;
