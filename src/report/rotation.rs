//! The procedure of a rotation, for people and for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::history::write_plan;
use super::json::{error, step, write_pretty};
use super::style::Style;
use crate::error::{Error, counted};
use crate::rotation::Step;

/// A procedure. Its texts are masked.
pub struct RotationReport<'a> {
    /// What is rotated: `Attio access token`.
    pub titles: &'a [&'a str],
    /// What the vendor issues as well, and no file names.
    pub others: &'a [String],
    pub steps: &'a [Step],
    pub errors: &'a [Error],
}

pub(super) fn write_human(report: &RotationReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "To rotate: {}", style.strong(report.titles.join(", ")))?;
    write_plan(report.steps, style, out)?;
    if !report.others.is_empty() {
        writeln!(out, "\nkeysweep: no file names these, so they are left out: {}", report.others.join(", "))?;
    }
    if !report.errors.is_empty() {
        let incomplete = style.error(format!("INCOMPLETE: {}", counted(report.errors.len(), "error")));
        writeln!(out, "\nkeysweep: {incomplete}; a platform or a variable may be missing above")?;
    }
    Ok(())
}

pub(super) fn write_document(report: &RotationReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let plan: Vec<Value> = report.steps.iter().map(step).collect();
    let errors: Vec<Value> = report.errors.iter().map(error).collect();
    let (tokens, others) = (report.titles, report.others);
    write_pretty(&json!({ "version": 1, "tokens": tokens, "others": others, "plan": plan, "errors": errors }), out)
}
