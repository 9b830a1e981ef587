use serde_json::Value;

use crate::verify::answer::Verdict;
use crate::verify::vendor::{Header, Vendor, after, is_alphanumeric};

/// Resend reports a dead key with status 400, 401 or 403, and by a message.
pub(super) const RESEND: Vendor = Vendor {
    id: "resend",
    name: "Resend",
    is_own: is_key,
    may_be: is_key,
    shape: "re_, 8 letters and digits, _ and 24 letters and digits",
    base: |_| "https://api.resend.com",
    path: "/domains",
    header: Header::Bearer,
    reads: "the account's mail domains",
    judge,
    revoke: "remove it in resend.com/api-keys",
    source: "https://resend.com/docs/api-reference/errors",
};

fn is_key(token: &str) -> bool {
    after(token, &["re_"]).and_then(|body| body.split_once('_')).is_some_and(|(id, secret)| {
        id.len() == 8 && is_alphanumeric(id, 8) && secret.len() == 24 && is_alphanumeric(secret, 24)
    })
}

fn judge(status: u16, body: &Value) -> Option<Verdict> {
    let says_invalid = body["message"].as_str().is_some_and(|text| text.starts_with("API key is invalid"));
    match (status, body["name"].as_str()) {
        (200, _) if body["data"].is_array() => Some(Verdict::live("Resend accepts it")),
        (401, Some("restricted_api_key")) => Some(Verdict::live("Resend knows it, and lets it send mail only")),
        (403, Some("invalid_api_key")) => Some(Verdict::dead("Resend refuses it as invalid")),
        (400 | 401 | 403, Some("validation_error")) if says_invalid => {
            Some(Verdict::dead("Resend refuses it as invalid"))
        }
        _ => None,
    }
}
