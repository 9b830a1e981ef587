//! Packs as forests of deltas, for a traversal of all objects.

pub(crate) mod buffer;
pub(crate) mod delta;
pub(crate) mod forest;
pub(crate) mod traversal;
pub(crate) mod tree_entries;
