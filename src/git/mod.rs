//! A library of git repositories: the object database, packs, the index, refs and diffs. It knows nothing of tokens.

pub(crate) mod command;
pub(crate) mod depth;
pub(crate) mod diff;
pub(crate) mod index;
pub(crate) mod mmap;
pub(crate) mod odb;
pub(crate) mod pack;
pub(crate) mod path;
pub(crate) mod reflogs;
pub(crate) mod refs;
pub(crate) mod repository;
pub(crate) mod revision;
pub(crate) mod revwalk;

pub use pack::delta::Splice;
pub use repository::{Repository, refuse_pipes};
