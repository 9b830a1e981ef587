//! The answer of `keysweep fleet merge`. Every format is written as the tokens come, since their number is not bounded.

mod human;
mod json;
mod sarif;

use std::io::{self, Write};

use super::Style;
use crate::fleet::merge::Merged;

/// The formats of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeFormat {
    Human,
    Json,
    Sarif,
}

/// Writes the answer. Its texts are masked.
pub(crate) fn write(
    merged: &mut Merged,
    format: MergeFormat,
    style: Style,
    quiet: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        MergeFormat::Human => human::write(merged, style, quiet, out),
        MergeFormat::Json => json::write(merged, out),
        MergeFormat::Sarif => sarif::write(merged, out),
    }
}
