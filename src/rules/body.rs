//! Shapes of bodies that several families share.

/// A body of letters, digits, `_` and `-`, up to the length of the longest known token. [`crate::rule::Validator::RandomRun`]
/// decides which dashes belong to it.
pub(super) const DASHED_BODY: &str = r"[A-Za-z0-9_-]{16,250}";
