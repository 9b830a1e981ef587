//! Values that vendors print in documentation, libraries and samples. They give access to nothing, and many tutorials contain
//! them.

use super::published_values::PUBLISHED;
use crate::finding::{Fingerprint, Secret};

/// A shorter body, or one with fewer different characters, may be in use after another prefix, by chance or by habit. Such a
/// value counts as published only with its own prefix.
const SHORTEST_BODY: usize = 20;
const FEWEST_CHARACTERS: u32 = 8;

/// The parts of prefixes, each followed by `_`: kinds of keys and environments.
const MARKS: &[&str] = &[
    "sk",
    "rk",
    "pk",
    "whsec",
    "whsk",
    "whpk",
    "testsk",
    "appsk",
    "integsk",
    "live",
    "test",
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "sandbox",
    "sbox",
    "org",
];

/// The ends of Svix keys.
const REGIONS: &[&str] = &[".us", ".eu", ".in", ".ca", ".au"];

/// Whether a vendor published the token, with this prefix or with another one: people paste the test key of a guide after
/// `sk_live_`.
pub fn is_published(token: &[u8]) -> bool {
    // `benches/published.py` generates the list, so it must find the values on it.
    option_env!("KEYSWEEP_FIND_PUBLISHED").is_none() && (is_listed(hash(compared(token))) || is_listed(hash(token)))
}

fn is_listed(hash: Fingerprint) -> bool {
    PUBLISHED.binary_search_by_key(&hash, |&bits| Fingerprint::from_bits(bits)).is_ok()
}

/// Of some values, only the hash of the whole token is known.
fn hash(text: &[u8]) -> Fingerprint {
    Secret::new(text).fingerprint()
}

/// The part of the token to compare: its body, or the whole token if the body is too short to identify it.
fn compared(token: &[u8]) -> &[u8] {
    let body = body(token);
    let is_one_of_a_kind = body.len() >= SHORTEST_BODY && distinct(body) >= FEWEST_CHARACTERS;
    if is_one_of_a_kind { body } else { token }
}

/// The token without its prefix, base64 padding and Svix region.
fn body(token: &[u8]) -> &[u8] {
    let mut body = token;
    let rest = |text: &'_ [u8], mark: &str| -> Option<usize> {
        let marked = text.starts_with(mark.as_bytes()) && text.get(mark.len()) == Some(&b'_');
        marked.then_some(mark.len() + 1)
    };
    while let Some(len) = MARKS.iter().find_map(|mark| rest(body, mark)) {
        body = &body[len..];
    }
    let region = REGIONS.iter().find(|region| body.ends_with(region.as_bytes())).map_or(0, |region| region.len());
    let body = &body[..body.len() - region];
    body.iter().rposition(|&b| b != b'=').map_or(body, |last| &body[..=last])
}

fn distinct(text: &[u8]) -> u32 {
    text.iter().fold(0_u128, |seen, &byte| seen | 1 << (byte & 127)).count_ones()
}
