//! What is measured: every shape of every family, and what each may lose.

/// A template of `rules::example`, and the share of its tokens that must be found.
pub struct Shape {
    pub template: &'static str,
    pub target: Option<f64>,
    /// The share of those found that must have the exact span.
    pub exact: f64,
    pub setting: Setting,
}

/// In which contexts the shape is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// In all, under names that say nothing of a vendor.
    Any,
    /// In those that have a name, under Attio's names: the token has no mark of its own.
    UnderAttio,
    /// Under names that say nothing of a vendor, a few lines away from Attio's address.
    NearAttio,
    /// In requests to Attio, behind the word: `Bearer`, `Basic`.
    SentToAttio(&'static str),
    /// Behind an underscore, in emphasis, and behind characters of Shift-JIS and Big5.
    Beside,
    /// Behind its length, in binary formats.
    Counted,
}

/// What holds where nothing else is said: a part of base64url may look like a word behind a dash.
const EXACT: f64 = 0.999;

pub const fn any(template: &'static str, percent: f64) -> Shape {
    within(template, percent, Setting::Any)
}

/// Base64url, where the end of one in some hundred reads as a word that a dash joins to the token.
pub const fn base64url(template: &'static str) -> Shape {
    Shape { template, target: Some(0.998), exact: 0.995, setting: Setting::Any }
}

pub const fn within(template: &'static str, percent: f64, setting: Setting) -> Shape {
    Shape { template, target: Some(percent / 100.0), exact: EXACT, setting }
}

const fn no_promise(template: &'static str) -> Shape {
    Shape { template, target: None, exact: EXACT, setting: Setting::Any }
}

/// 99.9 % with an environment segment, or from 32 characters on; 99.5 % for `sk_` and 24; 99 % for `sk_` and 20 and for
/// `sk_` and 32 hex digits. Below 20 characters nothing is promised.
pub const SHAPES: &[Shape] = &[
    no_promise("sk_{alnum:18-19}"),
    any("sk_{alnum:20}", 99.0),
    any("sk_{alnum:21-23}", 99.0),
    any("sk_{alnum:24}", 99.5),
    any("sk_{alnum:25-31}", 99.5),
    any("sk_{alnum:32-99}", 99.9),
    any("sk_{base36:24}", 99.5),
    any("sk_{base36:32-50}", 99.9),
    any("sk_{hex:32}", 99.0),
    any("sk_{hex:48}", 99.9),
    any("sk_{word:20}", 99.0),
    any("sk_{word:24}", 99.5),
    any("sk_{word:25-31}", 99.5),
    any("sk_{word:32-64}", 99.9),
    base64url("sk_{base64url:32}"),
    any("sk_prod_{alnum:20-40}", 99.9),
    any("sk_dev_{alnum:20-40}", 99.9),
    any("sk_prod_{word:32-64}", 99.9),
    any("sk_live_{alnum:24}", 99.9),
    any("sk_test_{alnum:24}", 99.9),
    any("sk_live_51{alnum:97-105}", 99.9),
    any("sk_test_51{alnum:97-105}", 99.9),
    any("sk_org_{alnum:24-99}", 99.9),
    any("rk_live_{alnum:24}", 99.9),
    any("rk_test_51{alnum:97-105}", 99.9),
    any("sk_live_{alnum:20-70}", 99.9),
    any("sk_test_{alnum:20-70}", 99.9),
    any("sk_live_{base36:40}", 99.9),
    any("sk_test_{base36:40}", 99.9),
    any("sk_{uuid}", 99.9),
    any("sk_test_{uuid}", 99.9),
    any("sk_sbox_{uuid}", 99.9),
    any("sk_sbox_{base32:27}", 99.9),
    any("sk_sbox_{alnum:24-64}", 99.9),
    any("sk_live_{workos}", 99.9),
    any("sk_test_{workos}", 99.9),
    any("sk_staging_{alnum:24-60}", 99.9),
    any("sk_production_{alnum:24-216}", 99.9),
    any("sk_car_{word:20}", 99.0),
    any("sk_pr_default_{hex:40}", 99.9),
    any("sk_pr_my-shop_{hex:40}", 99.9),
    any("sk_{digits:4}_{digits:6}_{hex:32}", 99.9),
    any("sk_1x1_{hex:64}", 99.9),
    any("sk_live_{dashed:93}", 99.9),
    any("whsec_{alnum:32}", 99.9),
    any("whsec_{hex:48}", 99.9),
    any("whsec_{hex:64}", 99.9),
    any("whsec_{base64:24-75}", 99.9),
    any("whsec_{base64bare:24-75}", 99.9),
    any("whsec_{base64url:24-75}", 99.9),
    any("whsk_{base64:64}", 99.9),
    base64url("sk_prod_{base64url:48}"),
    base64url("sk_dev_{base64url:48}"),
    base64url("sk_live_acme_{base64url:32}"),
    base64url("sk_car_{urlsafe:21}"),
    base64url("sk_{base64url:24}.eu"),
    base64url("testsk_{base64url:24}.us"),
    base64url("appsk_{base64url:24}.eu"),
    base64url("integsk_{base64url:24}.in"),
    any("whsk_{alnum:24}", 99.9),
    any("sk_live_{alnum:8}.{alnum:32}", 99.9),
    any("sk_live_{hex:8}{alnum:7}{hex:13}", 99.9),
    any("Sk_test_{alnum:24}", 99.9),
    any("Whsec_{alnum:32}", 99.9),
    any("whsec_{base64-hex:64}", 99.9),
    any("whsec_{base64-uuid}", 99.9),
    any("whsec_{base64-alnum:40}", 99.8),
    any("whsk_{base64-hex:64}", 99.9),
    any("whsk_{base64-uuid}", 99.9),
    within("sk_live_{alnum:24}", 99.9, Setting::Beside),
    within("sk_test_51{alnum:97-105}", 99.9, Setting::Beside),
    within("rk_live_{alnum:24}", 99.9, Setting::Beside),
    within("whsec_{alnum:32}", 99.9, Setting::Beside),
    within("whsec_{hex:64}", 99.9, Setting::Beside),
    within("whsec_{base64:32}", 99.9, Setting::Beside),
    within("sk_live_{alnum:24}", 99.9, Setting::Counted),
    within("sk_live_{base36:40}", 99.9, Setting::Counted),
    within("sk_live_51{alnum:97-105}", 99.9, Setting::Counted),
    within("sk_test_{alnum:42}", 99.9, Setting::Counted),
    within("sk_{hex:48}", 99.9, Setting::Counted),
    within("sk_{alnum:32}", 99.8, Setting::Counted),
    within("whsec_{hex:64}", 99.9, Setting::Counted),
    within("whsec_{base64:32}", 99.9, Setting::Counted),
    within("{hex:64}", 99.9, Setting::UnderAttio),
    within("{HEX:64}", 99.9, Setting::UnderAttio),
    within("{hex:64}", 99.9, Setting::NearAttio),
    within("sk_{alnum:20}", 99.0, Setting::UnderAttio),
    within("whsec_{base64:32}", 99.9, Setting::UnderAttio),
    within("{hex:64}", 99.9, Setting::SentToAttio("Bearer")),
    within("{basic-hex:64}", 99.9, Setting::SentToAttio("Basic")),
];

/// Names for the contexts that have one.
pub const NAMES: &[&str] = &["API_KEY", "SECRET", "apiKey", "PAYMENTS_SECRET_KEY", "webhookSecret"];
pub const GENERIC_NAMES: &[&str] =
    &["API_KEY", "ACCESS_TOKEN", "token", "apiKey", "api_key", "accessToken", "AT_API_KEY", "CRM_TOKEN", "auth_token"];
pub const ATTIO_NAMES: &[&str] = &[
    "ATTIO_API_KEY",
    "ATTIO_ACCESS_TOKEN",
    "ATTIO_TOKEN",
    "ATTIO_WEBHOOK_SECRET",
    "ATTIO_CLIENT_SECRET",
    "attioApiKey",
];
