//! Reads the tokens from a replacements file, so that a search by value can prove that none of them is left.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::cleanup::lines::parse;
use crate::error::Error;

/// The maximum size. The file of a history with 100,000 tokens has half of it.
const LARGEST: u64 = 64 << 20;

/// Reads the tokens of the file at `path`. If it lists none, because a person wrote it by hand, reads what it replaces.
pub fn tokens_from(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let refused = |cause: &str, help: &str| Error::new(context(path), cause, help);
    let failed = |err: io::Error| Error::new(context(path), err, WRITTEN);
    let file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(refused("it is not a file", WRITTEN));
    }
    if !is_private(&meta) {
        return Err(refused("others than its owner can read or change it", "chmod 600 it, and see who read it"));
    }
    if meta.len() > LARGEST {
        return Err(refused("it is larger than 64 MiB", WRITTEN));
    }
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text).map_err(failed)?;
    let parsed = parse(&text).map_err(|line| {
        refused(&format!("line {line} is none that keysweep history --replacements writes"), WRITTEN)
    })?;
    let tokens = if parsed.tokens.is_empty() { parsed.forms } else { parsed.tokens };
    if tokens.is_empty() { Err(refused("it names no token", WRITTEN)) } else { Ok(tokens) }
}

const WRITTEN: &str = "name the file that keysweep history --replacements wrote";

fn context(path: &Path) -> String {
    format!("cannot read the tokens from {}", path.display())
}

/// Whether the six permission bits for the group and for others are clear.
#[cfg(unix)]
fn is_private(meta: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(meta).trailing_zeros() >= 6
}

#[cfg(not(unix))]
fn is_private(_: &Metadata) -> bool {
    true
}
