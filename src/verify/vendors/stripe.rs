use serde_json::Value;

use crate::verify::answer::Verdict;
use crate::verify::vendor::{Header, Vendor, after, is_alphanumeric};

/// The body of a key of `WorkOS` or Highnote starts so. It is base64 of `key_`.
const OTHERS: &str = "a2V5Xz";

/// Country specs are the same for every account, so the answer says nothing about the account.
pub(super) const STRIPE: Vendor = Vendor {
    id: "stripe",
    name: "Stripe",
    is_own: |token| has_body(token, &["rk_live_", "rk_test_", "sk_org_live_", "sk_org_test_", "sk_org_"]),
    may_be: |token| {
        let all = ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_org_live_", "sk_org_test_", "sk_org_"];
        has_body(token, &all)
    },
    shape: "sk_live_, sk_test_, sk_org_, rk_live_ or rk_test_, and 16 letters and digits or more",
    base: |_| "https://api.stripe.com",
    path: "/v1/country_specs?limit=1",
    header: Header::Bearer,
    reads: "which currencies one country has, the same for every account",
    judge,
    revoke: "delete or rotate it in Dashboard > Developers > API keys",
    source: "https://docs.stripe.com/api/errors",
};

fn has_body(token: &str, prefixes: &[&str]) -> bool {
    after(token, prefixes).is_some_and(|body| is_alphanumeric(body, 16) && !body.starts_with(OTHERS))
}

fn judge(status: u16, body: &Value) -> Option<Verdict> {
    match status {
        200 if body["object"] == "list" => Some(Verdict::live("Stripe accepts it")),
        401 if body["error"].is_object() => Some(Verdict::dead("Stripe refuses it as invalid, expired or revoked")),
        403 if body["error"].is_object() => {
            Some(Verdict::live("Stripe knows it, and its permissions exclude this request"))
        }
        _ => None,
    }
}
