use serde_json::Value;

use crate::verify::answer::Verdict;
use crate::verify::vendor::{Header, Vendor, after, is_hex};

/// The status is 401 for a dead key and for a live one without this permission. The body tells them apart.
pub(super) const ELEVENLABS: Vendor = Vendor {
    id: "elevenlabs",
    name: "ElevenLabs",
    is_own: |_| false,
    may_be: |token| after(token, &["sk_"]).is_some_and(|body| is_hex(body, 48) || is_hex(body, 32)),
    shape: "sk_ and 32 or 48 hex digits",
    base: |_| "https://api.elevenlabs.io",
    path: "/v1/user/subscription",
    header: Header::Named("xi-api-key"),
    reads: "the plan of the account and how much of it is used",
    judge,
    revoke: "delete it in elevenlabs.io/app/settings/api-keys",
    source: "https://elevenlabs.io/docs/api-reference/user/subscription/get",
};

fn judge(status: u16, body: &Value) -> Option<Verdict> {
    match (status, body["detail"]["status"].as_str()) {
        (200, _) if body["tier"].is_string() => Some(Verdict::live("ElevenLabs accepts it")),
        (401 | 403, Some("missing_permissions")) => {
            Some(Verdict::live("ElevenLabs knows it, and its permissions exclude this request"))
        }
        (401, Some("invalid_api_key")) => Some(Verdict::dead("ElevenLabs refuses it as invalid")),
        _ => None,
    }
}
