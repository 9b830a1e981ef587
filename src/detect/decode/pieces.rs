//! In which pieces long encoded text is decoded.

/// Encoded text is decoded in pieces of so many bytes, so that a run of 100 MB needs no second 100 MB.
pub(super) const PIECE: usize = 32 * 1024;

/// What two neighbouring pieces share: a token of 320 bytes fits in, in any encoding and in most nests.
pub(super) const OVERLAP: usize = 4 * 1024;
