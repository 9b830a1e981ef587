use serde_json::Value;

use crate::verify::answer::Verdict;
use crate::verify::vendor::{Header, Vendor, after};

const PREFIXES: [&str; 4] = ["sk_", "testsk_", "appsk_", "integsk_"];

/// The region is the end of the key, and part of the host.
const REGIONS: [(&str, &str); 5] = [
    ("us", "https://api.us.svix.com"),
    ("eu", "https://api.eu.svix.com"),
    ("in", "https://api.in.svix.com"),
    ("ca", "https://api.ca.svix.com"),
    ("au", "https://api.au.svix.com"),
];

pub(super) const SVIX: Vendor = Vendor {
    id: "svix",
    name: "Svix",
    is_own: |token| after(token, &PREFIXES).and_then(|body| body.split_once('.')).is_some_and(has_region),
    may_be: |token| {
        let is_old = |body: &str| token.contains("sk_") && !token.starts_with("sk_") && is_random(body);
        after(token, &PREFIXES).is_some_and(|body| is_old(body) || body.split_once('.').is_some_and(has_region))
    },
    shape: "sk_, testsk_, appsk_ or integsk_, 32 characters, and the region, such as .eu",
    base: |token| {
        let region = token.rsplit_once('.').map_or("", |(_, region)| region);
        REGIONS.iter().find(|(name, _)| *name == region).map_or("https://api.svix.com", |(_, base)| base)
    },
    path: "/api/v1/event-type/?limit=1",
    header: Header::Bearer,
    reads: "the first type of event of the environment",
    judge,
    revoke: "expire it in the dashboard under API Access",
    source: "https://api.svix.com/docs#tag/Event-Type/operation/v1.event-type.list",
};

fn is_random(body: &str) -> bool {
    body.len() == 32 && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn has_region((body, region): (&str, &str)) -> bool {
    is_random(body) && REGIONS.iter().any(|(name, _)| *name == region)
}

fn judge(status: u16, body: &Value) -> Option<Verdict> {
    match status {
        200 if body["data"].is_array() => Some(Verdict::live("Svix accepts it")),
        401 if body["code"].is_string() => Some(Verdict::dead("Svix refuses it as invalid")),
        403 if body["code"].is_string() => Some(Verdict::live("Svix knows it, and its scopes exclude this request")),
        _ => None,
    }
}
