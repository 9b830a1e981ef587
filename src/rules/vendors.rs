//! Vendors whose tokens share a shape, and the names by which text near a token refers to them.
//!
//! A name near a token is a hint and no proof, so it changes the advice of a report and nothing else.

use crate::rule::{Issues, Vendor};
use crate::text::Span;

/// Rules whose shape several vendors use for their keys.
const SHARED_KEYS: &[&str] = &[
    "stripe-secret-key",
    "paystack-secret-key",
    "yoco-secret-key",
    "checkout-secret-key",
    "elevenlabs-api-key",
    "crossmint-server-key",
    "workos-api-key",
    "sk-token",
];

/// The same for the secrets of webhooks.
const SHARED_WEBHOOKS: &[&str] = &["stripe-webhook-secret", "webhook-secret"];

/// How far from a token a name counts.
const DISTANCE: usize = 300;

/// No more vendors are named.
const MOST: usize = 3;

macro_rules! vendors {
    ($($name:literal, $words:expr, $issues:ident, $opens:literal, [$($step:literal),*];)*) => {
        &[$(Vendor {
            name: $name,
            words: &$words,
            issues: Issues::$issues,
            opens: $opens,
            remedy: &[$($step),*],
        }),*]
    };
}

pub const VENDORS: &[Vendor] = vendors![
    "Stripe", ["stripe"], Both, "makes any API request at Stripe: charges, refunds, payouts and customer data",
        ["Stripe Dashboard > Developers: rotate the key, or roll the webhook's secret, with the expiry \"now\"", "deploy the new one and verify it"];
    "Clerk", ["clerk"], Both, "makes any API request at Clerk: all users and sessions",
        ["Clerk Dashboard > API keys: add a new secret key (Webhooks: rotate the endpoint's secret)", "deploy it and verify a request with it", "delete the old one"];
    "PAY.JP", ["pay.jp", "payjp", "pay_jp"], Keys, "charges cards and reads customers at PAY.JP",
        ["PAY.JP dashboard > API settings: create a new secret key", "deploy it and verify a request with it", "disable the old key there"];
    "Safepay", ["safepay", "safe_pay"], Both, "takes payments and reads orders at Safepay",
        ["Safepay dashboard > Developers: create a new secret", "deploy it and verify a request with it", "revoke the old one there"];
    "Culqi", ["culqi"], Keys, "charges cards, refunds and reads customers at Culqi",
        ["CulqiPanel > Desarrollo > API Keys: create a new secret key", "deploy it and verify a request with it", "disable the old key there"];
    "Sarvam AI", ["sarvam"], Keys, "spends the account's credits for speech and language models at Sarvam AI",
        ["dashboard.sarvam.ai > API keys: create a new key", "deploy it and verify a request with it", "delete the old key there"];
    "IEX Cloud", ["iexcloud", "iex_cloud", "iex-cloud", "iex cloud", "iexapis", "iexfinance", "iex_token", "iextoken", "iex_api", "iexapi", "iex_secret", "iex_key", "iex_sk", "iex.secret", "iex.token"], Keys,
        "opens nothing any more: IEX Cloud closed on 2024-08-31",
        ["remove the token: IEX Cloud closed on 2024-08-31, and nothing has to be rotated there", "if another service issued it, rotate it at that service"];
    "Tap Payments", ["tap_payment", "tappayment", "tap-payment", "tap payment", "tap.company", "gosell"], Keys, "charges, refunds and reads customers at Tap Payments",
        ["goSell dashboard > API keys: create a new secret key", "deploy it and verify a request with it", "revoke the old key there"];
    "PayMongo", ["paymongo", "pay_mongo"], Keys, "takes payments and refunds them at PayMongo",
        ["PayMongo dashboard > Developers > API keys: create a new secret key", "deploy it and verify a request with it", "revoke the old key there"];
    "Moyasar", ["moyasar"], Keys, "takes payments and refunds them at Moyasar",
        ["Moyasar dashboard > Settings > API keys: create a new secret key", "deploy it and verify a request with it", "revoke the old key there"];
    "Pagar.me", ["pagar.me", "pagarme", "pagar_me"], Keys, "takes payments and refunds them at Pagar.me",
        ["Pagar.me dashboard > Development > Keys: create a new secret key", "deploy it and verify a request with it", "delete the old key there"];
    "MoonPay", ["moonpay"], Keys, "signs requests for the account at MoonPay",
        ["MoonPay dashboard > Developers > API keys: create a new secret key", "deploy it and verify a request with it", "revoke the old key there"];
    "Knock", ["knock.app", "knock_api", "knock_secret", "knocklabs", "@knocklabs", "knockapi"], Keys, "sends notifications and reads users at Knock",
        ["Knock dashboard > Developers > API keys: create a new secret key", "deploy it and verify a request with it", "revoke the old key there"];
    "Klaviyo", ["klaviyo"], Keys, "reads and changes profiles and campaigns at Klaviyo",
        ["Klaviyo > Settings > API keys: create a private key with the same scopes", "deploy it and verify a request with it", "delete the old key"];
    "Baremetrics", ["baremetrics"], Keys, "reads the account's revenue and customers at Baremetrics",
        ["Baremetrics > Settings > API: create a new key", "deploy it and verify a request with it", "revoke the old key there"];
    "Attio", ["attio"], Both, "opens the workspace's CRM records at Attio, without an expiry date",
        ["Attio: Workspace settings > Developers > Access tokens: create a token with the same scopes", "deploy it", "verify it (GET https://api.attio.com/v2/self answers 200 with \"active\": true in the body)", "delete the old token"];
    "Paystack", ["paystack"], Keys, "collects payments and makes transfers at Paystack",
        ["Paystack > Settings > API Keys & Webhooks: generate a new secret key, the old one expiring now", "deploy it and verify a request with it"];
    "Checkout.com", ["checkout.com", "checkout_com", "checkoutcom", "cko_"], Keys, "takes, refunds and reads payments at Checkout.com",
        ["Checkout.com Dashboard > Developers > Keys: create a new key with the same scopes", "deploy it and verify a request with it", "delete the old key"];
    "ElevenLabs", ["elevenlabs", "eleven_labs", "eleven-labs", "xi-api-key", "xi_api_key"], Keys, "spends the workspace's credits at ElevenLabs",
        ["elevenlabs.io/app/settings/api-keys: create a key with the same permissions", "deploy it and verify a request with it", "delete the old key"];
    "Yoco", ["yoco"], Keys, "takes and refunds payments at Yoco",
        ["Yoco app, developer section: create a new key", "deploy it and verify a request with it", "have Yoco revoke the old key"];
    "Crossmint", ["crossmint"], Keys, "creates wallets, mints and pays at Crossmint",
        ["Crossmint Console > API Keys: create a new key with the same scopes", "deploy it and verify a request with it", "delete the old key"];
    "WorkOS", ["workos"], Keys, "reads and changes users and directories at WorkOS",
        ["WorkOS Dashboard > API Keys: create a key", "deploy it and verify a request with it", "revoke the old key there"];
    "Highnote", ["highnote"], Keys, "moves money and manages cards at Highnote",
        ["Highnote Dashboard > Developers > API Keys: create a key", "deploy it and verify a request with it", "revoke the old key there"];
    "Svix", ["svix"], Webhooks, "forges webhook deliveries that your receiver takes for Svix's",
        ["Svix: rotate the endpoint's secret in the portal (the old one signs for 24 hours more)", "deploy the new secret and see a test event verified"];
    "Resend", ["resend"], Webhooks, "forges webhook deliveries that your receiver takes for Resend's",
        ["Resend > Webhooks: create the endpoint anew", "deploy the new secret and see a test event verified", "delete the old endpoint"];
    "OpenAI", ["openai"], Webhooks, "forges webhook deliveries that your receiver takes for OpenAI's",
        ["OpenAI > Project settings > Webhooks: rotate the secret", "deploy the new secret and see a test event verified"];
    "Supabase", ["supabase"], Webhooks, "forges hook requests that your receiver takes for Supabase's",
        ["Supabase > Authentication > Hooks: generate a new secret", "deploy the new secret and see a test event verified"];
];

/// The vendors that are named near `token` in `text`, or else in its path, if the shape of `rule` does not say whose the token is.
/// A name in front of the token on its line decides first, then one behind it, then the closest one on other lines.
pub fn likely(rule: &str, text: &[u8], token: &Span, path: &[u8]) -> Vec<&'static Vendor> {
    let kind = match rule {
        rule if SHARED_KEYS.contains(&rule) => Issues::Keys,
        rule if SHARED_WEBHOOKS.contains(&rule) => Issues::Webhooks,
        _ => return Vec::new(),
    };
    let start = token.start.saturating_sub(DISTANCE);
    let above = &text[start..token.start];
    let below = &text[token.end..text.len().min(token.end + DISTANCE)];
    let line = memchr::memrchr(b'\n', above).map_or(0, |newline| newline + 1);
    let line_end = memchr::memchr(b'\n', below).unwrap_or(below.len());
    let closest = |text: &[u8], from_the_end: bool| closest(text, kind, from_the_end);
    let tiers = [
        closest(&above[line..], true),
        closest(&below[..line_end], false),
        closest(&above[..line], true),
        closest(&below[line_end..], false),
        closest(path, true),
    ];
    tiers.into_iter().find(|vendors| !vendors.is_empty()).unwrap_or_default()
}

/// Whether `text` names a vendor other than `name`.
pub fn names_another(text: &[u8], name: &str) -> bool {
    let text = text.to_ascii_lowercase();
    VENDORS.iter().any(|vendor| {
        !vendor.name.eq_ignore_ascii_case(name) && vendor.words.iter().any(|word| place(&text, word, false).is_some())
    })
}

/// The vendors that `text` names, the closest to its end or its beginning first.
fn closest(text: &[u8], kind: Issues, from_the_end: bool) -> Vec<&'static Vendor> {
    let text = text.to_ascii_lowercase();
    let issues = |vendor: &&Vendor| vendor.issues == kind || vendor.issues == Issues::Both;
    let named = VENDORS.iter().filter(issues).filter_map(|vendor| {
        let places = vendor.words.iter().filter_map(|word| place(&text, word, from_the_end));
        let distance = places.map(|place| if from_the_end { text.len() - place } else { place }).min()?;
        Some((distance, vendor))
    });
    let mut named: Vec<_> = named.collect();
    named.sort_by_key(|&(distance, _)| distance);
    named.into_iter().take(MOST).map(|(_, vendor)| vendor).collect()
}

/// Where `word` is in the lower-case `text`: its first place or its last one.
fn place(text: &[u8], word: &str, from_the_end: bool) -> Option<usize> {
    if from_the_end {
        memchr::memmem::rfind(text, word.as_bytes())
    } else {
        memchr::memmem::find(text, word.as_bytes())
    }
}
