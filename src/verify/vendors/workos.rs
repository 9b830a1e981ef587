use serde_json::Value;

use crate::verify::answer::Verdict;
use crate::verify::vendor::{Header, Vendor, after, is_alphanumeric};

/// The list is filtered by a domain that nobody can register (RFC 6761), so it is empty.
pub(super) const WORKOS: Vendor = Vendor {
    id: "workos",
    name: "WorkOS",
    is_own: |_| false,
    may_be: |token| {
        let is_body = |body: &str| body.starts_with("a2V5Xz") && is_alphanumeric(body.trim_end_matches('='), 40);
        after(token, &["sk_live_", "sk_test_"]).is_some_and(is_body)
    },
    shape: "sk_live_ or sk_test_, and base64 of text that starts with key_",
    base: |_| "https://api.workos.com",
    path: "/organizations?limit=1&domains%5B%5D=keysweep.invalid",
    header: Header::Bearer,
    reads: "the organizations of a domain that cannot exist",
    judge,
    revoke: "revoke it in Dashboard > API Keys",
    source: "https://workos.com/docs/reference/organization/list",
};

fn judge(status: u16, body: &Value) -> Option<Verdict> {
    match status {
        200 if body["data"].is_array() => Some(Verdict::live("WorkOS accepts it")),
        401 if body["message"].is_string() => Some(Verdict::dead("WorkOS refuses it as invalid")),
        403 if body["message"].is_string() => {
            Some(Verdict::live("WorkOS knows it, and its permissions exclude this request"))
        }
        _ => None,
    }
}
