//! Vendors whose tokens share a shape, and the words that refer to them near a token.
//!
//! A name near a token is a hint, not proof, so it only changes the advice in a report.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

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

/// Rules whose shape several vendors use for their webhook secrets.
const SHARED_WEBHOOKS: &[&str] = &["stripe-webhook-secret", "webhook-secret"];

/// The largest distance between a token and a name.
const DISTANCE: usize = 300;

/// The most vendors that are named.
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
        ["Stripe Dashboard > Developers: rotate the key, or roll the webhook's secret, with the expiry \"now\" if the old one leaked", "deploy the new one and verify it"];
    "Clerk", ["clerk"], Both, "makes any API request at Clerk: all users and sessions",
        ["Clerk Dashboard > API keys: add a new secret key (Webhooks: rotate the endpoint's secret)", "deploy it and verify a request with it", "delete the old one"];
    "PAY.JP", ["pay.jp", "payjp", "pay_jp"], Keys, "charges cards and reads customers at PAY.JP",
        ["PAY.JP dashboard: replace the secret key", "deploy the new one and verify a request with it", "see that the old key is refused"];
    "Safepay", ["safepay", "safe_pay"], Both, "takes payments and reads orders at Safepay",
        ["Safepay merchant dashboard: replace the secret", "deploy the new one and verify a request with it", "see that the old one is refused"];
    "Culqi", ["culqi"], Keys, "charges cards, refunds and reads customers at Culqi",
        ["CulqiPanel > Desarrollo > API Keys: replace the secret key", "deploy the new one and verify a request with it", "see that the old key is refused"];
    "Sarvam AI", ["sarvam"], Keys, "spends the account's credits for speech and language models at Sarvam AI",
        ["dashboard.sarvam.ai > API Keys: create a new key", "deploy it and verify a request with it", "delete the old key there"];
    "IEX Cloud", ["iexcloud", "iex_cloud", "iex-cloud", "iex cloud", "iexapis", "iexfinance", "iex_token", "iextoken", "iex_api", "iexapi", "iex_secret", "iex_key", "iex_sk", "iex.secret", "iex.token"], Keys,
        "opens nothing any more: IEX Cloud closed on 2024-08-31",
        ["remove the token: IEX Cloud closed on 2024-08-31, and nothing has to be rotated there", "if another service issued it, rotate it at that service"];
    "Tap Payments", ["tap_payment", "tappayment", "tap-payment", "tap payment", "tap.company", "gosell"], Keys, "charges, refunds and reads customers at Tap Payments",
        ["Tap dashboard > Accounts > the operator's ID > Merchant: replace the secret key (Tap's support helps if there is no button for it)", "deploy the new one and verify a request with it", "see that the old key is refused"];
    "PayMongo", ["paymongo", "pay_mongo"], Keys, "takes payments and refunds them at PayMongo",
        ["PayMongo Dashboard > Settings > Developers > Edit: regenerate the API keys", "deploy the new secret key and verify a request with it", "see that the old key is refused"];
    "Moyasar", ["moyasar"], Keys, "takes payments and refunds them at Moyasar",
        ["Moyasar Dashboard > Settings > API Keys > Regenerate Key, beside the secret key: stop the old one immediately", "deploy the new key and verify a request with it"];
    "Pagar.me", ["pagar.me", "pagarme", "pagar_me"], Keys, "takes payments and refunds them at Pagar.me",
        ["Pagar.me Dash > Desenvolvimento > Chaves: create a new secret key", "deploy it and verify a request with it", "revoke the old key there"];
    "MoonPay", ["moonpay"], Keys, "signs requests for the account at MoonPay",
        ["MoonPay dashboard, page \"API keys\": replace the secret key", "deploy the new one and verify a request with it", "see that the old key is refused"];
    "Knock", ["knock.app", "knock_api", "knock_secret", "knocklabs", "@knocklabs", "knockapi"], Keys, "sends notifications and reads users at Knock",
        ["Knock dashboard > Platform > API keys > Create API key: a new secret key of the same environment", "deploy it and verify a request with it", "delete the old key there"];
    "Klaviyo", ["klaviyo"], Keys, "reads and changes profiles and campaigns at Klaviyo",
        ["Klaviyo > Settings > API Keys > Create Private API Key, with the same scopes", "deploy it and verify a request with it", "delete the old key"];
    "Baremetrics", ["baremetrics"], Keys, "reads the account's revenue and customers at Baremetrics",
        ["Baremetrics, API settings: create a new key", "deploy it and verify a request with it", "revoke the old key there"];
    "Attio", ["attio"], Both, "opens the workspace's CRM records at Attio, without an expiry date",
        ["Attio: Workspace settings > Developers > Access tokens: create a token with the same scopes", "deploy it", "verify it (GET https://api.attio.com/v2/self answers 200 with \"active\": true in the body)", "delete the old token"];
    "Paystack", ["paystack"], Keys, "collects payments and makes transfers at Paystack",
        ["Paystack > Settings > API Keys & Webhooks: generate a new secret key, the old one expiring now if the live key leaked", "deploy it and verify a request with it"];
    "Checkout.com", ["checkout.com", "checkout_com", "checkoutcom", "cko_"], Keys, "takes, refunds and reads payments at Checkout.com",
        ["Checkout.com Dashboard > Developers > Keys > Create a new key, with the same scopes", "deploy it and verify a request with it", "delete the old key"];
    "ElevenLabs", ["elevenlabs", "eleven_labs", "eleven-labs", "xi-api-key", "xi_api_key"], Keys, "spends the workspace's credits at ElevenLabs",
        ["elevenlabs.io/app/settings/api-keys: create a key with the same permissions", "deploy it and verify a request with it", "delete the old key"];
    "Yoco", ["yoco"], Keys, "takes and refunds payments at Yoco",
        ["Yoco app, developer section (Sales > Payment gateway): create a new key", "deploy it and verify a request with it", "have Yoco revoke the old key"];
    "Crossmint", ["crossmint"], Keys, "creates wallets, mints and pays at Crossmint",
        ["Crossmint Console > API Keys: create a new key with the same scopes", "deploy it and verify a request with it", "delete the old key"];
    "WorkOS", ["workos"], Keys, "reads and changes users and directories at WorkOS",
        ["WorkOS Dashboard > API Keys: create a key", "deploy it and verify a request with it", "revoke the old key there"];
    "Highnote", ["highnote"], Keys, "moves money and manages cards at Highnote",
        ["Highnote Dashboard, API keys: create a key", "deploy it and verify a request with it", "revoke the old key there"];
    "Svix", ["svix"], Webhooks, "forges webhook deliveries that your receiver takes for Svix's",
        ["Svix: rotate the endpoint's secret in the portal (the old one signs for 24 hours more)", "deploy the new secret and see a test event verified"];
    "Resend", ["resend"], Webhooks, "forges webhook deliveries that your receiver takes for Resend's",
        ["Resend > Webhooks: create the endpoint again (a rotated secret still signs for 24 hours)", "deploy the new secret and see a test event verified", "delete the old endpoint"];
    "OpenAI", ["openai"], Webhooks, "forges webhook deliveries that your receiver takes for OpenAI's",
        ["OpenAI, webhooks of the project: rotate the endpoint's signing secret (POST /v1/webhook_endpoints/ID/rotate_secret), and do not keep the old one active", "deploy the new secret and see a test event verified"];
    "Supabase", ["supabase"], Webhooks, "forges hook requests that your receiver takes for Supabase's",
        ["Supabase > Authentication > Hooks: generate a new secret", "deploy the new secret and see a test event verified"];
];

/// The vendors that are named near `token` in `text`, or else in its path, if the shape of `rule` does not identify the vendor. A
/// name in front of the token on its line has priority, then one after it on the line, then the closest one on other lines.
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
    // Each text is searched only where the texts before it name no vendor.
    let texts = [
        (&above[line..], Side::Before),
        (&below[..line_end], Side::After),
        (&above[..line], Side::Before),
        (&below[line_end..], Side::After),
        (path, Side::Before),
    ];
    let mut named = texts.into_iter().map(|(text, side)| closest(text, kind, side));
    named.find(|vendors| !vendors.is_empty()).unwrap_or_default()
}

/// Whether `text` names a vendor other than `name`.
pub fn names_another(text: &[u8], name: &str) -> bool {
    names_in(text).any(|(vendor, _)| !VENDORS[vendor].name.eq_ignore_ascii_case(name))
}

/// On which side of the token a text is.
#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

/// The vendors that `text` names, the closest to the token first.
fn closest(text: &[u8], kind: Issues, side: Side) -> Vec<&'static Vendor> {
    let mut distances: [Option<usize>; VENDORS.len()] = [None; VENDORS.len()];
    for (vendor, start) in names_in(text) {
        let distance = match side {
            Side::Before => text.len() - start,
            Side::After => start,
        };
        let closest = &mut distances[vendor];
        *closest = Some(closest.map_or(distance, |known| known.min(distance)));
    }
    let issues = |vendor: &&Vendor| vendor.issues == kind || vendor.issues == Issues::Both;
    let named = VENDORS.iter().zip(distances).filter(|(vendor, _)| issues(vendor));
    let mut named: Vec<_> = named.filter_map(|(vendor, distance)| Some((distance?, vendor))).collect();
    named.sort_by_key(|&(distance, _)| distance);
    named.into_iter().take(MOST).map(|(_, vendor)| vendor).collect()
}

/// Each word of a vendor in `text`: the vendor's index in [`VENDORS`], and where the word starts. Words may overlap.
fn names_in(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let words = WORDS.get_or_init(Words::new);
    words.search.find_overlapping_iter(text).map(|word| (words.vendors[word.pattern().as_usize()], word.start()))
}

static WORDS: OnceLock<Words> = OnceLock::new();

/// One search for the words of all vendors, in any case. Searching for one word after the other took 60 % of a scan that finds
/// many tokens.
struct Words {
    search: AhoCorasick,
    /// For each word, the index of its vendor.
    vendors: Vec<usize>,
}

impl Words {
    fn new() -> Self {
        let words =
            VENDORS.iter().enumerate().flat_map(|(nth, vendor)| vendor.words.iter().map(move |&word| (nth, word)));
        let (vendors, words): (Vec<_>, Vec<&str>) = words.unzip();
        let search = AhoCorasick::builder()
            // Building a DFA takes 2 million more instructions, and saves 14,000 for each finding.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .ascii_case_insensitive(true)
            .build(words)
            .expect("some tens of words are within the limits of a search");
        Self { search, vendors }
    }
}
