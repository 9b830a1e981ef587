//! The answer as one JSON document, written piece by piece. Each token is on a line.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::json::error;
use crate::fleet::merge::{Merged, Place, Places, Token};

pub(super) fn write(merged: &mut Merged, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\n  \"version\": 1,\n  \"tokens\": [")?;
    let mut separator = "\n    ";
    while let Some((token, places)) = merged.tokens.next_token()? {
        out.write_all(separator.as_bytes())?;
        write_token(&token, places, out)?;
        separator = ",\n    ";
    }
    write!(out, "\n  ],\n  \"errors\": [")?;
    separator = "\n    ";
    while let Some(one) = merged.problems.next_error()? {
        write!(out, "{separator}{}", error(&one))?;
        separator = ",\n    ";
    }
    let totals = &merged.totals;
    let summary = json!({
        "lines": totals.lines,
        "repositories": totals.repositories,
        "with_tokens": totals.with_tokens,
        "tokens": totals.tokens,
        "at_head": totals.at_head,
        "replaced": totals.replaced,
        "unread": totals.unread,
    });
    writeln!(out, "\n  ],\n  \"summary\": {summary}\n}}")
}

/// The places are last, since a token may be in any number of repositories.
fn write_token(token: &Token, mut places: Places<'_>, out: &mut dyn Write) -> io::Result<()> {
    let value = json!({
        "fingerprint": token.fingerprint.to_string(),
        "rule": token.worst.rule,
        "severity": token.worst.severity.name(),
        "redacted": token.worst.redacted,
        "repositories": token.repositories,
        "at_head": token.at_head,
        "first": place(&token.first.0, &token.first.1),
    });
    let text = value.to_string();
    let open = text.strip_suffix('}').expect("an object");
    write!(out, "{open},\"places\":[")?;
    let mut separator = "";
    while let Some((repository, one)) = places.next_place()? {
        write!(out, "{separator}{}", place(&repository, &one))?;
        separator = ",";
    }
    write!(out, "]}}")
}

fn place(repository: &str, place: &Place) -> Value {
    json!({
        "repository": repository,
        "at_head": place.at_head,
        "reachable": place.reachable,
        "commit": place.commit,
        "date": place.date,
        "path": place.path,
    })
}
