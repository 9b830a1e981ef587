//! A library for git repositories: the object database, packs, the index, refs and diffs. It does not depend on detection.

pub(crate) mod adjacency;
pub(crate) mod command;
pub(crate) mod date;
pub(crate) mod depth;
pub(crate) mod diff;
pub(crate) mod index;
pub(crate) mod mmap;
pub(crate) mod odb;
mod own_worktree;
pub(crate) mod pack;
pub(crate) mod path;
mod plain;
pub(crate) mod reflogs;
pub(crate) mod refs;
pub(crate) mod reftable;
pub(crate) mod repository;
pub(crate) mod revision;
pub(crate) mod revwalk;
pub(crate) mod worktree;

pub use pack::delta::Splice;
pub use repository::{Repository, refuse_pipes};
