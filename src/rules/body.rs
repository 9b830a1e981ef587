//! Shapes of bodies that several families share.

/// A body of letters, digits, `_` and `-`: [`crate::rule::Validator::RandomRun`] finds out which dashes belong to it. As long
/// as any token known.
pub(super) const DASHED_BODY: &str = r"[A-Za-z0-9_-]{16,250}";
