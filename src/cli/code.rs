//! The exit codes, which users' scripts rely on.

/// Everything was read, and nothing was found.
pub(super) const CLEAN: u8 = 0;

/// Everything was read, and a token was found.
pub(super) const FOUND: u8 = 1;

/// Part of the request could not be done. Tokens may have been found.
pub(super) const TROUBLE: u8 = 2;
