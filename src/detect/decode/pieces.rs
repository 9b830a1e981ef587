//! The pieces in which long encoded text is decoded.

/// The length of a piece. Decoding a run of 100 MB in pieces does not need another 100 MB.
pub(super) const PIECE: usize = 32 * 1024;

/// The overlap of two neighboring pieces. A token of 320 bytes fits in it, in any encoding and in most nestings.
pub(super) const OVERLAP: usize = 4 * 1024;
