//! The rules, as tables. A new token family is one entry. [`example`] explains `hits` and `misses`.

pub mod example;

mod attio;
mod body;
mod given_token;
mod packs;
mod payments;
mod platforms;
mod published;
mod published_values;
pub mod vendors;
mod webhooks;

pub use given_token::GIVEN_TOKEN;
pub use packs::{PACKS, Pack, pack, pack_of, rules_of};

use crate::rule::Rule;

/// All built-in rules, in the order in which they are tried: if two shapes overlap, the narrower one comes first.
pub const ALL: &[&Rule] = &[
    &attio::WEBHOOK_SECRET,
    &attio::CLIENT_SECRET,
    &attio::ACCESS_TOKEN,
    &platforms::WORKOS,
    &platforms::APIDECK,
    &platforms::LIVEBLOCKS,
    &platforms::SVIX,
    &payments::NOMOD,
    &payments::YOCO,
    &payments::CHECKOUT,
    &payments::RECHARGE,
    &platforms::CROSSMINT,
    &platforms::CARTESIA,
    &platforms::PHOTOROOM,
    &platforms::TICKET_TAILOR,
    &platforms::ELEVENLABS,
    &payments::PAYSTACK,
    &payments::STRIPE_SECRET,
    &payments::STRIPE_RESTRICTED,
    &platforms::UNNAMED,
    &webhooks::STRIPE_WEBHOOK,
    &webhooks::STANDARD_WEBHOOK,
    &webhooks::WEBHOOK_PRIVATE_KEY,
    &webhooks::PAYMONGO_WEBHOOK,
];

/// The built-in rules, followed by the rules of all packs.
pub fn with_all_packs() -> Vec<&'static Rule> {
    ALL.iter().copied().chain(rules_of(PACKS)).collect()
}

/// Whether a vendor published the token.
pub fn is_published(token: &[u8]) -> bool {
    published::is_published(token) || packs::published::is_published(token)
}
