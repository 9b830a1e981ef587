//! The measured shapes of every family, with their targets.

/// A template of `rules::example`, and the required share of found tokens.
pub struct Shape {
    pub template: &'static str,
    pub target: Option<f64>,
    /// The required share of exact spans among the found tokens.
    pub exact: f64,
    pub setting: Setting,
}

/// The contexts of a shape.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// All contexts, with names that do not mention a vendor.
    Any,
    /// All contexts with a name, and names of Attio. The token itself has no prefix.
    AttioName,
    /// Names that do not mention a vendor, a few lines away from Attio's address.
    NearAttio,
    /// Requests to Attio, after this word: `Bearer` or `Basic`.
    AttioRequest(&'static str),
    /// After an underscore, in emphasis, and after characters of Shift-JIS and Big5.
    Adjacent,
    /// After a length byte, in binary formats.
    LengthPrefixed,
}

/// The default. A part of base64url may look like a word after a dash.
const EXACT: f64 = 0.999;

pub const fn any(template: &'static str, percent: f64) -> Shape {
    within(template, percent, Setting::Any)
}

/// Base64url. About one in a hundred ends with a dash and characters that look like a word.
pub const fn base64url(template: &'static str) -> Shape {
    Shape { template, target: Some(0.998), exact: 0.995, setting: Setting::Any }
}

pub const fn within(template: &'static str, percent: f64, setting: Setting) -> Shape {
    Shape { template, target: Some(percent / 100.0), exact: EXACT, setting }
}

const fn no_promise(template: &'static str) -> Shape {
    Shape { template, target: None, exact: EXACT, setting: Setting::Any }
}

/// The target is 99.9 % for tokens with an environment segment or with 32 characters and more. It is 99.5 % for `sk_`
/// and 24 characters, and 99 % for `sk_` and 20 characters or 32 hex digits. There is no target below 20 characters.
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
    within("sk_live_{alnum:24}", 99.9, Setting::Adjacent),
    within("sk_test_51{alnum:97-105}", 99.9, Setting::Adjacent),
    within("rk_live_{alnum:24}", 99.9, Setting::Adjacent),
    within("whsec_{alnum:32}", 99.9, Setting::Adjacent),
    within("whsec_{hex:64}", 99.9, Setting::Adjacent),
    within("whsec_{base64:32}", 99.9, Setting::Adjacent),
    within("sk_live_{alnum:24}", 99.9, Setting::LengthPrefixed),
    within("sk_live_{base36:40}", 99.9, Setting::LengthPrefixed),
    within("sk_live_51{alnum:97-105}", 99.9, Setting::LengthPrefixed),
    within("sk_test_{alnum:42}", 99.9, Setting::LengthPrefixed),
    within("sk_{hex:48}", 99.9, Setting::LengthPrefixed),
    within("sk_{alnum:32}", 99.8, Setting::LengthPrefixed),
    within("whsec_{hex:64}", 99.9, Setting::LengthPrefixed),
    within("whsec_{base64:32}", 99.9, Setting::LengthPrefixed),
    within("{hex:64}", 99.9, Setting::AttioName),
    within("{HEX:64}", 99.9, Setting::AttioName),
    within("{hex:64}", 99.9, Setting::NearAttio),
    within("sk_{alnum:20}", 99.0, Setting::AttioName),
    within("whsec_{base64:32}", 99.9, Setting::AttioName),
    within("{hex:64}", 99.9, Setting::AttioRequest("Bearer")),
    within("{basic-hex:64}", 99.9, Setting::AttioRequest("Basic")),
];

/// Names for contexts that contain `NAME`.
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
