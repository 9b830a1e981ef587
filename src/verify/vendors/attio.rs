use serde_json::Value;

use crate::verify::answer::Verdict;
use crate::verify::scopes::is_name;
use crate::verify::vendor::{Header, Vendor, after, is_hex};

/// Attio has some tens of scopes. A server in its place could send more.
const MOST_SCOPES: usize = 200;

/// Attio reports a dead token with status 200, so the status alone says nothing.
pub(super) const ATTIO: Vendor = Vendor {
    id: "attio",
    name: "Attio",
    is_own: |_| false,
    may_be: |token| {
        let is_body = |body: &str| body.len() >= 16 && body.bytes().all(|b| b.is_ascii_graphic());
        after(token, &["sk_"]).is_some_and(is_body) || is_hex(token, 64)
    },
    shape: "sk_ and 16 characters or more, or 64 hex digits",
    base: |_| "https://api.attio.com",
    path: "/v2/self",
    header: Header::Bearer,
    reads: "the token's own scopes and workspace",
    judge,
    revoke: "delete it in Workspace settings > Developers > Access tokens",
    source: "https://docs.attio.com/rest-api/endpoint-reference/meta/identify",
};

fn judge(status: u16, body: &Value) -> Option<Verdict> {
    match (status, body["active"].as_bool()) {
        (200, Some(true)) => {
            let shown = |scope| if is_name(scope) { scope } else { "unprintable" };
            let scopes = body["scope"].as_str();
            let scopes = scopes
                .map(|list| list.split_whitespace().take(MOST_SCOPES).map(shown).map(ToOwned::to_owned).collect());
            Some(Verdict { scopes, ..Verdict::live("Attio reports \"active\": true") })
        }
        (200, Some(false)) => Some(Verdict::dead("Attio reports \"active\": false")),
        (400, _) => Some(Verdict::unknown("Attio does not take it for a token of its own")),
        (403, _) => Some(Verdict::live("Attio knows it, and does not let it read about itself")),
        _ => None,
    }
}
