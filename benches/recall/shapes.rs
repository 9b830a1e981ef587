//! What is measured: every shape of every family, and what each may lose.

/// A template of `rules::example`, and the share of its tokens that must be found.
pub struct Shape {
    pub template: &'static str,
    pub target: Option<f64>,
    pub setting: Setting,
}

/// In which contexts the shape is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// In all, under names that say nothing of a vendor.
    Any,
    /// In those that have a name, under Attio's names: the token has no mark of its own.
    UnderAttio,
    /// In requests to Attio, behind the word: `Bearer`, `Basic`.
    SentToAttio(&'static str),
}

const fn any(template: &'static str, percent: f64) -> Shape {
    Shape { template, target: Some(percent / 100.0), setting: Setting::Any }
}

const fn attio(template: &'static str, percent: f64, setting: Setting) -> Shape {
    Shape { template, target: Some(percent / 100.0), setting }
}

const fn no_promise(template: &'static str) -> Shape {
    Shape { template, target: None, setting: Setting::Any }
}

/// 99.9 % with an environment segment, or from 32 characters on; 99.5 % for `sk_` and 24; 99 % for `sk_` and 20 and for
/// `sk_` and 32 hex digits. Below 20 characters, and of `sk_` with base64url, which no known family has, nothing is promised.
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
    no_promise("sk_{base64url:32}"),
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
    attio("{hex:64}", 99.9, Setting::UnderAttio),
    attio("sk_{alnum:20}", 99.0, Setting::UnderAttio),
    attio("whsec_{base64:32}", 99.9, Setting::UnderAttio),
    attio("{hex:64}", 99.9, Setting::SentToAttio("Bearer")),
    attio("{basic-hex:64}", 99.9, Setting::SentToAttio("Basic")),
];

/// Names for the contexts that have one.
pub const NAMES: &[&str] = &["API_KEY", "SECRET", "apiKey", "PAYMENTS_SECRET_KEY", "webhookSecret"];
pub const ATTIO_NAMES: &[&str] = &[
    "ATTIO_API_KEY",
    "ATTIO_ACCESS_TOKEN",
    "ATTIO_TOKEN",
    "ATTIO_WEBHOOK_SECRET",
    "ATTIO_CLIENT_SECRET",
    "attioApiKey",
];
