//! The contents of archives: zip (and so jar, docx, whl, nupkg), tar, ar, and gzip, zstd, xz, bzip2, LZMA and zlib streams, also
//! nested. Archives are recognized by their bytes, not by their names. This module turns bytes into units. It does not read files.
//!
//! The caller also scans the bytes of the archive itself, since they contain more than entries: comments, owners, bytes before
//! and after the archive. That scan may find tokens of entries again. [`is_covered`](walk::Unpacked::is_covered) reports such findings.

pub(crate) mod covered;
pub(crate) mod stream;
pub(crate) mod tar;
pub(crate) mod zip;

mod ar;
mod binary;
mod content;
#[cfg(test)]
mod damaged;
mod embedded;
mod encoded;
mod entry;
mod kind;
mod known;
mod limits;
mod path;
mod sparse;
#[cfg(test)]
mod tests;
mod trial;
mod walk;

pub(crate) use embedded::is_archive;
pub(crate) use known::Known;
pub(crate) use limits::{Budget, LIMITS};
pub(crate) use path::path_inside;
pub(crate) use walk::{Unopened, unpack};
