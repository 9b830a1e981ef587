//! The answer as SARIF: one result for each token, at the place where it was first.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};

use serde_core::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Value, json};

use super::super::entry::percent_encoded;
use super::super::sarif::{MOST_RESULTS, SCHEMA, VERSION, descriptor, level, notification, run_without_results};
use super::human::spread;
use crate::error::counted;
use crate::fleet::merge::{Merged, Places, Token};
use crate::rules::with_all_packs;

/// The numbers of repositories of a result and of notifications. The format json lists all.
const MOST_REPOSITORIES: usize = 100;
const MOST_NOTIFICATIONS: usize = 1000;

pub(super) fn write(merged: &mut Merged, out: &mut dyn Write) -> io::Result<()> {
    let document = Document { merged: RefCell::new(merged) };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// The document. It reads each token when its result is written, because 25,000 results with 100 repositories each would take
/// more than a gigabyte. So the results are the first key of the run, and the rules that they refer to follow.
struct Document<'m> {
    merged: RefCell<&'m mut Merged>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut document = to.serialize_map(Some(3))?;
        document.serialize_entry("$schema", SCHEMA)?;
        document.serialize_entry("version", VERSION)?;
        document.serialize_entry("runs", &[Run { merged: &self.merged }])?;
        document.end()
    }
}

struct Run<'d, 'm> {
    merged: &'d RefCell<&'m mut Merged>,
}

impl Serialize for Run<'_, '_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let results = Results { merged: self.merged, rules: RefCell::default(), written: Cell::new(0) };
        let mut run = to.serialize_map(None)?;
        run.serialize_entry("results", &results)?;
        let rest = rest(&mut self.merged.borrow_mut(), &results.rules.borrow(), results.written.get());
        for (key, value) in rest.map_err(S::Error::custom)?.as_object().into_iter().flatten() {
            run.serialize_entry(key, value)?;
        }
        run.end()
    }
}

struct Results<'d, 'm> {
    merged: &'d RefCell<&'m mut Merged>,
    /// The ids of the rules of the written results.
    rules: RefCell<Vec<String>>,
    written: Cell<usize>,
}

impl Serialize for Results<'_, '_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (mut merged, mut rules) = (self.merged.borrow_mut(), self.rules.borrow_mut());
        let mut results = to.serialize_seq(None)?;
        while self.written.get() < MOST_RESULTS {
            let Some((token, places)) = merged.tokens.next_token().map_err(S::Error::custom)? else { break };
            results.serialize_element(&result(&token, places, &mut rules).map_err(S::Error::custom)?)?;
            self.written.set(self.written.get() + 1);
        }
        results.end()
    }
}

/// All of the run but its results.
fn rest(merged: &mut Merged, rules: &[String], results: usize) -> io::Result<Value> {
    let mut notifications = Vec::new();
    while notifications.len() < MOST_NOTIFICATIONS {
        let Some(error) = merged.problems.next_error()? else { break };
        notifications.push(notification(&error));
    }
    let is_complete = notifications.is_empty();
    let totals = &merged.totals;
    for (all, shown, noun) in [(totals.tokens, results, "token"), (totals.unread, notifications.len(), "error")] {
        let more = usize::try_from(all).unwrap_or(usize::MAX) - shown;
        if more > 0 {
            let text = format!("{} did not fit into this report: the format json lists all", counted(more, noun));
            notifications.push(json!({ "level": "warning", "message": { "text": text } }));
        }
    }
    let known = with_all_packs();
    let describe = |id: &String| match known.iter().find(|rule| rule.id == id) {
        Some(rule) => descriptor(rule),
        None => custom(id),
    };
    let rules: Vec<Value> = rules.iter().map(describe).collect();
    Ok(run_without_results(&rules, is_complete, &notifications))
}

/// The rule of a configuration, of which the lines have the name alone.
fn custom(id: &str) -> Value {
    json!({
        "id": id,
        "name": id,
        "shortDescription": { "text": "Token that a custom rule found." },
        "fullDescription": { "text": "A person who has this token can use it." },
        "help": { "text": "Rotate the token." },
        "defaultConfiguration": { "level": "error" },
        "properties": { "security-severity": "8.0", "tags": ["security", "secret"] },
    })
}

fn result(token: &Token, mut places: Places<'_>, rules: &mut Vec<String>) -> io::Result<Value> {
    let worst = &token.worst;
    let index = rules.iter().position(|known| *known == worst.rule).unwrap_or_else(|| {
        rules.push(worst.rule.clone());
        rules.len() - 1
    });
    let mut repositories = Vec::new();
    while repositories.len() < MOST_REPOSITORIES {
        let Some((repository, place)) = places.next_place()? else { break };
        repositories.push(json!({ "repository": repository, "atHead": place.at_head }));
    }
    let (repository, first) = &token.first;
    // GitHub rejects a whole file if one result has no location.
    let uri = match (&first.path, &first.commit) {
        (Some(path), _) if !path.is_empty() => percent_encoded(path.as_bytes()),
        (_, Some(commit)) => format!(".git/commits/{commit}"),
        _ => ".git/objects".to_owned(),
    };
    let text = format!(
        "Token {} (fingerprint {}) is {}. It was first in {repository}. To do: rotate the token.",
        worst.redacted,
        token.fingerprint,
        spread(token)
    );
    Ok(json!({
        "ruleId": worst.rule,
        "ruleIndex": index,
        "level": level(worst.severity),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri.trim_start_matches('/'), "uriBaseId": "%SRCROOT%" },
        } }],
        "partialFingerprints": { "keysweepToken/v1": format!("{}:0", token.fingerprint) },
        "properties": {
            "severity": worst.severity.name(),
            "fingerprint": token.fingerprint.to_string(),
            "redacted": worst.redacted,
            "repositories": token.repositories,
            "atHead": token.at_head,
            "commit": first.commit,
            "date": first.date,
            "places": repositories,
        },
    }))
}
