use serde_json::Value;

use crate::verify::answer::Verdict;
use crate::verify::vendor::{Header, Vendor, after};

pub(super) const PAYSTACK: Vendor = Vendor {
    id: "paystack",
    name: "Paystack",
    is_own: |_| false,
    may_be: |token| {
        let is_body =
            |body: &str| body.len() == 40 && body.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
        after(token, &["sk_live_", "sk_test_"]).is_some_and(is_body)
    },
    shape: "sk_live_ or sk_test_, and 40 lowercase letters and digits",
    base: |_| "https://api.paystack.co",
    path: "/integration/payment_session_timeout",
    header: Header::Bearer,
    reads: "after how many seconds a payment page times out",
    judge,
    revoke: "generate a new secret key in Settings > API Keys & Webhooks, with the expiry \"now\"",
    source: "https://paystack.com/docs/api/integration/",
};

fn judge(status: u16, body: &Value) -> Option<Verdict> {
    match (status, body["status"].as_bool()) {
        (200, Some(true)) => Some(Verdict::live("Paystack accepts it")),
        (401, Some(false)) => Some(Verdict::dead("Paystack refuses it as invalid")),
        _ => None,
    }
}
