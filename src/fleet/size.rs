//! Sizes in bytes: those that a user writes, and those of folders.

use std::fs;
use std::path::Path;

/// The usual size of a block, in bytes.
const BLOCK: u64 = 4096;

/// Parses `500M`, `20G` or a number of bytes. The units are powers of ten.
pub fn parse(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &*text[digits.len()..].to_ascii_lowercase() {
        "" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        _ => return Err("it is no size such as 500M or 20G".to_owned()),
    };
    let size = digits.parse().ok().and_then(|number: u64| number.checked_mul(unit)).filter(|size| *size > 0);
    size.ok_or_else(|| "it is no size such as 500M or 20G".to_owned())
}

/// The size of all files below `folder`, in bytes. Links are not followed. A file that is removed meanwhile has none.
pub fn of_folder(folder: &Path) -> u64 {
    let mut folders = vec![folder.to_owned()];
    let mut sum = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => sum += allocated(&meta),
                Err(_) => {}
            }
        }
    }
    sum
}

/// The disk space of a file: whole blocks. The number of blocks that the system reports is 0 until it has written them.
fn allocated(meta: &fs::Metadata) -> u64 {
    meta.len().next_multiple_of(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, size) in [("1", 1), ("500M", 500_000_000), ("20G", 20_000_000_000), ("1tb", 1_000_000_000_000)] {
            assert_eq!(parse(text), Ok(size), "{text}");
        }
        for text in ["", "0", "G", "-1", "1.5G", "1 G", "1P", "99999999999999T", "ä"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
