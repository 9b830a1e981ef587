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

/// A line of `keysweep history --format jsonl` with its repository. Leaves out what concerns one clone alone: sightings, and the plan.
/// Returns None for a line that is left out, and an error if the line is cut, as the last one of a scan that was killed.
pub fn line_of(line: &[u8], repository: &str) -> Result<Option<(FleetLine, String)>, &'static str> {
    let mut value: Value = serde_json::from_slice(line).map_err(|_| "the scan was cut off in a line")?;
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
    Ok(Some((kind, value.to_string())))
}

/// Writes an error about a repository. Its texts must be masked.
pub fn write_error(one: &Error, repository: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut value = typed("error", error(one));
    value["repository"] = repository.into();
    writeln!(out, "{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_get_their_repository() {
        let made = line_of(br#"{"type":"summary","plan":[],"findings":0}"#, "a\"b");
        assert_eq!(
            made,
            Ok(Some((FleetLine::Summary, r#"{"type":"summary","findings":0,"repository":"a\"b"}"#.to_owned())))
        );
        assert_eq!(line_of(br#"{"type":"sighting"}"#, "a"), Ok(None));
        for cut in [&b"{\"type\":\"find"[..], b"", b"\xff"] {
            assert!(line_of(cut, "a").is_err());
        }
    }
}
