//! Tokens that several environments share.

use std::collections::{BTreeMap, BTreeSet};

use super::check::Check;
use super::env_file::EnvName;
use super::model::{Answer, Place};
use super::subject::{LocalToken, Subject};
use crate::finding::Fingerprint;

pub(super) const CHECK: Check = Check {
    name: "env-shared",
    rule: "each environment has its own tokens",
    explanation: "\
Compares the tokens of all env files by fingerprint. The environment is that of the variable's suffix (_DEV, _STAGING, _PROD),
else that of the file's name (.env.production). .env and .env.local are one environment. The [[token]] ledger counts as well.

fail: two environments have the same token.
suspect: a test key is in production, or a live key in development.
unknown: this machine has the tokens of one environment only.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let tokens = subject.local_tokens();
    if tokens.is_empty() && subject.settings.ledger.is_empty() {
        return Answer::not_applicable("no env file on this machine holds a token");
    }
    let mut environments: BTreeMap<Fingerprint, BTreeSet<EnvName>> = BTreeMap::new();
    for LocalToken { file, token } in &tokens {
        environments.entry(token.fingerprint).or_default().insert(file.environment_of(token));
    }
    for entry in subject.settings.ledger {
        let named = entry.environment.as_deref().and_then(EnvName::of_word);
        environments.entry(entry.fingerprint).or_default().extend(named);
    }
    let mut places: Vec<Place> =
        tokens.iter().filter_map(|local| shared(local, &environments[&local.token.fingerprint], subject)).collect();
    places.extend(tokens.iter().filter_map(|local| wrong_mode(local, subject)));
    let all: BTreeSet<EnvName> = environments.values().flatten().copied().collect();
    Answer::of(places, || match all.iter().next() {
        Some(only) if all.len() == 1 => Answer::unknown(
            format!("only tokens of {} are known here", only.name()),
            "compare fingerprints with the other environments, or list their tokens as [[token]] in .keysweep.toml",
        ),
        _ => Answer::pass("no token is used in two environments"),
    })
}

fn shared(local: &LocalToken<'_>, environments: &BTreeSet<EnvName>, subject: &Subject<'_>) -> Option<Place> {
    if environments.len() < 2 {
        return None;
    }
    let names: Vec<&str> = environments.iter().map(|environment| environment.name()).collect();
    let token = local.token;
    let why = format!("{} ({}) is used in {}", token.variable, token.redacted, names.join(" and "));
    let help = format!("create one token for each environment: keysweep rules {}", token.rule.id);
    Some(Place::fail(subject.shown(&local.file.path), Some(token.line), why, help))
}

/// A key whose prefix names another mode than its environment.
fn wrong_mode(local: &LocalToken<'_>, subject: &Subject<'_>) -> Option<Place> {
    let token = local.token;
    let redacted = token.redacted.to_string();
    let environment = local.file.environment_of(token);
    let is_development = environment == EnvName::Development
        && (local.file.is_for_development() || token.variable.to_ascii_lowercase().contains("dev"));
    let (why, help) = if redacted.contains("_test_") && environment == EnvName::Production {
        ("a test key is in production", "use the live key of this environment")
    } else if redacted.contains("_live_") && is_development {
        ("a live key is in development", "use a test key, and keep the live key on the platform")
    } else {
        return None;
    };
    let why = format!("{why}: {} ({redacted})", token.variable);
    Some(Place::suspect(subject.shown(&local.file.path), Some(token.line), why, help))
}
