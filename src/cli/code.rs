//! The exit codes, which users' scripts rely on.

/// Everything was read, and nothing was found.
pub(super) const CLEAN: u8 = 0;

/// Everything was read, and a token was found.
pub(super) const FOUND: u8 = 1;

/// Not everything that was asked for could be done, whatever was found.
pub(super) const TROUBLE: u8 = 2;
