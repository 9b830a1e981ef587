//! The scopes that code needs, for people and for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::{error, put_path, write_pretty};
use super::shown::shown_path;
use super::style::Style;
use crate::error::{Error, counted};
use crate::finding::ShownPath;
use crate::scopes::{Needed, PUBLISHED, SOURCE};

/// Further places of a scope are only counted.
const SHOWN: usize = 3;

/// The formats of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopesFormat {
    Human,
    Json,
    /// One line with the scopes, for `verify --expect-scopes`.
    List,
}

pub(super) fn write(
    needed: &Needed,
    errors: &[Error],
    format: ScopesFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        ScopesFormat::Human => write_human(needed, errors, style, out),
        ScopesFormat::Json => write_document(needed, errors, out),
        ScopesFormat::List => writeln!(out, "{}", list(needed)),
    }
}

fn list(needed: &Needed) -> String {
    needed.scopes.iter().map(|one| one.scope.as_str()).collect::<Vec<_>>().join(" ")
}

fn write_human(needed: &Needed, errors: &[Error], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let width = needed.scopes.iter().map(|one| one.scope.len()).max().unwrap_or(0);
    for one in &needed.scopes {
        let shown =
            one.places.iter().take(SHOWN).map(|place| format!("{} ({})", at(&place.path(), place.line), place.call));
        let more = one.places.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        writeln!(out, "{:width$}  {}{more}", one.scope, shown.collect::<Vec<_>>().join(", "))?;
    }
    if !needed.untold.is_empty() {
        writeln!(out, "{}", style.strong("\nNot known, so look there:"))?;
    }
    for one in &needed.untold {
        writeln!(out, "  {}: {}", at(&one.path(), one.line), one.why)?;
    }
    if needed.calls > 0 || !needed.untold.is_empty() {
        writeln!(out)?;
    }
    let incomplete = match errors.len() {
        0 => String::new(),
        errors => format!("{}; ", style.error(format!("INCOMPLETE: {}", counted(errors, "error")))),
    };
    let unknown = match needed.untold.len() {
        0 => String::new(),
        count => format!(", {} not known", counted(count, "call")),
    };
    let (calls, scopes) = (counted(needed.calls, "call"), counted(needed.scopes.len(), "scope"));
    writeln!(out, "keysweep: {incomplete}{scopes} for {calls} of Attio's API{unknown} (reference of {PUBLISHED})")
}

fn at(path: &ShownPath, line: usize) -> String {
    format!("{}:{line}", shown_path(path))
}

fn write_document(needed: &Needed, errors: &[Error], out: &mut dyn Write) -> io::Result<()> {
    let place = |path: &ShownPath, line: usize, key: &str, text: &str| {
        let mut value = json!({ "path": null, "line": line, key: text });
        put_path(&mut value, Some(path));
        value
    };
    let scopes: Vec<Value> = needed
        .scopes
        .iter()
        .map(|one| {
            let places = one.places.iter().map(|it| place(&it.path(), it.line, "call", &it.call));
            json!({ "scope": one.scope, "places": places.collect::<Vec<_>>() })
        })
        .collect();
    let unknown = needed.untold.iter().map(|one| place(&one.path(), one.line, "why", &one.why));
    let errors: Vec<Value> = errors.iter().map(error).collect();
    let document = json!({
        "version": 1,
        "vendor": "attio",
        "scopes": scopes,
        "unknown": unknown.collect::<Vec<_>>(),
        "calls": needed.calls,
        "source": { "url": SOURCE, "date": PUBLISHED },
        "errors": errors,
    });
    write_pretty(&document, out)
}
