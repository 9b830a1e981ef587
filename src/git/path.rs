//! Paths as git prints them.

use std::path::{Path, PathBuf};

/// The path for these bytes of git's output. On Windows, where paths are Unicode, bytes that are not UTF-8 become U+FFFD.
pub fn to_path(bytes: &[u8]) -> PathBuf {
    gix::path::from_byte_slice(bytes).map_or_else(|_| String::from_utf8_lossy(bytes).as_ref().into(), Path::to_owned)
}
