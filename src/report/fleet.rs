//! The lines of `keysweep fleet`: those of a scan of the history, each with its repository.

use std::io::{self, Write};

use serde_json::Value;

use super::json::{error, typed};
use crate::error::Error;

/// The types of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetLine {
    Finding,
    Error,
    Summary,
}

/// Writes a line of `keysweep history --format jsonl` with its repository. Leaves out what concerns one clone alone: sightings, and
/// the plan. Returns None for a line that is left out.
pub fn write_line(line: &[u8], repository: &str, out: &mut dyn Write) -> io::Result<Option<FleetLine>> {
    let mut value: Value = serde_json::from_slice(line)?;
    let kind = match value["type"].as_str() {
        Some("finding") => FleetLine::Finding,
        Some("error") => FleetLine::Error,
        Some("summary") => FleetLine::Summary,
        _ => return Ok(None),
    };
    value["repository"] = repository.into();
    if let Some(keys) = value.as_object_mut() {
        keys.shift_remove("plan");
    }
    writeln!(out, "{value}").map(|()| Some(kind))
}

/// Writes an error about a repository. Its texts must be masked.
pub fn write_error(one: &Error, repository: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut value = typed("error", error(one));
    value["repository"] = repository.into();
    writeln!(out, "{value}")
}
