//! The changes that the index makes to HEAD's tree.
//!
//! There are three ways to compute them. All are exact. The fastest one that works for the index is taken.
//!
//! 1. The cache tree in the index has the id of the tree that git is about to commit, so two trees are compared. This
//!    always works in a hook of a plain `commit`. With 100,000 files, `git diff --cached --quiet` takes ten times as long.
//! 2. If the index is small, or the root of its cache tree is invalid, as after a bare `git add`, the mapped entries are
//!    walked. Directories whose cached tree is in HEAD are skipped.
//! 3. An index of version 4, a split and a sparse index are decoded into a list, which is walked in the same way.

mod compare;
pub(crate) mod decoded;
mod entries;
pub(crate) mod ewah;
mod lookup;
pub(crate) mod mapped;
mod split;
pub(crate) mod stat;
mod walk;

pub(crate) use compare::{compare, read_entries};
pub(crate) use lookup::top_file;
