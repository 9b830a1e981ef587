//! The answer as SARIF: one result for each token, at the place where it was first.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::entry::percent_encoded;
use super::super::sarif::{MOST_RESULTS, descriptor, level, notification, write_run};
use super::human::spread;
use crate::error::counted;
use crate::fleet::merge::{Merged, Places, Token};
use crate::rules::with_all_packs;

/// The numbers of repositories of a result and of notifications. The format json lists all.
const MOST_REPOSITORIES: usize = 100;
const MOST_NOTIFICATIONS: usize = 1000;

pub(super) fn write(merged: &mut Merged, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<String> = Vec::new();
    let mut results = Vec::new();
    while results.len() < MOST_RESULTS {
        let Some((token, places)) = merged.tokens.next_token()? else { break };
        results.push(result(&token, places, &mut rules)?);
    }
    let mut notifications = Vec::new();
    while notifications.len() < MOST_NOTIFICATIONS {
        let Some(error) = merged.problems.next_error()? else { break };
        notifications.push(notification(&error));
    }
    let is_complete = notifications.is_empty();
    let totals = &merged.totals;
    for (all, shown, noun) in [(totals.tokens, results.len(), "token"), (totals.unread, notifications.len(), "error")] {
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
    write_run(&results, &rules, is_complete, &notifications, out)
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
