//! What archives hold: zip (and so jar, docx, whl, nupkg), tar, ar, and gzip, zstd, xz, bzip2, LZMA and zlib streams, recognized
//! by their bytes and not by their names, one in another. From bytes to units, nothing else: where the bytes come from is the
//! caller's.
//!
//! The caller scans the archive's own bytes too, since they contain more than files: comments, owners, what is in front and
//! behind. What was found in an entry may be found there again: [`Unpacked::is_told`] says what was.

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
