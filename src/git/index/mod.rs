//! What the index adds to HEAD's tree.
//!
//! Three ways, the fastest that can be trusted first; each is exact, and what one does not understand goes to the next.
//!
//! 1. The cache tree at the end of the index names the tree that git is about to commit: compare two trees. In a hook
//!    after a plain `commit` it is always there. Of 100,000 files, `git diff --cached --quiet` takes ten times as long.
//! 2. The index is small, or its cache tree is invalid at its root (after a bare `git add`): walk the entries in the
//!    mapped bytes, and skip every folder whose cached tree is HEAD's.
//! 3. Index version 4, split and sparse indexes: the same walk over a list of the entries.

mod compare;
pub(crate) mod decoded;
mod entries;
pub(crate) mod ewah;
pub(crate) mod mapped;
mod split;
mod walk;

pub(crate) use compare::compare;
