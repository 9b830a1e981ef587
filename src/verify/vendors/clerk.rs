use serde_json::Value;

use crate::verify::answer::Verdict;
use crate::verify::vendor::{Header, Vendor, after, is_alphanumeric};

pub(super) const CLERK: Vendor = Vendor {
    id: "clerk",
    name: "Clerk",
    is_own: |_| false,
    may_be: |token| after(token, &["sk_live_", "sk_test_"]).is_some_and(|body| is_alphanumeric(body, 16)),
    shape: "sk_live_ or sk_test_, and 16 letters and digits or more",
    base: |_| "https://api.clerk.com",
    path: "/v1/jwks",
    header: Header::Bearer,
    reads: "the instance's public keys",
    judge,
    revoke: "delete it in Dashboard > API keys > Secret keys",
    source: "https://clerk.com/docs/reference/backend-api/tag/jwks/get/jwks",
};

fn judge(status: u16, body: &Value) -> Option<Verdict> {
    match status {
        200 if body["keys"].is_array() => Some(Verdict::live("Clerk accepts it")),
        401 if body["errors"].is_array() => Some(Verdict::dead("Clerk refuses it as invalid")),
        403 if body["errors"].is_array() => {
            Some(Verdict::live("Clerk knows it, and does not let it make this request"))
        }
        _ => None,
    }
}
