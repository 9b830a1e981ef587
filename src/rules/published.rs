//! Values that vendors print in their documentation, libraries and samples: they open nothing, and tutorials are full of them.

use super::published_values::PUBLISHED;
use crate::finding::{Fingerprint, Secret};

/// A shorter body, or one of fewer different characters, may be in use behind another prefix by chance or by habit. It is
/// published only together with its prefix.
const SHORTEST_BODY: usize = 20;
const FEWEST_CHARACTERS: u32 = 8;

/// What vendors write in front of a body, each with `_` behind it: kinds of keys and environments.
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

/// What a Svix key ends with.
const REGIONS: &[&str] = &[".us", ".eu", ".in", ".ca", ".au"];

/// Whether a vendor published the token, with this prefix or with another: people paste the test key of a guide behind
/// `sk_live_`.
pub fn is_published(token: &[u8]) -> bool {
    // For `benches/published.py`, which makes the list and must find what is on it.
    option_env!("KEYSWEEP_FIND_PUBLISHED").is_none() && (is_listed(hash(compared(token))) || is_listed(hash(token)))
}

fn is_listed(hash: Fingerprint) -> bool {
    PUBLISHED.binary_search_by_key(&hash, |&bits| Fingerprint::from_bits(bits)).is_ok()
}

/// Of some values only the hash of the whole token is known.
/// `printf %s "$BODY" | sha256sum | cut -c1-16`
fn hash(text: &[u8]) -> Fingerprint {
    Secret::new(text).fingerprint()
}

/// The part of the token that is compared: its body, or the whole where the body is too short to name one token.
fn compared(token: &[u8]) -> &[u8] {
    let body = body(token);
    let is_one_of_a_kind = body.len() >= SHORTEST_BODY && distinct(body) >= FEWEST_CHARACTERS;
    if is_one_of_a_kind { body } else { token }
}

/// The token without its prefix, the padding of base64 and Svix's region.
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
